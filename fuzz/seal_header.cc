// A hostile header: parsing never fails in a way of its own, what parses encodes to the same bytes,
// and only the header that was sealed opens.
#include "lib/seal/seal_fixture.h"

using namespace blindai;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const BytesView input(data, size);
  static const SealFor who = seal_fixture::seal_for();
  static const Bytes genuine =
      seal_header(seal_fixture::secrets(), who, seal_fixture::metadata_of(as_bytes("model")),
                  seal_fixture::entropy())
          .value();
  if (const auto envelope = parse_seal_envelope(input); envelope.has_value())
    BLINDAI_CHECK(equal(encode_seal_envelope(*envelope), input.first(kSealEnvelopeLen)));

  // Seeds stay small: the input stands for the first bytes of the genuine header.
  Bytes header = genuine;
  std::copy_n(input.begin(), std::min(input.size(), header.size()), header.begin());
  const auto opened = open_seal_header(header, who, sha256(as_bytes("alice/resnet18")));
  BLINDAI_CHECK(opened.has_value() == (header == genuine));
  // Nor with the data key alone, as a server has it after a handover.
  static const KeyRing ring = [] {
    KeyRing keys{seal_fixture::seal_for(0x99, 0x98), {}};
    keys.inherited.contents.push_back(seal_fixture::secrets());
    return keys;
  }();
  const auto with_data_key = open_seal_header(header, ring, sha256(as_bytes("alice/resnet18")));
  BLINDAI_CHECK(with_data_key.has_value() == (header == genuine));
  return 0;
}
