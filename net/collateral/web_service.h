// Asks one web service for documents: one connection, bounded in size and time, with patience for a
// service that is busy. Blocking; thread-compatible.
//
// No redirect is followed: documents come from the address that was configured or not at all.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "lib/base/time.h"
#include "net/http_client.h"

namespace blindai {

struct WebServiceOptions {
  std::chrono::milliseconds connect_time{10'000};
  std::chrono::milliseconds request_time{20'000};  // one try, from asking to the answer's last byte
  // All tries of one document together, with the waiting between them.
  std::chrono::milliseconds total_time{60'000};
  int num_tries = 4;
  // Before the second try; doubled before each further one. A Retry-After, in seconds or as a date,
  // is followed where it is longer and total_time allows it.
  std::chrono::milliseconds first_pause{500};
  uint64_t max_bytes = 256 * 1024;  // of one body
  // Waits; std::this_thread::sleep_for when empty. For tests.
  std::function<void(std::chrono::milliseconds)> sleep = {};
  // The time now; the system's when empty.
  std::function<Time()> now = {};
};

class WebService {
 public:
  // `tls` of TlsClientContext::create_web, or null when the url is "http". Outlives this.
  WebService(Url url, TlsClientContext* tls, WebServiceOptions options);

  const Url& url() const { return url_; }

  // GET of `target` below the url; a response with status 200 and a body. Errors, as sentences with
  // the address and what to do:
  //   kNotFound     collateral.not-found  404
  //   kInvalid      collateral.refused    any other 4xx, and 3xx: asking again will not help
  //   kDenied       collateral.denied     401, 403
  //   kUnavailable  collateral.service    5xx and 429, to the last try; a body that is empty
  //   kTooLarge     collateral.too-large
  //   kUnavailable, kDeadline, kMalformed, kUntrusted  net.*, tls.*, http.*: the connection's
  Outcome<HttpClientResponse> get(const std::string& target);

 private:
  Result<HttpClientResponse> try_once(const std::string& target);

  Url url_;
  TlsClientContext* tls_;
  WebServiceOptions options_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace blindai
