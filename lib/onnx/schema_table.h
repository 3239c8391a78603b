// The messages of onnx-ml.proto (ONNX 1.22.0), field by field. For lib/onnx/schema.cc alone.
#pragma once

#include <array>
#include <span>

#include "lib/onnx/rules.h"

namespace blindai::onnx {

enum class Kind : uint8_t {
  kInt64,
  kInt32,
  kEnum,  // 0 to `limit`
  kFloat,
  kText,         // UTF-8, at most kMaxTextLen
  kName,         // UTF-8 without control characters, at most kMaxNameLen
  kBytes,        // raw_data
  kMessage,      // of the kind `message`
  kFloatList,    // packed or not
  kDoubleList,   // packed or not
  kInt64List,    // packed or not; uint64 as well
  kInt32List,    // packed or not
  kForbidden,    // refused with `rule`
  kMustBeEmpty,  // a text; refused with `rule` when there is any
  kMustBeZero,   // an enum; refused with `rule` otherwise
};

// How often a field may occur. kOneOf: one of all fields of the message marked so.
enum class Often : uint8_t { kOnce, kOneOf, kAny };

enum class MessageKind : uint8_t {
  kModel,
  kGraph,
  kNode,
  kAttribute,
  kValueInfo,
  kTensor,
  kType,
  kTensorType,
  kSequenceType,
  kMapType,
  kShape,
  kDimension,
  kOpset,
  kProperty,
  kAnnotation,
};

struct FieldSpec {
  uint8_t number;
  Kind kind;
  Often often = Often::kOnce;
  MessageKind message = MessageKind::kModel;  // of kMessage
  Rule rule = Rule::kUnknownField;            // of kForbidden and kMust...
  uint8_t limit = 0;                          // of kEnum
};

constexpr FieldSpec nested(uint8_t number, MessageKind message, Often often = Often::kOnce) {
  return {.number = number, .kind = Kind::kMessage, .often = often, .message = message};
}
constexpr FieldSpec forbidden(uint8_t number, Rule rule, Kind kind = Kind::kForbidden) {
  return {.number = number, .kind = kind, .rule = rule};
}

inline constexpr std::array kModelFields = {
    FieldSpec{1, Kind::kInt64},                       // ir_version
    FieldSpec{2, Kind::kText},                        // producer_name
    FieldSpec{3, Kind::kText},                        // producer_version
    FieldSpec{4, Kind::kText},                        // domain
    FieldSpec{5, Kind::kInt64},                       // model_version
    FieldSpec{6, Kind::kText},                        // doc_string
    nested(7, MessageKind::kGraph),                   // graph
    nested(8, MessageKind::kOpset, Often::kAny),      // opset_import
    nested(14, MessageKind::kProperty, Often::kAny),  // metadata_props
    forbidden(20, Rule::kTraining),                   // training_info
    forbidden(25, Rule::kFunctions),                  // functions
    forbidden(26, Rule::kDevices),                    // configuration
};
inline constexpr std::array kGraphFields = {
    nested(1, MessageKind::kNode, Often::kAny),         // node
    FieldSpec{2, Kind::kText},                          // name
    nested(5, MessageKind::kTensor, Often::kAny),       // initializer
    FieldSpec{10, Kind::kText},                         // doc_string
    nested(11, MessageKind::kValueInfo, Often::kAny),   // input
    nested(12, MessageKind::kValueInfo, Often::kAny),   // output
    nested(13, MessageKind::kValueInfo, Often::kAny),   // value_info
    nested(14, MessageKind::kAnnotation, Often::kAny),  // quantization_annotation
    forbidden(15, Rule::kSparse),                       // sparse_initializer
    nested(16, MessageKind::kProperty, Often::kAny),    // metadata_props
};
inline constexpr std::array kNodeFields = {
    FieldSpec{1, Kind::kName, Often::kAny},              // input
    FieldSpec{2, Kind::kName, Often::kAny},              // output
    FieldSpec{3, Kind::kName},                           // name
    FieldSpec{4, Kind::kName},                           // op_type
    nested(5, MessageKind::kAttribute, Often::kAny),     // attribute
    FieldSpec{6, Kind::kText},                           // doc_string
    FieldSpec{7, Kind::kName},                           // domain
    forbidden(8, Rule::kFunctions, Kind::kMustBeEmpty),  // overload
    nested(9, MessageKind::kProperty, Often::kAny),      // metadata_props
    forbidden(10, Rule::kDevices),                       // device_configurations
};
inline constexpr std::array kAttributeFields = {
    FieldSpec{1, Kind::kName},                                     // name
    FieldSpec{2, Kind::kFloat},                                    // f
    FieldSpec{3, Kind::kInt64},                                    // i
    FieldSpec{4, Kind::kText},                                     // s
    nested(5, MessageKind::kTensor),                               // t
    nested(6, MessageKind::kGraph),                                // g
    FieldSpec{7, Kind::kFloatList, Often::kAny},                   // floats
    FieldSpec{8, Kind::kInt64List, Often::kAny},                   // ints
    FieldSpec{9, Kind::kText, Often::kAny},                        // strings
    nested(10, MessageKind::kTensor, Often::kAny),                 // tensors
    forbidden(11, Rule::kSubgraphOperator),                        // graphs
    FieldSpec{13, Kind::kText},                                    // doc_string
    nested(14, MessageKind::kType),                                // tp
    nested(15, MessageKind::kType, Often::kAny),                   // type_protos
    FieldSpec{.number = 20, .kind = Kind::kEnum, .limit = 14},     // type
    forbidden(21, Rule::kReferenceAttribute, Kind::kMustBeEmpty),  // ref_attr_name
    forbidden(22, Rule::kSparse),                                  // sparse_tensor
    forbidden(23, Rule::kSparse),                                  // sparse_tensors
};
inline constexpr std::array kValueInfoFields = {
    FieldSpec{1, Kind::kName},                       // name
    nested(2, MessageKind::kType),                   // type
    FieldSpec{3, Kind::kText},                       // doc_string
    nested(4, MessageKind::kProperty, Often::kAny),  // metadata_props
};
inline constexpr std::array kTensorFields = {
    FieldSpec{1, Kind::kInt64List, Often::kAny},            // dims
    FieldSpec{2, Kind::kInt32},                             // data_type
    forbidden(3, Rule::kTensorSegment),                     // segment
    FieldSpec{4, Kind::kFloatList, Often::kAny},            // float_data
    FieldSpec{5, Kind::kInt32List, Often::kAny},            // int32_data
    FieldSpec{6, Kind::kText, Often::kAny},                 // string_data
    FieldSpec{7, Kind::kInt64List, Often::kAny},            // int64_data
    FieldSpec{8, Kind::kName},                              // name
    FieldSpec{9, Kind::kBytes},                             // raw_data
    FieldSpec{10, Kind::kDoubleList, Often::kAny},          // double_data
    FieldSpec{11, Kind::kInt64List, Often::kAny},           // uint64_data
    FieldSpec{12, Kind::kText},                             // doc_string
    forbidden(13, Rule::kExternalData),                     // external_data
    forbidden(14, Rule::kExternalData, Kind::kMustBeZero),  // data_location
    nested(16, MessageKind::kProperty, Often::kAny),        // metadata_props
};
inline constexpr std::array kTypeFields = {
    nested(1, MessageKind::kTensorType, Often::kOneOf),    // tensor_type
    nested(4, MessageKind::kSequenceType, Often::kOneOf),  // sequence_type
    nested(5, MessageKind::kMapType, Often::kOneOf),       // map_type
    FieldSpec{6, Kind::kText},                             // denotation
    forbidden(7, Rule::kType),                             // opaque_type
    forbidden(8, Rule::kSparse),                           // sparse_tensor_type
    nested(9, MessageKind::kSequenceType, Often::kOneOf),  // optional_type
};
inline constexpr std::array kTensorTypeFields = {
    FieldSpec{1, Kind::kInt32},      // elem_type
    nested(2, MessageKind::kShape),  // shape
};
inline constexpr std::array kSequenceTypeFields = {
    nested(1, MessageKind::kType),  // elem_type
};
inline constexpr std::array kMapTypeFields = {
    FieldSpec{1, Kind::kInt32},     // key_type
    nested(2, MessageKind::kType),  // value_type
};
inline constexpr std::array kShapeFields = {
    nested(1, MessageKind::kDimension, Often::kAny),  // dim
};
inline constexpr std::array kDimensionFields = {
    FieldSpec{1, Kind::kInt64, Often::kOneOf},  // dim_value
    FieldSpec{2, Kind::kName, Often::kOneOf},   // dim_param
    FieldSpec{3, Kind::kText},                  // denotation
};
inline constexpr std::array kOpsetFields = {
    FieldSpec{1, Kind::kName},   // domain
    FieldSpec{2, Kind::kInt64},  // version
};
inline constexpr std::array kPropertyFields = {
    FieldSpec{1, Kind::kText},  // key
    FieldSpec{2, Kind::kText},  // value
};
inline constexpr std::array kAnnotationFields = {
    FieldSpec{1, Kind::kName},                       // tensor_name
    nested(2, MessageKind::kProperty, Often::kAny),  // quant_parameter_tensor_names
};

// In the order of MessageKind.
inline constexpr std::array<std::span<const FieldSpec>, 15> kMessages = {
    kModelFields,  kGraphFields,     kNodeFields,       kAttributeFields,    kValueInfoFields,
    kTensorFields, kTypeFields,      kTensorTypeFields, kSequenceTypeFields, kMapTypeFields,
    kShapeFields,  kDimensionFields, kOpsetFields,      kPropertyFields,     kAnnotationFields,
};

}  // namespace blindai::onnx
