#include "enclave/config/handover_config.h"

#include <gtest/gtest.h>

#include "enclave/config/measured_config.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

const std::string kProgram(64, 'a');
const std::string kConfiguration(64, 'c');

std::string policy(const std::string& name,
                   const std::string& configurations = "[\"" + kConfiguration + "\"]") {
  return "[handover." + name +
         "]\nformat = \"blindai-policy-1\"\ntcb_statuses = [\"UpToDate\"]\nadvisories = []\n"
         "configurations = " +
         configurations + "\nmin_tcb_evaluation_number = 3\nmax_evidence_age_s = 60\n[handover." +
         name + ".sgx]\nmr_enclave = [\"" + kProgram + "\"]\n";
}

std::string error_of(const std::string& text) {
  const auto config = parse_measured_config(text);
  return config.has_value() ? "" : std::string(config.error().name());
}

TEST(HandoverRules, AcceptNobodyWhenTheyAreAbsent) {
  const HandoverRules rules = parse_measured_config("").value().handover;
  EXPECT_FALSE(rules.to.has_value());
  EXPECT_FALSE(rules.from.has_value());
  EXPECT_EQ(rules.to_hash, sha256({}));
}

TEST(HandoverRules, AreReadAsThePolicyThatTheyAre) {
  const MeasuredConfig config =
      parse_measured_config("max_models = 7\n" + policy("to") + policy("from", "\"any\"")).value();
  EXPECT_EQ(config.max_models, 7u);
  ASSERT_TRUE(config.handover.to.has_value());
  ASSERT_TRUE(config.handover.from.has_value());
  const Policy& to = *config.handover.to;
  EXPECT_EQ(to_hex(to.sgx->mr_enclave.at(0)), kProgram);
  EXPECT_EQ(to_hex(to.configurations.values.at(0)), kConfiguration);
  EXPECT_EQ(to.min_tcb_evaluation_number, 3u);
  EXPECT_EQ(to.max_evidence_age_s, 60);
  EXPECT_FALSE(to.tdx.has_value());
  EXPECT_TRUE(config.handover.from->configurations.any);
  EXPECT_EQ(config.handover.to_hash, sha256(as_bytes(policy_to_toml(to))));
}

// What is part of the sealing key changes with what `to` says, not with how it is written, and not
// with the rest.
TEST(HandoverRules, HaveAHashOfWhatToSays) {
  const Sha256Digest hash = parse_measured_config(policy("to")).value().handover.to_hash;
  EXPECT_EQ(parse_measured_config("# said otherwise\n" + policy("to") + policy("from"))
                .value()
                .handover.to_hash,
            hash);
  EXPECT_NE(parse_measured_config(policy("to", "[\"" + std::string(64, 'd') + "\"]"))
                .value()
                .handover.to_hash,
            hash);
  EXPECT_EQ(parse_measured_config(policy("from")).value().handover.to_hash, sha256({}));
}

TEST(HandoverRules, AreRefusedByName) {
  const std::pair<std::string, const char*> cases[] = {
      {"handover = 1", "config.type"},
      {"[handover]\nto = 1", "config.type"},
      {"[handover]\nwhere = 1", "config.unknown-field"},
      {"[handover.into]\n", "config.unknown-field"},
      {"[handover.to]\n", "policy.missing"},
      {policy("to") + "isv_svn = 1\n", "policy.unknown-field"},
      {policy("to", "\"any\""), "config.value"},
      {policy("to", "[]"), "policy.value"},
      {"[handover.to]\nallow_debug = true\n" + policy("to").substr(14), "config.value"},
      {"[handover.from]\nallow_debug = true\n" + policy("from").substr(16), "config.value"},
  };
  for (const auto& [text, id] : cases) EXPECT_EQ(error_of(text), id) << text;
  EXPECT_EQ(parse_handover_rules("to = ").error().name(), "config.syntax");
}

}  // namespace
}  // namespace blindai
