#include "lib/attest/policy.h"

#include <gtest/gtest.h>

#include "tests/support/replaced.h"

namespace blindai {
namespace {

constexpr std::string_view kMeasurement =
    "33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb";

std::string sgx_full() {
  return "format = \"blindai-policy-1\"\n"
         "tcb_statuses = [\"UpToDate\", \"SWHardeningNeeded\"]\n"
         "advisories = [\"INTEL-SA-00615\"]\n"
         "configurations = [\"" +
         std::string(kMeasurement) +
         "\"]\n"
         "min_tcb_evaluation_number = 17\n"
         "max_evidence_age_s = 3600\n"
         "[sgx]\n"
         "mr_enclave = [\"" +
         std::string(kMeasurement) +
         "\"]\n"
         "mr_signer = \"" +
         std::string(64, '8') +
         "\"\n"
         "isv_prod_id = 3\n"
         "min_isv_svn = 2\n"
         "misc_select = { value = \"00000000\", mask = \"ffffffff\" }\n"
         "attributes = { value = \"05000000000000000300000000000000\","
         " mask = \"ffffffffffffffff1bffffffffffffff\" }\n";
}

// The field's line taken out.
std::string sgx_without(std::string_view field) {
  std::string text = sgx_full();
  const size_t at = text.find("\n" + std::string(field) + " =") + 1;
  EXPECT_NE(at, 0u) << field;
  return text.erase(at, text.find('\n', at) + 1 - at);
}

std::string error_of(std::string_view text) {
  const auto policy = parse_policy(text);
  return policy.has_value() ? "accepted" : std::string(policy.error().name());
}

TEST(Policy, ReadsEveryField) {
  const auto policy = parse_policy(sgx_full());
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  EXPECT_EQ(policy->tcb_statuses,
            (std::vector{TcbStatus::kUpToDate, TcbStatus::kSwHardeningNeeded}));
  EXPECT_EQ(policy->advisories, (Accepted<std::string>{false, {"INTEL-SA-00615"}}));
  ASSERT_EQ(policy->configurations.values.size(), 1u);
  EXPECT_EQ(to_hex(policy->configurations.values[0]), kMeasurement);
  EXPECT_EQ(policy->min_tcb_evaluation_number, 17u);
  EXPECT_EQ(policy->max_evidence_age_s, 3600);
  EXPECT_FALSE(policy->allow_debug);
  ASSERT_TRUE(policy->sgx.has_value());
  EXPECT_EQ(to_hex(policy->sgx->mr_enclave.at(0)), kMeasurement);
  EXPECT_EQ(to_hex(policy->sgx->mr_signer.value()), std::string(64, '8'));
  EXPECT_EQ(policy->sgx->isv_prod_id, 3);
  EXPECT_EQ(policy->sgx->min_isv_svn, 2);
  EXPECT_EQ(to_hex(policy->sgx->misc_select->mask), "ffffffff");
  EXPECT_EQ(to_hex(policy->sgx->attributes->value), "05000000000000000300000000000000");
}

TEST(Policy, ADefaultOneAcceptsNothing) {
  const Policy policy;
  EXPECT_FALSE(policy.sgx.has_value());
  EXPECT_TRUE(policy.tcb_statuses.empty());
  EXPECT_FALSE(policy.advisories.accepts("INTEL-SA-00615"));
  EXPECT_FALSE(policy.configurations.accepts({}));
  EXPECT_FALSE(policy.allow_debug);
  EXPECT_EQ(policy.max_evidence_age_s, 0);
}

TEST(Policy, RefusesEachMissingFieldByName) {
  for (const std::string_view field :
       {"tcb_statuses", "advisories", "configurations", "min_tcb_evaluation_number",
        "max_evidence_age_s", "mr_enclave"}) {
    const auto policy = parse_policy(sgx_without(field));
    ASSERT_FALSE(policy.has_value()) << field;
    EXPECT_EQ(policy.error().name(), "policy.missing");
    EXPECT_NE(policy.error().sentence.find("\"" + std::string(field) + "\" is missing"),
              std::string::npos);
    EXPECT_NE(policy.error().sentence.find("Write: " + std::string(field) + " = "),
              std::string::npos);
  }
  EXPECT_EQ(error_of("tcb_statuses = []"), "policy.missing");  // of "format"
  EXPECT_EQ(error_of(""), "policy.missing");
}

// What stands at the top, and a section of the TEE.
std::string of_tee(std::string_view top, std::string_view tee) {
  const std::string wide = "[\"" + std::string(96, 'a') + "\"]\n";
  std::string out = "format = \"blindai-policy-1\"\nconfigurations = \"any\"\n" + std::string(top) +
                    "max_evidence_age_s = 3600\n";
  if (tee == "sgx") out += "[sgx]\nmr_enclave = [\"" + std::string(kMeasurement) + "\"]\n";
  if (tee == "tdx")
    out += "[tdx]\nmr_td = " + wide +
           "rtmr0 = \"any\"\nrtmr1 = \"any\"\nrtmr2 = \"any\"\nrtmr3 = \"any\"\n";
  if (tee == "snp")
    out += "[snp]\nmeasurement = " + wide +
           "min_tcb_milan = { boot_loader = 4, tee = 0, snp = 24, microcode = 219 }\n";
  if (tee == "nitro") out += "[nitro]\npcr0 = " + wide;
  return out;
}

TEST(Policy, NeedsWhatIntelAlonePublishesOnlyForSgxAndTdx) {
  const std::pair<std::string_view, std::string_view> fields[] = {
      {"tcb_statuses", "tcb_statuses = [\"UpToDate\"]\n"},
      {"advisories", "advisories = []\n"},
      {"min_tcb_evaluation_number", "min_tcb_evaluation_number = 0\n"}};
  for (const std::string_view tee : {"snp", "nitro"}) {
    const auto policy = parse_policy(of_tee("", tee));
    ASSERT_TRUE(policy.has_value()) << tee << policy.error().sentence;
    EXPECT_TRUE(policy->tcb_statuses.empty());
    EXPECT_FALSE(policy->advisories.accepts("INTEL-SA-00615"));
    EXPECT_EQ(policy->min_tcb_evaluation_number, 0u);
    EXPECT_EQ(parse_policy(policy_to_toml(*policy)).value(), *policy) << tee;
    EXPECT_EQ(policy_to_toml(*policy).find("advisories"), std::string::npos) << tee;
  }
  for (const std::string_view tee : {"sgx", "tdx"}) {
    std::string all;
    for (const auto& [name, line] : fields) all += line;
    EXPECT_EQ(error_of(of_tee(all, tee)), "accepted") << tee;
    for (const auto& [left_out, unused] : fields) {
      std::string top;
      for (const auto& [name, line] : fields)
        if (name != left_out) top += line;
      // Another TEE's section beside it does not make them superfluous.
      for (const std::string& text :
           {of_tee(top, tee), of_tee(top, tee) + of_tee("", "snp").substr(of_tee("", "").size()),
            of_tee(top, tee) + of_tee("", "nitro").substr(of_tee("", "").size())}) {
        const auto policy = parse_policy(text);
        ASSERT_FALSE(policy.has_value()) << text;
        EXPECT_EQ(policy.error().name(), "policy.missing");
        EXPECT_NE(policy.error().sentence.find("\"" + std::string(left_out) + "\" is missing"),
                  std::string::npos)
            << policy.error().sentence;
      }
    }
  }
}

// A policy that was written for more TEEs keeps what it says, and has to say it right.
TEST(Policy, ReadsWhatIsSuperfluousAsStrictlyAsWhatIsNot) {
  const auto with = [](std::string_view line) { return of_tee(line, "snp"); };
  const auto policy =
      parse_policy(with("tcb_statuses = [\"UpToDate\"]\nadvisories = \"any\"\n"
                        "min_tcb_evaluation_number = 7\n"));
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  EXPECT_EQ(policy->tcb_statuses, std::vector{TcbStatus::kUpToDate});
  EXPECT_TRUE(policy->advisories.any);
  EXPECT_EQ(policy->min_tcb_evaluation_number, 7u);
  EXPECT_EQ(parse_policy(policy_to_toml(*policy)).value(), *policy);
  EXPECT_EQ(error_of(with("tcb_statuses = []\n")), "policy.value");
  EXPECT_EQ(error_of(with("tcb_statuses = [\"Revoked\"]\n")), "policy.value");
  EXPECT_EQ(error_of(with("advisories = \"all\"\n")), "policy.type");
  EXPECT_EQ(error_of(with("min_tcb_evaluation_number = -1\n")), "policy.value");
}

TEST(Policy, RefusesWhatNobodyWouldMean) {
  const std::vector<std::tuple<std::string_view, std::string_view, std::string_view>> edits = {
      {"blindai-policy-1", "blindai-policy-2", "policy.format"},
      {"[\"UpToDate\", \"SWHardeningNeeded\"]", "[]", "policy.value"},
      {"[\"UpToDate\", \"SWHardeningNeeded\"]", "\"any\"", "policy.type"},
      {"[\"UpToDate\", \"SWHardeningNeeded\"]", "[\"Revoked\"]", "policy.value"},
      {"[\"UpToDate\", \"SWHardeningNeeded\"]", "[\"uptodate\"]", "policy.value"},
      {"[\"INTEL-SA-00615\"]", "[\"INTEL-SA-00615\", \"\"]", "policy.value"},
      {"[\"INTEL-SA-00615\"]", "[\"INTEL SA\"]", "policy.value"},
      {"[\"INTEL-SA-00615\"]", "[\"INTEL-SA-\\u00e9\"]", "policy.value"},
      {"[\"UpToDate\", \"SWHardeningNeeded\"]", "[1]", "policy.type"},
      {"[\"INTEL-SA-00615\"]", "\"all\"", "policy.type"},
      {"[\"INTEL-SA-00615\"]", "[]", "accepted"},
      {"[\"INTEL-SA-00615\"]", "\"any\"", "accepted"},
      {"configurations = [", "configurations = [\"00\", ", "policy.value"},
      {"number = 17", "number = -1", "policy.value"},
      {"number = 17", "number = 4294967296", "policy.value"},
      {"number = 17", "number = \"17\"", "policy.type"},
      {"number = 17", "number = 17.0", "policy.type"},
      {"age_s = 3600", "age_s = 0", "policy.value"},
      {"age_s = 3600", "age_s = 3600\nallow_debug = 1", "policy.type"},
      {"age_s = 3600", "age_s = 3600\nallow_debug = true", "accepted"},
      {"age_s = 3600", "age_s = 3600\nallow_debugging = false", "policy.unknown-field"},
      {"mr_enclave = [", "mr_enclaves = []\nmr_enclave = [", "policy.unknown-field"},
      {"mr_enclave = [", "mr_enclave = [\"zz\", ", "policy.value"},
      {"min_isv_svn = 2", "min_isv_svn = 65536", "policy.value"},
      {"isv_prod_id = 3", "isv_prod_id = 65536", "policy.value"},
      {"mask = \"ffffffff\"", "mask = \"ffff\"", "policy.value"},
      {"mask = \"ffffffff\"", "mask = \"ffffffff\", extra = 1", "policy.unknown-field"},
      {"{ value = \"00000000\", mask = \"ffffffff\" }", "{ value = \"00000000\" }",
       "policy.missing"},
      {"{ value = \"00000000\", mask = \"ffffffff\" }", "\"00000000\"", "policy.type"},
      {"value = \"00000000\", mask = \"ffffffff\"", "value = \"00000001\", mask = \"ffffff00\"",
       "policy.value"},
      {"[sgx]", "[sgx", "policy.syntax"},
      {"[sgx]", "[cca]", "policy.no-tee"},
      {"[sgx]", "[cca]\nx = 1\n[sgx]", "policy.unknown-field"},
      {"age_s = 3600", "age_s = 3600\nage_s = 1\nage_s = 2", "policy.syntax"},
  };
  for (const auto& [from, to, id] : edits)
    EXPECT_EQ(error_of(replaced(sgx_full(), from, to)), id) << to;
  EXPECT_EQ(error_of(std::string(300 * 1024, '#')), "policy.syntax");
  EXPECT_EQ(error_of("format = \"\xff\""), "policy.syntax");
  // Characters that toml++ has no defined behaviour for.
  for (const char* character : {"\u00a1", "\u00e9", "\ufefa", "\ufefb"})
    EXPECT_EQ(error_of(character), "policy.syntax") << character;
}

TEST(Policy, AnEmptyMeasurementListIsRefused) {
  const std::string text = replaced(
      sgx_full(), "mr_enclave = [\"" + std::string(kMeasurement) + "\"]", "mr_enclave = []");
  EXPECT_EQ(error_of(text), "policy.value");
}

TEST(Policy, JsonSaysTheSame) {
  const std::string json = R"({
    "format": "blindai-policy-1",
    "tcb_statuses": ["UpToDate", "SWHardeningNeeded"],
    "advisories": ["INTEL-SA-00615"],
    "configurations": [")" +
                           std::string(kMeasurement) + R"("],
    "min_tcb_evaluation_number": 17,
    "max_evidence_age_s": 3600,
    "sgx": {
      "mr_enclave": [")" + std::string(kMeasurement) +
                           R"("],
      "mr_signer": ")" + std::string(64, '8') +
                           R"(",
      "isv_prod_id": 3,
      "min_isv_svn": 2,
      "misc_select": {"value": "00000000", "mask": "ffffffff"},
      "attributes": {"value": "05000000000000000300000000000000",
                     "mask": "ffffffffffffffff1bffffffffffffff"}
    }
  })";
  const auto policy = parse_policy(json);
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  EXPECT_EQ(*policy, parse_policy(sgx_full()).value());
  EXPECT_EQ(error_of(replaced(json, "\"sgx\"", "\"sgx\": null, \"sgx\"")), "policy.syntax");
  EXPECT_EQ(error_of(replaced(json, "17", "1.7e1")), "policy.type");
  EXPECT_EQ(error_of(replaced(json, "17", "null")), "policy.type");
  EXPECT_EQ(error_of(json.substr(0, json.size() - 1)), "policy.syntax");
  EXPECT_EQ(error_of("{}"), "policy.missing");
}

TEST(Policy, WritesWhatItReads) {
  Policy policy = parse_policy(sgx_full()).value();
  EXPECT_EQ(parse_policy(policy_to_toml(policy)).value(), policy);
  policy.advisories = {true, {}};
  policy.configurations = {true, {}};
  policy.allow_debug = true;
  policy.sgx->mr_enclave.push_back({});
  policy.sgx->mr_signer.reset();
  policy.sgx->isv_prod_id.reset();
  policy.sgx->min_isv_svn.reset();
  policy.sgx->misc_select.reset();
  policy.sgx->attributes.reset();
  EXPECT_EQ(parse_policy(policy_to_toml(policy)).value(), policy);
}

std::string original() {
  return "mr_enclave = \"" + std::string(kMeasurement) +
         "\"\n"
         "misc_select_hex = \"0x0\"\n"
         "misc_mask_hex= \"0xffffffff\"\n"
         "attributes_flags_hex= \"0x4\"\n"
         "attributes_xfrm_hex= \"0x3\"\n"
         "attributes_mask_flags_hex= \"0xfffffffffffffffd\"\n"
         "attributes_mask_xfrm_hex= \"0xffffffffffffff1b\"\n"
         "allow_debug = true\n";
}

TEST(Policy, ReadsTheOriginalsFiles) {
  const auto policy = parse_policy(original());
  ASSERT_TRUE(policy.has_value()) << policy.error().sentence;
  EXPECT_TRUE(policy->allow_debug);
  EXPECT_EQ(to_hex(policy->sgx->mr_enclave.at(0)), kMeasurement);
  EXPECT_EQ(to_hex(policy->sgx->misc_select->value), "00000000");
  EXPECT_EQ(to_hex(policy->sgx->misc_select->mask), "ffffffff");
  // Flags 4 and INIT; numbers are little-endian in the report.
  EXPECT_EQ(to_hex(policy->sgx->attributes->value), "05000000000000000300000000000000");
  EXPECT_EQ(to_hex(policy->sgx->attributes->mask), "fdffffffffffffff1bffffffffffffff");
  EXPECT_EQ(policy->tcb_statuses,
            (std::vector{TcbStatus::kUpToDate, TcbStatus::kSwHardeningNeeded}));
  EXPECT_TRUE(policy->advisories.any);
  EXPECT_TRUE(policy->configurations.any);
  // Debug is judged by allow_debug alone, as the mask leaves its bit out.
  EXPECT_TRUE(policy->sgx->attributes->matches({0x05, 0, 0, 0, 0, 0, 0, 0, 0xe7}));
  EXPECT_TRUE(policy->sgx->attributes->matches({0x07, 0, 0, 0, 0, 0, 0, 0, 0xe7}));
  EXPECT_FALSE(policy->sgx->attributes->matches({0x15, 0, 0, 0, 0, 0, 0, 0, 0xe7}));
  EXPECT_FALSE(policy->sgx->attributes->matches({0x04, 0, 0, 0, 0, 0, 0, 0, 0xe7}));
  EXPECT_FALSE(policy->sgx->attributes->matches({0x05, 0, 0, 0, 0, 0, 0, 0, 0x01}));
  EXPECT_EQ(parse_policy(policy_to_toml(*policy)).value(), *policy);
}

TEST(Policy, RefusesDamagedOriginalFiles) {
  for (const std::string_view field :
       {"misc_select_hex", "misc_mask_hex", "attributes_flags_hex", "attributes_xfrm_hex",
        "attributes_mask_flags_hex", "attributes_mask_xfrm_hex", "allow_debug"}) {
    EXPECT_EQ(error_of(replaced(original(), field, std::string(field) + "x")), "policy.missing")
        << field;
  }
  EXPECT_EQ(error_of(original() + "mr_signer = \"00\"\n"), "policy.unknown-field");
  EXPECT_EQ(error_of(replaced(original(), "\"0x3\"", "3")), "policy.type");
  EXPECT_EQ(error_of(replaced(original(), "\"0x3\"", "\"\"")), "policy.value");
  EXPECT_EQ(error_of(replaced(original(), "\"0x3\"", "\"0x1ffffffffffffffff\"")), "policy.value");
  EXPECT_EQ(error_of(replaced(original(), "\"0x3\"", "\"0x7\"")),
            "policy.value");  // outside the mask
  EXPECT_EQ(error_of(replaced(original(), kMeasurement, "00")), "policy.value");
}

}  // namespace
}  // namespace blindai
