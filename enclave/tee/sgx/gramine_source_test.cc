#include "enclave/tee/sgx/gramine_source.h"

#include <cerrno>
#include <gtest/gtest.h>

#include "enclave/tee/simulation/simulation_source.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/fake_supply.h"

namespace blindai {
namespace {

class GramineSourceTest : public testing::Test {
 protected:
  GramineSourceTest() {
    data_.fill(0xa5);
    kernel_.gramine = FakeGramine{.quote = [](const ByteArray<64>& data) -> Errno<Bytes> {
      SimulationSource platform(Sha256Digest{}, [] { return Time{1795000000}; });
      return platform.evidence(data).value().quote;
    }};
  }
  void expect_error(Code code, const char* id) {
    const auto evidence = source_.evidence(data_);
    ASSERT_FALSE(evidence.has_value()) << id;
    EXPECT_EQ(evidence.error().name(), id);
    EXPECT_EQ(evidence.error().code, code);
    EXPECT_NE(std::string_view(evidence.error().id.advice), "");
    EXPECT_EQ(kernel_.num_open(), 0u);
  }

  FakeKernel kernel_;
  FakeSupply supply_;
  GramineSource source_{kernel_, supply_};
  ByteArray<64> data_{};
};

TEST_F(GramineSourceTest, BringsAQuoteOverTheData) {
  const auto evidence = source_.evidence(data_);
  ASSERT_TRUE(evidence.has_value()) << evidence.error().describe();
  EXPECT_EQ(evidence->tee, Tee::kSgx);
  EXPECT_TRUE(equal(BytesView(evidence->quote).subspan(368, 64), data_));
  EXPECT_FALSE(source_.is_simulation());
  EXPECT_EQ(kernel_.num_open(), 0u);
}

TEST_F(GramineSourceTest, ReadsTheTypeWithALineBreakToo) {
  kernel_.gramine->type = "dcap\n";
  EXPECT_TRUE(source_.evidence(data_).has_value());
}

TEST_F(GramineSourceTest, AsksForCollateralOfItsQuote) {
  const Evidence evidence = source_.evidence(data_).value();
  ASSERT_TRUE(source_.collateral().has_value());
  EXPECT_EQ(supply_.asked.back().quote, evidence.quote);
}

TEST_F(GramineSourceTest, MakesAQuoteWhenCollateralIsWantedFirst) {
  ASSERT_TRUE(source_.collateral().has_value());
  EXPECT_EQ(supply_.asked.back().tee, Tee::kSgx);
  supply_.fails = true;
  EXPECT_EQ(source_.collateral().error().name(), "test.supply");
}

TEST_F(GramineSourceTest, BringsTheKeyOfItsMeasurement) {
  kernel_.gramine->key = Bytes(16, 0x6b);
  const auto key = source_.sealing_root();
  ASSERT_TRUE(key.has_value()) << key.error().describe();
  ASSERT_TRUE(key->has_value());
  ByteArray<32> expected{};
  std::fill_n(expected.begin(), 16, uint8_t{0x6b});
  EXPECT_EQ((*key)->reveal(KeyAccess()), expected);
  EXPECT_EQ(kernel_.num_open(), 0u);
}

TEST_F(GramineSourceTest, TakesNothingElseForAKey) {
  for (const Errno<Bytes>& key :
       {Errno<Bytes>(Bytes()), Errno<Bytes>(Bytes(15, 1)), Errno<Bytes>(Bytes(17, 1)),
        Errno<Bytes>(Bytes(16, 0)), Errno<Bytes>(std::unexpected(EIO))}) {
    kernel_.gramine->key = key;
    EXPECT_EQ(source_.sealing_root().error().name(), "tee.sgx.key");
  }
  kernel_.gramine.reset();
  EXPECT_EQ(source_.sealing_root().error().name(), "tee.sgx.absent");
}

TEST_F(GramineSourceTest, SaysThatThereIsNoEnclave) {
  kernel_.gramine.reset();
  expect_error(Code::kNotFound, "tee.sgx.absent");
  EXPECT_EQ(source_.collateral().error().name(), "tee.sgx.absent");
}

TEST_F(GramineSourceTest, RefusesOtherKindsOfAttestation) {
  for (const char* type : {"none", "epid", "", "dcap2"}) {
    kernel_.gramine->type = type;
    expect_error(Code::kUnavailable, "tee.sgx.type");
  }
}

TEST_F(GramineSourceTest, SaysThatThereIsNoQuote) {
  kernel_.gramine->write_error = EACCES;
  expect_error(Code::kUnavailable, "tee.sgx.failed");
  kernel_.gramine->write_error = 0;
  for (const int error : {EACCES, EIO, EAGAIN}) {
    kernel_.gramine->quote = [error](const ByteArray<64>&) -> Errno<Bytes> {
      return std::unexpected(error);
    };
    expect_error(Code::kUnavailable, "tee.sgx.failed");
  }
  for (const size_t length : {size_t{0}, size_t{100}, size_t{100'000}}) {
    kernel_.gramine->quote = [length](const ByteArray<64>&) -> Errno<Bytes> {
      return Bytes(length, 3);
    };
    expect_error(Code::kUnavailable, "tee.sgx.failed");
  }
}

TEST_F(GramineSourceTest, TakesNoQuoteOverOtherData) {
  kernel_.gramine->forgets_write = true;
  expect_error(Code::kInternal, "tee.sgx.stale");
}

}  // namespace
}  // namespace blindai
