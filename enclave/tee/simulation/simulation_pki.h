// A platform that exists only here: certificates, CRLs and documents in the shapes Intel publishes,
// and quotes in the format its hardware makes, under a root whose private key is derived from a
// public label. Whatever verifies under that root proves nothing but that the formats are right.
//
// Names have Intel's common names, because verifiers check the role of each signer by it, and the
// organisation "BlindAI simulation".
// Source: Intel SGX PCK Certificate and CRL Profile; PCS API v4; SGX DCAP Quote Library API,
// appendix A; TDX DCAP Quoting Library API, appendix A.
#pragma once

#include "enclave/tee/simulation/simulation_faults.h"
#include "enclave/tee/simulation/simulation_format.h"
#include "lib/attest/evidence.h"
#include "lib/base/time.h"
#include "lib/crypto/crypto.h"

namespace blindai {

// The private key that SHA-256 of "BlindAI simulation <role>, not secret" makes; role "root" is the
// one whose hash lib/channel/simulation_root.h pins.
SigningKey simulation_key(std::string_view role);

class SimulationPki {
 public:
  // Everything is in force from an hour before `now`, and the collateral for thirty days after it.
  // The collateral is that of the format's TEE.
  explicit SimulationPki(Time now, SimulationFaults faults = {},
                         SimulatedQuote format = SimulatedQuote::kSgxV3);

  const Collateral& collateral() const { return collateral_; }

  // A quote of the format, with the chain in it (certification data type 5). `measurement` is what
  // stands for the program: MRENCLAVE, or wide_measurement() of it as MRTD. report_data is the
  // caller's.
  Bytes quote(const Sha256Digest& measurement, const ByteArray<64>& report_data) const;

 private:
  SimulationFaults faults_;
  SimulatedQuote format_;
  Collateral collateral_;
  std::string pck_chain_;  // PEM, leaf first
};

}  // namespace blindai
