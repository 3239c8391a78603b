// Uploads that do not say how long they are and grow past a limit on the way: what is answered,
// what is left, and that the room they had taken is given back.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "net/address.h"
#include "tests/access/peer.h"
#include "tests/onnx_builder.h"
#include "tests/server_process.h"

namespace blindai {
namespace {

// One TLS connection on which the test writes the requests itself.
class RawPeer {
 public:
  RawPeer(const std::string& address, const Peer::Proof& proof) {
    const AddressList list = resolve(parse_host_port(address).value(), false).value();
    fd_ = ::socket(list->ai_family, SOCK_STREAM, 0);
    // Nothing here takes the server half a minute.
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::connect(fd_, list->ai_addr, list->ai_addrlen), 0);
    socket_ = tls_->connect(fd_, "", nullptr);
    EXPECT_EQ(socket_->handshake(), IoStatus::kOk);
    credentials_ = proof(socket_->export_key(kAuthExporterLabel).value());
  }
  ~RawPeer() { ::close(fd_); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  // A chunked upload's head.
  void begin(const std::string& id) {
    std::string head = "PUT /v1/models/" + id + " HTTP/1.1\r\nhost: x\r\n";
    for (const auto& [name, value] : credentials_) head.append(name + ": " + value + "\r\n");
    EXPECT_TRUE(send(as_bytes(head + "transfer-encoding: chunked\r\n\r\n")));
  }
  bool chunk(BytesView bytes) {
    char size[20];
    const int n = std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    Bytes out = to_bytes(as_bytes(std::string_view(size, static_cast<size_t>(n))));
    append(out, bytes);
    append(out, as_bytes("\r\n"));
    return send(out);
  }
  // All of it, in chunks of so many bytes, and the end.
  void chunks(BytesView bytes, size_t each) {
    for (size_t at = 0; at < bytes.size(); at += each)
      EXPECT_TRUE(chunk(bytes.subspan(at, std::min(each, bytes.size() - at))));
    end();
  }
  void end() { EXPECT_TRUE(send(as_bytes("0\r\n\r\n"))); }
  // The next answer; status 0 when the connection ended before it.
  Reply answer() {
    HttpParser parser(HttpParser::Kind::kResponse, {});
    while (parser.head() == nullptr) {
      const size_t used = parser.feed_head(in_).value();
      in_.erase(in_.begin(), in_.begin() + static_cast<ptrdiff_t>(used));
      if (parser.head() == nullptr && !fill()) return {};
    }
    const HttpHead& head = *parser.head();
    const size_t length = head.content_length.value_or(0);
    while (in_.size() < length)
      if (!fill()) return {};
    const auto end = in_.begin() + static_cast<ptrdiff_t>(length);
    const HttpClientResponse out{
        .status = head.status, .fields = head.fields, .body = {in_.begin(), end}};
    in_.erase(in_.begin(), end);
    return reply_of(out);
  }
  // Whether the server ended the connection and nothing more came.
  bool ended() { return !fill(); }

 private:
  bool send(BytesView bytes) {
    while (!bytes.empty()) {
      const IoResult sent = socket_->write(bytes);
      if (sent.status != IoStatus::kOk) return false;
      bytes = bytes.subspan(sent.n);
    }
    return true;
  }
  bool fill() {
    uint8_t buffer[4096];
    const IoResult got = socket_->read(buffer);
    if (got.status != IoStatus::kOk) return false;
    append(in_, BytesView(buffer).first(got.n));
    return true;
  }

  const std::unique_ptr<TlsClientContext> tls_ = TlsClientContext::create();
  int fd_ = -1;
  std::unique_ptr<TlsSocket> socket_;
  HttpFields credentials_;
  Bytes in_;
};

class ChunkedUploads : public testing::Test {
 protected:
  void start(const std::string& limits) {
    ASSERT_TRUE(server_.start("owners = [\"" + to_text(key_of(1).public_key()) + "\",\"" +
                              to_text(key_of(2).public_key()) + "\"]\n[limits]\n" + limits))
        << server_.log();
    before_ = files();
    owner_ = std::make_unique<Peer>(server_.address(), proof_of(key_of(1)));
    raw_ = std::make_unique<RawPeer>(server_.address(), proof_of(key_of(1)));
  }
  size_t files() const {
    const std::filesystem::directory_iterator all(server_.folder() + "/store");
    return static_cast<size_t>(std::distance(begin(all), end(all)));
  }
  // What was written is removed by another thread, after the answer.
  bool nothing_is_left(size_t models) const {
    for (int i = 0; i < 1000 && files() != before_ + models; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return files() == before_ + models;
  }
  // The server begins to seal an upload once it has so much of it.
  static constexpr size_t kPiece = 256 * 1024;
  bool has_read_a_piece() const {
    for (int i = 0; i < 1000; ++i) {
      for (const auto& file : std::filesystem::directory_iterator(server_.folder() + "/store"))
        if (file.file_size() > kPiece / 2) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  static void expect_refused(const Reply& reply, unsigned status, const std::string& code,
                             const std::string& limit) {
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_EQ(reply.code, code);
    EXPECT_TRUE(reply.sentence.contains(limit)) << reply.sentence;
  }
  // An upload that a limit does not allow and one that it allows, on the same connection, which
  // goes on.
  void expect_limit(uint64_t most, unsigned status, const std::string& code,
                    const std::string& limit) {
    const Bytes longer = onnx_builder::heavy(most);  // the weights alone are as much
    ASSERT_GT(longer.size(), most);
    raw_->begin("too-long");
    raw_->chunks(longer, 3000);
    const Reply refused = raw_->answer();
    expect_refused(refused, status, code, limit + " = " + std::to_string(most));
    EXPECT_EQ(refused.field("connection"), std::nullopt);
    EXPECT_TRUE(nothing_is_left(0));
    EXPECT_EQ(owner_->ask("GET", "/v1/models/too-long").code, "model.unknown");
    EXPECT_EQ(owner_->ask("GET", "/v1/models").body, R"({"models":[]})");

    raw_->begin("fits");
    raw_->chunks(model_, 100);
    EXPECT_EQ(raw_->answer().status, 201u);
    EXPECT_TRUE(nothing_is_left(1));
    EXPECT_EQ(owner_->ask("GET", "/v1/models/fits").status, 200u);
  }

  const Bytes model_ = onnx_builder::identity(Datatype::kFp32, {-1, 4});
  ServerProcess server_;
  size_t before_ = 0;
  std::unique_ptr<Peer> owner_;
  std::unique_ptr<RawPeer> raw_;
};

constexpr uint64_t kMost = 600'000;  // more than two pieces

TEST_F(ChunkedUploads, GrowPastTheBytesOfAModel) {
  start("bytes_per_model = 600000\n");
  expect_limit(kMost, 413, "limit.bytes-per-model", "bytes_per_model");
}

TEST_F(ChunkedUploads, GrowPastTheBytesOfAnAccount) {
  start("bytes_per_account = 600000\n");
  expect_limit(kMost, 403, "limit.bytes-per-account", "bytes_per_account");
}

TEST_F(ChunkedUploads, GrowPastTheBytesOfTheServer) {
  start("total_bytes = 600000\n");
  expect_limit(kMost, 507, "limit.total-bytes", "total_bytes");
}

TEST_F(ChunkedUploads, HaveRoomUpToTheLastByte) {
  const Bytes model = onnx_builder::heavy(400'000);
  start("bytes_per_model = " + std::to_string(model.size()) + "\n");
  raw_->begin("m");
  raw_->chunks(model, 70'000);
  EXPECT_EQ(raw_->answer().status, 201u);
  Bytes longer = model;
  longer.push_back(0);
  raw_->begin("n");
  raw_->chunks(longer, 70'000);
  expect_refused(raw_->answer(), 413, "limit.bytes-per-model",
                 "bytes_per_model = " + std::to_string(model.size()));
}

// Two that each fit alone share the room; the one that asks for too much goes, and gives its part
// to the other at once, however long its client goes on sending.
TEST_F(ChunkedUploads, GiveTheirRoomBackWhenTheyAreRefused) {
  start("total_bytes = 600000\n");
  RawPeer other(server_.address(), proof_of(key_of(2)));
  const Bytes half = onnx_builder::heavy(350'000);
  raw_->begin("first");
  EXPECT_TRUE(raw_->chunk(BytesView(half).first(kPiece)));
  ASSERT_TRUE(has_read_a_piece());
  other.begin("second");
  EXPECT_TRUE(other.chunk(BytesView(half).first(300'000)));
  EXPECT_TRUE(other.chunk(BytesView(half).subspan(300'000)));
  expect_refused(other.answer(), 507, "limit.total-bytes", "total_bytes = 600000");
  EXPECT_TRUE(raw_->chunk(BytesView(half).subspan(kPiece)));
  raw_->end();
  EXPECT_EQ(raw_->answer().status, 201u);
  EXPECT_TRUE(nothing_is_left(1));
  // The refused one's body ends, and its connection takes the next request.
  other.end();
  other.begin("small");
  other.chunks(model_, 100);
  EXPECT_EQ(other.answer().status, 201u);
}

// More than the server reads of a body that it has answered already: it closes, and the answer is
// not lost.
TEST_F(ChunkedUploads, AreCutOffWhenTheyDoNotEnd) {
  start("bytes_per_model = 100000\n");
  raw_->begin("endless");
  const Bytes piece(64 * 1024);
  for (int i = 0; i < 80; ++i)
    if (!raw_->chunk(piece)) break;
  expect_refused(raw_->answer(), 413, "limit.bytes-per-model", "bytes_per_model = 100000");
  EXPECT_TRUE(raw_->ended());
  EXPECT_TRUE(nothing_is_left(0));
  EXPECT_EQ(owner_->ask("PUT", "/v1/models/m", model_).status, 201u);
}

}  // namespace
}  // namespace blindai
