// TDX's TCB info, and how a TD's levels are chosen and joined.
#include <gtest/gtest.h>

#include "lib/attest/tcb_info.h"
#include "tests/support/replaced.h"

namespace blindai {
namespace {

std::string list_of(std::string_view name, std::vector<int> first) {
  first.resize(16);
  std::string out;
  for (const int svn : first)
    out += (out.empty() ? "{\"svn\":" : ",{\"svn\":") + std::to_string(svn) + "}";
  return "\"" + std::string(name) + "\":[" + out + "]";
}

std::string level(int sgx, std::vector<int> tdx, std::string_view status) {
  return "{\"tcb\":{" + list_of("sgxtcbcomponents", {sgx}) + "," +
         list_of("tdxtcbcomponents", std::move(tdx)) +
         ",\"pcesvn\":11},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"" +
         std::string(status) + "\"}";
}

constexpr char kModule[] =
    "\"mrsigner\":\"000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000001\",\"attributes\":\"0200000000000000\",\"attributesMask\":"
    "\"FF00000000000000\"";

std::string module_identity(std::string_view id, std::string_view levels) {
  return "{\"id\":\"" + std::string(id) + "\"," + kModule + ",\"tcbLevels\":[" +
         std::string(levels) + "]}";
}
std::string module_level(int svn, std::string_view status) {
  return "{\"tcb\":{\"isvsvn\":" + std::to_string(svn) +
         "},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"" + std::string(status) + "\"}";
}

// The worse level first, on purpose; the order of a document does not count.
std::string document() {
  return std::string("{\"id\":\"TDX\",\"version\":3,\"issueDate\":\"2025-06-19T10:56:11Z\",") +
         "\"nextUpdate\":\"2025-07-19T10:56:11Z\",\"fmspc\":\"00806F050000\",\"pceId\":\"0000\","
         "\"tcbType\":0,\"tcbEvaluationDataNumber\":17,\"tdxModule\":{" +
         kModule + "},\"tdxModuleIdentities\":[" +
         module_identity("TDX_01",
                         module_level(2, "OutOfDate") + "," + module_level(4, "UpToDate")) +
         "," + module_identity("tdx_0a", module_level(1, "Revoked")) + "],\"tcbLevels\":[" +
         level(6, {3, 0, 6}, "OutOfDate") + "," + level(7, {5, 0, 7}, "UpToDate") + "]}";
}

Result<TcbInfo> parsed(const std::string& text) {
  const auto doc = JsonDocument::parse(text);
  EXPECT_TRUE(doc.has_value()) << text;
  return parse_tcb_info(doc->root());
}

TEST(TdxTcbInfo, ReadsModulesAndLevels) {
  const auto info = parsed(document());
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->id, "TDX");
  ASSERT_TRUE(info->tdx_module.has_value());
  EXPECT_EQ(info->tdx_module->mr_signer[47], 1);
  EXPECT_EQ(info->tdx_module->attributes[0], 2);
  EXPECT_EQ(info->tdx_module->attributes_mask[0], 0xff);
  ASSERT_EQ(info->tdx_module_identities.size(), 2u);
  EXPECT_EQ(info->module_of(0), nullptr);
  EXPECT_EQ(info->module_of(0x10), nullptr);
  ASSERT_NE(info->module_of(1), nullptr);
  ASSERT_NE(info->module_of(10), nullptr);
  const TdxModuleIdentity& one = *info->module_of(1);
  EXPECT_EQ(one.level_of(1), nullptr);
  EXPECT_EQ(one.level_of(2)->status, TcbStatus::kOutOfDate);
  EXPECT_EQ(one.level_of(3)->status, TcbStatus::kOutOfDate);
  EXPECT_EQ(one.level_of(4)->status, TcbStatus::kUpToDate);
  EXPECT_EQ(one.level_of(255)->status, TcbStatus::kUpToDate);
  EXPECT_EQ(info->levels[0].tdx_components, (ByteArray<16>{5, 0, 7}));
}

TEST(TdxTcbInfo, ATdReachesALevelByItsComponents) {
  const auto info = parsed(document());
  ASSERT_TRUE(info.has_value());
  PckExtension platform{};
  platform.components[0] = 7;
  platform.pce_svn = 11;
  const auto status = [&](ByteArray<16> svn) {
    const TcbLevel* found = info->level_of(platform, svn);
    return found == nullptr ? std::string("none") : std::string(name_of(found->status));
  };
  EXPECT_EQ(status({5, 0, 7}), "UpToDate");
  EXPECT_EQ(status({4, 0, 7}), "OutOfDate");
  EXPECT_EQ(status({2, 0, 7}), "none");
  EXPECT_EQ(status({5, 0, 6}), "OutOfDate");
  EXPECT_EQ(status({5, 0, 5}), "none");
  // With a version, components 0 and 1 are the module's own affair.
  EXPECT_EQ(status({0, 1, 7}), "UpToDate");
  EXPECT_EQ(status({0, 1, 6}), "OutOfDate");
  EXPECT_EQ(status({255, 1, 5}), "none");
  platform.components[0] = 6;
  EXPECT_EQ(status({5, 0, 7}), "OutOfDate");
  platform.pce_svn = 10;
  EXPECT_EQ(status({5, 0, 7}), "none");
}

TEST(TdxTcbInfo, ModuleIdentitiesMayBeAbsentAsInOldDocuments) {
  std::string text = document();
  const size_t from = text.find(",\"tdxModuleIdentities\"");
  text.erase(from, text.find(",\"tcbLevels\":[{\"tcb\":{\"sgx") - from);
  const auto info = parsed(text);
  ASSERT_TRUE(info.has_value());
  EXPECT_TRUE(info->tdx_module_identities.empty());
}

TEST(TdxTcbInfo, RefusesEachAbsentOrWrongMember) {
  const std::vector<std::pair<std::string_view, std::string_view>> edits = {
      {"\"tdxModule\"", "\"module\""},
      {"\"tdxtcbcomponents\"", "\"components\""},
      {"\"tdxtcbcomponents\":[{\"svn\":3}", "\"tdxtcbcomponents\":[{\"svn\":256}"},
      {"\"tdxtcbcomponents\":[{\"svn\":3},", "\"tdxtcbcomponents\":["},
      {"\"mrsigner\":\"00", "\"mrsigner\":\""},
      {"\"attributes\"", "\"flags\""},
      {"\"attributesMask\":\"FF", "\"attributesMask\":\"FG"},
      {"\"tdxModuleIdentities\":[", "\"tdxModuleIdentities\":[1,"},
      {"TDX_01", "TDX_1"},
      {"TDX_01", "TDX-01"},
      {"TDX_01", "SGX_01"},
      {"TDX_01", "TDX_0G"},
      {"TDX_01", "TDX_001"},
      {"tdx_0a", "tdx_01"},  // named twice
      {"tdx_0a", "TdX_01"},
      {"\"isvsvn\":2", "\"isvsvn\":256"},
      {"\"isvsvn\":2", "\"svn\":2"},
      {"Revoked", "SWHardeningNeeded"},  // no rule joins that with a platform's status
      {"Revoked", "TDRelaunchAdvised"},
  };
  for (const auto& [from, to] : edits) {
    const auto bad = parsed(replaced(document(), from, to));
    ASSERT_FALSE(bad.has_value()) << from << " " << to;
    EXPECT_EQ(bad.error().name(), "dcap.tcb-info.layout");
  }
  // What only a verifier says is in no document.
  std::string relaunch = document();
  relaunch.replace(relaunch.rfind("UpToDate"), 8, "TDRelaunchAdvised");
  EXPECT_FALSE(parsed(relaunch).has_value());
}

TEST(TdxStatus, LaunchAndCurrentAreJoined) {
  using enum TcbStatus;
  const std::vector<std::tuple<TcbStatus, TcbStatus, TcbStatus>> table = {
      {kUpToDate, kUpToDate, kUpToDate},
      {kSwHardeningNeeded, kUpToDate, kSwHardeningNeeded},
      {kUpToDate, kConfigurationNeeded, kConfigurationNeeded},
      {kSwHardeningNeeded, kConfigurationNeeded, kConfigurationAndSwHardeningNeeded},
      {kOutOfDate, kUpToDate, kTdRelaunchAdvised},
      {kOutOfDate, kSwHardeningNeeded, kTdRelaunchAdvised},
      {kOutOfDate, kConfigurationNeeded, kTdRelaunchAdvisedConfigurationNeeded},
      {kOutOfDate, kConfigurationAndSwHardeningNeeded, kTdRelaunchAdvisedConfigurationNeeded},
      {kOutOfDateConfigurationNeeded, kUpToDate, kTdRelaunchAdvisedConfigurationNeeded},
      {kOutOfDate, kOutOfDate, kOutOfDate},
      {kOutOfDate, kOutOfDateConfigurationNeeded, kOutOfDateConfigurationNeeded},
      {kOutOfDateConfigurationNeeded, kOutOfDate, kOutOfDateConfigurationNeeded},
      {kUpToDate, kOutOfDate, kOutOfDate},
      {kConfigurationNeeded, kOutOfDate, kOutOfDateConfigurationNeeded},
      {kRevoked, kUpToDate, kRevoked},
      {kOutOfDate, kRevoked, kRevoked},
      {kUpToDate, kRevoked, kRevoked},
  };
  for (const auto& [launch, current, expected] : table)
    EXPECT_EQ(join_launch_and_current(launch, current), expected)
        << name_of(launch) << " " << name_of(current);
}

TEST(TdxStatus, RelaunchHasANameAPolicyCanSay) {
  for (const std::string_view name : {"TDRelaunchAdvised", "TDRelaunchAdvisedConfigurationNeeded"})
    EXPECT_EQ(name_of(parse_tcb_status(name).value()), name);
}

}  // namespace
}  // namespace blindai
