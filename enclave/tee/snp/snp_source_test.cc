#include "enclave/tee/snp/snp_source.h"

#include <cerrno>
#include <gtest/gtest.h>

#include "enclave/tee/snp/certificate_table.h"
#include "tests/support/certificate_table.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/fake_supply.h"

namespace blindai {
namespace {

const Bytes kVcek = {0x30, 1, 1};
const Bytes kVlek = {0x30, 1, 2};
const Bytes kAsk = {0x30, 1, 3};
const Bytes kArk = {0x30, 1, 4};

class SnpSourceTest : public testing::Test {
 protected:
  SnpSourceTest() {
    data_.fill(0xa5);
    kernel_.tsm = FakeTsm{
        .provider = "sev_guest",
        .outblob = [this](BytesView inblob, unsigned level) -> Errno<Bytes> {
          return make_snp_report(inblob, level, vlek_);
        },
        .auxblob = make_certificate_table({{kVcekGuid, kVcek}, {kAskGuid, kAsk}, {kArkGuid, kArk}}),
        .floor = 0};
  }
  ~SnpSourceTest() override {
    EXPECT_EQ(kernel_.num_open(), 0u);
    EXPECT_EQ(kernel_.num_reports(), 0u);
  }
  static FakeSevGuest device() {
    return {.report = [](const ByteArray<64>& data,
                         uint32_t vmpl) { return make_snp_report(data, vmpl); },
            .certificates = make_certificate_table({{kVcekGuid, kVcek}})};
  }

  FakeKernel kernel_;
  FakeSupply supply_;
  SnpSource source_{kernel_, supply_};
  ByteArray<64> data_{};
  bool vlek_ = false;
};

TEST_F(SnpSourceTest, BringsAReportAndItsCertificates) {
  const auto evidence = source_.evidence(data_);
  ASSERT_TRUE(evidence.has_value()) << evidence.error().describe();
  EXPECT_EQ(evidence->tee, Tee::kSnp);
  EXPECT_EQ(evidence->quote, make_snp_report(data_, 0));
  EXPECT_FALSE(source_.is_simulation());
  ASSERT_TRUE(source_.collateral().has_value());
  EXPECT_EQ(supply_.asked.back().quote, evidence->quote);
  EXPECT_EQ(supply_.known.vek, kVcek);
  CertificateTable chain{};
  chain.ask = kAsk;
  chain.ark = kArk;
  EXPECT_EQ(supply_.known.vek_chain, chain_of(chain));
  EXPECT_TRUE(supply_.known.vek_crl.empty());
}

TEST_F(SnpSourceTest, TakesTheCertificateOfTheKeyThatSigned) {
  vlek_ = true;
  ASSERT_TRUE(source_.collateral().has_value());
  EXPECT_TRUE(supply_.known.vek.empty());  // the host has a VCEK only
  kernel_.tsm->auxblob = make_certificate_table({{kVcekGuid, kVcek}, {kVlekGuid, kVlek}});
  ASSERT_TRUE(source_.evidence(data_).has_value());
  ASSERT_TRUE(source_.collateral().has_value());
  EXPECT_EQ(supply_.known.vek, kVlek);
}

TEST_F(SnpSourceTest, CountsATableThatCannotBeReadAsNone) {
  const Bytes cases[] = {Bytes(), Bytes(10, 1), Bytes(4096),
                         make_certificate_table({{kVcekGuid, to_bytes(as_bytes("-----BEGIN"))}})};
  for (const Bytes& table : cases) {
    kernel_.tsm->auxblob = table;
    ASSERT_TRUE(source_.evidence(data_).has_value());
    ASSERT_TRUE(source_.collateral().has_value());
    EXPECT_TRUE(supply_.known.vek.empty());
    EXPECT_TRUE(supply_.known.vek_chain.empty());
  }
}

TEST_F(SnpSourceTest, AsksForTheLevelItWasGiven) {
  SnpSource at_two(kernel_, supply_, 2);
  EXPECT_EQ(at_two.evidence(data_)->quote, make_snp_report(data_, 2));
  kernel_.tsm->floor = 3;
  EXPECT_EQ(at_two.evidence(data_).error().name(), "tee.tsm.privlevel");
}

TEST_F(SnpSourceTest, UsesTheDeviceOfKernelsWithoutConfigfs) {
  kernel_.tsm.reset();
  kernel_.sev_guest = device();
  const auto evidence = source_.evidence(data_);
  ASSERT_TRUE(evidence.has_value()) << evidence.error().describe();
  EXPECT_EQ(evidence->quote, make_snp_report(data_, 0));
  ASSERT_TRUE(source_.collateral().has_value());
  EXPECT_EQ(supply_.known.vek, kVcek);
}

// What is wrong with configfs is said, and not papered over by the device.
TEST_F(SnpSourceTest, UsesTheDeviceForNoOtherReason) {
  kernel_.sev_guest = device();
  kernel_.tsm->outblob_errors = {EIO};
  EXPECT_EQ(source_.evidence(data_).error().name(), "tee.tsm.failed");
  kernel_.tsm->provider = "tdx_guest";
  EXPECT_EQ(source_.evidence(data_).error().name(), "tee.tsm.provider");
  kernel_.tsm->mkdir_error = ENXIO;
  EXPECT_EQ(source_.evidence(data_).error().name(), "tee.tsm.no-tee");
  EXPECT_TRUE(kernel_.requests().empty());
}

TEST_F(SnpSourceTest, TakesNothingButAReportOverTheData) {
  ByteArray<64> other = data_;
  other[0] ^= 1;
  const Bytes good = make_snp_report(data_, 0);
  Bytes longer = good;
  longer.push_back(0);
  const Bytes cases[] = {make_snp_report(other, 0), Bytes(1184), longer, Bytes(10)};
  for (const Bytes& blob : cases) {
    kernel_.tsm->outblob = [&blob](BytesView, unsigned) -> Errno<Bytes> { return blob; };
    const auto evidence = source_.evidence(data_);
    ASSERT_FALSE(evidence.has_value());
    EXPECT_EQ(evidence.error().name(), "tee.snp.report");
  }
}

TEST_F(SnpSourceTest, SaysThatNeitherInterfaceIsThere) {
  kernel_.tsm.reset();
  const auto evidence = source_.evidence(data_);
  ASSERT_FALSE(evidence.has_value());
  EXPECT_EQ(evidence.error().name(), "tee.snp.absent");
  const std::string_view advice = evidence.error().id.advice;
  EXPECT_NE(advice.find("/dev/sev-guest"), advice.npos);
  EXPECT_NE(advice.find("/sys/kernel/config/tsm/report"), advice.npos);
  EXPECT_EQ(source_.collateral().error().name(), "tee.snp.absent");
}

}  // namespace
}  // namespace blindai
