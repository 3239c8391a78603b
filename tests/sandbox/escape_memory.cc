#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "tests/sandbox/escape.h"

namespace blindai::escape {
namespace {

constexpr size_t kPage = 4096;

int map(int protection, int flags, int fd) {
  void* const place = mmap(nullptr, kPage, protection, flags, fd, 0);
  if (place == MAP_FAILED) return errno;
  munmap(place, kPage);
  return 0;
}

void* written_page() {
  return mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

// -1 is what pkey_mprotect takes for "no key", and then it is mprotect.
int make_executable(long number) {
  void* const page = written_page();
  if (page == MAP_FAILED) return 0;
  if (number == SYS_mprotect) return call(number, page, kPage, PROT_READ | PROT_EXEC);
  return call(number, page, kPage, PROT_READ | PROT_EXEC, -1);
}

int shared_segment(const Bait&) {
  const long id = syscall(SYS_shmget, IPC_PRIVATE, kPage, IPC_CREAT | 0600);
  if (id < 0) return errno;
  shmctl(static_cast<int>(id), IPC_RMID, nullptr);
  return 0;
}

int unseal(int fd) {
  return call(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE);
}

constexpr Named kAttempts[] = {
    {"map memory to write and execute",
     [](const Bait&) {
       return map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
     },
     Control::kGetsThrough},
    {"map memory to execute",
     [](const Bait&) { return map(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1); },
     Control::kGetsThrough},
    {"map tensors to execute",
     [](const Bait& bait) { return map(PROT_READ | PROT_EXEC, MAP_SHARED, bait.sealed_memory); },
     Control::kDiffers},
    {"make written memory executable", [](const Bait&) { return make_executable(SYS_mprotect); },
     Control::kGetsThrough},
    {"make written memory executable by a key",
     [](const Bait&) { return make_executable(SYS_pkey_mprotect); }, Control::kDiffers},
    {"make a memfd", [](const Bait&) { return call_and_close(SYS_memfd_create, "escape", 0U); },
     Control::kGetsThrough},
    {"make secret memory", [](const Bait&) { return call_and_close(SYS_memfd_secret, 0U); },
     Control::kDiffers},
    {"make a shared segment", shared_segment, Control::kDiffers},
    {"lock memory", [](const Bait&) { return call(SYS_mlock2, written_page(), kPage, 0); },
     Control::kDiffers},
    {"grow the tensors' memory",
     [](const Bait& bait) { return call(SYS_ftruncate, bait.sealed_memory, 1L << 20); },
     Control::kSealed},
    {"cut the tensors' memory",
     [](const Bait& bait) { return call(SYS_ftruncate, bait.sealed_memory, 0L); },
     Control::kSealed},
    {"punch a hole into the model",
     [](const Bait& bait) {
       return call(SYS_fallocate, bait.sealed_model, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0L,
                   static_cast<long>(kPage));
     },
     Control::kSealed},
    {"change the tensors' seals", [](const Bait& bait) { return unseal(bait.sealed_memory); },
     Control::kSealed},
    {"change the model's seals", [](const Bait& bait) { return unseal(bait.sealed_model); },
     Control::kSealed},
    {"write to the model",
     [](const Bait& bait) { return call(SYS_write, bait.sealed_model, "x", 1UL); },
     Control::kSealed},
    {"map the model to write",
     [](const Bait& bait) { return map(PROT_READ | PROT_WRITE, MAP_SHARED, bait.sealed_model); },
     Control::kSealed},
    {"make the model's mapping writable",
     [](const Bait& bait) {
       void* const place = mmap(nullptr, kPage, PROT_READ, MAP_SHARED, bait.sealed_model, 0);
       if (place == MAP_FAILED) return errno;
       return call(SYS_mprotect, place, kPage, PROT_READ | PROT_WRITE);
     },
     Control::kSealed},
};

}  // namespace

std::span<const Named> memory_attempts() {
  return kAttempts;
}

}  // namespace blindai::escape
