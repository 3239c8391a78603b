// Each way in which a platform can be wrong, in each format of quote, is noticed by its checks.
#include <algorithm>
#include <set>

#include "enclave/tee/simulation/simulation_rows_test.h"

namespace blindai {
namespace {

std::vector<const SimulatedRow*> rows_of(SimulatedQuote format) {
  std::vector<std::span<const SimulatedRow>> tables = {shared_rows()};
  if (version_of(format) == 5) tables.push_back(v5_rows());
  if (tee_of(format) == Tee::kSgx) {
    tables.push_back(sgx_rows());
  } else {
    tables.push_back(td_rows());
    tables.push_back(format == SimulatedQuote::kTdxV5Td15 ? td15_rows() : td10_rows());
  }
  std::vector<const SimulatedRow*> out;
  for (const auto& table : tables)
    for (const SimulatedRow& row : table) out.push_back(&row);
  return out;
}

std::string expected_failures(const SimulatedRow& row, Tee tee) {
  std::string out;
  for (const char* c = row.failures; *c != '\0'; ++c)
    if (*c == '~')
      out += name_of(tee);
    else
      out += *c;
  return out;
}

class SimulationFaultsTest : public testing::TestWithParam<SimulatedQuote> {};

TEST_P(SimulationFaultsTest, NoneWithoutAFault) {
  const SimulatedCase c(GetParam());
  EXPECT_EQ(c.failures(), "");
  EXPECT_TRUE(c.verify().ok());
}

TEST_P(SimulationFaultsTest, EachIsNoticedByItsChecks) {
  for (const SimulatedRow* row : rows_of(GetParam())) {
    SimulatedCase c(GetParam(), row->faults);
    if (row->spoil != nullptr) row->spoil(c);
    EXPECT_EQ(c.failures(), expected_failures(*row, c.evidence.tee)) << row->name;
    const Verification v = c.verify();
    EXPECT_FALSE(v.ok()) << row->name;
    EXPECT_EQ(v.evidence(), nullptr) << row->name;
    if (row->status == nullptr) continue;
    const std::string check = std::string(name_of(c.evidence.tee)) + ".tcb.status";
    EXPECT_EQ(v.find(check)->found, row->status) << row->name;
  }
}

// No check is there that cannot fail: the rows make every one of them.
TEST_P(SimulationFaultsTest, EveryCheckFailsForSomeRow) {
  const SimulatedCase good(GetParam());
  std::set<std::string> names;
  for (const SimulatedRow* row : rows_of(GetParam())) {
    std::string failures = expected_failures(*row, good.evidence.tee) + " ";
    for (size_t at = 0; (at = failures.find(' ')) != std::string::npos; failures.erase(0, at + 1))
      names.insert(failures.substr(0, at));
  }
  const Verification v = good.verify();
  for (const Check& check : v.checks()) {
    const std::string name(check.name());
    // Only version 5 states the body; TDX 1.0 has nothing current.
    if (name.ends_with(".quote.body") && version_of(GetParam()) < 5) continue;
    if (name == "tdx.tcb.current" && GetParam() != SimulatedQuote::kTdxV5Td15) continue;
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SimulationFaultsTest, testing::ValuesIn(kSimulatedFormats),
                         [](const auto& format) { return std::string(name_of(format.param)); });

}  // namespace
}  // namespace blindai
