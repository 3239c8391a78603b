#include "lib/channel/certificate.h"

#include "lib/channel/certificate_x509.h"
#include "lib/channel/claims.h"
#include "lib/channel/cmw.h"
#include "lib/channel/tagged_evidence.h"
#include "lib/crypto/x509_writer.h"

namespace blindai {
namespace {

bool is_understood(std::string_view oid) {
  return oid == "2.5.29.15" || oid == "2.5.29.19" || oid == kTaggedEvidenceOid || oid == kCmwOid;
}

bool is_evidence(std::string_view oid) {
  return oid == kTaggedEvidenceOid || oid == kCmwOid || oid == kGramineOid || oid == kSgxSdkOid;
}

// The one evidence extension.
Result<const TlsCertificate::Extension*> evidence_extension(const TlsCertificate& certificate) {
  const TlsCertificate::Extension* found = nullptr;
  for (const TlsCertificate::Extension& extension : certificate.extensions()) {
    if (extension.critical && !is_understood(extension.oid))
      return fail(Code::kUntrusted, "channel.certificate.critical");
    if (!is_evidence(extension.oid)) continue;
    if (found != nullptr) return fail(Code::kUntrusted, "channel.certificate.evidence-twice");
    found = &extension;
  }
  if (found == nullptr) return fail(Code::kUntrusted, "channel.certificate.no-evidence");
  return found;
}

Result<CarriedEvidence> read_evidence(const TlsCertificate::Extension& extension) {
  if (extension.oid == kTaggedEvidenceOid) return read_tagged_evidence(extension.value);
  if (extension.oid == kCmwOid) return decode_cmw(extension.value);
  return fail(Code::kUntrusted, "channel.certificate.evidence-kind");
}

X509Extension write_evidence(const Evidence& evidence, BytesView claims) {
  if (has_cmw_type(evidence.tee)) return {kCmwOid, false, encode_cmw(evidence, claims)};
  return {kTaggedEvidenceOid, false, encode_tagged_evidence(evidence.quote, claims)};
}

}  // namespace

Result<Bytes> make_certificate(const SigningKey& key, const Evidence& evidence, BytesView claims,
                               Time not_before, Time not_after) {
  if (evidence.quote.size() > kMaxEvidence || claims.size() > kMaxClaims)
    return fail(Code::kTooLarge, "channel.certificate.size");
  const X509Name name = {.common_name = "blindai"};
  return write_certificate(
      {.serial = random_serial(),
       .issuer = name,
       .subject = name,
       .not_before = not_before,
       .not_after = not_after,
       .extensions = {basic_constraints(false, {}), key_usage(kDigitalSignature),
                      write_evidence(evidence, claims)}},
      key, key);
}

Result<AttestedCertificate> read_certificate(BytesView der) {
  ASSIGN_OR_RETURN(const TlsCertificate certificate, TlsCertificate::parse(der));
  ASSIGN_OR_RETURN(const TlsCertificate::Extension* const extension,
                   evidence_extension(certificate));
  ASSIGN_OR_RETURN(CarriedEvidence content, read_evidence(*extension));
  if (content.evidence.quote.size() > kMaxEvidence || content.claims.size() > kMaxClaims)
    return fail(Code::kTooLarge, "channel.certificate.size");
  RETURN_IF_ERROR(certificate.check_key(TlsCertificate::Keys::kP256));
  RETURN_IF_ERROR(certificate.check_self_signed());
  return AttestedCertificate{certificate.spki(), std::move(content.evidence),
                             std::move(content.claims)};
}

}  // namespace blindai
