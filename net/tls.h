// TLS 1.3 over sockets of ours. OpenSSL does the protocol and stays out of this header.
//
// Between our own programs certificates are self-signed and carry attestation evidence, so no name
// or chain is checked here: the client compares the peer's key with the verified evidence
// (lib/channel), and only then sends anything of its user's. What TLS itself proves here is
// possession of that key.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lib/base/bytes.h"
#include "lib/crypto/crypto.h"
#include "net/stream.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace blindai {

// RFC 8446 section 5.1: the most one record carries.
inline constexpr size_t kTlsRecordLen = 16 * 1024;

// A remembered TLS session of one server, for the next connection to it.
class TlsSession {
 public:
  explicit TlsSession(ssl_session_st* session) : session_(session) {}
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ssl_session_st* native() const { return session_; }

 private:
  ssl_session_st* session_;
};

// The socket under one connection.
struct TlsWire {
  int fd;
  bool more = false;  // another record follows the one that is being written
};

// One end of one connection.
class TlsSocket final : public Stream {
 public:
  ~TlsSocket() override;
  TlsSocket(const TlsSocket&) = delete;
  TlsSocket& operator=(const TlsSocket&) = delete;

  IoStatus handshake() override;
  IoResult read(std::span<uint8_t> out) override;
  IoResult write(BytesView data) override;
  void close_notify() override;
  // True when read() would return bytes without asking the socket.
  bool has_pending() const;

  // RFC 8446 section 7.5 exporter without context, 32 bytes. After the handshake only.
  Result<ByteArray<32>> export_key(std::string_view label) const;
  // The peer's certificate in DER. Errors: kUntrusted "tls.certificate.absent".
  Result<Bytes> peer_certificate() const;
  bool resumed() const;
  // The session to resume later; null until the server has sent a ticket.
  std::shared_ptr<TlsSession> session() const;
  Error failure() const override { return failure_; }

 private:
  friend class TlsServerContext;
  friend class TlsClientContext;
  TlsSocket(ssl_ctx_st* context, int fd);
  IoStatus status_of(int result);

  TlsWire wire_;
  ssl_st* ssl_;
  Error failure_{Code::kUnavailable, "tls.failed"};
};

// The server's certificate and key.
class TlsServerContext {
 public:
  // Errors: kInvalid "tls.server.certificate" when certificate and key do not fit.
  static Result<std::unique_ptr<TlsServerContext>> create(BytesView certificate_der,
                                                          const SigningKey& key);
  ~TlsServerContext();
  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;
  // Puts a fresh certificate for the same key in place: connections from now on present it.
  Status replace_certificate(BytesView certificate_der, const SigningKey& key);
  std::unique_ptr<TlsSocket> accept(int fd);

 private:
  explicit TlsServerContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

class TlsClientContext {
 public:
  // For our servers: no certificate is refused here, see above.
  static std::unique_ptr<TlsClientContext> create();
  // For services of the public web (net/collateral): TLS 1.2 or later, and the certificate has to
  // be issued for server_name by one of the roots in `ca_file` (PEM), or of the system's when that
  // is empty. Errors: kInvalid "tls.roots".
  static Result<std::unique_ptr<TlsClientContext>> create_web(const std::string& ca_file);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;
  // server_name is sent as SNI unless it is an address.
  std::unique_ptr<TlsSocket> connect(int fd, const std::string& server_name,
                                     const TlsSession* resume);

 private:
  TlsClientContext(ssl_ctx_st* context, bool web) : context_(context), web_(web) {}
  ssl_ctx_st* context_;
  bool web_;
};

}  // namespace blindai
