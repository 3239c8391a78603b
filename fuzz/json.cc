// Property: an accepted document's spans lie in the text, nest, and each of them is itself
// accepted; what string() gives can be quoted and read back.
#include "lib/base/json.h"

#include <cstdlib>

namespace {

using blindai::JsonDocument;
using blindai::JsonValue;

void require(bool condition) {
  if (!condition) std::abort();
}

void walk(const JsonValue& value, std::string_view outer, int budget) {
  const std::string_view raw = value.raw();
  require(raw.data() >= outer.data() && raw.data() + raw.size() <= outer.data() + outer.size());
  if (value.is_string()) {
    const std::string text = *value.string();
    const std::string quoted = blindai::json_quote(text);
    const auto again = JsonDocument::parse(quoted);
    require(again.has_value() && again->root().string() == text);
  }
  if (budget > 0) require(JsonDocument::parse(raw).has_value());
  size_t count = 0;
  for (JsonValue v = value.first(); v.exists(); v = v.next_in(value), ++count) {
    if (value.is_object()) require(value[v.key()].raw().data() == v.raw().data());
    walk(v, raw, budget - 1);
  }
  require(count == value.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto doc =
      JsonDocument::parse(text, {.max_bytes = 1 << 14, .max_depth = 16, .max_values = 512});
  if (doc.has_value()) walk(doc->root(), text, 3);
  return 0;
}
