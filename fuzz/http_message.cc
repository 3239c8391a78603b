// Property: whatever way a message is cut into pieces, the parser says the same of it; what it
// takes never exceeds what it was given; a head stays within its limits.
#include "net/http_message.h"

#include <cstdint>
#include <cstdlib>
#include <optional>

namespace {

using blindai::Bytes;
using blindai::BytesView;
using blindai::HttpLimits;
using blindai::HttpParser;

struct Seen {
  bool failed = false;
  bool head = false;
  bool done = false;
  std::string target;
  Bytes body;
  bool operator==(const Seen&) const = default;
};

Seen parse(BytesView wire, size_t step, HttpParser::Kind kind) {
  const HttpLimits limits{.head_bytes = 2048, .num_fields = 16};
  HttpParser parser(kind, limits);
  Seen out;
  const std::function<size_t(BytesView)> sink = [&](BytesView piece) {
    blindai::append(out.body, piece);
    return piece.size();
  };
  size_t used = 0;
  for (size_t have = std::min(step, wire.size());;) {
    const BytesView unread = wire.subspan(used, have - used);
    blindai::Result<size_t> n = size_t{0};
    if (parser.head() == nullptr)
      n = parser.feed_head(unread);
    else if (parser.head()->chunked && !parser.chunked_done())
      n = parser.feed_chunked(unread, sink);
    else
      break;
    if (!n.has_value()) {
      out.failed = true;
      return out;
    }
    if (*n > unread.size()) std::abort();
    used += *n;
    if (*n == 0) {
      if (have == wire.size()) break;
      have = std::min(have + step, wire.size());
    }
  }
  if (parser.head() != nullptr) {
    out.head = true;
    out.target = parser.head()->target;
    if (parser.head()->fields.size() > limits.num_fields) std::abort();
    if (parser.head()->chunked && parser.head()->content_length.has_value()) std::abort();
    out.done = parser.chunked_done();
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const auto kind = (data[0] & 1) != 0 ? HttpParser::Kind::kRequest : HttpParser::Kind::kResponse;
  const BytesView wire(data + 1, size - 1);
  const Seen whole = parse(wire, wire.size(), kind);
  const Seen bytewise = parse(wire, 1, kind);
  // A long line without an end is over the limit as a whole and merely unfinished in pieces.
  if (!whole.failed && !bytewise.failed && !(whole == bytewise)) std::abort();
  return 0;
}
