// For tests: the shared SGX vectors (real quotes and the collateral of their time), read from
// vectors/sgx beside the project, or below $BLINDAI_SHARED.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "lib/attest/verify.h"
#include "lib/base/json.h"

namespace blindai {

inline std::filesystem::path sgx_vectors() {
  const char* shared = std::getenv("BLINDAI_SHARED");
  return std::filesystem::path(shared != nullptr ? shared : BLINDAI_SOURCE_DIR "/../shared") /
         "vectors/sgx";
}

inline Bytes read_all(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

// Accepts whatever the platform's state is, and this one program.
inline Policy widest_policy(const ByteArray<32>& mr_enclave) {
  Policy policy;
  policy.sgx.emplace().mr_enclave = {mr_enclave};
  policy.tcb_statuses = {TcbStatus::kUpToDate,
                         TcbStatus::kSwHardeningNeeded,
                         TcbStatus::kConfigurationNeeded,
                         TcbStatus::kConfigurationAndSwHardeningNeeded,
                         TcbStatus::kOutOfDate,
                         TcbStatus::kOutOfDateConfigurationNeeded,
                         TcbStatus::kTdRelaunchAdvised,
                         TcbStatus::kTdRelaunchAdvisedConfigurationNeeded};
  policy.advisories.any = true;
  policy.configurations.any = true;
  policy.max_evidence_age_s = 3600;
  return policy;
}

// Names of the checks in that state, in order, separated by spaces.
inline std::string checks_in(const Verification& v, CheckState state) {
  std::string out;
  for (const Check& c : v.checks())
    if (c.state == state) out += (out.empty() ? "" : " ") + std::string(c.name());
  return out;
}

}  // namespace blindai
