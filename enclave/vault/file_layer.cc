#include "enclave/vault/file_layer.h"

namespace blindai {
namespace {
constexpr size_t kStep = size_t{1} << 20;
}

Status File::copy_from(File& from, uint64_t offset, uint64_t length) {
  Bytes step(static_cast<size_t>(std::min<uint64_t>(length, kStep)));
  while (length > 0) {
    const std::span<uint8_t> room =
        std::span(step).first(static_cast<size_t>(std::min<uint64_t>(length, kStep)));
    ASSIGN_OR_RETURN(const size_t n, from.read_at(offset, room));
    if (n != room.size()) return fail(Code::kUnavailable, "vault.io");
    RETURN_IF_ERROR(write_at(offset, room));
    offset += n;
    length -= n;
  }
  return {};
}

}  // namespace blindai
