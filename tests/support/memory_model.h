// A model in memory, as a worker is given one.
#pragma once

#include <algorithm>
#include <utility>

#include "enclave/infer/worker.h"

namespace blindai {

// Given out in pieces of at most `piece` bytes.
class MemoryModel final : public ModelSource {
 public:
  explicit MemoryModel(Bytes model, size_t piece = 60'000)
      : model_(std::move(model)), piece_(piece) {}
  Result<size_t> read(std::span<uint8_t> out) override {
    const size_t n = std::min({out.size(), piece_, model_.size() - at_});
    std::copy_n(model_.begin() + static_cast<std::ptrdiff_t>(at_), n, out.begin());
    at_ += n;
    return n;
  }

 private:
  Bytes model_;
  size_t piece_;
  size_t at_ = 0;
};

}  // namespace blindai
