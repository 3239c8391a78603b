#include "enclave/app/tee_setup.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sstream>

#include "enclave/tee/simulation/simulation_source.h"
#include "lib/attest/verify.h"
#include "lib/channel/claims.h"
#include "lib/channel/simulation_policy.h"
#include "lib/channel/simulation_root.h"
#include "net/collateral/folder.h"
#include "tests/support/certificate_table.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/replay_server.h"

namespace blindai {
namespace {

constexpr Time kNow{1795000000};

class TeeSetupTest : public testing::Test {
 protected:
  Outcome<std::unique_ptr<TeeSetup>> create() {
    return TeeSetup::create(hints_, kernel_, measurement_, [] { return kNow; }, log_);
  }
  // An enclave whose quotes the simulated platform makes.
  void enter_enclave() {
    kernel_.gramine = FakeGramine{.quote = [this](const ByteArray<64>& data) -> Errno<Bytes> {
      return platform_.evidence(data).value().quote;
    }};
    hints_.tee = "sgx";
  }

  HostHints hints_;
  FakeKernel kernel_;
  const Sha256Digest measurement_ = sha256(as_bytes("programs"));
  SimulationSource platform_{measurement_, [] { return kNow; }};
  std::ostringstream logged_;
  spdlog::logger log_{"test", std::make_shared<spdlog::sinks::ostream_sink_st>(logged_)};
};

TEST_F(TeeSetupTest, StartsInNoTeeThatIsNotThere) {
  const std::pair<const char*, const char*> cases[] = {{"sgx", "tee.sgx.absent"},
                                                       {"tdx", "tee.tsm.absent"},
                                                       {"snp", "tee.snp.absent"},
                                                       {"nitro", "tee.nitro.absent"}};
  const std::pair<const char*, const char*> looked_for[] = {
      {"sgx", "/dev/attestation"},
      {"tdx", "/sys/kernel/config/tsm/report"},
      {"snp", "/dev/sev-guest"},
      {"nitro", "/dev/nsm"}};
  for (size_t i = 0; i < std::size(cases); ++i) {
    hints_.tee = cases[i].first;
    const auto setup = create();
    ASSERT_FALSE(setup.has_value());
    EXPECT_EQ(setup.error().name(), cases[i].second);
    EXPECT_NE(setup.error().sentence.find(looked_for[i].second), std::string::npos)
        << setup.error().sentence;
  }
}

TEST_F(TeeSetupTest, TakesNoOtherTeeInItsPlace) {
  enter_enclave();
  for (const char* tee : {"tdx", "snp", "nitro"}) {
    hints_.tee = tee;
    EXPECT_FALSE(create().has_value()) << tee;
  }
}

TEST_F(TeeSetupTest, SimulatesOnlyWhenToldTo) {
  hints_.tee = "simulation";
  const auto setup = create();
  ASSERT_TRUE(setup.has_value());
  EXPECT_TRUE((*setup)->source().is_simulation());
  EXPECT_TRUE((*setup)->source().collateral().has_value());
}

// What its client would find: evidence of that TEE, in order under the simulation's roots, about
// the programs that run.
TEST_F(TeeSetupTest, SimulatesTheTeeThatItIsTold) {
  hints_.tee = "simulation";
  const Bytes claims = to_bytes(as_bytes("claims"));
  const std::pair<const char*, Tee> cases[] = {
      {"sgx", Tee::kSgx}, {"tdx", Tee::kTdx}, {"snp", Tee::kSnp}};
  for (const auto& [name, tee] : cases) {
    hints_.simulate = name;
    const auto setup = create();
    ASSERT_TRUE(setup.has_value()) << name;
    EvidenceSource& source = (*setup)->source();
    EXPECT_TRUE(source.is_simulation()) << name;
    EXPECT_EQ(source.tee(), tee) << name;
    const Evidence evidence = source.evidence(report_data_of(claims)).value();
    EXPECT_EQ(evidence.tee, tee) << name;
    Policy policy = simulation_policy(tee, measurement_);
    policy.max_evidence_age_s = 3600;
    const Verification v =
        verify(evidence, claims, source.collateral().value(), policy, simulation_roots(), kNow);
    EXPECT_TRUE(v.ok()) << name << ": " << v.problem().sentence;
    EXPECT_TRUE(equal(v.evidence()->measurement().first(32), measurement_)) << name;
  }
}

TEST_F(TeeSetupTest, EachTeeHasItsSource) {
  enter_enclave();
  kernel_.tsm = FakeTsm{.provider = "sev_guest",
                        .outblob = [](BytesView inblob, unsigned level) -> Errno<Bytes> {
                          return make_snp_report(inblob, level);
                        },
                        .auxblob = Bytes(),
                        .floor = 1};
  const auto sgx = create();
  ASSERT_TRUE(sgx.has_value());
  EXPECT_EQ((*sgx)->source().tee(), Tee::kSgx);
  hints_.tee = "snp";
  hints_.vmpl = 2;
  const auto snp = create();
  ASSERT_TRUE(snp.has_value());
  EXPECT_EQ((*snp)->source().tee(), Tee::kSnp);
  EXPECT_EQ((*snp)->source().evidence({}).value().quote[0x30], 2);
  EXPECT_FALSE((*snp)->source().is_simulation());
}

TEST_F(TeeSetupTest, ReadsTheHostsFolderOfCollateral) {
  enter_enclave();
  const std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                       ("blindai-setup-" + std::to_string(std::random_device()()));
  ASSERT_TRUE(
      write_collateral(folder.string(), Tee::kSgx, platform_.collateral().value()).has_value());
  hints_.collateral = folder.string();
  const auto setup = create();
  ASSERT_TRUE(setup.has_value());
  EXPECT_EQ((*setup)->source().collateral()->tcb_info, platform_.collateral()->tcb_info);
  std::filesystem::remove(folder / "tcb_info.json");
  EXPECT_EQ((*setup)->source().collateral().error().name(), "tee.collateral");
  EXPECT_NE(logged_.str().find("tcb_info.json"), std::string::npos) << logged_.str();
  std::filesystem::remove_all(folder);
}

TEST_F(TeeSetupTest, AsksTheServiceItWasGiven) {
  enter_enclave();
  ReplayServer pccs([](const std::string&) { return ReplayReply{.status = 404}; });
  hints_.pcs = pccs.url();
  const auto setup = create();
  ASSERT_TRUE(setup.has_value());
  EXPECT_EQ(pccs.num_asked(), 0u);
  EXPECT_EQ((*setup)->source().collateral().error().name(), "tee.collateral");
  EXPECT_EQ(pccs.num_asked(), 1u);
  EXPECT_NE(logged_.str().find(pccs.url()), std::string::npos) << logged_.str();
  hints_.pcs = "pccs";
  EXPECT_EQ(create().error().name(), "net.url");
}

}  // namespace
}  // namespace blindai
