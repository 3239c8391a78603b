#include <gtest/gtest.h>

#include "lib/attest/policy.h"

namespace blindai {
namespace {

std::string digits(char digit, size_t n = 96) {
  return "\"" + std::string(n, digit) + "\"";
}

std::string tdx_full() {
  return "format = \"blindai-policy-1\"\n"
         "tcb_statuses = [\"UpToDate\", \"TDRelaunchAdvised\"]\n"
         "advisories = []\n"
         "configurations = \"any\"\n"
         "min_tcb_evaluation_number = 17\n"
         "max_evidence_age_s = 3600\n"
         "[tdx]\n"
         "mr_td = [" +
         digits('1') + "]\nrtmr0 = [" + digits('2') + ", " + digits('3') +
         "]\nrtmr1 = \"any\"\nrtmr2 = [" + digits('4') + "]\nrtmr3 = [" + digits('0') +
         "]\nmr_seam = [" + digits('5') + "]\nmr_service_td = [" + digits('6') +
         "]\nmr_config_id = " + digits('7') + "\nmr_owner = " + digits('8') +
         "\nmr_owner_config = " + digits('9') +
         "\ntd_attributes = { value = \"0000001000000000\", mask = \"ffffffffffffffff\" }\n"
         "xfam = { value = \"e702060000000000\", mask = \"ffffffffffffffff\" }\n"
         "require_sept_ve_disable = false\n"
         "allow_migration = true\n"
         "allow_perfmon = true\n";
}

// The field's line taken out.
std::string tdx_without(std::string_view field) {
  std::string text = tdx_full();
  const size_t at = text.find("\n" + std::string(field) + " =") + 1;
  EXPECT_NE(at, 0u) << field;
  return text.erase(at, text.find('\n', at) + 1 - at);
}

// The field's line replaced.
std::string tdx_with(std::string_view field, std::string_view value) {
  return tdx_without(field) + std::string(field) + " = " + std::string(value) + "\n";
}

std::string tdx_error(std::string_view text) {
  const auto policy = parse_policy(text);
  return policy.has_value() ? "accepted" : std::string(policy.error().name());
}

TEST(TdxPolicy, ReadsEveryField) {
  const auto policy = parse_policy(tdx_full());
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  EXPECT_FALSE(policy->sgx.has_value());
  EXPECT_EQ(policy->tcb_statuses,
            (std::vector{TcbStatus::kUpToDate, TcbStatus::kTdRelaunchAdvised}));
  ASSERT_TRUE(policy->tdx.has_value());
  const TdxPolicy& tdx = *policy->tdx;
  const auto filled = [](uint8_t byte) {
    ByteArray<48> out;
    out.fill(byte);
    return out;
  };
  EXPECT_EQ(tdx.mr_td, std::vector{filled(0x11)});
  EXPECT_EQ(tdx.rtmr[0].values, (std::vector{filled(0x22), filled(0x33)}));
  EXPECT_FALSE(tdx.rtmr[0].any);
  EXPECT_TRUE(tdx.rtmr[1].any);
  EXPECT_EQ(tdx.rtmr[2].values, std::vector{filled(0x44)});
  EXPECT_EQ(tdx.rtmr[3].values, std::vector{filled(0)});
  EXPECT_EQ(tdx.mr_seam, std::vector{filled(0x55)});
  EXPECT_EQ(tdx.mr_service_td, std::vector{filled(0x66)});
  EXPECT_EQ(tdx.mr_config_id, filled(0x77));
  EXPECT_EQ(tdx.mr_owner, filled(0x88));
  EXPECT_EQ(tdx.mr_owner_config, filled(0x99));
  EXPECT_EQ(to_hex(tdx.td_attributes->value), "0000001000000000");
  EXPECT_EQ(to_hex(tdx.xfam->value), "e702060000000000");
  EXPECT_FALSE(tdx.require_sept_ve_disable);
  EXPECT_TRUE(tdx.allow_migration);
  EXPECT_TRUE(tdx.allow_perfmon);
}

TEST(TdxPolicy, WhatIsOptionalIsStrictWhenAbsent) {
  for (const std::string_view field :
       {"mr_seam", "mr_service_td", "mr_config_id", "mr_owner", "mr_owner_config", "td_attributes",
        "xfam", "require_sept_ve_disable", "allow_migration", "allow_perfmon"})
    EXPECT_EQ(tdx_error(tdx_without(field)), "accepted") << field;
  EXPECT_TRUE(parse_policy(tdx_without("require_sept_ve_disable"))->tdx->require_sept_ve_disable);
  EXPECT_FALSE(parse_policy(tdx_without("allow_migration"))->tdx->allow_migration);
  EXPECT_FALSE(parse_policy(tdx_without("allow_perfmon"))->tdx->allow_perfmon);
  EXPECT_TRUE(parse_policy(tdx_without("mr_service_td"))->tdx->mr_service_td.empty());
}

TEST(TdxPolicy, RefusesEachMissingFieldByName) {
  for (const std::string_view field : {"mr_td", "rtmr0", "rtmr1", "rtmr2", "rtmr3"}) {
    const auto policy = parse_policy(tdx_without(field));
    ASSERT_FALSE(policy.has_value()) << field;
    EXPECT_EQ(policy.error().name(), "policy.missing");
    EXPECT_NE(
        policy.error().sentence.find("(section tdx), \"" + std::string(field) + "\" is missing"),
        std::string::npos)
        << policy.error().sentence;
  }
}

TEST(TdxPolicy, RefusesWhatNobodyWouldMean) {
  EXPECT_EQ(tdx_error(tdx_with("mr_td", "[]")), "policy.value");
  EXPECT_EQ(tdx_error(tdx_with("mr_td", "\"any\"")), "policy.type");  // a program has to be named
  EXPECT_EQ(tdx_error(tdx_with("mr_td", "[" + digits('1', 64) + "]")), "policy.value");
  EXPECT_EQ(tdx_error(tdx_with("rtmr0", "[]")), "policy.value");
  EXPECT_EQ(tdx_error(tdx_with("rtmr0", "\"all\"")), "policy.type");
  EXPECT_EQ(tdx_error(tdx_with("rtmr3", "[" + digits('g') + "]")), "policy.value");
  EXPECT_EQ(tdx_error(tdx_with("mr_seam", "[]")), "policy.value");
  EXPECT_EQ(tdx_error(tdx_with("mr_service_td", "[]")), "policy.value");
  EXPECT_EQ(tdx_error(tdx_with("mr_owner", "[" + digits('1') + "]")), "policy.type");
  EXPECT_EQ(
      tdx_error(tdx_with("xfam", "{ value = \"0100000000000000\", mask = \"0000000000000000\" }")),
      "policy.value");
  EXPECT_EQ(tdx_error(tdx_with("allow_migration", "1")), "policy.type");
  EXPECT_EQ(tdx_error(tdx_full() + "rtmr4 = \"any\"\n"), "policy.unknown-field");
  EXPECT_EQ(tdx_error(tdx_full() + "[tdx.more]\nx = 1\n"), "policy.unknown-field");
}

TEST(TdxPolicy, SurvivesBeingWritten) {
  for (const std::string& text : {tdx_full(), tdx_without("mr_seam"), tdx_without("xfam"),
                                  tdx_without("mr_owner"), tdx_without("require_sept_ve_disable"),
                                  tdx_full() + "[sgx]\nmr_enclave = [" + digits('a', 64) + "]\n"}) {
    const auto policy = parse_policy(text);
    ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
    const auto again = parse_policy(policy_to_toml(*policy));
    ASSERT_TRUE(again.has_value()) << again.error().sentence;
    EXPECT_EQ(*again, *policy);
  }
}

}  // namespace
}  // namespace blindai
