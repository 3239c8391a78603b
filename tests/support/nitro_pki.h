// Attestation documents in the real format under a root of our own, in good order or wrong in one
// way: what no real sample shows. Keys are derived from public labels.
#pragma once

#include <optional>

#include "lib/base/time.h"
#include "lib/crypto/vendor_keys.h"
#include "lib/crypto/x509_writer.h"
#include "tests/support/nitro_writer.h"

namespace blindai {

P384Key nitro_test_key(std::string_view label);

// One certificate of the chain.
struct NitroPart {
  std::string name;  // common name, and the label of its key
  bool ca;
  std::optional<uint8_t> path_len = {};
  uint16_t usages;  // X509KeyUsage; 0: the extension is left out
  Time from;
  Time to;

  // Deviations. Empty: the part above it.
  std::string issuer_name = {};
  std::string signer = {};          // label of the key that signs
  std::optional<Bytes> spki = {};   // another public key
  bool signed_with_p256 = false;    // ecdsa-with-SHA256
  bool tampered = false;            // the last bit of its signature is wrong
  bool critical_extension = false;  // one that nobody knows
};

// A document to be made.
struct NitroPlan {
  // A document made at `now` for `user_data`, under a chain of the shape AWS has: root, region,
  // zone, instance, enclave. PCR 0, 1 and 2 are 48 bytes of 1, 2 and 3.
  NitroPlan(Time now, BytesView user_data);

  std::vector<NitroPart> chain;                   // root first, the document's certificate last
  NitroPayload payload = NitroPayload::sample();  // certificate and cabundle are filled in
  CoseParts cose = {};                            // payload and signature are filled in
  bool open_length = false;                       // of the payload's map
  bool root_last = false;                         // cabundle turned round
  bool keep_certificates = false;  // those that `payload` has, instead of the chain's
  std::string signer = {};         // label of the key that signs; empty: the last part's
  bool der_signature = false;      // SEQUENCE {r, s} in place of r ‖ s
  bool tampered = false;           // a letter of module_id changed after signing
  bool tampered_signature = false;

  // DER, in the order of `chain`.
  std::vector<Bytes> certificates() const;
  Bytes document() const;
};

// SHA-256 of the root key's SubjectPublicKeyInfo.
Sha256Digest nitro_test_root();

}  // namespace blindai
