// How the verifiers read and check signatures: by doing it, or by remembering. Private to
// lib/attest.
//
// Every function here is one of its bytes alone, so that the answer from the cache is the answer.
// Only successes are remembered, and only of a platform that passed (keep()).
#pragma once

#include "lib/attest/qe_identity.h"
#include "lib/attest/tcb_info.h"
#include "lib/attest/verification_cache.h"
#include "lib/attest/x509.h"

namespace blindai {

// One of Intel's signed JSON documents, read: where in its text the signed bytes stand.
template <typename T>
struct SignedDocument {
  size_t at;
  size_t length;
  ByteArray<64> signature;
  T body;

  BytesView signed_bytes(BytesView text) const { return text.subspan(at, length); }
};

class Recall {
 public:
  using Chain = std::vector<Certificate>;

  // For one verification. `cache` may be null: then nothing is remembered.
  explicit Recall(VerificationCache* cache) : cache_(cache) {}

  // Errors: those of parse_pem_chain(), Certificate::from_der() and Crl::from_der().
  Result<std::shared_ptr<const Chain>> chain(BytesView pem,
                                             X509Profile profile = X509Profile::kIntel);
  Result<std::shared_ptr<const Certificate>> certificate(BytesView der, X509Profile profile);
  Result<std::shared_ptr<const Crl>> crl(BytesView der, X509Profile issuer = X509Profile::kIntel);

  bool signed_by(const Certificate& certificate, const Certificate& issuer);
  bool signed_by(const Crl& crl, const Certificate& issuer);
  bool p256(const ByteArray<64>& point, BytesView message, const ByteArray<64>& signature);
  bool p384(const ByteArray<96>& point, BytesView message, const ByteArray<96>& signature);

  // A document whose text was read before; null when it was not.
  template <typename T>
  std::shared_ptr<const SignedDocument<T>> document(BytesView text) {
    return std::static_pointer_cast<const SignedDocument<T>>(find({kWhatOf<T>, {text, {}, {}}}));
  }
  template <typename T>
  void note(BytesView text, std::shared_ptr<const SignedDocument<T>> read) {
    note({kWhatOf<T>, {text, {}, {}}}, std::move(read));
  }

  // Puts into the cache what this verification read and found signed: when every check of the
  // platform passed.
  void keep();

 private:
  // What an entry of the cache is about, and so the type of its value. Chains, certificates and
  // CRLs have their profile as a piece of the key.
  enum What : uint8_t { kTcbInfo, kQeIdentity, kChain, kCertificate, kCrl, kSigned, kP256, kP384 };
  template <typename T>
  static constexpr What kWhatOf = std::is_same_v<T, TcbInfo> ? kTcbInfo : kQeIdentity;
  using Key = VerificationCache::Key;

  template <typename T, typename Read>
  Result<std::shared_ptr<const T>> parsed(What what, BytesView bytes, X509Profile profile,
                                          Read read);
  template <typename Verify>
  bool holds(const Key& key, Verify verify);
  std::shared_ptr<const void> find(const Key& key);
  void note(const Key& key, std::shared_ptr<const void> value);

  VerificationCache* cache_;
  std::vector<VerificationCache::Entry> noted_;
};

}  // namespace blindai
