// Property: what is read survives being written and read. The first byte of an input says as what
// the rest is read: 'k' an owner's keys, 'e' an endorsement, 'a' access rules, 'c' callers, 'r' a
// receipt.
#include <cstdlib>

#include "lib/auth/model_access.h"
#include "lib/auth/owner_keys.h"
#include "lib/auth/stored_receipt.h"

namespace {

using namespace blindai;  // NOLINT: short names in a file of its own

template <typename Parse, typename Write>
void check(std::string_view text, Parse parse, Write write) {
  const auto read = parse(text);
  if (!read.has_value()) return;
  const auto again = parse(write(*read));
  if (!again.has_value() || *again != *read) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text({data + 1, size - 1});
  const auto json = [](const auto& value) { return to_json(value); };
  switch (data[0]) {
    case 'k':
      check(text, parse_owner_keys, json);
      break;
    case 'e':
      check(
          text, [](std::string_view t) { return parse_endorsement(t, PublicKey{}); },
          endorsement_to_json);
      break;
    case 'a':
      check(text, parse_model_access, json);
      break;
    case 'c':
      check(text, parse_callers, callers_to_text);
      break;
    case 'r':
      check(text, parse_stored_receipt, json);
      break;
    default:
      break;
  }
  return 0;
}
