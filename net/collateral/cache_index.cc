#include "net/collateral/cache_index.h"

#include <algorithm>

#include "lib/base/json.h"

namespace blindai {
namespace {

constexpr std::string_view kFormat = "blindai-collateral-1";
constexpr JsonLimits kLimits = {.max_bytes = kMaxCacheIndex, .max_depth = 1, .max_values = 8};

bool read_time(const JsonValue& value, Time& out) {
  const auto text = value.plain_string();
  const auto time =
      text.has_value() ? parse_rfc3339(*text) : fail(Code::kMalformed, "time.rfc3339");
  if (time.has_value()) out = *time;
  return time.has_value();
}

bool read_hash(const JsonValue& value, Sha256Digest& out) {
  const auto text = value.plain_string();
  const auto hash =
      text.has_value() ? array_from_hex<32>(*text) : fail(Code::kMalformed, "hex.digits");
  if (hash.has_value()) out = *hash;
  return hash.has_value();
}

bool read(const JsonValue& root, CacheIndex& out) {
  const auto format = root["format"].plain_string();
  const auto url = root["url"].string();
  if (!format.has_value() || *format != kFormat || !url.has_value() ||
      !read_time(root["fetched"], out.fetched) || !read_time(root["expires"], out.expires) ||
      !read_hash(root["body"], out.body))
    return false;
  const bool visible = std::ranges::all_of(*url, [](char c) { return c > ' ' && c < 0x7f; });
  if (url->empty() || url->size() > kMaxCachedUrl || !visible) return false;
  out.url = *url;
  if (root["chain"].exists() && !read_hash(root["chain"], out.chain.emplace())) return false;
  return root.size() == (out.chain.has_value() ? 6u : 5u);
}

}  // namespace

std::string write_cache_index(const CacheIndex& index) {
  BLINDAI_CHECK(index.url.size() <= kMaxCachedUrl);
  std::string out = "{\"format\":" + json_quote(kFormat) + ",\"url\":" + json_quote(index.url) +
                    ",\"fetched\":" + json_quote(to_rfc3339(index.fetched)) +
                    ",\"expires\":" + json_quote(to_rfc3339(index.expires)) +
                    ",\"body\":" + json_quote(to_hex(index.body));
  if (index.chain.has_value()) out += ",\"chain\":" + json_quote(to_hex(*index.chain));
  return out + "}\n";
}

Result<CacheIndex> parse_cache_index(std::string_view text) {
  if (text.size() > kMaxCacheIndex) return fail(Code::kTooLarge, "collateral.index");
  const auto json = JsonDocument::parse(text, kLimits);
  CacheIndex out{};
  if (!json.has_value() || !read(json->root(), out))
    return fail(Code::kMalformed, "collateral.index");
  return out;
}

}  // namespace blindai
