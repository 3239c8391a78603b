// A TPM 2.0's signed statement of its PCRs: its parser, and its verification with a key that is
// already trusted. docs/formats/tpm-quote.md has the byte tables. Source: TCG "Trusted Platform
// Module Library", part 2 "Structures", sections 10.12.8 (TPMS_ATTEST), 10.12.1 (TPMS_QUOTE_INFO),
// 10.11.1 (TPMS_CLOCK_INFO), 10.9.7 (TPML_PCR_SELECTION), 11.3.4 (TPMT_SIGNATURE).   Pure.
#pragma once

#include "lib/attest/checked.h"
#include "lib/attest/policy.h"

namespace blindai {

inline constexpr size_t kMaxTpmQuote = 1024;

// One bank of PCRs: the TPM's number of its hash algorithm (TPM_ALG_ID), and which PCRs: bit i is
// PCR i.
struct PcrSelection {
  uint16_t hash;
  uint32_t pcrs;

  bool operator==(const PcrSelection&) const = default;
};

// TPMS_ATTEST with TPMS_QUOTE_INFO. Unverified; views borrow from the input.
struct TpmQuote {
  uint32_t magic;              // TPM_GENERATED_VALUE: made by a TPM, not by software with its key
  uint16_t type;               // TPM_ST_ATTEST_QUOTE
  BytesView qualified_signer;  // name of the signing key, with those above it
  BytesView extra_data;        // what the asker sent: the nonce
  uint64_t clock;              // milliseconds that the TPM was powered
  uint32_t reset_count;
  uint32_t restart_count;
  bool clock_safe;
  uint64_t firmware_version;
  std::vector<PcrSelection> selections;
  BytesView pcr_digest;
};

// Reads the layout. Magic and type are not judged here, but another type's layout will not fit.
// Errors: kTooLarge "tpm.quote.too-large" (over 1024 bytes); kMalformed "tpm.quote.layout", with
// the offset.
Result<TpmQuote> parse_tpm_quote(BytesView wire);

// Big-endian, without leading zeros.
struct RsaPublicKey {
  Bytes n;
  Bytes e;

  bool operator==(const RsaPublicKey&) const = default;
};

// Unverified.
struct TpmQuoteEvidence {
  Bytes message;    // TPMS_ATTEST
  Bytes signature;  // TPMT_SIGNATURE (RSASSA, SHA-256), or the bare signature
  // The SHA-256 values of the PCRs that were quoted, in ascending order of their numbers.
  std::vector<ByteArray<32>> pcrs;
};

// A quote that verify_tpm_quote() found true.
class VerifiedTpmQuote {
 public:
  // Passkey: only the verifier can name a value of it.
  class Passkey {
    Passkey() = default;
    friend class TpmQuoteVerification;
  };
  struct Facts {
    std::array<std::optional<ByteArray<32>>, kNumPcrs> pcrs;
    uint64_t clock;
    uint32_t reset_count;
    uint32_t restart_count;
    uint64_t firmware_version;
  };
  VerifiedTpmQuote(Passkey, const Facts& facts) : facts_(facts) {}

  // SHA-256; nothing for a PCR that the policy did not select.
  const std::optional<ByteArray<32>>& pcr(size_t index) const { return facts_.pcrs.at(index); }
  // Both counts stand still as long as the machine was neither reset nor resumed.
  uint32_t reset_count() const { return facts_.reset_count; }
  uint32_t restart_count() const { return facts_.restart_count; }
  uint64_t clock() const { return facts_.clock; }
  uint64_t firmware_version() const { return facts_.firmware_version; }

 private:
  Facts facts_;
};

// Whether the TPM that holds `key` says now that its PCRs have these values, and the policy accepts
// them. `key` has to be trusted already (azure_vtpm.h gets it from a TEE's evidence); `nonce` is
// the caller's, made for this question, and not empty. Checks, in order:
//   tpm.quote.layout          a complete TPMS_ATTEST with a quote in it, and nothing after it
//   tpm.quote.signature-form  RSASSA over SHA-256, as long as the key's modulus
//   tpm.quote.signature       the key's, over the message's bytes
//   tpm.quote.magic           FF544347h: made by a TPM
//   tpm.quote.type            8018h: a quote
//   tpm.quote.nonce           its extraData is the nonce
//   tpm.quote.pcr-selection   exactly the policy's PCRs, in the SHA-256 bank and no other
//   tpm.quote.pcr-values      as many values as PCRs
//   tpm.quote.pcr-digest      SHA-256 of the values together
//   policy.pcrs               the policy accepts each of them
Checked<VerifiedTpmQuote> verify_tpm_quote(const TpmQuoteEvidence& evidence,
                                           const RsaPublicKey& key, BytesView nonce,
                                           const TpmPolicy& policy);

}  // namespace blindai
