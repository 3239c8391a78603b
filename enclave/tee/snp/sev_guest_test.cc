#include "enclave/tee/snp/sev_guest.h"

#include <cerrno>
#include <gtest/gtest.h>

#include "tests/support/certificate_table.h"
#include "tests/support/fake_kernel.h"

namespace blindai {
namespace {

using std::chrono::milliseconds;
using Requests = std::vector<std::string>;

class SevGuestTest : public testing::Test {
 protected:
  SevGuestTest() {
    data_.fill(0xa5);
    kernel_.sev_guest = FakeSevGuest{.report = [](const ByteArray<64>& data, uint32_t vmpl) {
      return make_snp_report(data, vmpl);
    }};
  }
  ~SevGuestTest() override { EXPECT_EQ(kernel_.num_open(), 0u); }
  void expect_error(Code code, const char* id) {
    const auto report = sev_guest_report(kernel_, 0, data_);
    ASSERT_FALSE(report.has_value()) << id;
    EXPECT_EQ(report.error().name(), id);
    EXPECT_EQ(report.error().code, code);
    EXPECT_NE(std::string_view(report.error().id.advice), "");
  }

  FakeKernel kernel_;
  ByteArray<64> data_{};
};

TEST_F(SevGuestTest, BringsAReportOverTheData) {
  const auto report = sev_guest_report(kernel_, 2, data_);
  ASSERT_TRUE(report.has_value()) << report.error().describe();
  EXPECT_EQ(report->report, make_snp_report(data_, 2));
  EXPECT_TRUE(report->certificate_table.empty());
  EXPECT_EQ(kernel_.requests(), (Requests{"ext 16384"}));
}

TEST_F(SevGuestTest, BringsTheHostsCertificates) {
  const Bytes table = make_certificate_table({{kVcekGuid, Bytes(1300, 1)}});
  kernel_.sev_guest->certificates = table;
  const auto report = sev_guest_report(kernel_, 0, data_);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->certificate_table.size(), 16384u);
  EXPECT_TRUE(equal(BytesView(report->certificate_table).first(table.size()), table));
}

TEST_F(SevGuestTest, MakesRoomForMoreCertificates) {
  kernel_.sev_guest->max_certs_len = 0x10000;
  kernel_.sev_guest->certificates = make_certificate_table({{kVcekGuid, Bytes(17'000, 1)}});
  const auto report = sev_guest_report(kernel_, 0, data_);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->certificate_table.size(), 20480u);
  EXPECT_EQ(kernel_.requests(), (Requests{"ext 16384", "ext 20480"}));
}

TEST_F(SevGuestTest, DoesWithoutCertificatesThatDoNotFit) {
  kernel_.sev_guest->certificates = make_certificate_table({{kVcekGuid, Bytes(17'000, 1)}});
  const auto report = sev_guest_report(kernel_, 0, data_);
  ASSERT_TRUE(report.has_value()) << report.error().describe();
  EXPECT_EQ(report->report, make_snp_report(data_, 0));
  EXPECT_TRUE(report->certificate_table.empty());
  EXPECT_EQ(kernel_.requests(), (Requests{"ext 16384", "ext 20480", "report"}));
  kernel_.sev_guest->certificates.resize(1'000'000);
  ASSERT_TRUE(sev_guest_report(kernel_, 0, data_).has_value());
  EXPECT_EQ(kernel_.requests().size(), 5u);  // no buffer of that size was tried
}

TEST_F(SevGuestTest, DoesWithoutCertificatesWhereTheKernelTakesASmallerBuffer) {
  kernel_.sev_guest->max_certs_len = 4096;
  ASSERT_TRUE(sev_guest_report(kernel_, 0, data_).has_value());
  EXPECT_EQ(kernel_.requests(), (Requests{"ext 16384", "report"}));
}

TEST_F(SevGuestTest, WaitsWhileTheHostThrottles) {
  for (const bool eagain : {true, false}) {
    kernel_.sev_guest->busy_is_eagain = eagain;
    kernel_.sev_guest->num_busy = 4;
    EXPECT_TRUE(sev_guest_report(kernel_, 0, data_).has_value());
  }
  EXPECT_EQ(kernel_.slept(), std::vector<milliseconds>(8, milliseconds(2000)));
}

TEST_F(SevGuestTest, GivesUpOnAHostThatKeepsThrottling) {
  kernel_.sev_guest->num_busy = 100;
  expect_error(Code::kUnavailable, "tee.snp.busy");
  EXPECT_EQ(kernel_.slept().size(), 4u);
}

TEST_F(SevGuestTest, SaysThatTheFirmwareRefusedAndThenThatTheKeyIsGone) {
  kernel_.sev_guest->firmware_error = 0x16;
  expect_error(Code::kUnavailable, "tee.snp.firmware");
  kernel_.sev_guest->firmware_error = 0;
  expect_error(Code::kUnavailable, "tee.snp.key-gone");
}

TEST_F(SevGuestTest, ReadsTheStatusInTheResponse) {
  kernel_.sev_guest->status = 0x16;
  expect_error(Code::kUnavailable, "tee.snp.firmware");
}

TEST_F(SevGuestTest, TakesNoReportLongerThanTheResponse) {
  for (const uint32_t length : {3969u, 4000u, 0xffffffffu}) {
    kernel_.sev_guest->report_len_stated = length;
    expect_error(Code::kUnavailable, "tee.snp.failed");
  }
  kernel_.sev_guest->report_len_stated = 0;
  kernel_.sev_guest->report = [](const ByteArray<64>&, uint32_t) { return Bytes(); };
  expect_error(Code::kUnavailable, "tee.snp.failed");
}

// The key stands for what it was asked for: the chip's root, guest policy (bit 0) and measurement
// (bit 3), and the VMPL.
TEST_F(SevGuestTest, BringsAKeyOfTheMeasurementAndTheGuestPolicy) {
  kernel_.sev_guest->key = [](uint32_t root, uint64_t fields, uint32_t vmpl) {
    return ByteArray<32>{0x4b, static_cast<uint8_t>(root), static_cast<uint8_t>(fields),
                         static_cast<uint8_t>(vmpl)};
  };
  const auto key = sev_guest_key(kernel_, 2);
  ASSERT_TRUE(key.has_value()) << key.error().describe();
  EXPECT_EQ(key->reveal(KeyAccess()), (ByteArray<32>{0x4b, 0, 0b1001, 2}));
  EXPECT_EQ(kernel_.requests(), (Requests{"key"}));
}

TEST_F(SevGuestTest, BringsNoKeyThatTheFirmwareDidNotGive) {
  const auto error_of_key = [this] {
    return std::string(sev_guest_key(kernel_, 0).error().name());
  };
  kernel_.sev_guest->key = [](uint32_t, uint64_t, uint32_t) { return ByteArray<32>{}; };
  EXPECT_EQ(error_of_key(), "tee.snp.failed");
  kernel_.sev_guest->key = [](uint32_t, uint64_t, uint32_t) { return ByteArray<32>{1}; };
  kernel_.sev_guest->status = 0x16;
  EXPECT_EQ(error_of_key(), "tee.snp.firmware");
  kernel_.sev_guest->firmware_error = 0x16;
  EXPECT_EQ(error_of_key(), "tee.snp.firmware");
  EXPECT_EQ(error_of_key(), "tee.snp.key-gone");
  kernel_.sev_guest->open_error = EACCES;
  EXPECT_EQ(error_of_key(), "tee.snp.permission");
  kernel_.sev_guest.reset();
  EXPECT_EQ(error_of_key(), "tee.snp.absent");
}

TEST_F(SevGuestTest, SaysWhatIsMissingOnTheMachine) {
  kernel_.sev_guest->open_error = EACCES;
  expect_error(Code::kDenied, "tee.snp.permission");
  kernel_.sev_guest->open_error = ENODEV;
  expect_error(Code::kNotFound, "tee.snp.absent");
  kernel_.sev_guest.reset();
  expect_error(Code::kNotFound, "tee.snp.absent");
}

}  // namespace
}  // namespace blindai
