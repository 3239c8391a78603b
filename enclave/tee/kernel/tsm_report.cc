#include "enclave/tee/kernel/tsm_report.h"

#include <cerrno>
#include <charconv>
#include <utility>

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

using std::chrono::milliseconds;

// Linux, include/linux/tsm.h: TSM_OUTBLOB_MAX is 32 KiB; later kernels allow more.
constexpr size_t kMaxBlob = 256 * 1024;
constexpr int kNumNames = 3;
constexpr int kNumRaces = 3;
constexpr int kNumReads = 10;
constexpr milliseconds kBusyPause{1000};  // a quote takes the host seconds

constexpr Id kAbsent{
    "tee.tsm.absent",
    "There is no /sys/kernel/config/tsm/report: run a guest with Linux 6.7 or later, "
    "and mount configfs at /sys/kernel/config."};
constexpr Id kNoTee{
    "tee.tsm.no-tee",
    "The kernel found no confidential hardware to report on: start this machine as a "
    "confidential guest, and load its driver (tdx_guest or sev-guest)."};
constexpr Id kPermission{
    "tee.tsm.permission",
    "/sys/kernel/config/tsm/report may not be used by this user: run as root, or "
    "let it write there."};
constexpr Id kProvider{"tee.tsm.provider",
                       "The kernel reports for another TEE than --tee says; give the one this "
                       "machine has."};
constexpr Id kPrivlevel{
    "tee.tsm.privlevel",
    "The kernel does not let this guest ask for that privilege level; ask for its "
    "own (privlevel_floor)."};
constexpr Id kRace{"tee.tsm.race",
                   "Another program keeps writing to this server's report; stop it, and start "
                   "again."};
constexpr Id kBusy{"tee.tsm.busy",
                   "The host is still working on an earlier report; try again in a minute, and "
                   "restart the host's quoting service when it lasts."};
constexpr Id kRefused{
    "tee.tsm.refused",
    "The hardware or its firmware refused to make a report; look into the kernel's "
    "log (dmesg)."};
constexpr Id kFailed{
    "tee.tsm.failed",
    "The host did not make a report; check that its quoting service runs, and look "
    "into the kernel's log (dmesg)."};

std::unexpected<Error> folder_error(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return fail(Code::kNotFound, kAbsent);
    case ENXIO:
      return fail(Code::kUnavailable, kNoTee);
    case EACCES:
    case EPERM:
    case EROFS:
      return fail(Code::kDenied, kPermission);
    default:
      return fail(Code::kUnavailable, kFailed);
  }
}

std::unexpected<Error> blob_error(int error_number) {
  switch (error_number) {
    case EBUSY:
    case EAGAIN:
    case EINTR:
    case ETIMEDOUT:
      return fail(Code::kUnavailable, kBusy);
    case EINVAL:
    case ENXIO:
      return fail(Code::kUnavailable, kRefused);
    case ENOTTY:
      return fail(Code::kUnavailable, kNoTee);
    default:
      return fail(Code::kUnavailable, kFailed);
  }
}

// A folder of ours, removed with this.
class ReportFolder {
 public:
  static Result<ReportFolder> make(Kernel& kernel) {
    for (int i = 0; i < kNumNames; ++i) {
      ByteArray<8> random;
      random_bytes(random);
      std::string path = std::string(kTsmFolder) + "/blindai-" + to_hex(random);
      const int made = kernel.mkdir(path);
      if (made == 0) return ReportFolder(kernel, std::move(path));
      if (made != -EEXIST) return folder_error(-made);
    }
    return fail(Code::kUnavailable, kFailed);
  }
  // The report is made already, or has failed: that a folder stays behind changes nothing about it.
  ~ReportFolder() {
    if (!path_.empty()) kernel_->rmdir(path_);
  }
  ReportFolder(ReportFolder&& other) noexcept
      : kernel_(other.kernel_), path_(std::exchange(other.path_, {})) {}
  ReportFolder& operator=(ReportFolder&&) = delete;

  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  ReportFolder(Kernel& kernel, std::string path) : kernel_(&kernel), path_(std::move(path)) {}
  Kernel* kernel_;
  std::string path_;
};

class Reporting {
 public:
  Reporting(Kernel& kernel, ReportFolder folder, const TsmRequest& request)
      : kernel_(kernel), folder_(std::move(folder)), request_(request) {}

  Result<TsmReport> run(const ByteArray<64>& report_data) {
    const Errno<std::string> provider = read_kernel_text(kernel_, folder_.file("provider"));
    if (!provider.has_value()) return blob_error(provider.error());
    if (*provider != request_.provider) return fail(Code::kConflict, kProvider);
    for (int i = 0; i < kNumRaces; ++i) {
      TsmReport out;
      ASSIGN_OR_RETURN(const bool undisturbed, try_once(report_data, out));
      if (undisturbed) return out;
    }
    return fail(Code::kConflict, kRace);
  }

 private:
  // False when somebody else wrote meanwhile.
  Result<bool> try_once(const ByteArray<64>& report_data, TsmReport& out) {
    ASSIGN_OR_RETURN(const uint64_t before, generation());
    ASSIGN_OR_RETURN(const uint64_t num_writes, write_request(report_data));
    ASSIGN_OR_RETURN(const uint64_t written, generation());
    if (written != before + num_writes) return false;  // unsigned: wraps as the kernel's does
    ASSIGN_OR_RETURN(out.outblob, blob("outblob"));
    if (request_.wants_auxblob) {
      ASSIGN_OR_RETURN(out.auxblob, blob("auxblob"));
    }
    ASSIGN_OR_RETURN(const uint64_t after, generation());
    if (after != written) return false;
    if (out.outblob.empty()) return fail(Code::kUnavailable, kFailed);
    return true;
  }

  Result<uint64_t> generation() {
    const Errno<std::string> text = read_kernel_text(kernel_, folder_.file("generation"));
    if (!text.has_value()) return blob_error(text.error());
    uint64_t out = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, out);
    if (error != std::errc() || stop != end) return fail(Code::kUnavailable, kFailed);
    return out;
  }

  // How many writes the kernel has to count.
  Result<uint64_t> write_request(const ByteArray<64>& report_data) {
    uint64_t num_writes = 1;
    if (request_.privlevel.has_value()) {
      const Errno<void> set = write_kernel_file(kernel_, folder_.file("privlevel"),
                                                as_bytes(std::to_string(*request_.privlevel)));
      if (!set.has_value() && (set.error() == EINVAL || set.error() == ENOENT))
        return fail(Code::kInvalid, kPrivlevel);
      if (!set.has_value()) return blob_error(set.error());
      ++num_writes;
    }
    const Errno<void> set = write_kernel_file(kernel_, folder_.file("inblob"), report_data);
    if (!set.has_value()) return blob_error(set.error());
    return num_writes;
  }

  // Only TEEs that have one show an auxblob.
  Result<Bytes> blob(std::string_view name) {
    for (int i = 1;; ++i) {
      Errno<Bytes> out = read_kernel_file(kernel_, folder_.file(name), kMaxBlob);
      if (out.has_value()) return std::move(*out);
      if (out.error() == ENOENT && name == "auxblob") return Bytes();
      const bool again = out.error() == EBUSY || out.error() == EAGAIN || out.error() == EINTR;
      if (!again || i == kNumReads) return blob_error(out.error());
      if (out.error() != EINTR) kernel_.sleep(kBusyPause);
    }
  }

  Kernel& kernel_;
  ReportFolder folder_;
  TsmRequest request_;
};

}  // namespace

Result<TsmReport> tsm_report(Kernel& kernel, const TsmRequest& request,
                             const ByteArray<64>& report_data) {
  ASSIGN_OR_RETURN(ReportFolder folder, ReportFolder::make(kernel));
  return Reporting(kernel, std::move(folder), request).run(report_data);
}

}  // namespace blindai
