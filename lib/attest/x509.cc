#include "lib/attest/x509.h"

#include <algorithm>

#include "lib/attest/x509_fields.h"
#include "lib/base/der_writer.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr size_t kMaxCertificateLen = 16 * 1024;
constexpr size_t kMaxExtensions = 32;
constexpr size_t kMaxChain = 8;
// OIDs, content only: id-ce-basicConstraints, id-ce-keyUsage, and Intel's 1.2.840.113741.1.13.1.
constexpr uint8_t kBasicConstraintsOid[] = {0x55, 0x1d, 0x13};
constexpr uint8_t kKeyUsageOid[] = {0x55, 0x1d, 0x0f};
constexpr uint8_t kSgxOid[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

struct BasicConstraints {
  bool ca = false;
  std::optional<uint64_t> path_len;
};

// RFC 5280 section 4.2.1.9. A path length is a CA's only.
bool read_basic_constraints(BytesView der, BasicConstraints& out) {
  DerReader outer(der);
  BytesView content;
  BytesView value;
  if (!outer.take(DerTag::kSequence, content) || !outer.done()) return false;
  DerReader r(content);
  if (r.sees(DerTag::kBoolean)) {
    if (!r.take(DerTag::kBoolean, value) || value.size() != 1 ||
        (value[0] != 0x00 && value[0] != 0xff))
      return false;
    out.ca = value[0] != 0;
  }
  if (r.done()) return true;
  ByteArray<2> length{};
  if (!out.ca || !r.take(DerTag::kInteger, value) ||
      !der_unsigned_to<2>(value, std::span<uint8_t, 2>(length)))
    return false;
  out.path_len = static_cast<uint64_t>(length[0]) << 8 | length[1];
  return r.done();
}

// Section 4.2.1.3: the first eight of the nine bits, digitalSignature the highest.
bool read_key_usage(BytesView der, uint8_t& out) {
  DerReader r(der);
  BytesView bits;
  if (!r.take(DerTag::kBitString, bits) || !r.done() || bits.size() < 2 || bits.size() > 3 ||
      bits[0] > 7 || (bits.back() & ((1u << bits[0]) - 1)) != 0)
    return false;
  out = bits[1];
  return true;
}

}  // namespace

Result<Certificate> Certificate::from_der(BytesView der, X509Profile profile) {
  if (der.size() > kMaxCertificateLen) return fail(Code::kMalformed, "x509.der");
  Certificate out(to_bytes(der), profile);
  RETURN_IF_ERROR(out.read());
  return out;
}

// Nothing is read until the frame holds: what is not DER at all is told from what is another
// profile's.
Status Certificate::read() {
  const std::unexpected<Error> malformed = fail(Code::kMalformed, "x509.der");
  const std::unexpected<Error> profile = fail(Code::kMalformed, "x509.profile");
  const X509Rules rules = rules_of(profile_);
  SignedFrame frame;
  if (!read_frame(der_, frame)) return malformed;
  body_ = frame.body;
  signature_ = frame.signature;
  DerReader r(frame.content);
  BytesView version;
  BytesView algorithm;
  BytesView validity;
  constexpr uint8_t kVersion3[] = {0x02, 0x01, 0x02};
  if (!r.take(DerTag::kContext0, version) || !equal(version, kVersion3) ||
      !take_serial(r, serial_) || !take_whole(r, DerTag::kSequence, algorithm) ||
      !equal(algorithm, frame.algorithm) || !is_algorithm_of(rules.issuer_key, algorithm) ||
      !take_name(r, issuer_, issuer_name_) || !r.take(DerTag::kSequence, validity))
    return profile;
  DerReader times(validity);
  if (!take_time(times, not_before_) || !take_time(times, not_after_) || !times.done() ||
      !take_name(r, subject_, common_name_) || !take_whole(r, DerTag::kSequence, spki_) ||
      !read_key(rules.key, spki_, key_))
    return profile;
  spki_hash_ = sha256(spki_);
  if (rules.key == KeyKind::kP256) std::copy(key_.begin(), key_.end(), public_point_.begin());
  if (rules.key == KeyKind::kP384) std::copy(key_.begin(), key_.end(), p384_point_.begin());
  BytesView wrapped;
  BytesView extensions;
  if (!r.take(DerTag::kContext3, wrapped) || !r.done()) return profile;
  DerReader list(wrapped);
  if (!list.take(DerTag::kSequence, extensions) || !list.done() || !read_extensions(extensions))
    return profile;
  return {};
}

bool Certificate::read_extensions(BytesView list) {
  std::optional<BasicConstraints> constraints;
  std::optional<uint8_t> usage;
  for (DerReader r(list); !r.done();) {
    ExtensionField field;
    if (!take_extension(r, field) || extensions_.size() == kMaxExtensions ||
        find_extension(field.oid).has_value())
      return false;
    extensions_.push_back({field.oid, field.value});
    if (equal(field.oid, kBasicConstraintsOid)) {
      if (!read_basic_constraints(field.value, constraints.emplace())) return false;
    } else if (equal(field.oid, kKeyUsageOid)) {
      if (!read_key_usage(field.value, usage.emplace())) return false;
    } else if (field.critical) {
      return false;
    }
  }
  if (rules_of(profile_).basic_constraints ? !constraints.has_value()
                                           : constraints.has_value() || usage.has_value())
    return false;
  // RFC 5280 section 4.2.1.3. Absent key usage allows nothing.
  constexpr uint8_t kDigitalSignatureBit = 0x80;
  constexpr uint8_t kKeyCertSignBit = 0x04;
  constexpr uint8_t kCrlSignBit = 0x02;
  const uint8_t bits = usage.value_or(0);
  is_ca_ = constraints.has_value() && constraints->ca && (bits & kKeyCertSignBit) != 0;
  if (constraints.has_value()) path_len_ = constraints->path_len;
  may_sign_crls_ = (bits & kCrlSignBit) != 0;
  may_sign_data_ = (bits & kDigitalSignatureBit) != 0;
  sgx_extension_ = find_extension(kSgxOid).value_or(BytesView());
  return true;
}

std::optional<BytesView> Certificate::find_extension(BytesView oid) const {
  for (const Extension& e : extensions_)
    if (equal(e.oid, oid)) return e.value;
  return std::nullopt;
}

std::optional<BytesView> Certificate::extension(std::string_view oid) const {
  const Bytes der = der_oid(oid);
  DerReader r(der);
  BytesView content;
  BLINDAI_CHECK(r.take(DerTag::kOid, content));
  return find_extension(content);
}

bool Certificate::same_as(const Certificate& other) const {
  return equal(der_, other.der_);
}

bool Certificate::names_issuer(const Certificate& issuer) const {
  return equal(issuer_, issuer.subject_);
}

bool Certificate::signed_by(const Certificate& issuer) const {
  return issuer.made(body_, signature_, profile_);
}

bool Certificate::made(BytesView body, BytesView signature, X509Profile theirs) const {
  const KeyKind kind = rules_of(profile_).key;
  return rules_of(theirs).issuer_key == kind && signature_holds(kind, key_, body, signature);
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
    base64.resize(end - at);
    const auto used = std::ranges::copy_if(text.substr(at, end - at), base64.begin(),
                                           [](char c) { return c != '\n' && c != '\r'; });
    base64.erase(used.out, base64.end());
    const auto der = from_base64(base64);
    if (!der.has_value()) return malformed(at);
    ASSIGN_OR_RETURN(Certificate certificate, Certificate::from_der(*der, profile));
    out.push_back(std::move(certificate));
    at = end + kEnd.size();
  }
  if (out.empty()) return malformed(0);
  return out;
}

}  // namespace blindai
