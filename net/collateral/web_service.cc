#include "net/collateral/web_service.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <thread>

namespace blindai {
namespace {

using std::chrono::milliseconds;

// Room for an issuer chain, URL-encoded, in a field.
constexpr uint32_t kMaxHead = 32 * 1024;
constexpr int64_t kLongestRetryAfter = 24 * 3600;  // seconds; whatever is longer counts as this

bool is_busy(unsigned status) {
  return status == 429 || status >= 500;
}

// Whether another try may end otherwise.
bool is_worth_retrying(const Error& error) {
  return (error.code == Code::kUnavailable || error.code == Code::kDeadline) &&
         error.name() != "net.resolve";
}

// RFC 9110 section 10.2.3: seconds, or a date, which is counted from the answer's own Date where it
// has one, so that nobody's clock has to be right. What cannot be read counts as absent.
milliseconds retry_after(const HttpClientResponse& response, Time now) {
  const auto field = response.field("retry-after");
  if (!field.has_value()) return milliseconds(0);
  const char* const end = field->data() + field->size();
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(field->data(), end, number);
  int64_t seconds = 0;
  if (stop == end && (error == std::errc() || error == std::errc::result_out_of_range)) {
    const bool long_wait = error != std::errc() || number > uint64_t{kLongestRetryAfter};
    seconds = long_wait ? kLongestRetryAfter : static_cast<int64_t>(number);
  } else if (const auto until = parse_http_date(*field, now); until.has_value()) {
    const auto date = response.field("date");
    const Time from = date.has_value() ? parse_http_date(*date, now).value_or(now) : now;
    seconds = until->seconds - from.seconds;  // both within four-digit years
  }
  return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, kLongestRetryAfter));
}

std::string with_status(const std::string& where, const HttpClientResponse& response) {
  return where + " answered " + std::to_string(response.status);
}

Outcome<HttpClientResponse> judge(const std::string& where, HttpClientResponse response) {
  const unsigned status = response.status;
  if (status == 200 && !response.body.empty()) return response;
  if (status == 200)
    return problem(Code::kUnavailable, "collateral.service",
                   where + " answered with nothing; check the service.");
  if (status == 404)
    return problem(
        Code::kNotFound, "collateral.not-found",
        with_status(where, response) +
            ": it does not know this platform. Check the service's address, and that the "
            "platform is registered with it.");
  if (status == 401 || status == 403)
    return problem(Code::kDenied, "collateral.denied",
                   with_status(where, response) +
                       ": it wants to know who asks. Use a service that publishes these documents "
                       "freely, as Intel's and AMD's do.");
  if (status >= 300 && status < 400)
    return problem(Code::kInvalid, "collateral.refused",
                   with_status(where, response) +
                       ", a redirect, which is not followed. Give the address that it leads to.");
  if (is_busy(status))
    return problem(Code::kUnavailable, "collateral.service",
                   with_status(where, response) + " to every try; try again later.");
  return problem(Code::kInvalid, "collateral.refused",
                 with_status(where, response) +
                     "; check the service's address and version, and the evidence.");
}

Problem connection_problem(const std::string& where, const Error& error) {
  if (error.code == Code::kTooLarge)
    return {Code::kTooLarge, "collateral.too-large",
            where + " answered with more than such a document can have; check the address."};
  return {error.code, error.id, where + ": " + error.describe()};
}

}  // namespace

WebService::WebService(Url url, TlsClientContext* tls, WebServiceOptions options)
    : url_(std::move(url)), tls_(tls), options_(std::move(options)) {
  if (!options_.sleep)
    options_.sleep = [](milliseconds time) { std::this_thread::sleep_for(time); };
  if (!options_.now) options_.now = [] { return Time{std::time(nullptr)}; };
}

Result<HttpClientResponse> WebService::try_once(const std::string& target) {
  HttpClientOptions options;
  options.connect_time = options_.connect_time;
  options.stall_time = options_.request_time;
  options.request_time = options_.request_time;
  options.head.head_bytes = kMaxHead;
  options.response_bytes = options_.max_bytes;
  if (client_ == nullptr || !client_->usable()) {
    client_.reset();
    ASSIGN_OR_RETURN(client_, HttpClient::connect(url_, tls_, options));
  }
  auto response = client_->send({.method = "GET",
                                 .target = url_.path + target,
                                 .fields = {{"accept", "*/*"}, {"user-agent", "blindai"}},
                                 .body = {}});
  if (!response.has_value()) client_.reset();
  return response;
}

Outcome<HttpClientResponse> WebService::get(const std::string& target) {
  const std::string where = url_.text(target);
  const auto begin = std::chrono::steady_clock::now();
  milliseconds slept{0};  // counted by itself, since the clock need not move in options_.sleep
  milliseconds pause = options_.first_pause;
  for (int attempt = 1;; ++attempt) {
    const bool reused = client_ != nullptr;
    Result<HttpClientResponse> response = try_once(target);
    // A kept connection that the service closed meanwhile says nothing about the service.
    if (!response.has_value() && reused && response.error().name() == "net.closed")
      response = try_once(target);
    const bool again =
        response.has_value() ? is_busy(response->status) : is_worth_retrying(response.error());
    milliseconds wait = pause;
    if (response.has_value()) wait = std::max(wait, retry_after(*response, options_.now()));
    const auto spent =
        std::max<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin, slept);
    if (!again || attempt >= options_.num_tries || spent + wait > options_.total_time) {
      if (!response.has_value())
        return std::unexpected(connection_problem(where, response.error()));
      return judge(where, std::move(*response));
    }
    options_.sleep(wait);
    slept += wait;
    pause *= 2;
  }
}

}  // namespace blindai
