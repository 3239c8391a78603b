// Whoever sends models that are refused waits for the next; nobody else does.
#include "tests/serving/serving_fixture.h"

namespace blindai {
namespace {

constexpr const char* kRefusals = "blindai_limit_refusals_total{limit=\"refused_models\"}";

class RefusedModels : public ServingTest {
 protected:
  void start(const std::string& refusal_pause) {
    ServingTest::start("owners = [\"" + to_text(key_of(1).public_key()) + "\"]\n",
                       {"--refusal-pause", refusal_pause});
    anonymous_ = std::make_unique<Peer>(server_.address(), no_proof());
    owner_ = std::make_unique<Peer>(server_.address(), proof_of(key_of(1)));
  }
  static Reply put(Peer& peer, const std::string& id, const Bytes& model) {
    return peer.ask("PUT", "/v1/models/" + id, model);
  }

  const Bytes good_ = onnx_builder::identity(Datatype::kFp32, {-1, 4});
  const Bytes bad_ = Bytes(100, 0xff);
  std::unique_ptr<Peer> anonymous_;
  std::unique_ptr<Peer> owner_;
};

TEST_F(RefusedModels, ALongPauseIsToldAndNothingIsTaken) {
  start("1000");  // no worker starts and refuses within 10 ms, so this is more than 10 s
  EXPECT_EQ(put(*anonymous_, "m", bad_).status, 422u);
  const Reply told = put(*anonymous_, "m", good_);
  EXPECT_EQ(told.status, 429u) << told.body;
  EXPECT_EQ(told.code, "limit.refused-models");
  const int after = std::stoi(std::string(told.field("retry-after").value_or("-1")));
  EXPECT_GT(after, 10);
  EXPECT_LE(after, 60);
  EXPECT_TRUE(told.sentence.contains(std::to_string(after) + " s")) << told.sentence;
  EXPECT_EQ(metric(kRefusals), 1);
  // A new connection is the same caller; an owner is another one.
  EXPECT_EQ(put(*std::make_unique<Peer>(server_.address(), no_proof()), "m", good_).code,
            "limit.refused-models");
  EXPECT_EQ(put(*owner_, "n", good_).status, 201u);
  EXPECT_EQ(owner_->ask("GET", "/v2/models/m").code, "model.unknown");
  EXPECT_EQ(infer("n", identity_request({1, 2, 3, 4})).status, 200u);
}

TEST_F(RefusedModels, AShortPauseIsWaitedForByTheServer) {
  start("1");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(put(*anonymous_, "m", bad_).status, 422u);
  EXPECT_EQ(put(*anonymous_, "m", good_).status, 201u);
  EXPECT_EQ(metric(kRefusals), 0);
}

TEST_F(RefusedModels, WhoLeavesDuringThePauseLeavesNothing) {
  start("20");
  EXPECT_EQ(put(*anonymous_, "m", bad_).status, 422u);
  EXPECT_TRUE(ask_and_leave("PUT", "/v1/models/m", good_, std::chrono::milliseconds(50)));
  EXPECT_TRUE(
      wait_until([this] { return metric("blindai_uploads_total{end=\"abandoned\"}") == 1; }));
  EXPECT_EQ(owner_->ask("GET", "/v2/models/m").code, "model.unknown");
  EXPECT_EQ(put(*owner_, "m", good_).status, 201u);
}

}  // namespace
}  // namespace blindai
