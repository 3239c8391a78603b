// Which operators a model may use: by domain, with the newest operator set that ONNX Runtime 1.28.0
// has of it, less those that are refused by name, each for its reason.
//
// Whether an operator exists in its domain is ONNX Runtime's to say: it refuses what it does not
// know. Other domains (com.microsoft.nchwc, ai.onnx.preview.training, org.pytorch.aten, those of
// loaded libraries) are made by ONNX Runtime itself or for training, or need code that is not here.
// Source: ONNX Runtime 1.28.0, tried with one model for each version.   Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace blindai::onnx {

struct Domain {
  std::string_view name;  // as nodes say it; "ai.onnx" is also ""
  int64_t newest_opset;
  std::string_view why;  // it is allowed
};
std::span<const Domain> allowed_domains();

struct RefusedOperator {
  std::string_view domain;
  std::string_view op_type;
  std::string_view why;  // continues "The node uses X, which "; no full stop
};
std::span<const RefusedOperator> refused_operators();

// The one name of a domain: "" becomes "ai.onnx".
std::string_view domain_name(std::string_view domain);
// Null when it is not allowed. domain: as domain_name() gives it.
const Domain* find_domain(std::string_view domain);
// Null when it is not refused by name.
const RefusedOperator* find_refused(std::string_view domain, std::string_view op_type);
// Whether an operator may hold graphs.
bool may_hold_graphs(std::string_view domain, std::string_view op_type);

}  // namespace blindai::onnx
