// The messages of POST /v1/handover. docs/formats/handover.md has every byte, and says who checks
// what in which order.
//
//   new server -> old    offer          who I am, and a key to seal to
//   old -> new server    sealed keys    (keys.h has what is in them)
//   new server -> old    confirmation   I have kept them
//   old -> new server    farewell       I have stopped; they are yours
//
// Unverified on arrival: reading checks the form alone. Each decoder takes exactly what its encoder
// makes. Errors of all decoders: kTooLarge "handover.message.size"; kMalformed
// "handover.message.layout" with the offset, "handover.message.version" for another version. Pure.
#pragma once

#include <string>

#include "lib/attest/evidence.h"
#include "lib/base/bytes.h"
#include "lib/crypto/hpke.h"

namespace blindai {

// Made by the old server for each set of keys, and sealed along with them: who knows it has opened
// them.
using TransferId = ByteArray<32>;

enum class HandoverMessage : uint8_t {
  kOffer = 1,
  kSealedKeys = 2,
  kConfirmation = 3,
  kFarewell = 4,
};

inline constexpr size_t kMaxHandoverRequest = 2 * 1024 * 1024;
// What is in a message of sealed keys, sealed: a little over 1 MiB.
inline constexpr size_t kMaxHandoverAnswer = (1024 + 64) * 1024;

struct HandoverOffer {
  Evidence evidence;
  Bytes claims;  // claims.h
  Collateral collateral;
  std::string config;  // the new server's measured configuration
  // False: the new server seals what it keeps under a key that ends with it, so the keys last as
  // long as its process.
  bool keeps = false;
};

// Which message this is, by its first bytes alone.
Result<HandoverMessage> handover_message(BytesView wire);

// Errors: kTooLarge "handover.message.size" for a part over its limit (those of
// lib/channel/attestation_message.h).
Result<Bytes> encode_offer(const HandoverOffer& offer);
Result<HandoverOffer> decode_offer(BytesView wire);

Bytes encode_sealed_keys(const HpkeSealed& sealed);
Result<HpkeSealed> decode_sealed_keys(BytesView wire);

// `kind` is kConfirmation or kFarewell: both name the transfer and nothing else.
Bytes encode_transfer(HandoverMessage kind, const TransferId& transfer);
Result<TransferId> decode_transfer(HandoverMessage kind, BytesView wire);

// What the sealed keys are bound to beside the receiver's key: HPKE's info and associated data.
Bytes handover_info(const ByteArray<32>& exporter);
Sha256Digest handover_aad(BytesView offer);

}  // namespace blindai
