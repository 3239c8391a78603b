#include "lib/onnx/operators.h"

#include <algorithm>
#include <array>

namespace blindai::onnx {
namespace {

constexpr std::string_view kOnnx = "ai.onnx";
constexpr std::string_view kMicrosoft = "com.microsoft";

constexpr std::array kDomains = {
    Domain{kOnnx, 26, "the standard operators"},
    Domain{"ai.onnx.ml", 5, "trees, support vectors, encoders: what scikit-learn exports"},
    Domain{kMicrosoft, 1, "quantised and fused operators that ONNX Runtime's own tools write"},
};

constexpr std::string_view kOtherFile = "loads compiled code from outside the model";
constexpr std::string_view kForeignCode = "runs code that is not in the model";
constexpr std::string_view kWholeDecoder =
    "runs a whole decoder within one node, so that it cannot be stopped between nodes and its "
    "graphs are not the ones that are checked here";

constexpr std::array kRefused = {
    RefusedOperator{kMicrosoft, "EPContext", kOtherFile},
    RefusedOperator{kMicrosoft, "PythonOp", kForeignCode},
    RefusedOperator{kMicrosoft, "PythonOpGrad", kForeignCode},
    RefusedOperator{kMicrosoft, "TritonOp", kForeignCode},
    RefusedOperator{kMicrosoft, "BeamSearch", kWholeDecoder},
    RefusedOperator{kMicrosoft, "WhisperBeamSearch", kWholeDecoder},
    RefusedOperator{kMicrosoft, "GreedySearch", kWholeDecoder},
    RefusedOperator{kMicrosoft, "Sampling", kWholeDecoder},
};

constexpr std::array<std::string_view, 4> kHolders = {"If", "Loop", "Scan", "SequenceMap"};

}  // namespace

std::span<const Domain> allowed_domains() {
  return kDomains;
}

std::span<const RefusedOperator> refused_operators() {
  return kRefused;
}

std::string_view domain_name(std::string_view domain) {
  return domain.empty() ? kOnnx : domain;
}

const Domain* find_domain(std::string_view domain) {
  const auto* found = std::ranges::find(kDomains, domain, &Domain::name);
  return found == kDomains.end() ? nullptr : found;
}

const RefusedOperator* find_refused(std::string_view domain, std::string_view op_type) {
  const auto* found = std::ranges::find_if(kRefused, [&](const RefusedOperator& refused) {
    return refused.domain == domain && refused.op_type == op_type;
  });
  return found == kRefused.end() ? nullptr : found;
}

bool may_hold_graphs(std::string_view domain, std::string_view op_type) {
  return domain == kOnnx && std::ranges::find(kHolders, op_type) != kHolders.end();
}

}  // namespace blindai::onnx
