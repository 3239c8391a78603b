#include "lib/onnx/schema.h"

#include <algorithm>

#include "lib/onnx/limits.h"
#include "lib/onnx/schema_table.h"

namespace blindai::onnx {
namespace {

const FieldSpec* find_spec(std::span<const FieldSpec> fields, uint32_t number) {
  const auto found = std::ranges::find(fields, number, &FieldSpec::number);
  return found == fields.end() ? nullptr : &*found;
}

WireType wire_type_of(Kind kind) {
  switch (kind) {
    case Kind::kInt64:
    case Kind::kInt32:
    case Kind::kEnum:
    case Kind::kMustBeZero:
      return WireType::kVarint;
    case Kind::kFloat:
      return WireType::kFixed32;
    default:
      return WireType::kBytes;
  }
}

// An int32 field's number as writers put it: sign-extended to 64 bits. Readers cut off the rest.
bool fits_int32(uint64_t value) {
  const auto number = static_cast<int64_t>(value);
  return number >= INT32_MIN && number <= INT32_MAX;
}

bool has_control_characters(BytesView text) {
  return std::ranges::any_of(text, [](uint8_t c) { return c < 0x20 || c == 0x7f; });
}

class Walker {
 public:
  Checked<void> message(MessageKind kind, BytesView bytes, uint64_t offset);
  const Counts& counts() const { return counts_; }

 private:
  Checked<void> field(const FieldSpec& spec, const Field& field);
  Checked<void> nested(MessageKind kind, const Field& field);
  Checked<void> text(const FieldSpec& spec, const Field& field);
  Checked<void> fixed_list(const Field& field, WireType single, size_t size);
  Checked<void> varint_list(const FieldSpec& spec, const Field& field);
  Checked<void> add(uint64_t& count, uint64_t more, uint64_t limit, Rule rule, const char* what);
  std::unexpected<Refusal> refuse_here(Rule rule, uint64_t at, const char* what) const;

  Counts counts_;
  uint64_t depth_ = 0;       // of graphs around this message, less one
  uint64_t type_depth_ = 0;  // of types around this message
  // The innermost node or tensor around what is read: for sentences.
  MessageKind place_kind_ = MessageKind::kModel;
  BytesView place_;
};

// "In the node 'a' (Conv), at byte 17 of the file, " + what.
std::unexpected<Refusal> Walker::refuse_here(Rule rule, uint64_t at, const char* what) const {
  std::string name;
  std::string op;
  const bool node = place_kind_ == MessageKind::kNode;
  CheckedFields fields(place_);
  for (Field f; fields.next(f);) {
    if (f.type != WireType::kBytes) continue;
    const uint32_t name_field = node ? uint32_t{node_field::kName} : uint32_t{tensor_field::kName};
    if (f.number == name_field) name = as_text(f.bytes);
    if (node && f.number == node_field::kOpType) op = as_text(f.bytes);
  }
  if (place_kind_ == MessageKind::kModel) return refuse_at(rule, at, what);
  std::string out = std::string("In the ") + (node ? "node " : "tensor ") + in_quotes(name);
  if (node) out += " (" + in_quotes(op) + ")";
  return refuse(rule, out + ", at byte " + std::to_string(at) + " of the file, " + what);
}

Checked<void> Walker::add(uint64_t& count, uint64_t more, uint64_t limit, Rule rule,
                          const char* what) {
  count += more;
  if (count <= limit) return {};
  return refuse(rule,
                std::string("The model has more than ") + std::to_string(limit) + ' ' + what + '.');
}

Checked<void> Walker::text(const FieldSpec& spec, const Field& field) {
  const size_t limit = spec.kind == Kind::kName ? kMaxNameLen : kMaxTextLen;
  if (field.bytes.size() > limit)
    return refuse_here(Rule::kTextLength, field.at,
                       spec.kind == Kind::kName ? "a name has more than 1024 bytes."
                                                : "a text has more than 4194304 bytes.");
  if (!is_utf8(field.bytes)) return refuse_here(Rule::kUtf8, field.at, "a text is not UTF-8.");
  if (spec.kind == Kind::kName && has_control_characters(field.bytes))
    return refuse_here(Rule::kName, field.at, "a name has control characters.");
  return {};
}

// float and double: packed into one field, or each in its own.
Checked<void> Walker::fixed_list(const Field& field, WireType single, size_t size) {
  if (field.type == single) return {};
  if (field.type != WireType::kBytes)
    return refuse_here(Rule::kWireType, field.at, "a field has the type of another.");
  if (field.bytes.size() % size != 0)
    return refuse_here(Rule::kPackedData, field.at, "a list of numbers ends within a number.");
  return {};
}

Checked<void> Walker::varint_list(const FieldSpec& spec, const Field& field) {
  VarintList list{.count = 1};
  if (field.type == WireType::kBytes) {
    ASSIGN_OR_RETURN(list, measure_varints(field.bytes, field.bytes_at));
  } else if (field.type != WireType::kVarint) {
    return refuse_here(Rule::kWireType, field.at, "a field has the type of another.");
  }
  RETURN_IF_ERROR(add(counts_.listed_numbers, list.count, kMaxListedNumbers, Rule::kListedNumbers,
                      "integers in lists"));
  if (spec.kind != Kind::kInt32List) return {};
  bool fits = fits_int32(field.value);
  if (list.longest > 4) {  // those of up to four bytes have 28 bits
    WireReader r(field.bytes, field.bytes_at);
    while (fits && !r.done()) {
      ASSIGN_OR_RETURN(const uint64_t value, r.varint());
      fits = fits_int32(value);
    }
  }
  if (!fits) return refuse_here(Rule::kNumberRange, field.at, "a list has a number over 32 bits.");
  return {};
}

Checked<void> Walker::nested(MessageKind kind, const Field& field) {
  RETURN_IF_ERROR(add(counts_.parts, 1, kMaxParts, Rule::kParts, "parts"));
  const MessageKind outer_kind = place_kind_;
  const BytesView outer = place_;
  if (kind == MessageKind::kNode || kind == MessageKind::kTensor) {
    place_kind_ = kind;
    place_ = field.bytes;
  }
  switch (kind) {
    case MessageKind::kNode:
      RETURN_IF_ERROR(add(counts_.nodes, 1, kMaxNodes, Rule::kNodes, "nodes"));
      break;
    case MessageKind::kAttribute:
      RETURN_IF_ERROR(add(counts_.attributes, 1, kMaxAttributes, Rule::kAttributes, "attributes"));
      break;
    case MessageKind::kType:
      if (++type_depth_ > kMaxTypeDepth)
        return refuse_here(Rule::kNesting, field.at, "types are nested more than 8 deep.");
      break;
    default:
      break;
  }
  const bool subgraph = kind == MessageKind::kGraph && outer_kind == MessageKind::kNode;
  if (subgraph) {
    ++counts_.subgraphs;
    if (++depth_ > kMaxGraphDepth)
      return refuse_here(Rule::kNesting, field.at, "graphs are nested more than 16 deep.");
    counts_.graph_depth = std::max(counts_.graph_depth, depth_);
  }
  RETURN_IF_ERROR(message(kind, field.bytes, field.bytes_at));
  if (subgraph) --depth_;
  if (kind == MessageKind::kType) --type_depth_;
  place_kind_ = outer_kind;
  place_ = outer;
  return {};
}

Checked<void> Walker::field(const FieldSpec& spec, const Field& field) {
  switch (spec.kind) {
    case Kind::kForbidden:
      return refuse_here(spec.rule, field.at, "there is something that models here may not have.");
    case Kind::kFloatList:
      return fixed_list(field, WireType::kFixed32, sizeof(float));
    case Kind::kDoubleList:
      return fixed_list(field, WireType::kFixed64, sizeof(double));
    case Kind::kInt64List:
    case Kind::kInt32List:
      return varint_list(spec, field);
    default:
      break;
  }
  if (field.type != wire_type_of(spec.kind))
    return refuse_here(Rule::kWireType, field.at, "a field has the type of another.");
  switch (spec.kind) {
    case Kind::kInt32:
      if (!fits_int32(field.value))
        return refuse_here(Rule::kNumberRange, field.at, "a number has more than 32 bits.");
      return {};
    case Kind::kEnum:
      if (field.value > spec.limit)
        return refuse_here(Rule::kNumberRange, field.at, "a choice is none of those there are.");
      return {};
    case Kind::kMustBeZero:
      if (field.value == 0) return {};
      return refuse_here(spec.rule, field.at, "the data is said to lie outside the file.");
    case Kind::kMustBeEmpty:
      if (field.bytes.empty()) return {};
      return refuse_here(spec.rule, field.at, "there is something that models here may not have.");
    case Kind::kText:
    case Kind::kName:
      if (spec.often == Often::kAny) {
        const bool name = spec.kind == Kind::kName;
        RETURN_IF_ERROR(
            name ? add(counts_.values, 1, kMaxValues, Rule::kValues, "inputs and outputs of nodes")
                 : add(counts_.strings, 1, kMaxStrings, Rule::kStrings, "strings in lists"));
      }
      return text(spec, field);
    case Kind::kMessage:
      return nested(spec.message, field);
    default:
      return {};
  }
}

Checked<void> Walker::message(MessageKind kind, BytesView bytes, uint64_t offset) {
  const std::span<const FieldSpec> fields = kMessages[static_cast<size_t>(kind)];
  uint32_t seen = 0;  // bits: fields that occur once at most, by their place in `fields`
  bool one_of = false;
  WireReader r(bytes, offset);
  while (!r.done()) {
    ASSIGN_OR_RETURN(const Field f, r.next());
    const FieldSpec* spec = find_spec(fields, f.number);
    if (spec == nullptr)
      return refuse_here(Rule::kUnknownField, f.at, "there is a field that ONNX does not have.");
    const uint32_t bit = 1U << (spec - fields.data());
    const bool again = spec->often == Often::kOnce && (seen & bit) != 0;
    if (again || (spec->often == Often::kOneOf && one_of))
      return refuse_here(Rule::kRepeatedField, f.at,
                         "there is a field, or another in its place, a second time.");
    seen |= bit;
    one_of |= spec->often == Often::kOneOf;
    if (kind == MessageKind::kGraph && f.number == graph_field::kInitializer)
      RETURN_IF_ERROR(
          add(counts_.initializers, 1, kMaxInitializers, Rule::kInitializers, "initializers"));
    RETURN_IF_ERROR(field(*spec, f));
  }
  return {};
}

}  // namespace

Checked<Counts> walk(BytesView file) {
  if (file.empty()) return refuse(Rule::kSize, "The file is empty.");
  if (file.size() > kMaxFile) return refuse(Rule::kSize, "The file is larger than 2 GiB.");
  Walker walker;
  RETURN_IF_ERROR(walker.message(MessageKind::kModel, file, 0));
  return walker.counts();
}

}  // namespace blindai::onnx
