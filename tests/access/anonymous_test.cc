// A server whose configuration lets strangers upload: what is nobody's is everybody's, and what is
// somebody's is theirs all the same.
#include <gtest/gtest.h>

#include "lib/auth/endorsement.h"
#include "tests/access/peer.h"
#include "tests/onnx_builder.h"
#include "tests/server_process.h"

namespace blindai {
namespace {

class AnonymousUploads : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server_.start("allow_anonymous_upload = true\n")) << server_.log();
    nobody_ = std::make_unique<Peer>(server_.address(), no_proof());
    owner_ = std::make_unique<Peer>(server_.address(), proof_of(key_of(1)));
    other_ = std::make_unique<Peer>(server_.address(), proof_of(key_of(2)));
    ASSERT_EQ(nobody_->ask("PUT", "/v1/models/free", kModel).status, 201u);
    ASSERT_EQ(owner_->ask("PUT", "/v1/models/owned", kModel).status, 201u);
  }
  static std::string told(const Reply& reply) {
    return std::to_string(reply.status) + (reply.code.empty() ? "" : " " + reply.code);
  }

  const Bytes kModel = onnx_builder::identity(Datatype::kFp32, {-1, 4});
  const Bytes kOther = onnx_builder::identity(Datatype::kFp32, {-1, 5});
  const HttpFields kReplace{{"blindai-replace", "true"}};
  ServerProcess server_;
  std::unique_ptr<Peer> nobody_;
  std::unique_ptr<Peer> owner_;
  std::unique_ptr<Peer> other_;
};

TEST_F(AnonymousUploads, WhatIsNobodysAnybodyChanges) {
  EXPECT_EQ(told(nobody_->ask("PUT", "/v1/models/free", kModel)), "200");
  EXPECT_EQ(told(nobody_->ask("PUT", "/v1/models/free", kOther)), "409 vault.name-taken");
  EXPECT_EQ(told(nobody_->ask("PUT", "/v1/models/free", kOther, kReplace)), "201");
  // With a key the model becomes the key's, and only by saying that it replaces.
  EXPECT_EQ(told(other_->ask("PUT", "/v1/models/free", kOther)), "409 vault.name-taken");
  EXPECT_EQ(told(other_->ask("PUT", "/v1/models/free", kOther, kReplace)), "201");
  EXPECT_EQ(told(nobody_->ask("DELETE", "/v1/models/free")), "401 auth.key-required");
  EXPECT_EQ(told(other_->ask("DELETE", "/v1/models/free")), "200");
  ASSERT_EQ(nobody_->ask("PUT", "/v1/models/free", kModel).status, 201u);
  EXPECT_EQ(told(other_->ask("DELETE", "/v1/models/free")), "200");
}

TEST_F(AnonymousUploads, WhatIsSomebodysOnlyTheyChange) {
  EXPECT_EQ(told(nobody_->ask("PUT", "/v1/models/owned", kModel)), "409 vault.name-taken");
  EXPECT_EQ(told(nobody_->ask("PUT", "/v1/models/owned", kOther, kReplace)),
            "409 vault.name-taken");
  EXPECT_EQ(told(other_->ask("PUT", "/v1/models/owned", kOther, kReplace)), "409 vault.name-taken");
  EXPECT_EQ(told(nobody_->ask("DELETE", "/v1/models/owned")), "401 auth.key-required");
  EXPECT_EQ(told(other_->ask("DELETE", "/v1/models/owned")), "403 auth.not-owner");
  EXPECT_EQ(told(nobody_->ask("POST", "/v2/repository/models/owned/unload")),
            "401 auth.key-required");
  EXPECT_EQ(told(owner_->ask("PUT", "/v1/models/owned", kOther, kReplace)), "201");
  EXPECT_EQ(told(owner_->ask("DELETE", "/v1/models/owned")), "200");
}

TEST_F(AnonymousUploads, EachListsTheirOwn) {
  EXPECT_TRUE(nobody_->ask("GET", "/v1/models").body.contains("\"free\""));
  EXPECT_FALSE(nobody_->ask("GET", "/v1/models").body.contains("\"owned\""));
  EXPECT_TRUE(owner_->ask("GET", "/v1/models").body.contains("\"owned\""));
  EXPECT_FALSE(owner_->ask("GET", "/v1/models").body.contains("\"free\""));
  EXPECT_EQ(other_->ask("GET", "/v1/models").body, "{\"models\":[]}");
  EXPECT_TRUE(other_->ask("POST", "/v2/repository/index").body.contains("\"owned\""));
}

TEST_F(AnonymousUploads, RulesNeedAnOwner) {
  const HttpFields secret{{"blindai-visibility", "private"}};
  EXPECT_EQ(told(nobody_->ask("PUT", "/v1/models/secret", kModel, secret)),
            "401 auth.private-needs-key");
  EXPECT_EQ(told(nobody_->ask("GET", "/v1/models/free/access")), "403 auth.no-owner");
  EXPECT_EQ(told(owner_->ask("GET", "/v1/models/free/access")), "403 auth.no-owner");
  EXPECT_EQ(told(owner_->ask("PUT", "/v1/models/secret", kModel, secret)), "201");
  EXPECT_EQ(told(nobody_->ask("GET", "/v1/models/secret")), "404 model.unknown");
  EXPECT_EQ(told(nobody_->ask("DELETE", "/v1/models/secret")), "404 model.unknown");
}

TEST_F(AnonymousUploads, AHandleIsWhoseCameFirst) {
  EXPECT_EQ(told(owner_->ask("PUT", "/v1/models/h/a", kModel)), "201");
  EXPECT_EQ(told(owner_->ask("PUT", "/v1/models/h/b", kModel)), "201");
  EXPECT_EQ(told(other_->ask("PUT", "/v1/models/h/c", kModel)), "409 auth.handle-taken");
  EXPECT_EQ(told(nobody_->ask("PUT", "/v1/models/h/c", kModel)), "409 auth.handle-taken");
  EXPECT_EQ(told(owner_->ask("DELETE", "/v1/models/h/a")), "200");
  EXPECT_EQ(told(other_->ask("PUT", "/v1/models/h/c", kModel)), "409 auth.handle-taken");
  EXPECT_EQ(told(owner_->ask("DELETE", "/v1/models/h/b")), "200");
  EXPECT_EQ(told(other_->ask("PUT", "/v1/models/h/c", kModel)), "201");
}

TEST_F(AnonymousUploads, AKeyWithModelsCannotBecomeAnothersKey) {
  const auto consent = [](uint8_t key, uint8_t owner) {
    const Endorsement e = make_endorsement(key_of(key), key_of(owner).public_key());
    return "{\"key\":\"" + to_text(e.key) + "\",\"consent\":\"" + consent_to_text(e) + "\"}";
  };
  EXPECT_EQ(told(other_->ask("POST", "/v1/keys", consent(1, 2))), "409 auth.key-taken");
  EXPECT_EQ(told(owner_->ask("DELETE", "/v1/models/owned")), "200");
  EXPECT_EQ(told(other_->ask("POST", "/v1/keys", consent(1, 2))), "200");
  // From now on they are one owner.
  EXPECT_EQ(told(owner_->ask("PUT", "/v1/models/shared", kModel)), "201");
  EXPECT_EQ(told(other_->ask("DELETE", "/v1/models/shared")), "200");
}

}  // namespace
}  // namespace blindai
