#include "enclave/tee/simulation/measure_file.h"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

namespace blindai {
namespace {

constexpr size_t kPiece = 256 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

Result<MeasuredFile> measure_file(std::string name, const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0)
    return fail(Code::kNotFound,
                {"measure.open",
                 "A program to be measured cannot be opened: give its path, or build "
                 "it first."});
  FileMeasurer measurer(std::move(name));
  Bytes piece(kPiece);
  while (true) {
    const ssize_t n = ::read(file.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(Code::kUnavailable, "measure.read");
    if (n == 0) return measurer.finish();
    measurer.update(BytesView(piece).first(static_cast<size_t>(n)));
  }
}

Result<Sha256Digest> measure_programs(const std::string& server, const std::string& worker,
                                      const std::string& onnxruntime) {
  const std::string* paths[] = {&server, &worker, &onnxruntime};
  static_assert(std::size(paths) == std::size(kMeasuredPrograms));
  std::vector<MeasuredFile> files;
  for (size_t i = 0; i < std::size(paths); ++i) {
    ASSIGN_OR_RETURN(MeasuredFile file, measure_file(std::string(kMeasuredPrograms[i]), *paths[i]));
    files.push_back(std::move(file));
  }
  return measurement_of(std::move(files));
}

}  // namespace blindai
