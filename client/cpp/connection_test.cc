// Connection against a server that is honest, or lies in one way; everything under the simulation's
// root, which runs every check that real evidence gets.
#include "client/cpp/connection.h"

#include <bit>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <thread>

#include "client/cpp/evidence_file.h"
#include "lib/oip/infer_response.h"
#include "tests/support/lying_server.h"

namespace blindai {
namespace {

Policy policy() {
  SgxPolicy sgx;
  sgx.mr_enclave = {LyingServer::measurement()};
  Policy out;
  out.sgx = sgx;
  out.tcb_statuses = {TcbStatus::kUpToDate};
  out.configurations.values = {sha256(as_bytes(LyingServer::kConfig))};
  out.max_evidence_age_s = 3600;
  return out;
}

ConnectOptions simulated() {
  return {.policy = policy(), .simulation = true};
}

// The id with which a client with these options refuses the server.
std::string refusal(const LyingServer& server, const ConnectOptions& options = simulated(),
                    AttestedServer* failed = nullptr) {
  const auto connection = Connection::connect(server.address(), options, failed);
  EXPECT_TRUE(server.requests().empty()) << "something was sent before verification";
  return connection.has_value() ? "" : std::string(connection.error().name());
}

std::unique_ptr<Connection> connect(const LyingServer& server) {
  auto out = Connection::connect(server.address(), simulated());
  EXPECT_TRUE(out.has_value()) << out.error().sentence;
  return std::move(*out);
}

const Check* find(const std::vector<Check>& checks, std::string_view name) {
  for (const Check& check : checks)
    if (check.name() == name) return &check;
  return nullptr;
}

TEST(Connection, IsMadeToAServerThatProvesItself) {
  const LyingServer server;
  AttestedServer failed;
  const auto connection = Connection::connect(server.address(), simulated(), &failed);
  ASSERT_TRUE(connection.has_value()) << connection.error().sentence;
  const AttestedServer& seen = (*connection)->server();
  EXPECT_TRUE(seen.ok());
  EXPECT_TRUE(seen.simulation);
  EXPECT_EQ(seen.config, LyingServer::kConfig);
  EXPECT_TRUE(equal(seen.fresh.evidence()->measurement(), LyingServer::measurement()));
  EXPECT_EQ(seen.certificate_channel.size(), 5u);
  EXPECT_EQ(seen.channel.size(), 7u);
  for (const Check& check : seen.channel) EXPECT_EQ(check.state, CheckState::kPassed);
  EXPECT_FALSE(seen.receipt_key.empty());
  EXPECT_TRUE(failed.certificate.checks().empty());
  EXPECT_EQ(server.num_questions(), 1);
}

struct Lie {
  const char* name;
  Lies lies;
  const char* check;
};

Lies with(auto change) {
  Lies out;
  change(out);
  return out;
}
#define LIE(statement) with([](Lies& l) { l.statement; })

const Lie kLies[] = {
    {"SwappedTlsKey", LIE(certificate_of_other_key = true), "channel.key"},
    {"NoEvidence", LIE(certificate_without_evidence = true), "channel.certificate.no-evidence"},
    {"OldEvidence", LIE(answers_other_nonce = true), "channel.nonce"},
    {"CertificateEvidenceAgain", LIE(answers_with_certificate = true), "channel.nonce"},
    {"RelayedEvidence", LIE(answers_for_other_connection = true), "channel.exporter"},
    {"EvidenceOfAnotherServer", LIE(answers_for_other_key = true), "channel.key"},
    {"OtherConfiguration", LIE(sends_other_config = true), "channel.config"},
    {"OtherReceiptKey", LIE(sends_other_receipt_key = true), "channel.receipt-key"},
    {"OtherRoot", LIE(platform.other_root = true), "sgx.pck.root"},
    {"StaleCollateral", LIE(platform.tcb_info = InForce::kNoLonger), "sgx.tcb-info.validity"},
    {"RevokedPlatform", LIE(platform.pck_revoked = true), "sgx.pck.not-revoked"},
    {"DebugEnclave", LIE(platform.debug = true), "policy.debug"},
    {"TamperedQuote", LIE(platform.tampered = SignedPart::kQuote), "sgx.quote.signature"},
    {"NoMessage", LIE(answers_with = "{}"), "channel.message.field"},
    {"NoJson", LIE(answers_with = "hello"), "client.attestation-message"},
    {"TooLongAMessage", LIE(answers_with = std::string(3 << 20, ' ')), "http.response-too-large"},
};

class ConnectionLies : public testing::TestWithParam<Lie> {};

TEST_P(ConnectionLies, AreRefusedByTheCheckThatNoticesThem) {
  const LyingServer server(GetParam().lies);
  EXPECT_EQ(refusal(server), GetParam().check);
}

INSTANTIATE_TEST_SUITE_P(, ConnectionLies, testing::ValuesIn(kLies),
                         [](const auto& row) { return row.param.name; });

TEST(Connection, RefusesClaimsThatTheEvidenceDoesNotVouchFor) {
  const LyingServer server(LIE(sends_other_claims = true));
  AttestedServer failed;
  const auto connection = Connection::connect(server.address(), simulated(), &failed);
  ASSERT_FALSE(connection.has_value());
  EXPECT_EQ(connection.error().code, Code::kUntrusted);
  EXPECT_FALSE(failed.ok());
}

TEST(Connection, RefusesTheSimulationUnlessAllowed) {
  const LyingServer server;
  ConnectOptions options = simulated();
  options.simulation = false;
  AttestedServer failed;
  EXPECT_EQ(refusal(server, options, &failed), "client.simulation");
  EXPECT_EQ(failed.certificate.first_failure()->name(), "sgx.pck.root");
  EXPECT_FALSE(failed.simulation);
}

TEST(Connection, RefusesAnotherProgram) {
  const LyingServer server;
  ConnectOptions options = simulated();
  options.policy.sgx->mr_enclave = {sha256(as_bytes("the programs, one byte changed"))};
  AttestedServer failed;
  EXPECT_EQ(refusal(server, options, &failed), "policy.measurement");
  EXPECT_EQ(failed.certificate.find("policy.measurement")->found,
            to_hex(LyingServer::measurement()));
  EXPECT_EQ(find(failed.channel, "channel.exporter")->state, CheckState::kNotReached);
}

TEST(Connection, RefusesAConfigurationThatThePolicyDoesNotList) {
  const LyingServer server;
  ConnectOptions options = simulated();
  options.policy.configurations.values = {sha256(as_bytes(""))};
  EXPECT_EQ(refusal(server, options), "channel.config-accepted");
}

TEST(Connection, RefusesEverythingWithTheDefaultPolicy) {
  const LyingServer server;
  EXPECT_EQ(refusal(server, {.policy = {}, .simulation = true}), "policy.tee");
}

TEST(Connection, TellsAServersRefusalByItsOwnCode) {
  const LyingServer server;
  const auto model = connect(server)->model("absent");
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error().code, Code::kNotFound);
  EXPECT_EQ(model.error().name(), "model.unknown");
  EXPECT_EQ(model.error().id.text, std::string("server.refused"));
  EXPECT_EQ(model.error().sentence, "There is no such model; list them.");
}

TEST(Connection, ComesBackToTheSameKeyWithoutNewEvidence) {
  LyingServer server;
  const auto connection = connect(server);
  EXPECT_EQ(connection->model("absent").error().name(), "model.unknown");
  for (int i = 0; i < 3; ++i) {
    server.drop_connections();
    EXPECT_EQ(connection->model("absent").error().name(), "model.unknown");
  }
  EXPECT_EQ(server.requests().size(), 4u);
  EXPECT_EQ(server.num_questions(), 1);
}

TEST(Connection, VerifiesAgainWhenAnotherKeyAnswers) {
  LyingServer server;
  const auto connection = connect(server);
  const Bytes receipt_key = connection->server().receipt_key;
  server.restart({});
  EXPECT_EQ(connection->model("absent").error().name(), "model.unknown");
  EXPECT_EQ(server.num_questions(), 2);
  EXPECT_NE(connection->server().receipt_key, receipt_key);
  server.restart(LIE(answers_for_other_connection = true));
  EXPECT_EQ(connection->model("absent").error().name(), "channel.exporter");
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(Connection, VerifiesAgainWhenThePolicysAgeIsOver) {
  const LyingServer server;
  ConnectOptions options = simulated();
  options.policy.max_evidence_age_s = 1;
  auto connection = Connection::connect(server.address(), options);
  ASSERT_TRUE(connection.has_value()) << connection.error().sentence;
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  EXPECT_EQ((*connection)->model("absent").error().name(), "model.unknown");
  EXPECT_EQ(server.num_questions(), 2);
}

TEST(Connection, SaysWhenNothingAnswers) {
  std::string address;
  {
    const LyingServer server;
    address = server.address();
  }
  EXPECT_EQ(Connection::connect(address, simulated()).error().name(), "net.connect");
  EXPECT_EQ(Connection::connect("localhost", simulated()).error().name(), "net.address");
}

class ConnectionUpload : public testing::Test {
 protected:
  ConnectionUpload() {
    for (size_t i = 0; i < 1'000'000; ++i) content_.push_back(static_cast<char>(i * 7 + i / 255));
    std::ofstream(path_, std::ios::binary) << content_;
  }
  ~ConnectionUpload() override { std::remove(path_.c_str()); }

  const std::string path_ = testing::TempDir() + "connection_upload_test.onnx";
  std::string content_;
};

TEST_F(ConnectionUpload, StreamsTheFileAndReportsProgress) {
  LyingServer server;
  HttpResponse created;
  created.status = 201;
  created.body = R"({"model_id":"a/b","model_hash":")" + std::string(64, 'a') +
                 R"(","size":5,"inputs":[{"name":"x","datatype":"FP32","shape":[-1,3]}],)"
                 R"("outputs":[]})";
  server.answer_with(created);
  std::vector<uint64_t> sent;
  const auto model = connect(server)->upload_model(
      path_, "a/b", {.save_model = false, .progress = [&](uint64_t done, uint64_t total) {
                       EXPECT_EQ(total, 1'000'000u);
                       sent.push_back(done);
                     }});
  ASSERT_TRUE(model.has_value()) << model.error().sentence;
  EXPECT_EQ(model->model_id, "a/b");
  EXPECT_EQ(model->size, 5u);
  EXPECT_EQ(model->signature.inputs, (std::vector<TensorSpec>{{"x", Datatype::kFp32, {-1, 3}}}));
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(sent.back(), 1'000'000u);
  const SeenRequest seen = server.requests().front();
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.target, "/v1/models/a/b");
  EXPECT_EQ(as_text(seen.body), content_);
  EXPECT_NE(std::ranges::find(seen.fields,
                              std::pair<std::string, std::string>("blindai-save-model", "false")),
            seen.fields.end());
}

TEST_F(ConnectionUpload, IsSentAgainFromItsBeginningAfterAnIdleConnectionWasClosed) {
  LyingServer server;
  const auto connection = connect(server);
  server.drop_connections();
  EXPECT_EQ(connection->upload_model(path_, "m", {}).error().name(), "model.unknown");
  EXPECT_EQ(as_text(server.requests().back().body), content_);
}

TEST_F(ConnectionUpload, StopsWhenAskedAndTheConnectionServesOn) {
  LyingServer server;
  const auto connection = connect(server);
  UploadOptions options;
  int asked = 0;
  options.stop = [&asked] { return ++asked == 2; };
  EXPECT_EQ(connection->upload_model(path_, "m", options).error().name(), "client.upload.stopped");
  EXPECT_EQ(asked, 2);
  EXPECT_TRUE(server.requests().empty()) << "the server took part of a file for all of it";
  EXPECT_EQ(connection->model("m").error().name(), "model.unknown");
}

TEST_F(ConnectionUpload, HearsARefusalBeforeTheFileIsSent) {
  const LyingServer server;
  const auto model = connect(server)->upload_model(path_, "refused-early", {});
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error().name(), "model.taken");
  EXPECT_EQ(model.error().code, Code::kConflict);
}

TEST_F(ConnectionUpload, RefusesWhatIsNoFile) {
  const LyingServer server;
  const auto connection = connect(server);
  const auto name = [&](const std::string& path) {
    return std::string(connection->upload_model(path, "m", {}).error().name());
  };
  EXPECT_EQ(name(path_ + ".absent"), "client.file.open");
  EXPECT_EQ(name(testing::TempDir()), "client.file.kind");
  std::ofstream(path_, std::ios::trunc).close();
  EXPECT_EQ(name(path_), "client.file.empty");
  EXPECT_EQ(connection->upload_model(path_, "a b", {}).error().name(), "model-id.characters");
  EXPECT_TRUE(server.requests().empty());
}

// A prediction's answer with one output of two floats.
HttpResponse prediction(const Bytes& data) {
  const int64_t shape[] = {1, 2};
  const TensorRef output{
      .name = "y", .datatype = Datatype::kFp32, .shape = shape, .data = data, .binary = true};
  const InferBody body =
      build_infer_response({.model_name = "m", .model_version = "1", .id = "r7"}, {&output, 1})
          .value();
  HttpResponse out;
  out.fields = {{"inference-header-content-length", std::to_string(body.json.size())},
                {"blindai-model-hash", std::string(64, 'b')},
                {"blindai-run-ns", "1234"}};
  out.body = body.json + std::string(as_text(data));
  return out;
}

TEST(Connection, PredictsWithBinaryTensors) {
  LyingServer server;
  const Bytes data{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40};
  server.answer_with(prediction(data));
  const auto connection = connect(server);
  const auto out = connection->predict(
      "m", {{"x", Datatype::kFp32, {1, 2}, data}},
      {.outputs = {"y"}, .model_hash = sha256(as_bytes("pinned")), .request_id = "r7"});
  ASSERT_TRUE(out.has_value()) << out.error().sentence;
  EXPECT_EQ(out->model_id, "m");
  EXPECT_EQ(out->model_version, "1");
  EXPECT_EQ(out->request_id, "r7");
  EXPECT_EQ(to_hex(out->model_hash), std::string(64, 'b'));
  EXPECT_EQ(out->inference_time, std::chrono::nanoseconds(1234));
  ASSERT_EQ(out->outputs.size(), 1u);
  EXPECT_EQ(out->outputs[0].name, "y");
  EXPECT_EQ(out->outputs[0].datatype, Datatype::kFp32);
  EXPECT_EQ(out->outputs[0].shape, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(out->outputs[0].data, data);
  const SeenRequest seen = server.requests().front();
  EXPECT_EQ(seen.target, "/v2/models/m/infer");
  ASSERT_GE(seen.body.size(), data.size());
  EXPECT_TRUE(equal(BytesView(seen.body).last(data.size()), data));
  const std::pair<std::string, std::string> pin("blindai-model-hash",
                                                to_hex(sha256(as_bytes("pinned"))));
  EXPECT_NE(std::ranges::find(seen.fields, pin), seen.fields.end());
}

TEST(Connection, TellsWhenAModelExpires) {
  LyingServer server;
  HttpResponse model;
  model.body = R"({"model_id":"m","model_hash":")" + std::string(64, 'a') +
               R"(","size":5,"inputs":[],"outputs":[]})";
  HttpResponse predicted = prediction(Bytes(8));
  const auto connection = connect(server);
  const auto asked = [&] {
    server.answer_with(model);
    const auto info = connection->model("m");
    server.answer_with(predicted);
    const auto prediction = connection->predict("m", {}, {});
    return std::pair(info.has_value() ? Outcome<std::optional<Time>>(info->expires)
                                      : std::unexpected(info.error()),
                     prediction.has_value() ? Outcome<std::optional<Time>>(prediction->expires)
                                            : std::unexpected(prediction.error()));
  };
  EXPECT_EQ(asked().first.value(), std::nullopt);
  EXPECT_EQ(asked().second.value(), std::nullopt);
  model.fields.emplace_back("blindai-model-expires", "2026-12-01T10:00:00Z");
  predicted.fields.emplace_back("blindai-model-expires", "2026-12-01T10:00:00Z");
  EXPECT_EQ(asked().first.value(), Time{1796119200});
  EXPECT_EQ(asked().second.value(), Time{1796119200});
  model.fields.back().second = predicted.fields.back().second = "tomorrow";
  EXPECT_EQ(asked().first.error().name(), "server.answer");
  EXPECT_EQ(asked().second.error().name(), "server.answer");
}

TEST(Connection, NamesInputsByTheirPosition) {
  LyingServer server;
  HttpResponse model;
  model.body = R"({"model_id":"m","model_hash":")" + std::string(64, 'a') +
               R"(","size":5,"inputs":[{"name":"the \"input\"","datatype":"FP32","shape":[1]}],)"
               R"("outputs":[]})";
  server.answer_with(model);
  const auto connection = connect(server);
  const Bytes data{0, 0, 0x80, 0x3f};
  // The answer is a model's description, so prediction fails; what was asked is looked at.
  EXPECT_FALSE(connection->predict("m", {{"", Datatype::kFp32, {1}, data}}, {}).has_value());
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].target, "/v1/models/m");
  EXPECT_NE(as_text(requests[1].body).find(R"("the \"input\"")"), std::string::npos);
  const auto many = connection->predict(
      "m", {{"", Datatype::kFp32, {1}, data}, {"", Datatype::kFp32, {1}, data}}, {});
  EXPECT_EQ(many.error().name(), "client.input.position");
}

TEST(Connection, RefusesAnswersThatAreNotTheInterfaces) {
  LyingServer server;
  const auto connection = connect(server);
  HttpResponse answer = prediction(Bytes(8, 0));
  answer.fields.erase(answer.fields.begin() + 1);
  server.answer_with(answer);
  EXPECT_EQ(connection->predict("m", {}, {}).error().name(), "server.answer");
  answer = prediction(Bytes(8, 0));
  answer.body.pop_back();
  server.answer_with(answer);
  EXPECT_FALSE(connection->predict("m", {}, {}).has_value());
  answer.body = "{}";
  answer.fields.clear();
  server.answer_with(answer);
  EXPECT_EQ(connection->model("m").error().name(), "server.answer");
  EXPECT_EQ(connection->models().error().name(), "server.answer");
}

TEST(AttestedServer, TellsEveryCheckAsJson) {
  const LyingServer server;
  const auto connection = connect(server);
  const std::string text = to_json(connection->server());
  EXPECT_TRUE(
      text.starts_with("{\"ok\":true,\"simulation\":true,\"checks\":[{\"of\":\"certificate\""))
      << text.substr(0, 100);
  EXPECT_NE(text.find("{\"of\":\"connection\",\"name\":\"channel.exporter\",\"state\":\"passed\""),
            std::string::npos);
  EXPECT_NE(text.find("\"measurement\":\"" + to_hex(LyingServer::measurement())),
            std::string::npos);
}

TEST(AttestedServer, CanBeVerifiedFromItsSavedMessage) {
  const LyingServer server;
  const std::string message = connect(server)->server().message;
  EvidenceInputs inputs{.policy = simulated().policy, .simulation = true, .at = now_of_system()};
  JudgedEvidence seen;
  EXPECT_TRUE(verify_evidence_file(as_bytes(message), inputs, seen).has_value());
  EXPECT_TRUE(seen.ok());
  EXPECT_EQ(seen.config, LyingServer::kConfig);
  EXPECT_EQ(find(seen.channel, "channel.key"), nullptr);
  EXPECT_EQ(find(seen.channel, "channel.config")->state, CheckState::kPassed);

  const auto failing = [&] {
    JudgedEvidence failed;
    const auto verdict = verify_evidence_file(as_bytes(message), inputs, failed);
    EXPECT_FALSE(failed.ok());
    return std::string(verdict.error().name());
  };
  inputs.simulation = false;
  EXPECT_EQ(failing(), "client.simulation");
  inputs.simulation = true;
  inputs.policy.configurations.values.clear();
  EXPECT_EQ(failing(), "channel.config-accepted");
  inputs.claims = Bytes{1};
  EXPECT_EQ(failing(), "client.inputs");
}

}  // namespace
}  // namespace blindai
