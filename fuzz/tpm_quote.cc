// Property: an accepted message, written again from its fields, is the same bytes but for the
// length that each selection is written in. So nothing of it goes unread, and nothing is read
// twice.
#include "lib/attest/tpm_quote.h"

#include <cstdlib>

#include "lib/base/byte_reader.h"

namespace {
void require(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView wire(data, size);
  const auto quote = blindai::parse_tpm_quote(wire);
  if (!quote.has_value()) {
    require(quote.error().at <= size);
    return 0;
  }
  blindai::Bytes head;
  blindai::put_u32be(head, quote->magic);
  blindai::put_u16be(head, quote->type);
  blindai::put_u16be(head, static_cast<uint16_t>(quote->qualified_signer.size()));
  blindai::append(head, quote->qualified_signer);
  blindai::put_u16be(head, static_cast<uint16_t>(quote->extra_data.size()));
  blindai::append(head, quote->extra_data);
  blindai::put_u64be(head, quote->clock);
  blindai::put_u32be(head, quote->reset_count);
  blindai::put_u32be(head, quote->restart_count);
  blindai::put_u8(head, quote->clock_safe ? 1 : 0);
  blindai::put_u64be(head, quote->firmware_version);
  blindai::put_u32be(head, static_cast<uint32_t>(quote->selections.size()));
  require(head.size() <= size && blindai::equal(head, wire.first(head.size())));
  size_t at = head.size();
  for (const blindai::PcrSelection& selection : quote->selections) {
    require(at + 3 <= size && (data[at] << 8 | data[at + 1]) == selection.hash);
    const size_t length = data[at + 2];
    require(length >= 1 && length <= 4 && at + 3 + length <= size);
    uint32_t pcrs = 0;
    for (size_t i = 0; i < length; ++i) pcrs |= static_cast<uint32_t>(data[at + 3 + i]) << (8 * i);
    require(pcrs == selection.pcrs);
    at += 3 + length;
  }
  require(at + 2 + quote->pcr_digest.size() == size);
  require(blindai::equal(quote->pcr_digest, wire.subspan(at + 2)));
  return 0;
}
