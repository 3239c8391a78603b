// VCEK and VLEK certificates with AMD's extensions. Property: what is accepted stays so when it is
// read again, names a chip only at the length of its product, an FMC only of Turin, and every
// security version it gives is the INTEGER in the certificate, to the last byte.
#include <algorithm>
#include <cstdlib>

#include "lib/attest/vek.h"
#include "lib/base/der_writer.h"

namespace {

using namespace blindai;

void require(bool condition) {
  if (!condition) std::abort();
}

void is_integer(const Certificate& c, std::string_view arc, uint8_t value) {
  const auto found = c.extension("1.3.6.1.4.1.3704.1." + std::string(arc));
  require(found.has_value() && equal(*found, der_integer(value)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const BytesView der(data, size);
  const auto certificate = Certificate::from_der(der, X509Profile::kAmdVek);
  if (!certificate.has_value()) return 0;
  require(!certificate->is_ca());
  const auto read = parse_vek_extensions(*certificate);
  if (!read.has_value()) return 0;
  const bool turin = read->product == SnpProduct::kTurin;
  require(read->hwid.empty() || read->hwid.size() == (turin ? 8u : 64u));
  require(turin || read->tcb.fmc == 0);
  require(!read->product_name.empty() && read->product_name.size() <= 64);
  is_integer(*certificate, "3.1", read->tcb.boot_loader);
  is_integer(*certificate, "3.2", read->tcb.tee);
  is_integer(*certificate, "3.3", read->tcb.snp);
  is_integer(*certificate, "3.8", read->tcb.microcode);
  if (turin) is_integer(*certificate, "3.9", read->tcb.fmc);
  return 0;
}
