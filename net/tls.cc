#include "net/tls.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <utility>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "net/socket_calls.h"

namespace blindai {
namespace {

// AES-GCM and ChaCha20 are equally strong here; the server's order decides, and AES is in hardware
// on every machine with a TEE.
constexpr char kCiphersuites[] =
    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
#if OPENSSL_VERSION_NUMBER >= 0x30500000L
constexpr char kGroups[] = "X25519MLKEM768:X25519:P-256";
#else
constexpr char kGroups[] = "X25519:P-256";
#endif
// Services of the web speak older versions as well: forward secrecy and an AEAD all the same.
constexpr char kWebCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr char kWebGroups[] = "X25519:P-256:P-384";
// Room for four full records: a quarter of the system calls of a long body. Given back when idle.
constexpr size_t kReadAheadLen = 4 * (kTlsRecordLen + 256 + 5);
// What one write() takes, so that the caller can turn to others between two.
constexpr size_t kWriteLen = 4 * kTlsRecordLen;

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE in the program that links us
// when the peer has gone. This one asks for an error instead, and tells the kernel when another
// record follows at once: it then sends them in segments as large as the path takes, each of which
// wakes the peer once, where every record would.
const TlsWire& wire_of(BIO* bio) {
  return *static_cast<const TlsWire*>(BIO_get_data(bio));
}

int socket_write(BIO* bio, const char* data, size_t length, size_t* written) {
  BIO_clear_retry_flags(bio);
  const TlsWire& wire = wire_of(bio);
  const ssize_t n = ::send(wire.fd, data, length, MSG_NOSIGNAL | (wire.more ? MSG_MORE : 0));
  if (n < 0 && would_block()) BIO_set_retry_write(bio);
  *written = n > 0 ? static_cast<size_t>(n) : 0;
  return n > 0 ? 1 : 0;
}

int socket_read(BIO* bio, char* out, size_t length, size_t* got) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::recv(wire_of(bio).fd, out, length, 0);
  if (n < 0 && would_block()) BIO_set_retry_read(bio);
  if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  *got = n > 0 ? static_cast<size_t>(n) : 0;
  return n > 0 ? 1 : 0;
}

long socket_control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "socket");
    BLINDAI_CHECK(method != nullptr && BIO_meth_set_write_ex(method, socket_write) == 1 &&
                  BIO_meth_set_read_ex(method, socket_read) == 1 &&
                  BIO_meth_set_ctrl(method, socket_control) == 1);
    return method;
  }();
  return kMethod;
}

SSL* new_connection(SSL_CTX* context, TlsWire& wire) {
  SSL* ssl = SSL_new(context);
  BIO* bio = BIO_new(socket_method());
  BLINDAI_CHECK(ssl != nullptr && bio != nullptr);
  BIO_set_data(bio, &wire);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  return ssl;
}

void configure(SSL_CTX* context, int oldest_version = TLS1_3_VERSION) {
  BLINDAI_CHECK(context != nullptr);
  BLINDAI_CHECK(SSL_CTX_set_min_proto_version(context, oldest_version) == 1);
  BLINDAI_CHECK(SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1);
  BLINDAI_CHECK(SSL_CTX_set_ciphersuites(context, kCiphersuites) == 1);
  BLINDAI_CHECK(SSL_CTX_set1_groups_list(context, kGroups) == 1);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, kReadAheadLen);
}

Status use_certificate(SSL_CTX* context, BytesView der, const SigningKey& key) {
  if (SSL_CTX_use_certificate_ASN1(context, static_cast<int>(der.size()), der.data()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.native()) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return fail(Code::kInvalid, "tls.server.certificate");
  }
  return {};
}

Error classify_ssl_error() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  switch (ERR_GET_REASON(code)) {
    case SSL_R_WRONG_VERSION_NUMBER:
      return {Code::kUnavailable,
              {"tls.not-tls", "The other end does not speak TLS; check the address and port."}};
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return {Code::kUnavailable,
              {"tls.version", "The two ends have no version of TLS in common; update the older."}};
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return {Code::kUntrusted,
              {"tls.certificate",
               "The service's certificate is not one for its name by a certification authority "
               "that this machine knows; check the address, or give the authority's certificate."}};
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return {Code::kUnavailable, {"tls.eof", "The connection was cut; connect again."}};
    default:
      return {Code::kUnavailable, {"tls.failed", "The TLS connection failed; connect again."}};
  }
}

}  // namespace

TlsSocket::TlsSocket(ssl_ctx_st* context, int fd)
    : wire_{.fd = fd}, ssl_(new_connection(context, wire_)) {}

TlsSession::~TlsSession() {
  SSL_SESSION_free(session_);
}

TlsSocket::~TlsSocket() {
  SSL_free(ssl_);
}

IoStatus TlsSocket::status_of(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return IoStatus::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return IoStatus::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return IoStatus::kClosed;
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      failure_ = {Code::kUnavailable, {"tls.reset", "The connection was cut; connect again."}};
      return IoStatus::kFailed;
    default:
      failure_ = classify_ssl_error();
      return IoStatus::kFailed;
  }
}

IoStatus TlsSocket::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  return result == 1 ? IoStatus::kOk : status_of(result);
}

IoResult TlsSocket::read(std::span<uint8_t> out) {
  ERR_clear_error();
  size_t n = 0;
  const int result = SSL_read_ex(ssl_, out.data(), out.size(), &n);
  if (result == 1) return {IoStatus::kOk, n};
  return {status_of(result)};
}

IoResult TlsSocket::write(BytesView data) {
  ERR_clear_error();
  size_t done = 0;
  IoStatus status = IoStatus::kOk;
  while (status == IoStatus::kOk && done < std::min(data.size(), kWriteLen)) {
    const BytesView record = data.subspan(done, std::min(data.size() - done, kTlsRecordLen));
    wire_.more = done + record.size() < data.size();
    size_t n = 0;
    const int result = SSL_write_ex(ssl_, record.data(), record.size(), &n);
    if (result != 1) status = status_of(result);
    done += n;
  }
  wire_.more = false;
  // What stopped the last record will stop the next call again, and is told then.
  return done > 0 ? IoResult{IoStatus::kOk, done} : IoResult{status};
}

void TlsSocket::close_notify() {
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

bool TlsSocket::has_pending() const {
  return SSL_has_pending(ssl_) == 1;
}

Result<ByteArray<32>> TlsSocket::export_key(std::string_view label) const {
  ByteArray<32> out;
  if (SSL_export_keying_material(ssl_, out.data(), out.size(), label.data(), label.size(), nullptr,
                                 0, 0) != 1) {
    ERR_clear_error();
    return fail(Code::kInternal, "tls.exporter");
  }
  return out;
}

Result<Bytes> TlsSocket::peer_certificate() const {
  X509* certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr)
    return fail(Code::kUntrusted,
                {"tls.certificate.absent", "The server sent no certificate; do not use it."});
  unsigned char* der = nullptr;
  const int length = i2d_X509(certificate, &der);
  BLINDAI_CHECK(length > 0);
  Bytes out(der, der + length);
  OPENSSL_free(der);
  return out;
}

bool TlsSocket::resumed() const {
  return SSL_session_reused(ssl_) == 1;
}

std::shared_ptr<TlsSession> TlsSocket::session() const {
  SSL_SESSION* session = SSL_get1_session(ssl_);
  if (session == nullptr) return nullptr;
  auto owned = std::make_shared<TlsSession>(session);
  return SSL_SESSION_is_resumable(session) == 1 ? owned : nullptr;
}

Result<std::unique_ptr<TlsServerContext>> TlsServerContext::create(BytesView certificate_der,
                                                                   const SigningKey& key) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  configure(context);
  std::unique_ptr<TlsServerContext> out(new TlsServerContext(context));
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Tickets are stateless, under keys that live and die with this process.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  static constexpr unsigned char kSessionContext[] = "blindai";
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  RETURN_IF_ERROR(use_certificate(context, certificate_der, key));
  return out;
}

TlsServerContext::~TlsServerContext() {
  SSL_CTX_free(context_);
}

Status TlsServerContext::replace_certificate(BytesView certificate_der, const SigningKey& key) {
  return use_certificate(context_, certificate_der, key);
}

std::unique_ptr<TlsSocket> TlsServerContext::accept(int fd) {
  std::unique_ptr<TlsSocket> out(new TlsSocket(context_, fd));
  SSL_set_accept_state(out->ssl_);
  return out;
}

std::unique_ptr<TlsClientContext> TlsClientContext::create() {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  configure(context);
  // The evidence in the certificate is the trust, not a certification authority: see the header.
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  return std::unique_ptr<TlsClientContext>(new TlsClientContext(context, /*web=*/false));
}

Result<std::unique_ptr<TlsClientContext>> TlsClientContext::create_web(const std::string& ca_file) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  configure(context, TLS1_2_VERSION);
  std::unique_ptr<TlsClientContext> out(new TlsClientContext(context, /*web=*/true));
  BLINDAI_CHECK(SSL_CTX_set_cipher_list(context, kWebCiphers) == 1);
  BLINDAI_CHECK(SSL_CTX_set1_groups_list(context, kWebGroups) == 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                     : SSL_CTX_load_verify_file(context, ca_file.c_str());
  if (loaded != 1) {
    ERR_clear_error();
    return fail(Code::kInvalid,
                {"tls.roots",
                 "The file of certification authorities cannot be read; give one in "
                 "PEM, or install the system's (package ca-certificates)."});
  }
  return out;
}

TlsClientContext::~TlsClientContext() {
  SSL_CTX_free(context_);
}

std::unique_ptr<TlsSocket> TlsClientContext::connect(int fd, const std::string& server_name,
                                                     const TlsSession* resume) {
  std::unique_ptr<TlsSocket> out(new TlsSocket(context_, fd));
  SSL* ssl = out->ssl_;
  ByteArray<16> address;
  const bool is_address = inet_pton(AF_INET, server_name.c_str(), address.data()) == 1 ||
                          inet_pton(AF_INET6, server_name.c_str(), address.data()) == 1;
  if (!is_address && !server_name.empty())
    BLINDAI_CHECK(SSL_set_tlsext_host_name(ssl, server_name.c_str()) == 1);
  if (web_) {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int named = is_address
                          ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str())
                          : SSL_set1_host(ssl, server_name.c_str());
    BLINDAI_CHECK(named == 1 && !server_name.empty());
  }
  if (resume != nullptr) SSL_set_session(ssl, resume->native());
  SSL_set_connect_state(ssl);
  return out;
}

}  // namespace blindai
