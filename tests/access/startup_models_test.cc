// Models of the measured configuration.
#include <fstream>
#include <gtest/gtest.h>

#include "lib/crypto/crypto.h"
#include "tests/access/peer.h"
#include "tests/onnx_builder.h"
#include "tests/server_process.h"

namespace blindai {
namespace {

class StartupModels : public testing::Test {
 protected:
  void SetUp() override { write("resnet.onnx", model_); }
  void write(const std::string& name, const Bytes& model) {
    std::ofstream(server_.folder() + "/" + name, std::ios::binary)
        .write(reinterpret_cast<const char*>(model.data()),
               static_cast<std::streamsize>(model.size()));
  }
  bool start(const std::string& config) {
    return server_.start(config, {"--models", server_.folder()});
  }
  std::string entry(const std::string& id, const Bytes& model) {
    return "[[models]]\nid = \"" + id + "\"\nsha256 = \"" + to_hex(sha256(model)) + "\"\n";
  }
  static std::string told(const Reply& reply) {
    return std::to_string(reply.status) + (reply.code.empty() ? "" : " " + reply.code);
  }
  Reply ask(Peer::Proof proof, const std::string& method, const std::string& target,
            const Bytes& body = {}) {
    return Peer(server_.address(), std::move(proof)).ask(method, target, body);
  }

  const Bytes model_ = onnx_builder::identity(Datatype::kFp32, {-1, 4});
  const Bytes other_ = onnx_builder::identity(Datatype::kFp32, {-1, 5});
  ServerProcess server_;
};

TEST_F(StartupModels, AreThereFromTheStartAndNobodyChangesThem) {
  ASSERT_TRUE(start("allow_anonymous_upload = true\n" + entry("h/resnet", model_)))
      << server_.log();
  EXPECT_EQ(told(ask(no_proof(), "GET", "/v1/models/h/resnet")), "200");
  for (const auto& proof : {no_proof(), proof_of(key_of(1))}) {
    EXPECT_EQ(told(ask(proof, "DELETE", "/v1/models/h/resnet")), "403 auth.configured-model");
    EXPECT_EQ(told(ask(proof, "PUT", "/v1/models/h/resnet", model_)), "403 auth.configured-model");
    EXPECT_EQ(told(ask(proof, "GET", "/v1/models/h/resnet/access")), "403 auth.configured-model");
  }
  // The second start needs no file.
  EXPECT_EQ(server_.stop(), 0);
  write("resnet.onnx", {});
  ASSERT_TRUE(start("allow_anonymous_upload = true\n" + entry("h/resnet", model_)))
      << server_.log();
  EXPECT_EQ(told(ask(no_proof(), "GET", "/v1/models/h/resnet")), "200");
}

TEST_F(StartupModels, ArePrivateWhenTheConfigurationSaysSo) {
  ASSERT_TRUE(start(entry("m", model_) + "file = \"resnet.onnx\"\nvisibility = \"private\"\n" +
                    "callers = [\"" + to_text(key_of(1).public_key()) + "\"]\n"))
      << server_.log();
  EXPECT_EQ(told(ask(no_proof(), "GET", "/v1/models/m")), "404 model.unknown");
  EXPECT_EQ(told(ask(proof_of(key_of(1)), "GET", "/v1/models/m")), "200");
  // Another configuration opens it, without the file.
  EXPECT_EQ(server_.stop(), 0);
  ASSERT_TRUE(start(entry("m", model_))) << server_.log();
  EXPECT_EQ(told(ask(no_proof(), "GET", "/v1/models/m")), "200");
}

TEST_F(StartupModels, AreReplacedByAnotherConfigurations) {
  ASSERT_TRUE(start(entry("resnet", model_))) << server_.log();
  EXPECT_EQ(server_.stop(), 0);
  write("resnet.onnx", other_);
  ASSERT_TRUE(start(entry("resnet", other_))) << server_.log();
  EXPECT_TRUE(ask(no_proof(), "GET", "/v1/models/resnet").body.contains(to_hex(sha256(other_))));
}

TEST_F(StartupModels, StopTheStartWhenTheyAreNotWhatTheConfigurationSays) {
  EXPECT_FALSE(start(entry("resnet", other_)));
  EXPECT_TRUE(server_.log().contains("is not the configuration's model resnet")) << server_.log();
  EXPECT_TRUE(server_.log().contains(to_hex(sha256(model_))));
  EXPECT_TRUE(server_.log().contains(to_hex(sha256(other_))));
  EXPECT_FALSE(start(entry("absent", model_)));
  EXPECT_TRUE(server_.log().contains("absent.onnx could not be read"));
  EXPECT_FALSE(start(entry("resnet", model_) + "file = \".\"\n"));
  write("broken.onnx", {1, 2, 3});
  EXPECT_FALSE(start(entry("broken", {1, 2, 3})));
  // None of them left anything behind.
  ASSERT_TRUE(start("")) << server_.log();
  EXPECT_EQ(ask(no_proof(), "POST", "/v2/repository/index").body, "[]");
}

TEST_F(StartupModels, DoNotTakeAnOwnersName) {
  ASSERT_TRUE(start("allow_anonymous_upload = true\n"));
  ASSERT_EQ(told(ask(proof_of(key_of(1)), "PUT", "/v1/models/resnet", model_)), "201");
  EXPECT_EQ(server_.stop(), 0);
  EXPECT_FALSE(start(entry("resnet", model_)));
  EXPECT_TRUE(server_.log().contains("an owner's model has that name"));
}

}  // namespace
}  // namespace blindai
