// Which platform real evidence names, and what is asked for it. The vectors are read from
// vectors/ beside the project, or below $BLINDAI_SHARED.
#include "net/collateral/platform.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "net/collateral/fetcher_fixture_test.h"
#include "net/collateral/folder.h"
#include "net/collateral/requests.h"

namespace blindai {
namespace {

std::filesystem::path vectors() {
  const char* shared = std::getenv("BLINDAI_SHARED");
  return std::filesystem::path(shared != nullptr ? shared : BLINDAI_SOURCE_DIR "/../shared") /
         "vectors";
}

Bytes read_vector(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

class PlatformVectors : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(vectors())) GTEST_SKIP() << "skipped: no shared vectors";
  }
};

TEST_F(PlatformVectors, SgxQuotes) {
  const std::pair<const char*, const char*> cases[] = {
      {"sgx/quotes/dcap-qvl-sgx_quote.bin", "00a067110000"},
      {"sgx/quotes/automata-quotev3.bin", "00606a000000"}};
  for (const auto& [file, fmspc] : cases) {
    const auto platform = intel_platform({Tee::kSgx, read_vector(vectors() / file)});
    ASSERT_TRUE(platform.has_value()) << file;
    EXPECT_EQ(to_hex(platform->fmspc), fmspc);
  }
}

TEST_F(PlatformVectors, TdxQuotes) {
  const auto platform =
      intel_platform({Tee::kTdx, read_vector(vectors() / "tdx/quotes/dcap-qvl-tdx_quote.bin")});
  ASSERT_TRUE(platform.has_value());
  EXPECT_EQ(to_hex(platform->fmspc), "b0c06f000000");
  EXPECT_EQ(platform->pck_ca, "platform");
}

TEST_F(PlatformVectors, SnpReports) {
  struct Case {
    const char* folder;
    const char* given;
    const char* product;
    size_t num_digits;
    bool vlek;
  };
  const Case cases[] = {{"milan-v3-oak-rk", "", "Milan", 128, false},
                        {"milan-v2-virtee", "Milan", "Milan", 128, false},
                        {"milan-v3-vlek-vmpl1", "", "Milan", 128, true},
                        {"genoa-v5-oak-oc", "Genoa", "Genoa", 128, false},
                        {"turin-v5-oak-oc", "", "Turin", 16, false}};
  for (const Case& c : cases) {
    const auto platform = amd_platform(
        {Tee::kSnp, read_vector(vectors() / "snp" / c.folder / "report.bin")}, c.given);
    ASSERT_TRUE(platform.has_value()) << c.folder << platform.error().describe();
    EXPECT_EQ(platform->product, c.product);
    EXPECT_EQ(platform->hwid.size(), c.num_digits);
    EXPECT_EQ(platform->vlek, c.vlek);
    EXPECT_EQ(platform->fmc.has_value(), platform->product == "Turin");
  }
}

TEST_F(PlatformVectors, SnpReportsOfAProductThatIsNotKnown) {
  const Evidence v2{Tee::kSnp, read_vector(vectors() / "snp/milan-v2-virtee/report.bin")};
  const Evidence v3{Tee::kSnp, read_vector(vectors() / "snp/milan-v3-oak-rk/report.bin")};
  for (const auto& platform : {amd_platform(v2, ""), amd_platform(v2, "milan"),
                               amd_platform(v3, "Genoa"), amd_platform(v3, "Rome")}) {
    ASSERT_FALSE(platform.has_value());
    EXPECT_EQ(platform.error().name(), "collateral.product");
  }
}

TEST_F(PlatformVectors, SnpReportsOfVersion2WithTheirCertificate) {
  const Evidence v2{Tee::kSnp, read_vector(vectors() / "snp/milan-v2-virtee/report.bin")};
  const Bytes vcek = read_vector(vectors() / "snp/milan-v2-virtee/vcek.der");
  EXPECT_EQ(amd_platform(v2, "", vcek)->product, "Milan");
  EXPECT_EQ(amd_platform(v2, "", Bytes(10)).error().name(), "collateral.product");
}

// The KDS of a chip: its certificate, its product's chain and list, as recorded.
TEST_F(PlatformVectors, SnpCollateralIsFetchedAndCertificatesAreKeptLonger) {
  const Evidence evidence{Tee::kSnp, read_vector(vectors() / "snp/milan-v3-oak-rk/report.bin")};
  const Bytes vcek = read_vector(vectors() / "snp/milan-v3-oak-rk/vcek.der");
  const Bytes chain = read_vector(vectors() / "snp/ca/milan-vcek.pem");
  const Bytes crl = read_vector(vectors() / "snp/crl/milan.der");
  Time now = expiry_of(DocumentForm::kAmdCrl, crl).value() + -20 * kFetcherDay;
  ReplayServer kds([&](const std::string& target) {
    if (target == "/vcek/v1/Milan/cert_chain") return ReplayReply{.body = chain};
    if (target == "/vcek/v1/Milan/crl") return ReplayReply{.body = crl};
    if (target.starts_with("/vcek/v1/Milan/") && target.find("?blSPL=") != std::string::npos)
      return ReplayReply{.body = vcek};
    return ReplayReply{.status = 404};
  });
  const auto fetcher =
      CollateralFetcher::create({.kds = kds.url()}, [&now] { return now; }, {}).value();
  const auto collateral = fetcher->fetch(evidence);
  ASSERT_TRUE(collateral.has_value()) << collateral.error().sentence;
  EXPECT_EQ(collateral->vek, vcek);
  EXPECT_EQ(collateral->vek_chain, chain);
  EXPECT_EQ(collateral->vek_crl, crl);
  EXPECT_EQ(kds.num_asked(), 3u);
  now = now + 2 * kFetcherDay;
  ASSERT_TRUE(fetcher->fetch(evidence).has_value());
  ASSERT_EQ(kds.num_asked(), 4u);
  EXPECT_EQ(kds.asked()[3], "/vcek/v1/Milan/crl");
}

TEST_F(PlatformVectors, SnpReportOfAVlekNeedsTheHostsCertificate) {
  const Evidence evidence{Tee::kSnp, read_vector(vectors() / "snp/milan-v3-vlek-vmpl1/report.bin")};
  ReplayServer kds([](const std::string&) { return ReplayReply{.status = 404}; });
  const auto fetcher =
      CollateralFetcher::create({.kds = kds.url()}, [] { return kFetcherNow; }, {}).value();
  const auto collateral = fetcher->fetch(evidence);
  ASSERT_FALSE(collateral.has_value());
  EXPECT_EQ(collateral.error().name(), "collateral.vlek");
  EXPECT_EQ(kds.num_asked(), 0u);
  Collateral known;
  known.vek = read_vector(vectors() / "snp/milan-v3-vlek-vmpl1/vlek.der");
  EXPECT_EQ(fetcher->fetch(evidence, known).error().name(), "collateral.not-found");
  EXPECT_EQ(kds.asked().front(), "/vlek/v1/Milan/cert_chain");
}

TEST(Platform, OfTheSimulation) {
  SimulationSource source(Sha256Digest{}, [] { return kFetcherNow; });
  const auto platform = intel_platform(source.evidence({}).value());
  ASSERT_TRUE(platform.has_value());
  EXPECT_EQ(to_hex(platform->fmspc), "0053494d0000");
  EXPECT_EQ(platform->pck_ca, "platform");
}

TEST(Platform, RefusesEveryTruncationOfAQuote) {
  SimulationSource source(Sha256Digest{}, [] { return kFetcherNow; });
  Bytes quote = source.evidence({}).value().quote;
  while (!quote.empty()) {
    quote.pop_back();
    const auto platform = intel_platform({Tee::kSgx, quote});
    ASSERT_FALSE(platform.has_value());
    EXPECT_EQ(platform.error().name(), "collateral.evidence");
  }
}

TEST(Requests, IntelsOwnServiceHasTheRootListElsewhere) {
  const CollateralServices at = services_of(kIntelPcs, kAmdKds).value();
  const auto requests =
      requests_for(Tee::kTdx, {.fmspc = {0xb0, 0xc0, 0x6f}, .pck_ca = "platform"}, at);
  ASSERT_EQ(requests.size(), 4u);
  EXPECT_EQ(requests[0].url(),
            "https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=B0C06F000000");
  EXPECT_EQ(requests[1].url(),
            "https://api.trustedservices.intel.com/tdx/certification/v4/qe/identity");
  EXPECT_EQ(requests[2].url(),
            "https://api.trustedservices.intel.com/sgx/certification/v4/"
            "pckcrl?ca=platform&encoding=der");
  EXPECT_EQ(requests[3].url(), "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der");
}

TEST(Requests, ACachingServiceHasItBelowItsOwnPath) {
  const CollateralServices at = services_of("https://pccs:8081/cache/", kAmdKds).value();
  const auto requests = requests_for(Tee::kSgx, {.fmspc = {}, .pck_ca = "processor"}, at);
  EXPECT_EQ(requests[3].url(), "https://pccs:8081/cache/sgx/certification/v4/rootcacrl");
}

TEST(Requests, TurinHasAnFmcAndAShortIdentity) {
  const CollateralServices at = services_of(kIntelPcs, kAmdKds).value();
  const auto requests = requests_for({.product = "Turin",
                                      .vlek = false,
                                      .hwid = "0123456789abcdef",
                                      .fmc = 1,
                                      .boot_loader = 2,
                                      .tee = 3,
                                      .snp = 4,
                                      .microcode = 255},
                                     at);
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].url(),
            "https://kdsintf.amd.com/vcek/v1/Turin/0123456789abcdef?fmcSPL=1&blSPL=2&teeSPL=3&"
            "snpSPL=4&ucodeSPL=255");
}

TEST(Folder, KeepsCollateralByPart) {
  ScratchFolder folder;
  SimulationSource source(Sha256Digest{}, [] { return kFetcherNow; });
  const Collateral collateral = source.collateral().value();
  ASSERT_TRUE(write_collateral(folder.path(), Tee::kSgx, collateral).has_value());
  EXPECT_TRUE(same(read_collateral(folder.path(), Tee::kSgx).value(), collateral));
  EXPECT_EQ(folder.names().size(), collateral_parts(Tee::kSgx).size());
}

TEST(Folder, TakesAPartByItsBareNameOrAnotherEndingToo) {
  ScratchFolder folder;
  SimulationSource source(Sha256Digest{}, [] { return kFetcherNow; });
  const Collateral collateral = source.collateral().value();
  for (const char* ending : {"", ".json", ".pem", ".der"}) {
    ASSERT_TRUE(write_collateral(folder.path(), Tee::kSgx, collateral).has_value());
    for (const CollateralPart& part : collateral_parts(Tee::kSgx))
      std::filesystem::rename(folder.path() + "/" + collateral_file(part.name),
                              folder.path() + "/" + std::string(part.name) + ending);
    const auto read = read_collateral(folder.path(), Tee::kSgx);
    ASSERT_TRUE(read.has_value()) << ending << read.error().sentence;
    EXPECT_TRUE(same(*read, collateral)) << ending;
    for (const std::string& name : folder.names())
      std::filesystem::remove(folder.path() + "/" + name);
  }
}

// Nobody reads the PCK CRL's chain, and all that is missing is named at once.
TEST(Folder, NamesEveryFileThatIsNeeded) {
  ScratchFolder folder;
  EXPECT_EQ(needed_collateral_files(Tee::kSnp), "vek.der, vek_chain.pem, vek_crl.der");
  for (const Tee tee : {Tee::kSgx, Tee::kTdx, Tee::kSnp})
    for (const std::string& place : {folder.path(), folder.path() + "/absent"}) {
      const auto missing = read_collateral(place, tee);
      ASSERT_FALSE(missing.has_value());
      EXPECT_EQ(missing.error().name(), "collateral.missing");
      EXPECT_NE(missing.error().sentence.find(needed_collateral_files(tee)), std::string::npos);
    }
  EXPECT_TRUE(read_collateral(folder.path(), Tee::kNitro).has_value());
  EXPECT_EQ(needed_collateral_files(Tee::kNitro), "");
  SimulationSource source(Sha256Digest{}, [] { return kFetcherNow; });
  ASSERT_TRUE(write_collateral(folder.path(), Tee::kSgx, source.collateral().value()).has_value());
  std::filesystem::remove(folder.path() + "/pck_crl_chain.pem");
  EXPECT_TRUE(read_collateral(folder.path(), Tee::kSgx).has_value());
}

TEST(Folder, SaysWhichPartIsMissingEmptyOrTooLarge) {
  ScratchFolder folder;
  SimulationSource source(Sha256Digest{}, [] { return kFetcherNow; });
  ASSERT_TRUE(write_collateral(folder.path(), Tee::kSgx, source.collateral().value()).has_value());
  const std::string path = folder.path() + "/pck_crl.der";
  std::ofstream(path) << std::string(kMaxCollateralDocument + 1, 'x');
  EXPECT_EQ(read_collateral(folder.path(), Tee::kSgx).error().code, Code::kTooLarge);
  std::ofstream(path, std::ios::trunc).close();
  EXPECT_EQ(read_collateral(folder.path(), Tee::kSgx).error().code, Code::kUnavailable);
  std::filesystem::remove(path);
  const auto missing = read_collateral(folder.path(), Tee::kSgx);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_EQ(missing.error().name(), "collateral.missing");
  EXPECT_NE(missing.error().sentence.find("pck_crl.der"), std::string::npos);
  EXPECT_NE(missing.error().sentence.find(folder.path()), std::string::npos);
  Collateral known;
  known.pck_crl = Bytes(3);
  EXPECT_TRUE(read_collateral(folder.path(), Tee::kSgx, known).has_value());
}

}  // namespace
}  // namespace blindai
