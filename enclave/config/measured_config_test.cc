#include "enclave/config/measured_config.h"

#include <gtest/gtest.h>

#include "lib/auth/api_key.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

PublicKey key(uint8_t seed) {
  ByteArray<32> raw{};
  raw.fill(seed);
  return ApiKey::from_seed(SecretKey(std::move(raw))).public_key();
}
std::string quoted_key(uint8_t seed) {
  return '"' + to_text(key(seed)) + '"';
}
const std::string kHash(64, 'a');

TEST(MeasuredConfig, EmptyTextMeansTheStrictDefaults) {
  const MeasuredConfig config = parse_measured_config("").value();
  EXPECT_FALSE(config.allow_anonymous_upload);
  EXPECT_TRUE(config.owners.empty());
  EXPECT_TRUE(config.token_issuers.empty());
  EXPECT_TRUE(config.models.empty());
  EXPECT_EQ(config.limits.accounts, AccountLimits());
  EXPECT_EQ(config.max_model_bytes, uint64_t{2} << 30);
  EXPECT_EQ(config.require_sandbox, SandboxLevel::kBasic);
  EXPECT_EQ(config.hash, sha256({}));
}

TEST(MeasuredConfig, ReadsEveryPlainField) {
  const std::string_view text =
      "allow_anonymous_upload = true\nmax_model_bytes = 1000\nmax_tensor_bytes = 2000\n"
      "run_time_s = 3\nload_time_s = 4\nmax_models = 5\nmax_unsaved_bytes = 0\n"
      "require_sandbox = \"full\"\n";
  const MeasuredConfig config = parse_measured_config(text).value();
  EXPECT_TRUE(config.allow_anonymous_upload);
  EXPECT_EQ(config.max_model_bytes, 1000u);
  EXPECT_EQ(config.max_tensor_bytes, 2000u);
  EXPECT_EQ(config.max_unsaved_bytes, 0u);
  EXPECT_EQ(config.run_time.count(), 3);
  EXPECT_EQ(config.load_time.count(), 4);
  EXPECT_EQ(config.max_models, 5u);
  EXPECT_EQ(config.require_sandbox, SandboxLevel::kFull);
  EXPECT_EQ(parse_measured_config("require_sandbox = \"basic\"").value().require_sandbox,
            SandboxLevel::kBasic);
  EXPECT_EQ(config.text, text);
  EXPECT_EQ(config.hash, sha256(as_bytes(text)));
}

TEST(MeasuredConfig, ReadsWhoMayUpload) {
  const SigningKey issuer = SigningKey::generate();
  const MeasuredConfig config =
      parse_measured_config("owners = [" + quoted_key(1) + ", " + quoted_key(2) +
                            "]\ntoken_issuers = [\"" + to_base64(issuer.spki()) + "\"]\n")
          .value();
  EXPECT_EQ(config.owners, (std::vector{key(1), key(2)}));
  EXPECT_TRUE(config.lists_owner(key(2)));
  EXPECT_FALSE(config.lists_owner(key(3)));
  ASSERT_EQ(config.token_issuers.size(), 1u);
  EXPECT_EQ(config.token_issuers[0].spki, issuer.spki());
}

TEST(MeasuredConfig, ReadsEveryLimit) {
  const MeasuredConfig config =
      parse_measured_config(
          "[limits]\nmodels_per_account = 1\nbytes_per_model = 2\nbytes_per_account = 3\n"
          "total_bytes = 4\npredictions_per_minute = 5\nanonymous_predictions_per_minute = 6\n"
          "concurrent_predictions = 7\nretention_days = 8\n")
          .value();
  EXPECT_EQ(config.limits.accounts, (AccountLimits{.models_per_account = 1,
                                                   .bytes_per_model = 2,
                                                   .bytes_per_account = 3,
                                                   .predictions_per_minute = 5,
                                                   .concurrent_predictions = 7,
                                                   .retention_days = 8}));
  EXPECT_EQ(config.limits.total_bytes, 4u);
  EXPECT_EQ(config.limits.anonymous_predictions_per_minute, 6u);
}

TEST(MeasuredConfig, ReadsModels) {
  const MeasuredConfig config =
      parse_measured_config("[[models]]\nid = \"h/a.b\"\nsha256 = \"" + kHash +
                            "\"\n[[models]]\nid = \"c\"\nsha256 = \"" + std::string(64, 'B') +
                            "\"\nfile = \"d.bin\"\nvisibility = \"private\"\ncallers = [" +
                            quoted_key(1) + "]\n")
          .value();
  ASSERT_EQ(config.models.size(), 2u);
  const ConfiguredModel* first = config.configured_model("h/a.b");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(to_hex(first->sha256), kHash);
  EXPECT_EQ(first->file, "a.b.onnx");
  EXPECT_FALSE(first->is_private);
  const ConfiguredModel* second = config.configured_model("c");
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(to_hex(second->sha256), std::string(64, 'b'));
  EXPECT_EQ(second->file, "d.bin");
  EXPECT_TRUE(second->is_private);
  EXPECT_EQ(second->callers, std::vector{key(1)});
  EXPECT_EQ(config.configured_model("a.b"), nullptr);
}

TEST(MeasuredConfig, RefusesEverythingElseByName) {
  const std::string model = "[[models]]\nid = \"m\"\nsha256 = \"" + kHash + "\"\n";
  const std::string secret(
      ApiKey::from_seed(SecretKey()).text(KeyAccess()).reveal(KeyAccess()).data(), kApiKeyTextLen);
  std::string typo = to_text(key(1));
  typo.back() = typo.back() == '0' ? '1' : '0';
  const std::pair<std::string, const char*> cases[] = {
      {"allow_anonymous_upload = ", "config.syntax"},
      {"\xff", "config.syntax"},
      {"# \u00e9", "config.syntax"},
      {"allow_anonymous_uploads = true", "config.unknown-field"},
      {"[section]\nx = 1", "config.unknown-field"},
      {"allow_anonymous_upload = 1", "config.type"},
      {"allow_anonymous_upload = \"true\"", "config.type"},
      {"max_models = 1.5", "config.type"},
      {"max_models = 0", "config.value"},
      {"require_sandbox = \"none\"", "config.value"},
      {"require_sandbox = \"\"", "config.value"},
      {"require_sandbox = false", "config.type"},
      {"max_model_bytes = 2147483649", "config.value"},
      {"run_time_s = -1", "config.value"},
      {"max_unsaved_bytes = -1", "config.value"},
      {"owners = " + quoted_key(1), "config.type"},
      {"owners = [1]", "config.type"},
      {"owners = [\"\"]", "config.value"},
      {"owners = [\"" + typo + "\"]", "config.value"},
      {"owners = [\"" + secret + "\"]", "config.value"},
      {"owners = [" + quoted_key(1) + "," + quoted_key(1) + "]", "config.value"},
      {"token_issuers = [\"AAAA\"]", "config.value"},
      {"token_issuers = {}", "config.type"},
      {"limits = 1", "config.type"},
      {"[limits]\nmodels = 1", "config.unknown-field"},
      {"[limits]\nmodels_per_account = \"1\"", "config.type"},
      {"[limits]\nmodels_per_account = -1", "config.value"},
      {"[limits]\nbytes_per_model = 9007199254740992", "config.value"},
      {"[limits]\nretention_days = 36501", "config.value"},
      {"[models]\nid = \"m\"", "config.type"},
      {"models = [1]", "config.type"},
      {"[[models]]\nid = \"m\"", "config.value"},
      {"[[models]]\nsha256 = \"" + kHash + "\"", "config.value"},
      {"[[models]]\nid = \"../m\"\nsha256 = \"" + kHash + "\"", "config.value"},
      {"[[models]]\nid = \"m\"\nsha256 = \"" + kHash + "a\"", "config.value"},
      {model + model, "config.value"},
      {model + "path = \"m\"", "config.unknown-field"},
      {model + "file = \"../m\"", "config.value"},
      {model + "file = \"..\"", "config.value"},
      {model + "file = 1", "config.type"},
      {model + "visibility = \"secret\"", "config.value"},
      {model + "callers = [" + quoted_key(1) + "]", "config.value"},
  };
  for (const auto& [text, id] : cases) {
    const auto config = parse_measured_config(text);
    ASSERT_FALSE(config.has_value()) << text;
    EXPECT_EQ(config.error().name(), id) << text << ": " << config.error().sentence;
    EXPECT_EQ(config.error().sentence.find(secret), std::string::npos) << "a secret is repeated";
  }
}

TEST(MeasuredConfig, NamesTheFieldAndItsPlace) {
  EXPECT_EQ(parse_measured_config("[limits]\ntotal_bytes = -1").error().sentence,
            "The configuration's limits.total_bytes must be from 0 to 9007199254740991.");
  const std::string second =
      "[[models]]\nid = \"m\"\nsha256 = \"" + kHash + "\"\n[[models]]\nid = \"n\"\nsha256 = \"\"";
  EXPECT_EQ(parse_measured_config(second).error().sentence,
            "The configuration's models[2].sha256 must be 64 hexadecimal digits.");
}

}  // namespace
}  // namespace blindai
