// The cache changes no result. Every other test of verify() compares the two as well, by way of
// verify_twice(), with one cache for all of them.
#include "lib/attest/verification_cache.h"

#include "lib/attest/verify_seed_test.h"

namespace blindai {
namespace {

Verification with(VerificationCache& cache, const VerifySeed& s) {
  return verify(s.evidence, s.claims, s.collateral, s.policy, s.roots, s.now, cache);
}
Verification without(const VerifySeed& s) {
  return verify(s.evidence, s.claims, s.collateral, s.policy, s.roots, s.now);
}
void expect_same(VerificationCache& cache, const VerifySeed& s) {
  EXPECT_EQ(to_json(with(cache, s)), to_json(without(s)));
}

constexpr Bytes Collateral::* kCacheParts[] = {
    &Collateral::tcb_info,          &Collateral::tcb_info_chain, &Collateral::qe_identity,
    &Collateral::qe_identity_chain, &Collateral::pck_crl,        &Collateral::root_ca_crl};

TEST(VerificationCache, RemembersWhatPassed) {
  const VerifySeed seed = load_seed("sgx_v3");
  VerificationCache cache;
  EXPECT_EQ(cache.entries(), 0u);
  ASSERT_TRUE(with(cache, seed).ok());
  // Two chains, two CRLs, two documents; root, intermediate, leaf, two CRLs, the documents' signer,
  // two documents and the quoting enclave's report.
  EXPECT_EQ(cache.entries(), 15u);
  const size_t bytes = cache.bytes();
  EXPECT_GT(bytes, 0u);
  expect_same(cache, seed);
  EXPECT_EQ(cache.entries(), 15u);
  EXPECT_EQ(cache.bytes(), bytes);
  cache.clear();
  EXPECT_EQ(cache.entries(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
  expect_same(cache, seed);
}

TEST(VerificationCache, TakesNothingFromAPlatformThatFails) {
  VerifySeed seed = load_seed("sgx_v3");
  VerificationCache cache;
  seed.now = seed.now + 1000LL * 365 * 86400;
  EXPECT_FALSE(with(cache, seed).ok());
  EXPECT_EQ(cache.entries(), 0u);
  seed = load_seed("sgx_v3");
  seed.roots = production_roots();
  EXPECT_FALSE(with(cache, seed).ok());
  EXPECT_EQ(cache.entries(), 0u);
  seed = load_seed("sgx_v3");
  seed.evidence.quote[440] ^= 1;  // the quote's signature
  EXPECT_FALSE(with(cache, seed).ok());
  EXPECT_EQ(cache.entries(), 0u);
}

TEST(VerificationCache, TakesAPlatformThatThePolicyRefused) {
  VerifySeed seed = load_seed("sgx_v3");
  VerificationCache cache;
  seed.policy = Policy();
  seed.claims.push_back(0);
  EXPECT_FALSE(with(cache, seed).ok());
  EXPECT_EQ(cache.entries(), 15u);
  expect_same(cache, seed);
  expect_same(cache, load_seed("sgx_v3"));
  EXPECT_TRUE(with(cache, load_seed("sgx_v3")).ok());
}

TEST(VerificationCache, JudgesDatesRootsPolicyAndClaimsAgain) {
  const VerifySeed good = load_seed("sgx_v3");
  VerificationCache cache;
  ASSERT_TRUE(with(cache, good).ok());
  const Time last = without(good).evidence()->valid_until();
  VerifySeed seed = good;
  for (const Time t : {last, last + 1, last + 86400 * 365LL, Time{0}, Time{INT64_MAX}}) {
    seed.now = t;
    expect_same(cache, seed);
    EXPECT_EQ(with(cache, seed).ok(), t == last);
  }
  seed = good;
  seed.roots = {};
  EXPECT_EQ(checks_in(with(cache, seed), CheckState::kFailed), "sgx.pck.root");
  seed = good;
  seed.policy.sgx->mr_enclave = {};
  EXPECT_EQ(checks_in(with(cache, seed), CheckState::kFailed), "policy.measurement");
  seed = good;
  seed.claims = {1};
  EXPECT_EQ(checks_in(with(cache, seed), CheckState::kFailed), "claims.report-data");
}

// Byte by byte over the collateral and the quote, a forged piece before the genuine one, after it,
// and beside all the other genuine ones.
TEST(VerificationCache, ForgedAndGenuinePiecesInEitherOrderChangeNothing) {
  const VerifySeed good = load_seed("sgx_v3");
  const std::string genuine = to_json(without(good));
  VerificationCache cache;
  size_t tried = 0;
  size_t same = 0;  // a line break for another in PEM: other bytes, the same certificates
  const auto forged = [&](VerifySeed& seed, Bytes& piece, size_t at) {
    piece[at] ^= static_cast<uint8_t>(1u << (tried++ % 8));
    const std::string expected = to_json(without(seed));
    if (expected == genuine) ++same;
    VerificationCache fresh;
    EXPECT_EQ(to_json(with(fresh, seed)), expected);  // forged first
    EXPECT_EQ(to_json(with(fresh, good)), genuine);
    EXPECT_EQ(to_json(with(fresh, seed)), expected);
    EXPECT_EQ(to_json(with(cache, good)), genuine);  // genuine first
    EXPECT_EQ(to_json(with(cache, seed)), expected);
    EXPECT_EQ(to_json(with(cache, good)), genuine);
  };
  for (const auto part : kCacheParts)
    for (size_t at = 0; at < (good.collateral.*part).size(); at += 61) {
      VerifySeed seed = good;
      forged(seed, seed.collateral.*part, at);
    }
  for (size_t at = 0; at < good.evidence.quote.size(); at += 61) {
    VerifySeed seed = good;
    forged(seed, seed.evidence.quote, at);
  }
  EXPECT_LE(same, 2u);
  EXPECT_EQ(cache.entries(), 15u + same);
  std::printf("%zu forged pieces, each before and after the genuine one\n", tried);
}

// A signature of the one and a body of the other, both known to the cache.
TEST(VerificationCache, PiecesDoNotMix) {
  const VerifySeed good = load_seed("sgx_v3");
  VerificationCache cache;
  ASSERT_TRUE(with(cache, good).ok());
  for (const auto a : kCacheParts)
    for (const auto b : kCacheParts) {
      VerifySeed seed = good;
      std::swap(seed.collateral.*a, seed.collateral.*b);
      expect_same(cache, seed);
    }
}

TEST(VerificationCache, KeepsItsLimits) {
  const VerifySeed seed = load_seed("sgx_v3");
  for (const size_t entries : {0u, 1u, 2u, 7u, 14u, 15u}) {
    VerificationCache cache({.entries = entries, .bytes = 8u << 20});
    for (int i = 0; i < 3; ++i) {
      expect_same(cache, seed);
      EXPECT_LE(cache.entries(), entries);
    }
    EXPECT_EQ(cache.entries(), entries);
  }
  for (const size_t bytes : {0u, 1u, 1000u, 20'000u, 100'000u}) {
    VerificationCache cache({.entries = 128, .bytes = bytes});
    for (int i = 0; i < 3; ++i) {
      expect_same(cache, seed);
      EXPECT_LE(cache.bytes(), bytes);
    }
    EXPECT_EQ(cache.entries() == 0, bytes < 1000);
  }
}

}  // namespace
}  // namespace blindai
