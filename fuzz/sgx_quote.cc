// Property: the views of an accepted quote lie in the input, one after the other; the bytes after
// its authentication data change nothing.
#include "lib/attest/sgx_quote.h"

#include <cstdlib>

namespace {
void require(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView wire(data, size);
  const auto quote = blindai::parse_sgx_quote(wire);
  if (!quote.has_value()) {
    require(quote.error().at <= size);
    return 0;
  }
  require(quote->signed_part.data() == data && quote->signed_part.size() == 432);
  require(quote->qe_report_raw.data() == data + 564 && quote->qe_report_raw.size() == 384);
  require(quote->qe_auth.data() == data + 1014);
  const uint8_t* end = quote->certification.data() + quote->certification.size();
  require(quote->certification.data() == quote->qe_auth.data() + quote->qe_auth.size() + 6);
  require(end <= data + size);
  const auto trimmed = blindai::parse_sgx_quote(wire.first(static_cast<size_t>(end - data)));
  require(trimmed.has_value() && blindai::equal(trimmed->certification, quote->certification));
  return 0;
}
