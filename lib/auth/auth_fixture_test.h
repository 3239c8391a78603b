// Keys and tokens for the tests of lib/auth and of what uses it. The private keys are public ones.
#pragma once

#include <gtest/gtest.h>

#include "lib/auth/account_token.h"
#include "tests/support/replaced.h"

namespace blindai {

// Seeds of RFC 8032 section 7.1, TEST 1 and 2.
inline ApiKey test_key(bool second = false) {
  const char* seed = second ? "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
                            : "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
  return ApiKey::from_seed(SecretKey(array_from_hex<32>(seed).value()));
}

// 00 01 … 1f.
inline AuthExporter test_exporter() {
  AuthExporter out;
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<uint8_t>(i);
  return out;
}

inline ProvenKey proven(const ApiKey& key) {
  const auto proof = parse_connection_proof(make_connection_proof(key, test_exporter()));
  return verify_connection_proof(proof.value(), test_exporter()).value();
}

inline SigningKey test_issuer(uint8_t scalar = 7) {
  ByteArray<32> raw{};
  raw.back() = scalar;
  return SigningKey::from_scalar(raw).value();
}

inline constexpr int64_t kTestNow = 1'800'000'000;

// A token's claims that hold at kTestNow for test_key().
inline AccountClaims test_claims() {
  AccountClaims out;
  out.issuer = "https://accounts.example";
  out.account = "acct-7";
  out.handle = "alice";
  out.issued = {kTestNow};
  out.expires = {kTestNow + kMaxTokenLifetimeSeconds};
  out.key = test_key().public_key();
  out.limits.models_per_account = 3;
  out.limits.retention_days = 30;
  return out;
}

// A token of any two texts, signed as ES256 whatever they say.
inline std::string token_of(std::string_view header, std::string_view claims,
                            const SigningKey& issuer = test_issuer()) {
  std::string out = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(claims));
  return out + "." + to_base64url(issuer.sign_raw(as_bytes(out)));
}

template <typename T>
std::string name_of_error(const Result<T>& result) {
  return result.has_value() ? "" : std::string(result.error().name());
}

}  // namespace blindai
