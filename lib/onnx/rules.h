// The reasons for which a model is refused, each with a number, a code and advice.
//
// The number travels in the worker protocol (REFUSED), so it never changes its meaning; the code
// ("model.external-data") is what the model's owner and their programs see; the advice ends every
// sentence. docs/models.md explains each for owners; lib/onnx/limits.h has the numbers.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "lib/base/result.h"

namespace blindai::onnx {

enum class Rule : uint16_t {
  // The bytes: protobuf's wire format.
  kSize = 1,
  kTruncated,
  kVarint,
  kGroup,
  kWireType,
  kUnknownField,
  kRepeatedField,
  kPackedData,
  kNumberRange,
  kUtf8,
  kTextLength,
  kName,
  // What a model may not hold at all.
  kExternalData,
  kFunctions,
  kTraining,
  kSparse,
  kDevices,
  kReferenceAttribute,
  kTensorSegment,
  // How much of everything.
  kNodes,
  kInitializers,
  kAttributes,
  kNesting,
  kValues,
  kStrings,
  kListedNumbers,
  kParts,
  // Tensors and types.
  kTensorType,
  kDims,
  kTensorSize,
  kBoolValue,
  kType,
  // The graph.
  kNoGraph,
  kIrVersion,
  kOpset,
  kDomain,
  kOperator,
  kSubgraphOperator,
  kAttribute,
  kDuplicateName,
  kOrder,
  kUndefinedName,
};
inline constexpr uint16_t kNumRules = static_cast<uint16_t>(Rule::kUndefinedName);

// Code and advice of a rule.
Id id_of(Rule rule);
// The rule with this number, if there is one.
std::optional<Rule> rule_of(uint16_t number);

// A model that is refused. The sentence says what is wrong and where, for the model's owner, and
// ends with the rule's advice. It quotes names of the model, cut and made printable; never data.
struct [[nodiscard]] Refusal {
  Rule rule;
  std::string sentence;

  std::string_view name() const { return id_of(rule).text; }
};

template <typename T>
using Checked = std::expected<T, Refusal>;

// Refuses with "what" followed by the rule's advice. what: a sentence with its full stop.
std::unexpected<Refusal> refuse(Rule rule, std::string what);

// A name as sentences quote it: between apostrophes, printable ASCII, at most 60 characters.
std::string in_quotes(std::string_view name);

}  // namespace blindai::onnx
