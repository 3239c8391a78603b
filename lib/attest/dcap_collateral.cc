#include "lib/attest/dcap_verification.h"

namespace blindai {
namespace {

// Source: Intel PCS API v4, "TCB Signing certificate".
constexpr std::string_view kTcbSigner = "Intel SGX TCB Signing";

}  // namespace

void DcapVerification::root_crl() {
  if (!parsed(C::kRootCrlLayout, recall_.crl(collateral_.root_ca_crl), root_crl_, "a CRL")) return;
  if (!mark(C::kRootCrlIssuer, root_crl_->names_issuer(root()), root().common_name(),
            root_crl_->issuer_name()))
    return;
  const bool good = recall_.signed_by(*root_crl_, root());
  mark(C::kRootCrlSignature, good, "valid", yes_no(good, "valid", "invalid"));
  in_force(C::kRootCrlValidity, root_crl_->this_update(), root_crl_->next_update());
  const bool listed = root_crl_->lists(intermediate());
  mark(C::kPckCaNotRevoked, !listed, "not listed", yes_no(listed, "listed", "not listed"));
}

// The CRL has to be signed by the very CA in the quote's chain; a chain sent along with the CRL
// could add nothing to that, so collateral_.pck_crl_chain is not read.
void DcapVerification::pck_crl() {
  if (!parsed(C::kPckCrlLayout, recall_.crl(collateral_.pck_crl), pck_crl_, "a CRL")) return;
  if (!mark(C::kPckCrlIssuer, pck_crl_->names_issuer(intermediate()), intermediate().common_name(),
            pck_crl_->issuer_name()))
    return;
  const bool good = recall_.signed_by(*pck_crl_, intermediate());
  mark(C::kPckCrlSignature, good, "valid", yes_no(good, "valid", "invalid"));
  in_force(C::kPckCrlValidity, pck_crl_->this_update(), pck_crl_->next_update());
  const bool listed = pck_crl_->lists(leaf());
  mark(C::kPckNotRevoked, !listed, "not listed", yes_no(listed, "listed", "not listed"));
}

SignerChain DcapVerification::judge_chain(BytesView pem) {
  SignerChain out;
  const auto certificates = recall_.chain(pem);
  if (!certificates.has_value()) {
    out.problem = text(certificates.error().name());
    return out;
  }
  if ((*certificates)->size() != 2) {
    out.problem = number((*certificates)->size()) + " certificates";
    return out;
  }
  const Certificate& signer = (**certificates)[0];
  const Certificate& top = (**certificates)[1];
  // The PCK chain's root is pinned and holds. Intel has issued more than one certificate for its
  // root key, so another one is accepted if it holds by itself.
  const bool anchored =
      top.same_as(root()) ||
      (top.spki_hash() == root().spki_hash() && top.common_name() == kSgxRootName && top.is_ca() &&
       top.names_issuer(top) && recall_.signed_by(top, root()));
  if (!anchored || !signer.names_issuer(top) || !recall_.signed_by(signer, root())) {
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

// Marks the three checks that begin at `envelope` (envelope, signature, layout). The body is not
// read before the signature over it holds.
template <typename T>
std::shared_ptr<const SignedDocument<T>> DcapVerification::document(
    C envelope, BytesView text, const char* member, const ByteArray<64>& by,
    std::string_view expected, Result<T> (*read)(const JsonValue&)) {
  const auto check = [envelope](uint8_t n) {
    return static_cast<C>(static_cast<uint8_t>(envelope) + n);
  };
  const auto holds = [&](BytesView signed_bytes, const ByteArray<64>& signature) {
    const bool good = recall_.p256(by, signed_bytes, signature);
    return mark(check(1), good, "valid", yes_no(good, "valid", "invalid"));
  };
  const std::string what = std::string("a signed ") + member;
  if (auto known = recall_.document<T>(text); known != nullptr) {
    mark(envelope, true, what, what);
    if (!holds(known->signed_bytes(text), known->signature)) return nullptr;
    mark(check(2), true, std::string(expected), std::string(expected));
    return known;
  }
  std::optional<SignedJson> json;
  if (!parsed(envelope, SignedJson::parse(text, member), json, what) ||
      !holds(json->signed_bytes(), json->signature()))
    return nullptr;
  std::optional<T> body;
  if (!parsed(check(2), read(json->body()), body, expected)) return nullptr;
  auto out = std::make_shared<const SignedDocument<T>>(SignedDocument<T>{
      json->body().offset(), json->signed_bytes().size(), json->signature(), *std::move(body)});
  recall_.note<T>(text, out);
  return out;
}

void DcapVerification::tcb_info() {
  const ByteArray<64>* by = signer(C::kTcbChain, collateral_.tcb_info_chain);
  if (by == nullptr) return;
  const auto read = document<TcbInfo>(C::kTcbEnvelope, collateral_.tcb_info, "tcbInfo", *by,
                                      "TCB info", parse_tcb_info);
  if (read == nullptr) return;
  tcb_info_ = {read, &read->body};
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
  const auto read = document<QeIdentity>(C::kQeEnvelope, collateral_.qe_identity, "enclaveIdentity",
                                         *by, "QE identity", parse_qe_identity);
  if (read == nullptr) return;
  qe_identity_ = {read, &read->body};
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
