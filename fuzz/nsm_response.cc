// Property: a document that is found is the end of the response, but for the ends of open maps.
#include <algorithm>
#include <cstdlib>

#include "enclave/tee/nitro/nsm_source.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView wire(data, size);
  const auto document = blindai::nsm_document(wire);
  if (!document.has_value()) return 0;
  bool found = false;
  for (size_t num_ends = 0; num_ends <= 2 && document->size() + num_ends <= size; ++num_ends)
    found = found || blindai::equal(wire.first(size - num_ends).last(document->size()), *document);
  if (!found) std::abort();
  return 0;
}
