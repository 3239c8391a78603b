// Property: whatever a server answers becomes a value or a problem that can be shown.
#include "client/cpp/server_answer.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView wire(data, size);
  const auto model = blindai::parse_model(blindai::as_text(wire));
  const auto models = blindai::parse_models(blindai::as_text(wire));
  if (!model.has_value() && model.error().sentence.empty()) std::abort();
  if (!models.has_value() && models.error().sentence.empty()) std::abort();
  const auto receipt = blindai::parse_receipt(blindai::as_text(wire));
  if (!receipt.has_value() && receipt.error().sentence.empty()) std::abort();
  const blindai::Problem problem = blindai::problem_of(500, wire);
  if (problem.sentence.empty() || problem.name().empty()) std::abort();
  return 0;
}
