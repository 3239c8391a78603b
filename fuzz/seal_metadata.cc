// Metadata as a hostile but authentic writer could make them: what decodes encodes to the same
// bytes, but for the layout's number when that was 1.
#include "lib/seal/format.h"
#include "lib/seal/metadata.h"

using namespace blindai;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Seeds stay small: the input stands for the fields, zeros fill the rest.
  Bytes plaintext(data, data + std::min(size, kSealMetadataLen));
  plaintext.resize(kSealMetadataLen);
  const auto decoded = decode_metadata(plaintext);
  if (!decoded.has_value()) return 0;
  if (plaintext[0] == 1) {
    BLINDAI_CHECK(decoded->access == AccessRules());
    const auto encoded = encode_metadata(*decoded);
    // Layout 1 had a little more room.
    if (!encoded.has_value()) {
      BLINDAI_CHECK(encoded.error().name() == "seal.metadata-room");
      return 0;
    }
    plaintext[0] = 2;
    BLINDAI_CHECK(*encoded == plaintext);
    return 0;
  }
  BLINDAI_CHECK(encode_metadata(*decoded).value() == plaintext);
  return 0;
}
