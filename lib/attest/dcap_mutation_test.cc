// Mutants of evidence that is in order: each differs from it in one bit or is cut short, and every
// one of them has to be refused. Evidence of two kinds: the seeds (simulated platforms'), which
// verify, and the genuine shared vectors, of which all but the claims is in order; a mutant of
// those has to fail another check.
//
// What is tried by default fits a test run; with BLINDAI_MUTANTS=all in the environment it is every
// bit of every byte of quote and collateral, which takes the better part of an hour. Each test
// prints how many it tried.
//
// Free, and left out of the mutants:
//   the quote's bytes after its authentication data: nobody signs or reads them, and real quotes
//   are padded with them; the tests show that they change nothing
//   the case of the hexadecimal letters of the two documents' signatures: the same signature
#include <cstdlib>

#include "lib/attest/verify_seed_test.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

// How many bits of a byte are flipped; each mutant is one verification.
struct Bits {
  unsigned quote;  // up to the certificate chain: what the keys in it sign or vouch for
  unsigned chain;
  unsigned collateral;  // 0: none
};

// With the sanitizers, which take five times as long, one bit of every seventh byte has to do.
constexpr size_t kStep = kUnderSanitizer ? 7 : 1;
Bits bits_of(Bits by_default) {
  if (kUnderSanitizer) return {1, 1, by_default.collateral};
  const char* which = std::getenv("BLINDAI_MUTANTS");
  const bool all = which != nullptr && std::string_view(which) == "all";
  return all ? Bits{8, 8, 8} : by_default;
}

constexpr Bytes Collateral::* kParts[] = {&Collateral::tcb_info,    &Collateral::tcb_info_chain,
                                          &Collateral::qe_identity, &Collateral::qe_identity_chain,
                                          &Collateral::pck_crl,     &Collateral::root_ca_crl};

struct Subject {
  std::string name;
  Evidence evidence;
  Collateral collateral;
  Bytes claims;
  Policy policy;
  TrustRoots roots;
  Time now;
  bool has_claims;  // and so verifies; otherwise kGenuine fails
  Bits bits;

  Verification verify() const {
    return blindai::verify(evidence, claims, collateral, policy, roots, now);
  }
  bool good() const {
    return checks_in(verify(), CheckState::kFailed) == (has_claims ? "" : kGenuine);
  }
  // By a check that is not the one that fails anyway.
  bool refused() const {
    const Verification v = verify();
    const Check* failure = v.first_failure();
    return !v.ok() && failure != nullptr && (has_claims || failure->name() != kGenuine);
  }
  // Where the quote's free bytes begin.
  size_t end_of_quote() const {
    const BytesView last = parse_dcap_quote(evidence.quote)->certification;
    return static_cast<size_t>(last.data() + last.size() - evidence.quote.data());
  }
};

Subject subject_of(std::string_view seed_name) {
  VerifySeed seed = load_seed(seed_name);
  return {std::string(seed_name),
          std::move(seed.evidence),
          std::move(seed.collateral),
          std::move(seed.claims),
          std::move(seed.policy),
          std::move(seed.roots),
          seed.now,
          true,
          bits_of({8, 1, 1})};
}

void flip(uint8_t& byte, size_t bit) {
  byte ^= static_cast<uint8_t>(1u << (bit % 8));
}

void bits_of_the_quote(Subject& s) {
  ASSERT_TRUE(s.good()) << s.name;
  Bytes& quote = s.evidence.quote;
  const size_t end = s.end_of_quote();
  const size_t chain = end - parse_dcap_quote(quote)->certification.size();
  size_t tried = 0;
  for (size_t i = 0; i < end; i += kStep) {
    for (size_t bit = i; bit < i + (i < chain ? s.bits.quote : s.bits.chain); ++bit, ++tried) {
      flip(quote[i], bit);
      ASSERT_TRUE(s.refused()) << s.name << ": byte " << i << ", bit " << bit % 8;
      flip(quote[i], bit);
    }
  }
  if (kStep == 1) {
    EXPECT_EQ(tried, chain * s.bits.quote + (end - chain) * s.bits.chain);
  }
  std::printf(
      "%s: %zu mutants of the quote (step %zu, %u bits of a byte from 0 to %zu, then %u to %zu), "
      "all "
      "refused\n",
      s.name.c_str(), tried, kStep, s.bits.quote, chain - 1, s.bits.chain, end - 1);
}

// Shown for the first, the last and some of the bytes between; each is a whole verification.
void free_bytes_of_the_quote(Subject& s) {
  const size_t end = s.end_of_quote();
  const size_t size = s.evidence.quote.size();
  if (end == size) return;
  for (size_t i = end; i < size; i += std::min<size_t>(61, std::max<size_t>(1, size - 1 - i))) {
    flip(s.evidence.quote[i], i);
    EXPECT_TRUE(s.good()) << s.name << ": byte " << i;
    flip(s.evidence.quote[i], i);
    if (i == size - 1) break;
  }
  s.evidence.quote.resize(end);
  EXPECT_TRUE(s.good()) << s.name;
  std::printf("%s: free: bytes %zu to %zu, padding after the authentication data\n", s.name.c_str(),
              end, size - 1);
}

void every_truncation_of_the_quote(Subject& s) {
  const Bytes whole = s.evidence.quote;
  const size_t end = s.end_of_quote();
  const std::string layout = std::string(name_of(s.evidence.tee)) + ".quote.layout";
  for (size_t n = 0; n < end; n += kStep) {
    s.evidence.quote.assign(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(n));
    ASSERT_EQ(s.verify().first_failure()->name(), layout) << s.name << ": " << n;
  }
  s.evidence.quote = whole;
  std::printf("%s: the quote cut at every length (step %zu) below %zu, all refused\n",
              s.name.c_str(), kStep, end);
}

// The other case of a hexadecimal letter, in the signature of a document.
bool is_the_same(const Bytes& part, size_t at, size_t bit) {
  constexpr std::string_view kMember = "\"signature\":\"";
  const size_t from = as_text(part).rfind(kMember);
  const auto letter = static_cast<uint8_t>(part[at] | 0x20);
  return from != std::string_view::npos && at >= from + kMember.size() && bit % 8 == 5 &&
         letter >= 'a' && letter <= 'f';
}

void bits_of_the_collateral(Subject& s) {
  size_t tried = 0;
  size_t same = 0;
  for (const auto member : kParts) {
    Bytes& part = s.collateral.*member;
    for (size_t i = 0; i < part.size(); i += kStep) {
      for (size_t bit = i; bit < i + s.bits.collateral; ++bit) {
        if (is_the_same(part, i, bit)) {
          ++same;
          continue;
        }
        flip(part[i], bit);
        ASSERT_TRUE(s.refused()) << s.name << ": byte " << i << " of " << part.size();
        flip(part[i], bit);
        ++tried;
      }
    }
  }
  std::printf(
      "%s: %zu mutants of the collateral (step %zu, %u bits of a byte), all refused; %zu left out, "
      "for the case of a hexadecimal letter is free\n",
      s.name.c_str(), tried, kStep, s.bits.collateral, same);
}

// A PEM chain's final line break is not part of it.
void truncations_of_the_collateral(Subject& s, size_t step) {
  size_t tried = 0;
  for (const auto member : kParts) {
    const Bytes whole = s.collateral.*member;
    const size_t needed = whole.back() == '\n' ? whole.size() - 1 : whole.size();
    for (size_t n = 0; n < needed; n += n < 4 || n + step >= needed ? 1 : step, ++tried) {
      (s.collateral.*member).resize(n);
      ASSERT_TRUE(s.refused()) << s.name << ": " << n << " of " << whole.size();
      s.collateral.*member = whole;
    }
  }
  std::printf("%s: %zu truncations of the collateral, all refused\n", s.name.c_str(), tried);
}

void all_mutants(Subject s) {
  bits_of_the_quote(s);
  every_truncation_of_the_quote(s);
  if (s.bits.collateral > 0) {
    bits_of_the_collateral(s);
    truncations_of_the_collateral(s, 97);
  }
  free_bytes_of_the_quote(s);
}

class SeedMutants : public testing::TestWithParam<std::string_view> {};
TEST_P(SeedMutants, AreAllRefused) {
  all_mutants(subject_of(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, SeedMutants, testing::ValuesIn(kVerifySeeds),
                         [](const auto& seed) { return std::string(seed.param); });

// One quote of each kind in full, the others by one bit of each byte of the quote.
constexpr Bits kFull = {8, 1, 1};
constexpr Bits kQuoteOnly = {1, 1, 0};

class VectorMutants : public DcapVectors {
 protected:
  using DcapVectors::DcapVectors;

  void all_mutants_of(std::string_view id, Bits by_default) const {
    DcapCase c = load(id);
    Policy policy = widest_policy_for(c.evidence.quote);
    policy.allow_debug = true;
    all_mutants({std::string(id), std::move(c.evidence), std::move(c.collateral),
                 to_bytes(as_bytes("claims")), std::move(policy), std::move(c.roots), c.now, false,
                 bits_of(by_default)});
  }
};

class SgxVectorMutants : public VectorMutants {
 protected:
  SgxVectorMutants() : VectorMutants(Tee::kSgx) {}
};
TEST_F(SgxVectorMutants, OfAProcessorCasPlatformAreAllRefused) {
  all_mutants_of("sgx-v3-processorca-confighardening", kFull);
}
TEST_F(SgxVectorMutants, OfAPlatformCasPlatformAreAllRefused) {
  all_mutants_of("sgx-v3-platformca-swhardening", kQuoteOnly);
}

class TdxVectorMutants : public VectorMutants {
 protected:
  TdxVectorMutants() : VectorMutants(Tee::kTdx) {}
};
TEST_F(TdxVectorMutants, OfTdx10AreAllRefused) {
  all_mutants_of("tdx-v4-uptodate", kFull);
}
TEST_F(TdxVectorMutants, OfTdx15AreAllRefused) {
  all_mutants_of("tdx-v5-td15-uptodate", kFull);
}
TEST_F(TdxVectorMutants, OfADebugTdAreAllRefused) {
  all_mutants_of("tdx-v4-debug-td", kQuoteOnly);
}
TEST_F(TdxVectorMutants, OfAPaddedQuoteAreAllRefused) {
  all_mutants_of("tdx-v4-module-svn-skip", kQuoteOnly);
}
TEST_F(TdxVectorMutants, OfAnOutOfDatePlatformAreAllRefused) {
  all_mutants_of("tdx-v4-platform-outofdate-module-uptodate", kQuoteOnly);
}
TEST_F(TdxVectorMutants, OfATdWithAServiceTdAreAllRefused) {
  all_mutants_of("tdx-v5-alibaba-servicetd-uptodate", kQuoteOnly);
}
TEST_F(TdxVectorMutants, OfAnAzureTdAreAllRefused) {
  all_mutants_of("tdx-v4-azure-dcesv6-uptodate", kQuoteOnly);
}
TEST_F(TdxVectorMutants, OfADstackTdAreAllRefused) {
  all_mutants_of("tdx-v4-dstack-uptodate", kQuoteOnly);
}

}  // namespace
}  // namespace blindai
