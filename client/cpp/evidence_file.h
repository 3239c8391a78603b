// Evidence that was kept in a file: which kind it is, and what verify() makes of it
// (`blindai verify FILE`, blindai.verify() in Python).
#pragma once

#include "client/cpp/connection.h"

namespace blindai {

inline constexpr size_t kMaxEvidenceFile = 2 * 1024 * 1024;

// Told apart by content:
//   an attestation message   JSON, begins with '{' (docs/formats/attestation-message.md)
//   an attested certificate  PEM, exactly one; or DER
//   an SGX or TDX quote      version 3, 4 or 5, attestation key type 2 or 3
//   an SNP report            a 32-bit version of 2 to 15
//   a Nitro document         COSE_Sign1, with tag 18 or without
//   an Azure HCL report      begins with "HCLA"
enum class EvidenceFileKind : uint8_t { kMessage, kCertificate, kSgx, kTdx, kSnp, kNitro, kAzure };

// Errors: kTooLarge "evidence.size"; kMalformed "evidence.kind".
Outcome<EvidenceFileKind> kind_of_evidence(BytesView file);

// What is needed beside the file. A message brings collateral and claims along, a certificate and
// an HCL report their claims; what a file brings along cannot be given as well.
struct EvidenceInputs {
  Policy policy;
  bool simulation = false;           // as in ConnectOptions
  Time at;                           // when: everything is judged at this time
  std::optional<Bytes> claims = {};  // whose SHA-256 the evidence carries
  // A folder as net/collateral/folder.h describes it. Empty: none was given.
  std::string collateral_folder = {};
  // Of an HCL report alone: a folder with the virtual TPM's quote (quote.msg, TPMS_ATTEST), its
  // signature (quote.sig), the quoted PCRs' values in ascending order (pcrs.bin, 32 bytes each)
  // and, of a trust domain, its TD quote (td_quote.bin); and the nonce that the quote was asked for
  // with.
  std::string tpm_folder = {};
  std::optional<Bytes> nonce = {};
};

struct JudgedEvidence {
  Verification verification;
  // Of a message or certificate: its claims, and what they name as far as a file shows it. Of an
  // HCL report: the virtual TPM's checks.
  std::vector<Check> channel;
  bool simulation = false;
  std::optional<std::string> config;  // a message's measured configuration

  // True when every check passed.
  bool ok() const;
};
// {"ok":…,"simulation":…,"at":…,"checks":[{"of":"evidence","name",…}…],"evidence":{…}|null} and, of
// a message, "config" and "config_hash".
std::string to_json(const JudgedEvidence& judged);

// `seen` receives the checks; it has none when the file could not be judged at all. Errors: those
// of kind_of_evidence; of lib/attest and lib/channel by check; "client.simulation"; kNotFound
// "collateral.missing", with the names of the files to provide; "collateral.folder"; kUntrusted
// "evidence.claims" when the evidence is in order and nobody said which claims it is to vouch for;
// kInvalid "client.inputs" for inputs that the file brings along itself.
Outcome<void> verify_evidence_file(BytesView file, const EvidenceInputs& inputs,
                                   JudgedEvidence& seen);

}  // namespace blindai
