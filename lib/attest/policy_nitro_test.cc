#include <gtest/gtest.h>

#include "lib/attest/policy.h"

namespace blindai {
namespace {

const std::string kNitroTop =
    "format = \"blindai-policy-1\"\n"
    "tcb_statuses = [\"UpToDate\"]\n"
    "advisories = []\n"
    "configurations = \"any\"\n"
    "min_tcb_evaluation_number = 0\n"
    "max_evidence_age_s = 300\n";

std::string nitro_value(char digit) {
  return "\"" + std::string(96, digit) + "\"";
}
std::string nitro_section(const std::string& fields) {
  return kNitroTop + "[nitro]\n" + fields;
}
std::string nitro_error(const std::string& fields) {
  const auto policy = parse_policy(nitro_section(fields));
  return policy.has_value() ? "accepted" : std::string(policy.error().name());
}

TEST(NitroPolicy, ReadsEveryPcr) {
  std::string fields;
  for (int i = 0; i < 32; ++i)
    fields +=
        "pcr" + std::to_string(i) + " = [" + nitro_value('a') + ", " + nitro_value('b') + "]\n";
  const auto policy = parse_policy(nitro_section(fields));
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  EXPECT_FALSE(policy->sgx.has_value());
  ASSERT_TRUE(policy->nitro.has_value());
  ByteArray<48> a, b;
  a.fill(0xaa);
  b.fill(0xbb);
  for (const auto& pcr : policy->nitro->pcrs) EXPECT_EQ(pcr, (std::vector{a, b}));
}

TEST(NitroPolicy, WhatIsNotSaidIsNotJudgedButTheImageHasToBeSaid) {
  const auto policy = parse_policy(
      nitro_section("pcr0 = [" + nitro_value('1') + "]\npcr8 = [" + nitro_value('2') + "]\n"));
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  for (size_t i = 0; i < 32; ++i)
    EXPECT_EQ(policy->nitro->pcrs[i].size(), i == 0 || i == 8 ? 1u : 0u) << i;
  EXPECT_EQ(nitro_error(""), "policy.missing");
  EXPECT_EQ(nitro_error("pcr1 = [" + nitro_value('1') + "]\n"), "policy.missing");
}

TEST(NitroPolicy, RefusesWhatIsNoAcceptedValue) {
  const std::string image = "pcr0 = [" + nitro_value('1') + "]\n";
  EXPECT_EQ(nitro_error(image), "accepted");
  EXPECT_EQ(nitro_error("pcr0 = []\n"), "policy.value");
  EXPECT_EQ(nitro_error(image + "pcr3 = []\n"), "policy.value");
  EXPECT_EQ(nitro_error(image + "pcr3 = \"any\"\n"), "policy.type");
  EXPECT_EQ(nitro_error(image + "pcr3 = [3]\n"), "policy.type");
  EXPECT_EQ(nitro_error(image + "pcr3 = [\"" + std::string(64, '0') + "\"]\n"), "policy.value");
  EXPECT_EQ(nitro_error(image + "pcr3 = [\"" + std::string(96, 'g') + "\"]\n"), "policy.value");
  EXPECT_EQ(nitro_error(image + "pcr32 = [" + nitro_value('1') + "]\n"), "policy.unknown-field");
  EXPECT_EQ(nitro_error(image + "PCR1 = [" + nitro_value('1') + "]\n"), "policy.unknown-field");
  EXPECT_EQ(nitro_error(image + "pcr01 = [" + nitro_value('1') + "]\n"), "policy.unknown-field");
}

TEST(NitroPolicy, ErrorsNameTheFieldAndSayWhatToWrite) {
  const auto policy = parse_policy(nitro_section("pcr3 = [" + nitro_value('1') + "]\n"));
  ASSERT_FALSE(policy.has_value());
  EXPECT_NE(policy.error().sentence.find("(section nitro)"), std::string::npos);
  EXPECT_NE(policy.error().sentence.find("pcr0 = [\"<image"), std::string::npos);
}

TEST(NitroPolicy, IsReadAsItWasWrittenAlsoBesideOthers) {
  const auto policy =
      parse_policy(nitro_section("pcr0 = [" + nitro_value('1') + "]\npcr8 = [" + nitro_value('2') +
                                 ", " + nitro_value('3') + "]\n") +
                   "[sgx]\nmr_enclave = [\"" + std::string(64, '4') + "\"]\n");
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  EXPECT_TRUE(policy->sgx.has_value());
  const auto again = parse_policy(policy_to_toml(*policy));
  ASSERT_TRUE(again.has_value()) << again.error().sentence;
  EXPECT_EQ(*again, *policy);
}

TEST(NitroPolicy, IsTheSameInJson) {
  const auto toml = parse_policy(nitro_section("pcr0 = [" + nitro_value('1') + "]\n"));
  const auto json = parse_policy(
      "{\"format\":\"blindai-policy-1\",\"tcb_statuses\":[\"UpToDate\"],\"advisories\":[],"
      "\"configurations\":\"any\",\"min_tcb_evaluation_number\":0,\"max_evidence_age_s\":300,"
      "\"nitro\":{\"pcr0\":[" +
      nitro_value('1') + "]}}");
  ASSERT_TRUE(toml.has_value() && json.has_value());
  EXPECT_EQ(*toml, *json);
}

}  // namespace
}  // namespace blindai
