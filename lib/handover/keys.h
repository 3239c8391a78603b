// What a handover gives, and what both sides keep of it: the plaintext of the sealed keys, the new
// server's record of what it inherited, the old one's of what it gave. docs/formats/handover.md has
// every byte.
//
// Errors of all decoders: kMalformed "handover.keys.layout"; `at` stays 0, because the input is
// decrypted data. Pure.
#pragma once

#include <optional>
#include <vector>

#include "lib/handover/message.h"
#include "lib/seal/header.h"

namespace blindai {

// Of one handover, and of all that a server keeps: its record has to fit into 1 MiB.
inline constexpr size_t kMaxHandedPrograms = 64;
inline constexpr size_t kMaxHandedContents = 16'000;

struct HandedKeys {
  TransferId transfer;
  // True: everything the giver can open, and the giver stops. False: the listed contents, whose
  // owners agreed, and the giver goes on with the rest.
  bool whole = false;
  InheritedKeys keys;
};

// The caller wipes what it gets. Errors: kTooLarge "handover.too-many" for more keys than the
// limits above.
Result<Bytes> encode_handed_keys(const HandedKeys& keys);
Result<HandedKeys> decode_handed_keys(BytesView plaintext);

// The new server's, in its store under inherited_record_name().
struct InheritedRecord {
  InheritedKeys kept;
  // Of a handover whose old server has not said farewell: until then it may still be serving.
  std::optional<HandedKeys> pending;

  // The old server said farewell: what was pending is kept, each key once.
  void settle();
};
Result<Bytes> encode_inherited(const InheritedRecord& record);
Result<InheritedRecord> decode_inherited(BytesView record);

// The old server's, in its store under given_record_name(), from before it says farewell.
struct GivenRecord {
  // The whole store was given: the transfer, and who got it (release.h).
  std::optional<TransferId> transfer;
  Sha256Digest release{};
  // The content ids of models that were given one by one, in order.
  std::vector<Sha256Digest> contents;
};
// Errors: kTooLarge "handover.too-many".
Result<Bytes> encode_given(const GivenRecord& record);
Result<GivenRecord> decode_given(BytesView record);

// Each program has records of its own, also where several share a store: `own` is what it seals
// for.
std::string inherited_record_name(const SealFor& own);
std::string given_record_name(const SealFor& own);

}  // namespace blindai
