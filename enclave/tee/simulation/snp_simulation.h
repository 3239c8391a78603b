// An SEV-SNP platform that exists only here: AMD's certificates and CRL, and reports in the format
// its secure processor makes, under root keys that anybody can derive from public labels. Whatever
// verifies under those roots proves nothing but that the formats are right.
//
// Common names are AMD's, because verifiers check the role of each key by it; the organisation is
// "BlindAI simulation". Source: AMD 56860, section 7.3; 57230 (VCEK); 58369 (VLEK).
#pragma once

#include "enclave/tee/simulation/snp_simulation_faults.h"
#include "lib/attest/evidence.h"
#include "lib/attest/snp_report.h"
#include "lib/base/time.h"
#include "lib/crypto/vendor_keys.h"

namespace blindai {

// RSA-4096 keys "BlindAI simulation <role>, not secret" (RsaPssKey::from_label). The roots are
// "ARK-Milan" and so on, whose hashes lib/channel/simulation_root.h pins; "other ARK" is pinned
// nowhere; "ASK" and "ASVK" serve every product.
RsaPssKey snp_simulation_key(std::string_view role);

struct SnpPlatform {
  SnpProduct product = SnpProduct::kMilan;
  SnpSigningKey key = SnpSigningKey::kVcek;  // kVcek or kVlek
  uint32_t report_version = 5;               // 2 to 5
};

class SnpSimulation {
 public:
  // Everything is in force from an hour before `now`, and the CRL for thirty days after it.
  SnpSimulation(const SnpPlatform& platform, Time now, SnpFaults faults = {});

  const Collateral& collateral() const { return collateral_; }

  // ATTRIBUTES of the report: no SMT, no migration agent, no debugging, VMPL 0, and a TCB that is
  // the same at launch, now, committed and reported.
  Bytes report(const ByteArray<48>& measurement, const ByteArray<64>& report_data) const;

  // Of the simulated chip: chip_id, and the first 8 bytes of it for Turin's HWID.
  static ByteArray<64> chip_id(SnpProduct product);
  static SnpTcb tcb(SnpProduct product);

 private:
  SnpPlatform platform_;
  SnpFaults faults_;
  P384Key key_;  // VCEK or VLEK
  Collateral collateral_;
};

}  // namespace blindai
