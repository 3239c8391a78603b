#include <gtest/gtest.h>

#include "lib/attest/policy.h"

namespace blindai {
namespace {

std::string quoted(char digit) {
  return "\"" + std::string(64, digit) + "\"";
}
const std::string kTop =
    "format = \"blindai-policy-1\"\nconfigurations = \"any\"\nmax_evidence_age_s = 300\n";
const std::string kSnp =
    "[snp]\nmeasurement = [\"" + std::string(96, '4') +
    "\"]\nmin_tcb_milan = { boot_loader = 4, tee = 0, snp = 24, microcode = 219 }\n";

std::string section(const std::string& fields) {
  return kTop + kSnp + "[azure]\n" + fields;
}
std::string azure_error(const std::string& text) {
  const auto policy = parse_policy(text);
  return policy.has_value() ? "accepted" : std::string(policy.error().name());
}

TEST(AzurePolicy, ReadsEveryPcr) {
  std::string fields;
  for (int i = 0; i < 24; ++i)
    fields += "pcr" + std::to_string(i) + " = [" + quoted('a') + ", " + quoted('b') + "]\n";
  const auto policy = parse_policy(section(fields + "require_secure_boot = false\n"));
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  ASSERT_TRUE(policy->azure.has_value());
  ByteArray<32> a, b;
  a.fill(0xaa);
  b.fill(0xbb);
  EXPECT_EQ(policy->azure->tpm.pcr_selection, 0xffffffu);
  for (const auto& pcr : policy->azure->tpm.pcrs)
    EXPECT_EQ(pcr, (Accepted<ByteArray<32>>{false, {a, b}}));
  EXPECT_FALSE(policy->azure->require_secure_boot);
}

TEST(AzurePolicy, SelectsThePcrsItNamesAndNoOthers) {
  const auto policy = parse_policy(section("pcr4 = [" + quoted('1') + "]\npcr7 = \"any\"\n"));
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  const AzurePolicy& azure = *policy->azure;
  EXPECT_EQ(azure.tpm.pcr_selection, 0x90u);
  EXPECT_TRUE(azure.require_secure_boot);
  EXPECT_TRUE(azure.tpm.pcrs[7].any);
  EXPECT_FALSE(azure.tpm.pcrs[4].any);
  EXPECT_FALSE(azure.tpm.pcrs[0].accepts({}));
}

TEST(AzurePolicy, HasToNameAPcr) {
  for (const char* fields : {"", "require_secure_boot = true\n"}) {
    const auto policy = parse_policy(section(fields));
    ASSERT_FALSE(policy.has_value());
    EXPECT_EQ(policy.error().name(), "policy.missing");
    EXPECT_NE(policy.error().sentence.find("(section azure)"), std::string::npos);
    EXPECT_NE(policy.error().sentence.find("pcr4 = ["), std::string::npos);
  }
}

TEST(AzurePolicy, RefusesWhatIsNoAcceptedValue) {
  const std::string boot = "pcr4 = [" + quoted('1') + "]\n";
  EXPECT_EQ(azure_error(section(boot)), "accepted");
  EXPECT_EQ(azure_error(section("pcr4 = []\n")), "policy.value");
  EXPECT_EQ(azure_error(section("pcr4 = " + quoted('1') + "\n")), "policy.type");
  EXPECT_EQ(azure_error(section("pcr4 = [4]\n")), "policy.type");
  EXPECT_EQ(azure_error(section("pcr4 = [\"any\"]\n")), "policy.value");
  EXPECT_EQ(azure_error(section("pcr4 = [\"" + std::string(96, '1') + "\"]\n")), "policy.value");
  EXPECT_EQ(azure_error(section(boot + "pcr24 = [" + quoted('1') + "]\n")), "policy.unknown-field");
  EXPECT_EQ(azure_error(section(boot + "PCR5 = [" + quoted('1') + "]\n")), "policy.unknown-field");
  EXPECT_EQ(azure_error(section(boot + "require_secure_boot = 1\n")), "policy.type");
  EXPECT_EQ(azure_error(section(boot + "secure_boot = false\n")), "policy.unknown-field");
  EXPECT_EQ(azure_error(kTop + "azure = true\n" + kSnp), "policy.type");
}

// It judges what a TEE's evidence vouches for, and so nothing by itself.
TEST(AzurePolicy, GoesWithASectionOfItsHardware) {
  const std::string azure = "[azure]\npcr4 = [" + quoted('1') + "]\n";
  const std::string nitro = "[nitro]\npcr0 = [\"" + std::string(96, '1') + "\"]\n";
  EXPECT_EQ(azure_error(kTop + azure), "policy.no-tee");
  EXPECT_EQ(azure_error(kTop + nitro + azure), "policy.no-tee");
  EXPECT_EQ(azure_error(kTop + nitro + kSnp + azure), "accepted");
}

TEST(AzurePolicy, IsReadAsItWasWritten) {
  for (const char* more : {"", "require_secure_boot = false\n"}) {
    const auto policy = parse_policy(
        section("pcr0 = \"any\"\npcr4 = [" + quoted('1') + ", " + quoted('2') + "]\n" + more));
    ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
    const auto again = parse_policy(policy_to_toml(*policy));
    ASSERT_TRUE(again.has_value()) << again.error().sentence;
    EXPECT_EQ(*again, *policy);
  }
}

TEST(AzurePolicy, IsTheSameInJson) {
  const auto toml = parse_policy(section("pcr4 = [" + quoted('1') + "]\npcr7 = \"any\"\n"));
  const auto json = parse_policy(
      "{\"format\":\"blindai-policy-1\",\"configurations\":\"any\",\"max_evidence_age_s\":300,"
      "\"snp\":{\"measurement\":[\"" +
      std::string(96, '4') +
      "\"],\"min_tcb_milan\":{\"boot_loader\":4,\"tee\":0,\"snp\":24,\"microcode\":219}},"
      "\"azure\":{\"pcr4\":[" +
      quoted('1') + "],\"pcr7\":\"any\"}}");
  ASSERT_TRUE(toml.has_value() && json.has_value());
  EXPECT_EQ(*toml, *json);
}

}  // namespace
}  // namespace blindai
