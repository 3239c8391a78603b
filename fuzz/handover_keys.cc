// Property: keys and records of a handover that are read are written back as the same bytes.
#include <cstdlib>

#include "lib/handover/keys.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace blindai;
  const BytesView wire(data, size);
  const auto keys = decode_handed_keys(wire);
  if (keys.has_value() && !equal(encode_handed_keys(*keys).value(), wire)) std::abort();
  const auto inherited = decode_inherited(wire);
  if (inherited.has_value() && !equal(encode_inherited(*inherited).value(), wire)) std::abort();
  const auto given = decode_given(wire);
  if (given.has_value() && !equal(encode_given(*given).value(), wire)) std::abort();
  return 0;
}
