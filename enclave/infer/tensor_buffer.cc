#include "enclave/infer/tensor_buffer.h"

#include <algorithm>
#include <bit>

namespace blindai {
namespace {

constexpr size_t kPage = 4096;
constexpr uint64_t kMaxOutputArea = 4 * 1024 * 1024;  // larger outputs get memory of their own

}  // namespace

TensorBuffer::~TensorBuffer() {
  if (const auto pool = pool_.lock()) pool->give_back(*this);
}

BufferPool::BufferPool(uint64_t max_bytes, uint64_t idle_bytes, uint64_t output_bytes,
                       std::function<void(uint64_t)> on_drop)
    : max_bytes_(max_bytes),
      idle_limit_(idle_bytes),
      output_bytes_(std::bit_ceil(std::clamp<uint64_t>(output_bytes, kPage, kMaxOutputArea))),
      on_drop_(std::move(on_drop)) {}

bool BufferPool::fits(const Idle& idle, size_t input_bytes) const {
  return idle.input_bytes == input_bytes &&
         idle.memory->view().size() - idle.input_bytes >= output_bytes_;
}

Result<std::unique_ptr<TensorBuffer>> BufferPool::take(uint64_t input_bytes) {
  if (input_bytes > max_bytes_)
    return fail(Code::kTooLarge, {"infer.input-size",
                                  "The inputs are larger than this server takes in one request."});
  // Powers of two, so that requests of about one size share buffers.
  const size_t rounded = std::bit_ceil(std::max<size_t>(input_bytes, kPage));
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(),
                                  [&](const Idle& idle) { return fits(idle, rounded); });
  std::unique_ptr<TensorBuffer> buffer;
  if (found != idle_.rend()) {
    buffer.reset(new TensorBuffer(found->id, std::move(found->memory), found->input_bytes));
    idle_bytes_ -= buffer->memory_->view().size();
    idle_.erase(std::next(found).base());
  } else {
    ASSIGN_OR_RETURN(auto memory, SharedMemory::create(rounded + output_bytes_));
    buffer.reset(new TensorBuffer(next_id_++, std::move(memory), rounded));
  }
  buffer->used_input_ = static_cast<size_t>(input_bytes);
  buffer->used_output_ = buffer->memory_->view().size() - buffer->input_bytes_;
  buffer->pool_ = weak_from_this();
  return buffer;
}

void BufferPool::expect_outputs(uint64_t bytes) {
  if (bytes > output_bytes_ && bytes <= kMaxOutputArea) output_bytes_ = std::bit_ceil(bytes);
}

void BufferPool::give_back(TensorBuffer& buffer) {
  const bool sent = buffer.memory_->fd() < 0;
  const size_t size = buffer.memory_->view().size();
  if (closed_ || size > idle_limit_ || size - buffer.input_bytes_ < output_bytes_) {
    if (sent && !closed_) on_drop_(buffer.id_);
    return;  // its pages go back to the kernel, which clears them
  }
  // The memory lives on and others see it, so the compiler cannot leave these out.
  std::ranges::fill(buffer.input().first(buffer.used_input_), uint8_t{0});
  std::ranges::fill(buffer.memory_->view().subspan(buffer.input_bytes_, buffer.used_output_),
                    uint8_t{0});
  idle_.push_back({buffer.id_, std::move(buffer.memory_), buffer.input_bytes_});
  idle_bytes_ += size;
  while (idle_bytes_ > idle_limit_) {
    idle_bytes_ -= idle_.front().memory->view().size();
    if (idle_.front().memory->fd() < 0) on_drop_(idle_.front().id);
    idle_.erase(idle_.begin());
  }
}

void BufferPool::close() {
  closed_ = true;
  idle_.clear();
  idle_bytes_ = 0;
}

}  // namespace blindai
