// What a simulated TD's evidence proves when it is in order, in the ways in which that can be.
#include "enclave/tee/simulation/simulation_rows_test.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

constexpr SimulatedQuote kTds[] = {SimulatedQuote::kTdxV4, SimulatedQuote::kTdxV5Td10,
                                   SimulatedQuote::kTdxV5Td15};

TEST(SimulationTd, EvidenceSaysWhoItIs) {
  for (const SimulatedQuote format : kTds) {
    const SimulatedCase c(format);
    const Verification v = c.verify();
    ASSERT_TRUE(v.ok()) << c.failures();
    const VerifiedEvidence& e = *v.evidence();
    EXPECT_EQ(e.tee(), Tee::kTdx);
    EXPECT_EQ(e.sgx(), nullptr);
    ASSERT_NE(e.tdx(), nullptr);
    const ByteArray<48> mr_td = wide_measurement(kSimulatedPrograms);
    EXPECT_TRUE(equal(e.measurement(), mr_td));
    EXPECT_EQ(e.tdx()->mr_td, mr_td);
    EXPECT_EQ(e.tdx()->rtmr[3], (ByteArray<48>{}));
    EXPECT_TRUE(equal(BytesView(e.tdx()->rtmr[0]).first(32),
                      sha256(as_bytes("BlindAI simulation RTMR 0"))));
    EXPECT_EQ(to_hex(e.tdx()->td_attributes), "0000001000000000");
    EXPECT_EQ(to_hex(e.tdx()->tee_tcb_svn), "04010700000000000000000000000000");
    EXPECT_EQ(e.tcb_status(), TcbStatus::kUpToDate);
    EXPECT_EQ(e.tcb_evaluation_number(), 1000u);
    EXPECT_FALSE(e.debug());
    EXPECT_EQ(e.report_data(), report_data_of(c.claims));
    const auto json = to_json(v);
    const auto doc = JsonDocument::parse(json);
    ASSERT_TRUE(doc.has_value());
    EXPECT_EQ(doc->root()["evidence"]["measurement"].string().value(), to_hex(mr_td));
    EXPECT_EQ(doc->root()["evidence"]["mr_service_td"].string().value(), std::string(96, '0'));
  }
}

TEST(SimulationTd, WhatIsNoFaultVerifies) {
  const SimulationFaults fine[] = {
      FAULT(td.module_ids_in_lower_case = true),
      FAULT(td.module_attributes_are_open = true),
      // A module without version: its SVN is component 0, and no identity is asked for.
      with([](SimulationFaults& f) {
        f.td.launch = f.td.current = {5, 0, 7};
        f.td.no_module_identities = true;
      }),
      // Version 10: "TDX_0A", in either case.
      FAULT(td.launch = f.td.current = {1, 10, 7}),
      with([](SimulationFaults& f) {
        f.td.launch = f.td.current = {1, 10, 7};
        f.td.module_ids_in_lower_case = true;
      }),
      FAULT(td.current = {5, 1, 7}),
      // Protection keys and key locker are the guest's own affair.
      FAULT(td.attributes |= uint64_t{3} << 30),
  };
  for (const SimulatedQuote format : kTds)
    for (const SimulationFaults& faults : fine)
      EXPECT_EQ(SimulatedCase(format, faults).failures(), "") << &faults - fine;
}

TEST(SimulationTd, WhatThePolicyAllowsIsAccepted) {
  SimulatedCase c(SimulatedQuote::kTdxV5Td15, with([](SimulationFaults& f) {
                    f.debug = true;
                    f.td.attributes = uint64_t{1} << 29 | uint64_t{1} << 63;
                    f.td.bound_to_service_td = true;
                    f.td.launch = {2, 1, 7};
                  }));
  EXPECT_EQ(c.failures(),
            "policy.tcb-status policy.advisories policy.debug policy.service-td "
            "policy.sept-ve-disable policy.migration policy.perfmon");
  c.policy.allow_debug = true;
  TdxPolicy& tdx = *c.policy.tdx;
  tdx.require_sept_ve_disable = false;
  tdx.allow_migration = tdx.allow_perfmon = true;
  ByteArray<48> service{};
  const Sha256Digest digest = sha256(as_bytes("BlindAI simulation service TD"));
  std::copy(digest.begin(), digest.end(), service.begin());
  tdx.mr_service_td = {service};
  EXPECT_EQ(c.failures(), "policy.tcb-status policy.advisories");
  // An out-of-date platform's friend does not accept a TD that should relaunch, nor "UpToDate" it.
  c.policy.tcb_statuses = {TcbStatus::kUpToDate, TcbStatus::kOutOfDate};
  c.policy.advisories.values = {"INTEL-SA-01036"};
  EXPECT_EQ(c.failures(), "policy.tcb-status");
  c.policy.tcb_statuses = {TcbStatus::kTdRelaunchAdvised};
  const Verification v = c.verify();
  ASSERT_TRUE(v.ok()) << c.failures();
  EXPECT_EQ(v.evidence()->tcb_status(), TcbStatus::kTdRelaunchAdvised);
  EXPECT_EQ(v.evidence()->advisories(), std::vector<std::string>{"INTEL-SA-01036"});
  EXPECT_TRUE(v.evidence()->debug());
  EXPECT_EQ(v.evidence()->tdx()->mr_service_td, service);
}

// Platform, module (at launch and now) and quoting enclave each bring their advisories.
TEST(SimulationTd, AdvisoriesOfEveryLevelAreJoined) {
  const SimulatedCase c(SimulatedQuote::kTdxV5Td15, with([](SimulationFaults& f) {
                          f.advisories = {"INTEL-SA-3"};
                          f.qe_advisories = {"INTEL-SA-1"};
                          f.td.module_advisories = {"INTEL-SA-2", "INTEL-SA-3"};
                          f.td.launch = {2, 1, 7};
                        }));
  EXPECT_EQ(c.verify().find("policy.advisories")->found,
            "INTEL-SA-01036, INTEL-SA-1, INTEL-SA-2, INTEL-SA-3");
}

TEST(SimulationTd, EvidenceOfTheOtherTeeIsRefused) {
  SimulatedCase td(SimulatedQuote::kTdxV4);
  td.evidence.tee = Tee::kSgx;
  EXPECT_EQ(td.failures(), "sgx.quote.tee-type");
  SimulatedCase sgx(SimulatedQuote::kSgxV4);
  sgx.evidence.tee = Tee::kTdx;
  EXPECT_EQ(sgx.failures(), "tdx.quote.tee-type");
  SimulatedCase v3(SimulatedQuote::kSgxV3);
  v3.evidence.tee = Tee::kTdx;
  EXPECT_EQ(v3.failures(), "tdx.quote.version tdx.quote.tee-type");
}

// A version 4 quote whose parts are in the order of version 3.
TEST(SimulationTd, CertificationDataHasToBeWrapped) {
  SimulatedCase c(SimulatedQuote::kTdxV4);
  constexpr size_t kOuterType = 48 + 584 + 4 + 64 + 64;
  c.evidence.quote[kOuterType] = 5;
  EXPECT_EQ(c.failures(), "tdx.quote.certification");
  Bytes& quote = c.evidence.quote;
  quote.erase(quote.begin() + kOuterType, quote.begin() + kOuterType + 6);
  quote[48 + 584] = static_cast<uint8_t>(quote[48 + 584] - 6);
  EXPECT_EQ(c.failures(), "tdx.quote.layout");
}

}  // namespace
}  // namespace blindai
