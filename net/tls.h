// TLS 1.3 over sockets of ours. OpenSSL does the protocol and stays out of this header.
//
// Certificates are self-signed and carry attestation evidence, so no name or chain is checked here:
// the client compares the peer's key with the verified evidence (lib/channel), and only then sends
// anything of its user's. What TLS itself proves here is possession of that key.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lib/base/bytes.h"
#include "lib/crypto/crypto.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace blindai {

enum class IoStatus : uint8_t {
  kOk,
  kWantRead,   // nothing yet: wait until the socket is readable
  kWantWrite,  // the socket is full: wait until it is writable
  kClosed,     // the peer ended the connection in an orderly way
  kFailed,     // the connection is unusable; failure() says why
};
struct IoResult {
  IoStatus status;
  size_t n = 0;  // bytes moved, with kOk
};

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

// One end of one connection. Non-blocking; the fd is borrowed and stays open.
class TlsSocket {
 public:
  ~TlsSocket();
  TlsSocket(const TlsSocket&) = delete;
  TlsSocket& operator=(const TlsSocket&) = delete;

  IoStatus handshake();
  // At most out.size() bytes. kWantRead means that OpenSSL holds nothing more either.
  IoResult read(std::span<uint8_t> out);
  // May write less than it was given, and never more than 64 KiB: the rest has to follow. A write
  // that did not finish must be repeated with the same bytes first.
  IoResult write(BytesView data);
  // Sends close_notify, as far as the socket takes it now.
  void close_notify();
  // True when read() would return bytes without asking the socket.
  bool has_pending() const;

  // RFC 8446 section 7.5 exporter without context, 32 bytes. After the handshake only.
  Result<ByteArray<32>> export_key(std::string_view label) const;
  // The peer's certificate in DER. Errors: kUntrusted "tls.certificate.absent".
  Result<Bytes> peer_certificate() const;
  bool resumed() const;
  // The session to resume later; null until the server has sent a ticket.
  std::shared_ptr<TlsSession> session() const;
  // Why the last call returned kFailed: a compile-time id with advice.
  Error failure() const { return failure_; }

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
  static std::unique_ptr<TlsClientContext> create();
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;
  // server_name is sent as SNI unless it is an address.
  std::unique_ptr<TlsSocket> connect(int fd, const std::string& server_name,
                                     const TlsSession* resume);

 private:
  explicit TlsClientContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace blindai
