#include "tests/support/fake_kernel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/ioctl.h>

#include <linux/sev-guest.h>

namespace blindai {
namespace {

constexpr std::string_view kGramine = "/dev/attestation/";
constexpr std::string_view kTsm = "/sys/kernel/config/tsm/report";
constexpr size_t kMaxInblob = 64;
constexpr uint32_t kPageLen = 4096;

std::string last_part(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Bytes line(const std::string& text) {
  return to_bytes(as_bytes(text + "\n"));
}

}  // namespace

FakeKernel::Report* FakeKernel::report_of(const std::string& path) {
  const auto found = reports_.find(path.substr(0, path.rfind('/')));
  return found == reports_.end() ? nullptr : &found->second;
}

int FakeKernel::open_tsm(const std::string& path, int flags) const {
  if (!tsm.has_value() || !reports_.contains(path.substr(0, path.rfind('/')))) return -ENOENT;
  const std::string name = last_part(path);
  const bool writing = flags != O_RDONLY;
  if (name == "inblob") return writing ? 0 : -EACCES;
  if (name == "privlevel") return !tsm->floor.has_value() ? -ENOENT : writing ? 0 : -EACCES;
  if (name == "auxblob" && !tsm->auxblob.has_value()) return -ENOENT;
  if (name == "outblob" || name == "auxblob" || name == "provider" || name == "generation")
    return writing ? -EACCES : 0;
  return -ENOENT;
}

int FakeKernel::open(const std::string& path, int flags) {
  int error = -ENOENT;
  if (path.starts_with(kTsm)) {
    error = open_tsm(path, flags);
  } else if (path.starts_with(kGramine) && gramine.has_value()) {
    const std::string name = last_part(path);
    const bool known = name == "attestation_type" || name == "user_report_data" ||
                       name == "quote" || path == "/dev/attestation/keys/_sgx_mrenclave";
    error = known ? 0 : -ENOENT;
  } else if (path == "/dev/sev-guest" && sev_guest.has_value()) {
    error = -sev_guest->open_error;
  } else if (path == "/dev/nsm" && nsm.has_value()) {
    error = -nsm->open_error;
  }
  if (error != 0) return error;
  files_.emplace(next_fd_, OpenFile{path, flags != O_RDONLY, std::nullopt, 0, {}});
  return next_fd_++;
}

Errno<Bytes> FakeKernel::tsm_content(Report& report, const std::string& name) {
  if (name == "provider") return line(tsm->provider);
  if (name == "generation") return line(std::to_string(report.generation));
  if (report.inblob.empty()) return std::unexpected(EINVAL);
  if (name == "auxblob") return *tsm->auxblob;
  if (!tsm->outblob_errors.empty()) {
    const int error = tsm->outblob_errors.front();
    tsm->outblob_errors.erase(tsm->outblob_errors.begin());
    return std::unexpected(error);
  }
  Errno<Bytes> out = tsm->outblob(report.inblob, report.privlevel);
  if (tsm->num_writes_during_read > 0) {
    --tsm->num_writes_during_read;
    ++report.generation;
  }
  return out;
}

Errno<Bytes> FakeKernel::content_of(const std::string& path) {
  if (Report* const report = report_of(path); report != nullptr)
    return tsm_content(*report, last_part(path));
  const std::string name = last_part(path);
  if (name == "attestation_type") return to_bytes(as_bytes(gramine->type));
  if (name == "quote") return gramine->quote(gramine_data_);
  if (name == "_sgx_mrenclave") return gramine->key;
  return to_bytes(gramine_data_);
}

ssize_t FakeKernel::read(int fd, std::span<uint8_t> out) {
  const auto found = files_.find(fd);
  if (found == files_.end() || found->second.writing) return -EBADF;
  OpenFile& file = found->second;
  if (!file.content.has_value()) {
    Errno<Bytes> content = content_of(file.path);
    if (!content.has_value()) return -content.error();
    file.content = std::move(*content);
  }
  const size_t n = std::min(out.size(), file.content->size() - file.at);
  std::copy_n(file.content->begin() + static_cast<ptrdiff_t>(file.at), n, out.begin());
  file.at += n;
  return static_cast<ssize_t>(n);
}

// A text attribute takes effect at once, a binary one when the file is closed.
ssize_t FakeKernel::write_tsm(OpenFile& file, BytesView data) {
  if (last_part(file.path) == "inblob") {
    if (file.written.size() + data.size() > kMaxInblob) return -EFBIG;
    append(file.written, data);
    return static_cast<ssize_t>(data.size());
  }
  const std::string text(as_text(data));
  const bool digit = text.size() == 1 && text[0] >= '0' && text[0] <= '3';
  const unsigned level = digit ? static_cast<unsigned>(text[0] - '0') : 0;
  if (!digit || level < *tsm->floor) return -EINVAL;
  Report* const report = report_of(file.path);
  report->privlevel = level;
  ++report->generation;
  return static_cast<ssize_t>(data.size());
}

ssize_t FakeKernel::write(int fd, BytesView data) {
  const auto found = files_.find(fd);
  if (found == files_.end() || !found->second.writing) return -EBADF;
  if (found->second.path.starts_with(kTsm)) return write_tsm(found->second, data);
  if (gramine->write_error != 0) return -gramine->write_error;
  if (data.size() > gramine_data_.size()) return -EINVAL;
  if (!gramine->forgets_write) {
    gramine_data_.fill(0);
    std::ranges::copy(data, gramine_data_.begin());
  }
  return static_cast<ssize_t>(data.size());
}

int FakeKernel::close(int fd) {
  const auto found = files_.find(fd);
  if (found == files_.end()) return -EBADF;
  const OpenFile file = std::move(found->second);
  files_.erase(found);
  Report* const report = report_of(file.path);
  if (report == nullptr || last_part(file.path) != "inblob" || file.written.empty()) return 0;
  // Whatever goes wrong now, close(2) says 0.
  if (!tsm->drops_writes) {
    report->inblob = file.written;
    ++report->generation;
  }
  if (tsm->num_writes_before_read > 0) {
    --tsm->num_writes_before_read;
    ++report->generation;
  }
  return 0;
}

int FakeKernel::mkdir(const std::string& path) {
  if (!tsm.has_value() || !path.starts_with(kTsm)) return -ENOENT;
  if (tsm->mkdir_error != 0) return -tsm->mkdir_error;
  if (tsm->num_name_clashes > 0) {
    --tsm->num_name_clashes;
    return -EEXIST;
  }
  reports_.emplace(path, Report{{}, tsm->floor.value_or(0), tsm->generation});
  return 0;
}

int FakeKernel::rmdir(const std::string& path) {
  return reports_.erase(path) == 1 ? 0 : -ENOENT;
}

int FakeKernel::ioctl(int fd, unsigned long request, void* argument) {
  const auto found = files_.find(fd);
  if (found == files_.end()) return -EBADF;
  if (found->second.path == "/dev/nsm")
    return request == _IOC(_IOC_READ | _IOC_WRITE, 0x0a, 0, 32) ? nsm_ioctl(argument) : -EINVAL;
  return sev_ioctl(request, argument);
}

int FakeKernel::sev_ioctl(unsigned long request, void* argument) {
  auto& message = *static_cast<snp_guest_request_ioctl*>(argument);
  message.exitinfo2 = 0xff;
  if (message.msg_version == 0) return -EINVAL;
  if (request != SNP_GET_REPORT && request != SNP_GET_EXT_REPORT && request != SNP_GET_DERIVED_KEY)
    return -ENOTTY;
  if (message.req_data == 0 || message.resp_data == 0) return -EINVAL;
  if (request == SNP_GET_DERIVED_KEY) return sev_key(&message);
  return sev_answer(request == SNP_GET_EXT_REPORT, &message);
}

int FakeKernel::sev_answer(bool extended, void* argument) {
  auto& message = *static_cast<snp_guest_request_ioctl*>(argument);
  auto* const in = reinterpret_cast<snp_ext_report_req*>(message.req_data);
  requests_.push_back(extended ? "ext " + std::to_string(in->certs_len) : "report");
  if (extended && (in->certs_len > sev_guest->max_certs_len || in->certs_len % kPageLen != 0))
    return -EINVAL;
  if (key_gone_) return -ENOTTY;
  if (sev_guest->num_busy > 0) {
    --sev_guest->num_busy;
    message.fw_error = 0;
    message.vmm_error = SNP_GUEST_VMM_ERR_BUSY;
    return sev_guest->busy_is_eagain ? -EAGAIN : -EIO;
  }
  if (sev_guest->firmware_error != 0) {
    key_gone_ = true;
    message.exitinfo2 = sev_guest->firmware_error;
    return -EIO;
  }
  const Bytes& table = sev_guest->certificates;
  if (extended && table.size() > in->certs_len) {
    in->certs_len = static_cast<uint32_t>((table.size() + kPageLen - 1) / kPageLen * kPageLen);
    message.fw_error = 0;
    message.vmm_error = SNP_GUEST_VMM_ERR_INVALID_LEN;
    return -EIO;
  }
  message.exitinfo2 = 0;
  if (extended) {
    auto* const certificates = reinterpret_cast<uint8_t*>(in->certs_address);
    std::fill_n(certificates, in->certs_len, uint8_t{0});
    std::ranges::copy(table, certificates);
  }
  ByteArray<64> user_data;
  std::copy_n(in->data.user_data, user_data.size(), user_data.begin());
  const Bytes report = sev_guest->report(user_data, in->data.vmpl);
  Bytes out;
  const auto length = static_cast<uint32_t>(report.size());
  for (const uint32_t number :
       {sev_guest->status,
        sev_guest->report_len_stated != 0 ? sev_guest->report_len_stated : length})
    for (int shift = 0; shift < 32; shift += 8)
      out.push_back(static_cast<uint8_t>(number >> shift));
  out.resize(32);
  append(out, report);
  auto* const response = reinterpret_cast<snp_report_resp*>(message.resp_data);
  std::memset(response->data, 0, sizeof response->data);
  std::copy_n(out.begin(), std::min(out.size(), sizeof response->data), response->data);
  return 0;
}

int FakeKernel::sev_key(void* argument) {
  auto& message = *static_cast<snp_guest_request_ioctl*>(argument);
  const auto* const in = reinterpret_cast<const snp_derived_key_req*>(message.req_data);
  requests_.emplace_back("key");
  if (key_gone_) return -ENOTTY;
  if (sev_guest->firmware_error != 0) {
    key_gone_ = true;
    message.exitinfo2 = sev_guest->firmware_error;
    return -EIO;
  }
  message.exitinfo2 = 0;
  auto* const response = reinterpret_cast<snp_derived_key_resp*>(message.resp_data);
  std::memset(response->data, 0, sizeof response->data);
  response->data[0] = static_cast<uint8_t>(sev_guest->status);
  const ByteArray<32> key = sev_guest->key(in->root_key_select, in->guest_field_select, in->vmpl);
  std::ranges::copy(key, response->data + 32);
  return 0;
}

int FakeKernel::nsm_ioctl(void* argument) {
  // struct nsm_raw of linux/nsm.h: two {address, length}.
  auto* const words = static_cast<uint64_t*>(argument);
  requests_.emplace_back("nsm");
  if (words[1] > 0x1000) return -EMSGSIZE;
  const BytesView request(reinterpret_cast<const uint8_t*>(words[0]), words[1]);
  const Errno<Bytes> response = nsm->answer(request);
  if (!response.has_value()) return -response.error();
  words[3] = std::min<uint64_t>(words[3], response->size());
  std::copy_n(response->begin(), words[3], reinterpret_cast<uint8_t*>(words[2]));
  return 0;
}

}  // namespace blindai
