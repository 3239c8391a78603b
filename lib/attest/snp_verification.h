// The judging of one piece of SEV-SNP evidence. Private to lib/attest; split over
// snp_verification.cc (the report and its key), snp_chain.cc (AMD's certificates and CRL) and
// snp_policy.cc (what the caller accepts).
#pragma once

#include <algorithm>

#include "lib/attest/judging.h"
#include "lib/attest/recall.h"
#include "lib/attest/snp_checks.h"
#include "lib/attest/snp_report.h"
#include "lib/attest/vek.h"
#include "lib/attest/x509.h"

namespace blindai {

// Every method marks the checks it is named for; what a failure takes away from later ones, it
// leaves unmarked. Reads like the list in docs/attestation-snp.md.
class SnpVerification : Judging<SnpCheck> {
 public:
  SnpVerification(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                  const Policy& policy, const TrustRoots& roots, Time now, Recall& recall)
      : Judging(snp_check_specs(), now),
        evidence_(evidence),
        claims_(claims),
        collateral_(collateral),
        policy_(policy),
        roots_(roots),
        recall_(recall) {}

  Verification run() &&;

 private:
  using C = SnpCheck;

  // Equal to what the policy names; passes when it names nothing.
  template <size_t N>
  void named(C check, const std::optional<ByteArray<N>>& wanted, const ByteArray<N>& found) {
    mark(check, !wanted.has_value() || *wanted == found,
         wanted.has_value() ? to_hex(*wanted) : std::string(kUnrestricted), to_hex(found));
  }
  bool report();
  bool readable();
  bool vek();
  bool chain();
  void crl();
  bool report_signature();
  void key_matches_report();
  void platform();
  void policy();
  void policy_of_tcb(const SnpPolicy& snp);
  void policy_of_guest(const SnpPolicy& snp);
  void claims();
  std::span<const Sha256Digest> pinned() const;
  std::optional<VerifiedEvidence::Facts> facts();

  const Certificate& ca() const { return (*chain_)[0]; }  // ASK or ASVK
  const Certificate& ark() const { return (*chain_)[1]; }

  const Evidence& evidence_;
  BytesView claims_;
  const Collateral& collateral_;
  const Policy& policy_;
  const TrustRoots& roots_;
  Recall& recall_;

  std::optional<SnpReport> report_;
  std::shared_ptr<const Certificate> vek_;
  std::optional<VekExtensions> extensions_;
  std::shared_ptr<const Recall::Chain> chain_;
  std::shared_ptr<const Crl> crl_;
  SnpProduct product_ = SnpProduct::kMilan;  // judged by the time vek() has passed
  std::optional<SnpTcb> reported_, committed_, current_, launch_;
};

}  // namespace blindai
