// The floor under a verification: its signature checks and nothing else, by OpenSSL's fastest way,
// with keys and signatures made ready beforehand. What is left to do is hashing the message and the
// arithmetic.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/bytes.h"

namespace blindai {

class RawSignatures {
 public:
  RawSignatures();
  ~RawSignatures();
  RawSignatures(RawSignatures&&) noexcept;

  // The signature on a certificate or CRL (DER) by the key of `issuer` (a certificate in DER).
  void add_certificate(BytesView der, BytesView issuer);
  void add_crl(BytesView der, BytesView issuer);
  // `point` is x then y, `signature` r then s: P-256 with SHA-256 when they have 64 bytes, P-384
  // with SHA-384 when they have 96.
  void add_ecdsa(BytesView point, BytesView message, BytesView signature);

  size_t count() const;
  // Checks them all once. Aborts when one does not hold: the benchmark would measure nonsense.
  void check() const;

 private:
  struct One;
  std::vector<std::unique_ptr<One>> all_;
};

}  // namespace blindai
