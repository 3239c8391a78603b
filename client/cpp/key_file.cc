#include "client/cpp/key_file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cpp/connection.h"

namespace blindai {
namespace {

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

  bool write_all(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t n = ::write(fd_, text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      text.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

 private:
  int fd_;
};

// A key's text and at most a line break. Wiped at its end.
struct Line {
  std::array<char, kApiKeyTextLen + 3> text{};
  size_t length = 0;
  Line() = default;
  ~Line() { wipe(text.data(), text.size()); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  std::string_view view() const { return {text.data(), length}; }
};

std::string_view without_line_break(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

Problem in_file(const std::string& path, const Error& error) {
  return Problem(error.code, error.id, "In the file \"" + path + "\": " + Problem(error).sentence);
}

std::string because() {
  return std::string(" (") + std::strerror(errno) + ")";
}

}  // namespace

Outcome<ApiKey> read_key_file(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd() < 0)
    return problem(Code::kNotFound, "client.key.open",
                   "The key file \"" + path + "\" cannot be opened" + because() +
                       "; check its path and permissions, or make a key with \"blindai keys "
                       "create\".");
  struct stat status{};
  Line line;
  const bool regular = ::fstat(file.fd(), &status) == 0 && S_ISREG(status.st_mode);
  const ssize_t n = regular ? ::read(file.fd(), line.text.data(), line.text.size()) : -1;
  if (n < 0 || static_cast<size_t>(n) == line.text.size())
    return problem(Code::kInvalid, "client.key.kind",
                   "\"" + path +
                       "\" is not a key file, which holds one line that begins with "
                       "bai_; name another.");
  line.length = static_cast<size_t>(n);
  Result<ApiKey> key = ApiKey::parse(without_line_break(line.view()));
  if (!key.has_value()) return std::unexpected(in_file(path, key.error()));
  return *std::move(key);
}

Outcome<void> write_key_file(const std::string& path, const ApiKey& key) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.fd() < 0 && errno == EEXIST)
    return problem(Code::kConflict, "client.key.exists",
                   "There is a file \"" + path +
                       "\" already, and a key that is overwritten is "
                       "lost for good; choose another name.");
  const ApiKeyText text = key.text(KeyAccess());
  const std::array<char, kApiKeyTextLen>& letters = text.reveal(KeyAccess());
  if (file.fd() >= 0 && file.write_all({letters.data(), letters.size()}) && file.write_all("\n") &&
      ::fsync(file.fd()) == 0)
    return {};
  const std::string reason = because();
  if (file.fd() >= 0) ::unlink(path.c_str());
  return problem(Code::kUnavailable, "client.key.write",
                 "The key file \"" + path + "\" cannot be written" + reason +
                     "; check the folder and the disk.");
}

Outcome<std::shared_ptr<const ApiKey>> load_api_key(const std::string& named) {
  const char* file = std::getenv("BLINDAI_KEY_FILE");
  const std::string path = !named.empty() ? named : file != nullptr ? file : "";
  if (!path.empty()) {
    ASSIGN_OR_RETURN(ApiKey key, read_key_file(path));
    return std::make_shared<const ApiKey>(std::move(key));
  }
  const char* text = std::getenv("BLINDAI_API_KEY");
  if (text == nullptr || *text == '\0') return nullptr;
  Result<ApiKey> key = ApiKey::parse(text);
  if (!key.has_value())
    return problem(key.error().code, key.error().id,
                   "In the environment variable BLINDAI_API_KEY: " + Problem(key.error()).sentence);
  return std::make_shared<const ApiKey>(*std::move(key));
}

Outcome<std::string> read_text_file(const std::string& path, size_t max_len) {
  std::ifstream in(path, std::ios::binary);
  std::string out(max_len + 3, '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  if (in.bad() || (!in.eof() && in.fail()) || !in.gcount())
    return problem(Code::kNotFound, "client.text.open",
                   "The file \"" + path +
                       "\" cannot be read, or is empty; check its path and "
                       "permissions.");
  out.resize(static_cast<size_t>(in.gcount()));
  out.resize(without_line_break(out).size());
  if (out.size() > max_len)
    return problem(Code::kTooLarge, "client.text.size",
                   "The file \"" + path +
                       "\" is longer than what it should hold can be; name "
                       "another.");
  return out;
}

Outcome<StoredReceipt> read_receipt_file(const std::string& path) {
  constexpr size_t kMaxReceipt = 4096;
  ASSIGN_OR_RETURN(const std::string text, read_text_file(path, kMaxReceipt));
  Result<StoredReceipt> receipt = parse_stored_receipt(text);
  if (!receipt.has_value()) return std::unexpected(in_file(path, receipt.error()));
  return *std::move(receipt);
}

Outcome<void> write_receipt_file(const std::string& path, const StoredReceipt& receipt) {
  const std::string beside = path + ".new";
  const File file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.fd() >= 0 && file.write_all(to_json(receipt) + "\n") && ::fsync(file.fd()) == 0 &&
      std::rename(beside.c_str(), path.c_str()) == 0)
    return {};
  const std::string reason = because();
  if (file.fd() >= 0) ::unlink(beside.c_str());
  return problem(Code::kUnavailable, "client.receipt.write",
                 "The receipt \"" + path + "\" cannot be written" + reason +
                     "; check the folder and the disk. The server did what was asked.");
}

}  // namespace blindai
