#include "enclave/infer/shared_memory.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace blindai {
namespace {

constexpr unsigned kNoExecSeal = 0x0008;  // MFD_NOEXEC_SEAL, Linux 6.3; newer than the headers
// Below this, mapping the pages at once is cheaper than one fault for each.
constexpr uint64_t kPopulateBytes = 256 * 1024;

std::unexpected<Error> no_memory() {
  return fail(Code::kUnavailable,
              {"infer.memory", "There is no memory for these tensors now. Try again later."});
}

}  // namespace

Result<OwnedFd> create_memfd(const char* label) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int fd = memfd_create(label, kFlags | kNoExecSeal);
  if (fd < 0 && errno == EINVAL) fd = memfd_create(label, kFlags);
  if (fd < 0) return no_memory();
  return OwnedFd(fd);
}

Status seal_memfd(int fd, bool read_only) {
  const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | (read_only ? F_SEAL_WRITE : 0);
  if (fcntl(fd, F_ADD_SEALS, seals) != 0) return no_memory();
  return {};
}

Result<std::unique_ptr<SharedMemory>> SharedMemory::create(uint64_t bytes) {
  ASSIGN_OR_RETURN(OwnedFd fd, create_memfd("blindai-tensors"));
  if (bytes == 0 || bytes > INT64_MAX || ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0)
    return no_memory();
  RETURN_IF_ERROR(seal_memfd(fd.get(), false));
  const int populate = bytes <= kPopulateBytes ? MAP_POPULATE : 0;
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | populate, fd.get(), 0);
  if (data == MAP_FAILED) return no_memory();
  return std::unique_ptr<SharedMemory>(
      new SharedMemory(std::move(fd), {static_cast<uint8_t*>(data), static_cast<size_t>(bytes)}));
}

SharedMemory::~SharedMemory() {
  munmap(view_.data(), view_.size());
}

}  // namespace blindai
