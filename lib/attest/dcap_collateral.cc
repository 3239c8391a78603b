#include "lib/attest/dcap_verification.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// Source: Intel PCS API v4, "TCB Signing certificate".
constexpr std::string_view kTcbSigner = "Intel SGX TCB Signing";

}  // namespace

void DcapVerification::root_crl() {
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
void DcapVerification::pck_crl() {
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

SignerChain DcapVerification::judge_chain(BytesView pem) const {
  SignerChain out;
  const auto certificates = parse_pem_chain(pem);
  if (!certificates.has_value()) {
    out.problem = text(certificates.error().name());
    return out;
  }
  if (certificates->size() != 2) {
    out.problem = number(certificates->size()) + " certificates";
    return out;
  }
  const Certificate& signer = (*certificates)[0];
  const Certificate& top = (*certificates)[1];
  // The PCK chain's root is pinned and holds. Intel has issued more than one certificate for its
  // root key, so another one is accepted if it holds by itself.
  const bool anchored = top.same_as(root()) || (top.spki_hash() == root().spki_hash() &&
                                                top.common_name() == kSgxRootName && top.is_ca() &&
                                                top.names_issuer(top) && top.signed_by(root()));
  if (!anchored || !signer.names_issuer(top) || !signer.signed_by(root())) {
    out.problem = "another chain";
    return out;
  }
  out.common_name = signer.common_name();
  out.role = out.common_name == kTcbSigner && !signer.is_ca() && signer.may_sign_data();
  out.from = std::max(signer.not_before(), top.not_before());
  out.to = std::min(signer.not_after(), top.not_after());
  if (passed(C::kRootCrlSignature)) out.revoked = root_crl_->lists(signer);
  out.key = signer.public_point();
  return out;
}

// Marks the four checks that begin at `chain` (chain, signer, signer-validity, signer-not-revoked).
// The key is given when the chain holds, so that a document is never parsed on the word of anybody
// else.
const ByteArray<64>* DcapVerification::signer(C chain, BytesView pem) {
  const auto check = [chain](uint8_t n) { return static_cast<C>(static_cast<uint8_t>(chain) + n); };
  // Both documents usually come with the same chain: judged once, by its exact bytes.
  if (!signer_.has_value() || !equal(signer_pem_, pem)) {
    signer_ = judge_chain(pem);
    signer_pem_ = pem;
  }
  const SignerChain& judged = *signer_;
  constexpr std::string_view kExpected = "a signer under the PCK chain's root";
  if (!mark(chain, judged.problem.empty(), text(kExpected),
            judged.problem.empty() ? text(kExpected) : judged.problem))
    return nullptr;
  const bool role = mark(check(1), judged.role, text(kTcbSigner), judged.common_name);
  in_force(check(2), judged.from, judged.to);
  if (judged.revoked.has_value())
    mark(check(3), !*judged.revoked, "not listed", yes_no(*judged.revoked, "listed", "not listed"));
  return role ? &judged.key : nullptr;
}

void DcapVerification::tcb_info() {
  const ByteArray<64>* by = signer(C::kTcbChain, collateral_.tcb_info_chain);
  if (by == nullptr) return;
  std::optional<SignedJson> json;
  if (!parsed(C::kTcbEnvelope, SignedJson::parse(collateral_.tcb_info, "tcbInfo"), json,
              "a signed tcbInfo"))
    return;
  const bool good = verify_p256(*by, json->signed_bytes(), json->signature());
  if (!mark(C::kTcbSignature, good, "valid", yes_no(good, "valid", "invalid"))) return;
  if (!parsed(C::kTcbLayout, parse_tcb_info(json->body()), tcb_info_, "TCB info")) return;
  const TcbInfo& info = *tcb_info_;
  const bool version =
      is_tdx() ? info.version == 3 && info.id == "TDX"
               : (info.version == 2 && info.id.empty()) || (info.version == 3 && info.id == "SGX");
  mark(C::kTcbIdentity, version && info.tcb_type == 0,
       is_tdx() ? "TDX, version 3, type 0" : "SGX, version 2 or 3, type 0",
       (info.id.empty() ? "no id" : info.id) + ", version " + number(info.version) + ", type " +
           number(info.tcb_type));
  in_force(C::kTcbValidity, info.issue_date, info.next_update);
  same(C::kTcbFmspc, pck_->fmspc, info.fmspc);
  same(C::kTcbPceId, pck_->pce_id, info.pce_id);
}

void DcapVerification::qe_identity() {
  const ByteArray<64>* by = signer(C::kQeChain, collateral_.qe_identity_chain);
  if (by == nullptr) return;
  std::optional<SignedJson> json;
  if (!parsed(C::kQeEnvelope, SignedJson::parse(collateral_.qe_identity, "enclaveIdentity"), json,
              "a signed enclaveIdentity"))
    return;
  const bool good = verify_p256(*by, json->signed_bytes(), json->signature());
  if (!mark(C::kQeSignature, good, "valid", yes_no(good, "valid", "invalid"))) return;
  if (!parsed(C::kQeLayout, parse_qe_identity(json->body()), qe_identity_, "QE identity")) return;
  const QeIdentity& qe = *qe_identity_;
  const std::string id = is_tdx() ? "TD_QE" : "QE";
  mark(C::kQeIdentityId, qe.id == id && qe.version == 2, id + ", version 2",
       qe.id + ", version " + number(qe.version));
  in_force(C::kQeValidity, qe.issue_date, qe.next_update);
}

void DcapVerification::evaluation_number() {
  mark(C::kEvaluationNumber, tcb_info_->evaluation_number == qe_identity_->evaluation_number,
       "TCB info's " + number(tcb_info_->evaluation_number),
       "QE identity's " + number(qe_identity_->evaluation_number));
}

}  // namespace blindai
