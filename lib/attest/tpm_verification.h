// The judging of a TPM's quote, for verifiers that list its checks among others. Private to
// lib/attest.
#pragma once

#include "lib/attest/check_book.h"
#include "lib/attest/tpm_quote.h"

namespace blindai {

// In the order in which they are judged and listed; tpm_quote.h says what each one compares.
enum class TpmCheck : uint8_t {
  kLayout,
  kSignatureForm,
  kSignature,
  kMagic,
  kType,
  kNonce,
  kSelection,
  kValues,
  kDigest,
  kPolicy,
  kCount,
};
std::span<const CheckSpec> tpm_check_specs();

// Marks the checks that begin at `first` in a book.
class TpmQuoteVerification {
 public:
  TpmQuoteVerification(CheckBook& book, size_t first) : book_(book), first_(first) {}

  // Nothing unless every one of these checks passed.
  std::optional<VerifiedTpmQuote> run(const TpmQuoteEvidence& evidence, const RsaPublicKey& key,
                                      BytesView nonce, const TpmPolicy& policy);

 private:
  bool mark(TpmCheck check, bool passed, std::string expected, std::string found) {
    return book_.mark(first_ + static_cast<size_t>(check), passed, std::move(expected),
                      std::move(found));
  }
  bool signed_by(const RsaPublicKey& key, const TpmQuoteEvidence& evidence);
  bool pcrs(const TpmQuote& quote, const std::vector<ByteArray<32>>& values,
            const TpmPolicy& policy);

  CheckBook& book_;
  size_t first_;
};

}  // namespace blindai
