#include "enclave/tee/tdx/tdx_source.h"

#include <cerrno>
#include <gtest/gtest.h>

#include "lib/base/byte_reader.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/fake_supply.h"

namespace blindai {
namespace {

// A quote of version 4 in its form alone (Intel TDX DCAP Quoting Library API, appendix A.3):
// nothing in it is signed.
Bytes quote_over(BytesView report_data, uint32_t tee_type = 0x81) {
  Bytes out;
  put_u16le(out, 4);
  put_u16le(out, 2);
  put_u32le(out, tee_type);
  put_zeros(out, 40);
  put_zeros(out, 520);
  append(out, report_data);
  put_u32le(out, 64 + 64 + 6 + 384 + 64 + 2 + 6);
  put_zeros(out, 128);
  put_u16le(out, 6);
  put_u32le(out, 384 + 64 + 2 + 6);
  put_zeros(out, 384 + 64 + 2);
  put_u16le(out, 5);
  put_u32le(out, 0);
  return out;
}

class TdxSourceTest : public testing::Test {
 protected:
  TdxSourceTest() {
    data_.fill(0xa5);
    kernel_.tsm = FakeTsm{
        .provider = "tdx_guest",
        .outblob = [](BytesView inblob, unsigned) -> Errno<Bytes> { return quote_over(inblob); }};
  }
  ~TdxSourceTest() override {
    EXPECT_EQ(kernel_.num_open(), 0u);
    EXPECT_EQ(kernel_.num_reports(), 0u);
  }

  FakeKernel kernel_;
  FakeSupply supply_;
  TdxSource source_{kernel_, supply_};
  ByteArray<64> data_{};
};

TEST_F(TdxSourceTest, BringsAQuoteOverTheData) {
  const auto evidence = source_.evidence(data_);
  ASSERT_TRUE(evidence.has_value()) << evidence.error().describe();
  EXPECT_EQ(evidence->tee, Tee::kTdx);
  EXPECT_EQ(evidence->quote, quote_over(data_));
  ASSERT_TRUE(source_.collateral().has_value());
  EXPECT_EQ(supply_.asked.back().quote, evidence->quote);
  EXPECT_FALSE(source_.is_simulation());
}

TEST_F(TdxSourceTest, MakesAQuoteWhenCollateralIsWantedFirst) {
  ASSERT_TRUE(source_.collateral().has_value());
  EXPECT_EQ(supply_.asked.back().quote, quote_over(ByteArray<64>{}));
}

TEST_F(TdxSourceTest, TakesNothingButAQuoteOverTheData) {
  ByteArray<64> other = data_;
  other[63] ^= 1;
  const Bytes cases[] = {quote_over(other), Bytes(10), quote_over(data_, 0), Bytes(1184)};
  for (const Bytes& blob : cases) {
    kernel_.tsm->outblob = [&blob](BytesView, unsigned) -> Errno<Bytes> { return blob; };
    const auto evidence = source_.evidence(data_);
    ASSERT_FALSE(evidence.has_value());
    EXPECT_EQ(evidence.error().name(), "tee.tdx.quote");
  }
}

TEST_F(TdxSourceTest, PassesOnWhatTheKernelSays) {
  kernel_.tsm->outblob_errors = {EIO};
  EXPECT_EQ(source_.evidence(data_).error().name(), "tee.tsm.failed");
  kernel_.tsm->provider = "sev_guest";
  EXPECT_EQ(source_.evidence(data_).error().name(), "tee.tsm.provider");
  kernel_.tsm.reset();
  EXPECT_EQ(source_.evidence(data_).error().name(), "tee.tsm.absent");
  EXPECT_EQ(source_.collateral().error().name(), "tee.tsm.absent");
}

}  // namespace
}  // namespace blindai
