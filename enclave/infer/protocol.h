// Messages between blindai-server and one blindai-worker, over a SOCK_SEQPACKET pair.
//
// One packet is one message; the kernel copies it, so neither side can change it after the other
// has begun to check it. Descriptors (memfds) travel beside a message with SCM_RIGHTS. Tensors are
// not in messages but in shared memory, whose contents the worker may change at any time. Byte by
// byte: docs/formats/worker-protocol.md. Pure; thread-safe on distinct objects.
//
// The server trusts nothing that arrives: decode() checks the layout and the bounds below, and
// enclave/infer/reply_check.h checks what the numbers mean.
#pragma once

#include "enclave/sandbox/report.h"
#include "lib/base/bytes.h"
#include "lib/oip/datatype.h"

namespace blindai::worker_protocol {

inline constexpr uint32_t kVersion = 3;
inline constexpr int kSocketFd = 3;                   // the worker's end, by number
inline constexpr size_t kMaxMessage = 128 * 1024;     // bytes of one packet
inline constexpr size_t kMaxTensors = 256;            // inputs; and outputs
inline constexpr size_t kMaxRank = 32;                // dimensions of one tensor
inline constexpr size_t kMaxName = 256;               // bytes of one tensor's name
inline constexpr size_t kMaxSentence = 512;           // bytes of one explanation
inline constexpr uint64_t kMaxElements = 1ULL << 40;  // of one tensor, before its bytes are counted
inline constexpr uint64_t kAlignment = 64;            // of every tensor's offset in a buffer

constexpr uint64_t align_up(uint64_t n) {
  return (n + kAlignment - 1) & ~(kAlignment - 1);
}

enum class Type : uint16_t {
  kLoad = 1,        // with the model's memfd
  kRun = 2,         // with the buffer's memfd the first time that buffer is named
  kOutput = 3,      // with a memfd: the answer to kNeed
  kCancel = 4,      // stop this job as soon as possible; it still gets its one reply
  kDropBuffer = 5,  // unmap this buffer; its id is not used again
  kReady = 17,      // first message of a worker: ONNX Runtime is up and the sandbox is closed
  kLoaded = 18,
  kRefused = 19,
  kNeed = 20,  // the outputs are larger than the output area; the job waits for kOutput or kCancel
  kDone = 21,
  kFailed = 22,
};

struct Ready {
  uint32_t version = kVersion;
  SandboxReport sandbox;        // what the worker could put around itself
  uint64_t resident_bytes = 0;  // before any model
  bool operator==(const Ready&) const = default;
};

struct Load {
  uint16_t run_threads = 1;       // jobs that may run at once, 1..64
  uint16_t intra_op_threads = 1;  // ONNX Runtime's threads within one job, 1..64
  uint64_t model_bytes = 0;
  uint64_t tensor_memory_bytes = 0;  // what ONNX Runtime may allocate for tensors; 0: no limit
  bool operator==(const Load&) const = default;
};

// Where one tensor lies: `length` bytes at `offset` of the buffer, row-major, little-endian; BYTES
// as 4-byte little-endian length and bytes for each element.
struct TensorPlace {
  uint16_t index = 0;  // in the signature's inputs or outputs
  Datatype datatype = Datatype::kFp32;
  std::vector<int64_t> shape;  // each at least 0; [] is a scalar
  uint64_t offset = 0;
  uint64_t length = 0;
  bool operator==(const TensorPlace&) const = default;
};

struct Run {
  uint64_t job = 0;
  uint64_t buffer = 0;
  uint64_t buffer_bytes = 0;
  uint64_t output_offset = 0;  // the output area, in the same buffer
  uint64_t output_length = 0;
  std::vector<TensorPlace> inputs;
  std::vector<uint16_t> outputs;  // requested, by index; at least one
  bool operator==(const Run&) const = default;
};

struct Output {
  uint64_t job = 0;
  uint64_t bytes = 0;
  bool operator==(const Output&) const = default;
};

struct Cancel {
  uint64_t job = 0;
  bool operator==(const Cancel&) const = default;
};

struct DropBuffer {
  uint64_t buffer = 0;
  bool operator==(const DropBuffer&) const = default;
};

struct Loaded {
  ModelSignature signature;
  bool operator==(const Loaded&) const = default;
};

enum class Refusal : uint16_t {
  kMalformed = 1,    // not an ONNX model that ONNX Runtime can read
  kUnsupported = 2,  // a value that is not a tensor, or an element type outside the protocol
  kLimit = 3,        // more inputs, dimensions or memory than allowed
  kRule = 4,         // refused before ONNX Runtime saw it, by a rule of lib/onnx
};

struct Refused {
  Refusal reason = Refusal::kMalformed;
  std::string sentence;  // printable ASCII; for the model's owner
  uint16_t rule = 0;     // onnx::Rule, for kRule; otherwise 0
  bool operator==(const Refused&) const = default;
};

struct Need {
  uint64_t job = 0;
  uint64_t bytes = 0;  // all outputs together, each aligned
  bool operator==(const Need&) const = default;
};

struct Done {
  uint64_t job = 0;
  uint64_t run_ns = 0;   // time inside ONNX Runtime
  bool spilled = false;  // true: offsets are in the memfd of kOutput; false: in the job's buffer
  std::vector<TensorPlace> outputs;  // as requested, in that order
  bool operator==(const Done&) const = default;
};

enum class Failure : uint16_t {
  kInput = 1,      // the inputs do not fit the model
  kRun = 2,        // the model could not be evaluated on these inputs
  kMemory = 3,     // over the memory allowed
  kCancelled = 4,  // by kCancel
  kOutput = 5,     // an output that the protocol cannot carry
};

struct Failed {
  uint64_t job = 0;
  Failure reason = Failure::kRun;
  std::string sentence;  // printable ASCII; for the caller whose inputs these were
  bool operator==(const Failed&) const = default;
};

// The type of a message. Errors: kMalformed "worker.message".
Result<Type> type_of(BytesView message);

// Replaces `out`, keeping its capacity.
void encode(const Ready& message, Bytes& out);
void encode(const Load& message, Bytes& out);
void encode(const Run& message, Bytes& out);
void encode(const Output& message, Bytes& out);
void encode(const Cancel& message, Bytes& out);
void encode(const DropBuffer& message, Bytes& out);
void encode(const Loaded& message, Bytes& out);
void encode(const Refused& message, Bytes& out);
void encode(const Need& message, Bytes& out);
void encode(const Done& message, Bytes& out);
void encode(const Failed& message, Bytes& out);

// Replace the fields of `out`, whose capacity is used again; after an error its content is
// unspecified. A message that decodes encodes to the same bytes.
// Errors: kMalformed "worker.message" (layout, type, trailing bytes), "worker.bounds" (a count,
// name, sentence or number outside the limits above), "worker.name" (a tensor's name empty, not
// UTF-8, with control characters, or used twice).
Status decode(BytesView message, Ready& out);
Status decode(BytesView message, Load& out);
Status decode(BytesView message, Run& out);
Status decode(BytesView message, Output& out);
Status decode(BytesView message, Cancel& out);
Status decode(BytesView message, DropBuffer& out);
Status decode(BytesView message, Loaded& out);
Status decode(BytesView message, Refused& out);
Status decode(BytesView message, Need& out);
Status decode(BytesView message, Done& out);
Status decode(BytesView message, Failed& out);

// Text of a library made fit for a sentence: printable ASCII, runs of anything else become one
// space, at most kMaxSentence bytes.
std::string clean_sentence(std::string_view text);

// True when `data` is exactly `count` strings in BYTES form. Reads each length once, so it is safe
// on memory that changes meanwhile, though its answer is then worth nothing: copy first.
bool is_bytes_tensor(BytesView data, uint64_t count);

}  // namespace blindai::worker_protocol
