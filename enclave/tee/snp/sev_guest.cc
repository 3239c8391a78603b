#include "enclave/tee/snp/sev_guest.h"

#include <algorithm>
#include <cerrno>
#include <linux/ioctl.h>
#include <memory>
#include <new>

#include <linux/sev-guest.h>

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

constexpr size_t kPageLen = 4096;
constexpr size_t kFirstTable = 4 * kPageLen;
constexpr size_t kMaxTable = 64 * kPageLen;
constexpr int kNumTries = 5;
// Linux, sev-guest.c: SNP_REQ_RETRY_DELAY.
constexpr std::chrono::milliseconds kBusyPause{2000};
constexpr size_t kMaxReport = 4000 - 32;
// MSG_KEY_REQ, GUEST_FIELD_SELECT.
constexpr uint64_t kMixGuestPolicy = 1 << 0;
constexpr uint64_t kMixMeasurement = 1 << 3;

constexpr Id kAbsent{
    "tee.snp.absent",
    "There is neither /sys/kernel/config/tsm/report nor /dev/sev-guest: start this "
    "machine as an SEV-SNP guest, with Linux 5.19 or later and the sev-guest "
    "driver."};
constexpr Id kPermission{
    "tee.snp.permission",
    "/dev/sev-guest may not be opened by this user: run as root, or let it read "
    "and write there."};
constexpr Id kBusy{"tee.snp.busy",
                   "The host is throttling attestation reports; ask for fewer, and try again in a "
                   "minute."};
constexpr Id kKeyGone{"tee.snp.key-gone",
                      "The kernel gave up its key to the firmware after an earlier error; restart "
                      "this machine."};
constexpr Id kFirmware{"tee.snp.firmware",
                       "The firmware refused to make a report; check the VMPL, and look into the "
                       "kernel's log (dmesg)."};
constexpr Id kFailed{"tee.snp.failed",
                     "The kernel could not get a report; look into its log (dmesg)."};

struct PageFree {
  void operator()(uint8_t* p) const { ::operator delete[](p, std::align_val_t(kPageLen)); }
};
using Pages = std::unique_ptr<uint8_t[], PageFree>;

Pages make_pages(size_t length) {
  Pages out(static_cast<uint8_t*>(::operator new[](length, std::align_val_t(kPageLen))));
  std::fill_n(out.get(), length, uint8_t{0});
  return out;
}

uint64_t address_of(const void* p) {
  return reinterpret_cast<uint64_t>(p);
}

// What one ioctl came to.
struct CallResult {
  int error_number = 0;
  uint32_t firmware_error = 0;
  uint32_t vmm_error = 0;
};

CallResult call(KernelDevice& device, unsigned long request, void* in, void* out) {
  snp_guest_request_ioctl message{};
  message.msg_version = 1;
  message.req_data = address_of(in);
  message.resp_data = address_of(out);
  CallResult result;
  result.error_number = device.ioctl(request, &message);
  if (result.error_number != 0) {
    result.firmware_error = message.fw_error;
    result.vmm_error = message.vmm_error;
  }
  return result;
}

bool is_busy(const CallResult& result) {
  return result.error_number == EAGAIN ||
         (result.error_number == EIO && result.vmm_error == SNP_GUEST_VMM_ERR_BUSY);
}

CallResult call_patiently(Kernel& kernel, KernelDevice& device, unsigned long request, void* in,
                          void* out) {
  for (int i = 1;; ++i) {
    const CallResult result = call(device, request, in, out);
    if (result.error_number == EINTR && i < kNumTries) continue;
    if (!is_busy(result) || i == kNumTries) return result;
    kernel.sleep(kBusyPause);
  }
}

// 0xff: it was not asked (sev-guest.rst, section 2).
bool firmware_refused(const CallResult& result) {
  return result.firmware_error != 0 && result.firmware_error != 0xff;
}

std::unexpected<Error> error_of(const CallResult& result) {
  if (is_busy(result) || result.error_number == ETIMEDOUT) return fail(Code::kUnavailable, kBusy);
  if (result.error_number == ENOTTY) return fail(Code::kUnavailable, kKeyGone);
  if (firmware_refused(result)) return fail(Code::kUnavailable, kFirmware);
  return fail(Code::kUnavailable, kFailed);
}

// MSG_REPORT_RSP: status u32, report's length u32, 24 reserved bytes, report.
Result<Bytes> report_in(const snp_report_resp& response) {
  ByteReader r(BytesView(response.data, sizeof response.data));
  uint32_t status = 0;
  uint32_t length = 0;
  BytesView report;
  if (!r.u32le(status) || !r.u32le(length) || !r.skip(24)) return fail(Code::kUnavailable, kFailed);
  if (status != 0) return fail(Code::kUnavailable, kFirmware);
  if (length == 0 || length > kMaxReport || !r.bytes(report, length))
    return fail(Code::kUnavailable, kFailed);
  return to_bytes(report);
}

// The table that fits, or nothing when the kernel takes no buffer of the size that is needed.
CallResult extended(Kernel& kernel, KernelDevice& device, const snp_report_req& request,
                    snp_report_resp& response, Bytes& table) {
  size_t length = kFirstTable;
  while (true) {
    const Pages pages = make_pages(length);
    snp_ext_report_req in{};
    in.data = request;
    in.certs_address = address_of(pages.get());
    in.certs_len = static_cast<uint32_t>(length);
    const CallResult result = call_patiently(kernel, device, SNP_GET_EXT_REPORT, &in, &response);
    if (result.error_number == 0) {
      table.assign(pages.get(), pages.get() + length);
      return result;
    }
    const bool too_small =
        result.error_number == EIO && result.vmm_error == SNP_GUEST_VMM_ERR_INVALID_LEN;
    const size_t needed = in.certs_len;
    if (!too_small || needed <= length || needed > kMaxTable || needed % kPageLen != 0)
      return result;
    length = needed;
  }
}

// MSG_KEY_RSP: status u32, 28 reserved bytes, key.
Result<SecretKey> key_in(const snp_derived_key_resp& response) {
  ByteReader r(BytesView(response.data, sizeof response.data));
  uint32_t status = 0;
  ByteArray<32> key;
  if (!r.u32le(status) || !r.skip(28) || !r.array(key) || !r.done())
    return fail(Code::kUnavailable, kFailed);
  if (status != 0) return fail(Code::kUnavailable, kFirmware);
  const bool given = std::ranges::any_of(key, [](uint8_t byte) { return byte != 0; });
  SecretKey out(std::move(key));
  if (!given) return fail(Code::kUnavailable, kFailed);
  return out;
}

Result<KernelDevice> open_device(Kernel& kernel) {
  auto device = KernelDevice::open(kernel, "/dev/sev-guest");
  if (device.has_value()) return std::move(*device);
  if (device.error() == EACCES || device.error() == EPERM) return fail(Code::kDenied, kPermission);
  return fail(Code::kNotFound, kAbsent);
}

}  // namespace

Result<SevReport> sev_guest_report(Kernel& kernel, uint32_t vmpl,
                                   const ByteArray<64>& report_data) {
  ASSIGN_OR_RETURN(KernelDevice device, open_device(kernel));
  snp_report_req request{};
  std::ranges::copy(report_data, request.user_data);
  request.vmpl = vmpl;
  const auto response = std::make_unique<snp_report_resp>();
  SevReport out;
  CallResult result = extended(kernel, device, request, *response, out.certificate_table);
  // Without certificates, then: they can be had elsewhere.
  const bool no_table =
      (result.error_number == EIO && result.vmm_error == SNP_GUEST_VMM_ERR_INVALID_LEN) ||
      (result.error_number == EINVAL && !firmware_refused(result));
  if (no_table) result = call_patiently(kernel, device, SNP_GET_REPORT, &request, response.get());
  if (result.error_number != 0) return error_of(result);
  // A host without certificates leaves the buffer as it was.
  if (std::ranges::all_of(out.certificate_table, [](uint8_t byte) { return byte == 0; }))
    out.certificate_table.clear();
  ASSIGN_OR_RETURN(out.report, report_in(*response));
  return out;
}

Result<SecretKey> sev_guest_key(Kernel& kernel, uint32_t vmpl) {
  ASSIGN_OR_RETURN(KernelDevice device, open_device(kernel));
  snp_derived_key_req request{};
  request.root_key_select = 0;  // VCEK
  request.guest_field_select = kMixGuestPolicy | kMixMeasurement;
  request.vmpl = vmpl;
  snp_derived_key_resp response{};
  const CallResult result =
      call_patiently(kernel, device, SNP_GET_DERIVED_KEY, &request, &response);
  Result<SecretKey> key =
      result.error_number == 0 ? key_in(response) : Result<SecretKey>(error_of(result));
  wipe(&response, sizeof response);
  return key;
}

}  // namespace blindai
