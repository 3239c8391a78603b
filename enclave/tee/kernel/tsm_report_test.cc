#include "enclave/tee/kernel/tsm_report.h"

#include <cerrno>
#include <gtest/gtest.h>

#include "tests/support/fake_kernel.h"

namespace blindai {
namespace {

using std::chrono::milliseconds;

class TsmReportTest : public testing::Test {
 protected:
  TsmReportTest() {
    data_.fill(0x5a);
    kernel_.tsm = FakeTsm{.provider = "tdx_guest",
                          .outblob = [](BytesView inblob, unsigned level) -> Errno<Bytes> {
                            Bytes out = {static_cast<uint8_t>(level)};
                            append(out, inblob);
                            return out;
                          }};
  }
  ~TsmReportTest() override {
    EXPECT_EQ(kernel_.num_open(), 0u);
    EXPECT_EQ(kernel_.num_reports(), 0u);
  }
  Result<TsmReport> report(std::optional<unsigned> privlevel = std::nullopt) {
    return tsm_report(
        kernel_, {.provider = "tdx_guest", .privlevel = privlevel, .wants_auxblob = true}, data_);
  }
  void expect_error(Code code, const char* id) {
    const auto out = report();
    ASSERT_FALSE(out.has_value()) << id;
    EXPECT_EQ(out.error().name(), id);
    EXPECT_EQ(out.error().code, code) << id;
    EXPECT_NE(std::string_view(out.error().id.advice), "") << id;
  }

  FakeKernel kernel_;
  ByteArray<64> data_{};
};

TEST_F(TsmReportTest, ReportsOverTheData) {
  const auto out = report();
  ASSERT_TRUE(out.has_value()) << out.error().describe();
  EXPECT_TRUE(equal(BytesView(out->outblob).subspan(1), data_));
  EXPECT_TRUE(out->auxblob.empty());
  EXPECT_TRUE(kernel_.slept().empty());
}

TEST_F(TsmReportTest, BringsWhatTheHostAdds) {
  kernel_.tsm->auxblob = Bytes(5000, 3);
  EXPECT_EQ(report()->auxblob, Bytes(5000, 3));
  kernel_.tsm->auxblob = Bytes();
  EXPECT_TRUE(report()->auxblob.empty());
}

TEST_F(TsmReportTest, AsksForAPrivilegeLevel) {
  kernel_.tsm->floor = 1;
  EXPECT_EQ(report(2)->outblob[0], 2);
  EXPECT_EQ(report()->outblob[0], 1);
}

TEST_F(TsmReportTest, SaysThatALevelIsNotAllowed) {
  for (const bool has_levels : {true, false}) {
    kernel_.tsm->floor = has_levels ? std::optional(1u) : std::nullopt;
    const auto out = report(0);
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().name(), "tee.tsm.privlevel");
  }
}

TEST_F(TsmReportTest, CountsWritesAcrossTheEndOfTheCounter) {
  kernel_.tsm->generation = UINT64_MAX;
  EXPECT_TRUE(report().has_value());
}

TEST_F(TsmReportTest, StartsAgainWhenSomebodyElseWrote) {
  for (int n = 0; n < 3; ++n) {
    kernel_.tsm->num_writes_before_read = n;
    EXPECT_TRUE(report().has_value()) << n;
    kernel_.tsm->num_writes_during_read = n;
    EXPECT_TRUE(report().has_value()) << n;
  }
}

TEST_F(TsmReportTest, GivesUpWhenSomebodyElseKeepsWriting) {
  kernel_.tsm->num_writes_before_read = 3;
  expect_error(Code::kConflict, "tee.tsm.race");
  kernel_.tsm->num_writes_before_read = 0;
  kernel_.tsm->num_writes_during_read = 3;
  expect_error(Code::kConflict, "tee.tsm.race");
}

TEST_F(TsmReportTest, NoticesAWriteThatFailedInSilence) {
  kernel_.tsm->drops_writes = true;
  expect_error(Code::kConflict, "tee.tsm.race");
}

TEST_F(TsmReportTest, WaitsWhileTheHostIsBusy) {
  kernel_.tsm->outblob_errors = {EBUSY, EAGAIN, EINTR, EBUSY};
  EXPECT_TRUE(report().has_value());
  EXPECT_EQ(kernel_.slept(), std::vector<milliseconds>(3, milliseconds(1000)));
}

TEST_F(TsmReportTest, GivesUpOnAHostThatStaysBusy) {
  kernel_.tsm->outblob_errors = std::vector<int>(100, EBUSY);
  expect_error(Code::kUnavailable, "tee.tsm.busy");
  EXPECT_EQ(kernel_.slept().size(), 9u);
}

TEST_F(TsmReportTest, SaysWhatTheDriverAnswers) {
  const std::pair<int, const char*> cases[] = {
      {EINVAL, "tee.tsm.refused"}, {ENXIO, "tee.tsm.refused"},  {EIO, "tee.tsm.failed"},
      {ENOMEM, "tee.tsm.failed"},  {ETIMEDOUT, "tee.tsm.busy"}, {ENOTTY, "tee.tsm.no-tee"},
      {EFBIG, "tee.tsm.failed"},
  };
  for (const auto& [error, id] : cases) {
    kernel_.tsm->outblob_errors = {error};
    expect_error(Code::kUnavailable, id);
  }
}

TEST_F(TsmReportTest, TakesNoEmptyReport) {
  kernel_.tsm->outblob = [](BytesView, unsigned) -> Errno<Bytes> { return Bytes(); };
  expect_error(Code::kUnavailable, "tee.tsm.failed");
}

TEST_F(TsmReportTest, TakesNoReportOfAnotherTee) {
  kernel_.tsm->provider = "sev_guest";
  expect_error(Code::kConflict, "tee.tsm.provider");
}

TEST_F(TsmReportTest, SaysWhatIsMissingOnTheMachine) {
  const std::tuple<int, Code, const char*> cases[] = {
      {ENXIO, Code::kUnavailable, "tee.tsm.no-tee"},  {EACCES, Code::kDenied, "tee.tsm.permission"},
      {EPERM, Code::kDenied, "tee.tsm.permission"},   {ENOENT, Code::kNotFound, "tee.tsm.absent"},
      {ENOMEM, Code::kUnavailable, "tee.tsm.failed"},
  };
  for (const auto& [error, code, id] : cases) {
    kernel_.tsm->mkdir_error = error;
    expect_error(code, id);
  }
  kernel_.tsm.reset();
  expect_error(Code::kNotFound, "tee.tsm.absent");
}

TEST_F(TsmReportTest, TakesAnotherNameWhenOneIsTaken) {
  kernel_.tsm->num_name_clashes = 2;
  EXPECT_TRUE(report().has_value());
  kernel_.tsm->num_name_clashes = 3;
  expect_error(Code::kUnavailable, "tee.tsm.failed");
}

}  // namespace
}  // namespace blindai
