// Writes AWS Nitro attestation documents piece by piece, right ones and wrong ones. Encodings come
// from lib/base/cbor.h; what that would refuse to write (keys in the NSM's order, the same key
// twice, an open length) is put together here.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/base/cbor.h"

namespace blindai {

// A map's entries, in the order in which they are written.
using CborEntries = std::vector<std::pair<Cbor, Bytes>>;  // key, encoded value

// With its length in front, or open and ended by a break.
Bytes write_cbor_map(const CborEntries& entries, bool open = false);
Bytes cbor_null();

// Fields of a payload by name.
class NitroPayload {
 public:
  // What an NSM writes, in its order: every field, the optional ones null. Values are samples of
  // the right form; the certificates are not certificates.
  static NitroPayload sample();

  // Replaces the field, or adds it at the end.
  NitroPayload& set(std::string_view name, Bytes encoded);
  NitroPayload& set(std::string_view name, const Cbor& value) { return set(name, value.encode()); }
  NitroPayload& remove(std::string_view name);
  // Adds a field, also one that is there already.
  NitroPayload& add(std::string_view name, Bytes encoded);

  Bytes encode(bool open = false) const { return write_cbor_map(entries_, open); }

 private:
  CborEntries entries_;
};

// A COSE_Sign1 of these parts, each a byte string but `unprotected`, which is encoded.
struct CoseParts {
  Bytes protected_header = {0xa1, 0x01, 0x38, 0x22};  // {1: -35}, ES384
  Bytes unprotected = {0xa0};
  Bytes payload = {};
  Bytes signature = Bytes(96, 0x55);
};
Bytes write_cose(const CoseParts& parts);

}  // namespace blindai
