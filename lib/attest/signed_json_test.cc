// TCB info, QE identity, and how their levels are chosen and joined.
#include "lib/attest/signed_json.h"

#include <gtest/gtest.h>

#include "lib/attest/qe_identity.h"
#include "lib/attest/tcb_info.h"
#include "tests/support/replaced.h"

namespace blindai {
namespace {

// One level of version 3; the first two components and PCESVN as given, the others 0.
std::string level(int first, int second, int pce_svn, std::string_view status,
                  std::string_view advisories = "[]") {
  std::string components = "{\"svn\":" + std::to_string(first) +
                           "},{\"svn\":" + std::to_string(second) + ",\"category\":\"BIOS\"}";
  for (int i = 2; i < 16; ++i) components += ",{\"svn\":0}";
  return "{\"tcb\":{\"sgxtcbcomponents\":[" + components +
         "],\"pcesvn\":" + std::to_string(pce_svn) +
         "},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"" + std::string(status) +
         "\",\"advisoryIDs\":" + std::string(advisories) + "}";
}

std::string info(const std::string& levels) {
  return "{\"id\":\"SGX\",\"version\":3,\"issueDate\":\"2025-06-19T10:56:11Z\","
         "\"nextUpdate\":\"2025-07-19T10:56:11Z\",\"fmspc\":\"00A067110000\",\"pceId\":\"0000\","
         "\"tcbType\":0,\"tcbEvaluationDataNumber\":17,\"tcbLevels\":[" +
         levels + "]}";
}

std::string identity() {
  return "{\"id\":\"QE\",\"version\":2,\"issueDate\":\"2025-06-19T10:56:11Z\","
         "\"nextUpdate\":\"2025-07-19T10:56:11Z\",\"tcbEvaluationDataNumber\":17,"
         "\"miscselect\":\"01000000\",\"miscselectMask\":\"FFFFFFFF\","
         "\"attributes\":\"11000000000000000000000000000000\","
         "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":\"" +
         std::string(64, '8') +
         "\",\"isvprodid\":1,\"tcbLevels\":["
         "{\"tcb\":{\"isvsvn\":6},\"tcbDate\":\"2021-11-10T00:00:00Z\",\"tcbStatus\":\"OutOfDate\","
         "\"advisoryIDs\":[\"INTEL-SA-00615\"]},"
         "{\"tcb\":{\"isvsvn\":8},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]"
         "}";
}

template <typename Parse>
auto parse_text(const std::string& text, Parse parse) {
  const auto doc = JsonDocument::parse(text);
  EXPECT_TRUE(doc.has_value()) << text;
  return parse(doc->root());
}
Result<TcbInfo> tcb(const std::string& text) {
  return parse_text(text, parse_tcb_info);
}
Result<QeIdentity> qe(const std::string& text) {
  return parse_text(text, parse_qe_identity);
}

TEST(SignedJson, GivesTheBytesThatWereSigned) {
  const std::string text =
      "{ \"tcbInfo\" : { \"a\" :1 } ,\n\"signature\":\"" + std::string(128, 'a') + "\" }";
  const auto json = SignedJson::parse(as_bytes(text), "tcbInfo");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(as_text(json->signed_bytes()), "{ \"a\" :1 }");
  EXPECT_EQ(json->signature()[63], 0xaa);
}

TEST(SignedJson, RefusesOtherEnvelopes) {
  const std::string signature = "\"signature\":\"" + std::string(128, 'a') + "\"";
  for (const std::string& text :
       {"{" + signature + "}", std::string("{\"tcbInfo\":{}}"),
        "{\"tcbInfo\":[]," + signature + "}", "{\"enclaveIdentity\":{}," + signature + "}",
        "{\"tcbInfo\":{}," + signature + ",\"x\":1}",
        std::string("{\"tcbInfo\":{},\"signature\":\"aa\"}"),
        std::string("{\"tcbInfo\":{},\"signature\":1}"), std::string("[]")}) {
    const auto json = SignedJson::parse(as_bytes(text), "tcbInfo");
    ASSERT_FALSE(json.has_value()) << text;
    EXPECT_EQ(json.error().name(), "signed-json.envelope");
  }
  const std::string twice = "{\"tcbInfo\":{},\"tcbInfo\":{}," + signature + "}";
  EXPECT_EQ(SignedJson::parse(as_bytes(twice), "tcbInfo").error().name(), "json.duplicate-key");
}

TEST(TcbInfo, ReadsBothVersions) {
  const auto v3 = tcb(info(level(11, 300 - 45, 13, "SWHardeningNeeded", "[\"INTEL-SA-00615\"]")));
  ASSERT_TRUE(v3.has_value());
  EXPECT_EQ(v3->id, "SGX");
  EXPECT_EQ(v3->version, 3u);
  EXPECT_EQ(to_hex(v3->fmspc), "00a067110000");
  EXPECT_EQ(v3->evaluation_number, 17u);
  EXPECT_EQ(v3->levels[0].components[1], 255);
  EXPECT_EQ(v3->levels[0].pce_svn, 13);
  EXPECT_EQ(v3->levels[0].status, TcbStatus::kSwHardeningNeeded);
  EXPECT_EQ(v3->levels[0].advisories, std::vector<std::string>{"INTEL-SA-00615"});

  std::string components;
  for (int i = 1; i <= 16; ++i)
    components += std::string("\"sgxtcbcomp") + (i < 10 ? "0" : "") + std::to_string(i) +
                  "svn\":" + std::to_string(i) + ",";
  std::string v2_text = info("{\"tcb\":{" + components +
                             "\"pcesvn\":3},\"tcbDate\":\"2019-09-01T00:00:00Z\","
                             "\"tcbStatus\":\"UpToDate\"}");
  v2_text = replaced(replaced(v2_text, "\"id\":\"SGX\",", ""), "\"version\":3", "\"version\":2");
  const auto v2 = tcb(v2_text);
  ASSERT_TRUE(v2.has_value());
  EXPECT_EQ(v2->id, "");
  EXPECT_EQ(to_hex(v2->levels[0].components), "0102030405060708090a0b0c0d0e0f10");
}

TEST(TcbInfo, RefusesEachAbsentOrWrongMember) {
  const std::string good = info(level(1, 2, 3, "UpToDate"));
  const std::vector<std::pair<std::string_view, std::string_view>> edits = {
      {"\"version\"", "\"versions\""},
      {"\"issueDate\"", "\"issued\""},
      {"2025-06-19T10:56:11Z", "2025-06-19"},
      {"\"nextUpdate\"", "\"next\""},
      {"00A067110000", "00A0671100"},
      {"\"pceId\":\"0000\"", "\"pceId\":0"},
      {"\"tcbType\":0", "\"tcbType\":\"0\""},
      {"\"tcbEvaluationDataNumber\":17", "\"tcbEvaluationDataNumber\":-1"},
      {"\"tcbEvaluationDataNumber\":17", "\"tcbEvaluationDataNumber\":4294967296"},
      {"\"id\":\"SGX\"", "\"id\":1"},
      {"UpToDate", "Uptodate"},
      {"\"pcesvn\":3", "\"pcesvn\":65536"},
      {"{\"svn\":0},{\"svn\":0}", "{\"svn\":0}"},
      {"{\"svn\":0}", "{\"svn\":256}"},
      {"{\"svn\":0}", "{}"},
      {"\"advisoryIDs\":[]", "\"advisoryIDs\":[1]"},
      {"\"advisoryIDs\":[]", "\"advisoryIDs\":[\"\"]"},
      {"\"advisoryIDs\":[]", "\"advisoryIDs\":[\"a b\"]"},
      {"\"advisoryIDs\":[]", "\"advisoryIDs\":{}"},
      {"\"tcbDate\"", "\"date\""},
  };
  ASSERT_TRUE(tcb(good).has_value());
  for (const auto& [from, to] : edits) {
    const auto bad = tcb(replaced(good, from, to));
    ASSERT_FALSE(bad.has_value()) << to;
    EXPECT_EQ(bad.error().name(), "dcap.tcb-info.layout");
  }
  EXPECT_FALSE(tcb(info("")).has_value());
  EXPECT_FALSE(tcb("[]").has_value());
}

TEST(TcbInfo, TheFirstReachedLevelFromTheBestDownCounts) {
  // Listed in the wrong order on purpose.
  const auto parsed =
      tcb(info(level(5, 0, 3, "OutOfDate") + "," + level(9, 1, 3, "UpToDate") + "," +
               level(9, 1, 9, "ConfigurationNeeded") + "," + level(9, 0, 3, "SWHardeningNeeded")));
  ASSERT_TRUE(parsed.has_value());
  const auto status = [&](uint8_t first, uint8_t second, uint16_t pce_svn) -> std::string {
    PckExtension pck{};
    pck.components[0] = first;
    pck.components[1] = second;
    pck.pce_svn = pce_svn;
    const TcbLevel* found = parsed->level_of(pck);
    return found == nullptr ? "none" : std::string(name_of(found->status));
  };
  EXPECT_EQ(status(9, 1, 9), "ConfigurationNeeded");
  EXPECT_EQ(status(9, 1, 3), "UpToDate");
  EXPECT_EQ(status(9, 0, 3), "SWHardeningNeeded");
  EXPECT_EQ(status(8, 255, 3), "OutOfDate");  // every component counts by itself
  EXPECT_EQ(status(255, 255, 2), "none");
  EXPECT_EQ(status(4, 255, 255), "none");
}

TEST(QeIdentity, ReadsAndChoosesTheLevel) {
  const auto parsed = qe(identity());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->id, "QE");
  EXPECT_EQ(to_hex(parsed->misc_select), "01000000");
  EXPECT_EQ(to_hex(parsed->attributes_mask), "fbffffffffffffff0000000000000000");
  EXPECT_EQ(parsed->isv_prod_id, 1);
  EXPECT_EQ(parsed->level_of(5), nullptr);
  EXPECT_EQ(parsed->level_of(6)->status, TcbStatus::kOutOfDate);
  EXPECT_EQ(parsed->level_of(7)->status, TcbStatus::kOutOfDate);
  EXPECT_EQ(parsed->level_of(8)->status, TcbStatus::kUpToDate);
  EXPECT_EQ(parsed->level_of(65535)->status, TcbStatus::kUpToDate);
}

TEST(QeIdentity, RefusesEachAbsentOrWrongMember) {
  const std::vector<std::pair<std::string_view, std::string_view>> edits = {
      {"\"id\":\"QE\",", ""},
      {"\"version\":2", "\"version\":\"2\""},
      {"\"issueDate\"", "\"issued\""},
      {"\"nextUpdate\"", "\"next\""},
      {"\"tcbEvaluationDataNumber\"", "\"number\""},
      {"\"01000000\"", "\"0100\""},
      {"\"miscselectMask\"", "\"mask\""},
      {"\"attributes\"", "\"flags\""},
      {"\"attributesMask\":\"FB", "\"attributesMask\":\""},
      {"\"mrsigner\":\"8", "\"mrsigner\":\""},
      {"\"isvprodid\":1", "\"isvprodid\":65536"},
      {"\"isvsvn\":6", "\"isvsvn\":6.0"},
      {"OutOfDate", "ConfigurationNeeded"},  // no rule joins that with a platform's status
      {"\"tcbLevels\"", "\"levels\""},
  };
  for (const auto& [from, to] : edits) {
    const auto bad = qe(replaced(identity(), from, to));
    ASSERT_FALSE(bad.has_value()) << to;
    EXPECT_EQ(bad.error().name(), "dcap.qe-identity.layout");
  }
}

TEST(TcbStatus, ConvergesAsIntelSays) {
  using enum TcbStatus;
  const std::vector<std::tuple<TcbStatus, TcbStatus, TcbStatus>> table = {
      {kUpToDate, kUpToDate, kUpToDate},
      {kSwHardeningNeeded, kUpToDate, kSwHardeningNeeded},
      {kConfigurationNeeded, kUpToDate, kConfigurationNeeded},
      {kOutOfDate, kUpToDate, kOutOfDate},
      {kUpToDate, kOutOfDate, kOutOfDate},
      {kSwHardeningNeeded, kOutOfDate, kOutOfDate},
      {kConfigurationNeeded, kOutOfDate, kOutOfDateConfigurationNeeded},
      {kConfigurationAndSwHardeningNeeded, kOutOfDate, kOutOfDateConfigurationNeeded},
      {kOutOfDate, kOutOfDate, kOutOfDate},
      {kOutOfDateConfigurationNeeded, kOutOfDate, kOutOfDateConfigurationNeeded},
      {kRevoked, kUpToDate, kRevoked},
      {kRevoked, kOutOfDate, kRevoked},
      {kUpToDate, kRevoked, kRevoked},
      {kOutOfDateConfigurationNeeded, kRevoked, kRevoked},
  };
  for (const auto& [platform, enclave, expected] : table)
    EXPECT_EQ(converge(platform, enclave), expected) << name_of(platform) << name_of(enclave);
}

TEST(TcbStatus, NamesAreIntels) {
  for (const std::string_view name :
       {"UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded",
        "OutOfDate", "OutOfDateConfigurationNeeded", "Revoked"})
    EXPECT_EQ(name_of(parse_tcb_status(name).value()), name);
  EXPECT_EQ(parse_tcb_status("uptodate").error().name(), "tcb.status");
}

}  // namespace
}  // namespace blindai
