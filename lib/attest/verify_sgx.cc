#include <algorithm>

#include "lib/attest/pck.h"
#include "lib/attest/qe_identity.h"
#include "lib/attest/sgx_checks.h"
#include "lib/attest/sgx_quote.h"
#include "lib/attest/tcb_info.h"
#include "lib/attest/x509.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// Source: Intel "Quote Library API", appendix A.4: the quoting enclave's vendor, Intel.
constexpr ByteArray<16> kIntelVendor = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                        0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
constexpr uint16_t kEcdsaP256 = 2;
constexpr uint16_t kPemChain = 5;
// Source: Intel PCK Certificate and CRL Profile, section 1.3.
constexpr std::string_view kLeafName = "Intel SGX PCK Certificate";
constexpr std::string_view kProcessorCa = "Intel SGX PCK Processor CA";
constexpr std::string_view kPlatformCa = "Intel SGX PCK Platform CA";
constexpr std::string_view kRootName = "Intel SGX Root CA";
constexpr std::string_view kTcbSigner = "Intel SGX TCB Signing";

std::string text(std::string_view s) {
  return std::string(s);
}
std::string number(uint64_t n) {
  return std::to_string(n);
}
std::string yes_no(bool yes, std::string_view good, std::string_view bad) {
  return text(yes ? good : bad);
}
std::string period(Time from, Time to) {
  return to_rfc3339(from) + " to " + to_rfc3339(to);
}
std::string names(std::string_view first, const auto& rest) {
  std::string out(first);
  for (const auto& name : rest) {
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out.empty() ? "none" : out;
}

// The chain of one of Intel's signed documents, as far as it checked out.
struct Signer {
  ByteArray<64> key;
};

// Judges one piece of evidence. Every method marks the checks it is named for; what a failure takes
// away from later ones, it leaves unmarked. Reads like the list in docs/attestation.md.
class SgxVerification {
 public:
  SgxVerification(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                  const Policy& policy, const TrustRoots& roots, Time now)
      : evidence_(evidence),
        claims_(claims),
        collateral_(collateral),
        policy_(policy),
        roots_(roots),
        book_(sgx_check_specs(), now) {}

  Verification run() && {
    if (quote() && pck()) {
      root_crl();
      pck_crl();
      tcb_info();
      qe_identity();
      if (tcb_info_.has_value() && qe_identity_.has_value()) evaluation_number();
      quoting_enclave();
      if (genuine()) {
        platform();
        policy();
        claims();
      }
    }
    return std::move(book_).finish(facts());
  }

 private:
  using C = SgxCheck;

  bool mark(C check, bool passed, std::string expected, std::string found) {
    return book_.mark(static_cast<size_t>(check), passed, std::move(expected), std::move(found));
  }
  bool passed(C check) const { return book_.passed(static_cast<size_t>(check)); }
  bool in_force(C check, Time from, Time to) {
    valid_until_ = std::min(valid_until_, to);
    return mark(check, from <= book_.now() && book_.now() <= to,
                "in force at " + to_rfc3339(book_.now()), period(from, to));
  }
  template <size_t N>
  bool same(C check, const ByteArray<N>& expected, const ByteArray<N>& found) {
    return mark(check, expected == found, to_hex(expected), to_hex(found));
  }
  template <size_t N>
  bool masked(C check, const Masked<N>& expected, const ByteArray<N>& found) {
    return mark(check, expected.matches(found),
                to_hex(expected.value) + " under mask " + to_hex(expected.mask), to_hex(found));
  }
  // Parses; a failure is marked with its id.
  template <typename T>
  bool parsed(C check, Result<T> result, std::optional<T>& out, std::string_view expected) {
    const bool good = result.has_value();
    mark(check, good, text(expected), good ? text(expected) : text(result.error().name()));
    if (good) out.emplace(*std::move(result));
    return good;
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
  void policy();
  void claims();
  std::optional<Signer> signer(C chain, BytesView pem);
  bool genuine() const;
  std::optional<VerifiedEvidence::Facts> facts();

  const Certificate& leaf() const { return chain_[0]; }
  const Certificate& intermediate() const { return chain_[1]; }
  const Certificate& root() const { return chain_[2]; }

  const Evidence& evidence_;
  BytesView claims_;
  const Collateral& collateral_;
  const Policy& policy_;
  const TrustRoots& roots_;
  Verifier book_;
  Time valid_until_{INT64_MAX};

  std::optional<SgxQuote> quote_;
  std::vector<Certificate> chain_;  // leaf, intermediate, root
  std::optional<PckExtension> pck_;
  std::optional<Crl> root_crl_;
  std::optional<Crl> pck_crl_;
  std::optional<TcbInfo> tcb_info_;
  std::optional<QeIdentity> qe_identity_;
  TcbStatus qe_status_ = TcbStatus::kRevoked;
  TcbStatus status_ = TcbStatus::kRevoked;
  std::vector<std::string> advisories_;
};

// Without these the rest of the bytes would mean something else, so any failure ends it.
bool SgxVerification::quote() {
  if (!parsed(C::kQuoteLayout, parse_sgx_quote(evidence_.quote), quote_, "an SGX quote"))
    return false;
  const SgxQuote& q = *quote_;
  const bool version = mark(C::kQuoteVersion, q.version == 3, "3", number(q.version));
  const bool key =
      mark(C::kQuoteKeyType, q.key_type == kEcdsaP256, number(kEcdsaP256), number(q.key_type));
  const bool tee = mark(C::kQuoteTeeType, q.tee_type == 0, "0", number(q.tee_type));
  const bool vendor = same(C::kQuoteVendor, kIntelVendor, q.qe_vendor);
  const bool certification = mark(C::kQuoteCertification, q.certification_type == kPemChain,
                                  number(kPemChain), number(q.certification_type));
  return version && key && tee && vendor && certification;
}

// Everything but the dates has to hold before anything the chain's keys signed is looked at.
bool SgxVerification::pck() {
  constexpr std::string_view kThree = "3 certificates";
  auto chain = parse_pem_chain(quote_->certification);
  if (!chain.has_value()) {
    mark(C::kPckChain, false, text(kThree), text(chain.error().name()));
    return false;
  }
  if (!mark(C::kPckChain, chain->size() == 3, text(kThree),
            number(chain->size()) + " certificates"))
    return false;
  chain_ = *std::move(chain);
  const std::string& ca = intermediate().common_name();
  const bool roles = leaf().common_name() == kLeafName &&
                     (ca == kProcessorCa || ca == kPlatformCa) &&
                     root().common_name() == kRootName && leaf().names_issuer(intermediate()) &&
                     intermediate().names_issuer(root()) && root().names_issuer(root());
  const bool named =
      mark(C::kPckNames, roles,
           text(kLeafName) + " / " + text(kProcessorCa) + " or Platform CA / " + text(kRootName),
           leaf().common_name() + " / " + ca + " / " + root().common_name());
  const bool constrained =
      mark(C::kPckConstraints,
           !leaf().is_ca() && leaf().may_sign_data() && intermediate().is_ca() &&
               intermediate().may_sign_crls() && root().is_ca() && root().may_sign_crls() &&
               root().path_len().value_or(1) >= 1,
           "signer, CA, CA",
           yes_no(leaf().is_ca(), "CA", "signer") + ", " +
               yes_no(intermediate().is_ca(), "CA", "signer") + ", " +
               yes_no(root().is_ca(), "CA", "signer"));
  const bool pinned = mark(C::kPckRoot,
                           std::find(roots_.intel_sgx.begin(), roots_.intel_sgx.end(),
                                     root().spki_hash()) != roots_.intel_sgx.end(),
                           roots_.intel_sgx.empty() ? "none" : to_hex(roots_.intel_sgx[0]),
                           to_hex(root().spki_hash()));
  const bool good = root().signed_by(root()) && intermediate().signed_by(root()) &&
                    leaf().signed_by(intermediate());
  const bool signatures = mark(C::kPckSignatures, good, "valid", yes_no(good, "valid", "invalid"));
  Time from = leaf().not_before();
  Time to = leaf().not_after();
  for (const Certificate& c : chain_) {
    from = std::max(from, c.not_before());
    to = std::min(to, c.not_after());
  }
  in_force(C::kPckValidity, from, to);
  const bool extension = parsed(C::kPckExtension, parse_pck_extension(leaf().sgx_extension()), pck_,
                                "the SGX extension");
  return named && constrained && pinned && signatures && extension;
}

void SgxVerification::root_crl() {
  if (!parsed(C::kRootCrlLayout, Crl::from_der(collateral_.root_ca_crl), root_crl_, "a CRL"))
    return;
  if (!mark(C::kRootCrlIssuer, root_crl_->names_issuer(root()), root().common_name(),
            root_crl_->issuer_name()))
    return;
  const bool good = root_crl_->signed_by(root());
  mark(C::kRootCrlSignature, good, "valid", yes_no(good, "valid", "invalid"));
  in_force(C::kRootCrlValidity, root_crl_->this_update(), root_crl_->next_update());
  const bool listed = root_crl_->lists(intermediate());
  mark(C::kPckCaNotRevoked, !listed, "not listed", yes_no(listed, "listed", "not listed"));
}

// The CRL has to be signed by the very CA in the quote's chain; a chain sent along with the CRL
// could add nothing to that, so collateral_.pck_crl_chain is not read.
void SgxVerification::pck_crl() {
  if (!parsed(C::kPckCrlLayout, Crl::from_der(collateral_.pck_crl), pck_crl_, "a CRL")) return;
  if (!mark(C::kPckCrlIssuer, pck_crl_->names_issuer(intermediate()), intermediate().common_name(),
            pck_crl_->issuer_name()))
    return;
  const bool good = pck_crl_->signed_by(intermediate());
  mark(C::kPckCrlSignature, good, "valid", yes_no(good, "valid", "invalid"));
  in_force(C::kPckCrlValidity, pck_crl_->this_update(), pck_crl_->next_update());
  const bool listed = pck_crl_->lists(leaf());
  mark(C::kPckNotRevoked, !listed, "not listed", yes_no(listed, "listed", "not listed"));
}

// Marks the four checks that begin at `chain` (chain, signer, signer-validity, signer-not-revoked).
// The key is given when the chain holds, so that a document is never parsed on the word of anybody
// else.
std::optional<Signer> SgxVerification::signer(C chain, BytesView pem) {
  const auto check = [chain](uint8_t n) { return static_cast<C>(static_cast<uint8_t>(chain) + n); };
  constexpr std::string_view kExpected = "a signer under the PCK chain's root";
  const auto certificates = parse_pem_chain(pem);
  if (!certificates.has_value() || certificates->size() != 2) {
    mark(chain, false, text(kExpected),
         certificates.has_value() ? number(certificates->size()) + " certificates"
                                  : text(certificates.error().name()));
    return {};
  }
  const Certificate& document_signer = (*certificates)[0];
  const Certificate& top = (*certificates)[1];
  // The PCK chain's root is pinned and holds; the same key and name need no further judging.
  const bool holds = top.spki_hash() == root().spki_hash() && top.common_name() == kRootName &&
                     top.is_ca() && top.names_issuer(top) && top.signed_by(top) &&
                     document_signer.names_issuer(top) && document_signer.signed_by(root());
  mark(chain, holds, text(kExpected), yes_no(holds, kExpected, "another chain"));
  if (!holds) return {};
  const bool role = document_signer.common_name() == kTcbSigner && !document_signer.is_ca() &&
                    document_signer.may_sign_data();
  mark(check(1), role, text(kTcbSigner), document_signer.common_name());
  in_force(check(2), std::max(document_signer.not_before(), top.not_before()),
           std::min(document_signer.not_after(), top.not_after()));
  if (passed(C::kRootCrlSignature)) {
    const bool listed = root_crl_->lists(document_signer);
    mark(check(3), !listed, "not listed", yes_no(listed, "listed", "not listed"));
  }
  if (!role) return {};
  return Signer{document_signer.public_point()};
}

void SgxVerification::tcb_info() {
  const std::optional<Signer> by = signer(C::kTcbChain, collateral_.tcb_info_chain);
  if (!by.has_value()) return;
  std::optional<SignedJson> json;
  if (!parsed(C::kTcbEnvelope, SignedJson::parse(collateral_.tcb_info, "tcbInfo"), json,
              "a signed tcbInfo"))
    return;
  const bool good = verify_p256(by->key, json->signed_bytes(), json->signature());
  if (!mark(C::kTcbSignature, good, "valid", yes_no(good, "valid", "invalid"))) return;
  if (!parsed(C::kTcbLayout, parse_tcb_info(json->body()), tcb_info_, "TCB info")) return;
  const TcbInfo& info = *tcb_info_;
  const bool ours = info.tcb_type == 0 && ((info.version == 2 && info.id.empty()) ||
                                           (info.version == 3 && info.id == "SGX"));
  mark(C::kTcbIdentity, ours, "SGX, version 2 or 3, type 0",
       (info.id.empty() ? "no id" : info.id) + ", version " + number(info.version) + ", type " +
           number(info.tcb_type));
  in_force(C::kTcbValidity, info.issue_date, info.next_update);
  same(C::kTcbFmspc, pck_->fmspc, info.fmspc);
  same(C::kTcbPceId, pck_->pce_id, info.pce_id);
}

void SgxVerification::qe_identity() {
  const std::optional<Signer> by = signer(C::kQeChain, collateral_.qe_identity_chain);
  if (!by.has_value()) return;
  std::optional<SignedJson> json;
  if (!parsed(C::kQeEnvelope, SignedJson::parse(collateral_.qe_identity, "enclaveIdentity"), json,
              "a signed enclaveIdentity"))
    return;
  const bool good = verify_p256(by->key, json->signed_bytes(), json->signature());
  if (!mark(C::kQeSignature, good, "valid", yes_no(good, "valid", "invalid"))) return;
  if (!parsed(C::kQeLayout, parse_qe_identity(json->body()), qe_identity_, "QE identity")) return;
  const QeIdentity& qe = *qe_identity_;
  mark(C::kQeIdentityId, qe.id == "QE" && qe.version == 2, "QE, version 2",
       qe.id + ", version " + number(qe.version));
  in_force(C::kQeValidity, qe.issue_date, qe.next_update);
}

void SgxVerification::evaluation_number() {
  mark(C::kEvaluationNumber, tcb_info_->evaluation_number == qe_identity_->evaluation_number,
       "TCB info's " + number(tcb_info_->evaluation_number),
       "QE identity's " + number(qe_identity_->evaluation_number));
}

void SgxVerification::quoting_enclave() {
  const SgxQuote& q = *quote_;
  const bool report = verify_p256(leaf().public_point(), q.qe_report_raw, q.qe_report_signature);
  mark(C::kQeReportSignature, report, "valid", yes_no(report, "valid", "invalid"));
  // report_data = SHA-256(attestation key ‖ authentication data), then zeros.
  Sha256 hash;
  hash.update(q.attestation_key);
  hash.update(q.qe_auth);
  ByteArray<64> bound{};
  const Sha256Digest digest = hash.finish();
  std::copy(digest.begin(), digest.end(), bound.begin());
  same(C::kQeBinding, bound, q.qe_report.report_data);
  if (qe_identity_.has_value() && report) {
    const QeIdentity& qe = *qe_identity_;
    masked(C::kQeMiscSelect, Masked<4>{qe.misc_select, qe.misc_select_mask},
           q.qe_report.misc_select);
    masked(C::kQeAttributes, Masked<16>{qe.attributes, qe.attributes_mask}, q.qe_report.attributes);
    same(C::kQeMrSigner, qe.mr_signer, q.qe_report.mr_signer);
    mark(C::kQeProduct, qe.isv_prod_id == q.qe_report.isv_prod_id, number(qe.isv_prod_id),
         number(q.qe_report.isv_prod_id));
    const QeLevel* level = qe.level_of(q.qe_report.isv_svn);
    mark(C::kQeLevel, level != nullptr, "at least " + number(qe.levels.back().isv_svn),
         number(q.qe_report.isv_svn));
    if (level != nullptr) {
      qe_status_ = level->status;
      advisories_ = level->advisories;
    }
  }
  const bool signature = verify_p256(q.attestation_key, q.signed_part, q.signature);
  mark(C::kQuoteSignature, signature, "valid", yes_no(signature, "valid", "invalid"));
}

// Whether the enclave's report comes from a pinned root's platform: only then is it worth reading.
bool SgxVerification::genuine() const {
  return passed(C::kQeReportSignature) && passed(C::kQeBinding) && passed(C::kQuoteSignature);
}

void SgxVerification::platform() {
  if (!tcb_info_.has_value() || !passed(C::kTcbIdentity) || !passed(C::kTcbFmspc) ||
      !passed(C::kTcbPceId) || !passed(C::kQeLevel))
    return;
  const TcbLevel* level = tcb_info_->level_of(*pck_);
  if (!mark(C::kTcbLevel, level != nullptr,
            "one of " + number(tcb_info_->levels.size()) + " levels",
            "components " + to_hex(pck_->components) + ", PCESVN " + number(pck_->pce_svn)))
    return;
  advisories_.insert(advisories_.end(), level->advisories.begin(), level->advisories.end());
  std::sort(advisories_.begin(), advisories_.end());
  advisories_.erase(std::unique(advisories_.begin(), advisories_.end()), advisories_.end());
  status_ = converge(level->status, qe_status_);
  mark(C::kTcbStatus, status_ != TcbStatus::kRevoked, "not Revoked", text(name_of(status_)));
}

void SgxVerification::policy() {
  if (passed(C::kTcbLevel)) {
    std::vector<std::string_view> accepted;
    for (const TcbStatus s : policy_.tcb_statuses) accepted.push_back(name_of(s));
    const bool listed = std::find(policy_.tcb_statuses.begin(), policy_.tcb_statuses.end(),
                                  status_) != policy_.tcb_statuses.end();
    mark(C::kPolicyTcbStatus, listed, names("", accepted), text(name_of(status_)));
    const bool advisories = std::all_of(advisories_.begin(), advisories_.end(), [&](const auto& a) {
      return policy_.advisories.accepts(a);
    });
    mark(C::kPolicyAdvisories, advisories,
         policy_.advisories.any ? "any" : names("", policy_.advisories.values),
         names("", advisories_));
  }
  if (tcb_info_.has_value() && qe_identity_.has_value()) {
    const uint32_t found = std::min(tcb_info_->evaluation_number, qe_identity_->evaluation_number);
    mark(C::kPolicyEvaluationNumber, found >= policy_.min_tcb_evaluation_number,
         "at least " + number(policy_.min_tcb_evaluation_number), number(found));
  }
  const SgxReport& report = quote_->report;
  mark(C::kPolicyDebug, policy_.allow_debug || !report.debug(),
       policy_.allow_debug ? "debug or production" : "production",
       yes_no(report.debug(), "debug", "production"));
  if (!mark(C::kPolicyTee, policy_.sgx.has_value(), "sgx",
            policy_.sgx.has_value() ? "sgx" : "none"))
    return;
  constexpr std::string_view kUnrestricted = "any (the policy does not say)";
  const SgxPolicy& sgx = *policy_.sgx;
  std::vector<std::string> measurements;
  for (const auto& m : sgx.mr_enclave) measurements.push_back(to_hex(m));
  const bool accepted = std::find(sgx.mr_enclave.begin(), sgx.mr_enclave.end(),
                                  report.mr_enclave) != sgx.mr_enclave.end();
  mark(C::kPolicyMeasurement, accepted, names("", measurements), to_hex(report.mr_enclave));
  if (sgx.mr_signer.has_value())
    same(C::kPolicySigner, *sgx.mr_signer, report.mr_signer);
  else
    mark(C::kPolicySigner, true, text(kUnrestricted), to_hex(report.mr_signer));
  mark(C::kPolicyProduct, sgx.isv_prod_id.value_or(report.isv_prod_id) == report.isv_prod_id,
       sgx.isv_prod_id.has_value() ? number(*sgx.isv_prod_id) : text(kUnrestricted),
       number(report.isv_prod_id));
  mark(C::kPolicySvn, report.isv_svn >= sgx.min_isv_svn.value_or(0),
       sgx.min_isv_svn.has_value() ? "at least " + number(*sgx.min_isv_svn) : text(kUnrestricted),
       number(report.isv_svn));
  if (sgx.misc_select.has_value())
    masked(C::kPolicyMiscSelect, *sgx.misc_select, report.misc_select);
  else
    mark(C::kPolicyMiscSelect, true, text(kUnrestricted), to_hex(report.misc_select));
  if (sgx.attributes.has_value())
    masked(C::kPolicyAttributes, *sgx.attributes, report.attributes);
  else
    mark(C::kPolicyAttributes, true, text(kUnrestricted), to_hex(report.attributes));
}

void SgxVerification::claims() {
  ByteArray<64> bound{};
  const Sha256Digest digest = sha256(claims_);
  std::copy(digest.begin(), digest.end(), bound.begin());
  same(C::kClaims, bound, quote_->report.report_data);
}

std::optional<VerifiedEvidence::Facts> SgxVerification::facts() {
  if (!quote_.has_value() || !tcb_info_.has_value()) return {};
  const SgxReport& r = quote_->report;
  return VerifiedEvidence::Facts{
      .tee = Tee::kSgx,
      .sgx = {r.mr_enclave, r.mr_signer, r.isv_prod_id, r.isv_svn, r.misc_select, r.attributes,
              r.cpu_svn},
      .tcb_status = status_,
      .advisories = advisories_,
      .tcb_evaluation_number = tcb_info_->evaluation_number,
      .debug = r.debug(),
      .report_data = r.report_data,
      .verified_at = book_.now(),
      .valid_until = valid_until_,
      .fresh_until = std::min(valid_until_, book_.now() + policy_.max_evidence_age_s)};
}

}  // namespace

Verification verify_sgx(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                        const Policy& policy, const TrustRoots& roots, Time now) {
  return SgxVerification(evidence, claims, collateral, policy, roots, now).run();
}

}  // namespace blindai
