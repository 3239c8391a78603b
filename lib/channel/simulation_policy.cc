#include "lib/channel/simulation_policy.h"

#include "lib/measure/measure.h"

namespace blindai {
namespace {

// What the simulated Milan processor has, which is what AMD-SB-3019 asks for.
constexpr SnpTcb kMilanFloor = {.fmc = 0, .boot_loader = 4, .tee = 0, .snp = 24, .microcode = 219};

}  // namespace

Policy simulation_policy(Tee tee, const Sha256Digest& measurement) {
  Policy out;
  if (tee == Tee::kSnp) {
    SnpPolicy& snp = out.snp.emplace();
    snp.measurement = {wide_measurement(measurement)};
    snp.min_tcb_milan = kMilanFloor;
    return out;
  }
  out.tcb_statuses = {TcbStatus::kUpToDate};
  if (tee == Tee::kTdx) {
    TdxPolicy& tdx = out.tdx.emplace();
    tdx.mr_td = {wide_measurement(measurement)};
    const auto rtmrs = simulated_rtmrs();
    for (size_t i = 0; i < rtmrs.size(); ++i) tdx.rtmr[i].values = {rtmrs[i]};
    return out;
  }
  BLINDAI_CHECK(tee == Tee::kSgx);  // there is no other simulation
  out.sgx.emplace().mr_enclave = {measurement};
  return out;
}

}  // namespace blindai
