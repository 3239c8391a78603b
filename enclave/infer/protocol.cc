#include "enclave/infer/protocol.h"

#include <algorithm>

#include "lib/base/byte_reader.h"
#include "lib/onnx/rules.h"

namespace blindai::worker_protocol {
namespace {

constexpr uint16_t kMaxThreads = 64;

void begin(Bytes& out, Type type) {
  out.clear();
  put_u16le(out, static_cast<uint16_t>(type));
  put_u16le(out, 0);
}

std::unexpected<Error> bad_layout(const ByteReader& r) {
  return fail(Code::kMalformed, "worker.message", r.at());
}
std::unexpected<Error> out_of_bounds(const ByteReader& r) {
  return fail(Code::kMalformed, "worker.bounds", r.at());
}

bool starts(ByteReader& r, Type type) {
  uint16_t value = 0;
  return r.u16le(value) && value == static_cast<uint16_t>(type) && r.zeros(2);
}

void put_shape(Bytes& out, const std::vector<int64_t>& shape) {
  put_u8(out, static_cast<uint8_t>(shape.size()));
  for (int64_t dim : shape) put_u64le(out, static_cast<uint64_t>(dim));
}

Status read_shape(ByteReader& r, std::vector<int64_t>& shape, int64_t lowest) {
  uint8_t rank = 0;
  if (!r.u8(rank)) return bad_layout(r);
  if (rank > kMaxRank) return out_of_bounds(r);
  shape.resize(rank);
  for (int64_t& dim : shape) {
    uint64_t raw = 0;
    if (!r.u64le(raw)) return bad_layout(r);
    dim = static_cast<int64_t>(raw);
    if (dim < lowest) return out_of_bounds(r);
  }
  return {};
}

Status read_datatype(ByteReader& r, Datatype& out) {
  uint8_t raw = 0;
  if (!r.u8(raw)) return bad_layout(r);
  if (raw >= kNumDatatypes) return out_of_bounds(r);
  out = static_cast<Datatype>(raw);
  return {};
}

Status read_count(ByteReader& r, size_t limit, uint16_t& count) {
  if (!r.u16le(count)) return bad_layout(r);
  if (count > limit) return out_of_bounds(r);
  return {};
}

void put_places(Bytes& out, const std::vector<TensorPlace>& places) {
  put_u16le(out, static_cast<uint16_t>(places.size()));
  for (const TensorPlace& place : places) {
    put_u16le(out, place.index);
    put_u8(out, static_cast<uint8_t>(place.datatype));
    put_shape(out, place.shape);
    put_u64le(out, place.offset);
    put_u64le(out, place.length);
  }
}

Status read_places(ByteReader& r, std::vector<TensorPlace>& places) {
  uint16_t count = 0;
  RETURN_IF_ERROR(read_count(r, kMaxTensors, count));
  places.resize(count);
  for (TensorPlace& place : places) {
    if (!r.u16le(place.index)) return bad_layout(r);
    RETURN_IF_ERROR(read_datatype(r, place.datatype));
    RETURN_IF_ERROR(read_shape(r, place.shape, 0));
    if (!r.u64le(place.offset) || !r.u64le(place.length)) return bad_layout(r);
  }
  return {};
}

void put_specs(Bytes& out, const std::vector<TensorSpec>& specs) {
  put_u16le(out, static_cast<uint16_t>(specs.size()));
  for (const TensorSpec& spec : specs) {
    put_u16le(out, static_cast<uint16_t>(spec.name.size()));
    append(out, as_bytes(spec.name));
    put_u8(out, static_cast<uint8_t>(spec.datatype));
    put_shape(out, spec.shape);
  }
}

bool is_name(BytesView name) {
  return !name.empty() && is_utf8(name) &&
         std::ranges::none_of(name, [](uint8_t c) { return c < 0x20 || c == 0x7f; });
}

Status read_specs(ByteReader& r, std::vector<TensorSpec>& specs) {
  uint16_t count = 0;
  RETURN_IF_ERROR(read_count(r, kMaxTensors, count));
  specs.resize(count);
  std::vector<std::string_view> names;
  names.reserve(count);
  for (TensorSpec& spec : specs) {
    uint16_t length = 0;
    BytesView name;
    RETURN_IF_ERROR(read_count(r, kMaxName, length));
    if (!r.bytes(name, length)) return bad_layout(r);
    if (!is_name(name)) return fail(Code::kMalformed, "worker.name", r.at());
    spec.name = as_text(name);
    RETURN_IF_ERROR(read_datatype(r, spec.datatype));
    RETURN_IF_ERROR(read_shape(r, spec.shape, -1));
    names.push_back(as_text(name));
  }
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end())
    return fail(Code::kMalformed, "worker.name", r.at());
  return {};
}

void put_sentence(Bytes& out, std::string_view sentence) {
  put_u16le(out, static_cast<uint16_t>(sentence.size()));
  append(out, as_bytes(sentence));
}

bool is_printable(uint8_t c) {
  return c >= 0x20 && c < 0x7f;
}

Status read_sentence(ByteReader& r, std::string& sentence) {
  uint16_t length = 0;
  BytesView text;
  RETURN_IF_ERROR(read_count(r, kMaxSentence, length));
  if (!r.bytes(text, length)) return bad_layout(r);
  if (!std::ranges::all_of(text, is_printable)) return out_of_bounds(r);
  sentence = as_text(text);
  return {};
}

template <typename E>
Status read_reason(ByteReader& r, E& out, E last) {
  uint16_t raw = 0;
  if (!r.u16le(raw)) return bad_layout(r);
  if (raw == 0 || raw > static_cast<uint16_t>(last)) return out_of_bounds(r);
  out = static_cast<E>(raw);
  return {};
}

void put_report(Bytes& out, const SandboxReport& report) {
  put_u8(out, static_cast<uint8_t>(kNumLayers));
  for (const Layer layer : all_layers()) {
    put_u8(out, static_cast<uint8_t>(report[layer].kind));
    put_u16le(out, report[layer].error);
  }
}

Status read_report(ByteReader& r, SandboxReport& report) {
  using Kind = LayerState::Kind;
  uint8_t count = 0;
  if (!r.u8(count)) return bad_layout(r);
  if (count != kNumLayers) return out_of_bounds(r);
  for (const Layer layer : all_layers()) {
    uint8_t kind = 0;
    uint16_t error = 0;
    if (!r.u8(kind) || !r.u16le(error)) return bad_layout(r);
    if (kind > static_cast<uint8_t>(Kind::kRefused) || error > LayerState::kMaxError ||
        (error != 0) != (kind == static_cast<uint8_t>(Kind::kRefused)))
      return out_of_bounds(r);
    report[layer] = {static_cast<Kind>(kind), error};
  }
  return {};
}

// A message whose body is the given 64-bit numbers and nothing else.
template <typename... Numbers>
Status decode_numbers(BytesView message, Type type, Numbers&... numbers) {
  ByteReader r(message);
  if (!starts(r, type) || !(r.u64le(numbers) && ...) || !r.done()) return bad_layout(r);
  return {};
}

}  // namespace

Result<Type> type_of(BytesView message) {
  ByteReader r(message);
  uint16_t raw = 0;
  if (!r.u16le(raw)) return bad_layout(r);
  if ((raw < static_cast<uint16_t>(Type::kLoad) ||
       raw > static_cast<uint16_t>(Type::kDropBuffer)) &&
      (raw < static_cast<uint16_t>(Type::kReady) || raw > static_cast<uint16_t>(Type::kFailed)))
    return bad_layout(r);
  return static_cast<Type>(raw);
}

void encode(const Ready& message, Bytes& out) {
  begin(out, Type::kReady);
  put_u32le(out, message.version);
  put_report(out, message.sandbox);
  put_u64le(out, message.resident_bytes);
}

Status decode(BytesView message, Ready& out) {
  ByteReader r(message);
  if (!starts(r, Type::kReady) || !r.u32le(out.version)) return bad_layout(r);
  RETURN_IF_ERROR(read_report(r, out.sandbox));
  if (!r.u64le(out.resident_bytes) || !r.done()) return bad_layout(r);
  return {};
}

void encode(const Load& message, Bytes& out) {
  begin(out, Type::kLoad);
  put_u16le(out, message.run_threads);
  put_u16le(out, message.intra_op_threads);
  put_u32le(out, 0);
  put_u64le(out, message.model_bytes);
  put_u64le(out, message.tensor_memory_bytes);
}

Status decode(BytesView message, Load& out) {
  ByteReader r(message);
  if (!starts(r, Type::kLoad) || !r.u16le(out.run_threads) || !r.u16le(out.intra_op_threads) ||
      !r.zeros(4) || !r.u64le(out.model_bytes) || !r.u64le(out.tensor_memory_bytes) || !r.done())
    return bad_layout(r);
  if (out.run_threads == 0 || out.run_threads > kMaxThreads || out.intra_op_threads == 0 ||
      out.intra_op_threads > kMaxThreads || out.model_bytes == 0)
    return out_of_bounds(r);
  return {};
}

void encode(const Run& message, Bytes& out) {
  begin(out, Type::kRun);
  put_u64le(out, message.job);
  put_u64le(out, message.buffer);
  put_u64le(out, message.buffer_bytes);
  put_u64le(out, message.output_offset);
  put_u64le(out, message.output_length);
  put_places(out, message.inputs);
  put_u16le(out, static_cast<uint16_t>(message.outputs.size()));
  for (uint16_t index : message.outputs) put_u16le(out, index);
}

Status decode(BytesView message, Run& out) {
  ByteReader r(message);
  if (!starts(r, Type::kRun) || !r.u64le(out.job) || !r.u64le(out.buffer) ||
      !r.u64le(out.buffer_bytes) || !r.u64le(out.output_offset) || !r.u64le(out.output_length))
    return bad_layout(r);
  RETURN_IF_ERROR(read_places(r, out.inputs));
  uint16_t count = 0;
  RETURN_IF_ERROR(read_count(r, kMaxTensors, count));
  if (count == 0) return out_of_bounds(r);
  out.outputs.resize(count);
  for (uint16_t& index : out.outputs)
    if (!r.u16le(index)) return bad_layout(r);
  if (!r.done()) return bad_layout(r);
  return {};
}

void encode(const Output& message, Bytes& out) {
  begin(out, Type::kOutput);
  put_u64le(out, message.job);
  put_u64le(out, message.bytes);
}
Status decode(BytesView message, Output& out) {
  return decode_numbers(message, Type::kOutput, out.job, out.bytes);
}

void encode(const Cancel& message, Bytes& out) {
  begin(out, Type::kCancel);
  put_u64le(out, message.job);
}
Status decode(BytesView message, Cancel& out) {
  return decode_numbers(message, Type::kCancel, out.job);
}

void encode(const DropBuffer& message, Bytes& out) {
  begin(out, Type::kDropBuffer);
  put_u64le(out, message.buffer);
}
Status decode(BytesView message, DropBuffer& out) {
  return decode_numbers(message, Type::kDropBuffer, out.buffer);
}

void encode(const Need& message, Bytes& out) {
  begin(out, Type::kNeed);
  put_u64le(out, message.job);
  put_u64le(out, message.bytes);
}
Status decode(BytesView message, Need& out) {
  return decode_numbers(message, Type::kNeed, out.job, out.bytes);
}

void encode(const Loaded& message, Bytes& out) {
  begin(out, Type::kLoaded);
  put_specs(out, message.signature.inputs);
  put_specs(out, message.signature.outputs);
}

Status decode(BytesView message, Loaded& out) {
  ByteReader r(message);
  if (!starts(r, Type::kLoaded)) return bad_layout(r);
  RETURN_IF_ERROR(read_specs(r, out.signature.inputs));
  RETURN_IF_ERROR(read_specs(r, out.signature.outputs));
  if (!r.done()) return bad_layout(r);
  if (out.signature.outputs.empty()) return out_of_bounds(r);
  return {};
}

void encode(const Refused& message, Bytes& out) {
  begin(out, Type::kRefused);
  put_u16le(out, static_cast<uint16_t>(message.reason));
  put_u16le(out, message.rule);
  put_sentence(out, message.sentence);
}

Status decode(BytesView message, Refused& out) {
  ByteReader r(message);
  if (!starts(r, Type::kRefused)) return bad_layout(r);
  RETURN_IF_ERROR(read_reason(r, out.reason, Refusal::kRule));
  if (!r.u16le(out.rule)) return bad_layout(r);
  const bool by_rule = out.reason == Refusal::kRule;
  if (by_rule ? !onnx::rule_of(out.rule) : out.rule != 0) return out_of_bounds(r);
  RETURN_IF_ERROR(read_sentence(r, out.sentence));
  if (!r.done()) return bad_layout(r);
  return {};
}

void encode(const Done& message, Bytes& out) {
  begin(out, Type::kDone);
  put_u64le(out, message.job);
  put_u64le(out, message.run_ns);
  put_u8(out, message.spilled ? 1 : 0);
  put_places(out, message.outputs);
}

Status decode(BytesView message, Done& out) {
  ByteReader r(message);
  uint8_t spilled = 0;
  if (!starts(r, Type::kDone) || !r.u64le(out.job) || !r.u64le(out.run_ns) || !r.u8(spilled))
    return bad_layout(r);
  if (spilled > 1) return out_of_bounds(r);
  out.spilled = spilled == 1;
  RETURN_IF_ERROR(read_places(r, out.outputs));
  if (!r.done()) return bad_layout(r);
  return {};
}

void encode(const Failed& message, Bytes& out) {
  begin(out, Type::kFailed);
  put_u64le(out, message.job);
  put_u16le(out, static_cast<uint16_t>(message.reason));
  put_sentence(out, message.sentence);
}

Status decode(BytesView message, Failed& out) {
  ByteReader r(message);
  if (!starts(r, Type::kFailed) || !r.u64le(out.job)) return bad_layout(r);
  RETURN_IF_ERROR(read_reason(r, out.reason, Failure::kOutput));
  RETURN_IF_ERROR(read_sentence(r, out.sentence));
  if (!r.done()) return bad_layout(r);
  return {};
}

std::string clean_sentence(std::string_view text) {
  std::string out;
  out.reserve(std::min(text.size(), kMaxSentence));
  for (char c : text) {
    if (out.size() == kMaxSentence) break;
    const char plain = is_printable(static_cast<uint8_t>(c)) ? c : ' ';
    if (plain == ' ' && (out.empty() || out.back() == ' ')) continue;
    out.push_back(plain);
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool is_bytes_tensor(BytesView data, uint64_t count) {
  ByteReader r(data);
  // Each element takes at least its length field, so a huge count ends with the data.
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t length = 0;
    if (!r.u32le(length) || !r.skip(length)) return false;
  }
  return r.done();
}

}  // namespace blindai::worker_protocol
