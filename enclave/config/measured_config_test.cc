#include "enclave/config/measured_config.h"

#include <gtest/gtest.h>

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

TEST(MeasuredConfig, EmptyTextMeansTheStrictDefaults) {
  const MeasuredConfig config = parse_measured_config("").value();
  EXPECT_FALSE(config.allow_anonymous_upload);
  EXPECT_EQ(config.max_model_bytes, uint64_t{2} << 30);
  EXPECT_EQ(config.hash, sha256({}));
}

TEST(MeasuredConfig, ReadsEveryField) {
  const std::string_view text =
      "allow_anonymous_upload = true\nmax_model_bytes = 1000\nmax_tensor_bytes = 2000\n"
      "run_time_s = 3\nload_time_s = 4\nmax_models = 5\n";
  const MeasuredConfig config = parse_measured_config(text).value();
  EXPECT_TRUE(config.allow_anonymous_upload);
  EXPECT_EQ(config.max_model_bytes, 1000u);
  EXPECT_EQ(config.max_tensor_bytes, 2000u);
  EXPECT_EQ(config.run_time.count(), 3);
  EXPECT_EQ(config.load_time.count(), 4);
  EXPECT_EQ(config.max_models, 5u);
  EXPECT_EQ(config.text, text);
  EXPECT_EQ(config.hash, sha256(as_bytes(text)));
}

TEST(MeasuredConfig, RefusesEverythingElseByName) {
  const std::pair<const char*, const char*> cases[] = {
      {"allow_anonymous_upload = ", "config.syntax"},
      {"\xff", "config.syntax"},
      {"# \u00e9", "config.syntax"},
      {"allow_anonymous_uploads = true", "config.unknown-field"},
      {"[section]\nx = 1", "config.unknown-field"},
      {"allow_anonymous_upload = 1", "config.type"},
      {"allow_anonymous_upload = \"true\"", "config.type"},
      {"max_models = 1.5", "config.type"},
      {"max_models = 0", "config.value"},
      {"max_model_bytes = 2147483649", "config.value"},
      {"run_time_s = -1", "config.value"},
  };
  for (const auto& [text, id] : cases)
    EXPECT_EQ(parse_measured_config(text).error().name(), id) << text;
}

}  // namespace
}  // namespace blindai
