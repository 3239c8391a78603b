// Changes anything in evidence that is genuine, one bit or one cut at a time, and expects verify()
// to refuse. No bit of a report is left out: it has no free bytes (docs/formats/snp-report.md).
#include <set>

#include "enclave/tee/simulation/snp_simulation.h"
#include "lib/attest/snp_vectors_test.h"
#include "lib/attest/x509.h"
#include "lib/base/byte_reader.h"
#include "lib/channel/claims.h"
#include "lib/channel/simulation_root.h"
#include "lib/crypto/crypto.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

struct Subject {
  Evidence evidence{Tee::kSnp, {}};
  Bytes claims = to_bytes(as_bytes("claims"));
  Collateral collateral;
  Policy policy;
  TrustRoots roots = production_roots();
  Time now;

  Verification verify() const {
    return blindai::verify(evidence, claims, collateral, policy, roots, now);
  }
};

// The first check that fails now and did not at first; empty when there is none, that is, when the
// change went unnoticed.
std::string_view noticed_by(const Verification& before, const Verification& after) {
  for (size_t i = 0; i < after.checks().size(); ++i)
    if (after.checks()[i].state == CheckState::kFailed &&
        before.checks()[i].state != CheckState::kFailed)
      return after.checks()[i].name();
  return {};
}

// Flips one bit of each byte of `part`, another one from byte to byte. How many were flipped.
size_t flip(Subject& subject, Bytes& part) {
  const Verification before = subject.verify();
  for (size_t byte = 0; byte < part.size(); ++byte) {
    const auto mask = static_cast<uint8_t>(1u << (byte % 8));
    part[byte] ^= mask;
    const Verification after = subject.verify();
    EXPECT_NE(noticed_by(before, after), "") << "byte " << byte;
    EXPECT_EQ(after.evidence(), nullptr) << "byte " << byte;
    part[byte] ^= mask;
  }
  return part.size();
}

// Every bit of report and VEK, against the reading and the one signature check that stand between
// them and everything else in verify(); the flips above show that verify() heeds both.
size_t flip_every_bit(const Subject& subject) {
  const auto chain = parse_pem_chain(subject.collateral.vek_chain, X509Profile::kAmdCa);
  const auto vek = Certificate::from_der(subject.collateral.vek, X509Profile::kAmdVek);
  EXPECT_TRUE(chain.has_value() && vek.has_value());
  const auto good = [&vek](BytesView wire) {
    const auto read = parse_snp_report(wire);
    return read.has_value() && verify_p384(vek->p384_point(), read->signed_part, read->signature);
  };
  const auto issued = [&chain](BytesView der) {
    const auto read = Certificate::from_der(der, X509Profile::kAmdVek);
    return read.has_value() && read->signed_by((*chain)[0]);
  };
  Bytes report = subject.evidence.quote;
  Bytes der = subject.collateral.vek;
  EXPECT_TRUE(good(report) && issued(der));
  const auto every = [](Bytes& bytes, const auto& accepted) {
    for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      const auto mask = static_cast<uint8_t>(1u << (bit % 8));
      bytes[bit / 8] ^= mask;
      EXPECT_FALSE(accepted(bytes)) << "bit " << bit;
      bytes[bit / 8] ^= mask;
    }
    return 8 * bytes.size();
  };
  return every(report, good) + every(der, issued);
}

// Cuts `part` at every length.
size_t cut(Subject& subject, Bytes& part) {
  const Verification before = subject.verify();
  const Bytes whole = part;
  for (size_t n = 0; n < whole.size(); ++n) {
    part.assign(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(n));
    EXPECT_NE(noticed_by(before, subject.verify()), "") << "cut at " << n;
  }
  part = whole;
  return whole.size();
}

// Report and VEK of each case, and every bit of them if `thorough`; the files that several cases
// share, chain and CRL, once (`done` has the names of those that had their turn).
void mutate(std::string_view name, Subject subject, bool thorough, std::set<Bytes>& done) {
  Collateral& c = subject.collateral;
  const size_t flips = flip(subject, subject.evidence.quote) + flip(subject, c.vek);
  const size_t cuts = cut(subject, subject.evidence.quote) + (thorough ? cut(subject, c.vek) : 0);
  const size_t every = thorough ? flip_every_bit(subject) : 0;
  size_t chain = 0;
  if (done.insert(c.vek_chain).second) {
    // Line breaks after the last certificate say nothing, and a cut may take them.
    while (!c.vek_chain.empty() && c.vek_chain.back() != '-') c.vek_chain.pop_back();
    chain = flip(subject, c.vek_chain) + cut(subject, c.vek_chain);
  }
  size_t crl = 0;
  if (!c.vek_crl.empty() && done.insert(c.vek_crl).second)
    crl = flip(subject, c.vek_crl) + cut(subject, c.vek_crl);
  std::printf(
      "%.*s: report and VEK %zu flips in each byte, %zu in every bit, %zu cuts; chain %zu, CRL %zu "
      "flips and cuts: %zu mutants, all refused\n",
      static_cast<int>(name.size()), name.data(), flips, every, cuts, chain, crl,
      flips + every + cuts + chain + crl);
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
    Subject subject;
    subject.evidence = c.evidence;
    subject.collateral = c.collateral;
    subject.policy = widest_snp_policy(c.evidence.quote);
    subject.now = c.now;
    mutate(c.id, std::move(subject), thorough, done);
  }
}

Subject simulated(SnpProduct product, SnpSigningKey key) {
  Subject out;
  out.now = Time{1795000000};
  const SnpSimulation s({product, key, 5}, out.now);
  ByteArray<48> measurement;
  measurement.fill(0x42);
  out.evidence.quote = s.report(measurement, report_data_of(out.claims));
  out.collateral = s.collateral();
  out.policy = widest_snp_policy(out.evidence.quote);
  out.roots = simulation_roots();
  EXPECT_TRUE(out.verify().ok());
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
    Subject s;
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
    const Verification v = s.verify();
    EXPECT_TRUE(v.ok()) << entry.path() << ": " << v.problem().sentence;
    ++count;
  }
  EXPECT_EQ(count, 3u);
}

}  // namespace
}  // namespace blindai
