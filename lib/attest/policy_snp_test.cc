#include <gtest/gtest.h>

#include "lib/attest/policy.h"
#include "tests/support/replaced.h"

namespace blindai {
namespace {

std::string head() {
  return "format = \"blindai-policy-1\"\n"
         "tcb_statuses = [\"UpToDate\"]\n"
         "advisories = []\n"
         "configurations = \"any\"\n"
         "min_tcb_evaluation_number = 0\n"
         "max_evidence_age_s = 3600\n"
         "[snp]\n";
}

std::string least() {
  return head() + "measurement = [\"" + std::string(96, '4') +
         "\"]\n"
         "min_tcb_milan = { boot_loader = 4, tee = 0, snp = 24, microcode = 219 }\n";
}

std::string full() {
  return least() +
         "min_tcb_genoa = { boot_loader = 10, tee = 1, snp = 23, microcode = 84 }\n"
         "min_tcb_turin = { fmc = 1, boot_loader = 2, tee = 3, snp = 4, microcode = 255 }\n"
         "max_vmpl = 1\n"
         "min_guest_svn = 4294967295\n"
         "host_data = \"" +
         std::string(64, '1') + "\"\nid_key_digest = \"" + std::string(96, '2') +
         "\"\nauthor_key_digest = \"" + std::string(96, '3') + "\"\nfamily_id = \"" +
         std::string(32, '5') + "\"\nimage_id = \"" + std::string(32, '6') + "\"\nchip_id = [\"" +
         std::string(128, '7') +
         "\"]\n"
         "min_mitigations = 5\n"
         "allow_smt = true\n"
         "allow_migration_agent = true\n"
         "allow_vlek = true\n";
}

std::string snp_error(std::string_view text) {
  const auto policy = parse_policy(text);
  return policy.has_value() ? "accepted" : std::string(policy.error().name());
}

TEST(SnpPolicy, ReadsEveryField) {
  const auto policy = parse_policy(full());
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  EXPECT_FALSE(policy->sgx.has_value());
  ASSERT_TRUE(policy->snp.has_value());
  const SnpPolicy& snp = *policy->snp;
  EXPECT_EQ(to_hex(snp.measurement.at(0)), std::string(96, '4'));
  EXPECT_EQ(snp.min_tcb_milan, (SnpTcb{0, 4, 0, 24, 219}));
  EXPECT_EQ(snp.min_tcb_genoa, (SnpTcb{0, 10, 1, 23, 84}));
  EXPECT_EQ(snp.min_tcb_turin, (SnpTcb{1, 2, 3, 4, 255}));
  EXPECT_EQ(snp.max_vmpl, 1u);
  EXPECT_EQ(snp.min_guest_svn, 4294967295u);
  EXPECT_EQ(to_hex(snp.host_data.value()), std::string(64, '1'));
  EXPECT_EQ(to_hex(snp.id_key_digest.value()), std::string(96, '2'));
  EXPECT_EQ(to_hex(snp.author_key_digest.value()), std::string(96, '3'));
  EXPECT_EQ(to_hex(snp.family_id.value()), std::string(32, '5'));
  EXPECT_EQ(to_hex(snp.image_id.value()), std::string(32, '6'));
  EXPECT_EQ(to_hex(snp.chip_id.at(0)), std::string(128, '7'));
  EXPECT_EQ(snp.min_mitigations, 5u);
  EXPECT_TRUE(snp.allow_smt && snp.allow_migration_agent && snp.allow_vlek);
}

TEST(SnpPolicy, IsStrictWhereItSaysNothing) {
  const auto policy = parse_policy(least());
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  const SnpPolicy& snp = *policy->snp;
  EXPECT_EQ(snp.max_vmpl, 0u);
  EXPECT_FALSE(snp.allow_smt || snp.allow_migration_agent || snp.allow_vlek);
  EXPECT_FALSE(snp.min_tcb_genoa.has_value() || snp.min_tcb_turin.has_value());
}

TEST(SnpPolicy, WrittenAndReadBackIsTheSame) {
  for (const std::string& text : {least(), full()}) {
    const auto policy = parse_policy(text);
    ASSERT_TRUE(policy.has_value());
    const auto again = policy_from_toml(policy_to_toml(*policy));
    ASSERT_TRUE(again.has_value()) << again.error().sentence;
    EXPECT_EQ(*again, *policy);
  }
}

TEST(SnpPolicy, NamesWhatIsMissing) {
  EXPECT_EQ(snp_error(head()), "policy.missing");
  EXPECT_EQ(snp_error(replaced(least(), "measurement =", "#")), "policy.missing");
  const auto no_product = parse_policy(replaced(least(), "min_tcb_milan", "#"));
  EXPECT_EQ(no_product.error().name(), "policy.missing");
  EXPECT_NE(no_product.error().sentence.find("min_tcb_turin"), std::string::npos);
  for (const char* part : {"boot_loader = 4, ", "tee = 0, ", "snp = 24, ", ", microcode = 219"})
    EXPECT_EQ(snp_error(replaced(least(), part, "")), "policy.missing") << part;
  EXPECT_EQ(snp_error(replaced(full(), "fmc = 1, ", "")), "policy.missing");
}

TEST(SnpPolicy, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(snp_error(least() + "allow_smtt = false\n"), "policy.unknown-field");
  // Milan and Genoa have no FMC: a floor for it would never be judged.
  EXPECT_EQ(snp_error(replaced(least(), "boot_loader", "fmc = 1, boot_loader")),
            "policy.unknown-field");
}

TEST(SnpPolicy, RefusesValuesThatAreNone) {
  EXPECT_EQ(snp_error(replaced(full(), "4444\"]", "444\"]")), "policy.value");
  EXPECT_EQ(snp_error(replaced(full(), "snp = 24", "snp = 256")), "policy.value");
  EXPECT_EQ(snp_error(replaced(full(), "snp = 24", "snp = -1")), "policy.value");
  EXPECT_EQ(snp_error(replaced(full(), "max_vmpl = 1", "max_vmpl = 4")), "policy.value");
  EXPECT_EQ(snp_error(replaced(full(), "4294967295", "4294967296")), "policy.value");
  EXPECT_EQ(snp_error(replaced(full(), "min_mitigations = 5", "min_mitigations = 0")),
            "policy.value");
  EXPECT_EQ(snp_error(replaced(full(), std::string(128, '7'), std::string(126, '7'))),
            "policy.value");
  EXPECT_EQ(snp_error(replaced(full(), std::string(128, '7'), std::string(128, '0'))),
            "policy.value");
  EXPECT_EQ(snp_error(replaced(full(), "allow_vlek = true", "allow_vlek = 1")), "policy.type");
  EXPECT_EQ(snp_error(replaced(full(), "[\"" + std::string(128, '7') + "\"]", "[]")),
            "policy.value");
}

}  // namespace
}  // namespace blindai
