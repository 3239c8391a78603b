// HTTP/1.1 heads and body framing (RFC 9110, RFC 9112). Boost.Beast parses and stays out of this
// header; what is over a limit or ambiguous is refused, never repaired.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/bytes.h"

namespace blindai {

inline constexpr Id kHttpSyntax{"http.syntax",
                                "This is not a well-formed HTTP/1.1 message; check the client."};
inline constexpr Id kHeadTooLarge{"http.head-too-large",
                                  "The request's header is too large; send fewer fields."};

// Field names in lower case, in the order received.
using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpHead {
  std::string method;   // requests
  std::string target;   // requests, as sent
  unsigned status = 0;  // responses
  HttpFields fields;
  std::optional<uint64_t> content_length;  // absent for chunked bodies and for none
  bool chunked = false;
  bool keep_alive = true;
  bool expect_continue = false;

  // The value of a field, or nothing when it is absent. Of a repeated field, the first.
  std::optional<std::string_view> field(std::string_view lower_case_name) const;
  size_t count(std::string_view lower_case_name) const;
};

struct HttpLimits {
  uint32_t head_bytes = 16 * 1024;  // request line or status line and all fields
  size_t num_fields = 64;
};

// Parses one message as its bytes arrive: first the head, then, for chunked bodies only, the
// framing. Bodies with a Content-Length are counted by the caller, so that they can be decrypted in
// place.
class HttpParser {
 public:
  enum class Kind { kRequest, kResponse };
  HttpParser(Kind kind, const HttpLimits& limits);
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  // Consumes from `data`, which must begin with whatever the last call left over. Returns how much
  // was consumed; the head is complete when head() is not null.
  // Errors: kMalformed "http.syntax", kTooLarge "http.head-too-large".
  Result<size_t> feed_head(BytesView data);
  const HttpHead* head() const;

  // For chunked bodies, after the head: hands pieces of body to `sink`, which says how many bytes
  // it took. Returns how much of `data` was consumed (0: more is needed, or the sink is full).
  // Errors: kMalformed "http.syntax".
  Result<size_t> feed_chunked(BytesView data, const std::function<size_t(BytesView)>& sink);
  bool chunked_done() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

std::string_view reason_phrase(unsigned status);

// "HTTP/1.1 200 OK" and fields, with Content-Length and the blank line.
std::string format_response_head(unsigned status, const HttpFields& fields, uint64_t content_length,
                                 bool close);
// Host, Content-Length (when given) and the fields.
std::string format_request_head(std::string_view method, std::string_view target,
                                std::string_view host, const HttpFields& fields,
                                std::optional<uint64_t> content_length);

}  // namespace blindai
