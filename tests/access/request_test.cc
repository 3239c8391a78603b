// New headers and bodies that are wrong, receipts, and what a restart keeps.
#include <fstream>
#include <gtest/gtest.h>
#include <regex>

#include "lib/auth/endorsement.h"
#include "lib/auth/model_access.h"
#include "lib/auth/stored_receipt.h"
#include "tests/access/peer.h"
#include "tests/onnx_builder.h"
#include "tests/server_process.h"

namespace blindai {
namespace {

class OwnersRequests : public testing::Test {
 protected:
  void SetUp() override {
    start();
    ASSERT_EQ(owner_->ask("PUT", "/v1/models/m", model_).status, 201u);
  }
  void start(const std::vector<std::string>& options = {}) {
    ASSERT_TRUE(server_.start("owners = [\"" + to_text(key_of(1).public_key()) + "\"]\n", options))
        << server_.log();
    owner_ = std::make_unique<Peer>(server_.address(), proof_of(key_of(1)));
    nobody_ = std::make_unique<Peer>(server_.address(), no_proof());
  }
  static std::string told(const Reply& reply) {
    EXPECT_TRUE(reply.status < 400 || reply.sentence.size() > 30) << reply.body;
    return std::to_string(reply.status) + (reply.code.empty() ? "" : " " + reply.code);
  }
  static std::string consent(uint8_t key, uint8_t owner) {
    const Endorsement e = make_endorsement(key_of(key), key_of(owner).public_key());
    return "{\"key\":\"" + to_text(e.key) + "\",\"consent\":\"" + consent_to_text(e) + "\"}";
  }

  const Bytes model_ = onnx_builder::identity(Datatype::kFp32, {-1, 4});
  const std::string some_key_ = to_text(key_of(9).public_key());
  ServerProcess server_;
  std::unique_ptr<Peer> owner_;
  std::unique_ptr<Peer> nobody_;
};

TEST_F(OwnersRequests, WrongHeadersOfUploads) {
  std::string many = some_key_;
  for (int i = 0; i < 64; ++i)
    many += "," + to_text(key_of(static_cast<uint8_t>(100 + i)).public_key());
  const std::pair<HttpFields, const char*> cases[] = {
      {{{"blindai-visibility", "secret"}}, "400 auth.visibility"},
      {{{"blindai-visibility", ""}}, "400 auth.visibility"},
      {{{"blindai-callers", some_key_}}, "400 auth.access-public"},
      {{{"blindai-visibility", "public"}, {"blindai-callers", some_key_}},
       "400 auth.access-public"},
      {{{"blindai-visibility", "private"}, {"blindai-callers", ""}}, "400 auth.callers"},
      {{{"blindai-visibility", "private"}, {"blindai-callers", some_key_ + "," + some_key_}},
       "400 auth.callers"},
      {{{"blindai-visibility", "private"}, {"blindai-callers", some_key_ + ", " + some_key_}},
       "400 auth.key-prefix"},
      {{{"blindai-visibility", "private"}, {"blindai-callers", "everybody"}},
       "400 auth.key-prefix"},
      {{{"blindai-visibility", "private"}, {"blindai-callers", many}}, "413 auth.callers-count"},
      {{{"blindai-replace", "yes"}}, "400 http.header"},
      {{{"blindai-replace", ""}}, "400 http.header"},
      {{{"blindai-save-model", "no"}}, "400 http.header"},
  };
  for (const auto& [fields, expected] : cases)
    EXPECT_EQ(told(owner_->ask("PUT", "/v1/models/new", model_, fields)), expected);
  EXPECT_EQ(told(owner_->ask("GET", "/v1/models/new")), "404 model.unknown");
}

TEST_F(OwnersRequests, WrongBodiesOfAccess) {
  const std::string key = "\"" + some_key_ + "\"";
  const std::string zeros = "\"" + std::string(64, '0') + "\"";
  const std::pair<std::string, const char*> cases[] = {
      {"", "400 json.syntax"},
      {"{}", "400 auth.access-layout"},
      {"[]", "400 auth.access-layout"},
      {R"({"visibility":"private","callers":[]})", "400 auth.access-layout"},
      {R"({"visibility":"private","callers":[],"handover":[],"more":1})", "400 auth.access-layout"},
      {R"({"visibility":"secret","callers":[],"handover":[]})", "400 auth.visibility"},
      {R"({"visibility":"public","callers":[)" + key + R"(],"handover":[]})",
       "400 auth.access-public"},
      {R"({"visibility":"private","callers":[)" + key + "," + key + R"(],"handover":[]})",
       "400 auth.callers"},
      {R"({"visibility":"private","callers":["x"],"handover":[]})", "400 auth.key-prefix"},
      {R"({"visibility":"private","callers":[],"handover":["00"]})", "400 auth.handover"},
      {R"({"visibility":"private","callers":[],"handover":[)" + zeros + "," + zeros + "]}",
       "400 auth.handover"},
      {std::string(70'000, ' '), "413 http.body-too-large"},
  };
  for (const auto& [body, expected] : cases)
    EXPECT_EQ(told(owner_->ask("PUT", "/v1/models/m/access", body)), expected)
        << body.substr(0, 99);
  EXPECT_EQ(parse_model_access(owner_->ask("GET", "/v1/models/m/access").body).value(),
            ModelAccess());
}

TEST_F(OwnersRequests, WrongKeysAndEndorsements) {
  std::string forged = consent(8, 1);
  const size_t place = forged.rfind('"') - 10;
  forged[place] = forged[place] == 'A' ? 'B' : 'A';
  const std::pair<std::string, const char*> bodies[] = {
      {"", "400 json.syntax"},
      {"{}", "400 auth.endorsement-layout"},
      {"{\"key\":\"" + some_key_ + "\"}", "400 auth.endorsement-layout"},
      {"{\"key\":\"" + some_key_ + "\",\"consent\":\"AAAA\"}", "400 auth.consent-layout"},
      {"{\"key\":\"bai_x\",\"consent\":\"AAAA\"}", "400 auth.key-secret"},
      {forged, "403 auth.consent"},
      {consent(8, 2), "403 auth.consent"},
      {consent(1, 1), "400 auth.endorse-self"},
  };
  for (const auto& [body, expected] : bodies)
    EXPECT_EQ(told(owner_->ask("POST", "/v1/keys", body)), expected) << body;
  std::string typo = some_key_;
  typo[20] = typo[20] == 'a' ? 'b' : 'a';
  EXPECT_EQ(told(owner_->ask("DELETE", "/v1/keys/" + typo)), "400 auth.key-checksum");
  EXPECT_EQ(told(owner_->ask("DELETE", "/v1/keys/x")), "400 auth.key-prefix");
  EXPECT_EQ(told(owner_->ask("DELETE", "/v1/keys/" + some_key_)), "404 auth.key-unknown");
  EXPECT_EQ(told(owner_->ask("DELETE", "/v1/keys/" + to_text(key_of(1).public_key()))),
            "409 auth.last-key");
}

TEST_F(OwnersRequests, WrongCredentials) {
  const std::pair<HttpFields, const char*> cases[] = {
      {{{"authorization", "Basic YTpi"}}, "401 auth.scheme"},
      {{{"authorization", "BlindAI-Key x.y"}}, "400 auth.proof-layout"},
      {{{"authorization", "BlindAI-Key " + some_key_ + "." + std::string(86, 'A')}},
       "401 auth.proof"},
      {{{"blindai-account", "a.b.c"}}, "401 auth.account-without-key"},
  };
  for (const auto& [fields, expected] : cases)
    EXPECT_EQ(told(nobody_->ask("GET", "/v2/models/m", "", fields)), expected);
  EXPECT_EQ(told(owner_->ask("GET", "/v2", "", {{"authorization", "BlindAI-Key x"}})),
            "400 auth.repeated");
  EXPECT_EQ(told(owner_->ask("GET", "/v2", "", {{"blindai-account", "a.b.c"}})),
            "400 auth.token-layout");
}

TEST_F(OwnersRequests, ReceiptsAgreeAndRise) {
  const auto receipt = [](const Reply& reply) {
    EXPECT_LT(reply.status, 300u) << reply.body;
    const auto document = JsonDocument::parse(reply.body).value();
    return receipt_of(document.root()).value().value();
  };
  const StoredReceipt first = receipt(owner_->ask("GET", "/v1/models/m"));
  EXPECT_EQ(receipt(owner_->ask("PUT", "/v1/models/m", model_)), first);
  EXPECT_EQ(first.model_id, "m");
  EXPECT_EQ(first.model_hash, sha256(model_));
  const StoredReceipt hidden = receipt(owner_->ask(
      "PUT", "/v1/models/m/access", R"({"visibility":"private","callers":[],"handover":[]})"));
  EXPECT_GT(hidden.epoch, first.epoch);
  EXPECT_EQ(hidden.content_id, first.content_id);
  EXPECT_EQ(receipt(owner_->ask("GET", "/v1/models/m")), hidden);
  // The same bytes again, with other rules said: the rules hold.
  const StoredReceipt shown =
      receipt(owner_->ask("PUT", "/v1/models/m", model_, {{"blindai-visibility", "public"}}));
  EXPECT_GT(shown.epoch, hidden.epoch);
  EXPECT_EQ(told(nobody_->ask("GET", "/v1/models/m")), "200");
  const StoredReceipt gone = receipt(owner_->ask("DELETE", "/v1/models/m"));
  EXPECT_GT(gone.epoch, shown.epoch);
  const StoredReceipt back = receipt(owner_->ask("PUT", "/v1/models/m", model_));
  EXPECT_GT(back.epoch, gone.epoch);
  EXPECT_NE(back.content_id, first.content_id);
  const Reply passing =
      owner_->ask("PUT", "/v1/models/p", model_, {{"blindai-save-model", "false"}});
  EXPECT_FALSE(receipt_of(JsonDocument::parse(passing.body)->root()).value().has_value());
}

TEST_F(OwnersRequests, AnOlderModelThanTheReceiptsIsAnError) {
  const auto epoch =
      JsonDocument::parse(owner_->ask("GET", "/v1/models/m").body)->root()["epoch"].u64().value();
  const auto least = [](uint64_t value) {
    return HttpFields{{"blindai-least-epoch", std::to_string(value)}};
  };
  const std::pair<const char*, const char*> routes[] = {
      {"GET", "/v1/models/m"},        {"GET", "/v2/models/m"},
      {"POST", "/v2/models/m/infer"}, {"POST", "/v2/repository/models/m/load"},
      {"GET", "/v1/models/m/access"}, {"DELETE", "/v1/models/m"}};
  for (const auto& [method, target] : routes)
    EXPECT_EQ(told(owner_->ask(method, target, "", least(epoch + 1))), "409 vault.rolled-back");
  EXPECT_EQ(told(nobody_->ask("GET", "/v1/models/m", "", least(epoch))), "200");
  for (const char* bad : {"", "x", "-1", "1.0", "0x1", "18446744073709551616"})
    EXPECT_EQ(told(nobody_->ask("GET", "/v1/models/m", "", {{"blindai-least-epoch", bad}})),
              "400 http.header")
        << bad;
}

TEST_F(OwnersRequests, APrivateModelIsInNobodyElsesListsOrStatistics) {
  ASSERT_EQ(
      owner_->ask("PUT", "/v1/models/secret", model_, {{"blindai-visibility", "private"}}).status,
      201u);
  const std::string infer =
      R"({"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]})";
  ASSERT_EQ(owner_->ask("POST", "/v2/models/secret/infer", infer).status, 200u);
  for (const auto& [method, target] :
       {std::pair{"POST", "/v2/repository/index"}, std::pair{"GET", "/v2/models/stats"}}) {
    EXPECT_TRUE(owner_->ask(method, target).body.contains("\"secret\"")) << target;
    EXPECT_FALSE(nobody_->ask(method, target).body.contains("secret")) << target;
  }
  // A replacement that says nothing of access does not open it to everybody.
  ASSERT_EQ(owner_
                ->ask("PUT", "/v1/models/secret", onnx_builder::identity(Datatype::kFp32, {4}),
                      {{"blindai-replace", "true"}})
                .status,
            201u);
  EXPECT_EQ(told(nobody_->ask("GET", "/v1/models/secret")), "404 model.unknown");
  EXPECT_EQ(nobody_->ask("GET", "/v1/models/secret").body.size(),
            nobody_->ask("GET", "/v1/models/absent").body.size());
}

// What a retired key began before it was retired does not happen afterwards.
TEST_F(OwnersRequests, AKeyThatIsRetiredWhileItsRequestArrives) {
  const std::string rules = R"({"visibility":"private","callers":[],"handover":[]})";
  uint8_t key = 2;
  for (const auto& [method, target] :
       {std::pair{"PUT", "/v1/models/m/access"}, std::pair{"DELETE", "/v1/models/m"}}) {
    ASSERT_EQ(owner_->ask("POST", "/v1/keys", consent(key, 1)).status, 200u);
    Peer endorsed(server_.address(), proof_of(key_of(key)));
    const Reply refused = endorsed.ask_slowly(method, target, rules, [&] {
      EXPECT_EQ(owner_->ask("DELETE", "/v1/keys/" + to_text(key_of(key).public_key())).status,
                200u);
    });
    EXPECT_EQ(told(refused), "403 auth.key-retired") << method;
    EXPECT_EQ(nobody_->ask("GET", "/v1/models/m").status, 200u) << method;
    ++key;
  }
}

TEST_F(OwnersRequests, ARestartKeepsOwnersTheirKeysAndRules) {
  ASSERT_EQ(owner_->ask("POST", "/v1/keys", consent(2, 1)).status, 200u);
  ASSERT_EQ(owner_->ask("POST", "/v1/keys", consent(3, 1)).status, 200u);
  ASSERT_EQ(owner_->ask("DELETE", "/v1/keys/" + to_text(key_of(3).public_key())).status, 200u);
  ASSERT_EQ(owner_
                ->ask("PUT", "/v1/models/m/access",
                      R"({"visibility":"private","callers":[],"handover":[]})")
                .status,
            200u);
  const std::string keys = owner_->ask("GET", "/v1/keys").body;
  EXPECT_EQ(server_.stop(), 0);
  start();
  EXPECT_EQ(owner_->ask("GET", "/v1/keys").body, keys);
  EXPECT_EQ(told(nobody_->ask("GET", "/v1/models/m")), "404 model.unknown");
  Peer second(server_.address(), proof_of(key_of(2)));
  Peer retired(server_.address(), proof_of(key_of(3)));
  EXPECT_EQ(told(second.ask("GET", "/v1/models/m")), "200");
  EXPECT_EQ(told(retired.ask("GET", "/v2")), "403 auth.key-retired");
  EXPECT_EQ(told(second.ask("DELETE", "/v1/models/m")), "200");
}

TEST_F(OwnersRequests, TheOperatorSeesCountsAndNoNames) {
  EXPECT_EQ(server_.stop(), 0);
  start({"--metrics", "127.0.0.1:0"});
  const std::string log = server_.log();
  std::smatch port;
  ASSERT_TRUE(std::regex_search(log, port, std::regex("metrics and health on port ([0-9]+)")));
  ASSERT_EQ(nobody_->ask("GET", "/v1/models/absent").status, 404u);
  ASSERT_EQ(owner_->ask("PUT", "/v1/models/very-telling-name", model_).status, 201u);
  auto plain =
      HttpClient::connect(parse_url("http://127.0.0.1:" + port[1].str()).value(), nullptr, {})
          .value();
  const HttpClientResponse metrics =
      plain->send({.method = "GET", .target = "/metrics", .fields = {}, .body = {}}).value();
  const std::string text(as_text(metrics.body));
  EXPECT_TRUE(text.contains("\nblindai_ready 1\n"));
  EXPECT_TRUE(text.contains("\nblindai_models 2\n"));
  EXPECT_TRUE(text.contains("blindai_requests_total{kind=\"model\",status=\"4xx\"} 1\n"));
  EXPECT_TRUE(text.contains("blindai_uploads_total{end=\"stored\"} 1\n"));
  EXPECT_FALSE(text.contains("telling"));
  EXPECT_FALSE(text.contains("baipk_"));
  EXPECT_FALSE(server_.log().contains("telling"));
}

}  // namespace
}  // namespace blindai
