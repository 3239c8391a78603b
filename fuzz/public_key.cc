// Property: a public key that is read has one spelling, and is one that signatures are checked
// with. The first byte of an input says whether the rest is a text, or 32 bytes that are written
// and read.
#include "lib/auth/public_key.h"

#include <cstdlib>

#include "lib/base/byte_reader.h"
#include "lib/crypto/ed25519.h"

namespace {

void text_to_key(std::string_view text) {
  const auto key = blindai::parse_public_key(text);
  if (!key.has_value()) return;
  if (blindai::to_text(*key) != text || !blindai::is_ed25519_key(key->bytes)) std::abort();
}

void key_to_text(blindai::BytesView raw) {
  blindai::ByteReader r(raw);
  blindai::PublicKey key;
  if (!r.array(key.bytes)) return;
  const auto read = blindai::parse_public_key(blindai::to_text(key));
  if (read.has_value() != blindai::is_ed25519_key(key.bytes)) std::abort();
  if (read.has_value() && *read != key) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const blindai::BytesView rest(data + 1, size - 1);
  if (data[0] == 't')
    text_to_key(blindai::as_text(rest));
  else
    key_to_text(rest);
  return 0;
}
