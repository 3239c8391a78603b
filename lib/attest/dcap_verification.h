// The judging of one piece of SGX or TDX evidence. Private to lib/attest; split over
// dcap_verification.cc (the quote itself), dcap_collateral.cc (what Intel says of the platform),
// dcap_platform.cc (how good the platform is), and dcap_policy.cc, sgx_policy.cc and tdx_policy.cc
// (what the caller accepts).
#pragma once

#include <algorithm>
#include <type_traits>

#include "lib/attest/check_text.h"
#include "lib/attest/dcap_checks.h"
#include "lib/attest/dcap_quote.h"
#include "lib/attest/judging.h"
#include "lib/attest/pck.h"
#include "lib/attest/qe_identity.h"
#include "lib/attest/recall.h"
#include "lib/attest/tcb_info.h"
#include "lib/attest/x509.h"

namespace blindai {

// Common names. Source: Intel SGX PCK Certificate and CRL Profile.
constexpr std::string_view kSgxRootName = "Intel SGX Root CA";

// What there is to say about the chain of one of Intel's signed documents.
struct SignerChain {
  std::string problem;  // why it is not a signer under the PCK chain's root; empty when it is
  std::string common_name;
  bool role = false;
  Time from;
  Time to;
  std::optional<bool> revoked;  // absent when there is no root CRL to ask
  ByteArray<64> key{};
};

// Where a TD's TEE_TCB_SVN puts its module and platform among Intel's levels.
struct TdLevels {
  const TdxModuleIdentity* module = nullptr;     // null when the module has no version, or no entry
  const TdxModuleLevel* module_level = nullptr;  // the same, or when it is below every level
  const TcbLevel* platform = nullptr;

  bool complete(const ByteArray<16>& tee_tcb_svn) const {
    return platform != nullptr && (tee_tcb_svn[1] == 0 || module_level != nullptr);
  }
};

// Judges one piece of evidence. Every method marks the checks it is named for; what a failure takes
// away from later ones, it leaves unmarked. Reads like the lists in docs/attestation.md and
// docs/attestation-tdx.md.
class DcapVerification : Judging<DcapCheck> {
 public:
  // `evidence.tee` is kSgx or kTdx.
  DcapVerification(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                   const Policy& policy, const TrustRoots& roots, Time now, Recall& recall)
      : Judging(table_of(evidence).specs, now, table_of(evidence).index),
        evidence_(evidence),
        claims_(claims),
        collateral_(collateral),
        policy_(policy),
        roots_(roots),
        recall_(recall) {}

  Verification run() &&;

 private:
  using C = DcapCheck;

  static const DcapTable& table_of(const Evidence& evidence) {
    return evidence.tee == Tee::kTdx ? tdx_checks() : sgx_checks();
  }
  bool is_tdx() const { return evidence_.tee == Tee::kTdx; }
  template <size_t N>
  bool same(C check, const ByteArray<N>& expected, const ByteArray<N>& found) {
    return mark(check, expected == found, to_hex(expected), to_hex(found));
  }
  template <size_t N>
  bool masked(C check, const Masked<N>& expected, const ByteArray<N>& found) {
    return mark(check, expected.matches(found),
                to_hex(expected.value) + " under mask " + to_hex(expected.mask), to_hex(found));
  }
  // The same when the policy says something; otherwise it passes.
  template <typename T, size_t N>
  void same_if(C check, const std::optional<T>& expected, const ByteArray<N>& found) {
    if (!expected.has_value())
      mark(check, true, text(kUnrestricted), to_hex(found));
    else if constexpr (std::is_same_v<T, Masked<N>>)
      masked(check, *expected, found);
    else
      same(check, *expected, found);
  }
  // Whether `found` is in the list.
  template <size_t N>
  bool one_of(C check, const std::vector<ByteArray<N>>& accepted, const ByteArray<N>& found) {
    std::string expected;
    for (const auto& one : accepted) expected += (expected.empty() ? "" : ", ") + to_hex(one);
    return mark(check, std::find(accepted.begin(), accepted.end(), found) != accepted.end(),
                expected.empty() ? "none" : std::move(expected), to_hex(found));
  }
  bool quote();
  bool pck();
  void root_crl();
  void pck_crl();
  void tcb_info();
  void qe_identity();
  void evaluation_number();
  void quoting_enclave();
  void platform();
  void judged_status();
  void platform_policy();
  void policy();
  void claims();
  // SGX.
  void sgx_platform();
  void sgx_policy(const SgxReport& report);
  // TDX.
  void tdx_platform(const TdReport& td);
  TdLevels td_levels(const ByteArray<16>& tee_tcb_svn) const;
  bool td_module(const TdReport& td, const TdLevels& launch);
  TcbStatus td_status(const TdLevels& levels);
  void tdx_policy(const TdReport& td);
  void td_attributes_policy(const TdReport& td);
  void add_advisories(const std::vector<std::string>& more) {
    advisories_.insert(advisories_.end(), more.begin(), more.end());
  }
  template <typename T>
  std::shared_ptr<const SignedDocument<T>> document(C envelope, BytesView text, const char* member,
                                                    const ByteArray<64>& by,
                                                    std::string_view expected,
                                                    Result<T> (*read)(const JsonValue&));
  SignerChain judge_chain(BytesView pem);
  const ByteArray<64>* signer(C chain, BytesView pem);
  bool genuine() const;
  bool debug() const;
  const ByteArray<64>& report_data() const;
  std::optional<VerifiedEvidence::Facts> facts();

  const Certificate& leaf() const { return (*chain_)[0]; }
  const Certificate& intermediate() const { return (*chain_)[1]; }
  const Certificate& root() const { return (*chain_)[2]; }

  const Evidence& evidence_;
  BytesView claims_;
  const Collateral& collateral_;
  const Policy& policy_;
  const TrustRoots& roots_;
  Recall& recall_;

  std::optional<DcapQuote> quote_;
  std::shared_ptr<const Recall::Chain> chain_;  // leaf, intermediate, root
  std::optional<PckExtension> pck_;
  std::optional<SignerChain> signer_;  // of signer_pem_
  BytesView signer_pem_;
  std::shared_ptr<const Crl> root_crl_;
  std::shared_ptr<const Crl> pck_crl_;
  std::shared_ptr<const TcbInfo> tcb_info_;
  std::shared_ptr<const QeIdentity> qe_identity_;
  TcbStatus qe_status_ = TcbStatus::kRevoked;
  std::optional<TcbStatus> status_;  // absent until judged
  std::vector<std::string> advisories_;
};

}  // namespace blindai
