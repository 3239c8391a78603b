#include <array>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/openat2.h>

#include "tests/sandbox/escape.h"

namespace blindai::escape {
namespace {

constexpr const char* kNowhere = "/nonexistent-blindai/file";

int open_file(const char* path, int flags = O_RDONLY) {
  return call_and_close(SYS_openat, AT_FDCWD, path, flags, 0600);
}

int open_with_openat2(const Bait&) {
  open_how how = {};
  how.flags = O_RDONLY;
  return call_and_close(SYS_openat2, AT_FDCWD, "/", &how, sizeof how);
}

// A new file beside the others, made and removed again.
int create(const Bait& bait) {
  const std::string path = "/tmp/blindai-escape-" + std::to_string(bait.server);
  const int made = open_file(path.c_str(), O_CREAT | O_EXCL | O_WRONLY);
  if (made == 0) unlink(path.c_str());
  return made;
}

int make_fifo(const Bait& bait) {
  const std::string path = "/tmp/blindai-fifo-" + std::to_string(bait.server);
  const int made = call(SYS_mknodat, AT_FDCWD, path.c_str(), S_IFIFO | 0600, 0);
  if (made == 0) unlink(path.c_str());
  return made;
}

int make_link(const Bait& bait) {
  const std::string path = "/tmp/blindai-link-" + std::to_string(bait.server);
  const int made = call(SYS_symlinkat, "/", AT_FDCWD, path.c_str());
  if (made == 0) unlink(path.c_str());
  return made;
}

int make_folder(const Bait& bait) {
  const std::string path = "/tmp/blindai-folder-" + std::to_string(bait.server);
  const int made = call(SYS_mkdirat, AT_FDCWD, path.c_str(), 0700);
  if (made == 0) rmdir(path.c_str());
  return made;
}

int open_of_server(const Bait& bait, const char* what) {
  return open_file(("/proc/" + std::to_string(bait.server) + what).c_str());
}

// Both calls are ones that the filter lets through.
int read_inherited(const Bait& bait) {
  std::array<char, kSecretBytes> buffer{};
  if (syscall(SYS_lseek, bait.descriptor, 0L, SEEK_SET) < 0) return errno;
  return call(SYS_read, bait.descriptor, buffer.data(), buffer.size());
}

// Any descriptor that is neither a standard stream nor the socket nor the bait of this test.
int find_descriptor(const Bait& bait) {
  for (int fd = 4; fd < 1024; ++fd) {
    if (fd == bait.sealed_memory || fd == bait.sealed_model) continue;
    if (syscall(SYS_lseek, fd, 0L, SEEK_CUR) >= 0 || errno != EBADF) return 0;
  }
  return EBADF;
}

struct Handle {
  file_handle head;
  std::array<unsigned char, 128> bytes;
};

int name_to_handle(const Bait&) {
  Handle handle = {};
  handle.head.handle_bytes = sizeof handle.bytes;
  int mount = 0;
  const long result = syscall(SYS_name_to_handle_at, AT_FDCWD, "/", &handle, &mount, 0);
  return outcome(result);
}

// A handle that no file system made: only who may use handles at all hears that.
int open_by_handle(const Bait&) {
  Handle handle = {};
  handle.head.handle_bytes = 8;
  handle.head.handle_type = 1;
  return call_and_close(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDONLY);
}

// However deep the working directory lies: above the root is the root again.
int open_above(const Bait&) {
  std::string path;
  while (path.size() < PATH_MAX / 2) path += "../";
  return open_file((path + "etc/passwd").c_str());
}

int stat_by_name(const Bait&) {
  struct stat info = {};
  return call(SYS_newfstatat, AT_FDCWD, "/etc", &info, 0);
}

int statx_by_name(const Bait&) {
  std::array<char, 256> info{};
  return call(SYS_statx, AT_FDCWD, "/etc", 0, 0x7ff, info.data());
}

int list_directory(const Bait&) {
  const long fd = syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY);
  std::array<char, 1024> entries{};
  const int listed = call(SYS_getdents64, fd < 0 ? 0 : fd, entries.data(), entries.size());
  if (fd >= 0) close(static_cast<int>(fd));
  return listed;
}

int read_link(const Bait&) {
  std::array<char, 256> target{};
  return call(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", target.data(), target.size());
}

constexpr Named kAttempts[] = {
    {"open a file", [](const Bait&) { return open_file("/etc/passwd"); }, Control::kGetsThrough},
    {"open the working directory", [](const Bait&) { return open_file("."); },
     Control::kGetsThrough},
    {"open above the working directory", open_above, Control::kGetsThrough},
    {"open relative to a descriptor",
     [](const Bait&) { return call_and_close(SYS_openat, 0, "/etc/passwd", O_RDONLY); },
     Control::kGetsThrough},
    {"open with openat2", open_with_openat2, Control::kGetsThrough},
    {"open /proc/1/environ", [](const Bait&) { return open_file("/proc/1/environ"); },
     Control::kDiffers},
    {"open /proc/self/mem", [](const Bait&) { return open_file("/proc/self/mem", O_RDWR); },
     Control::kGetsThrough},
    {"open /proc/self/maps", [](const Bait&) { return open_file("/proc/self/maps"); },
     Control::kGetsThrough},
    {"open the server's memory", [](const Bait& bait) { return open_of_server(bait, "/mem"); },
     Control::kDiffers},
    {"open the server's status", [](const Bait& bait) { return open_of_server(bait, "/status"); },
     Control::kGetsThrough},
    {"open the server's memfd",
     [](const Bait& bait) {
       return open_of_server(bait, ("/fd/" + std::to_string(bait.descriptor)).c_str());
     },
     Control::kGetsThrough},
    {"open /dev/shm", [](const Bait&) { return open_file("/dev/shm"); }, Control::kDiffers},
    {"open a device", [](const Bait&) { return open_file("/dev/zero", O_RDWR); },
     Control::kGetsThrough},
    {"create a file", create, Control::kGetsThrough},
    {"create a nameless file", [](const Bait&) { return open_file("/tmp", O_TMPFILE | O_RDWR); },
     Control::kDiffers},
    {"read what the server had open", read_inherited, Control::kGetsThrough},
    {"find any other descriptor", find_descriptor, Control::kGetsThrough},
    {"list a directory", list_directory, Control::kGetsThrough},
    {"read a link", read_link, Control::kGetsThrough},
    {"ask about a file by name", stat_by_name, Control::kGetsThrough},
    {"ask about a file with statx", statx_by_name, Control::kGetsThrough},
    {"ask for access", [](const Bait&) { return call(SYS_faccessat, AT_FDCWD, "/etc", R_OK); },
     Control::kGetsThrough},
    {"change the directory", [](const Bait&) { return call(SYS_chdir, "/etc"); },
     Control::kGetsThrough},
    {"change the root", [](const Bait&) { return call(SYS_chroot, "/tmp"); }, Control::kDiffers},
    {"make a device or fifo", make_fifo, Control::kGetsThrough},
    {"make a symbolic link", make_link, Control::kGetsThrough},
    {"make a directory", make_folder, Control::kGetsThrough},
    {"make a hard link",
     [](const Bait&) { return call(SYS_linkat, AT_FDCWD, kNowhere, AT_FDCWD, kNowhere, 0); },
     Control::kDiffers},
    {"remove a file", [](const Bait&) { return call(SYS_unlinkat, AT_FDCWD, kNowhere, 0); },
     Control::kDiffers},
    {"rename a file",
     [](const Bait&) { return call(SYS_renameat2, AT_FDCWD, kNowhere, AT_FDCWD, kNowhere, 0); },
     Control::kDiffers},
    {"change a file's mode", [](const Bait&) { return call(SYS_fchmodat, AT_FDCWD, kNowhere, 0); },
     Control::kDiffers},
    {"change a file's owner",
     [](const Bait&) { return call(SYS_fchownat, AT_FDCWD, kNowhere, 0, 0, 0); },
     Control::kDiffers},
    {"truncate a file", [](const Bait&) { return call(SYS_truncate, kNowhere, 0); },
     Control::kDiffers},
    {"set an attribute",
     [](const Bait&) { return call(SYS_setxattr, kNowhere, "user.a", "b", 1, 0); },
     Control::kDiffers},
    {"watch files", [](const Bait&) { return call_and_close(SYS_inotify_init1, 0); },
     Control::kGetsThrough},
    {"watch all files",
     [](const Bait&) { return call_and_close(SYS_fanotify_init, FAN_CLASS_NOTIF, O_RDONLY); },
     Control::kDiffers},
    {"name a file by handle", name_to_handle, Control::kDiffers},
    {"open a file by handle", open_by_handle, Control::kDiffers},
    {"control a device", [](const Bait&) { return call(SYS_ioctl, 3, 0x541B, nullptr); },
     Control::kDiffers},
};

}  // namespace

std::span<const Named> file_attempts() {
  return kAttempts;
}

}  // namespace blindai::escape
