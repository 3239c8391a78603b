// Property: a message or question that is read can be written, and is read as the same again.
#include "lib/channel/attestation_message.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace blindai;
  const std::string_view text = as_text({data, size});
  const auto message = decode_attestation_message(text);
  if (message.has_value()) {
    const auto once = encode_attestation_message(*message);
    if (!once.has_value()) std::abort();
    const auto again = decode_attestation_message(*once);
    if (!again.has_value() || encode_attestation_message(*again) != once) std::abort();
  }
  const auto nonce = decode_attestation_question(text);
  if (nonce.has_value() &&
      decode_attestation_question(encode_attestation_question(*nonce)) != nonce)
    std::abort();
  return 0;
}
