// Each limit at its edge: the last that is allowed, and the first that is refused, which is told
// the limit's name and value.
#include <ctime>
#include <gtest/gtest.h>
#include <thread>

#include "tests/access/peer.h"
#include "tests/onnx_builder.h"
#include "tests/server_process.h"

namespace blindai {
namespace {

constexpr const char* kLimitsInfer =
    R"({"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]})";

class Limits : public testing::Test {
 protected:
  void start(const std::string& config) {
    ASSERT_TRUE(server_.start("owners = [\"" + to_text(key_of(1).public_key()) + "\"]\n" +
                              "token_issuers = [\"" + to_base64(issuer_.spki()) + "\"]\n" + config))
        << server_.log();
    owner_ = std::make_unique<Peer>(server_.address(), proof_of(key_of(1)));
  }
  Peer account(uint8_t seed, const AccountLimits& limits) {
    const std::string token = token_of(seed, limits, issuer_, {std::time(nullptr)});
    return {server_.address(), proof_of(key_of(seed), token)};
  }
  static Reply put(Peer& peer, const std::string& id, const Bytes& model, HttpFields fields = {}) {
    return peer.ask("PUT", "/v1/models/" + id, model, std::move(fields));
  }
  static Reply infer(Peer& peer, const std::string& id = "m") {
    return peer.ask("POST", "/v2/models/" + id + "/infer", std::string(kLimitsInfer));
  }
  static void expect_refused(const Reply& reply, unsigned status, const std::string& code,
                             const std::string& limit) {
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_EQ(reply.code, code);
    EXPECT_TRUE(reply.sentence.contains(limit)) << reply.sentence;
  }
  static void expect_retry(const Reply& reply, int least, int most) {
    const int seconds = std::stoi(std::string(reply.field("retry-after").value_or("-1")));
    EXPECT_GE(seconds, least);
    EXPECT_LE(seconds, most);
  }

  const Bytes model_ = onnx_builder::identity(Datatype::kFp32, {-1, 4});
  const Bytes larger_ = onnx_builder::heavy(1000);
  const SigningKey issuer_ = SigningKey::generate();
  ServerProcess server_;
  std::unique_ptr<Peer> owner_;
};

TEST_F(Limits, ModelsPerAccount) {
  start("[limits]\nmodels_per_account = 2\n");
  EXPECT_EQ(put(*owner_, "a", model_).status, 201u);
  EXPECT_EQ(put(*owner_, "b", model_).status, 201u);
  expect_refused(put(*owner_, "c", model_), 403, "limit.models-per-account",
                 "models_per_account = 2");
  EXPECT_EQ(put(*owner_, "b", larger_, {{"blindai-replace", "true"}}).status, 201u);
  // Another account has its own; a token's stricter limit wins, a laxer one does not.
  Peer one = account(2, {.models_per_account = 1});
  EXPECT_EQ(put(one, "d", model_).status, 201u);
  expect_refused(put(one, "e", model_), 403, "limit.models-per-account", "models_per_account = 1");
  Peer nine = account(3, {.models_per_account = 9});
  EXPECT_EQ(put(nine, "f", model_).status, 201u);
  EXPECT_EQ(put(nine, "g", model_).status, 201u);
  expect_refused(put(nine, "h", model_), 403, "limit.models-per-account", "models_per_account = 2");
  EXPECT_EQ(owner_->ask("DELETE", "/v1/models/a").status, 200u);
  EXPECT_EQ(put(*owner_, "c", model_).status, 201u);
}

TEST_F(Limits, BytesPerModel) {
  const std::string most = std::to_string(larger_.size());
  start("[limits]\nbytes_per_model = " + most + "\n");
  EXPECT_EQ(put(*owner_, "a", larger_).status, 201u);
  Bytes longer = larger_;
  longer.push_back(0);
  expect_refused(put(*owner_, "b", longer), 413, "limit.bytes-per-model",
                 "bytes_per_model = " + most);
  Peer small = account(2, {.bytes_per_model = larger_.size() - 1});
  expect_refused(put(small, "c", larger_), 413, "limit.bytes-per-model",
                 "bytes_per_model = " + std::to_string(larger_.size() - 1));
}

TEST_F(Limits, MaxModelBytes) {
  const std::string most = std::to_string(larger_.size());
  start("max_model_bytes = " + most + "\n");
  EXPECT_EQ(put(*owner_, "a", larger_).status, 201u);
  Bytes longer = larger_;
  longer.push_back(0);
  expect_refused(put(*owner_, "b", longer), 413, "vault.model-size", "max_model_bytes = " + most);
}

TEST_F(Limits, BytesPerAccount) {
  const std::string most = std::to_string(model_.size() + larger_.size());
  start("[limits]\nbytes_per_account = " + most + "\n");
  EXPECT_EQ(put(*owner_, "a", larger_).status, 201u);
  EXPECT_EQ(put(*owner_, "b", model_).status, 201u);
  expect_refused(put(*owner_, "c", model_), 403, "limit.bytes-per-account",
                 "bytes_per_account = " + most);
  Peer other = account(2, {});
  EXPECT_EQ(put(other, "d", larger_).status, 201u);
}

TEST_F(Limits, TotalBytes) {
  const std::string most = std::to_string(model_.size() + larger_.size());
  start("[limits]\ntotal_bytes = " + most + "\n");
  Peer other = account(2, {});
  EXPECT_EQ(put(other, "a", larger_).status, 201u);
  EXPECT_EQ(put(*owner_, "b", model_).status, 201u);
  expect_refused(put(*owner_, "c", model_), 507, "limit.total-bytes", "total_bytes = " + most);
  EXPECT_EQ(other.ask("DELETE", "/v1/models/a").status, 200u);
  EXPECT_EQ(put(*owner_, "c", larger_).status, 201u);
}

TEST_F(Limits, MaxModels) {
  start("max_models = 1\n");
  EXPECT_EQ(put(*owner_, "a", model_).status, 201u);
  expect_refused(put(*owner_, "b", model_), 507, "vault.num-models", "max_models = 1");
}

TEST_F(Limits, ModelsInMemoryOnly) {
  start("max_unsaved_bytes = 200000\n");  // sealed: a header and a block or more
  const Bytes big = onnx_builder::heavy(200'000);
  const HttpFields passing{{"blindai-save-model", "false"}};
  EXPECT_EQ(put(*owner_, "a", model_, passing).status, 201u);
  expect_refused(put(*owner_, "b", big, passing), 507, "vault.memory-full",
                 "max_unsaved_bytes = 200000");
  EXPECT_EQ(put(*owner_, "b", big).status, 201u);
}

TEST_F(Limits, PredictionsPerMinute) {
  start("[limits]\npredictions_per_minute = 3\n");
  ASSERT_EQ(put(*owner_, "m", model_).status, 201u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(infer(*owner_).status, 200u) << i;
  const Reply refused = infer(*owner_);
  expect_refused(refused, 429, "limit.predictions-per-minute", "predictions_per_minute = 3");
  expect_retry(refused, 1, 20);
  // Another connection of the same owner is the same owner.
  Peer again(server_.address(), proof_of(key_of(1)));
  EXPECT_EQ(infer(again).status, 429u);
  // A token that allows less; each connection without an account for itself, keys or not.
  Peer one = account(2, {.predictions_per_minute = 1});
  EXPECT_EQ(infer(one).status, 200u);
  expect_refused(infer(one), 429, "limit.predictions-per-minute", "predictions_per_minute = 1");
  Peer nobody(server_.address(), no_proof());
  Peer stranger(server_.address(), proof_of(key_of(9)));
  for (Peer* peer : {&nobody, &stranger}) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(infer(*peer).status, 200u) << i;
    expect_refused(infer(*peer), 429, "limit.predictions-per-minute", "predictions_per_minute = 3");
  }
  EXPECT_EQ(owner_->ask("GET", "/v2/models/m").status, 200u);  // only predictions count
}

TEST_F(Limits, AnonymousPredictionsPerMinute) {
  start("[limits]\nanonymous_predictions_per_minute = 2\n");
  ASSERT_EQ(put(*owner_, "m", model_).status, 201u);
  Peer first(server_.address(), no_proof());
  Peer second(server_.address(), proof_of(key_of(9)));
  Peer third(server_.address(), no_proof());
  EXPECT_EQ(infer(first).status, 200u);
  EXPECT_EQ(infer(second).status, 200u);
  const Reply refused = infer(third);
  expect_refused(refused, 429, "limit.anonymous-predictions-per-minute",
                 "anonymous_predictions_per_minute = 2");
  expect_retry(refused, 1, 30);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(infer(*owner_).status, 200u);
}

TEST_F(Limits, ConcurrentPredictions) {
  start("[limits]\nconcurrent_predictions = 1\n");
  ASSERT_EQ(put(*owner_, "m", model_).status, 201u);
  ASSERT_EQ(put(*owner_, "slow", onnx_builder::loop()).status, 201u);
  ASSERT_EQ(owner_->ask("POST", "/v2/repository/models/slow/load").status, 200u);
  const std::string endless =
      R"({"inputs":[{"name":"n","shape":[],"datatype":"INT64","data":[100000000]},)"
      R"({"name":"x","shape":[1],"datatype":"FP32","data":[0]}],"parameters":{"timeout":1500000}})";
  Reply slow;
  std::thread running([&] {
    Peer peer(server_.address(), proof_of(key_of(1)));
    // It may come while one of ours runs, and is refused then.
    do slow = peer.ask("POST", "/v2/models/slow/infer", endless);
    while (slow.status == 429);
  });
  // Until it runs, each of ours runs alone; while it does, none.
  Reply refused;
  for (int i = 0; i < 2000 && refused.status != 429; ++i) refused = infer(*owner_);
  expect_refused(refused, 429, "limit.concurrent-predictions", "concurrent_predictions = 1");
  expect_retry(refused, 1, 1);
  Peer other = account(2, {});
  EXPECT_EQ(infer(other).status, 200u);
  running.join();
  EXPECT_EQ(slow.status, 504u) << slow.body;
  EXPECT_EQ(infer(*owner_).status, 200u);
}

}  // namespace
}  // namespace blindai
