#include "client/cli/tensor_file.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/npy.h"
#include "client/cli/npz.h"
#include "client/cli/tensor_json.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

constexpr size_t kPiece = 1 << 20;

Problem cannot(std::string_view what, const std::string& path, Id id, Code code) {
  return Problem(code, id,
                 "The file \"" + path + "\" cannot be " + std::string(what) + " (" +
                     std::strerror(errno) + "); check its path and permissions.");
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string lower_ending(const std::string& path) {
  const size_t dot = path.rfind('.');
  if (dot == std::string::npos || path.find('/', dot) != std::string::npos) return "";
  std::string out = path.substr(dot);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool looks_like_json(const std::string& path, BytesView content) {
  if (path != "-") return lower_ending(path) == ".json";
  const auto first = std::ranges::find_if(content, [](uint8_t c) { return c > ' '; });
  return first != content.end() && (*first == '{' || *first == '[');
}

Outcome<TensorSpec> spec_of(const std::string& name, const ModelSignature& signature) {
  for (const TensorSpec& spec : signature.inputs)
    if (name.empty() || spec.name == name) return spec;
  return problem(
      Code::kInvalid, "raw.input",
      "The model has no input \"" + name + "\"; `blindai models ADDR MODEL` shows them.");
}

// The model's shape with its one open dimension worked out from the number of elements.
Outcome<std::vector<int64_t>> fitted_shape(const TensorSpec& spec, Datatype datatype,
                                           uint64_t num_bytes) {
  std::vector<int64_t> shape = spec.shape;
  const auto num_open = std::ranges::count(shape, -1);
  const auto open = std::ranges::find(shape, -1);
  const size_t size = element_size(datatype);
  if (num_open == 1) *open = 1;
  const auto fixed = num_elements(shape, uint64_t{1} << 40);
  if (size == 0 || !fixed.has_value() || *fixed == 0)
    return problem(Code::kInvalid, "raw.shape",
                   "The shape of raw data for \"" + spec.name +
                       "\" cannot be told from the model; give --shape, or a .npy file.");
  if (num_open == 1) *open = static_cast<int64_t>(num_bytes / size / *fixed);
  return shape;
}

Outcome<Tensor> raw_tensor(const std::string& name, Bytes content, const RawForm& raw,
                           const SignatureSource& signature) {
  Tensor out{.name = name, .datatype = Datatype::kFp32, .shape = {}, .data = std::move(content)};
  if (raw.datatype.has_value() && raw.shape.has_value()) {
    out.datatype = *raw.datatype;
    out.shape = *raw.shape;
  } else {
    ASSIGN_OR_RETURN(const ModelSignature model, signature());
    ASSIGN_OR_RETURN(const TensorSpec spec, spec_of(name, model));
    out.datatype = raw.datatype.value_or(spec.datatype);
    if (raw.shape.has_value()) {
      out.shape = *raw.shape;
    } else {
      ASSIGN_OR_RETURN(out.shape, fitted_shape(spec, out.datatype, out.data.size()));
    }
  }
  const size_t size = element_size(out.datatype);
  const auto count = num_elements(out.shape, uint64_t{1} << 40);
  if (!count.has_value() || (size != 0 && out.data.size() != *count * size))
    return problem(Code::kInvalid, "raw.size",
                   "The raw file has " + std::to_string(out.data.size()) + " bytes; " +
                       std::string(name_of(out.datatype)) + " in that shape needs " +
                       (count.has_value() ? std::to_string(*count * size) : "more") +
                       ". Correct --shape or --datatype.");
  return out;
}

Outcome<Bytes> formatted(const std::string& path, const Prediction& prediction) {
  const std::string ending = lower_ending(path);
  if (ending == ".npz") return write_npz(prediction.outputs);
  if (ending == ".json") {
    ASSIGN_OR_RETURN(const std::string text, prediction_to_json(prediction));
    return to_bytes(as_bytes(text + "\n"));
  }
  if (prediction.outputs.size() != 1)
    return problem(Code::kInvalid, "output.several",
                   "The model gave " + std::to_string(prediction.outputs.size()) +
                       " outputs, and a " + (ending == ".npy" ? ".npy" : "raw") +
                       " file holds one; write .npz or .json, or choose one with --only NAME.");
  if (ending == ".npy") return write_npy(prediction.outputs.front());
  return prediction.outputs.front().data;
}

}  // namespace

Outcome<Bytes> read_file(const std::string& path) {
  const Fd fd(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return std::unexpected(cannot("opened", path, "file.open", Code::kNotFound));
  Bytes out;
  struct stat status{};
  if (::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode) &&
      static_cast<uint64_t>(status.st_size) <= kMaxTensorFile)
    out.reserve(static_cast<size_t>(status.st_size) + 1);
  while (true) {
    const size_t have = out.size();
    if (have > kMaxTensorFile)
      return problem(Code::kTooLarge, "file.too-large",
                     "\"" + path + "\" is over 4 GiB; split the batch.");
    out.resize(have < out.capacity() ? out.capacity() : have + std::max(kPiece, have));
    const ssize_t n = ::read(fd.get(), out.data() + have, out.size() - have);
    out.resize(have + (n > 0 ? static_cast<size_t>(n) : 0));
    if (n == 0) return out;
    if (n < 0 && errno != EINTR)
      return std::unexpected(cannot("read", path, "file.read", Code::kUnavailable));
  }
}

Outcome<std::vector<Tensor>> read_tensors(const std::string& argument, const RawForm& raw,
                                          const SignatureSource& signature) {
  // A file of that whole name wins, so that names with '=' in them can be given.
  const size_t equals =
      ::access(argument.c_str(), F_OK) == 0 ? std::string::npos : argument.find('=');
  const std::string name = equals == std::string::npos ? "" : argument.substr(0, equals);
  const std::string path = equals == std::string::npos ? argument : argument.substr(equals + 1);
  ASSIGN_OR_RETURN(Bytes content, read_file(path));
  const std::string_view text = as_text(content);
  std::vector<Tensor> out;
  if (text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06")) {
    ASSIGN_OR_RETURN(out, read_npz(content));
    if (!name.empty() && out.size() != 1)
      return problem(Code::kInvalid, "npz.several",
                     "\"" + path +
                         "\" holds several arrays with names of their own; give it "
                         "without \"" +
                         name + "=\".");
    if (!name.empty()) out.front().name = name;
  } else if (text.starts_with("\x93NUMPY")) {
    ASSIGN_OR_RETURN(Tensor tensor, read_npy(content));
    tensor.name = name;
    out.push_back(std::move(tensor));
  } else if (looks_like_json(path, content)) {
    ASSIGN_OR_RETURN(const ModelSignature model, signature());
    return tensors_from_json(text, name, model);
  } else {
    ASSIGN_OR_RETURN(Tensor tensor, raw_tensor(name, std::move(content), raw, signature));
    out.push_back(std::move(tensor));
  }
  return out;
}

Outcome<std::string> prediction_to_json(const Prediction& prediction) {
  std::string out = "{\"model_id\":" + json_quote(prediction.model_id);
  if (!prediction.model_version.empty())
    out += ",\"model_version\":" + json_quote(prediction.model_version);
  if (!prediction.request_id.empty()) out += ",\"id\":" + json_quote(prediction.request_id);
  out += ",\"model_hash\":" + json_quote(to_hex(prediction.model_hash));
  if (prediction.expires.has_value())
    out += ",\"expires\":" + json_quote(to_rfc3339(*prediction.expires));
  out +=
      ",\"inference_ns\":" + std::to_string(prediction.inference_time.count()) + ",\"outputs\":[";
  for (const Tensor& tensor : prediction.outputs) {
    if (out.back() != '[') out += ',';
    out += "{\"name\":" + json_quote(tensor.name) +
           ",\"datatype\":" + json_quote(name_of(tensor.datatype)) + ",\"shape\":[";
    for (size_t i = 0; i < tensor.shape.size(); ++i)
      out += (i == 0 ? "" : ",") + std::to_string(tensor.shape[i]);
    out += "],\"data\":";
    RETURN_IF_ERROR(append_nested(out, tensor));
    out += '}';
  }
  return out + "]}";
}

Outcome<void> write_tensors(const std::string& path, const Prediction& prediction) {
  ASSIGN_OR_RETURN(const Bytes content, formatted(path, prediction));
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (fd.get() < 0)
    return std::unexpected(cannot("written", path, "file.write", Code::kUnavailable));
  BytesView left = content;
  while (!left.empty()) {
    const ssize_t n = ::write(fd.get(), left.data(), left.size());
    if (n < 0 && errno != EINTR)
      return std::unexpected(cannot("written", path, "file.write", Code::kUnavailable));
    if (n > 0) left = left.subspan(static_cast<size_t>(n));
  }
  return {};
}

Outcome<std::vector<int64_t>> parse_shape(std::string_view text) {
  std::vector<int64_t> out;
  while (!text.empty()) {
    int64_t dimension = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dimension);
    const bool last = end == text.data() + text.size();
    if (error != std::errc() || dimension < 0 || out.size() == kMaxNpyRank ||
        (!last && (*end != ',' || end + 1 == text.data() + text.size())))
      return problem(Code::kInvalid, "raw.shape",
                     "A shape is whole numbers with commas between them, like 1,3,224,224.");
    out.push_back(dimension);
    text.remove_prefix(last ? text.size() : static_cast<size_t>(end + 1 - text.data()));
  }
  return out;
}

}  // namespace blindai
