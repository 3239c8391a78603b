#include "enclave/serve/access.h"

#include "lib/auth/auth_fixture_test.h"

namespace blindai {
namespace {

PublicKey key(uint8_t seed) {
  ByteArray<32> raw{};
  raw.fill(seed);
  return ApiKey::from_seed(SecretKey(std::move(raw))).public_key();
}

Caller caller(std::optional<uint8_t> seed, std::optional<uint8_t> root = {}) {
  Caller out;
  if (!seed.has_value()) return out;
  out.key = key(*seed);
  out.root = root.has_value() ? key(*root) : *out.key;
  return out;
}

ModelRecord model(std::optional<uint8_t> owner, std::string id = "m") {
  ModelRecord out;
  out.id = std::move(id);
  if (owner.has_value()) out.owner = ModelOwner{.key = key(*owner).bytes, .account = {}};
  return out;
}

ModelRecord private_model(uint8_t owner, std::vector<uint8_t> callers) {
  ModelRecord out = model(owner);
  out.access.visibility = Visibility::kPrivate;
  for (const uint8_t seed : callers) out.access.callers.push_back(key(seed).bytes);
  return out;
}

std::string name_of(const Outcome<void>& outcome) {
  if (outcome.has_value()) return "";
  EXPECT_GT(outcome.error().sentence.size(), 40u);
  return std::string(outcome.error().name());
}

TEST(Access, APrivateModelIsThereForItsOwnerAndThoseItLists) {
  const ModelRecord secret = private_model(1, {3, 4});
  EXPECT_TRUE(may_call(secret, caller(1)));
  EXPECT_TRUE(may_call(secret, caller(2, 1)));   // another key of the owner
  EXPECT_TRUE(may_call(secret, caller(3)));      // listed
  EXPECT_TRUE(may_call(secret, caller(30, 4)));  // a key of a listed owner
  EXPECT_TRUE(may_call(secret, caller(3, 9)));   // listed itself, whoever its owner is
  EXPECT_FALSE(may_call(secret, caller(5)));
  EXPECT_FALSE(may_call(secret, caller(5, 6)));
  EXPECT_FALSE(may_call(secret, caller({})));
  EXPECT_TRUE(may_call(model(1), caller({})));
  EXPECT_TRUE(may_call(model({}), caller({})));
  EXPECT_FALSE(may_call(private_model(1, {}), caller({})));
}

TEST(Access, OnlyItsOwnerChangesAModel) {
  MeasuredConfig config;
  for (const bool anonymous : {false, true}) {
    config.allow_anonymous_upload = anonymous;
    EXPECT_EQ(name_of(may_change(config, model(1), caller(1))), "");
    EXPECT_EQ(name_of(may_change(config, model(1), caller(2, 1))), "");
    EXPECT_EQ(name_of(may_change(config, model(1), caller(2))), "auth.not-owner");
    EXPECT_EQ(name_of(may_change(config, model(1), caller({}))), "auth.key-required");
    // Listed callers call; they do not change.
    EXPECT_EQ(name_of(may_change(config, private_model(1, {3}), caller(3))), "auth.not-owner");
    EXPECT_EQ(name_of(may_change(config, model({}), caller({}))), anonymous ? "" : "auth.no-owner");
    EXPECT_EQ(name_of(may_change(config, model({}), caller(1))), anonymous ? "" : "auth.no-owner");
    EXPECT_EQ(name_of(may_change_access(config, model({}), caller(1))), "auth.no-owner");
    EXPECT_EQ(name_of(may_change_access(config, model(1), caller(1))), "");
  }
  config.models = {{.id = "m", .sha256 = {}, .file = "m", .is_private = false, .callers = {}}};
  EXPECT_EQ(name_of(may_change(config, model({}), caller({}))), "auth.configured-model");
  EXPECT_EQ(name_of(may_change(config, model(1), caller(1))), "auth.configured-model");
}

TEST(Access, AnOwnersEarlierKeyKeepsWhatIsItsOwn) {
  // Key 2 uploaded as its own owner, and became a key of 1 later.
  EXPECT_TRUE(owns(model(2), caller(2, 1)));
  EXPECT_FALSE(owns(model(2), caller(1)));
  EXPECT_FALSE(owns(model({}), caller(1)));
}

TEST(Access, UploadsNeedAListingOrAnAccountOrTheConfigurationsLeave) {
  MeasuredConfig config;
  EXPECT_EQ(name_of(may_upload(config, caller({}))), "auth.key-required");
  EXPECT_EQ(name_of(may_upload(config, caller(1))), "auth.not-listed");
  Caller listed = caller(1);
  listed.listed = true;
  EXPECT_EQ(name_of(may_upload(config, listed)), "");
  Caller account = caller(1);
  account.account = test_claims();
  EXPECT_EQ(name_of(may_upload(config, account)), "");
  config.allow_anonymous_upload = true;
  EXPECT_EQ(name_of(may_upload(config, caller({}))), "");
  EXPECT_EQ(name_of(may_upload(config, caller(1))), "");
}

TEST(Access, SaysWhatIsMissingForAnUpload) {
  MeasuredConfig config;
  const auto sentence = [&] { return may_upload(config, caller(1)).error().sentence; };
  EXPECT_TRUE(sentence().contains("owners"));
  EXPECT_FALSE(sentence().contains("token"));
  config.token_issuers.push_back(token_issuer(test_issuer().spki()).value());
  EXPECT_TRUE(sentence().contains("token"));
}

TEST(Access, HandlesAreTheirAccountsWhereThereAreAccounts) {
  MeasuredConfig config;
  config.token_issuers.push_back(token_issuer(test_issuer().spki()).value());
  const auto nobody = [](std::string_view) { return false; };
  Caller alice = caller(1);
  alice.account = test_claims();
  EXPECT_EQ(name_of(may_use_handle(config, "alice/m", alice, nobody)), "");
  EXPECT_EQ(name_of(may_use_handle(config, "m", alice, nobody)), "");
  EXPECT_EQ(name_of(may_use_handle(config, "bob/m", alice, nobody)), "auth.handle");
  EXPECT_EQ(name_of(may_use_handle(config, "Alice/m", alice, nobody)), "auth.handle");
  Caller listed = caller(2);
  listed.listed = true;
  EXPECT_EQ(name_of(may_use_handle(config, "alice/m", listed, nobody)), "auth.handle");
  EXPECT_EQ(name_of(may_use_handle(config, "alice/m", caller({}), nobody)), "auth.handle");
}

TEST(Access, HandlesAreWhoeverCameFirstsWhereThereAreNone) {
  const MeasuredConfig config = {};
  std::string asked;
  const auto taken = [&](std::string_view handle) {
    asked = handle;
    return true;
  };
  EXPECT_EQ(name_of(may_use_handle(config, "h/m", caller(1), taken)), "auth.handle-taken");
  EXPECT_EQ(asked, "h");
  EXPECT_EQ(name_of(may_use_handle(config, "h/m", caller(1), [](auto) { return false; })), "");
  EXPECT_EQ(name_of(may_use_handle(config, "m", caller(1), taken)), "");
}

TEST(Access, RulesAreTheSameInBothForms) {
  const ModelAccess access{.is_private = true, .callers = {key(1), key(2)}, .handover = {{7}}};
  EXPECT_EQ(access_of(rules_of(access)), access);
  EXPECT_EQ(rules_of(access).visibility, Visibility::kPrivate);
  EXPECT_EQ(access_of(AccessRules()), ModelAccess());
}

}  // namespace
}  // namespace blindai
