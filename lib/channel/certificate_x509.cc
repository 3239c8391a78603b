#include "lib/channel/certificate_x509.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <string_view>

#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "lib/channel/certificate.h"

namespace blindai {
namespace {

// What OpenSSL found wrong stays in a queue of the thread, where the next TLS call would take it
// for its own.
struct ErrorQueue {
  ErrorQueue() { ERR_set_mark(); }
  ~ErrorQueue() { ERR_pop_to_mark(); }
  ErrorQueue(const ErrorQueue&) = delete;
  ErrorQueue& operator=(const ErrorQueue&) = delete;
};

struct OpensslFree {
  void operator()(unsigned char* p) const { OPENSSL_free(p); }
};
using DerPtr = std::unique_ptr<unsigned char, OpensslFree>;

BytesView view(const ASN1_STRING* s) {
  return {ASN1_STRING_get0_data(s), static_cast<size_t>(ASN1_STRING_length(s))};
}

std::string dotted(const ASN1_OBJECT* object) {
  char text[80];
  const int length = OBJ_obj2txt(text, sizeof text, object, 1);
  // A longer one is none that is looked for.
  return length > 0 && length < static_cast<int>(sizeof text) ? text : "";
}

}  // namespace

void X509Deleter::operator()(x509_st* certificate) const {
  X509_free(certificate);
}

Result<TlsCertificate> TlsCertificate::parse(BytesView der) {
  if (der.size() > kMaxCertificate) return fail(Code::kTooLarge, "channel.certificate.size");
  const ErrorQueue errors;
  const auto malformed = fail(Code::kMalformed, "channel.certificate.der");
  const unsigned char* at = der.data();
  TlsCertificate out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  X509* x = out.certificate_.get();
  if (x == nullptr || at != der.data() + der.size()) return malformed;
  unsigned char* raw = nullptr;
  const int length = i2d_X509(x, &raw);
  const DerPtr again(raw);
  if (length <= 0 || !equal(BytesView(raw, static_cast<size_t>(length)), der) ||
      X509_get_version(x) != X509_VERSION_3)
    return malformed;
  for (int i = 0; i < X509_get_ext_count(x); ++i) {
    X509_EXTENSION* extension = X509_get_ext(x, i);
    out.extensions_.push_back({dotted(X509_EXTENSION_get_object(extension)),
                               X509_EXTENSION_get_critical(extension) != 0,
                               view(X509_EXTENSION_get_data(extension))});
  }
  return out;
}

Bytes TlsCertificate::spki() const {
  unsigned char* raw = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate_.get()), &raw);
  const DerPtr owned(raw);
  // It was read from DER, and is kept as it was read.
  BLINDAI_CHECK(length > 0);
  return {raw, raw + length};
}

Status TlsCertificate::check_key(Keys keys) const {
  const ErrorQueue errors;
  EVP_PKEY* key = X509_get0_pubkey(certificate_.get());
  char group[16];
  size_t group_len = 0;
  bool good = keys == Keys::kAny && key != nullptr;
  if (!good && key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
      EVP_PKEY_get_group_name(key, group, sizeof group, &group_len) == 1) {
    const std::string_view name(group, group_len);
    good = name == "prime256v1" || (name == "secp384r1" && keys == Keys::kP256OrP384);
  }
  if (!good) return fail(Code::kUntrusted, "channel.certificate.key");
  return {};
}

Status TlsCertificate::check_self_signed() const {
  const ErrorQueue errors;
  X509* x = certificate_.get();
  EVP_PKEY* key = X509_get0_pubkey(x);
  if (key == nullptr || X509_get_signature_nid(x) != NID_ecdsa_with_SHA256 ||
      X509_verify(x, key) != 1)
    return fail(Code::kUntrusted, "channel.certificate.signature");
  return {};
}

std::vector<std::string> TlsCertificate::dns_names() const {
  const ErrorQueue errors;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate_.get(), NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::vector<std::string> out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) out.emplace_back(as_text(view(name->d.dNSName)));
  }
  return out;
}

}  // namespace blindai
