#include "client/cli/npz.h"

#include <algorithm>

#include "client/cli/npy.h"
#include "client/cli/zip.h"

namespace blindai {
namespace {

constexpr std::string_view kSuffix = ".npy";

bool has_name(const std::vector<Tensor>& tensors, std::string_view name) {
  return std::ranges::any_of(tensors, [&](const Tensor& t) { return t.name == name; });
}

}  // namespace

Outcome<std::vector<Tensor>> read_npz(BytesView wire) {
  ASSIGN_OR_RETURN(const std::vector<ZipEntry> entries, read_zip(wire));
  std::vector<Tensor> out;
  for (const ZipEntry& entry : entries) {
    std::string name = entry.name;
    if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
    if (name.empty() || name.size() == entry.name.size() || has_name(out, name))
      return problem(Code::kInvalid, "npz.entry",
                     "The .npz file holds something other than arrays of different names; write "
                     "it with NumPy's savez().");
    ASSIGN_OR_RETURN(Tensor tensor, read_npy(entry.data));
    tensor.name = std::move(name);
    out.push_back(std::move(tensor));
  }
  if (out.empty())
    return problem(Code::kInvalid, "npz.empty", "The .npz file holds no array; write it again.");
  return out;
}

Outcome<Bytes> write_npz(const std::vector<Tensor>& tensors) {
  std::vector<ZipEntry> entries;
  for (const Tensor& tensor : tensors) {
    const bool climbs = tensor.name.starts_with('/') ||
                        tensor.name.find("..") != std::string::npos ||
                        tensor.name.find('\0') != std::string::npos;
    const std::string name = tensor.name + std::string(kSuffix);
    const bool twice =
        std::ranges::any_of(entries, [&](const ZipEntry& e) { return e.name == name; });
    if (tensor.name.empty() || climbs || twice)
      return problem(Code::kInvalid, "npz.name",
                     "An output's name cannot be a name in a .npz file; write .json instead.");
    ASSIGN_OR_RETURN(Bytes data, write_npy(tensor));
    entries.push_back({name, std::move(data)});
  }
  ASSIGN_OR_RETURN(Bytes out, write_zip(entries));
  return out;
}

}  // namespace blindai
