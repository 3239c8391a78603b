// Certificates, CRLs and PEM chains. The first byte chooses which, and the profile. Properties: a
// certificate or CRL is well-formed under one profile at most (of a CRL, one signature algorithm);
// what is well-formed here is so in OpenSSL's eyes, which sees the same serial number, dates and
// key, and the same bytes signed; PEM gives at least one certificate.
#include "lib/attest/x509.h"

#include <cstdlib>
#include <memory>

#include <openssl/x509.h>

namespace {

using blindai::X509Profile;
constexpr X509Profile kProfiles[] = {X509Profile::kIntel, X509Profile::kAmdCa, X509Profile::kAmdVek,
                                     X509Profile::kNitro};

blindai::BytesView view(const ASN1_STRING* s) {
  return {ASN1_STRING_get0_data(s), static_cast<size_t>(ASN1_STRING_length(s))};
}

bool same_time(blindai::Time ours, const ASN1_TIME* theirs) {
  return ASN1_TIME_cmp_time_t(theirs, static_cast<time_t>(ours.seconds)) == 0;
}

// The content of our INTEGER says what OpenSSL's sign and magnitude do.
bool same_serial(blindai::BytesView ours, const ASN1_INTEGER* theirs) {
  blindai::Bytes der = {0x02, static_cast<uint8_t>(ours.size())};
  blindai::append(der, ours);
  const unsigned char* at = der.data();
  const std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)> read(
      d2i_ASN1_INTEGER(nullptr, &at, static_cast<long>(der.size())), ASN1_INTEGER_free);
  return read != nullptr && ASN1_INTEGER_cmp(read.get(), theirs) == 0;
}

void compare(const blindai::Certificate& ours) {
  const blindai::BytesView der = ours.der();
  const unsigned char* at = der.data();
  const std::unique_ptr<X509, decltype(&X509_free)> theirs(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free);
  if (theirs == nullptr || at != der.data() + der.size() ||
      !same_serial(ours.serial(), X509_get0_serialNumber(theirs.get())) ||
      !same_time(ours.not_before(), X509_get0_notBefore(theirs.get())) ||
      !same_time(ours.not_after(), X509_get0_notAfter(theirs.get())))
    std::abort();
  const blindai::BytesView bits = view(X509_get0_pubkey_bitstr(theirs.get()));
  if (ours.spki().size() < bits.size() || !blindai::equal(ours.spki().last(bits.size()), bits))
    std::abort();
  // Whoever signed itself in our eyes did so in OpenSSL's.
  if (ours.signed_by(ours) && X509_verify(theirs.get(), X509_get0_pubkey(theirs.get())) != 1)
    std::abort();
}

void compare(const blindai::Crl& ours) {
  const blindai::BytesView der = ours.der();
  const unsigned char* at = der.data();
  const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> theirs(
      d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())), X509_CRL_free);
  if (theirs == nullptr || at != der.data() + der.size() ||
      !same_time(ours.this_update(), X509_CRL_get0_lastUpdate(theirs.get())) ||
      !same_time(ours.next_update(), X509_CRL_get0_nextUpdate(theirs.get())))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const blindai::BytesView rest(data + 1, size - 1);
  const X509Profile profile = kProfiles[data[0] / 3 % 4];
  if (data[0] % 3 == 0) {
    const auto certificate = blindai::Certificate::from_der(rest, profile);
    if (!certificate.has_value()) return 0;
    compare(*certificate);
    for (const X509Profile other : kProfiles)
      if (other != profile && blindai::Certificate::from_der(rest, other).has_value()) std::abort();
    if (certificate->signed_by(*certificate) && !certificate->names_issuer(*certificate) &&
        certificate->common_name().empty())
      std::abort();
    if (certificate->is_ca() && profile == X509Profile::kAmdVek) std::abort();
  } else if (data[0] % 3 == 1) {
    const auto crl = blindai::Crl::from_der(rest, profile);
    if (!crl.has_value()) return 0;
    compare(*crl);
    const bool amd = profile == X509Profile::kAmdCa || profile == X509Profile::kAmdVek;
    if (blindai::Crl::from_der(rest, amd ? X509Profile::kNitro : X509Profile::kAmdCa).has_value())
      std::abort();
    if (crl->in_force(crl->this_update()) != (crl->this_update() <= crl->next_update()))
      std::abort();
  } else {
    const auto chain = blindai::parse_pem_chain(rest, profile);
    if (chain.has_value() && (chain->empty() || chain->size() > 8)) std::abort();
  }
  return 0;
}
