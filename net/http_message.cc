#include "net/http_message.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

namespace blindai {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastString = boost::beast::string_view;

std::string lower(BeastString text) {
  std::string out(text.data(), text.size());
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Receives Beast's events for either kind of message.
template <bool kIsRequest>
class EventParser final : public http::basic_parser<kIsRequest> {
 public:
  explicit EventParser(const HttpLimits& limits) : limits_(limits) {
    this->header_limit(limits.head_bytes);
    this->body_limit(boost::none);
    this->eager(false);
  }
  HttpHead head;
  std::function<size_t(BytesView)> const* sink = nullptr;

 private:
  void on_request_impl(http::verb /*verb*/, BeastString method, BeastString target, int /*version*/,
                       error_code& /*error*/) override {
    head.method.assign(method.data(), method.size());
    head.target.assign(target.data(), target.size());
  }
  void on_response_impl(int code, BeastString /*reason*/, int /*version*/,
                        error_code& /*error*/) override {
    head.status = static_cast<unsigned>(code);
  }
  void on_field_impl(http::field /*field*/, BeastString name, BeastString value,
                     error_code& error) override {
    if (head.fields.size() >= limits_.num_fields) {
      error = http::error::header_limit;
      return;
    }
    head.fields.emplace_back(lower(name), std::string(value.data(), value.size()));
  }
  void on_header_impl(error_code& /*error*/) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         error_code& /*error*/) override {}
  size_t on_body_impl(BeastString /*body*/, error_code& error) override {
    // Only chunked bodies come through here; see feed_chunked.
    error = http::error::unexpected_body;
    return 0;
  }
  void on_chunk_header_impl(std::uint64_t /*size*/, BeastString /*extensions*/,
                            error_code& /*error*/) override {}
  size_t on_chunk_body_impl(std::uint64_t /*remain*/, BeastString body,
                            error_code& error) override {
    const size_t taken = (*sink)(as_bytes({body.data(), body.size()}));
    if (taken < body.size()) error = http::error::need_buffer;
    return taken;
  }
  void on_finish_impl(error_code& /*error*/) override {}

  HttpLimits limits_;
};

template <typename Parser>
void describe_framing(Parser& parser) {
  HttpHead& head = parser.head;
  head.chunked = parser.chunked();
  if (auto length = parser.content_length(); length.has_value()) head.content_length = *length;
  head.keep_alive = parser.keep_alive();
  if (auto expect = head.field("expect"); expect.has_value())
    head.expect_continue = lower({expect->data(), expect->size()}) == "100-continue";
}

template <typename Parser>
Result<size_t> put(Parser& parser, BytesView data) {
  error_code error;
  const size_t used = parser.put(boost::asio::buffer(data.data(), data.size()), error);
  if (!error || error == http::error::need_more || error == http::error::need_buffer) return used;
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return fail(Code::kTooLarge, kHeadTooLarge);
  return fail(Code::kMalformed, kHttpSyntax);
}

}  // namespace

std::optional<std::string_view> HttpHead::field(std::string_view lower_case_name) const {
  for (const auto& [name, value] : fields)
    if (name == lower_case_name) return value;
  return std::nullopt;
}

size_t HttpHead::count(std::string_view lower_case_name) const {
  size_t n = 0;
  for (const auto& entry : fields) n += entry.first == lower_case_name ? 1u : 0u;
  return n;
}

class HttpParser::Impl {
 public:
  Impl(Kind kind, const HttpLimits& limits) {
    if (kind == Kind::kRequest)
      request_.emplace(limits);
    else
      response_.emplace(limits);
  }

  template <typename F>
  decltype(auto) with(F&& f) {
    return request_.has_value() ? f(*request_) : f(*response_);
  }
  template <typename F>
  decltype(auto) with(F&& f) const {
    return request_.has_value() ? f(*request_) : f(*response_);
  }

 private:
  std::optional<EventParser<true>> request_;
  std::optional<EventParser<false>> response_;
};

HttpParser::HttpParser(Kind kind, const HttpLimits& limits)
    : impl_(std::make_unique<Impl>(kind, limits)) {}
HttpParser::~HttpParser() = default;

Result<size_t> HttpParser::feed_head(BytesView data) {
  return impl_->with([&](auto& parser) -> Result<size_t> {
    ASSIGN_OR_RETURN(size_t used, put(parser, data));
    if (parser.is_header_done()) describe_framing(parser);
    return used;
  });
}

const HttpHead* HttpParser::head() const {
  return impl_->with([](const auto& parser) -> const HttpHead* {
    return parser.is_header_done() ? &parser.head : nullptr;
  });
}

Result<size_t> HttpParser::feed_chunked(BytesView data,
                                        const std::function<size_t(BytesView)>& sink) {
  return impl_->with([&](auto& parser) -> Result<size_t> {
    parser.sink = &sink;
    return put(parser, data);
  });
}

bool HttpParser::chunked_done() const {
  return impl_->with([](const auto& parser) { return parser.is_done(); });
}

std::string_view reason_phrase(unsigned status) {
  const auto phrase = http::obsolete_reason(static_cast<http::status>(status));
  return {phrase.data(), phrase.size()};
}

namespace {

void add_fields(std::string& out, const HttpFields& fields) {
  for (const auto& [name, value] : fields) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
}

}  // namespace

std::string format_response_head(unsigned status, const HttpFields& fields, uint64_t content_length,
                                 bool close) {
  std::string out = "HTTP/1.1 ";
  out += std::to_string(status);
  out += ' ';
  out += reason_phrase(status);
  out += "\r\n";
  add_fields(out, fields);
  if (close) out += "connection: close\r\n";
  out += "content-length: ";
  out += std::to_string(content_length);
  out += "\r\n\r\n";
  return out;
}

std::string format_request_head(std::string_view method, std::string_view target,
                                std::string_view host, const HttpFields& fields,
                                std::optional<uint64_t> content_length) {
  std::string out(method);
  out += ' ';
  out += target;
  out += " HTTP/1.1\r\nhost: ";
  out += host;
  out += "\r\n";
  add_fields(out, fields);
  if (content_length.has_value()) {
    out += "content-length: ";
    out += std::to_string(*content_length);
    out += "\r\n";
  }
  out += "\r\n";
  return out;
}

}  // namespace blindai
