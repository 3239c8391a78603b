#include "lib/channel/legacy_certificate.h"

#include <algorithm>

#include "lib/attest/nitro_document.h"
#include "lib/base/cbor.h"
#include "lib/channel/certificate.h"
#include "lib/channel/certificate_x509.h"
#include "lib/channel/claims.h"
#include "lib/channel/compared.h"
#include "lib/channel/tagged_evidence.h"

namespace blindai {
namespace {

constexpr Id kBound{"legacy.bound",
                    "The evidence vouches for something else than the certificate says. Do not "
                    "send data; something may be showing another server's evidence."};
constexpr Id kCertifiedKey{
    "legacy.key",
    "The evidence vouches for another key than the certificate's. Do not send data; "
    "something may be showing another server's evidence."};
constexpr Id kTlsKey{"legacy.tls-key",
                     "The evidence belongs to another TLS key: something between you and the "
                     "server may be intercepting the connection. Do not send data; try another "
                     "network."};
constexpr Id kDocumentKey{"legacy.document-key",
                          "The document was made for another key than the certificate's. Do not "
                          "send data; something may be showing another server's evidence."};

// What the common form beside the SGX SDK's binds, when both have the same quote.
Result<Bytes> bound_beside(const TlsCertificate& certificate, const Bytes& quote) {
  for (const TlsCertificate::Extension& extension : certificate.extensions()) {
    if (extension.oid != kTaggedEvidenceOid) continue;
    ASSIGN_OR_RETURN(CarriedEvidence beside, read_tagged_evidence(extension.value));
    if (beside.claims.size() > kMaxClaims) return fail(Code::kTooLarge, "channel.certificate.size");
    if (beside.evidence.quote == quote) return std::move(beside.claims);
  }
  return certificate.spki();
}

// A map of CCC's "Interoperable RA-TLS" whose "pubkey-hash" is SHA-256 of the key; other entries
// may be there.
bool has_hash_of(BytesView bound, BytesView spki) {
  const Result<Cbor> map = Cbor::parse(bound, {.depth = 4, .items = 64});
  const Cbor* entry = map.has_value() ? map->find("pubkey-hash") : nullptr;
  if (entry == nullptr || entry->as_bytes() == nullptr) return false;
  return *entry->as_bytes() == encode_key_hash(sha256(spki));
}

// The digits in front of the first dot, when they are a document: a label of a real host name has
// at most 63.
Result<Bytes> document_in(std::string_view dns_name) {
  constexpr size_t kMaxLabel = 63;
  const std::string_view label = dns_name.substr(0, dns_name.find('.'));
  if (label.size() <= kMaxLabel) return Bytes();
  Result<Bytes> document = from_hex(label);
  if (!document.has_value() || document->size() > kMaxEvidence)
    return fail(Code::kMalformed, "channel.legacy.name");
  return document;
}

}  // namespace

std::string_view name_of(LegacyForm form) {
  switch (form) {
    case LegacyForm::kGramine:
      return "gramine";
    case LegacyForm::kSgxSdk:
      return "sgx-sdk";
    case LegacyForm::kNitroName:
      return "nitro-name";
  }
  return "unknown";
}

Result<LegacyCertificate> read_legacy_certificate(BytesView der) {
  ASSIGN_OR_RETURN(const TlsCertificate certificate, TlsCertificate::parse(der));
  LegacyCertificate out{
      LegacyForm::kGramine, certificate.spki(), {Tee::kSgx, {}}, certificate.spki()};
  size_t num_evidence = 0;
  for (const TlsCertificate::Extension& extension : certificate.extensions()) {
    const bool gramine = extension.oid == kGramineOid;
    if (!gramine && extension.oid != kSgxSdkOid) continue;
    ++num_evidence;
    out.form = gramine ? LegacyForm::kGramine : LegacyForm::kSgxSdk;
    out.evidence.quote = to_bytes(extension.value);
  }
  for (const std::string& name : certificate.dns_names()) {
    ASSIGN_OR_RETURN(Bytes document, document_in(name));
    if (document.empty()) continue;
    ++num_evidence;
    out.form = LegacyForm::kNitroName;
    out.evidence = {Tee::kNitro, std::move(document)};
  }
  if (num_evidence == 0) return fail(Code::kUntrusted, "channel.legacy.no-evidence");
  if (num_evidence > 1) return fail(Code::kUntrusted, "channel.legacy.evidence-twice");
  if (out.form == LegacyForm::kNitroName) return out;

  if (out.evidence.quote.size() > kMaxEvidence)
    return fail(Code::kTooLarge, "channel.certificate.size");
  ASSIGN_OR_RETURN(out.evidence.tee, tee_of_quote(out.evidence.quote));
  RETURN_IF_ERROR(certificate.check_key(TlsCertificate::Keys::kP256OrP384));
  RETURN_IF_ERROR(certificate.check_self_signed());
  if (out.form == LegacyForm::kSgxSdk) {
    ASSIGN_OR_RETURN(out.bound, bound_beside(certificate, out.evidence.quote));
  }
  return out;
}

bool LegacyBinding::ok() const {
  return !checks.empty() &&
         std::ranges::all_of(checks, [](const Check& c) { return c.state == CheckState::kPassed; });
}

const Check* LegacyBinding::find(std::string_view name) const {
  for (const Check& c : checks)
    if (c.name() == name) return &c;
  return nullptr;
}

LegacyBinding bind_legacy(const VerifiedEvidence& evidence, const LegacyCertificate& certificate,
                          BytesView tls_spki) {
  Check key = compare(kCertifiedKey, certificate.spki, certificate.bound);
  if (has_hash_of(certificate.bound, certificate.spki)) key.state = CheckState::kPassed;
  return {{compare(kBound, report_data_of(certificate.bound), evidence.report_data()),
           std::move(key), compare(kTlsKey, certificate.spki, tls_spki)}};
}

Check check_document_key(BytesView nitro_document, BytesView spki) {
  const auto message = parse_cose_sign1(nitro_document);
  if (message.has_value()) {
    const auto document = parse_nitro_payload(message->payload);
    if (document.has_value() && document->user_data.has_value())
      return compare(kDocumentKey, spki, *document->user_data);
  }
  return {kDocumentKey, Code::kUntrusted, CheckState::kFailed, to_hex(spki), "absent"};
}

}  // namespace blindai
