#include "client/cpp/evidence_file.h"

#include <algorithm>

#include "client/cpp/attestation.h"
#include "client/cpp/azure_file.h"
#include "lib/base/byte_reader.h"
#include "net/collateral/folder.h"

namespace blindai {
namespace {

constexpr Id kKind{
    "evidence.kind",
    "This is no evidence that is known here: an SGX or TDX quote, an SEV-SNP report, "
    "a Nitro document, an Azure HCL report, an attested certificate (PEM or DER) or a "
    "message that `blindai verify ADDR --save FILE` kept."};
constexpr Id kClaims{"evidence.claims",
                     "The evidence is in order, and vouches for claims that nobody named: give the "
                     "bytes whose SHA-256 its report_data begin with (--claims FILE; claims= in "
                     "Python)."};

constexpr std::string_view kPemBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kPemEnd = "-----END CERTIFICATE-----";

// Intel DCAP quote header: version u16, attestation key type u16 (2: P-256, 3: P-384), TEE type
// u32, which version 3 does not have.
std::optional<EvidenceFileKind> kind_of_quote(BytesView file) {
  ByteReader r(file);
  uint16_t version = 0;
  uint16_t key_type = 0;
  uint32_t tee_type = 0;
  if (!r.u16le(version) || !r.u16le(key_type) || !r.u32le(tee_type)) return {};
  if (version < 3 || version > 5 || (key_type != 2 && key_type != 3)) return {};
  constexpr uint32_t kTdxType = 0x81;
  return version > 3 && tee_type == kTdxType ? EvidenceFileKind::kTdx : EvidenceFileKind::kSgx;
}

bool is_snp_report(BytesView file) {
  ByteReader r(file);
  uint32_t version = 0;
  return r.u32le(version) && version >= 2 && version <= 15;
}

bool is_cose_sign1(BytesView file) {
  constexpr uint8_t kTag18 = 0xd2;
  constexpr uint8_t kArrayOf4 = 0x84;
  const size_t at = !file.empty() && file[0] == kTag18 ? 1 : 0;
  return file.size() > at && file[at] == kArrayOf4;
}

bool is_der_certificate(BytesView file) {
  return file.size() > 2 && file[0] == 0x30 && file[1] == 0x82;
}

std::string_view without_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t from = text.find_first_not_of(kSpace);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kSpace) - from + 1);
}

// The one certificate of a PEM file (RFC 7468), which holds nothing else.
std::optional<Bytes> certificate_in(BytesView file) {
  if (is_der_certificate(file)) return to_bytes(file);
  std::string_view text = without_space(as_text(file));
  if (!text.starts_with(kPemBegin) || !text.ends_with(kPemEnd)) return {};
  text.remove_prefix(kPemBegin.size());
  text.remove_suffix(std::min(text.size(), kPemEnd.size()));
  std::string base64;
  for (const char c : text)
    if (c != '\r' && c != '\n') base64 += c;
  auto der = from_base64(base64);
  if (!der.has_value()) return {};
  return *std::move(der);
}

Tee tee_of(EvidenceFileKind kind) {
  switch (kind) {
    case EvidenceFileKind::kTdx:
      return Tee::kTdx;
    case EvidenceFileKind::kSnp:
      return Tee::kSnp;
    case EvidenceFileKind::kNitro:
      return Tee::kNitro;
    default:
      return Tee::kSgx;
  }
}

Outcome<void> refuse_inputs(bool given, const char* sentence) {
  if (!given) return {};
  return problem(Code::kInvalid, "client.inputs", sentence);
}

}  // namespace

Outcome<Collateral> collateral_of(const EvidenceInputs& inputs, Tee tee) {
  const std::string needed = needed_collateral_files(tee);
  if (!inputs.collateral_folder.empty() || needed.empty())
    return read_collateral(inputs.collateral_folder, tee);
  return problem(Code::kNotFound, "collateral.missing",
                 "Evidence of " + std::string(name_of(tee)) +
                     " is judged by what its vendor publishes: give a folder with the files " +
                     needed + " (--collateral DIR; collateral= in Python).");
}

namespace {

Outcome<void> judge_message(BytesView file, const EvidenceInputs& inputs, JudgedEvidence& seen) {
  RETURN_IF_ERROR(refuse_inputs(
      inputs.claims.has_value() || !inputs.collateral_folder.empty(),
      "An attestation message brings its claims and collateral along; do not give others."));
  AttestedServer server;
  const Outcome<void> verdict =
      judge_saved(as_text(file), inputs.policy, inputs.simulation, inputs.at, server);
  seen.verification = std::move(server.fresh);
  seen.channel = std::move(server.channel);
  seen.config = std::move(server.config);
  return verdict;
}

// The certificate's claims have to name the certificate's own key; that whoever shows it holds the
// key is what a TLS handshake shows, and no file.
Outcome<void> judge_certificate(BytesView file, const EvidenceInputs& inputs,
                                JudgedEvidence& seen) {
  RETURN_IF_ERROR(refuse_inputs(inputs.claims.has_value(),
                                "A certificate brings its claims along; do not give others."));
  const auto der = certificate_in(file);
  if (!der.has_value()) return std::unexpected(Problem(Error{Code::kMalformed, kKind}));
  ASSIGN_OR_RETURN(const AttestedCertificate certificate, read_certificate(*der));
  ASSIGN_OR_RETURN(const Collateral collateral, collateral_of(inputs, certificate.evidence.tee));
  RETURN_IF_ERROR(judge_evidence(certificate.evidence, certificate.claims, collateral,
                                 inputs.policy, inputs.simulation, inputs.at, seen.verification));
  Binding binding =
      bind_certificate(*seen.verification.evidence(), certificate.claims,
                       {.tls_spki = certificate.spki, .config = {}, .receipt_key_spki = {}},
                       inputs.policy.configurations);
  std::erase_if(binding.checks, [](const Check& c) {
    return c.name() != "channel.claims" && c.name() != "channel.key";
  });
  seen.channel = binding.checks;
  if (binding.ok()) return {};
  return std::unexpected(binding.problem());
}

bool only_claims_failed(const Verification& v) {
  return std::ranges::all_of(v.checks(), [](const Check& c) {
    return (c.state == CheckState::kPassed) != (c.name() == "claims.report-data");
  });
}

Outcome<void> judge_raw(BytesView file, Tee tee, const EvidenceInputs& inputs,
                        JudgedEvidence& seen) {
  ASSIGN_OR_RETURN(const Collateral collateral, collateral_of(inputs, tee));
  const Outcome<void> verdict =
      judge_evidence({tee, to_bytes(file)}, inputs.claims.value_or(Bytes()), collateral,
                     inputs.policy, inputs.simulation, inputs.at, seen.verification);
  if (!inputs.claims.has_value() && !verdict.has_value() && only_claims_failed(seen.verification))
    return std::unexpected(Problem(Error{Code::kUntrusted, kClaims}));
  return verdict;
}

}  // namespace

Outcome<EvidenceFileKind> kind_of_evidence(BytesView file) {
  if (file.size() > kMaxEvidenceFile)
    return problem(Code::kTooLarge, "evidence.size",
                   "The file is larger than any evidence; give another one.");
  const std::string_view text = without_space(as_text(file));
  if (text.starts_with('{')) return EvidenceFileKind::kMessage;
  if (text.starts_with(kPemBegin) || is_der_certificate(file))
    return EvidenceFileKind::kCertificate;
  if (const auto quote = kind_of_quote(file)) return *quote;
  if (is_snp_report(file)) return EvidenceFileKind::kSnp;
  if (is_cose_sign1(file)) return EvidenceFileKind::kNitro;
  if (as_text(file).starts_with("HCLA")) return EvidenceFileKind::kAzure;
  return std::unexpected(Problem(Error{Code::kMalformed, kKind}));
}

Outcome<void> verify_evidence_file(BytesView file, const EvidenceInputs& inputs,
                                   JudgedEvidence& seen) {
  seen.simulation = inputs.simulation;
  ASSIGN_OR_RETURN(const EvidenceFileKind kind, kind_of_evidence(file));
  RETURN_IF_ERROR(refuse_inputs(
      kind != EvidenceFileKind::kAzure && (!inputs.tpm_folder.empty() || inputs.nonce.has_value()),
      "Only an Azure HCL report is judged with a TPM's quote and nonce; do not give them."));
  if (kind == EvidenceFileKind::kMessage) return judge_message(file, inputs, seen);
  if (kind == EvidenceFileKind::kCertificate) return judge_certificate(file, inputs, seen);
  if (kind == EvidenceFileKind::kAzure) return judge_azure(file, inputs, seen);
  return judge_raw(file, tee_of(kind), inputs, seen);
}

bool JudgedEvidence::ok() const {
  return verification.ok() && std::ranges::all_of(channel, [](const Check& c) {
           return c.state == CheckState::kPassed;
         });
}

}  // namespace blindai
