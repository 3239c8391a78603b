// Property: a proof that is read is written as the same text by its parts, and holds on no
// connection unless it is the one that the key itself makes there.
#include "lib/auth/connection_proof.h"

#include <cstdlib>

namespace {

// The seed of RFC 8032 section 7.1, TEST 1, with which the seeds of the corpus are signed.
const blindai::ApiKey& known_key() {
  static const blindai::ApiKey key = blindai::ApiKey::from_seed(
      blindai::SecretKey(blindai::array_from_hex<32>(
                             "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
                             .value()));
  return key;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = blindai::as_text({data, size});
  const auto proof = blindai::parse_connection_proof(text);
  if (!proof.has_value()) return 0;
  if ("BlindAI-Key " + blindai::to_text(proof->key) + "." +
          blindai::to_base64url(proof->signature) !=
      text)
    std::abort();
  blindai::AuthExporter exporter;
  for (size_t i = 0; i < exporter.size(); ++i) exporter[i] = static_cast<uint8_t>(i);
  const auto proven = blindai::verify_connection_proof(*proof, exporter);
  if (proven.has_value() && (proven->key() != known_key().public_key() ||
                             blindai::make_connection_proof(known_key(), exporter) != text))
    std::abort();
  return 0;
}
