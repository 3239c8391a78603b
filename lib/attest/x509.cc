#include "lib/attest/x509.h"

#include <algorithm>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr size_t kMaxCertificateLen = 16 * 1024;
constexpr size_t kMaxCrlLen = 8 * 1024 * 1024;
constexpr size_t kMaxChain = 8;
constexpr char kSgxExtensionOid[] = "1.2.840.113741.1.13.1";

// OpenSSL leaves what it found wrong in a queue of the thread; nothing of ours reads it, and the
// next TLS call on this thread would take it for its own.
struct ErrorQueue {
  ErrorQueue() { ERR_set_mark(); }
  ~ErrorQueue() { ERR_pop_to_mark(); }
  ErrorQueue(const ErrorQueue&) = delete;
  ErrorQueue& operator=(const ErrorQueue&) = delete;
};

struct OpensslFree {
  void operator()(unsigned char* p) const { OPENSSL_free(p); }
};

BytesView view(const ASN1_STRING* s) {
  return {ASN1_STRING_get0_data(s), static_cast<size_t>(ASN1_STRING_length(s))};
}

// RFC 5280 section 4.1.2.5: the type and the number of year digits belong together.
bool read_time(const ASN1_TIME* t, Time& out) {
  if (t == nullptr) return false;
  const std::string_view text = as_text(view(t));
  const int type = ASN1_STRING_type(t);
  if (!(type == V_ASN1_UTCTIME && text.size() == 13) &&
      !(type == V_ASN1_GENERALIZEDTIME && text.size() == 15))
    return false;
  const auto parsed = parse_asn1_time(text);
  if (!parsed.has_value()) return false;
  out = *parsed;
  return true;
}

// The one common name, as UTF-8; false when there is none or more than one.
bool read_common_name(const X509_NAME* name, std::string& out) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, at) >= 0) return false;
  unsigned char* raw = nullptr;
  const int length =
      ASN1_STRING_to_UTF8(&raw, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (length < 0) return false;
  std::unique_ptr<unsigned char, OpensslFree> owned(raw);
  out.assign(reinterpret_cast<const char*>(raw), static_cast<size_t>(length));
  return true;
}

enum class KeyKind : uint8_t { kP256, kP384, kRsa4096 };

struct Rules {
  KeyKind key;
  KeyKind issuer_key;  // decides the signature algorithm: each kind of key signs by one only
  bool basic_constraints;
};

Rules rules_of(X509Profile profile) {
  switch (profile) {
    case X509Profile::kIntel:
      break;
    case X509Profile::kAmdCa:
      return {KeyKind::kRsa4096, KeyKind::kRsa4096, true};
    case X509Profile::kAmdVek:
      return {KeyKind::kP384, KeyKind::kRsa4096, false};
    case X509Profile::kNitro:
      return {KeyKind::kP384, KeyKind::kP384, true};
  }
  return {KeyKind::kP256, KeyKind::kP256, true};
}

// RSASSA-PSS-params (RFC 4055 section 3.1) with SHA-384, MGF1 with SHA-384 and salt length 48, then
// the trailer field. AMD's older certificates spell out its default, which DER would leave out.
constexpr uint8_t kPssFields[] = {0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
                                  0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06,
                                  0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30,
                                  0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                  0x02, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x30};
constexpr uint8_t kPssTrailer[] = {0xa3, 0x03, 0x02, 0x01, 0x01};

bool are_pss_parameters(BytesView der) {
  constexpr size_t kFieldsLen = sizeof kPssFields, kTrailerLen = sizeof kPssTrailer;
  if (der.size() != 2 + kFieldsLen && der.size() != 2 + kFieldsLen + kTrailerLen) return false;
  return der[0] == 0x30 && der[1] == der.size() - 2 &&
         equal(der.subspan(2, kFieldsLen), kPssFields) &&
         (der.size() == 2 + kFieldsLen || equal(der.subspan(2 + kFieldsLen), kPssTrailer));
}

// Whether it is the one algorithm by which such a key signs.
bool is_algorithm_of(KeyKind issuer, const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* oid = nullptr;
  int type = 0;
  const void* parameter = nullptr;
  X509_ALGOR_get0(&oid, &type, &parameter, algorithm);
  const int nid = OBJ_obj2nid(oid);
  switch (issuer) {
    case KeyKind::kP256:
      return nid == NID_ecdsa_with_SHA256 && type == V_ASN1_UNDEF;
    case KeyKind::kP384:
      return nid == NID_ecdsa_with_SHA384 && type == V_ASN1_UNDEF;
    case KeyKind::kRsa4096:
      return nid == NID_rsassaPss && type == V_ASN1_SEQUENCE &&
             are_pss_parameters(view(static_cast<const ASN1_STRING*>(parameter)));
  }
  return false;
}

// The key's point, when it is an uncompressed one on this group; N is 64 or 96.
template <size_t N>
bool read_point(const X509* x509, std::string_view wanted, ByteArray<N>& out) {
  EVP_PKEY* key = X509_get0_pubkey(x509);
  char group[16] = {};
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
      EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) != 1 || group != wanted)
    return false;
  const ASN1_BIT_STRING* bits = X509_get0_pubkey_bitstr(x509);
  const BytesView point = view(bits);
  if (point.size() != 1 + N || point[0] != 4) return false;
  std::copy(point.begin() + 1, point.end(), out.begin());
  return true;
}

// An rsaEncryption key (RFC 4055 section 1.2: with NULL parameters) of 4096 bits, exponent 65537.
bool has_rsa4096(const X509* x509) {
  EVP_PKEY* key = X509_get0_pubkey(x509);
  X509_ALGOR* algorithm = nullptr;
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
      EVP_PKEY_get_bits(key) != 4096 ||
      X509_PUBKEY_get0_param(nullptr, nullptr, nullptr, &algorithm, X509_get_X509_PUBKEY(x509)) !=
          1)
    return false;
  int type = 0;
  X509_ALGOR_get0(nullptr, &type, nullptr, algorithm);
  BIGNUM* exponent = nullptr;
  if (type != V_ASN1_NULL || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1)
    return false;
  const bool usual = BN_is_word(exponent, RSA_F4) == 1;
  BN_free(exponent);
  return usual;
}

// Whether writing the object again gives the very bytes it was read from, so that no part of the
// input went unread.
template <typename T, typename Encode>
bool encodes_to(const T* object, Encode encode, BytesView der) {
  unsigned char* raw = nullptr;
  const int length = encode(object, &raw);
  if (length < 0) return false;
  std::unique_ptr<unsigned char, OpensslFree> owned(raw);
  return equal({raw, static_cast<size_t>(length)}, der);
}

bool key_usage(const X509* x509, uint32_t bit) {
  // Absent key usage reads as "everything allowed" in OpenSSL; here it is a refusal.
  return (X509_get_extension_flags(const_cast<X509*>(x509)) & EXFLAG_KUSAGE) != 0 &&
         (X509_get_key_usage(const_cast<X509*>(x509)) & bit) != 0;
}

}  // namespace

void X509Free::operator()(x509_st* x509) const {
  X509_free(x509);
}
void X509Free::operator()(X509_crl_st* crl) const {
  X509_CRL_free(crl);
}

Result<Certificate> Certificate::from_der(BytesView der, X509Profile profile) {
  ErrorQueue errors;
  if (der.empty() || der.size() > kMaxCertificateLen) return fail(Code::kMalformed, "x509.der");
  const unsigned char* at = der.data();
  Certificate out(d2i_X509(nullptr, &at, static_cast<long>(der.size())), profile);
  if (out.x509_ == nullptr || at != der.data() + der.size() ||
      !encodes_to(out.x509_.get(), i2d_X509, der))
    return fail(Code::kMalformed, "x509.der");
  RETURN_IF_ERROR(out.read());
  return out;
}

Status Certificate::read() {
  const std::unexpected<Error> profile = fail(Code::kMalformed, "x509.profile");
  const Rules rules = rules_of(profile_);
  const X509_ALGOR* outer = nullptr;
  X509_get0_signature(nullptr, &outer, x509_.get());
  if (X509_get_version(x509_.get()) != X509_VERSION_3 ||
      !is_algorithm_of(rules.issuer_key, outer) ||
      !is_algorithm_of(rules.issuer_key, X509_get0_tbs_sigalg(x509_.get())))
    return profile;
  if (!read_common_name(X509_get_subject_name(x509_.get()), common_name_) ||
      !read_time(X509_get0_notBefore(x509_.get()), not_before_) ||
      !read_time(X509_get0_notAfter(x509_.get()), not_after_))
    return profile;
  const bool key = rules.key == KeyKind::kRsa4096 ? has_rsa4096(x509_.get())
                   : rules.key == KeyKind::kP384
                       ? read_point(x509_.get(), "secp384r1", p384_point_)
                       : read_point(x509_.get(), "prime256v1", public_point_);
  if (!key) return profile;
  unsigned char* raw = nullptr;
  const int spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509_.get()), &raw);
  if (spki_len < 0) return profile;
  std::unique_ptr<unsigned char, OpensslFree> owned(raw);
  spki_hash_ = sha256({raw, static_cast<size_t>(spki_len)});
  const ASN1_INTEGER* serial = X509_get0_serialNumber(x509_.get());
  serial_ = to_bytes(view(serial));
  serial_negative_ = (ASN1_STRING_type(serial) & V_ASN1_NEG) != 0;
  return read_extensions();
}

Status Certificate::read_extensions() {
  const std::unexpected<Error> profile = fail(Code::kMalformed, "x509.profile");
  // Parses the extensions; EXFLAG_INVALID covers duplicates and values that do not decode.
  const uint32_t flags = X509_get_extension_flags(x509_.get());
  if ((flags & (EXFLAG_INVALID | EXFLAG_CRITICAL)) != 0) return profile;
  const bool constrained = (flags & EXFLAG_BCONS) != 0;
  if (rules_of(profile_).basic_constraints ? !constrained
                                           : constrained || (flags & EXFLAG_KUSAGE) != 0)
    return profile;
  is_ca_ = (flags & EXFLAG_CA) != 0 && key_usage(x509_.get(), KU_KEY_CERT_SIGN);
  const long path = X509_get_pathlen(x509_.get());
  if (path >= 0) path_len_ = static_cast<uint64_t>(path);
  may_sign_crls_ = key_usage(x509_.get(), KU_CRL_SIGN);
  may_sign_data_ = key_usage(x509_.get(), KU_DIGITAL_SIGNATURE);

  const std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> sgx(
      OBJ_txt2obj(kSgxExtensionOid, 1), ASN1_OBJECT_free);
  for (int i = 0; i < X509_get_ext_count(x509_.get()); ++i) {
    X509_EXTENSION* extension = X509_get_ext(x509_.get(), i);
    const ASN1_OBJECT* oid = X509_EXTENSION_get_object(extension);
    if (X509_get_ext_by_OBJ(x509_.get(), oid, i) >= 0) return profile;  // twice
    const int nid = OBJ_obj2nid(oid);
    if (X509_EXTENSION_get_critical(extension) != 0 && nid != NID_basic_constraints &&
        nid != NID_key_usage)
      return profile;
    if (OBJ_cmp(oid, sgx.get()) == 0)
      sgx_extension_ = to_bytes(view(X509_EXTENSION_get_data(extension)));
  }
  return {};
}

std::optional<BytesView> Certificate::extension(std::string_view oid) const {
  ErrorQueue errors;
  const std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> wanted(
      OBJ_txt2obj(std::string(oid).c_str(), 1), ASN1_OBJECT_free);
  BLINDAI_CHECK(wanted != nullptr);
  const int at = X509_get_ext_by_OBJ(x509_.get(), wanted.get(), -1);
  if (at < 0) return std::nullopt;
  return view(X509_EXTENSION_get_data(X509_get_ext(x509_.get(), at)));
}

std::string Certificate::issuer_name() const {
  ErrorQueue errors;
  std::string out;
  return read_common_name(X509_get_issuer_name(x509_.get()), out) ? out : "";
}

bool Certificate::same_as(const Certificate& other) const {
  return X509_cmp(x509_.get(), other.x509_.get()) == 0;
}

bool Certificate::names_issuer(const Certificate& issuer) const {
  return X509_NAME_cmp(X509_get_issuer_name(x509_.get()),
                       X509_get_subject_name(issuer.x509_.get())) == 0;
}

bool Certificate::signed_by(const Certificate& issuer) const {
  ErrorQueue errors;
  return rules_of(profile_).issuer_key == rules_of(issuer.profile_).key &&
         X509_verify(x509_.get(), X509_get0_pubkey(issuer.x509_.get())) == 1;
}

Result<std::vector<Certificate>> parse_pem_chain(BytesView pem, X509Profile profile) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  const std::string_view text = as_text(pem);
  const auto malformed = [](size_t at) { return fail(Code::kMalformed, "x509.pem", at); };
  std::vector<Certificate> out;
  std::string base64;
  size_t at = 0;
  for (;;) {
    while (at < text.size() && (text[at] == '\n' || text[at] == '\r')) ++at;
    if (text.substr(at).find_first_not_of('\0') == std::string_view::npos) break;
    if (!text.substr(at).starts_with(kBegin)) return malformed(at);
    if (out.size() == kMaxChain) return fail(Code::kTooLarge, "x509.chain", at);
    at += kBegin.size();
    const size_t end = text.find(kEnd, at);
    if (end == std::string_view::npos || end - at > 2 * kMaxCertificateLen) return malformed(at);
    base64.clear();
    for (const char c : text.substr(at, end - at))
      if (c != '\n' && c != '\r') base64 += c;
    const auto der = from_base64(base64);
    if (!der.has_value()) return malformed(at);
    ASSIGN_OR_RETURN(Certificate certificate, Certificate::from_der(*der, profile));
    out.push_back(std::move(certificate));
    at = end + kEnd.size();
  }
  if (out.empty()) return malformed(0);
  return out;
}

Result<Crl> Crl::from_der(BytesView der, X509Profile issuer) {
  ErrorQueue errors;
  const std::unexpected<Error> malformed = fail(Code::kMalformed, "x509.crl");
  if (der.empty()) return malformed;
  if (der.size() > kMaxCrlLen) return fail(Code::kTooLarge, "x509.crl-size");
  const unsigned char* at = der.data();
  Crl out(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())), issuer);
  if (out.crl_ == nullptr || at != der.data() + der.size() ||
      !encodes_to(out.crl_.get(), i2d_X509_CRL, der))
    return malformed;
  const X509_ALGOR* algorithm = nullptr;
  X509_CRL_get0_signature(out.crl_.get(), nullptr, &algorithm);
  if (!is_algorithm_of(rules_of(issuer).issuer_key, algorithm) ||
      !read_time(X509_CRL_get0_lastUpdate(out.crl_.get()), out.this_update_) ||
      !read_time(X509_CRL_get0_nextUpdate(out.crl_.get()), out.next_update_) ||
      !read_common_name(X509_CRL_get_issuer(out.crl_.get()), out.issuer_name_))
    return malformed;
  // A critical extension changes what the list covers (delta, one reason, other issuers).
  for (int i = 0; i < X509_CRL_get_ext_count(out.crl_.get()); ++i)
    if (X509_EXTENSION_get_critical(X509_CRL_get_ext(out.crl_.get(), i)) != 0) return malformed;
  return out;
}

bool Crl::names_issuer(const Certificate& issuer) const {
  return X509_NAME_cmp(X509_CRL_get_issuer(crl_.get()),
                       X509_get_subject_name(issuer.x509_.get())) == 0;
}

bool Crl::signed_by(const Certificate& issuer) const {
  ErrorQueue errors;
  return rules_of(profile_).issuer_key == rules_of(issuer.profile_).key &&
         X509_CRL_verify(crl_.get(), X509_get0_pubkey(issuer.x509_.get())) == 1;
}

bool Crl::lists(const Certificate& certificate) const {
  STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(crl_.get());
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    const ASN1_INTEGER* serial = X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i));
    if (equal(view(serial), certificate.serial()) &&
        ((ASN1_STRING_type(serial) & V_ASN1_NEG) != 0) == certificate.serial_negative())
      return true;
  }
  return false;
}

}  // namespace blindai
