// What a connection says of its caller, and to whom.
#include <fstream>
#include <gtest/gtest.h>

#include "client/cpp/connection.h"
#include "lib/auth/account_token.h"
#include "tests/support/lying_server.h"

namespace blindai {
namespace {

std::shared_ptr<const ApiKey> some_key() {
  return std::make_shared<const ApiKey>(ApiKey::generate());
}

std::string token_for(const ApiKey& key, int64_t seconds = kMaxTokenLifetimeSeconds) {
  AccountClaims claims;
  claims.issuer = "https://accounts.example";
  claims.account = "acct-7";
  claims.handle = "alice";
  claims.issued = now_of_system();
  claims.expires = claims.issued + seconds;
  claims.key = key.public_key();
  return sign_account_token(claims, SigningKey::generate());
}

ConnectOptions options_of(std::shared_ptr<const ApiKey> key, AccountTokenSource token = {}) {
  SgxPolicy sgx;
  sgx.mr_enclave = {LyingServer::measurement()};
  ConnectOptions out{.policy = {}, .simulation = true};
  out.policy.sgx = sgx;
  out.policy.tcb_statuses = {TcbStatus::kUpToDate};
  out.policy.configurations.values = {sha256(as_bytes(LyingServer::kConfig))};
  out.policy.max_evidence_age_s = 3600;
  out.api_key = std::move(key);
  out.account_token = std::move(token);
  return out;
}

std::unique_ptr<Connection> connect(const LyingServer& server, const ConnectOptions& options) {
  auto out = Connection::connect(server.address(), options);
  EXPECT_TRUE(out.has_value()) << out.error().sentence;
  return std::move(*out);
}

// The key that a request proves to be of, on the connection that it came on.
std::string proven_key(const SeenRequest& request) {
  const auto proof = parse_connection_proof(request.field("authorization"));
  if (!proof.has_value()) return std::string(proof.error().name());
  const auto key = verify_connection_proof(*proof, request.exporter);
  return key.has_value() ? to_text(key->key()) : std::string(key.error().name());
}

HttpResponse answer(std::string body) {
  HttpResponse out;
  out.body = std::move(body);
  return out;
}

const std::string kProvenHash(64, 'a');
const std::string kContent(64, 'c');
const std::string kReceipt = R"({"model_id":"m","model_hash":")" + kProvenHash +
                             R"(","epoch":7,"content_id":")" + kContent + "\"}";
const std::string kProvenModel = R"({"model_id":"m","model_hash":")" + kProvenHash +
                                 R"(","size":5,"epoch":7,"content_id":")" + kContent +
                                 R"(","inputs":[],"outputs":[]})";

TEST(ConnectionAuth, EveryRequestProvesItsKeyOnItsConnection) {
  LyingServer server;
  const auto key = some_key();
  const auto connection = connect(server, options_of(key));
  EXPECT_FALSE(connection->model("m").has_value());
  EXPECT_FALSE(connection->models().has_value());
  server.drop_connections();
  EXPECT_FALSE(connection->delete_model("m").has_value());
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  for (const SeenRequest& request : requests)
    EXPECT_EQ(proven_key(request), to_text(key->public_key()));
  // Made once per connection, and for it alone.
  EXPECT_EQ(requests[0].field("authorization"), requests[1].field("authorization"));
  EXPECT_NE(requests[0].field("authorization"), requests[2].field("authorization"));
  EXPECT_EQ(requests[0].field("blindai-account"), "");
}

TEST(ConnectionAuth, IsAnonymousWithoutAKey) {
  const LyingServer server;
  EXPECT_FALSE(connect(server, options_of(nullptr))->model("m").has_value());
  EXPECT_EQ(server.requests().front().field("authorization"), "");
}

TEST(ConnectionAuth, NothingOfTheCallerIsInTheQuestionForEvidence) {
  const LyingServer server;
  const auto key = some_key();
  const auto token = token_for(*key);
  connect(server, options_of(key, [&]() -> Outcome<std::string> { return token; }));
  EXPECT_EQ(server.num_questions(), 1);
  EXPECT_TRUE(server.question_had("content-type"));
  EXPECT_FALSE(server.question_had("authorization"));
  EXPECT_FALSE(server.question_had("blindai-account"));
}

TEST(ConnectionAuth, TokenGoesAlongAndIsFetchedAgainBeforeItExpires) {
  const LyingServer server;
  const auto key = some_key();
  int asked = 0;
  int64_t lifetime = kMaxTokenLifetimeSeconds;
  std::string given;
  const auto connection = connect(server, options_of(key, [&]() -> Outcome<std::string> {
                                    ++asked;
                                    return given = token_for(*key, lifetime);
                                  }));
  EXPECT_EQ(asked, 1);
  EXPECT_FALSE(connection->model("m").has_value());
  EXPECT_FALSE(connection->model("m").has_value());
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(server.requests().back().field("blindai-account"), given);
  lifetime = 30;  // less than the time ahead
  const auto hasty = connect(server, options_of(key, [&]() -> Outcome<std::string> {
                               ++asked;
                               return given = token_for(*key, lifetime);
                             }));
  EXPECT_EQ(asked, 2);
  EXPECT_FALSE(hasty->model("m").has_value());
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(server.requests().back().field("blindai-account"), given);
}

TEST(ConnectionAuth, WrongTokensAreToldBeforeAnythingIsSent) {
  const LyingServer server;
  const auto key = some_key();
  const auto refusal = [&](std::shared_ptr<const ApiKey> with, const std::string& token) {
    const auto connection = Connection::connect(
        server.address(),
        options_of(std::move(with), [&]() -> Outcome<std::string> { return token; }));
    return connection.has_value() ? "" : std::string(connection.error().name());
  };
  EXPECT_EQ(refusal(nullptr, token_for(*key)), "client.token-without-key");
  EXPECT_EQ(refusal(key, token_for(*some_key())), "auth.token-key");
  EXPECT_EQ(refusal(key, "no token"), "auth.token-layout");
  EXPECT_EQ(server.num_questions(), 0);
  const auto failing = Connection::connect(
      server.address(), options_of(key, []() -> Outcome<std::string> {
        return problem(Code::kUnavailable, "test.source", "The source is away; come back.");
      }));
  EXPECT_EQ(failing.error().name(), "test.source");
  EXPECT_EQ(server.num_questions(), 0);
}

TEST(ConnectionAuth, AsksForAndChangesAccess) {
  LyingServer server;
  const auto connection = connect(server, options_of(some_key()));
  const ModelAccess access{
      .is_private = true, .callers = {some_key()->public_key()}, .handover = {}};
  server.answer_with(answer(to_json(access)));
  EXPECT_EQ(connection->access("a/m").value(), access);
  EXPECT_EQ(server.requests().back().method, "GET");
  EXPECT_EQ(server.requests().back().target, "/v1/models/a/m/access");
  server.answer_with(answer(kReceipt));
  EXPECT_EQ(to_json(connection->set_access("a/m", access).value()), kReceipt);
  EXPECT_EQ(server.requests().back().method, "PUT");
  EXPECT_EQ(as_text(server.requests().back().body), to_json(access));
  const size_t sent = server.requests().size();
  EXPECT_EQ(
      connection->set_access("m", {.is_private = false, .callers = access.callers, .handover = {}})
          .error()
          .name(),
      "auth.access-public");
  EXPECT_EQ(server.requests().size(), sent);
  server.answer_with(answer("{}"));
  EXPECT_EQ(connection->set_access("m", access).error().name(), "server.answer");
  EXPECT_EQ(connection->access("m").error().name(), "server.answer");
}

TEST(ConnectionAuth, ListsEndorsesAndRetiresKeys) {
  LyingServer server;
  const auto key = some_key();
  const auto second = some_key();
  const auto connection = connect(server, options_of(key));
  const OwnerKeys list{key->public_key(), {{key->public_key(), KeyState::kActive}}};
  server.answer_with(answer(to_json(list)));
  EXPECT_EQ(connection->keys().value(), list);
  EXPECT_EQ(server.requests().back().target, "/v1/keys");
  const Endorsement endorsement = make_endorsement(*second, key->public_key());
  EXPECT_EQ(connection->endorse(endorsement.key, endorsement.consent).value(), list);
  EXPECT_EQ(server.requests().back().method, "POST");
  EXPECT_EQ(parse_endorsement(as_text(server.requests().back().body), key->public_key()).value(),
            endorsement);
  EXPECT_EQ(connection->retire(second->public_key()).value(), list);
  EXPECT_EQ(server.requests().back().method, "DELETE");
  EXPECT_EQ(server.requests().back().target, "/v1/keys/" + to_text(second->public_key()));
  server.answer_with(answer("[]"));
  EXPECT_EQ(connection->keys().error().name(), "server.answer");
}

TEST(ConnectionAuth, ReceiptsComeWithAnswersAndAreHeldAgainstThem) {
  LyingServer server;
  const auto connection = connect(server, options_of(some_key()));
  server.answer_with(answer(kProvenModel));
  EXPECT_EQ(to_json(connection->model("m")->receipt.value()), kReceipt);
  EXPECT_EQ(server.requests().back().field("blindai-least-epoch"), "");
  EXPECT_TRUE(connection->model("m", 7).has_value());
  EXPECT_EQ(server.requests().back().field("blindai-least-epoch"), "7");
  // Of a server that passes over the header.
  EXPECT_EQ(connection->model("m", 8).error().name(), "vault.rolled-back");
  server.answer_with(answer(R"({"model_id":"m","model_hash":")" + kProvenHash +
                            R"(","size":5,"inputs":[],"outputs":[]})"));
  EXPECT_FALSE(connection->model("m")->receipt.has_value());
  EXPECT_EQ(connection->model("m", 1).error().name(), "vault.rolled-back");
  EXPECT_FALSE(
      connection
          ->predict("m", {}, {.outputs = {}, .model_hash = {}, .least_epoch = 9, .request_id = {}})
          .has_value());
  EXPECT_EQ(server.requests().back().field("blindai-least-epoch"), "9");
  server.answer_with(answer(kReceipt));
  EXPECT_EQ(connection->delete_model("m").value()->epoch, 7u);
  server.answer_with(answer(""));
  EXPECT_FALSE(connection->delete_model("m").value().has_value());
}

TEST(ConnectionAuth, PrivateUploadsSaySo) {
  LyingServer server;
  const std::string path = testing::TempDir() + "connection_auth_test.onnx";
  std::ofstream(path, std::ios::binary) << "onnx";
  const auto connection = connect(server, options_of(some_key()));
  server.answer_with(answer(kProvenModel));
  const PublicKey first = some_key()->public_key();
  const PublicKey second = some_key()->public_key();
  UploadOptions options;
  options.is_private = true;
  options.callers = {first, second};
  EXPECT_EQ(connection->upload_model(path, "m", options)->receipt->epoch, 7u);
  EXPECT_EQ(server.requests().back().field("blindai-visibility"), "private");
  EXPECT_EQ(server.requests().back().field("blindai-callers"),
            to_text(first) + "," + to_text(second));
  EXPECT_TRUE(connection->upload_model(path, "m", {}).has_value());
  EXPECT_EQ(server.requests().back().field("blindai-visibility"), "");
  EXPECT_EQ(server.requests().back().field("blindai-callers"), "");
  EXPECT_EQ(server.requests().back().field("blindai-replace"), "");
  UploadOptions again;
  again.replace = true;
  EXPECT_TRUE(connection->upload_model(path, "m", again).has_value());
  EXPECT_EQ(server.requests().back().field("blindai-replace"), "true");
  options.is_private = false;
  EXPECT_EQ(connection->upload_model(path, "m", options).error().name(), "auth.access-public");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace blindai
