#include "lib/attest/recall.h"

#include <algorithm>

#include "lib/crypto/crypto.h"

namespace blindai {

template <typename T, typename Read>
Result<std::shared_ptr<const T>> Recall::parsed(What what, BytesView bytes, X509Profile profile,
                                                Read read) {
  const auto as_byte = static_cast<uint8_t>(profile);
  const Key key{what, {bytes, {&as_byte, 1}, {}}};
  if (auto known = find(key); known != nullptr)
    return std::static_pointer_cast<const T>(std::move(known));
  ASSIGN_OR_RETURN(T value, read(bytes, profile));
  auto out = std::make_shared<const T>(std::move(value));
  note(key, out);
  return out;
}

Result<std::shared_ptr<const Recall::Chain>> Recall::chain(BytesView pem, X509Profile profile) {
  return parsed<Chain>(kChain, pem, profile, parse_pem_chain);
}

Result<std::shared_ptr<const Certificate>> Recall::certificate(BytesView der, X509Profile profile) {
  return parsed<Certificate>(kCertificate, der, profile, Certificate::from_der);
}

Result<std::shared_ptr<const Crl>> Recall::crl(BytesView der, X509Profile issuer) {
  return parsed<Crl>(kCrl, der, issuer, Crl::from_der);
}

// A key's kind and algorithm are in SubjectPublicKeyInfo and in what was signed with it.
bool Recall::signed_by(const Certificate& certificate, const Certificate& issuer) {
  return holds({kSigned, {issuer.spki(), certificate.der(), {}}},
               [&] { return certificate.signed_by(issuer); });
}

bool Recall::signed_by(const Crl& crl, const Certificate& issuer) {
  return holds({kSigned, {issuer.spki(), crl.der(), {}}}, [&] { return crl.signed_by(issuer); });
}

bool Recall::p256(const ByteArray<64>& point, BytesView message, const ByteArray<64>& signature) {
  return holds({kP256, {point, message, signature}},
               [&] { return verify_p256(point, message, signature); });
}

bool Recall::p384(const ByteArray<96>& point, BytesView message, const ByteArray<96>& signature) {
  return holds({kP384, {point, message, signature}},
               [&] { return verify_p384(point, message, signature); });
}

template <typename Verify>
bool Recall::holds(const Key& key, Verify verify) {
  if (cache_ != nullptr && cache_->find(key) != nullptr) return true;
  if (!verify()) return false;
  note(key, nullptr);
  return true;
}

std::shared_ptr<const void> Recall::find(const Key& key) {
  if (cache_ == nullptr) return nullptr;
  if (const auto* entry = cache_->find(key); entry != nullptr) return entry->value;
  return nullptr;
}

void Recall::note(const Key& key, std::shared_ptr<const void> value) {
  constexpr size_t kParsedFactor = 16;  // as VerificationCache::Limits has it
  if (cache_ == nullptr) return;
  VerificationCache::Entry entry{.what = key.what, .pieces = {}, .value = std::move(value)};
  for (size_t i = 0; i < key.pieces.size(); ++i) {
    entry.pieces[i] = to_bytes(key.pieces[i]);
    entry.cost += key.pieces[i].size();
  }
  if (entry.value != nullptr) entry.cost *= 1 + kParsedFactor;
  entry.cost += sizeof entry;
  noted_.push_back(std::move(entry));
}

void Recall::keep() {
  if (cache_ == nullptr) return;
  for (auto& entry : noted_) cache_->insert(std::move(entry));
  noted_.clear();
}

}  // namespace blindai
