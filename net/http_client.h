// A blocking HTTP/1.1 client over one connection: TLS, or none where the caller says so.
// Thread-compatible: one caller at a time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/http_message.h"
#include "net/tls.h"
#include "net/url.h"

namespace blindai {

struct HttpClientOptions {
  std::chrono::milliseconds connect_time{10'000};  // TCP and TLS together
  // Without a byte moving in either direction. Covers the server's work on a request.
  std::chrono::milliseconds stall_time{300'000};
  // From sending a request to the end of its answer, however steadily bytes trickle; 0: no limit.
  std::chrono::milliseconds request_time{0};
  HttpLimits head = {};
  uint64_t response_bytes = uint64_t{2} << 30;
  // Asked while waiting, after every signal and a few times a second; true ends the wait.
  std::function<bool()> interrupted = {};
};

struct HttpClientRequest {
  std::string method = "GET";
  std::string target;
  HttpFields fields;
  std::vector<BytesView> body;  // sent one after the other, uncopied
};

// A body that is produced as it is sent. Asks before sending (Expect: 100-continue), so that a
// refusal costs no transfer.
struct HttpBodyStream {
  uint64_t length = 0;
  // Fills as much of the span as it can; 0 only when nothing is left.
  std::function<Result<size_t>(std::span<uint8_t>)> read;
  // Called with the bytes sent so far; may be empty.
  std::function<void(uint64_t)> progress;
};

struct HttpClientResponse {
  unsigned status = 0;
  HttpFields fields;
  Bytes body;
  std::optional<std::string_view> field(std::string_view lower_case_name) const;
};

class HttpClient {
 public:
  // Connects and completes the TLS handshake; verifies nothing (see net/tls.h).
  // Errors: kInvalid "net.address"; kUnavailable "net.resolve", "net.connect", "tls.*";
  // kDeadline "net.timeout"; kUnavailable "net.interrupted".
  static Result<std::unique_ptr<HttpClient>> connect(const std::string& address,
                                                     TlsClientContext& tls,
                                                     const HttpClientOptions& options,
                                                     const TlsSession* resume);
  // To a service of the web. `tls` is of TlsClientContext::create_web; not used, and may be null,
  // for an "http" url. Errors: as above, and kUntrusted "tls.certificate".
  static Result<std::unique_ptr<HttpClient>> connect(const Url& url, TlsClientContext* tls,
                                                     const HttpClientOptions& options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Errors: kUnavailable "net.closed" (before any byte of an answer: worth one more try), "tls.*";
  // kDeadline "net.timeout"; kUnavailable "net.interrupted"; kMalformed "http.syntax"; kTooLarge
  // "http.response-too-large".
  Result<HttpClientResponse> send(const HttpClientRequest& request);
  Result<HttpClientResponse> send(const HttpClientRequest& request, const HttpBodyStream& body);

  // Of the next answers' bodies, in place of HttpClientOptions::response_bytes: small until the
  // peer is known, so that a stranger cannot make this side allocate.
  void limit_response(uint64_t bytes) { options_.response_bytes = bytes; }
  // False once the connection cannot carry another request.
  bool usable() const { return usable_; }
  // Not for an "http" url.
  TlsSocket& tls() { return *tls_; }

 private:
  // Connected below TLS; shake_hands() completes it. `tls` null: a plain connection.
  static Result<std::unique_ptr<HttpClient>> open(const HostPort& where, std::string host,
                                                  TlsClientContext* tls,
                                                  const HttpClientOptions& options,
                                                  const TlsSession* resume);
  HttpClient(int fd, std::string host, const HttpClientOptions& options)
      : fd_(fd), host_(std::move(host)), options_(options) {}
  Status shake_hands();
  Status write_all(BytesView data);
  Status wait(IoStatus for_what);
  Status fill();
  Result<HttpHead> read_head();
  Result<HttpClientResponse> read_response();
  Status read_body(HttpClientResponse& response, const HttpHead& head);
  Status read_chunked(HttpClientResponse& response);
  std::string head_of(const HttpClientRequest& request, uint64_t length, bool streamed) const;

  int fd_;
  std::string host_;
  std::unique_ptr<Stream> stream_;
  TlsSocket* tls_ = nullptr;  // stream_, when it is TLS
  HttpClientOptions options_;
  std::chrono::steady_clock::time_point deadline_;  // of the request, with request_time
  bool usable_ = true;
  bool early_answer_ = false;  // bytes of an answer came while a body was still being sent
  Bytes in_;
  size_t in_at_ = 0;
  size_t in_len_ = 0;
  std::unique_ptr<HttpParser> parser_;
};

}  // namespace blindai
