#include "lib/attest/tpm_quote.h"

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

// TPM2B_NAME: an algorithm and its digest. TPM2B_DATA: at most as much. TPM2B_DIGEST: SHA-512.
constexpr uint16_t kMaxName = 66;
constexpr uint16_t kMaxDigest = 64;
constexpr uint32_t kMaxSelections = 16;  // HASH_COUNT
constexpr uint8_t kMaxSelect = 4;        // bytes; PCR_SELECT_MAX is 3 on PCs

bool sized(ByteReader& r, BytesView& out, uint16_t most) {
  uint16_t size = 0;
  return r.u16be(size) && size <= most && r.bytes(out, size);
}

bool selection(ByteReader& r, PcrSelection& out) {
  uint8_t size = 0;
  BytesView bits;
  if (!r.u16be(out.hash) || !r.u8(size) || size == 0 || size > kMaxSelect || !r.bytes(bits, size))
    return false;
  out.pcrs = 0;
  for (size_t i = 0; i < size; ++i) out.pcrs |= static_cast<uint32_t>(bits[i]) << (8 * i);
  return true;
}

bool read(ByteReader& r, TpmQuote& out) {
  uint8_t safe = 0;
  uint32_t count = 0;
  if (!r.u32be(out.magic) || !r.u16be(out.type) || !sized(r, out.qualified_signer, kMaxName) ||
      !sized(r, out.extra_data, kMaxName) || !r.u64be(out.clock) || !r.u32be(out.reset_count) ||
      !r.u32be(out.restart_count) || !r.u8(safe) || safe > 1 || !r.u64be(out.firmware_version) ||
      !r.u32be(count) || count > kMaxSelections)
    return false;
  out.clock_safe = safe == 1;
  out.selections.resize(count);
  for (PcrSelection& s : out.selections)
    if (!selection(r, s)) return false;
  return sized(r, out.pcr_digest, kMaxDigest) && r.done();
}

}  // namespace

Result<TpmQuote> parse_tpm_quote(BytesView wire) {
  if (wire.size() > kMaxTpmQuote) return fail(Code::kTooLarge, "tpm.quote.too-large");
  ByteReader r(wire);
  TpmQuote out{};
  if (!read(r, out)) return fail(Code::kMalformed, "tpm.quote.layout", r.at());
  return out;
}

}  // namespace blindai
