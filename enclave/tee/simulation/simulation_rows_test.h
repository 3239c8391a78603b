// For tests: tables of ways in which a platform, its evidence or its policy can be wrong, each with
// the checks that have to notice it.
#pragma once

#include <gtest/gtest.h>
#include <span>

#include "enclave/tee/simulation/simulation_source.h"
#include "lib/attest/verify.h"
#include "lib/channel/claims.h"
#include "lib/channel/simulation_root.h"
#include "lib/measure/measure.h"

namespace blindai {

inline constexpr Time kSimulatedNow{1795000000};
inline const Sha256Digest kSimulatedPrograms = sha256(as_bytes("programs"));

inline constexpr SimulatedQuote kSimulatedFormats[] = {
    SimulatedQuote::kSgxV3, SimulatedQuote::kSgxV4,     SimulatedQuote::kSgxV5,
    SimulatedQuote::kTdxV4, SimulatedQuote::kTdxV5Td10, SimulatedQuote::kTdxV5Td15};
inline std::string_view name_of(SimulatedQuote format) {
  constexpr std::string_view kNames[] = {"SgxV3", "SgxV4",     "SgxV5",
                                         "TdxV4", "TdxV5Td10", "TdxV5Td15"};
  return kNames[static_cast<size_t>(format)];
}

// What a simulated server's client accepts, and nothing more.
inline Policy simulation_policy(Tee tee) {
  Policy out;
  if (tee == Tee::kSgx) {
    out.sgx.emplace().mr_enclave = {kSimulatedPrograms};
  } else {
    out.tdx.emplace().mr_td = {wide_measurement(kSimulatedPrograms)};
    for (auto& rtmr : out.tdx->rtmr) rtmr.any = true;
  }
  out.tcb_statuses = {TcbStatus::kUpToDate};
  out.min_tcb_evaluation_number = 17;
  out.max_evidence_age_s = 3600;
  return out;
}

// Evidence of a simulated platform, ready to be judged or spoilt.
struct SimulatedCase {
  explicit SimulatedCase(SimulatedQuote format, const SimulationFaults& faults = {})
      : source(
            kSimulatedPrograms, [] { return kSimulatedNow; }, faults, format),
        policy(simulation_policy(tee_of(format))),
        evidence(source.evidence(report_data_of(claims)).value()),
        collateral(source.collateral().value()) {}

  Verification verify() const {
    return blindai::verify(evidence, claims, collateral, policy, simulation_roots(), kSimulatedNow);
  }
  std::string failures() const {
    const Verification v = verify();
    std::string out;
    for (const Check& c : v.checks())
      if (c.state == CheckState::kFailed) out += (out.empty() ? "" : " ") + std::string(c.name());
    return out;
  }

  Bytes claims = Bytes(100, 7);
  SimulationSource source;
  Policy policy;
  Evidence evidence;
  Collateral collateral;
};

struct SimulatedRow {
  const char* name;
  SimulationFaults faults;
  // Every check that has to fail, in order, with spaces between; "~" stands for the TEE. All others
  // pass or are not reached.
  const char* failures;
  // The joined status, where the row is about that.
  const char* status = nullptr;
  // What else is done to the evidence, the collateral, the policy or the claims.
  void (*spoil)(SimulatedCase&) = nullptr;
};

inline SimulationFaults with(auto change) {
  SimulationFaults out;
  change(out);
  return out;
}
#define FAULT(...) with([](SimulationFaults& f) { f.__VA_ARGS__; })
#define SPOIL(...) [](SimulatedCase& c) { c.__VA_ARGS__; }

std::span<const SimulatedRow> shared_rows();  // of every format
std::span<const SimulatedRow> sgx_rows();
std::span<const SimulatedRow> td_rows();    // of every TD
std::span<const SimulatedRow> td10_rows();  // of TDX 1.0
std::span<const SimulatedRow> td15_rows();  // of TDX 1.5
std::span<const SimulatedRow> v5_rows();    // of either TEE

}  // namespace blindai
