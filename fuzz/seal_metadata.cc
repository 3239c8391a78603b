// Metadata as a hostile but authentic writer could make them: what decodes encodes to the same
// bytes.
#include "lib/seal/format.h"
#include "lib/seal/metadata.h"

using namespace blindai;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Seeds stay small: the input stands for the fields, zeros fill the rest.
  Bytes plaintext(data, data + std::min(size, kSealMetadataLen));
  plaintext.resize(kSealMetadataLen);
  const auto decoded = decode_metadata(plaintext);
  if (decoded.has_value()) BLINDAI_CHECK(encode_metadata(*decoded).value() == plaintext);
  return 0;
}
