// Property: an array that is read can be written, and reads back as the same tensor.
#include "client/cli/npy.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto tensor = blindai::read_npy({data, size});
  if (!tensor.has_value()) return 0;
  const auto written = blindai::write_npy(*tensor);
  if (!written.has_value()) std::abort();
  const auto again = blindai::read_npy(*written);
  if (!again.has_value() || again->datatype != tensor->datatype || again->shape != tensor->shape ||
      again->data != tensor->data)
    std::abort();
  return 0;
}
