// What requests hold of the server while they are on their way: no more than there is for them, and
// one account no more than half of it.
#include <cstring>

#include "lib/base/byte_reader.h"
#include "lib/crypto/crypto.h"
#include "tests/serving/serving_fixture.h"

namespace blindai {
namespace {

constexpr size_t kMiB = 1 << 20;

// A prediction of `bytes` of a UINT8 tensor that is announced, of which only a part is sent.
class UnfinishedRequest {
 public:
  UnfinishedRequest(const std::string& address, size_t bytes, size_t sent)
      : tls_(TlsClientContext::create()) {
    client_ = HttpClient::connect(address, *tls_, {}, nullptr).value();
    const std::string json = R"({"inputs":[{"name":"x","datatype":"UINT8","shape":[)" +
                             std::to_string(bytes) + R"(],"parameters":{"binary_data_size":)" +
                             std::to_string(bytes) + "}}]}";
    std::string head = "POST /v2/models/m/infer HTTP/1.1\r\nhost: x\r\n";
    head += "inference-header-content-length: " + std::to_string(json.size()) + "\r\n";
    head += "content-length: " + std::to_string(json.size() + bytes) + "\r\n\r\n" + json;
    write(as_bytes(head));
    write(Bytes(sent, 1));
  }
  // The status and whatever else of the answer comes first; empty when the connection ended.
  std::string answer() {
    Bytes buffer(64 * 1024);
    while (true) {
      const IoResult got = client_->tls().read(buffer);
      if (got.status == IoStatus::kOk) return std::string(as_text(BytesView(buffer).first(got.n)));
      if (got.status != IoStatus::kWantRead) return "";
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

 private:
  void write(BytesView data) {
    while (!data.empty()) {
      const IoResult sent = client_->tls().write(data);
      if (sent.status == IoStatus::kOk) {
        data = data.subspan(sent.n);
      } else if (sent.status == IoStatus::kWantWrite || sent.status == IoStatus::kWantRead) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      } else {
        return;  // answered early
      }
    }
  }
  std::unique_ptr<TlsClientContext> tls_;
  std::unique_ptr<HttpClient> client_;
};

class Bodies : public ServingTest {
 protected:
  static Bytes model() { return onnx_builder::identity(Datatype::kUint8, {-1}); }
  double held_mib() const { return metric("blindai_held_bytes") / kMiB; }
  Peer owner() { return {server_.address(), proof_of(key_of(1))}; }
  static std::string small() {
    return R"({"inputs":[{"name":"x","datatype":"UINT8","shape":[2],"data":[1,2]}]})";
  }
};

TEST_F(Bodies, OneAccountHoldsNoMoreThanItsHalfAndOthersAreServed) {
  start("owners = [\"" + to_text(key_of(1).public_key()) + "\"]\n", {"--bodies", "64"});
  upload("m", model());
  std::vector<std::unique_ptr<UnfinishedRequest>> slow;
  for (int i = 0; i < 3; ++i)
    slow.push_back(std::make_unique<UnfinishedRequest>(server_.address(), 10 * kMiB, 100));
  EXPECT_TRUE(wait_until([&] { return held_mib() >= 30; }));
  // Callers without an account are one.
  UnfinishedRequest fourth(server_.address(), 10 * kMiB, 0);
  const std::string refusal = fourth.answer();
  EXPECT_TRUE(refusal.starts_with("HTTP/1.1 429")) << refusal;
  EXPECT_TRUE(refusal.contains("limit.account-bytes")) << refusal;
  EXPECT_TRUE(refusal.contains("retry-after: 1")) << refusal;
  EXPECT_LT(held_mib(), 32);
  // Small ones find room, and the account has its own.
  EXPECT_EQ(infer("m", small()).status, 200u);
  EXPECT_EQ(owner().ask("POST", "/v2/models/m/infer", small()).status, 200u);
  // Whoever leaves gives back.
  slow.clear();
  EXPECT_TRUE(wait_until([&] { return held_mib() < 1; }));
  UnfinishedRequest next(server_.address(), 10 * kMiB, 10 * kMiB);
  EXPECT_TRUE(next.answer().starts_with("HTTP/1.1 200"));
  EXPECT_GE(metric("blindai_limit_refusals_total{limit=\"bytes_in_flight\"}"), 1);
}

TEST_F(Bodies, ARequestLargerThanAnyMayBeIsToldSo) {
  start("", {"--bodies", "64"});
  upload("m", model());
  UnfinishedRequest huge(server_.address(), 40 * kMiB, 0);
  const std::string refusal = huge.answer();
  EXPECT_TRUE(refusal.starts_with("HTTP/1.1 413")) << refusal;
  EXPECT_TRUE(refusal.contains("limit.request-bytes")) << refusal;
}

TEST_F(Bodies, WhatIsOnlyAnnouncedTakesNoMemory) {
  start("", {"--bodies", "1024"});
  upload("m", model());
  EXPECT_EQ(infer("m", small()).status, 200u);
  const double before = metric("blindai_resident_bytes");
  std::vector<std::unique_ptr<UnfinishedRequest>> slow;
  for (int i = 0; i < 15; ++i)
    slow.push_back(std::make_unique<UnfinishedRequest>(server_.address(), 30 * kMiB, 1000));
  EXPECT_TRUE(wait_until([&] { return held_mib() >= 450; }));
  EXPECT_LT(metric("blindai_resident_bytes") - before, 20.0 * kMiB);
  EXPECT_EQ(infer("m", small()).status, 200u);
}

// A reader that takes nothing holds its answer, which is counted, and nobody else's.
TEST_F(Bodies, AnAnswerThatNobodyTakesIsCountedUntilItsConnectionEnds) {
  start("", {"--bodies", "256"});
  upload("m", model());
  {
    UnfinishedRequest slow(server_.address(), 30 * kMiB, 30 * kMiB);
    EXPECT_TRUE(wait_until([&] { return held_mib() >= 60; }));
    EXPECT_EQ(infer("m", small()).status, 200u);
  }
  EXPECT_TRUE(wait_until([&] { return held_mib() < 1; }));
}

TEST_F(Bodies, ManyBodiesAtOnceEachComeBackAsTheyWere) {
  start("", {"--bodies", "512"});
  upload("m", model());
  std::vector<std::thread> clients;
  std::atomic<int> right = 0;
  for (uint8_t i = 1; i <= 8; ++i)
    clients.emplace_back([&, i] {
      const size_t bytes = 3 * kMiB + i;
      const std::string json = R"({"inputs":[{"name":"x","datatype":"UINT8","shape":[)" +
                               std::to_string(bytes) + R"(],"parameters":{"binary_data_size":)" +
                               std::to_string(bytes) +
                               R"(}}],"outputs":[{"name":"y","parameters":{"binary_data":true}}]})";
      Bytes body = to_bytes(as_bytes(json));
      body.resize(json.size() + bytes, i);
      Peer peer(server_.address(), no_proof());
      for (int round = 0; round < 3; ++round) {
        const Reply reply =
            peer.ask("POST", "/v2/models/m/infer", BytesView(body),
                     {{"inference-header-content-length", std::to_string(json.size())}});
        ASSERT_EQ(reply.status, 200u) << reply.body.substr(0, 200);
        const Bytes wanted(bytes, i);
        ASSERT_GE(reply.body.size(), bytes);
        if (std::memcmp(reply.body.data() + reply.body.size() - bytes, wanted.data(), bytes) == 0)
          ++right;
      }
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 24);
  EXPECT_TRUE(wait_until([&] { return held_mib() < 1; }));
}

}  // namespace
}  // namespace blindai
