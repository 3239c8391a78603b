#include "lib/onnx/tensor.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "lib/onnx/limits.h"
#include "lib/onnx/schema.h"

namespace blindai::onnx {
namespace {

constexpr size_t kNumTypes = 27;
constexpr int64_t kString = 8;
constexpr int64_t kBool = 9;

// One TensorProto.DataType: bits of an element in raw_data, the typed field that may hold elements
// instead, and how many numbers there make how many elements.
struct ElementType {
  uint8_t bits;
  uint8_t field;
  uint8_t numbers = 1;   // of the typed field
  uint8_t elements = 1;  // that these make
};

// By number; 0 (UNDEFINED) is none.
constexpr std::array<ElementType, kNumTypes> kTypes = {{
    {0, 0},
    {32, tensor_field::kFloats},          // FLOAT
    {8, tensor_field::kInt32s},           // UINT8
    {8, tensor_field::kInt32s},           // INT8
    {16, tensor_field::kInt32s},          // UINT16
    {16, tensor_field::kInt32s},          // INT16
    {32, tensor_field::kInt32s},          // INT32
    {64, tensor_field::kInt64s},          // INT64
    {0, tensor_field::kStrings},          // STRING
    {8, tensor_field::kInt32s},           // BOOL
    {16, tensor_field::kInt32s},          // FLOAT16
    {64, tensor_field::kDoubles},         // DOUBLE
    {32, tensor_field::kUint64s},         // UINT32
    {64, tensor_field::kUint64s},         // UINT64
    {64, tensor_field::kFloats, 2, 1},    // COMPLEX64
    {128, tensor_field::kDoubles, 2, 1},  // COMPLEX128
    {16, tensor_field::kInt32s},          // BFLOAT16
    {8, tensor_field::kInt32s},           // FLOAT8E4M3FN
    {8, tensor_field::kInt32s},           // FLOAT8E4M3FNUZ
    {8, tensor_field::kInt32s},           // FLOAT8E5M2
    {8, tensor_field::kInt32s},           // FLOAT8E5M2FNUZ
    {4, tensor_field::kInt32s, 1, 2},     // UINT4
    {4, tensor_field::kInt32s, 1, 2},     // INT4
    {4, tensor_field::kInt32s, 1, 2},     // FLOAT4E2M1
    {8, tensor_field::kInt32s},           // FLOAT8E8M0
    {2, tensor_field::kInt32s, 1, 4},     // UINT2
    {2, tensor_field::kInt32s, 1, 4},     // INT2
}};

// Dimensions, read one after the other.
class Shape {
 public:
  // False for a negative one, too many, or a product over kMaxElements.
  bool add(int64_t dim) {
    if (dim < 0 || ++rank_ > kMaxRank) return false;
    const auto size = static_cast<uint64_t>(dim);
    if (size == 0) empty_ = true;
    if (size > kMaxElements / product_) return false;
    product_ *= std::max<uint64_t>(size, 1);
    return true;
  }
  uint64_t elements() const { return empty_ ? 0 : product_; }

 private:
  size_t rank_ = 0;
  uint64_t product_ = 1;
  bool empty_ = false;
};

// A field of integers, packed or single.
template <typename Use>
bool each_number(const Field& field, Use use) {
  if (field.type == WireType::kVarint) return use(field.value);
  WireReader r(field.bytes);
  while (!r.done()) {
    const auto value = r.varint();
    if (!value.has_value() || !use(*value)) return false;
  }
  return true;
}

uint64_t count_numbers(const Field& field) {
  switch (field.type) {
    case WireType::kVarint:
    case WireType::kFixed32:
    case WireType::kFixed64:
      return 1;
    case WireType::kBytes:
      break;
  }
  if (field.number == tensor_field::kStrings) return 1;
  if (field.number == tensor_field::kFloats) return field.bytes.size() / sizeof(float);
  if (field.number == tensor_field::kDoubles) return field.bytes.size() / sizeof(double);
  const auto list = measure_varints(field.bytes, 0);
  return list.has_value() ? list->count : 0;
}

uint64_t divide_up(uint64_t n, uint64_t by) {
  return (n + by - 1) / by;
}

// Eight at once: masks can be most of a model.
bool all_bools(BytesView bytes) {
  constexpr uint64_t kOthers = 0xfefefefefefefefe;
  size_t at = 0;
  for (uint64_t word = 0; bytes.size() - at >= sizeof word; at += sizeof word) {
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if ((word & kOthers) != 0) return false;
  }
  return std::ranges::all_of(bytes.subspan(at), [](uint8_t byte) { return byte <= 1; });
}

// What a tensor message says.
struct Tensor {
  int64_t type = 0;
  Shape shape;
  bool shape_holds = true;
  std::optional<BytesView> raw;
  uint32_t typed_field = 0;  // the typed field there is, 0 for none
  bool mixed = false;        // more than one
  uint64_t numbers = 0;      // in it
  uint64_t string_bytes = 0;
};

void read_data(const Field& f, Tensor& out) {
  const uint64_t count = count_numbers(f);
  if (count == 0) return;  // an empty packed list is no list to any reader
  out.mixed |= out.typed_field != 0 && out.typed_field != f.number;
  out.typed_field = f.number;
  out.numbers += count;
  if (f.number == tensor_field::kStrings) out.string_bytes += f.bytes.size();
}

Tensor read_tensor(BytesView message) {
  Tensor out;
  CheckedFields fields(message);
  for (Field f; fields.next(f);) {
    switch (f.number) {
      case tensor_field::kDims:
        out.shape_holds &=
            each_number(f, [&](uint64_t dim) { return out.shape.add(static_cast<int64_t>(dim)); });
        break;
      case tensor_field::kDataType:
        out.type = static_cast<int64_t>(f.value);
        break;
      case tensor_field::kRaw:
        out.raw = f.bytes;
        break;
      case tensor_field::kFloats:
      case tensor_field::kInt32s:
      case tensor_field::kStrings:
      case tensor_field::kInt64s:
      case tensor_field::kDoubles:
      case tensor_field::kUint64s:
        read_data(f, out);
        break;
      default:
        break;
    }
  }
  return out;
}

bool typed_bools(BytesView message) {
  CheckedFields fields(message);
  for (Field f; fields.next(f);)
    if (f.number == tensor_field::kInt32s &&
        !each_number(f, [](uint64_t value) { return value <= 1; }))
      return false;
  return true;
}

bool is_type(int64_t type) {
  return type > 0 && static_cast<size_t>(type) < kNumTypes;
}

std::unexpected<Refusal> bad_dims(const std::string& owner) {
  return refuse(Rule::kDims, owner + " has a negative dimension, more than " +
                                 std::to_string(kMaxRank) +
                                 " of them, or more than 2^40 elements.");
}

Checked<void> check_shape(BytesView shape, const std::string& owner) {
  Shape known;
  CheckedFields dims(shape);
  for (Field dim; dims.next(dim);) {
    int64_t size = 1;  // where it has none
    CheckedFields fields(dim.bytes);
    for (Field f; fields.next(f);)
      if (f.number == 1) size = static_cast<int64_t>(f.value);
    // Some exporters write -1 for "varies", and ONNX Runtime takes it so.
    if (!known.add(size == -1 ? 1 : size)) return bad_dims(owner);
  }
  return {};
}

Checked<void> check_tensor_type(BytesView type, const std::string& owner) {
  CheckedFields fields(type);
  for (Field f; fields.next(f);) {
    if (f.number == type_field::kShape) {
      RETURN_IF_ERROR(check_shape(f.bytes, owner));
    } else if (const auto element = static_cast<int64_t>(f.value);
               element != 0 && !is_type(element)) {
      return refuse(Rule::kTensorType, owner + " is declared with element type " +
                                           std::to_string(element) + ", which does not exist.");
    }
  }
  return {};
}

}  // namespace

Checked<uint64_t> check_tensor(BytesView message, const std::string& owner) {
  const Tensor tensor = read_tensor(message);
  if (!is_type(tensor.type))
    return refuse(Rule::kTensorType, owner + " has element type " + std::to_string(tensor.type) +
                                         ", which does not exist.");
  if (!tensor.shape_holds) return bad_dims(owner);
  const ElementType& type = kTypes[static_cast<size_t>(tensor.type)];
  const uint64_t elements = tensor.shape.elements();
  if (tensor.mixed || (tensor.raw.has_value() && tensor.typed_field != 0))
    return refuse(Rule::kTensorSize, owner + " has data in two places.");
  if (tensor.typed_field != 0 && tensor.typed_field != type.field)
    return refuse(Rule::kTensorSize, owner + " has its data where another element type has it.");
  if (tensor.raw.has_value() && tensor.type == kString)
    return refuse(Rule::kTensorSize, owner + " has strings in raw_data.");
  const bool raw = tensor.raw.has_value();
  const uint64_t have = raw ? tensor.raw->size() : tensor.numbers;
  const uint64_t need =
      raw ? divide_up(elements * type.bits, 8) : divide_up(elements, type.elements) * type.numbers;
  if (have != need)
    return refuse(Rule::kTensorSize, owner + " has " + std::to_string(elements) +
                                         " elements by its dimensions, for which there are " +
                                         std::to_string(have) + (raw ? " bytes" : " numbers") +
                                         " instead of " + std::to_string(need) + ".");
  if (tensor.type == kBool && !(raw ? all_bools(*tensor.raw) : typed_bools(message)))
    return refuse(Rule::kBoolValue, owner + " is of booleans and has another value than 0 and 1.");
  if (tensor.type == kString) return tensor.string_bytes;
  return divide_up(elements * type.bits, 8);
}

Checked<void> check_type(BytesView type, const std::string& owner) {
  CheckedFields fields(type);
  for (Field f; fields.next(f);) {
    if (f.number == type_field::kTensor) return check_tensor_type(f.bytes, owner);
    if (f.number != type_field::kSequence && f.number != type_field::kMap &&
        f.number != type_field::kOptional)
      continue;
    const uint32_t inner = f.number == type_field::kMap ? 2 : 1;
    CheckedFields parts(f.bytes);
    for (Field part; parts.next(part);)
      if (part.number == inner) return check_type(part.bytes, owner);
    return refuse(Rule::kType, owner + " is declared as a sequence, map or optional of nothing.");
  }
  return {};  // no type at all: left to inference
}

}  // namespace blindai::onnx
