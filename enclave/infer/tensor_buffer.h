// The memory one request's tensors lie in, shared with the worker that evaluates them; and the
// buffers a worker's requests use one after the other.
//
// Between requests. A worker serves one model and sees the tensors of everybody who calls that
// model: the process boundary separates models, not the callers of one model. What the server adds:
// only output ranges that the worker declared and the server checked are ever sent; and a buffer is
// overwritten with zeros when its request is over, so no tensor outlives its request in shared
// memory. What a worker writes after its reply cannot be prevented: whoever both hashes and sends
// an output copies it first.
//
// Threads: the reactor's.
#pragma once

#include <functional>
#include <vector>

#include "enclave/infer/shared_memory.h"

namespace blindai {

class BufferPool;

class TensorBuffer {
 public:
  ~TensorBuffer();
  TensorBuffer(const TensorBuffer&) = delete;
  TensorBuffer& operator=(const TensorBuffer&) = delete;

  // Where to decrypt tensors to: at least the bytes that were asked for, aligned to a page. Each
  // tensor starts at a multiple of worker_protocol::kAlignment.
  std::span<uint8_t> input() const { return memory_->view().first(input_bytes_); }

 private:
  friend class BufferPool;
  friend class WorkerCore;
  TensorBuffer(uint64_t id, std::unique_ptr<SharedMemory> memory, size_t input_bytes)
      : id_(id), memory_(std::move(memory)), input_bytes_(input_bytes) {}

  uint64_t id_;
  std::unique_ptr<SharedMemory> memory_;
  size_t input_bytes_;     // then the output area, to the end
  size_t used_input_ = 0;  // bytes to clear afterwards, from the start of each area
  size_t used_output_ = 0;
  std::weak_ptr<BufferPool> pool_;  // where it returns to
};

// The buffers of one worker.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  // max_bytes: of one buffer. idle_bytes: kept for later requests, together. output_bytes: first
  // size of output areas. on_drop: called with the id of a buffer that will not be used again.
  BufferPool(uint64_t max_bytes, uint64_t idle_bytes, uint64_t output_bytes,
             std::function<void(uint64_t)> on_drop);

  // Errors: kTooLarge infer.input-size, kUnavailable infer.memory.
  Result<std::unique_ptr<TensorBuffer>> take(uint64_t input_bytes);
  // Outputs of this size were seen: later buffers have room for them, within limits.
  void expect_outputs(uint64_t bytes);
  // Drops idle buffers; those in use are freed, not kept, when their requests end.
  void close();

 private:
  friend class TensorBuffer;
  struct Idle {
    uint64_t id;
    std::unique_ptr<SharedMemory> memory;
    size_t input_bytes;
  };
  void give_back(TensorBuffer& buffer);
  bool fits(const Idle& idle, size_t input_bytes) const;

  const uint64_t max_bytes_;
  const uint64_t idle_limit_;
  uint64_t output_bytes_;
  std::function<void(uint64_t)> on_drop_;
  std::vector<Idle> idle_;  // most recently used last
  uint64_t idle_bytes_ = 0;
  uint64_t next_id_ = 1;
  bool closed_ = false;
};

}  // namespace blindai
