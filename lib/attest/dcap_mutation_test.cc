// Mutants of evidence that is in order: each differs from it in one bit or is cut short, and every
// one of them has to be refused. Evidence of two kinds: the seeds (simulated platforms'), which
// verify, and the genuine shared vectors, of which all but the claims is in order; a mutant of
// those has to fail another check.
//
// By default every bit of the quotes is tried up to their certificate chains, one bit of every byte
// of chains and collateral, and every truncation; with BLINDAI_MUTANTS=all in the environment every
// bit of those as well. What several vectors share is tried once: the CAs' certificates in their
// quotes, and files of their collateral. Each test prints how many it tried. A mutant costs the one
// signature check that refuses it, and hardly more.
//
// Free, and left out of the mutants:
//   the quote's bytes after its authentication data: nobody signs or reads them, and real quotes
//   are padded with them; the tests show that they change nothing
//   the case of the hexadecimal letters of the two documents' signatures: the same signature
#include <set>

#include "lib/attest/mutants_test.h"
#include "lib/attest/verify_seed_test.h"

namespace blindai {
namespace {

// With the sanitizers, which take five times as long, one bit of every seventh byte has to do.
constexpr size_t kStep = kUnderSanitizer ? 7 : 1;
constexpr unsigned kReportBits = kUnderSanitizer ? 1 : 8;

// Of chains and collateral.
unsigned other_bits() {
  return !kUnderSanitizer && all_mutants_wanted() ? 8 : 1;
}

// True for bytes that have not had their turn in this run.
bool first_time(std::string_view of, BytesView bytes) {
  static std::set<std::pair<std::string_view, Bytes>> done;
  return done.emplace(of, to_bytes(bytes)).second;
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
  MutantJudge judge = {};
  std::optional<Verification> before = {};  // what good() saw

  // Has to be asked first: mutants are compared with what it sees.
  bool good() {
    before = judge.original(evidence, claims, collateral, policy, roots, now);
    return checks_in(*before, CheckState::kFailed) == (has_claims ? "" : kGenuine);
  }
  Verification verify() { return judge.mutant(evidence, claims, collateral, policy, roots, now); }
  // By a check that does not fail anyway.
  bool refused() {
    const Verification v = verify();
    return !v.ok() && !noticed_by(*before, v).empty();
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
          true};
}

void flip(uint8_t& byte, size_t bit) {
  byte ^= static_cast<uint8_t>(1u << (bit % 8));
}

// The CAs' certificates, with which many quotes end, have their turn once.
void bits_of_the_quote(Subject& s) {
  ASSERT_TRUE(s.good()) << s.name;
  Bytes& quote = s.evidence.quote;
  const size_t end = s.end_of_quote();
  const size_t chain = end - parse_dcap_quote(quote)->certification.size();
  const size_t cas = as_text(quote).find("-----BEGIN", as_text(quote).find("-----END"));
  ASSERT_TRUE(chain < cas && cas < end);
  const size_t to = first_time("bits", BytesView(quote).subspan(cas, end - cas)) ? end : cas;
  size_t tried = 0;
  for (size_t i = 0; i < to; i += kStep) {
    for (size_t bit = i; bit < i + (i < chain ? kReportBits : other_bits()); ++bit, ++tried) {
      flip(quote[i], bit);
      ASSERT_TRUE(s.refused()) << s.name << ": byte " << i << ", bit " << bit % 8;
      flip(quote[i], bit);
    }
  }
  if (kStep == 1) {
    EXPECT_EQ(tried, chain * kReportBits + (to - chain) * other_bits());
  }
  std::printf(
      "%s: %zu mutants of the quote (step %zu, %u bits of a byte from 0 to %zu, then %u to %zu), "
      "all refused%s\n",
      s.name.c_str(), tried, kStep, kReportBits, chain - 1, other_bits(), to - 1,
      to == end ? "" : "; the CAs' certificates after that are another quote's as well");
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
bool is_the_same(BytesView part, size_t at, size_t bit) {
  constexpr std::string_view kMember = "\"signature\":\"";
  const size_t from = as_text(part).rfind(kMember);
  const auto letter = static_cast<uint8_t>(part[at] | 0x20);
  return from != std::string_view::npos && at >= from + kMember.size() && bit % 8 == 5 &&
         letter >= 'a' && letter <= 'f';
}

// While collateral is changed, the quote's own signature is zeros, which fail without being
// computed: it is checked anew each time and says nothing of the collateral. Every mutant of the
// sample meets the quote as it was.
class WithoutQuoteSignature {
 public:
  explicit WithoutQuoteSignature(Subject& s) : s_(s), whole_(s.evidence.quote) {
    EXPECT_TRUE(s_.good()) << s_.name;
    const auto quote = parse_dcap_quote(whole_);
    const size_t at = quote->signed_part.size() + 4;  // after the length of what follows
    EXPECT_TRUE(equal(BytesView(whole_).subspan(at, 64), quote->signature));
    std::fill_n(s_.evidence.quote.begin() + static_cast<ptrdiff_t>(at), 64, uint8_t{0});
    s_.before = s_.verify();
    EXPECT_EQ(checks_in(*s_.before, CheckState::kFailed),
              std::string(name_of(s_.evidence.tee)) + ".quote.signature");
  }
  ~WithoutQuoteSignature() {
    s_.evidence.quote = whole_;
    EXPECT_TRUE(s_.good()) << s_.name;
  }
  WithoutQuoteSignature(const WithoutQuoteSignature&) = delete;
  WithoutQuoteSignature& operator=(const WithoutQuoteSignature&) = delete;

  bool refused() {
    if (num_judged_++ % MutantJudge::kSample == 0 && refused_with_signature().empty()) return false;
    return s_.refused();
  }

 private:
  // By verify() without a cache; kGenuine alone does not count.
  std::string refused_with_signature() const {
    const Verification v = blindai::verify({s_.evidence.tee, whole_}, s_.claims, s_.collateral,
                                           s_.policy, s_.roots, s_.now);
    const Check* failure = v.first_failure();
    return v.ok() || failure->name() == kGenuine ? "" : std::string(failure->name());
  }

  Subject& s_;
  const Bytes whole_;
  size_t num_judged_ = 0;
};

void bits_of_the_collateral(Subject& s) {
  WithoutQuoteSignature judged(s);
  size_t tried = 0;
  size_t same = 0;
  for (const auto member : kParts) {
    Bytes& part = s.collateral.*member;
    if (!first_time("bits", part)) continue;
    for (size_t i = 0; i < part.size(); i += kStep) {
      for (size_t bit = i; bit < i + other_bits(); ++bit) {
        if (is_the_same(part, i, bit)) {
          ++same;
          continue;
        }
        flip(part[i], bit);
        ASSERT_TRUE(judged.refused()) << s.name << ": byte " << i << " of " << part.size();
        flip(part[i], bit);
        ++tried;
      }
    }
  }
  std::printf(
      "%s: %zu mutants of the collateral (step %zu, %u bits of a byte), all refused; %zu left out, "
      "for the case of a hexadecimal letter is free\n",
      s.name.c_str(), tried, kStep, other_bits(), same);
}

// A PEM chain's final line break is not part of it.
void every_truncation_of_the_collateral(Subject& s) {
  WithoutQuoteSignature judged(s);
  size_t tried = 0;
  for (const auto member : kParts) {
    const Bytes whole = s.collateral.*member;
    if (!first_time("truncations", whole)) continue;
    const size_t needed = whole.back() == '\n' ? whole.size() - 1 : whole.size();
    for (size_t n = 0; n < needed; n += kStep, ++tried) {
      (s.collateral.*member).assign(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(n));
      ASSERT_TRUE(judged.refused()) << s.name << ": " << n << " of " << whole.size();
    }
    s.collateral.*member = whole;
  }
  std::printf("%s: %zu truncations of the collateral (step %zu), all refused\n", s.name.c_str(),
              tried, kStep);
}

void all_mutants(Subject s) {
  bits_of_the_quote(s);
  every_truncation_of_the_quote(s);
  bits_of_the_collateral(s);
  every_truncation_of_the_collateral(s);
  free_bytes_of_the_quote(s);
}

class SeedMutants : public testing::TestWithParam<std::string_view> {};
TEST_P(SeedMutants, AreAllRefused) {
  all_mutants(subject_of(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, SeedMutants, testing::ValuesIn(kVerifySeeds),
                         [](const auto& seed) { return std::string(seed.param); });

class VectorMutants : public DcapVectors {
 protected:
  using DcapVectors::DcapVectors;

  void all_mutants_of(std::string_view id) const {
    DcapCase c = load(id);
    Policy policy = widest_policy_for(c.evidence.quote);
    policy.allow_debug = true;
    all_mutants({std::string(id), std::move(c.evidence), std::move(c.collateral),
                 to_bytes(as_bytes("claims")), std::move(policy), std::move(c.roots), c.now,
                 false});
  }
};

class SgxVectorMutants : public VectorMutants {
 protected:
  SgxVectorMutants() : VectorMutants(Tee::kSgx) {}
};
TEST_F(SgxVectorMutants, OfAProcessorCasPlatformAreAllRefused) {
  all_mutants_of("sgx-v3-processorca-confighardening");
}
TEST_F(SgxVectorMutants, OfAPlatformCasPlatformAreAllRefused) {
  all_mutants_of("sgx-v3-platformca-swhardening");
}

class TdxVectorMutants : public VectorMutants {
 protected:
  TdxVectorMutants() : VectorMutants(Tee::kTdx) {}
};
TEST_F(TdxVectorMutants, OfTdx10AreAllRefused) {
  all_mutants_of("tdx-v4-uptodate");
}
TEST_F(TdxVectorMutants, OfTdx15AreAllRefused) {
  all_mutants_of("tdx-v5-td15-uptodate");
}
TEST_F(TdxVectorMutants, OfADebugTdAreAllRefused) {
  all_mutants_of("tdx-v4-debug-td");
}
TEST_F(TdxVectorMutants, OfAPaddedQuoteAreAllRefused) {
  all_mutants_of("tdx-v4-module-svn-skip");
}
TEST_F(TdxVectorMutants, OfAnOutOfDatePlatformAreAllRefused) {
  all_mutants_of("tdx-v4-platform-outofdate-module-uptodate");
}
TEST_F(TdxVectorMutants, OfATdWithAServiceTdAreAllRefused) {
  all_mutants_of("tdx-v5-alibaba-servicetd-uptodate");
}
TEST_F(TdxVectorMutants, OfAnAzureTdAreAllRefused) {
  all_mutants_of("tdx-v4-azure-dcesv6-uptodate");
}
TEST_F(TdxVectorMutants, OfADstackTdAreAllRefused) {
  all_mutants_of("tdx-v4-dstack-uptodate");
}

}  // namespace
}  // namespace blindai
