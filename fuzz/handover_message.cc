// Property: a message of a handover that is read is written back as the same bytes, and is read as
// one kind only.
#include <cstdlib>

#include "lib/handover/claims.h"
#include "lib/handover/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace blindai;
  const BytesView wire(data, size);
  int num_read = 0;
  const auto check = [&](HandoverMessage kind, const auto& read, const auto& write) {
    if (!read.has_value()) return;
    ++num_read;
    if (!equal(write(*read), wire) || handover_message(wire).value() != kind) std::abort();
  };
  check(HandoverMessage::kOffer, decode_offer(wire),
        [](const HandoverOffer& offer) { return encode_offer(offer).value(); });
  check(HandoverMessage::kSealedKeys, decode_sealed_keys(wire), encode_sealed_keys);
  for (const HandoverMessage kind : {HandoverMessage::kConfirmation, HandoverMessage::kFarewell})
    check(kind, decode_transfer(kind, wire),
          [kind](const TransferId& id) { return encode_transfer(kind, id); });
  if (num_read > 1) std::abort();
  const auto claims = parse_handover_claims(wire);
  if (claims.has_value() && !equal(encode_handover_claims(*claims), wire)) std::abort();
  return 0;
}
