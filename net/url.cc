#include "net/url.h"

#include <algorithm>

namespace blindai {
namespace {

constexpr size_t kMaxUrl = 1024;

std::string_view own_port(bool tls) {
  return tls ? "443" : "80";
}

}  // namespace

std::string Url::authority() const {
  const bool is_v6 = where.host.find(':') != std::string::npos;
  std::string out = is_v6 ? "[" + where.host + "]" : where.host;
  if (where.port != own_port(tls)) out += ":" + where.port;
  return out;
}

std::string Url::text(std::string_view target) const {
  return (tls ? "https://" : "http://") + authority() + path + std::string(target);
}

Result<Url> parse_url(std::string_view text) {
  const std::unexpected<Error> bad =
      fail(Code::kInvalid, {"net.url",
                            "Write the service's address as https://host, https://host:port or "
                            "https://host/path, without a question mark (http:// works too)."});
  const bool plain = text.size() <= kMaxUrl && std::ranges::all_of(text, [](char c) {
                       return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '@' && c != '\\';
                     });
  Url out;
  out.tls = text.starts_with("https://");
  if (!plain || (!out.tls && !text.starts_with("http://"))) return bad;
  text.remove_prefix(out.tls ? 8 : 7);
  const size_t slash = std::min(text.find('/'), text.size());
  const auto where =
      parse_host_port(std::string(text.substr(0, slash)), std::string(own_port(out.tls)));
  if (!where.has_value() || where->host.find('%') != std::string::npos) return bad;
  out.where = *where;
  out.path = text.substr(slash);
  while (out.path.ends_with('/')) out.path.pop_back();
  return out;
}

}  // namespace blindai
