// Property: the views of an accepted quote lie in the input, one after the other, and its header is
// of a body that is known; the bytes after its authentication data change nothing.
#include "lib/attest/dcap_quote.h"

#include <cstdlib>

namespace {
void require(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView wire(data, size);
  const auto header = blindai::parse_dcap_header(wire);
  const auto quote = blindai::parse_dcap_quote(wire);
  if (!quote.has_value()) {
    require(quote.error().at <= size);
    return 0;
  }
  require(header.has_value() && header->version == quote->header.version);
  require(blindai::has_known_body(*header));
  const bool sgx = header->tee_type == blindai::kTeeTypeSgx;
  require((quote->sgx() != nullptr) == sgx && (quote->td() != nullptr) == !sgx);
  const size_t body = header->version == 5 ? 54 : 48;
  require(quote->signed_part.data() == data);
  require(quote->signed_part.size() == body + header->body_len);
  const uint8_t* after_body = data + quote->signed_part.size();
  // Length, signature and key; from version 4 on the outer certification data's type and length.
  const size_t before_qe = 4 + 64 + 64 + (header->version == 3 ? 0 : 6);
  require(quote->outer_certification_type.has_value() == (header->version != 3));
  require(quote->qe_report_raw.data() == after_body + before_qe);
  require(quote->qe_report_raw.size() == 384);
  require(quote->qe_auth.data() == quote->qe_report_raw.data() + 384 + 64 + 2);
  const uint8_t* end = quote->certification.data() + quote->certification.size();
  require(quote->certification.data() == quote->qe_auth.data() + quote->qe_auth.size() + 6);
  require(end <= data + size);
  const auto trimmed = blindai::parse_dcap_quote(wire.first(static_cast<size_t>(end - data)));
  require(trimmed.has_value() && blindai::equal(trimmed->certification, quote->certification));
  return 0;
}
