#include "enclave/serve/reply.h"

#include <algorithm>
#include <charconv>
#include <fmt/core.h>
#include <utility>

namespace blindai {
namespace {

// Seconds until what is full now may well have room: a run ends, or a model is stopped.
constexpr std::pair<std::string_view, const char*> kRetryAfter[] = {
    {"infer.no-room", "5"},       {"infer.job-memory", "5"},    {"infer.memory", "5"},
    {"infer.wait-deadline", "5"}, {"infer.waiting", "1"},       {"infer.worker-died", "1"},
    {"infer.stopped", "1"},       {"limit.account-bytes", "1"}, {"server.busy", "1"},
};

}  // namespace

HttpResponse json_response(unsigned status, std::string body) {
  HttpResponse out;
  out.status = status;
  out.fields = {{"content-type", "application/json"}};
  out.body = std::move(body);
  return out;
}

HttpResponse problem_response(const Problem& problem) {
  HttpResponse out = json_response(http_status(problem.code), error_json(problem));
  const auto* const found = std::ranges::find(kRetryAfter, problem.name(),
                                              &std::pair<std::string_view, const char*>::first);
  if (found != std::end(kRetryAfter)) out.fields.emplace_back("retry-after", found->second);
  return out;
}

HttpResponse problem_response(const Problem& problem, std::chrono::seconds retry_after) {
  HttpResponse out = json_response(http_status(problem.code), error_json(problem));
  out.fields.emplace_back("retry-after", std::to_string(retry_after.count()));
  return out;
}

Outcome<bool> flag_header(const HttpHead& head, std::string_view name, bool absent) {
  const std::optional<std::string_view> value = head.field(name);
  if (!value.has_value()) return absent;
  if (*value == "true") return true;
  if (*value == "false") return false;
  return problem(Code::kInvalid, "http.header",
                 fmt::format("The header {} must be true or false.", name));
}

std::optional<uint64_t> parse_decimal(std::string_view text) {
  uint64_t out = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return out;
}

std::shared_ptr<HttpExchange> answer_with(const HttpReply& reply, std::string json,
                                          HttpFields fields) {
  return std::make_shared<CollectedBody>(reply, kMaxSmallBody,
                                         [json = std::move(json), fields = std::move(fields)](
                                             const Bytes& /*body*/, const HttpReply& to) {
                                           HttpResponse response = json_response(200, json);
                                           response.fields.insert(response.fields.end(),
                                                                  fields.begin(), fields.end());
                                           to.send(std::move(response));
                                         });
}

CollectedBody::CollectedBody(HttpReply reply, size_t max_bytes, Then then)
    : reply_(std::move(reply)), max_bytes_(max_bytes), then_(std::move(then)) {}

std::span<uint8_t> CollectedBody::body_space() {
  if (filled_ > max_bytes_) {
    reply_.send(problem_response(
        Problem(Code::kTooLarge, "http.body-too-large",
                fmt::format("The body of this request may have at most {} bytes.", max_bytes_))));
    return {};
  }
  // One byte more than allowed, so that a longer body shows itself.
  body_.resize(std::min(max_bytes_ + 1, std::max<size_t>(1024, filled_ * 2)));
  return std::span(body_).subspan(filled_);
}

void CollectedBody::body_filled(size_t n) {
  filled_ += n;
}

void CollectedBody::body_done() {
  if (filled_ > max_bytes_) {
    (void)body_space();  // says so
    return;
  }
  body_.resize(filled_);
  then_(std::move(body_), reply_);
}

}  // namespace blindai
