// The server and the client of net/ against each other, and raw bytes against the server.
#include <atomic>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "net/address.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "tests/support/test_certificate.h"

namespace blindai {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Answers according to the target:
//   /echo     the body, when it is complete         /refuse  403 before the body
//   /hold     nothing, until the service is told    /trickle takes the body seven bytes at a time
class TestService final : public HttpService {
 public:
  explicit TestService(Reactor& reactor) : reactor_(reactor) {}

  class Exchange final : public HttpExchange {
   public:
    Exchange(TestService& service, std::string target, HttpReply reply)
        : service_(service),
          target_(std::move(target)),
          reply_(std::move(reply)),
          timer_(service.reactor_.timer()) {}
    ~Exchange() override { ++service_.exchanges_ended; }
    std::span<uint8_t> body_space() override {
      if (target_ == "/trickle") {
        if (tired_) {
          timer_->after(milliseconds(1), [this] {
            tired_ = false;
            reply_.resume_body();
          });
          return {};
        }
        return std::span(buffer_).first(7);
      }
      return buffer_;
    }
    void body_filled(size_t n) override {
      append(body_, BytesView(buffer_).first(n));
      tired_ = body_.size() % 3 == 0;
    }
    void body_done() override {
      if (target_ == "/hold") {
        service_.held.push_back(reply_);
        ++service_.num_held;
        return;
      }
      HttpResponse response;
      auto owned = std::make_shared<Bytes>(std::move(body_));
      response.body = "got ";
      response.tail = {BytesView(*owned).first(owned->size() / 2),
                       BytesView(*owned).subspan(owned->size() / 2)};
      response.tail_owner = owned;
      reply_.send(std::move(response));
    }

   private:
    TestService& service_;
    std::string target_;
    HttpReply reply_;
    std::unique_ptr<Reactor::Timer> timer_;
    bool tired_ = false;
    Bytes body_;
    ByteArray<5000> buffer_;
  };

  std::shared_ptr<HttpExchange> serve(const HttpHead& head, HttpReply reply) override {
    reply.set_kind(static_cast<uint8_t>(head.target.size()));
    if (head.target == "/refuse") {
      reply.send(refuse({Code::kDenied, "test.refused"}));
      return nullptr;
    }
    return std::make_shared<Exchange>(*this, head.target, reply);
  }
  HttpResponse refuse(const Error& error) override {
    HttpResponse response;
    response.status = error.code == Code::kDenied ? 403 : 400;
    response.body = error.id.text;
    return response;
  }

  void ended(const HttpEnded& request) override { ends.push_back(request); }

  std::vector<HttpEnded> ends;
  std::vector<HttpReply> held;
  std::atomic<int> num_held = 0;
  std::atomic<int> exchanges_ended = 0;

 private:
  Reactor& reactor_;
};

class HttpTest : public testing::Test {
 protected:
  HttpTest() : reactor_(Reactor::create()), key_(SigningKey::generate()), service_(*reactor_) {
    tls_ = TlsServerContext::create(make_test_certificate(key_), key_).value();
    client_tls_ = TlsClientContext::create();
  }
  ~HttpTest() override { stop(); }

  void start(HttpServerLimits limits = {}) {
    const int fd = listen_on("127.0.0.1:0").value();
    address_ = "127.0.0.1:" + std::to_string(port_of(fd));
    server_ = HttpServer::create(*reactor_, fd, *tls_, service_, limits);
    thread_ = std::thread([this] { reactor_->run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    on_loop([this] { server_.reset(); });
    reactor_->stop();
    thread_.join();
  }
  void on_loop(const std::function<void()>& work) {
    std::atomic<bool> done = false;
    reactor_->post([&] {
      work();
      done = true;
      done.notify_all();
    });
    done.wait(false);
  }
  std::unique_ptr<HttpClient> connect() {
    return HttpClient::connect(address_, *client_tls_, {}, nullptr).value();
  }
  int connect_raw() {
    const AddressList list = resolve(parse_host_port(address_).value(), false).value();
    const int fd = ::socket(list->ai_family, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(fd, list->ai_addr, list->ai_addrlen), 0);
    return fd;
  }
  // Sends bytes inside TLS as they are and returns all that comes back.
  std::string send_raw(std::string_view bytes) {
    const int fd = connect_raw();
    auto socket = client_tls_->connect(fd, "", nullptr);
    EXPECT_EQ(socket->handshake(), IoStatus::kOk);
    for (IoResult sent{IoStatus::kOk}; !bytes.empty() && sent.status == IoStatus::kOk;
         bytes.remove_prefix(sent.n))
      sent = socket->write(as_bytes(bytes));
    std::string out;
    uint8_t buffer[4096];
    while (true) {
      const IoResult result = socket->read(buffer);
      if (result.status != IoStatus::kOk) break;
      out.append(as_text(BytesView(buffer).first(result.n)));
    }
    ::close(fd);
    return out;
  }

  std::unique_ptr<Reactor> reactor_;
  SigningKey key_;
  TestService service_;
  std::unique_ptr<TlsServerContext> tls_;
  std::unique_ptr<TlsClientContext> client_tls_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
  std::string address_;
};

HttpClientRequest post(std::string target, BytesView body) {
  return {.method = "POST", .target = std::move(target), .fields = {}, .body = {body}};
}

Bytes pattern(size_t n) {
  Bytes out(n);
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<uint8_t>(i * 31 + i / 251);
  return out;
}

TEST_F(HttpTest, EchoesBodiesOfManySizesOnOneConnection) {
  start();
  auto client = connect();
  for (size_t n : {0u, 1u, 64u, 4999u, 5000u, 5001u, 16384u, 16385u, 602112u, 3000000u}) {
    const Bytes body = pattern(n);
    const HttpClientResponse response = client->send(post("/echo", body)).value();
    EXPECT_EQ(response.status, 200u);
    ASSERT_EQ(response.body.size(), n + 4) << n;
    EXPECT_TRUE(equal(BytesView(response.body).subspan(4), body)) << n;
    EXPECT_TRUE(client->usable());
  }
}

TEST_F(HttpTest, StopsReadingWhileTheServiceHasNoRoom) {
  start();
  auto client = connect();
  const Bytes body = pattern(10000);
  const HttpClientResponse response = client->send(post("/trickle", body)).value();
  EXPECT_TRUE(equal(BytesView(response.body).subspan(4), body));
}

TEST_F(HttpTest, ReadsChunkedBodies) {
  start();
  const std::string reply = send_raw(
      "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\n\r\n");
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\ngot abcdefg")) << reply;
}

TEST_F(HttpTest, AnswersPipelinedRequestsInOrder) {
  start();
  const std::string reply = send_raw(
      "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1"
      "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n2"
      "GET /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  const size_t first = reply.find("got 1");
  const size_t second = reply.find("got 2");
  ASSERT_NE(first, std::string::npos) << reply;
  ASSERT_NE(second, std::string::npos) << reply;
  EXPECT_LT(first, second);
}

TEST_F(HttpTest, RefusesWhatIsNotHttp) {
  start();
  const std::string long_field(20000, 'x');
  const std::pair<std::string, std::string_view> cases[] = {
      {"nonsense\r\n\r\n", "http.syntax"},
      {"GET / HTTP/1.1\r\nbad header\r\n\r\n", "http.syntax"},
      {"GET / HTTP/1.1\r\nx: " + long_field + "\r\n\r\n", "http.head-too-large"},
      {"POST /echo HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx", "http.syntax"},
      {"POST /echo HTTP/1.1\r\ncontent-length: -1\r\n\r\n", "http.syntax"},
      {"POST /echo HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n", "http.syntax"},
      {"POST /echo HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nxx",
       "http.syntax"},
      {"POST /echo HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "http.syntax"},
      {"POST /echo HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" + std::string(17, 'f') + "\r\n",
       "http.syntax"},
      {"POST /echo HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;" + long_field, "http.syntax"},
  };
  for (const auto& [bytes, id] : cases) {
    const std::string reply = send_raw(bytes);
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 400")) << bytes.substr(0, 60) << " -> " << reply;
    EXPECT_TRUE(reply.ends_with(id)) << bytes.substr(0, 60) << " -> " << reply;
  }
  std::string many_fields = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 65; ++i) many_fields += "x: y\r\n";
  EXPECT_TRUE(send_raw(many_fields + "\r\n").ends_with("http.head-too-large"));
}

TEST_F(HttpTest, TellsPlainHttpToUseTls) {
  start();
  const int fd = connect_raw();
  const std::string_view request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
  ASSERT_EQ(::write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string reply(4096, '\0');
  const ssize_t n = ::read(fd, reply.data(), reply.size());
  ASSERT_GT(n, 0);
  reply.resize(static_cast<size_t>(n));
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 400")) << reply;
  EXPECT_TRUE(reply.ends_with("tls.required")) << reply;
  ::close(fd);
}

TEST_F(HttpTest, RefusesTls12WithTheProtocolVersionAlert) {
  start();
  const int fd = connect_raw();
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  EXPECT_LE(SSL_connect(ssl), 0);
  SSL_free(ssl);
  SSL_CTX_free(context);
  ::close(fd);
  EXPECT_EQ(connect()->send(post("/echo", {})).value().status, 200u);
}

TEST_F(HttpTest, EarlyAnswerReachesTheClientAndKeepsSmallConnectionsAlive) {
  start();
  auto client = connect();
  const Bytes small = pattern(100000);
  EXPECT_EQ(client->send(post("/refuse", small)).value().status, 403u);
  const Bytes large = pattern(8 << 20);
  auto other = connect();
  EXPECT_EQ(other->send(post("/refuse", large)).value().status, 403u);
  EXPECT_FALSE(other->usable());
}

TEST_F(HttpTest, StreamedBodyIsOnlySentWhenWanted) {
  start();
  uint64_t asked = 0;
  const HttpBodyStream body{.length = 1000000,
                            .read = [&](std::span<uint8_t> out) -> Result<size_t> {
                              std::fill(out.begin(), out.end(), uint8_t{5});
                              asked += out.size();
                              return out.size();
                            },
                            .progress = nullptr};
  auto client = connect();
  EXPECT_EQ(client->send({.method = "PUT", .target = "/refuse", .fields = {}, .body = {}}, body)
                .value()
                .status,
            403u);
  EXPECT_EQ(asked, 0u);
  auto second = connect();
  const auto response =
      second->send({.method = "PUT", .target = "/echo", .fields = {}, .body = {}}, body).value();
  EXPECT_EQ(asked, 1000000u);
  EXPECT_EQ(response.body.size(), 1000004u);
}

TEST_F(HttpTest, ClientThatLeavesEndsItsExchange) {
  start();
  {
    const int fd = connect_raw();
    auto socket = client_tls_->connect(fd, "", nullptr);
    ASSERT_EQ(socket->handshake(), IoStatus::kOk);
    socket->write(as_bytes("GET /hold HTTP/1.1\r\nhost: x\r\n\r\n"));
    while (service_.num_held == 0) std::this_thread::sleep_for(milliseconds(1));
    ::close(fd);
  }
  for (int i = 0; i < 2000 && service_.exchanges_ended == 0; ++i)
    std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(service_.exchanges_ended, 1);
  on_loop([this] { service_.held.at(0).send({}); });  // too late, and harmless
}

TEST_F(HttpTest, SlowHeadsAreCutOff) {
  HttpServerLimits limits;
  limits.head_time = seconds(1);
  start(limits);
  const int fd = connect_raw();
  uint8_t byte = 0;
  EXPECT_EQ(::read(fd, &byte, 1), 0);  // the server closes it, having seen nothing
  ::close(fd);
  EXPECT_TRUE(send_raw("GET / HT").empty());
}

// Sends the head, then a byte now and then, or reads one: until the server has had enough.
TEST_F(HttpTest, BodiesThatTrickleAreCutOff) {
  HttpServerLimits limits;
  limits.stall_time = seconds(1);
  limits.min_rate = 1000;
  start(limits);
  for (const char* framing :
       {"content-length: 100000\r\n\r\n", "transfer-encoding: chunked\r\n\r\n"}) {
    const int before = service_.exchanges_ended;
    const int fd = connect_raw();
    auto socket = client_tls_->connect(fd, "", nullptr);
    ASSERT_EQ(socket->handshake(), IoStatus::kOk);
    socket->write(as_bytes("POST /echo HTTP/1.1\r\nhost: x\r\n" + std::string(framing)));
    const bool chunked = std::string_view(framing).starts_with("transfer");
    int sent = 0;
    while (sent < 100 && service_.exchanges_ended == before) {
      const IoResult written = socket->write(as_bytes(chunked ? "1\r\nx\r\n" : "x"));
      if (written.status != IoStatus::kOk) break;
      ++sent;
      std::this_thread::sleep_for(milliseconds(100));
    }
    EXPECT_LT(sent, 100) << framing;
    EXPECT_GT(sent, 3) << "it never stood still so long as to be cut off for that";
    ::close(fd);
  }
}

TEST_F(HttpTest, AnswersThatAreTakenInATrickleAreCutOff) {
  HttpServerLimits limits;
  limits.stall_time = seconds(1);
  limits.min_rate = 4 << 20;  // more than this reader takes, though it never stops
  start(limits);
  const int fd = connect_raw();
  auto socket = client_tls_->connect(fd, "", nullptr);
  ASSERT_EQ(socket->handshake(), IoStatus::kOk);
  const Bytes body = pattern(24 << 20);
  socket->write(as_bytes("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: " +
                         std::to_string(body.size()) + "\r\n\r\n"));
  for (BytesView left = body; !left.empty();) {
    const IoResult sent = socket->write(left);
    ASSERT_EQ(sent.status, IoStatus::kOk);
    left = left.subspan(sent.n);
  }
  Bytes piece(64 * 1024);
  size_t taken = 0;
  while (taken < body.size()) {
    const IoResult got = socket->read(piece);
    if (got.status != IoStatus::kOk) break;
    taken += got.n;
    std::this_thread::sleep_for(milliseconds(50));
    if (service_.exchanges_ended != 0) break;
  }
  EXPECT_LT(taken, body.size());
  ::close(fd);
}

TEST_F(HttpTest, WhenFullTheLongestIdleConnectionMakesRoom) {
  HttpServerLimits limits;
  limits.num_connections = 2;
  start(limits);
  auto first = connect();
  ASSERT_TRUE(first->send(post("/echo", pattern(10))).has_value());
  auto second = connect();
  ASSERT_TRUE(second->send(post("/echo", pattern(10))).has_value());
  auto third = connect();
  EXPECT_TRUE(third->send(post("/echo", pattern(10))).has_value());
  EXPECT_TRUE(second->send(post("/echo", pattern(10))).has_value());
  EXPECT_FALSE(first->send(post("/echo", pattern(10))).has_value());
  on_loop([this] {
    EXPECT_EQ(server_->counters().idle_closed, 1u);
    EXPECT_EQ(server_->counters().connections_open, 2u);
  });
}

TEST_F(HttpTest, DrainFinishesRunningRequestsAndClosesIdleOnes) {
  start();
  auto idle = connect();
  EXPECT_EQ(idle->send(post("/echo", {})).value().status, 200u);
  auto busy = connect();
  std::thread request([&] {
    const auto response = busy->send(post("/hold", {}));
    EXPECT_EQ(response.value().status, 200u);
  });
  while (service_.num_held == 0) std::this_thread::sleep_for(milliseconds(1));
  std::atomic<bool> drained = false;
  on_loop([&] { server_->drain(seconds(20), [&] { drained = true; }); });
  EXPECT_EQ(idle->send(post("/echo", {})).error().name(), "net.closed");
  EXPECT_FALSE(drained);
  on_loop([this] { service_.held.at(0).send({}); });
  request.join();
  for (int i = 0; i < 2000 && !drained; ++i) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(drained);
  EXPECT_EQ(HttpClient::connect(address_, *client_tls_, {}, nullptr).error().name(), "net.connect");
}

TEST_F(HttpTest, WaitingEndsWhenAskedTo) {
  const int silent = listen_on("127.0.0.1:0").value();  // never accepts
  const std::string address = "127.0.0.1:" + std::to_string(port_of(silent));
  HttpClientOptions options;
  int asked = 0;
  options.interrupted = [&asked] { return ++asked == 2; };
  EXPECT_EQ(HttpClient::connect(address, *client_tls_, options, nullptr).error().name(),
            "net.interrupted");
  EXPECT_EQ(asked, 2);
  ::close(silent);
}

TEST_F(HttpTest, BothEndsExportTheSameKeyAndSessionsResume) {
  start();
  auto client = connect();
  std::string server_side;
  std::thread request([&] { (void)client->send(post("/hold", {})); });
  while (service_.num_held == 0) std::this_thread::sleep_for(milliseconds(1));
  on_loop([&] {
    server_side = to_hex(service_.held.at(0).export_key("EXPORTER-test").value());
    service_.held.at(0).send({});
  });
  request.join();
  EXPECT_EQ(server_side, to_hex(client->tls().export_key("EXPORTER-test").value()));
  const std::shared_ptr<TlsSession> session = client->tls().session();
  ASSERT_NE(session, nullptr);
  auto resumed = HttpClient::connect(address_, *client_tls_, {}, session.get()).value();
  EXPECT_TRUE(resumed->tls().resumed());
  EXPECT_NE(to_hex(resumed->tls().export_key("EXPORTER-test").value()), server_side);
}

TEST_F(HttpTest, EveryRequestsEndIsToldOnce) {
  start();
  {
    auto client = connect();
    (void)client->send(post("/echo", pattern(100))).value();
    (void)client->send(post("/refuse", {})).value();
  }
  (void)send_raw("nonsense\r\n\r\n");
  (void)send_raw("POST /echo HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n");
  {
    const int fd = connect_raw();
    auto socket = client_tls_->connect(fd, "", nullptr);
    ASSERT_EQ(socket->handshake(), IoStatus::kOk);
    socket->write(as_bytes("GET /hold HTTP/1.1\r\nhost: x\r\n\r\n"));
    while (service_.num_held == 0) std::this_thread::sleep_for(milliseconds(1));
    ::close(fd);
  }
  while (service_.exchanges_ended < 3) std::this_thread::sleep_for(milliseconds(1));
  std::vector<std::pair<uint8_t, unsigned>> ends;
  on_loop([&] {
    for (const HttpEnded& end : service_.ends) {
      ends.emplace_back(end.kind, end.status);
      EXPECT_GE(end.time.count(), 0);
      EXPECT_LT(end.time, seconds(60));
    }
  });
  const std::vector<std::pair<uint8_t, unsigned>> expected = {
      {5, 200}, {7, 403}, {0, 400}, {5, 400}, {5, 0}};
  EXPECT_EQ(ends, expected);
}

struct CountingNote final : HttpNote {
  int seen = 1;
};

TEST_F(HttpTest, NotesStayWithTheirConnection) {
  start();
  auto first = connect();
  auto second = connect();
  // The answer to a held request, looked at before it is given.
  const auto ask = [&](HttpClient& client, const std::function<void(const HttpReply&)>& look) {
    const int before = service_.num_held;
    std::thread request([&] { EXPECT_TRUE(client.send(post("/hold", {})).has_value()); });
    while (service_.num_held == before) std::this_thread::sleep_for(milliseconds(1));
    on_loop([&] {
      look(service_.held.back());
      service_.held.back().send({});
    });
    request.join();
  };
  std::weak_ptr<HttpNote> kept;
  ask(*first, [&](const HttpReply& reply) {
    EXPECT_EQ(reply.note(), nullptr);
    auto note = std::make_shared<CountingNote>();
    kept = note;
    reply.leave_note(std::move(note));
  });
  ask(*second, [&](const HttpReply& reply) { EXPECT_EQ(reply.note(), nullptr); });
  ask(*first, [&](const HttpReply& reply) { EXPECT_EQ(reply.note(), kept.lock()); });
  EXPECT_FALSE(kept.expired());
  first.reset();
  for (int i = 0; i < 2000 && !kept.expired(); ++i) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(kept.expired());
}

TEST_F(HttpTest, ServesWithoutTlsWhereAskedTo) {
  const int fd = listen_on("127.0.0.1:0").value();
  const std::string url = "http://127.0.0.1:" + std::to_string(port_of(fd));
  server_ = HttpServer::create_plain(*reactor_, fd, service_, {});
  thread_ = std::thread([this] { reactor_->run(); });
  auto client = HttpClient::connect(parse_url(url).value(), nullptr, {}).value();
  for (size_t n : {0u, 5000u, 3000000u}) {
    const Bytes body = pattern(n);
    const HttpClientResponse response = client->send(post("/echo", body)).value();
    EXPECT_EQ(response.status, 200u);
    EXPECT_TRUE(equal(BytesView(response.body).subspan(4), body)) << n;
  }
  EXPECT_EQ(client->send(post("/refuse", {})).value().status, 403u);
  std::thread request([&] { EXPECT_TRUE(client->send(post("/hold", {})).has_value()); });
  while (service_.num_held == 0) std::this_thread::sleep_for(milliseconds(1));
  on_loop([&] {
    EXPECT_EQ(service_.held.at(0).export_key("EXPORTER-test").error().name(), "tls.closed");
    service_.held.at(0).send({});
  });
  request.join();
}

TEST(Address, ParsesWhatPeopleWriteAndRefusesTheRest) {
  EXPECT_EQ(parse_host_port("localhost:9924")->host, "localhost");
  EXPECT_EQ(parse_host_port("https://[::1]:1/")->host, "::1");
  EXPECT_EQ(parse_host_port("example.org", "9924")->port, "9924");
  EXPECT_EQ(parse_host_port("[fe80::1%lo]:1")->host, "fe80::1%lo");
  for (const char* bad : {"", "host", ":1", "host:", "host:70000", "host:1x", "[::1", "[::1]x",
                          "[[1]:1", "[1]:1", "[a.b]:1", "a]b:1", "a b:1", "[]:1"})
    EXPECT_EQ(parse_host_port(bad).error().name(), "net.address") << bad;
}

TEST(Address, KnowsWhatOnlyThisMachineReaches) {
  const auto loopback = [](const char* text) {
    return all_loopback(resolve(parse_host_port(text).value(), true).value());
  };
  for (const char* own : {"127.0.0.1:1", "127.8.9.10:1", "[::1]:1"})
    EXPECT_TRUE(loopback(own)) << own;
  for (const char* other :
       {"0.0.0.0:1", "[::]:1", "128.0.0.1:1", "10.0.0.1:1", "[::2]:1", "[::ffff:127.0.0.1]:1"})
    EXPECT_FALSE(loopback(other)) << other;
}

}  // namespace
}  // namespace blindai
