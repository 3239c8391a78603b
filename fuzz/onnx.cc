// A model and a slow reading of it by other means.
//
// Properties, of every input: the check allocates no more than 64 times the input and a little; it
// says the same twice; and of what it takes:
//   - a plain recursive reading, with none of the check's code, counts the same;
//   - written again from that reading, field by field, it is the same bytes: nothing in it is read
//     in more than one way;
//   - with its last byte missing it is no model.
#include <algorithm>
#include <cstdlib>
#include <new>

#include "lib/onnx/check.h"
#include "tests/support/sanitizers.h"

namespace {

size_t allocated = 0;

}  // namespace

#if defined(BLINDAI_ADDRESS_SANITIZER)
// The sanitizer has its own operators, which libFuzzer uses as well; it tells of each allocation.
#include <sanitizer/allocator_interface.h>

namespace {

void on_malloc(const volatile void*, size_t size) {
  allocated += size;
}
void on_free(const volatile void*) {}
const bool counting = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0;

}  // namespace
#else
void* operator new(size_t size) {
  allocated += size;
  void* out = std::malloc(size == 0 ? 1 : size);
  if (out == nullptr) std::abort();
  return out;
}
void operator delete(void* pointer) noexcept {
  std::free(pointer);
}
void operator delete(void* pointer, size_t) noexcept {
  std::free(pointer);
}

namespace {

const bool counting = true;

}  // namespace
#endif

namespace {

using namespace blindai;

enum class Message { kModel, kGraph, kNode, kAttribute, kTensor, kOther, kLeaf };

// What a field holds, as far as counting needs it.
Message inside(Message message, uint64_t field) {
  switch (message) {
    case Message::kModel:
      return field == 7                  ? Message::kGraph
             : field == 8 || field == 14 ? Message::kOther
                                         : Message::kLeaf;
    case Message::kGraph:
      if (field == 1) return Message::kNode;
      if (field == 5) return Message::kTensor;
      return field >= 11 ? Message::kOther : Message::kLeaf;
    case Message::kNode:
      return field == 5 ? Message::kAttribute : Message::kLeaf;
    case Message::kAttribute:
      if (field == 5 || field == 10) return Message::kTensor;
      return field == 6 ? Message::kGraph : Message::kLeaf;
    default:
      return Message::kLeaf;
  }
}

struct Plain {
  uint64_t nodes = 0;
  uint64_t initializers = 0;
  uint64_t attributes = 0;
  uint64_t subgraphs = 0;
  uint64_t depth = 0;
  uint64_t values = 0;

  size_t at = 0;
  BytesView file;

  uint64_t varint() {
    uint64_t out = 0;
    for (unsigned shift = 0;; shift += 7) {
      BLINDAI_CHECK(at < file.size() && shift < 70);
      const uint64_t byte = file[at++];
      out |= (byte & 0x7f) << shift;
      if (byte < 0x80) return out;
    }
  }
  void read(Message message, size_t end, uint64_t graphs, Bytes& again);
};

void write_varint(Bytes& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

void Plain::read(Message message, size_t end, uint64_t graphs, Bytes& again) {
  BLINDAI_CHECK(graphs < 100);
  if (message == Message::kGraph) {
    if (graphs > 0) ++subgraphs;
    depth = std::max(depth, graphs);
    ++graphs;
  }
  while (at < end) {
    const uint64_t tag = varint();
    write_varint(again, tag);
    size_t length = 0;
    if (tag % 8 == 0) {
      write_varint(again, varint());
      continue;
    }
    if (tag % 8 == 1) length = 8;
    if (tag % 8 == 5) length = 4;
    if (tag % 8 == 2) {
      length = varint();
      write_varint(again, length);
    }
    BLINDAI_CHECK(length != 0 || tag % 8 == 2);
    BLINDAI_CHECK(length <= end - at);
    if (message == Message::kGraph && tag / 8 == 1) ++nodes;
    if (message == Message::kGraph && tag / 8 == 5) ++initializers;
    if (message == Message::kNode && tag / 8 == 5) ++attributes;
    if (message == Message::kNode && tag / 8 <= 2) ++values;
    const Message held = tag % 8 == 2 ? inside(message, tag / 8) : Message::kLeaf;
    if (held == Message::kLeaf || held == Message::kOther || held == Message::kTensor) {
      append(again, file.subspan(at, length));
      at += length;
    } else {
      read(held, at + length, graphs, again);
    }
  }
  BLINDAI_CHECK(at == end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const BytesView file(data, size);
  BLINDAI_CHECK(counting);
  const size_t before = allocated;
  const auto checked = onnx::check_model(file);
  BLINDAI_CHECK(allocated - before <= 64 * size + 16'384);
  const auto twice = onnx::check_model(file);
  BLINDAI_CHECK(checked.has_value() == twice.has_value());
  if (!checked.has_value()) {
    BLINDAI_CHECK(checked.error().rule == twice.error().rule);
    BLINDAI_CHECK(!checked.error().sentence.empty() && checked.error().sentence.size() < 600);
    BLINDAI_CHECK(all_ascii(as_bytes(checked.error().sentence)));
    return 0;
  }
  BLINDAI_CHECK(*checked == *twice);

  Plain plain;
  plain.file = file;
  Bytes again;
  plain.read(Message::kModel, size, 0, again);
  BLINDAI_CHECK(equal(again, file));
  const onnx::Counts& counts = checked->counts;
  BLINDAI_CHECK(plain.nodes == counts.nodes && plain.initializers == counts.initializers);
  BLINDAI_CHECK(plain.attributes == counts.attributes && plain.values == counts.values);
  BLINDAI_CHECK(plain.subgraphs == counts.subgraphs && plain.depth == counts.graph_depth);
  // One byte of int32_data holds up to four elements of two bits; one float a number of its bytes;
  // an int64 of one byte eight of them.
  BLINDAI_CHECK(checked->tensor_bytes <= 8 * size);

  BLINDAI_CHECK(!onnx::check_model(file.first(size - 1)).has_value());
  return 0;
}
