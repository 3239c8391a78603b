// What the tests of lib/oip share: the server's side of one call, from body to tensors.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "lib/oip/infer_request.h"

namespace blindai::oip_test {

// A body as it travels: JSON, then the binary tensors.
Bytes joined(const InferBody& body);
// The value of Inference-Header-Content-Length for it, absent without binary tensors.
std::optional<std::string> header_of(const InferBody& body);

struct Received {
  InferRequest request;
  Bytes area;
  std::string json;  // request.json points into it
  // The bytes of the signature's input `index`.
  Bytes input(size_t index) const;
};
// What a server does with a body: splits, parses, receives the binary tail in place, writes the
// JSON inputs, checks.
Outcome<std::unique_ptr<Received>> receive(BytesView body, std::optional<std::string_view> header,
                                           const ModelSignature& signature,
                                           const InferLimits& limits = {});
// The same with the whole body as JSON; the name of the refusal, or "accepted".
std::string outcome_of(std::string_view json, const ModelSignature& signature,
                       const InferLimits& limits = {});
// With `binary` after the JSON and the header set.
std::string outcome_of(std::string_view json, std::string_view binary,
                       const ModelSignature& signature, const InferLimits& limits = {});

template <typename T>
Bytes packed(std::initializer_list<T> values) {
  Bytes out;
  for (T value : values) {
    const auto* at = reinterpret_cast<const uint8_t*>(&value);
    out.insert(out.end(), at, at + sizeof value);
  }
  return out;
}
Bytes packed_strings(const std::vector<std::string>& values);

}  // namespace blindai::oip_test
