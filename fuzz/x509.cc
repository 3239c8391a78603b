// Certificates, CRLs and PEM chains. The first byte chooses which, and the profile. Property: a
// certificate or CRL is well-formed under one profile at most (of a CRL, one signature algorithm),
// and PEM gives at least one certificate.
#include "lib/attest/x509.h"

#include <cstdlib>

namespace {

using blindai::X509Profile;
constexpr X509Profile kProfiles[] = {X509Profile::kIntel, X509Profile::kAmdCa, X509Profile::kAmdVek,
                                     X509Profile::kNitro};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const blindai::BytesView rest(data + 1, size - 1);
  const X509Profile profile = kProfiles[data[0] / 3 % 4];
  if (data[0] % 3 == 0) {
    const auto certificate = blindai::Certificate::from_der(rest, profile);
    if (!certificate.has_value()) return 0;
    for (const X509Profile other : kProfiles)
      if (other != profile && blindai::Certificate::from_der(rest, other).has_value()) std::abort();
    if (certificate->signed_by(*certificate) && !certificate->names_issuer(*certificate) &&
        certificate->common_name().empty())
      std::abort();
    if (certificate->is_ca() && profile == X509Profile::kAmdVek) std::abort();
  } else if (data[0] % 3 == 1) {
    const auto crl = blindai::Crl::from_der(rest, profile);
    if (!crl.has_value()) return 0;
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
