// Property: a message or question that is read can be written, and is read as the same again.
#include "lib/channel/attestation_message.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace blindai;
  const std::string_view text = as_text({data, size});
  if (const auto message = decode_attestation_message(text); message.has_value()) {
    const auto once = encode_attestation_message(*message);
    if (!once.has_value()) std::abort();
    const auto again = decode_attestation_message(*once);
    if (!again.has_value() || encode_attestation_message(*again).value() != *once) std::abort();
  }
  if (const auto nonce = decode_attestation_question(text); nonce.has_value()) {
    const auto again = decode_attestation_question(encode_attestation_question(*nonce));
    if (!again.has_value() || *again != *nonce) std::abort();
  }
  return 0;
}
