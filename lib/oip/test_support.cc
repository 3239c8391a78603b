#include "lib/oip/test_support.h"

#include <algorithm>

#include "lib/base/byte_reader.h"

namespace blindai::oip_test {

Bytes joined(const InferBody& body) {
  Bytes out = to_bytes(as_bytes(body.json));
  for (BytesView tensor : body.binary) append(out, tensor);
  return out;
}

std::optional<std::string> header_of(const InferBody& body) {
  if (body.binary.empty()) return std::nullopt;
  return std::to_string(body.json.size());
}

Bytes Received::input(size_t index) const {
  for (const InputPlacement& input : request.inputs)
    if (input.index == index) return to_bytes(BytesView(area).subspan(input.offset, input.length));
  return {};
}

Outcome<std::unique_ptr<Received>> receive(BytesView body, std::optional<std::string_view> header,
                                           const ModelSignature& signature,
                                           const InferLimits& limits) {
  ASSIGN_OR_RETURN(const BodySplit split, split_body(header, body.size(), limits));
  auto out = std::make_unique<Received>();
  if (split.raw) {
    ASSIGN_OR_RETURN(out->request, parse_raw_request(body.size(), signature, limits));
  } else {
    out->json = as_text(body.first(split.json_len));
    ASSIGN_OR_RETURN(out->request,
                     parse_infer_request(as_bytes(out->json), split.binary_len, signature, limits));
  }
  // Not zero, so that a byte nobody wrote shows.
  out->area.assign(out->request.area_bytes, 0xa5);
  const BytesView tail = body.subspan(split.json_len);
  for (const InputPlacement& input : out->request.inputs) {
    if (!input.binary) continue;
    const BytesView bytes = tail.subspan(input.body_offset, input.length);
    std::ranges::copy(bytes, out->area.begin() + static_cast<ptrdiff_t>(input.offset));
  }
  RETURN_IF_ERROR(write_json_inputs(out->request, out->area));
  RETURN_IF_ERROR(check_binary_inputs(out->request, out->area));
  return out;
}

std::string outcome_of(std::string_view json, const ModelSignature& signature,
                       const InferLimits& limits) {
  const auto received = receive(as_bytes(json), std::nullopt, signature, limits);
  return received ? "accepted" : std::string(received.error().name());
}

std::string outcome_of(std::string_view json, std::string_view binary,
                       const ModelSignature& signature, const InferLimits& limits) {
  const std::string header = std::to_string(json.size());
  const auto received =
      receive(as_bytes(std::string(json) + std::string(binary)), header, signature, limits);
  return received ? "accepted" : std::string(received.error().name());
}

Bytes packed_strings(const std::vector<std::string>& values) {
  Bytes out;
  for (const std::string& value : values) {
    put_u32le(out, static_cast<uint32_t>(value.size()));
    append(out, as_bytes(value));
  }
  return out;
}

}  // namespace blindai::oip_test
