#include "lib/attest/tpm_verification.h"

#include <bit>

#include "lib/base/byte_reader.h"
#include "lib/crypto/crypto.h"
#include "lib/crypto/rsa.h"

namespace blindai {
namespace {

using C = TpmCheck;

// Source: TCG TPM 2.0 Library, part 2, sections 6.2 (TPM_GENERATED), 6.9 (TPM_ST), 6.3
// (TPM_ALG_ID).
constexpr uint32_t kMagic = 0xff544347;
constexpr uint16_t kQuoteType = 0x8018;
constexpr uint16_t kSha256 = 0x000b;
constexpr uint16_t kRsassa = 0x0014;
constexpr uint32_t kAllPcrs = (uint32_t{1} << kNumPcrs) - 1;

constexpr CheckSpec kSpecs[] = {
    {{"tpm.quote.layout",
      "The TPM's quote is unreadable, cut short or of another kind. Ask for it again."},
     Code::kMalformed},
    {{"tpm.quote.signature-form",
      "Only TPM quotes signed with RSASSA over SHA-256 are accepted. Ask for a quote with that "
      "scheme."},
     Code::kMalformed},
    {{"tpm.quote.signature",
      "The TPM's quote was not signed by its attestation key, or altered since. Do not trust this "
      "machine."},
     Code::kUntrusted},
    {{"tpm.quote.magic",
      "The statement was not made inside a TPM, although its key signed it. Do not trust this "
      "machine."},
     Code::kUntrusted},
    {{"tpm.quote.type", "The TPM's statement is not a quote of PCRs. Ask for a quote."},
     Code::kUntrusted},
    {{"tpm.quote.nonce",
      "The TPM's quote was made for another question. Somebody may be showing an old one: ask "
      "again with a new nonce, and do not trust what fails twice."},
     Code::kUntrusted},
    {{"tpm.quote.pcr-selection",
      "The quote is of other PCRs than the policy selects. Ask for exactly those, in the SHA-256 "
      "bank."},
     Code::kUntrusted},
    {{"tpm.quote.pcr-values",
      "The values sent with the quote are not one for each quoted PCR. Ask for them again."},
     Code::kMalformed},
    {{"tpm.quote.pcr-digest",
      "The PCR values are not those that the TPM quoted. Do not trust this machine."},
     Code::kUntrusted},
    {{"policy.pcrs",
      "A PCR has a value that the policy does not accept: the machine booted something else. Check "
      "it against a boot of your own before you add it."},
     Code::kDenied},
};
static_assert(std::size(kSpecs) == static_cast<size_t>(C::kCount));

std::string hex_number(uint32_t value, size_t num_bytes) {
  Bytes out;
  put_u32be(out, value);
  return to_hex(BytesView(out).subspan(4 - num_bytes));
}

std::string describe(const PcrSelection& selection) {
  return "PCRs " + hex_number(selection.pcrs, 4) + " of bank " + hex_number(selection.hash, 2);
}

// The RSA signature in a TPMT_SIGNATURE; a bare one, known by its length, is itself.
std::optional<BytesView> rsassa_signature(BytesView wire, size_t modulus_len) {
  if (wire.size() == modulus_len) return wire;
  ByteReader r(wire);
  uint16_t scheme = 0;
  uint16_t hash = 0;
  uint16_t size = 0;
  BytesView out;
  if (!r.u16be(scheme) || scheme != kRsassa || !r.u16be(hash) || hash != kSha256 ||
      !r.u16be(size) || size != modulus_len || !r.bytes(out, size) || !r.done())
    return {};
  return out;
}

}  // namespace

std::span<const CheckSpec> tpm_check_specs() {
  return kSpecs;
}

bool TpmQuoteVerification::signed_by(const RsaPublicKey& key, const TpmQuoteEvidence& evidence) {
  const auto signature = rsassa_signature(evidence.signature, key.n.size());
  if (!mark(C::kSignatureForm, signature.has_value(),
            "RSASSA with SHA-256, " + std::to_string(key.n.size()) + " bytes",
            std::to_string(evidence.signature.size()) + " bytes"))
    return false;
  const bool good = verify_rsa_pkcs1_sha256(key.n, key.e, evidence.message, *signature);
  return mark(C::kSignature, good, "valid", good ? "valid" : "invalid");
}

bool TpmQuoteVerification::pcrs(const TpmQuote& quote, const std::vector<ByteArray<32>>& values,
                                const TpmPolicy& policy) {
  const PcrSelection wanted{kSha256, policy.pcr_selection};
  std::string found;
  for (const PcrSelection& s : quote.selections) found += (found.empty() ? "" : ", ") + describe(s);
  const bool selected = policy.pcr_selection != 0 && (policy.pcr_selection & ~kAllPcrs) == 0 &&
                        quote.selections.size() == 1 && quote.selections[0] == wanted;
  mark(C::kSelection, selected, policy.pcr_selection == 0 ? "none" : describe(wanted),
       found.empty() ? "none" : found);
  if (!selected) return false;
  const auto num_pcrs = static_cast<size_t>(std::popcount(policy.pcr_selection));
  if (!mark(C::kValues, values.size() == num_pcrs, std::to_string(num_pcrs) + " values",
            std::to_string(values.size()) + " values"))
    return false;
  Sha256 hash;
  for (const auto& value : values) hash.update(value);
  const Sha256Digest digest = hash.finish();
  if (!mark(C::kDigest, equal(digest, quote.pcr_digest), to_hex(quote.pcr_digest), to_hex(digest)))
    return false;
  size_t next = 0;
  for (size_t i = 0; i < kNumPcrs; ++i) {
    if ((policy.pcr_selection >> i & 1) == 0) continue;
    const ByteArray<32>& value = values[next++];
    if (!policy.pcrs[i].accepts(value))
      return mark(C::kPolicy, false, "a value that the policy lists for PCR " + std::to_string(i),
                  to_hex(value));
  }
  return mark(C::kPolicy, true, "accepted values", "accepted values");
}

std::optional<VerifiedTpmQuote> TpmQuoteVerification::run(const TpmQuoteEvidence& evidence,
                                                          const RsaPublicKey& key, BytesView nonce,
                                                          const TpmPolicy& policy) {
  const auto quote = parse_tpm_quote(evidence.message);
  mark(C::kLayout, quote.has_value(), "a TPM quote",
       std::string(quote.has_value() ? "a TPM quote" : quote.error().name()));
  if (!quote.has_value() || !signed_by(key, evidence)) return {};
  const bool magic =
      mark(C::kMagic, quote->magic == kMagic, hex_number(kMagic, 4), hex_number(quote->magic, 4));
  const bool type = mark(C::kType, quote->type == kQuoteType, hex_number(kQuoteType, 2),
                         hex_number(quote->type, 2));
  if (!magic || !type) return {};
  const bool fresh = mark(C::kNonce, !nonce.empty() && equal(nonce, quote->extra_data),
                          nonce.empty() ? "a nonce" : to_hex(nonce), to_hex(quote->extra_data));
  const bool values = pcrs(*quote, evidence.pcrs, policy);
  if (!fresh || !values) return {};
  VerifiedTpmQuote::Facts facts{
      {}, quote->clock, quote->reset_count, quote->restart_count, quote->firmware_version};
  size_t next = 0;
  for (size_t i = 0; i < kNumPcrs; ++i)
    if ((policy.pcr_selection >> i & 1) != 0) facts.pcrs[i] = evidence.pcrs[next++];
  return VerifiedTpmQuote(VerifiedTpmQuote::Passkey(), facts);
}

Checked<VerifiedTpmQuote> verify_tpm_quote(const TpmQuoteEvidence& evidence,
                                           const RsaPublicKey& key, BytesView nonce,
                                           const TpmPolicy& policy) {
  CheckBook book(tpm_check_specs());
  auto quote = TpmQuoteVerification(book, 0).run(evidence, key, nonce, policy);
  return std::move(book).finish(std::move(quote));
}

}  // namespace blindai
