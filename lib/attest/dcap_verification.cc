#include "lib/attest/dcap_verification.h"

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// Source: Intel SGX DCAP Quoting Library API, appendix A: the vendor of Intel's quoting enclave.
constexpr ByteArray<16> kIntelVendor = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                        0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
constexpr uint16_t kEcdsaP256 = 2;
constexpr uint16_t kPemChain = 5;
constexpr uint16_t kCertifiedQe = 6;  // what versions 4 and 5 wrap the PEM chain in
constexpr std::string_view kQuote = "a DCAP quote";
// Source: Intel SGX PCK Certificate and CRL Profile.
constexpr std::string_view kLeafName = "Intel SGX PCK Certificate";
constexpr std::string_view kProcessorCa = "Intel SGX PCK Processor CA";
constexpr std::string_view kPlatformCa = "Intel SGX PCK Platform CA";

std::string body_name(const DcapHeader& h) {
  std::string out = "type " + number(h.body_type) + ", " + number(h.body_len) + " bytes";
  if (h.body_type == static_cast<uint16_t>(DcapBody::kTd15Extended))
    out += " (an extended TD report of TDX 1.5)";
  return out;
}

}  // namespace

Verification DcapVerification::run() && {
  if (quote() && pck()) {
    root_crl();
    pck_crl();
    tcb_info();
    qe_identity();
    if (tcb_info_ != nullptr && qe_identity_ != nullptr) evaluation_number();
    quoting_enclave();
    if (genuine()) {
      platform();
      policy();
      claims();
    }
  }
  return std::move(book_).finish(facts());
}

// The header first, for an unknown version's or body's layout is not known either. Without any of
// these the rest of the bytes would mean something else, so any failure ends it.
bool DcapVerification::quote() {
  const auto header = parse_dcap_header(evidence_.quote);
  if (!header.has_value()) {
    mark(C::kQuoteLayout, false, text(kQuote), text(header.error().name()));
    return false;
  }
  const DcapHeader& h = *header;
  const bool version = mark(C::kQuoteVersion, h.version <= 5 && h.version >= (is_tdx() ? 4 : 3),
                            is_tdx() ? "4 or 5" : "3, 4 or 5", number(h.version));
  const bool key =
      mark(C::kQuoteKeyType, h.key_type == kEcdsaP256, number(kEcdsaP256), number(h.key_type));
  const uint32_t type = is_tdx() ? kTeeTypeTdx : kTeeTypeSgx;
  const bool tee = mark(C::kQuoteTeeType, h.tee_type == type, number(type), number(h.tee_type));
  const bool vendor = same(C::kQuoteVendor, kIntelVendor, h.qe_vendor);
  if (!version || !tee ||
      !mark(C::kQuoteBody, has_known_body(h),
            is_tdx() ? "a TD report (type 2, 584 bytes, or 3, 648)" : "an SGX report (type 1, 384)",
            body_name(h)) ||
      !parsed(C::kQuoteLayout, parse_dcap_quote(evidence_.quote), quote_, kQuote))
    return false;
  const uint16_t outer = quote_->outer_certification_type.value_or(kCertifiedQe);
  const bool certification =
      mark(C::kQuoteCertification, outer == kCertifiedQe && quote_->certification_type == kPemChain,
           number(kPemChain),
           outer == kCertifiedQe ? number(quote_->certification_type) : number(outer) + " outside");
  return key && vendor && certification;
}

// Everything but the dates has to hold before anything the chain's keys signed is looked at.
bool DcapVerification::pck() {
  constexpr std::string_view kThree = "3 certificates";
  auto chain = recall_.chain(quote_->certification);
  if (!chain.has_value()) {
    mark(C::kPckChain, false, text(kThree), text(chain.error().name()));
    return false;
  }
  if (!mark(C::kPckChain, (*chain)->size() == 3, text(kThree),
            number((*chain)->size()) + " certificates"))
    return false;
  chain_ = *std::move(chain);
  const std::string& ca = intermediate().common_name();
  const bool roles = leaf().common_name() == kLeafName &&
                     (ca == kProcessorCa || ca == kPlatformCa) &&
                     root().common_name() == kSgxRootName && leaf().names_issuer(intermediate()) &&
                     intermediate().names_issuer(root()) && root().names_issuer(root());
  const bool named =
      mark(C::kPckNames, roles,
           text(kLeafName) + " / " + text(kProcessorCa) + " or Platform CA / " + text(kSgxRootName),
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
  const bool good = (roots_.know(root().der()) || recall_.signed_by(root(), root())) &&
                    recall_.signed_by(intermediate(), root()) &&
                    recall_.signed_by(leaf(), intermediate());
  const bool signatures = mark(C::kPckSignatures, good, "valid", yes_no(good, "valid", "invalid"));
  Time from = leaf().not_before();
  Time to = leaf().not_after();
  for (const Certificate& c : *chain_) {
    from = std::max(from, c.not_before());
    to = std::min(to, c.not_after());
  }
  in_force(C::kPckValidity, from, to);
  const bool extension = parsed(C::kPckExtension, parse_pck_extension(leaf().sgx_extension()), pck_,
                                "the SGX extension");
  return named && constrained && pinned && signatures && extension;
}

void DcapVerification::quoting_enclave() {
  const DcapQuote& q = *quote_;
  const bool report = recall_.p256(leaf().public_point(), q.qe_report_raw, q.qe_report_signature);
  mark(C::kQeReportSignature, report, "valid", yes_no(report, "valid", "invalid"));
  // report_data = SHA-256(attestation key ‖ authentication data), then zeros.
  Sha256 hash;
  hash.update(q.attestation_key);
  hash.update(q.qe_auth);
  same(C::kQeBinding, vouching_for(hash.finish()), q.qe_report.report_data);
  if (qe_identity_ != nullptr && report) {
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
      add_advisories(level->advisories);
    }
  }
  // Of each piece of evidence another one, so not remembered.
  const bool signature = verify_p256(q.attestation_key, q.signed_part, q.signature);
  mark(C::kQuoteSignature, signature, "valid", yes_no(signature, "valid", "invalid"));
}

// Whether the report comes from a pinned root's platform: only then is it worth reading.
bool DcapVerification::genuine() const {
  return passed(C::kQeReportSignature) && passed(C::kQeBinding) && passed(C::kQuoteSignature);
}

bool DcapVerification::debug() const {
  return is_tdx() ? quote_->td()->debug() : quote_->sgx()->debug();
}

const ByteArray<64>& DcapVerification::report_data() const {
  return is_tdx() ? quote_->td()->report_data : quote_->sgx()->report_data;
}

void DcapVerification::claims() {
  same(C::kClaims, vouching_for(sha256(claims_)), report_data());
}

std::optional<VerifiedEvidence::Facts> DcapVerification::facts() {
  if (!quote_.has_value() || tcb_info_ == nullptr) return {};
  VerifiedEvidence::Facts out{
      .identity = {},
      .tcb_status = status_.value_or(TcbStatus::kRevoked),
      .advisories = advisories_,
      .tcb_evaluation_number = tcb_info_->evaluation_number,
      .debug = debug(),
      .report_data = report_data(),
      .verified_at = book_.now(),
      .valid_until = valid_until_,
      .fresh_until = std::min(valid_until_, book_.now() + policy_.max_evidence_age_s)};
  if (const SgxReport* r = quote_->sgx(); r != nullptr)
    out.identity = SgxIdentity{r->mr_enclave,  r->mr_signer,  r->isv_prod_id, r->isv_svn,
                               r->misc_select, r->attributes, r->cpu_svn};
  if (const TdReport* td = quote_->td(); td != nullptr)
    out.identity = TdxIdentity{.mr_td = td->mr_td,
                               .rtmr = td->rtmr,
                               .mr_config_id = td->mr_config_id,
                               .mr_owner = td->mr_owner,
                               .mr_owner_config = td->mr_owner_config,
                               .mr_seam = td->mr_seam,
                               .mr_service_td = td->mr_service_td,
                               .td_attributes = td->td_attributes,
                               .xfam = td->xfam,
                               .tee_tcb_svn = td->tee_tcb_svn};
  return out;
}

Verification verify_dcap(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                         const Policy& policy, const TrustRoots& roots, Time now, Recall& recall) {
  return DcapVerification(evidence, claims, collateral, policy, roots, now, recall).run();
}

}  // namespace blindai
