// Property: an archive that is read within its limits can be written stored, and reads back the
// same.
#include "client/cli/npz.h"

#include <cstdlib>

#include "client/cli/zip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView wire(data, size);
  const auto arrays = blindai::read_npz(wire);
  if (arrays.has_value() && arrays->empty()) std::abort();
  const auto entries =
      blindai::read_zip(wire, {.num_entries = 16, .name_len = 64, .total_bytes = 1 << 20});
  if (!entries.has_value()) return 0;
  const auto written = blindai::write_zip(*entries);
  if (!written.has_value()) std::abort();
  const auto again = blindai::read_zip(*written);
  if (!again.has_value() || again->size() != entries->size()) std::abort();
  for (size_t i = 0; i < entries->size(); ++i)
    if ((*again)[i].name != (*entries)[i].name || (*again)[i].data != (*entries)[i].data)
      std::abort();
  return 0;
}
