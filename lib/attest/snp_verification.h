// The judging of one piece of SEV-SNP evidence. Private to lib/attest; split over
// snp_verification.cc (the report and its key), snp_chain.cc (AMD's certificates and CRL) and
// snp_policy.cc (what the caller accepts).
#pragma once

#include <algorithm>

#include "lib/attest/snp_checks.h"
#include "lib/attest/snp_report.h"
#include "lib/attest/vek.h"
#include "lib/attest/x509.h"

namespace blindai {

// Every method marks the checks it is named for; what a failure takes away from later ones, it
// leaves unmarked. Reads like the list in docs/attestation-snp.md.
class SnpVerification {
 public:
  SnpVerification(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                  const Policy& policy, const TrustRoots& roots, Time now)
      : evidence_(evidence),
        claims_(claims),
        collateral_(collateral),
        policy_(policy),
        roots_(roots),
        book_(snp_check_specs(), now) {}

  Verification run() &&;

 private:
  using C = SnpCheck;

  bool mark(C check, bool passed, std::string expected, std::string found) {
    return book_.mark(static_cast<size_t>(check), passed, std::move(expected), std::move(found));
  }
  bool passed(C check) const { return book_.passed(static_cast<size_t>(check)); }
  // Of a yes or no: what is found is `good` or `bad`, what is expected `good`.
  bool holds(C check, bool yes, std::string_view good, std::string_view bad) {
    return mark(check, yes, std::string(good), std::string(yes ? good : bad));
  }
  bool in_force(C check, Time from, Time to) {
    valid_until_ = std::min(valid_until_, to);
    return mark(check, from <= book_.now() && book_.now() <= to,
                "in force at " + to_rfc3339(book_.now()),
                to_rfc3339(from) + " to " + to_rfc3339(to));
  }
  // Equal to what the policy names; passes when it names nothing.
  template <size_t N>
  void named(C check, const std::optional<ByteArray<N>>& wanted, const ByteArray<N>& found) {
    mark(check, !wanted.has_value() || *wanted == found,
         wanted.has_value() ? to_hex(*wanted) : "any (the policy does not say)", to_hex(found));
  }
  // Parses; a failure is marked with its id.
  template <typename T>
  bool parsed(C check, Result<T> result, std::optional<T>& out, std::string_view expected) {
    const bool good = result.has_value();
    mark(check, good, std::string(expected), std::string(good ? expected : result.error().name()));
    if (good) out.emplace(*std::move(result));
    return good;
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

  const Certificate& ca() const { return chain_[0]; }  // ASK or ASVK
  const Certificate& ark() const { return chain_[1]; }

  const Evidence& evidence_;
  BytesView claims_;
  const Collateral& collateral_;
  const Policy& policy_;
  const TrustRoots& roots_;
  Verifier book_;
  Time valid_until_{INT64_MAX};

  std::optional<SnpReport> report_;
  std::optional<Certificate> vek_;
  std::optional<VekExtensions> extensions_;
  std::vector<Certificate> chain_;
  std::optional<Crl> crl_;
  SnpProduct product_ = SnpProduct::kMilan;  // judged by the time vek() has passed
  std::optional<SnpTcb> reported_, committed_, current_, launch_;
};

}  // namespace blindai
