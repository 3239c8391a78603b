#include "net/collateral/document.h"

#include <algorithm>

#include "lib/attest/x509.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

constexpr Id kContent{
    "collateral.content",
    "What the service answered is not the document that was asked for; check that "
    "the address is that of a PCS, PCCS or KDS."};
constexpr Id kIssuerChain{"collateral.issuer-chain",
                          "The service's answer lacks its issuer chain, or has one that cannot be "
                          "read; check that the address is that of a PCS or PCCS of version 4."};
// Intel's chains are signer and root.
constexpr size_t kIssuerChainLen = 2;

std::string_view member_of(DocumentForm form) {
  return form == DocumentForm::kTcbInfo ? "tcbInfo" : "enclaveIdentity";
}

Result<JsonDocument> parse_json(BytesView document) {
  auto json = JsonDocument::parse(as_text(document));
  if (!json.has_value()) return fail(Code::kMalformed, kContent, json.error().at);
  return json;
}

Result<Time> json_expiry(DocumentForm form, BytesView document) {
  ASSIGN_OR_RETURN(const JsonDocument json, parse_json(document));
  const auto text = json.root()[member_of(form)]["nextUpdate"].plain_string();
  if (!text.has_value() || !json.root()["signature"].is_string())
    return fail(Code::kMalformed, kContent);
  const auto time = parse_rfc3339(*text);
  if (!time.has_value()) return fail(Code::kMalformed, kContent);
  return *time;
}

Result<Time> crl_expiry(BytesView der, X509Profile issuer) {
  const auto crl = Crl::from_der(der, issuer);
  if (!crl.has_value()) return fail(Code::kMalformed, kContent);
  return crl->next_update();
}

Result<Time> chain_expiry(BytesView pem, X509Profile profile) {
  const auto chain = parse_pem_chain(pem, profile);
  if (!chain.has_value() || chain->size() != kIssuerChainLen)
    return fail(Code::kMalformed, kContent);
  return std::min((*chain)[0].not_after(), (*chain)[1].not_after());
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Bytes signed_bytes(DocumentForm form, BytesView answer) {
  if (form == DocumentForm::kIntelCrl) {
    // DER begins with 0x30, the digit 0; its next byte, a length, is no digit for any real list.
    if (auto der = from_hex(as_text(answer)); der.has_value() && !der->empty()) return *der;
  }
  return to_bytes(answer);
}

Result<Time> expiry_of(DocumentForm form, BytesView document) {
  switch (form) {
    case DocumentForm::kTcbInfo:
    case DocumentForm::kQeIdentity:
      return json_expiry(form, document);
    case DocumentForm::kIntelCrl:
      return crl_expiry(document, X509Profile::kIntel);
    case DocumentForm::kAmdCrl:
      return crl_expiry(document, X509Profile::kAmdCa);
    case DocumentForm::kAmdChain:
      return chain_expiry(document, X509Profile::kAmdCa);
    case DocumentForm::kAmdVek:
      break;
  }
  const auto vek = Certificate::from_der(document, X509Profile::kAmdVek);
  if (!vek.has_value()) return fail(Code::kMalformed, kContent);
  return vek->not_after();
}

Result<uint64_t> evaluation_number_of(DocumentForm form, BytesView document) {
  ASSIGN_OR_RETURN(const JsonDocument json, parse_json(document));
  const auto number = json.root()[member_of(form)]["tcbEvaluationDataNumber"].u64();
  if (!number.has_value()) return fail(Code::kMalformed, kContent);
  return *number;
}

Result<Bytes> issuer_chain_of(std::string_view field) {
  Bytes out;
  out.reserve(field.size());
  for (size_t at = 0; at < field.size(); ++at) {
    if (field[at] != '%') {
      out.push_back(static_cast<uint8_t>(field[at]));
      continue;
    }
    const int high = at + 2 < field.size() ? hex_digit(field[at + 1]) : -1;
    const int low = at + 2 < field.size() ? hex_digit(field[at + 2]) : -1;
    if (high < 0 || low < 0) return fail(Code::kMalformed, kIssuerChain, at);
    out.push_back(static_cast<uint8_t>(high * 16 + low));
    at += 2;
  }
  const auto chain = parse_pem_chain(out, X509Profile::kIntel);
  if (!chain.has_value() || chain->size() != kIssuerChainLen)
    return fail(Code::kMalformed, kIssuerChain);
  return out;
}

}  // namespace blindai
