// Requests over a connection that has been verified, and is again when that is due. Internal to
// client/cpp. Blocking; thread-compatible.
#pragma once

#include "client/cpp/connection.h"
#include "client/cpp/credentials.h"
#include "lib/channel/certificate.h"
#include "net/http_client.h"

namespace blindai {

class AttestedTransport {
 public:
  // Errors and `failed` as Connection::connect().
  static Outcome<std::unique_ptr<AttestedTransport>> open(const std::string& address,
                                                          const ConnectOptions& options,
                                                          AttestedServer* failed);

  // Answers of any status. Each request goes out with the caller's credentials. A connection that
  // the server closed while idle is replaced, once, by a new one: to the same TLS key while the
  // evidence is fresh (resuming the TLS session if the server agrees), else after verifying anew.
  Outcome<HttpClientResponse> send(const HttpClientRequest& request);
  // `restart` gives the body from its beginning; it is called once per try.
  Outcome<HttpClientResponse> send(const HttpClientRequest& request,
                                   const std::function<Result<HttpBodyStream>()>& restart);

  const AttestedServer& server() const { return server_; }

 private:
  AttestedTransport(std::string address, ConnectOptions options);
  Outcome<void> ready();
  Outcome<void> reconnect(AttestedServer* failed);
  Outcome<void> attest(HttpClient& http, AttestedCertificate certificate, AttestedServer* failed);
  bool is_fresh() const;
  bool may_repeat(const Error& error, const HttpClientRequest& request) const;
  template <typename Send>
  Outcome<HttpClientResponse> send_with(const HttpClientRequest& request, const Send& once);

  const std::string address_;
  const ConnectOptions options_;
  const std::unique_ptr<TlsClientContext> tls_;
  std::shared_ptr<TlsSession> session_;
  std::unique_ptr<HttpClient> http_;  // only ever one that was verified
  Bytes attested_key_;                // SPKI
  Time fresh_until_;
  VerificationCache verified_;  // for the second piece of evidence, and when verifying again
  AttestedServer server_;
  Credentials credentials_;  // bound to http_
};

}  // namespace blindai
