// ONNX Runtime called directly in this process: what a prediction costs without any server.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/bytes.h"

namespace blindai {

class EngineReference {
 public:
  // library: path of libonnxruntime.so.1.28.0. The model has one float32 input of this name and
  // shape and one output of this name; all of its dimensions known. Aborts on failure.
  EngineReference(const std::string& library, BytesView model, const std::string& input,
                  const std::vector<int64_t>& shape, const std::string& output,
                  int intra_op_threads);
  ~EngineReference();
  EngineReference(const EngineReference&) = delete;
  EngineReference& operator=(const EngineReference&) = delete;

  std::chrono::nanoseconds run(std::span<float> input);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace blindai
