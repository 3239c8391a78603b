// Changes anything in evidence that is genuine, one bit or one cut at a time, and expects verify()
// to refuse. No bit of a report is left out: it has no free bytes (docs/formats/snp-report.md).
//
// By default every bit of report and VEK of two cases is tried and one bit of every byte of
// everything else; with BLINDAI_MUTANTS=all in the environment every bit of everything. A mutant
// that is refused by its report's signature costs a P-384 check, three quarters of a millisecond.
#include <set>

#include "enclave/tee/simulation/snp_simulation.h"
#include "lib/attest/mutants_test.h"
#include "lib/attest/snp_vectors_test.h"
#include "lib/base/byte_reader.h"
#include "lib/channel/claims.h"
#include "lib/channel/simulation_root.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

struct SnpSubject {
  Evidence evidence{Tee::kSnp, {}};
  Bytes claims = to_bytes(as_bytes("claims"));
  Collateral collateral;
  Policy policy;
  TrustRoots roots = production_roots();
  Time now;

  MutantJudge judge = {};

  Verification original() {
    return judge.original(evidence, claims, collateral, policy, roots, now);
  }
  Verification mutant() { return judge.mutant(evidence, claims, collateral, policy, roots, now); }
};

// Flips `bits` bits of each byte of `part`, beginning with another one from byte to byte. How many
// were flipped.
size_t flip(SnpSubject& subject, Bytes& part, size_t bits) {
  const Verification before = subject.original();
  for (size_t byte = 0; byte < part.size(); ++byte) {
    for (size_t bit = byte; bit < byte + bits; ++bit) {
      const auto mask = static_cast<uint8_t>(1u << (bit % 8));
      part[byte] ^= mask;
      const Verification after = subject.mutant();
      EXPECT_NE(noticed_by(before, after), "") << "byte " << byte << ", bit " << bit % 8;
      EXPECT_EQ(after.evidence(), nullptr) << "byte " << byte << ", bit " << bit % 8;
      part[byte] ^= mask;
    }
  }
  return bits * part.size();
}

// Cuts `part` at every length.
size_t cut(SnpSubject& subject, Bytes& part) {
  const Verification before = subject.original();
  const Bytes whole = part;
  for (size_t n = 0; n < whole.size(); ++n) {
    part.assign(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(n));
    EXPECT_NE(noticed_by(before, subject.mutant()), "") << "cut at " << n;
  }
  part = whole;
  return whole.size();
}

// Report and VEK of each case; the files that several cases share, chain and CRL, once (`done` has
// those that had their turn).
void mutate(std::string_view name, SnpSubject subject, bool thorough, std::set<Bytes>& done) {
  Collateral& c = subject.collateral;
  const size_t shared_bits = all_mutants_wanted() ? 8 : 1;
  const size_t bits = thorough ? 8 : shared_bits;
  const size_t report = flip(subject, subject.evidence.quote, bits);
  const size_t vek = flip(subject, c.vek, bits);
  size_t cuts = cut(subject, subject.evidence.quote) + cut(subject, c.vek);
  size_t chain = 0;
  if (done.insert(c.vek_chain).second) {
    // Line breaks after the last certificate say nothing, and a cut may take them.
    while (!c.vek_chain.empty() && c.vek_chain.back() != '-') c.vek_chain.pop_back();
    chain = flip(subject, c.vek_chain, shared_bits);
    cuts += cut(subject, c.vek_chain);
  }
  size_t crl = 0;
  if (!c.vek_crl.empty() && done.insert(c.vek_crl).second) {
    crl = flip(subject, c.vek_crl, shared_bits);
    cuts += cut(subject, c.vek_crl);
  }
  std::printf(
      "%.*s: bits flipped: report %zu, VEK %zu, chain %zu, CRL %zu; cuts %zu: %zu mutants, all "
      "refused\n",
      static_cast<int>(name.size()), name.data(), report, vek, chain, crl, cuts,
      report + vek + chain + crl + cuts);
}

class SnpMutation : public SnpVectors {};

TEST_F(SnpMutation, NoChangeToARealReportOrItsCertificatesGoesUnnoticed) {
  const JsonValue cases = list("cases");
  std::set<Bytes> done;
  for (JsonValue v = cases.first(); v.exists(); v = v.next_in(cases)) {
    const SnpCase c = load(text(v["id"]));
    // A VLEK under AMD's newer encoding of PSS, and a VCEK of the newest product and version.
    const bool thorough = c.id == "milan-v3-vlek-vmpl1" || c.id == "turin-v5-oak-oc";
    // Under a sanitizer, which makes it several times slower, one case is enough.
    if (kUnderSanitizer && c.id != "azure-genoa-v3") continue;
    SnpSubject subject;
    subject.evidence = c.evidence;
    subject.collateral = c.collateral;
    subject.policy = widest_snp_policy(c.evidence.quote);
    subject.now = c.now;
    mutate(c.id, std::move(subject), thorough, done);
  }
}

SnpSubject simulated(SnpProduct product, SnpSigningKey key) {
  SnpSubject out;
  out.now = Time{1795000000};
  const SnpSimulation s({product, key, 5}, out.now);
  ByteArray<48> measurement;
  measurement.fill(0x42);
  out.evidence.quote = s.report(measurement, report_data_of(out.claims));
  out.collateral = s.collateral();
  out.policy = widest_snp_policy(out.evidence.quote);
  out.roots = simulation_roots();
  EXPECT_TRUE(out.original().ok());
  return out;
}

TEST(SnpMutationOfSimulated, NoChangeGoesUnnoticed) {
  std::set<Bytes> done;
  mutate("simulated Genoa, VLEK", simulated(SnpProduct::kGenoa, SnpSigningKey::kVlek), false, done);
}

// The seeds of fuzz/verify_snp.cc, which has their layout: mutants of what does not verify would
// get nowhere.
TEST(VerifySnpSeeds, Verify) {
  size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(BLINDAI_SOURCE_DIR "/fuzz/corpus/verify_snp")) {
    std::ifstream in(entry.path(), std::ios::binary);
    const Bytes wire(std::istreambuf_iterator<char>(in), {});
    ByteReader r(wire);
    SnpSubject s;
    uint64_t now = 0;
    Sha256Digest root;
    ASSERT_TRUE(r.u64le(now) && r.array(root));
    for (Bytes* part : {&s.evidence.quote, &s.claims, &s.collateral.vek, &s.collateral.vek_chain,
                        &s.collateral.vek_crl}) {
      uint32_t length = 0;
      BytesView view;
      ASSERT_TRUE(r.u32le(length) && r.bytes(view, length));
      *part = to_bytes(view);
    }
    EXPECT_TRUE(r.done());
    s.now = Time{static_cast<int64_t>(now)};
    s.roots = {.amd_milan = {root}, .amd_genoa = {root}, .amd_turin = {root}};
    s.policy = widest_snp_policy(s.evidence.quote);
    const Verification v = s.original();
    EXPECT_TRUE(v.ok()) << entry.path() << ": " << v.problem().sentence;
    ++count;
  }
  EXPECT_EQ(count, 3u);
}

}  // namespace
}  // namespace blindai
