// The payload of a document. Property: what is read keeps to the limits of the specification, lies
// within the input, and is not read from a part of it.
#include "lib/attest/nitro_document.h"

#include <cstdlib>

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

bool within(blindai::BytesView outer, blindai::BytesView inner) {
  return inner.empty() || (inner.data() >= outer.data() &&
                           inner.data() + inner.size() <= outer.data() + outer.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView payload(data, size);
  const auto read = blindai::parse_nitro_payload(payload);
  if (!read.has_value()) return 0;
  require(size <= blindai::kMaxNitroPayload && !read->module_id.empty());
  require(within(payload, blindai::as_bytes(read->module_id)));
  require(within(payload, blindai::as_bytes(read->digest)));
  size_t num_pcrs = 0;
  for (const auto& pcr : read->pcrs) {
    if (!pcr.has_value()) continue;
    require(pcr->size() == 32 || pcr->size() == 48 || pcr->size() == 64);
    require(within(payload, *pcr));
    ++num_pcrs;
  }
  require(num_pcrs > 0);
  require(!read->cabundle().empty() && read->cabundle().size() <= blindai::kMaxNitroCabundle);
  for (const blindai::BytesView one : read->cabundle())
    require(!one.empty() && one.size() <= blindai::kMaxNitroField && within(payload, one));
  require(!read->certificate.empty() && within(payload, read->certificate));
  for (const auto& field : {read->public_key, read->user_data, read->nonce})
    if (field.has_value())
      require(field->size() <= blindai::kMaxNitroField && within(payload, *field));
  require(!blindai::parse_nitro_payload(payload.first(size - 1)).has_value());
  return 0;
}
