#include "enclave/infer/model_upload.h"

#include <cerrno>
#include <unistd.h>

#include "lib/base/secret.h"

namespace blindai {
namespace {

std::unexpected<Error> wrong_size() {
  return fail(Code::kMalformed,
              {"infer.model-size", "The stored model is not as long as it says. Upload it again."});
}

}  // namespace

ModelUpload::~ModelUpload() {
  wipe(piece_.data(), piece_.size());
}

Status ModelUpload::write_all(BytesView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(memory_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      return fail(Code::kUnavailable,
                  {"infer.memory", "There is no memory for this model now. Try again later."});
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return {};
}

Result<bool> ModelUpload::step(size_t max_bytes) {
  const uint64_t end = written_ + max_bytes;
  while (true) {
    ASSIGN_OR_RETURN(const bool complete, step_piece());
    if (complete || written_ >= end) return complete;
  }
}

Result<bool> ModelUpload::step_piece() {
  if (!memory_) {
    ASSIGN_OR_RETURN(memory_, create_memfd("blindai-model"));
    piece_.resize(kPiece);
  }
  ASSIGN_OR_RETURN(const size_t n, source_->read(piece_));
  BLINDAI_CHECK(n <= piece_.size());
  if (n > model_bytes_ - written_) return wrong_size();
  if (n != 0) {
    RETURN_IF_ERROR(write_all(BytesView(piece_).first(n)));
    written_ += n;
    return false;
  }
  if (written_ != model_bytes_) return wrong_size();
  if (written_ == 0)
    return fail(Code::kRefused, {"model.size", "The upload is empty: send an ONNX file."});
  RETURN_IF_ERROR(seal_memfd(memory_.get(), true));
  wipe(piece_.data(), piece_.size());
  source_.reset();
  return true;
}

}  // namespace blindai
