// The whole program against a server in this process.
#include "client/cli/commands.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include "client/cli/cli_fixture_test.h"
#include "client/cli/npy.h"
#include "client/cli/tensor_file.h"
#include "client/cpp/evidence_file.h"
#include "lib/base/json.h"
#include "lib/channel/simulation_policy.h"
#include "lib/handover/release.h"
#include "lib/measure/measure.h"
#include "lib/oip/infer_response.h"
#include "tests/support/lying_server.h"

namespace blindai {
namespace {

const std::string kHash(64, 'a');
const std::string kModel = R"({"model_id":"m","model_hash":")" + kHash +
                           R"(","size":96000000,"inputs":[{"name":"x","datatype":"FP32",)"
                           R"("shape":[-1,2]}],"outputs":[{"name":"y","datatype":"FP32",)"
                           R"("shape":[-1,2]}]})";

HttpResponse prediction(const Bytes& data) {
  const int64_t shape[] = {1, 2};
  const TensorRef output{
      .name = "y", .datatype = Datatype::kFp32, .shape = shape, .data = data, .binary = true};
  const InferBody body =
      build_infer_response({.model_name = "m", .model_version = "1", .id = ""}, {&output, 1})
          .value();
  HttpResponse out;
  out.fields = {{"inference-header-content-length", std::to_string(body.json.size())},
                {"blindai-model-hash", kHash},
                {"blindai-run-ns", "1234"}};
  out.body = body.json + std::string(as_text(data));
  return out;
}

TEST_F(Cli, VerifiesAServerCheckByCheck) {
  const LyingServer server;
  EXPECT_EQ(run_simulated({"verify", server.address()}), ExitStatus::kOk) << err_;
  EXPECT_NE(out_.find("  ok       channel.exporter\n"), std::string::npos) << out_;
  EXPECT_NE(out_.find("SIMULATION"), std::string::npos);
  EXPECT_EQ(out_.find("FAILED"), std::string::npos);
  EXPECT_EQ(run_simulated({"verify", server.address(), "--json"}), ExitStatus::kOk);
  const auto document = JsonDocument::parse(out_);
  ASSERT_TRUE(document.has_value()) << out_;
  EXPECT_TRUE(document->root()["ok"].boolean().value());
}

TEST_F(Cli, ShowsTheCheckThatFailed) {
  const LyingServer server({.answers_for_other_connection = true});
  EXPECT_EQ(run_simulated({"verify", server.address()}), ExitStatus::kUnverified);
  EXPECT_NE(out_.find("  FAILED   channel.exporter\n             expected  "), std::string::npos)
      << out_;
  EXPECT_NE(err_.find("channel.exporter"), std::string::npos) << err_;
  EXPECT_EQ(run_simulated({"models", server.address(), "--json"}), ExitStatus::kUnverified);
  EXPECT_EQ(out_, "");
  const auto document = JsonDocument::parse(err_);
  ASSERT_TRUE(document.has_value()) << err_;
  EXPECT_EQ(document->root()["code"].string().value(), "channel.exporter");
}

TEST_F(Cli, RefusesTheSimulationUnlessAllowed) {
  const LyingServer server;
  EXPECT_EQ(run({"verify", server.address(), "--policy", dir_ + "policy.toml"}),
            ExitStatus::kUnverified);
  EXPECT_NE(err_.find("--simulation"), std::string::npos) << err_;
}

TEST_F(Cli, KeepsAndVerifiesAMessage) {
  const LyingServer server;
  EXPECT_EQ(run_simulated({"verify", server.address(), "--save", dir_ + "proof.json"}),
            ExitStatus::kOk);
  EXPECT_EQ(run_simulated({"verify", dir_ + "proof.json"}), ExitStatus::kOk) << err_;
  EXPECT_NE(out_.find("  ok       channel.config\n"), std::string::npos) << out_;
  std::string damaged = read("proof.json");
  damaged[damaged.find("\"evidence\":\"") + 1000] ^= 1;
  write("proof.json", damaged);
  EXPECT_EQ(run_simulated({"verify", dir_ + "proof.json"}), ExitStatus::kUnverified);
}

TEST_F(Cli, VerifiesAFileOfEvidence) {
  SimulationSource source(LyingServer::measurement(), now_of_system);
  ByteArray<64> data{};
  const Sha256Digest digest = sha256(as_bytes("claims"));
  std::copy(digest.begin(), digest.end(), data.begin());
  const std::string quote = write("quote.bin", as_text(source.evidence(data).value().quote));
  const std::string claims = write("claims.bin", "claims");
  EXPECT_EQ(run_simulated({"verify", quote, "--claims", claims}), ExitStatus::kError);
  EXPECT_NE(err_.find("tcb_info.json, "), std::string::npos) << err_;
  EXPECT_NE(err_.find("[collateral.missing]"), std::string::npos) << err_;
  const Collateral collateral = source.collateral().value();
  for (const CollateralPart& part : collateral_parts(Tee::kSgx))
    write(std::string(part.name), as_text(collateral.*part.member));
  EXPECT_EQ(run_simulated({"verify", quote, "--collateral", dir_, "--claims", claims}),
            ExitStatus::kOk)
      << err_;
  EXPECT_NE(out_.find("  ok       claims.report-data\n"), std::string::npos) << out_;
  EXPECT_NE(out_.find("satisfies the policy"), std::string::npos) << out_;
  EXPECT_EQ(out_.find("configuration"), std::string::npos) << out_;
  EXPECT_EQ(run_simulated({"verify", quote, "--collateral", dir_, "--json"}),
            ExitStatus::kUnverified);
  EXPECT_NE(err_.find("evidence.claims"), std::string::npos) << err_;
  const auto document = JsonDocument::parse(out_);
  ASSERT_TRUE(document.has_value()) << out_;
  EXPECT_FALSE(document->root()["ok"].boolean().value());
  EXPECT_EQ(run_simulated({"verify", quote, "--collateral", dir_, "--claims", claims, "--at",
                           "2020-01-01T00:00:00Z"}),
            ExitStatus::kUnverified);
  EXPECT_NE(err_.find("validity"), std::string::npos) << err_;
  EXPECT_EQ(run_simulated({"verify", claims, "--collateral", dir_}), ExitStatus::kUnverified);
  EXPECT_NE(err_.find("[evidence.kind]"), std::string::npos) << err_;
  EXPECT_EQ(run_simulated({"verify", quote, "--claims", dir_ + "absent"}), ExitStatus::kError);
}

TEST_F(Cli, SaysWhatIsMissing) {
  const LyingServer server;
  EXPECT_EQ(run({"models"}), ExitStatus::kUsage);
  EXPECT_NE(err_.find("BLINDAI_ADDR"), std::string::npos) << err_;
  EXPECT_EQ(run({"models", server.address()}), ExitStatus::kError);
  EXPECT_NE(err_.find("client.policy.none"), std::string::npos) << err_;
  EXPECT_EQ(run({"models", server.address(), "--policy", dir_ + "absent"}), ExitStatus::kError);
  EXPECT_NE(err_.find("client.policy.open"), std::string::npos) << err_;
  write("policy.toml", "format = 7");
  EXPECT_EQ(run_simulated({"models", server.address()}), ExitStatus::kError);
  EXPECT_NE(err_.find("policy.toml"), std::string::npos) << err_;
  EXPECT_TRUE(server.requests().empty());
  EXPECT_EQ(server.num_questions(), 0);
}

TEST_F(Cli, TakesAddressAndPolicyFromTheEnvironment) {
  LyingServer server;
  server.answer_with(reply(200, R"({"models":[]})"));
  ::setenv("BLINDAI_ADDR", server.address().c_str(), 1);
  ::setenv("BLINDAI_POLICY", (dir_ + "policy.toml").c_str(), 1);
  EXPECT_EQ(run({"models", "--simulation"}), ExitStatus::kOk) << err_;
  EXPECT_EQ(out_, "The server has no models.\n");
  ::unsetenv("BLINDAI_ADDR");
  ::unsetenv("BLINDAI_POLICY");
}

TEST_F(Cli, ListsShowsAndDeletesModels) {
  LyingServer server;
  server.answer_with(reply(200, "{\"models\":[" + kModel + "]}"));
  EXPECT_EQ(run_simulated({"models", server.address()}), ExitStatus::kOk) << err_;
  EXPECT_NE(out_.find("m      aaaaaaaaaaaa     96.0 MB  FP32 [-1,2] -> FP32 [-1,2]\n"),
            std::string::npos)
      << out_;
  EXPECT_EQ(run_simulated({"models", server.address(), "--json"}), ExitStatus::kOk);
  EXPECT_EQ(out_, "{\"models\":[" + kModel + "]}\n");
  server.answer_with(reply(200, kModel));
  EXPECT_EQ(run_simulated({"models", server.address(), "m"}), ExitStatus::kOk);
  EXPECT_NE(out_.find("  input   x  FP32 [-1,2]\n"), std::string::npos) << out_;
  EXPECT_EQ(out_.find("expires"), std::string::npos) << out_;
  HttpResponse leaving = reply(200, kModel);
  leaving.fields.emplace_back("blindai-model-expires", "2026-12-01T10:00:00Z");
  server.answer_with(leaving);
  EXPECT_EQ(run_simulated({"models", server.address(), "m"}), ExitStatus::kOk);
  EXPECT_NE(out_.find("  expires 2026-12-01T10:00:00Z, unless it is used before\n"),
            std::string::npos)
      << out_;
  EXPECT_EQ(run_simulated({"models", server.address(), "m", "--json"}), ExitStatus::kOk);
  EXPECT_NE(out_.find(",\"expires\":\"2026-12-01T10:00:00Z\","), std::string::npos) << out_;
  EXPECT_EQ(run_simulated({"models", server.address(), "--delete", "m"}), ExitStatus::kOk);
  EXPECT_EQ(server.requests().back().method, "DELETE");
  server.answer_with(reply(403, R"({"error":"Not yours; ask its owner.","code":"auth.owner"})"));
  EXPECT_EQ(run_simulated({"models", server.address(), "--delete", "m"}), ExitStatus::kRefused);
  EXPECT_EQ(err_.substr(err_.find('\n') + 1), "blindai: Not yours; ask its owner. [auth.owner]\n");
}

TEST_F(Cli, Uploads) {
  LyingServer server;
  server.answer_with(reply(201, kModel));
  const std::string file = write("net.onnx", "onnx");
  EXPECT_EQ(run_simulated({"upload", server.address(), file, "--no-save", "--json"}),
            ExitStatus::kOk)
      << err_;
  EXPECT_EQ(out_, kModel + "\n");
  EXPECT_EQ(server.requests().back().target, "/v1/models/net");
  EXPECT_EQ(as_text(server.requests().back().body), "onnx");
  EXPECT_EQ(run_simulated({"upload", server.address(), write("a b.onnx", "onnx")}),
            ExitStatus::kError);
  EXPECT_NE(err_.find("--id"), std::string::npos) << err_;
}

TEST_F(Cli, PredictsFromEveryKindOfFile) {
  LyingServer server;
  const Bytes data{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40};
  const Tensor tensor{.name = "x", .datatype = Datatype::kFp32, .shape = {1, 2}, .data = data};
  const std::string npy = write("x.npy", as_text(write_npy(tensor).value()));
  server.answer_with(prediction(data));
  EXPECT_EQ(run_simulated({"predict", server.address(), "m", "x=" + npy}), ExitStatus::kOk) << err_;
  EXPECT_EQ(out_, "{\"model_id\":\"m\",\"model_version\":\"1\",\"model_hash\":\"" + kHash +
                      "\",\"inference_ns\":1234,\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP32\","
                      "\"shape\":[1,2],\"data\":[[1,2]]}]}\n");
  const std::string raw = write("x.raw", as_text(data));
  EXPECT_EQ(run_simulated({"predict", server.address(), "m", "x=" + raw, "--shape", "1,2",
                           "--datatype", "FP32", "--output", dir_ + "out.npz"}),
            ExitStatus::kOk)
      << err_;
  EXPECT_EQ(out_, "");
  EXPECT_EQ(run_simulated(
                {"predict", server.address(), "m", dir_ + "out.npz", "--output", dir_ + "out.npy"}),
            ExitStatus::kOk)
      << err_;
  EXPECT_EQ(read_npy(as_bytes(read("out.npy"))).value().data, data);
  EXPECT_EQ(
      run_simulated({"predict", server.address(), "m", "x=" + npy, "--output", dir_ + "out.raw"}),
      ExitStatus::kOk);
  EXPECT_EQ(read("out.raw"), as_text(data));
  EXPECT_EQ(
      run_simulated({"predict", server.address(), "m", "x=" + npy, "--output", dir_ + "out.json"}),
      ExitStatus::kOk);
  EXPECT_NE(read("out.json").find("\"data\":[[1,2]]"), std::string::npos);
  for (const SeenRequest& request : server.requests())
    EXPECT_TRUE(equal(BytesView(request.body).last(8), data));
  EXPECT_EQ(run_simulated({"predict", server.address(), "m", dir_ + "absent"}), ExitStatus::kError);
  EXPECT_NE(err_.find("file.open"), std::string::npos) << err_;
}

TEST_F(Cli, ReadsJsonAndRawByTheModelsSignature) {
  LyingServer server;
  server.answer_with(reply(200, kModel));
  // The server answers with the model to both questions, so that the second is no prediction.
  EXPECT_EQ(run_simulated({"predict", server.address(), "m", write("x.json", "[[1,2]]")}),
            ExitStatus::kError);
  auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].target, "/v1/models/m");
  EXPECT_EQ(to_hex(BytesView(requests[1].body).last(8)), "0000803f00000040");
  EXPECT_NE(as_text(requests[1].body).find("\"shape\":[1,2]"), std::string::npos);
  EXPECT_EQ(run_simulated({"predict", server.address(), "m", write("x.raw", std::string(16, 'a'))}),
            ExitStatus::kError);
  EXPECT_NE(as_text(server.requests().back().body).find("\"shape\":[2,2]"), std::string::npos);
  EXPECT_EQ(run_simulated({"predict", server.address(), "m", write("x.raw", std::string(15, 'a'))}),
            ExitStatus::kError);
  EXPECT_NE(err_.find("raw.size"), std::string::npos) << err_;
}

TEST_F(Cli, MeasuresProgramsIntoAPolicyThatAcceptsThem) {
  const std::string server = write("server", "s"), worker = write("worker", "w"),
                    engine = write("engine", "o"), config = write("config", "max_models = 1\n");
  const std::vector<std::string> arguments = {"measure", "--server",      server, "--worker",
                                              worker,    "--onnxruntime", engine};
  auto with_config = arguments;
  with_config.insert(with_config.end(), {"--config", config, "--policy", dir_ + "out.toml"});
  EXPECT_EQ(run(with_config), ExitStatus::kOk) << err_;
  const auto policy = parse_policy(read("out.toml"));
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  std::vector<MeasuredFile> files;
  for (const auto& [name, content] :
       {std::pair("blindai-server", "s"), std::pair("blindai-worker", "w"),
        std::pair("libonnxruntime", "o")}) {
    FileMeasurer measurer(name);
    measurer.update(as_bytes(content));
    files.push_back(measurer.finish());
  }
  const Sha256Digest expected = measurement_of(files).value();
  EXPECT_EQ(policy->sgx->mr_enclave, std::vector{expected});
  EXPECT_EQ(policy->configurations.values, std::vector{sha256(as_bytes("max_models = 1\n"))});
  EXPECT_NE(out_.find(to_hex(expected)), std::string::npos);
  const Sha256Digest release = release_id_sgx(expected, sha256(as_bytes("max_models = 1\n")));
  EXPECT_NE(out_.find("release      " + to_hex(release)), std::string::npos) << out_;

  for (const Tee tee : {Tee::kSgx, Tee::kTdx, Tee::kSnp}) {
    auto simulated = with_config;
    simulated.insert(simulated.end(), {"--simulate", std::string(name_of(tee))});
    ASSERT_EQ(run(simulated), ExitStatus::kOk) << err_;
    Policy wanted = simulation_policy(tee, expected);
    wanted.configurations = policy->configurations;
    wanted.max_evidence_age_s = 3600;
    EXPECT_EQ(parse_policy(read("out.toml")).value(), wanted) << name_of(tee);
  }

  EXPECT_EQ(run(arguments), ExitStatus::kOk);
  EXPECT_EQ(parse_policy(out_).value().configurations.values, std::vector{sha256({})});
  auto json = arguments;
  json.emplace_back("--json");
  EXPECT_EQ(run(json), ExitStatus::kOk);
  EXPECT_EQ(JsonDocument::parse(out_)->root()["measurement"].string().value(), to_hex(expected));
  EXPECT_EQ(
      run({"measure", "--server", dir_ + "absent", "--worker", worker, "--onnxruntime", engine}),
      ExitStatus::kError);
}

}  // namespace
}  // namespace blindai
