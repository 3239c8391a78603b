#include "lib/channel/certificate.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <openssl/asn1.h>
#include <openssl/x509.h>

#include "lib/base/byte_reader.h"
#include "lib/base/cbor.h"
#include "lib/channel/claims.h"
#include "lib/crypto/x509_writer.h"

namespace blindai {
namespace {

constexpr char kTaggedEvidenceOid[] = "2.23.133.5.4.9";
constexpr char kCmwOid[] = "1.3.6.1.5.5.7.1.35";
constexpr uint64_t kTaggedEvidence = 60000;  // CBOR tag, CCC Interoperable RA-TLS

// Intel DCAP quote header: version u16 at 0, tee_type u32 at 4 (reserved zero in version 3).
Result<Tee> tee_of_quote(BytesView quote) {
  ByteReader r(quote);
  uint16_t version = 0, key_type = 0;
  uint32_t tee_type = 0;
  if (!r.u16le(version) || !r.u16le(key_type) || !r.u32le(tee_type))
    return fail(Code::kMalformed, "channel.certificate.evidence-layout", r.at());
  if ((version == 3 || version == 4 || version == 5) && tee_type == 0) return Tee::kSgx;
  if ((version == 4 || version == 5) && tee_type == 0x81) return Tee::kTdx;
  return fail(Code::kUntrusted, "channel.certificate.evidence-kind");
}

// What OpenSSL found wrong stays in a queue of the thread, where the next TLS call would take it
// for its own.
struct ErrorQueue {
  ErrorQueue() { ERR_set_mark(); }
  ~ErrorQueue() { ERR_pop_to_mark(); }
  ErrorQueue(const ErrorQueue&) = delete;
  ErrorQueue& operator=(const ErrorQueue&) = delete;
};

struct Deleter {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(unsigned char* p) const { OPENSSL_free(p); }
};
using X509Ptr = std::unique_ptr<X509, Deleter>;
using DerPtr = std::unique_ptr<unsigned char, Deleter>;

// The certificate, if `der` is the one encoding OpenSSL itself would write of it.
X509Ptr parse_exactly(BytesView der) {
  const unsigned char* at = der.data();
  X509Ptr out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (out == nullptr || at != der.data() + der.size()) return nullptr;
  unsigned char* raw = nullptr;
  const int length = i2d_X509(out.get(), &raw);
  const DerPtr again(raw);
  if (length <= 0 || !equal(BytesView(raw, static_cast<size_t>(length)), der)) return nullptr;
  return out;
}

bool has_oid(const X509_EXTENSION* extension, const char* dotted) {
  char text[64];
  const ASN1_OBJECT* object = X509_EXTENSION_get_object(const_cast<X509_EXTENSION*>(extension));
  return OBJ_obj2txt(text, sizeof text, object, 1) > 0 && std::string_view(text) == dotted;
}

bool is_understood(const X509_EXTENSION* extension) {
  for (const char* oid : {"2.5.29.15", "2.5.29.19", kTaggedEvidenceOid})
    if (has_oid(extension, oid)) return true;
  return false;
}

// The content of the one evidence extension.
Result<Bytes> evidence_extension(const X509* certificate) {
  const X509_EXTENSION* found = nullptr;
  size_t num_evidence = 0;
  for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
    const X509_EXTENSION* extension = X509_get_ext(certificate, i);
    if (X509_EXTENSION_get_critical(extension) != 0 && !is_understood(extension))
      return fail(Code::kUntrusted, "channel.certificate.critical");
    if (has_oid(extension, kTaggedEvidenceOid)) {
      found = extension;
      ++num_evidence;
    } else if (has_oid(extension, kCmwOid)) {
      ++num_evidence;
    }
  }
  if (num_evidence == 0) return fail(Code::kUntrusted, "channel.certificate.no-evidence");
  if (num_evidence > 1) return fail(Code::kUntrusted, "channel.certificate.evidence-twice");
  if (found == nullptr) return fail(Code::kUntrusted, "channel.certificate.evidence-kind");
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(const_cast<X509_EXTENSION*>(found));
  const unsigned char* raw = ASN1_STRING_get0_data(value);
  return Bytes(raw, raw + ASN1_STRING_length(value));
}

// True for a P-256 key that signed its own certificate.
Status check_key(X509* certificate) {
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  char group[16];
  size_t group_len = 0;
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
      EVP_PKEY_get_group_name(key, group, sizeof group, &group_len) != 1 ||
      std::string_view(group, group_len) != "prime256v1")
    return fail(Code::kUntrusted, "channel.certificate.key");
  if (X509_get_signature_nid(certificate) != NID_ecdsa_with_SHA256 ||
      X509_verify(certificate, key) != 1)
    return fail(Code::kUntrusted, "channel.certificate.signature");
  return {};
}

}  // namespace

Result<Bytes> make_certificate(const SigningKey& key, const Evidence& evidence, BytesView claims,
                               Time not_before, Time not_after) {
  if (evidence.tee != Tee::kSgx && evidence.tee != Tee::kTdx)
    return fail(Code::kInvalid, "channel.certificate.tee");
  if (evidence.quote.size() > kMaxEvidence || claims.size() > kMaxClaims)
    return fail(Code::kTooLarge, "channel.certificate.size");
  const Cbor tagged = Cbor::tagged(kTaggedEvidence,
                                   Cbor::array({Cbor::bytes(evidence.quote), Cbor::bytes(claims)}));
  const X509Name name = {.common_name = "blindai"};
  return write_certificate({.serial = random_serial(),
                            .issuer = name,
                            .subject = name,
                            .not_before = not_before,
                            .not_after = not_after,
                            .extensions = {basic_constraints(false, {}),
                                           key_usage(kDigitalSignature),
                                           {kTaggedEvidenceOid, false, tagged.encode()}}},
                           key, key);
}

Result<AttestedCertificate> read_certificate(BytesView der) {
  if (der.size() > kMaxCertificate) return fail(Code::kTooLarge, "channel.certificate.size");
  const ErrorQueue errors;
  const X509Ptr certificate = parse_exactly(der);
  if (certificate == nullptr || X509_get_version(certificate.get()) != X509_VERSION_3)
    return fail(Code::kMalformed, "channel.certificate.der");
  ASSIGN_OR_RETURN(const Bytes extension, evidence_extension(certificate.get()));

  ASSIGN_OR_RETURN(const Cbor item, Cbor::parse(extension, {.depth = 2, .items = 4}));
  const Cbor* content = item.as_tagged(kTaggedEvidence);
  const std::vector<Cbor>* parts = content == nullptr ? nullptr : content->as_array();
  if (parts == nullptr || parts->size() != 2 || (*parts)[0].as_bytes() == nullptr ||
      (*parts)[1].as_bytes() == nullptr)
    return fail(Code::kMalformed, "channel.certificate.evidence-layout");
  AttestedCertificate out;
  out.evidence.quote = *(*parts)[0].as_bytes();
  out.claims = *(*parts)[1].as_bytes();
  if (out.evidence.quote.size() > kMaxEvidence || out.claims.size() > kMaxClaims)
    return fail(Code::kTooLarge, "channel.certificate.size");
  ASSIGN_OR_RETURN(out.evidence.tee, tee_of_quote(out.evidence.quote));

  RETURN_IF_ERROR(check_key(certificate.get()));
  unsigned char* raw = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &raw);
  const DerPtr spki(raw);
  if (length <= 0) return fail(Code::kMalformed, "channel.certificate.der");
  out.spki.assign(raw, raw + length);
  return out;
}

}  // namespace blindai
