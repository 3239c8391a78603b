// Answers in the form docs/http.md promises.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "lib/oip/metadata.h"
#include "net/http_server.h"

namespace blindai {

// Of bodies that are not models or tensors.
inline constexpr size_t kMaxSmallBody = 64 * 1024;

HttpResponse json_response(unsigned status, std::string body);
HttpResponse problem_response(const Problem& problem);
HttpResponse problem_response(const Problem& problem, std::chrono::seconds retry_after);

// "true" or "false" in a header, `absent` when it is not there.
// Errors: kInvalid "http.header" for any other value.
Outcome<bool> flag_header(const HttpHead& head, std::string_view name, bool absent);

// A non-negative decimal number and nothing else.
std::optional<uint64_t> parse_decimal(std::string_view text);

// Answers `json` once the request is complete. A body that came along unasked is read and ignored:
// Triton's clients send "{}" in places.
std::shared_ptr<HttpExchange> answer_with(const HttpReply& reply, std::string json,
                                          HttpFields fields = {});

// A small body, collected before it is used. `then` answers.
class CollectedBody final : public HttpExchange {
 public:
  using Then = std::function<void(Bytes body, HttpReply reply)>;
  CollectedBody(HttpReply reply, size_t max_bytes, Then then);
  std::span<uint8_t> body_space() override;
  void body_filled(size_t n) override;
  void body_done() override;

 private:
  HttpReply reply_;
  const size_t max_bytes_;
  Then then_;
  Bytes body_;
  size_t filled_ = 0;
};

}  // namespace blindai
