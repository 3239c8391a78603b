#include "net/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>

namespace blindai {
namespace {

// RFC 3986 section 3.2.2, with a zone (RFC 4007 section 11) after a percent sign.
bool is_ipv6(const std::string& text) {
  in6_addr ignored;
  return inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), &ignored) == 1;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f && c != '[' && c != ']';
  });
}

}  // namespace

Result<HostPort> parse_host_port(const std::string& text, const std::string& default_port) {
  const std::unexpected<Error> bad =
      fail(Code::kInvalid, {"net.address",
                            "Write the address as host:port, such as "
                            "localhost:9924 or [::1]:9924."});
  std::string_view rest = text;
  if (rest.starts_with("https://")) rest.remove_prefix(8);
  if (rest.ends_with("/")) rest.remove_suffix(1);
  HostPort out;
  if (rest.starts_with("[")) {
    const size_t end = rest.find(']');
    if (end == std::string_view::npos) return bad;
    out.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!is_ipv6(out.host) || (!rest.empty() && rest.front() != ':')) return bad;
  } else {
    const size_t colon = rest.find(':');
    out.host = rest.substr(0, colon);
    if (!is_name(out.host)) return bad;
    rest.remove_prefix(std::min(colon, rest.size()));
  }
  out.port = rest.empty() ? default_port : std::string(rest.substr(1));
  unsigned port = 0;
  const char* const end = out.port.data() + out.port.size();
  const auto [stop, error] = std::from_chars(out.port.data(), end, port);
  if (error != std::errc() || stop != end || port > 65535) return bad;
  return out;
}

Result<AddressList> resolve(const HostPort& where, bool passive) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = passive ? AI_PASSIVE : 0;
  addrinfo* list = nullptr;
  if (getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &list) != 0 || list == nullptr)
    return fail(Code::kUnavailable,
                {"net.resolve", "That host name is not known here; check its spelling."});
  return AddressList(list);
}

bool all_loopback(const AddressList& list) {
  for (const addrinfo* a = list.get(); a != nullptr; a = a->ai_next) {
    bool loopback = false;
    if (a->ai_family == AF_INET) {
      const auto* in = reinterpret_cast<const sockaddr_in*>(a->ai_addr);
      loopback = ntohl(in->sin_addr.s_addr) >> 24 == 127;
    } else if (a->ai_family == AF_INET6) {
      const auto* in = reinterpret_cast<const sockaddr_in6*>(a->ai_addr);
      loopback = IN6_IS_ADDR_LOOPBACK(&in->sin6_addr);
    }
    if (!loopback) return false;
  }
  return true;
}

}  // namespace blindai
