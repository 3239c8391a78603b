// Certificates, CRLs and PEM chains. The first byte chooses. Property: what is accepted has a
// common name, and PEM gives at least one certificate.
#include "lib/attest/x509.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const blindai::BytesView rest(data + 1, size - 1);
  if (data[0] % 3 == 0) {
    const auto certificate = blindai::Certificate::from_der(rest);
    if (certificate.has_value() && certificate->signed_by(*certificate) &&
        !certificate->names_issuer(*certificate) && certificate->common_name().empty())
      std::abort();
  } else if (data[0] % 3 == 1) {
    const auto crl = blindai::Crl::from_der(rest);
    if (crl.has_value() &&
        crl->in_force(crl->this_update()) != (crl->this_update() <= crl->next_update()))
      std::abort();
  } else {
    const auto chain = blindai::parse_pem_chain(rest);
    if (chain.has_value() && (chain->empty() || chain->size() > 8)) std::abort();
  }
  return 0;
}
