// What GET and POST /v1/attestation carry, as JSON. docs/formats/attestation-message.md lists
// fields and limits.
//
// Unverified on arrival: reading a message checks its form alone. verify() judges evidence and
// collateral, binding.h the rest.   Pure.
#pragma once

#include "lib/attest/evidence.h"
#include "lib/base/bytes.h"

namespace blindai {

// Limits of the fields once decoded, and of the whole text.
inline constexpr size_t kMaxAttestationMessage = 2 * 1024 * 1024;
inline constexpr size_t kMaxCollateralPart = 256 * 1024;
inline constexpr size_t kMaxConfig = 64 * 1024;
inline constexpr size_t kMaxKey = 512;
inline constexpr size_t kMaxAttestationQuestion = 1024;

struct AttestationMessage {
  Evidence evidence;
  Bytes claims;
  Collateral collateral;
  std::string config;      // the measured configuration, UTF-8
  Bytes receipt_key_spki;  // DER
};

// Errors: kTooLarge "channel.message.size" for a field over its limit; kInvalid
// "channel.message.utf8" for a configuration that is not UTF-8, which JSON could not carry
// unchanged.
Result<std::string> encode_attestation_message(const AttestationMessage& message);

// Fields that are not listed are ignored: a newer server may say more, and nothing is believed for
// being in the message. Errors: kTooLarge "channel.message.size"; json.* for text that is not
// strict JSON; kMalformed "channel.message.field" (absent, of another type, not canonical base64,
// or a TEE of no known name).
Result<AttestationMessage> decode_attestation_message(std::string_view text);

// The body of POST /v1/attestation: {"nonce":"<base64 of 32 bytes>"}.
std::string encode_attestation_question(const ByteArray<32>& nonce);
// Errors: kTooLarge "channel.question.size"; json.*; kMalformed "channel.question.nonce" (the one
// field, 32 bytes in canonical base64; no other field, because a question that is not understood
// must not seem to be answered).
Result<ByteArray<32>> decode_attestation_question(std::string_view text);

}  // namespace blindai
