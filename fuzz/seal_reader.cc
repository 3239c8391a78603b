// A sealed content with edits: it reads back as it was, or is refused.
// Input: a u8 that chooses the content's length, then edits {u8 kind, u32le where, u8 with} on the
// sealed file: 0 xor a byte, 1 cut there, 2 append, 3 swap the chunk at `where` with chunk `with`.
#include "lib/base/byte_reader.h"
#include "lib/seal/seal_fixture.h"

using namespace blindai;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const size_t lengths[] = {0, 1, 500, kSealChunkLen, kSealChunkLen + 1, 3 * kSealChunkLen};
  static const SealSecrets secrets = seal_fixture::secrets();
  ByteReader r(BytesView(data, size));
  uint8_t choice = 0;
  if (!r.u8(choice)) return 0;
  const Bytes content = seal_fixture::content(lengths[choice % std::size(lengths)]);
  Bytes file(kSealHeaderLen);  // the reader does not look at the header
  append(file, seal_fixture::seal_content(secrets, content, "m"));
  const Bytes sealed = file;

  uint8_t kind = 0;
  uint32_t where = 0;
  uint8_t with = 0;
  for (int edits = 0; edits < 16 && r.u8(kind) && r.u32le(where) && r.u8(with); ++edits) {
    const size_t body = file.size() - kSealHeaderLen;
    if (body == 0) break;
    const size_t at = kSealHeaderLen + where % body;
    if (kind % 4 == 0) file[at] ^= with;
    if (kind % 4 == 1) file.resize(at);
    if (kind % 4 == 2) file.resize(std::min(file.size() + with, sealed.size() + 70'000), with);
    if (kind % 4 == 3 && body >= 2 * kSealedChunkLen) {
      const size_t whole = body / kSealedChunkLen;
      const auto chunk = [&](size_t i) {
        return file.begin() + static_cast<ptrdiff_t>(kSealHeaderLen + i * kSealedChunkLen);
      };
      const size_t a = where % whole;
      const size_t b = with % whole;
      if (a != b)
        std::swap_ranges(chunk(a), chunk(a) + static_cast<ptrdiff_t>(kSealedChunkLen), chunk(b));
    }
  }

  seal_fixture::MemorySource source(file);
  SealReader reader(source, secrets, sha256(as_bytes("m")), content.size());
  const Result<Bytes> opened = seal_fixture::read_all(reader, 1 + choice * 500u);
  BLINDAI_CHECK(opened.has_value() == (file == sealed));
  if (opened.has_value()) BLINDAI_CHECK(*opened == content);
  return 0;
}
