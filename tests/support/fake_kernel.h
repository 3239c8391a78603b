// For tests: a kernel with Gramine's files, configfs-tsm, /dev/sev-guest and /dev/nsm, each as its
// documentation and driver have it, errors included. What is not there answers ENOENT.
//
// Sources: as in enclave/tee/kernel/tsm_report.h, enclave/tee/snp/sev_guest.h,
// enclave/tee/nitro/nsm_source.h and enclave/tee/sgx/gramine_source.h.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "enclave/tee/kernel/kernel.h"

namespace blindai {

// /dev/attestation.
struct FakeGramine {
  std::string type = "dcap";
  // A quote over what was written last, or an error number.
  std::function<Errno<Bytes>(const ByteArray<64>&)> quote;
  int write_error = 0;         // of user_report_data
  Errno<Bytes> key = Bytes();  // keys/_sgx_mrenclave
  bool forgets_write = false;  // the quote is over zeros
};

// /sys/kernel/config/tsm/report.
struct FakeTsm {
  std::string provider;
  std::function<Errno<Bytes>(BytesView inblob, unsigned privlevel)> outblob;
  std::optional<Bytes> auxblob = std::nullopt;   // absent: the TEE has no such attribute
  std::optional<unsigned> floor = std::nullopt;  // of privlevel; absent: no such attribute
  uint64_t generation = 0;                       // of a new report
  int mkdir_error = 0;
  int num_name_clashes = 0;              // names that are taken already
  std::vector<int> outblob_errors = {};  // answered first, one a read
  // How often another program writes to our report, after our write or while the host works.
  int num_writes_before_read = 0;
  int num_writes_during_read = 0;
  bool drops_writes = false;  // inblob's write fails when the file is closed, as EBUSY would
};

// /dev/sev-guest.
struct FakeSevGuest {
  std::function<Bytes(const ByteArray<64>& user_data, uint32_t vmpl)> report;
  Bytes certificates = {};          // the host's table; empty: none
  uint32_t max_certs_len = 0x4000;  // SEV_FW_BLOB_MAX_SIZE
  int open_error = 0;
  int num_busy = 0;  // requests that the host throttles
  bool busy_is_eagain = false;
  uint32_t firmware_error = 0;     // of every request; then the key is gone
  uint32_t status = 0;             // in the response
  uint32_t report_len_stated = 0;  // 0: as it is
  // The key for a request of these fields.
  std::function<ByteArray<32>(uint32_t root, uint64_t fields, uint32_t vmpl)> key = {};
};

// /dev/nsm.
struct FakeNsm {
  // The response to a request, or an error number.
  std::function<Errno<Bytes>(BytesView request)> answer;
  int open_error = 0;
};

class FakeKernel final : public Kernel {
 public:
  std::optional<FakeGramine> gramine = {};
  std::optional<FakeTsm> tsm = {};
  std::optional<FakeSevGuest> sev_guest = {};
  std::optional<FakeNsm> nsm = {};

  // What a source left behind.
  size_t num_open() const { return files_.size(); }
  size_t num_reports() const { return reports_.size(); }
  const std::vector<std::chrono::milliseconds>& slept() const { return slept_; }
  // Names of requests to devices, in order: "ext 16384", "report", "key", "nsm".
  const std::vector<std::string>& requests() const { return requests_; }

  int open(const std::string& path, int flags) override;
  ssize_t read(int fd, std::span<uint8_t> out) override;
  ssize_t write(int fd, BytesView data) override;
  int close(int fd) override;
  int mkdir(const std::string& path) override;
  int rmdir(const std::string& path) override;
  int ioctl(int fd, unsigned long request, void* argument) override;
  void sleep(std::chrono::milliseconds time) override { slept_.push_back(time); }

 private:
  struct Report {
    Bytes inblob;
    unsigned privlevel = 0;
    uint64_t generation = 0;
  };
  struct OpenFile {
    std::string path;
    bool writing;
    std::optional<Bytes> content;  // filled by the first read
    size_t at = 0;
    Bytes written;
  };
  int open_tsm(const std::string& path, int flags) const;
  Report* report_of(const std::string& path);
  Errno<Bytes> content_of(const std::string& path);
  Errno<Bytes> tsm_content(Report& report, const std::string& name);
  ssize_t write_tsm(OpenFile& file, BytesView data);
  int sev_ioctl(unsigned long request, void* argument);
  int sev_answer(bool extended, void* message);
  int sev_key(void* message);
  int nsm_ioctl(void* argument);

  std::map<int, OpenFile> files_;
  std::map<std::string, Report> reports_;
  int next_fd_ = 100;
  ByteArray<64> gramine_data_{};
  bool key_gone_ = false;
  std::vector<std::chrono::milliseconds> slept_;
  std::vector<std::string> requests_;
};

}  // namespace blindai
