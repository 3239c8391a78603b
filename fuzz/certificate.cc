// Both readers of certificates. Property: what is read is within its limits, never read from bytes
// that are not all of it, and by one of the two readers only.
#include "lib/channel/certificate.h"

#include <cstdlib>

#include "lib/channel/claims.h"
#include "lib/channel/legacy_certificate.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView der(data, size);
  const auto read = blindai::read_certificate(der);
  const auto legacy = blindai::read_legacy_certificate(der);
  if (read.has_value()) {
    require(!read->spki.empty() && read->evidence.quote.size() <= blindai::kMaxEvidence);
    require(read->claims.size() <= blindai::kMaxClaims);
    require(!blindai::read_certificate(der.first(size - 1)).has_value());
    // A document in a name is no extension, and the only form that may stand beside one of ours.
    require(!legacy.has_value() || legacy->form == blindai::LegacyForm::kNitroName);
  }
  if (legacy.has_value()) {
    require(!legacy->spki.empty() && legacy->evidence.quote.size() <= blindai::kMaxEvidence);
    require(!blindai::read_legacy_certificate(der.first(size - 1)).has_value());
  }
  return 0;
}
