// Parses an AWS Nitro attestation document, as the Nitro Security Module (NSM) makes it. Does NOT
// verify it: see verify.h. docs/formats/nitro-document.md has the table of fields.
//
// A COSE_Sign1 (cose.h) whose payload is one CBOR map with text keys. The NSM does not encode it
// deterministically: keys stand in the order of its source code, newer versions leave the map's
// length open, and absent optional fields are null. Each key stands at most once, no other key is
// known, and nothing follows. Where the specification gives two limits (user_data and nonce, 512
// and 1024 bytes), the wider one holds.
//
// Source: AWS nsm-api, docs/attestation_process.md, sections 2.2, 3.1 and 3.2.2.   Pure.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "lib/attest/cose.h"

namespace blindai {

constexpr size_t kNitroPcrs = 32;
constexpr size_t kMaxNitroPayload = 16384;
constexpr size_t kMaxNitroField = 1024;  // certificates, public_key, user_data, nonce
constexpr size_t kMaxNitroCabundle = 8;  // the specification has no limit; four are usual
// A payload of the largest size, its signature, and what stands around them.
constexpr size_t kMaxNitroDocument = kMaxNitroPayload + 1024;

// Unverified. The views borrow from the bytes that were parsed.
struct NitroDocument {
  std::string_view module_id;  // not empty
  std::string_view digest;     // the hash function of the PCRs; "SHA384" is the only one known
  uint64_t timestamp_ms;       // since 1970-01-01T00:00:00Z
  // True for "nitrotpm_pcrs": the document is about a virtual machine and its NitroTPM, not about
  // an enclave, and its PCRs mean other things.
  bool nitro_tpm;
  std::array<std::optional<BytesView>, kNitroPcrs> pcrs;  // each 32, 48 or 64 bytes; at least one
  BytesView certificate;                                  // DER, of the key that signed
  std::array<BytesView, kMaxNitroCabundle> cabundle_entries;
  size_t num_cabundle;  // at least one
  // Chosen by the program in the enclave. Null and absent are the same.
  std::optional<BytesView> public_key;  // not empty
  std::optional<BytesView> user_data;
  std::optional<BytesView> nonce;

  // DER, the root first, then each one's subject, down to the certificate's issuer.
  std::span<const BytesView> cabundle() const {
    return std::span(cabundle_entries).first(num_cabundle);
  }
};

// Reads a document's payload. Errors: cbor.* (cbor_reader.h); kTooLarge "nitro.payload.too-large";
// kMalformed "nitro.payload.unknown-key", "nitro.payload.repeated-key",
// "nitro.payload.missing-key", "nitro.payload.length" (a field shorter or longer than allowed, or
// too many certificates), "nitro.payload.pcr" (an index or a length that no PCR has, or the same
// index twice), "nitro.payload.no-pcrs".
Result<NitroDocument> parse_nitro_payload(BytesView payload);

}  // namespace blindai
