// What a worker's replies mean, checked before anything is done with them. A worker holds a
// stranger's model and may have been taken over by it, so a reply is as hostile as a packet from
// the network. Pure.
#pragma once

#include "enclave/infer/protocol.h"

namespace blindai {

// The part of a job's buffer where its outputs may lie.
struct OutputArea {
  uint64_t offset = 0;
  uint64_t length = 0;
};

// A DONE against what was asked: the requested outputs in their order, each of its declared
// datatype, inside the area, and as long as its shape says. The shape itself is the model's to
// choose. BYTES contents are checked when they are copied out (worker_protocol::is_bytes_tensor).
// Errors: kMalformed "infer.reply-outputs", "infer.reply-datatype", "infer.reply-place",
// "infer.reply-length".
Status check_outputs(const worker_protocol::Done& done, const std::vector<uint16_t>& requested,
                     const std::vector<TensorSpec>& specs, const OutputArea& area);

// A caller's inputs against the signature: each input once, of its datatype, with its declared rank
// and fixed dimensions, inside `input_bytes`, aligned, as long as its shape says. An input declared
// without dimensions may also be one of unknown rank, and is left to ONNX Runtime.
// Errors: kInvalid "infer.inputs", "infer.datatype", "infer.shape", "infer.place"; the sentence
// names the tensor.
Outcome<void> check_inputs(const std::vector<worker_protocol::TensorPlace>& inputs,
                           const std::vector<TensorSpec>& specs, uint64_t input_bytes);

// Requested outputs: known, each at most once. Errors: kInvalid "infer.outputs".
Outcome<void> check_requested(const std::vector<uint16_t>& requested,
                              const std::vector<TensorSpec>& specs);

}  // namespace blindai
