// An owner lets one model go to a newer release; the rest stays where it is.
#include <filesystem>
#include <gtest/gtest.h>

#include "enclave/tee/simulation/measure_file.h"
#include "lib/handover/release.h"
#include "tests/access/peer.h"
#include "tests/onnx_builder.h"
#include "tests/server_process.h"

namespace blindai {
namespace {

constexpr std::string_view kConsentInfer =
    R"({"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]})";

class HandoverConsent : public testing::Test {
 protected:
  HandoverConsent() {
    const std::string bin = BLINDAI_BINARY_DIR "/bin/";
    const Sha256Digest programs = measure_programs(bin + "blindai-server", bin + "blindai-worker",
                                                   bin + "libonnxruntime.so.1.28.0")
                                      .value();
    // Both servers run the same programs; their stores, and so their secrets, are two. What tells
    // the releases apart is the configuration.
    new_config_ =
        "[handover.from]\nformat = \"blindai-policy-1\"\ntcb_statuses = [\"UpToDate\"]\n"
        "advisories = []\nconfigurations = \"any\"\nmin_tcb_evaluation_number = 1\n"
        "max_evidence_age_s = 3600\n[handover.from.sgx]\nmr_enclave = [\"" +
        to_hex(programs) + "\"]\n";
    release_ = to_hex(release_id_sgx(programs, sha256(as_bytes(new_config_))));
    EXPECT_TRUE(old_.start("owners = [\"" + to_text(key_of(1).public_key()) + "\"]\n"))
        << old_.log();
  }
  static std::string told(const Reply& reply) {
    return std::to_string(reply.status) + (reply.code.empty() ? "" : " " + reply.code);
  }
  static std::string ask(const ServerProcess& server, const ApiKey& key, const std::string& method,
                         const std::string& target, const std::string& body = {}) {
    return told(Peer(server.address(), proof_of(key)).ask(method, target, body));
  }
  static std::string infer(const ServerProcess& server, const std::string& id) {
    Peer peer(server.address(), no_proof());
    return told(peer.ask("POST", "/v2/models/" + id + "/infer", std::string(kConsentInfer)));
  }
  void upload(const std::string& id) {
    Peer peer(old_.address(), proof_of(owner_));
    EXPECT_EQ(told(peer.ask("PUT", "/v1/models/" + id, model_)), "201");
  }
  std::string allow(const std::string& id, const ApiKey& key, const std::string& release) {
    return ask(old_, key, "PUT", "/v1/models/" + id + "/access",
               R"({"visibility":"public","callers":[],"handover":[")" + release + "\"]}");
  }
  bool hand_over() {
    // The files come along by the host's hand.
    const std::filesystem::path store = new_.folder() + "/store";
    std::filesystem::create_directories(store);
    for (const auto& file : std::filesystem::directory_iterator(old_.folder() + "/store"))
      if (file.path().extension() == ".sealed")
        std::filesystem::copy(file.path(), store / file.path().filename(),
                              std::filesystem::copy_options::overwrite_existing);
    return new_.start(new_config_, {"handover", "--from", old_.address()});
  }

  const ApiKey owner_ = key_of(1);
  const Bytes model_ = onnx_builder::identity(Datatype::kFp32, {-1, 4});
  std::string new_config_;
  std::string release_;
  ServerProcess old_;
  ServerProcess new_;
};

TEST_F(HandoverConsent, MovesThatModelAndNoOther) {
  upload("goes");
  upload("stays");
  EXPECT_FALSE(hand_over());
  EXPECT_TRUE(new_.log().contains("nor the owner of any model")) << new_.log();
  // Nobody but the owner can allow it, and only this very release is allowed.
  EXPECT_EQ(allow("goes", key_of(2), release_).substr(0, 3), "403");
  EXPECT_EQ(allow("goes", owner_, std::string(64, 'a')), "200");
  EXPECT_FALSE(hand_over());
  EXPECT_EQ(allow("goes", owner_, release_), "200");
  ASSERT_TRUE(hand_over()) << new_.log();

  EXPECT_EQ(infer(new_, "goes"), "200");
  EXPECT_EQ(infer(new_, "stays"), "404 model.unknown");
  EXPECT_EQ(infer(old_, "goes"), "503 model.handed-over");
  EXPECT_EQ(infer(old_, "stays"), "200");
  EXPECT_EQ(ask(old_, owner_, "GET", "/v1/models/goes"), "200");
  upload("later");

  // Both know after a restart, and the new one needs the old one no more.
  const std::string old_address = old_.address();
  EXPECT_EQ(old_.stop(), 0);
  EXPECT_EQ(new_.stop(), 0);
  ASSERT_TRUE(new_.start(new_config_)) << new_.log();
  EXPECT_EQ(infer(new_, "goes"), "200");
  ASSERT_TRUE(old_.start("owners = [\"" + to_text(key_of(1).public_key()) + "\"]\n"));
  EXPECT_EQ(infer(old_, "goes"), "503 model.handed-over");
  EXPECT_EQ(infer(old_, "later"), "200");

  // What the owner uploads anew under the name is the old server's again.
  EXPECT_EQ(ask(old_, owner_, "DELETE", "/v1/models/goes"), "200");
  upload("goes");
  EXPECT_EQ(infer(old_, "goes"), "200");
}

}  // namespace
}  // namespace blindai
