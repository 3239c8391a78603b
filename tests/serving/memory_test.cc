// What loaded models take: within --memory, idle ones stopped for others, and given back.
#include "tests/serving/serving_fixture.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

class Memory : public ServingTest {
 protected:
  double workers_mib() const { return metric("blindai_worker_resident_bytes") / kMiB; }
};

TEST_F(Memory, IdleModelsAreStoppedForOthersAndComeBack) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer's worker takes more than the limits here";
  start("", {"--memory", "420", "--worker-memory", "420"});
  for (const char* id : {"a", "b", "c", "d"}) {
    upload(id, onnx_builder::heavy(100 * kMiB));
    EXPECT_LE(workers_mib(), 420);
  }
  const double evictions = metric("blindai_worker_evictions_total");
  EXPECT_GE(evictions, 2);
  for (int round = 0; round < 2; ++round)
    for (const char* id : {"a", "b", "c", "d"}) {
      const Reply reply = infer(id, heavy_request());
      EXPECT_EQ(reply.status, 200u) << id << ": " << reply.body;
      EXPECT_LE(workers_mib(), 420);
    }
  EXPECT_GT(metric("blindai_worker_evictions_total"), evictions);
  EXPECT_EQ(metric("blindai_worker_crashes_total"), 0);
}

TEST_F(Memory, WhatDoesNotFitBesideModelsAtWorkIsToldSoAndWhenToAskAgain) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer's worker takes more than the limits here";
  start("", {"--memory", "450", "--worker-memory", "450", "--run-threads", "1"});
  upload("large", onnx_builder::heavy(120 * kMiB));
  upload("product", onnx_builder::long_product());
  ASSERT_EQ(Peer(server_.address(), no_proof())
                .ask("POST", "/v2/repository/models/large/unload", std::string("{}"))
                .status,
            200u);
  // Two matrices of 100 MB, for seconds; the large model needs 391 MiB to load.
  std::thread busy([&] { EXPECT_EQ(infer("product", product_request(5000)).status, 200u); });
  EXPECT_TRUE(wait_until([&] { return workers_mib() > 150; }));
  const Reply refused = infer("large", heavy_request());
  EXPECT_EQ(refused.status, 503u) << refused.body;
  EXPECT_EQ(refused.code, "infer.no-room");
  EXPECT_TRUE(refused.sentence.contains("391 MiB")) << refused.sentence;
  EXPECT_EQ(refused.field("retry-after"), "5");
  busy.join();
  EXPECT_EQ(infer("large", heavy_request()).status, 200u);
  EXPECT_EQ(metric("blindai_worker_no_room_total"), 1);

  Peer owner(server_.address(), no_proof());
  const Reply never = owner.ask("PUT", "/v1/models/huge", onnx_builder::heavy(160 * kMiB));
  EXPECT_EQ(never.status, 503u) << never.body;
  EXPECT_EQ(never.code, "infer.no-room");
  EXPECT_TRUE(never.sentence.contains("--worker-memory")) << never.sentence;
}

TEST_F(Memory, ARunThatTakesTooMuchFailsAloneAndNeighboursNoticeNothing) {
  start("", {"--memory", "1000", "--worker-memory", "300"});
  upload("zeros", onnx_builder::zeros_of_shape());
  upload("good", onnx_builder::identity(Datatype::kFp32, {-1, 4}));
  Neighbour neighbour(server_.address(), "good");
  for (int round = 0; round < 3; ++round) {
    const Reply refused = infer("zeros", zeros_request(1'000'000'000));
    EXPECT_EQ(refused.status, 503u) << refused.body;
    EXPECT_EQ(refused.code, "infer.job-memory");
    EXPECT_EQ(refused.field("retry-after"), "5");
    EXPECT_LE(workers_mib(), 1000);
  }
  EXPECT_EQ(infer("zeros", zeros_request(10)).status, 200u);
  EXPECT_GT(neighbour.stop(), 0u);
}

TEST_F(Memory, TwoHundredRoundsOfLoadingAndStoppingGiveEverythingBack) {
  constexpr int kRounds = kUnderSanitizer ? 10 : 200;
  constexpr int kWarmUp = kUnderSanitizer ? 2 : 10;  // buffers, caches and heaps find their size
  start("");
  upload("m", onnx_builder::heavy(8 * kMiB));
  Peer peer(server_.address(), no_proof());
  double before = 0;
  for (int round = 0; round < kWarmUp + kRounds; ++round) {
    if (round == kWarmUp) before = metric("blindai_resident_bytes");
    const Reply answer = peer.ask("POST", "/v2/models/m/infer", heavy_request());
    ASSERT_EQ(answer.status, 200u) << answer.body;
    const Reply stopped = peer.ask("POST", "/v2/repository/models/m/unload", std::string("{}"));
    ASSERT_EQ(stopped.status, 200u) << stopped.body;
    ASSERT_EQ(metric("blindai_workers"), 0);
  }
  const double after = metric("blindai_resident_bytes");
  std::printf("resident before %.1f MiB, after %d rounds %.1f MiB\n", before / kMiB, kRounds,
              after / kMiB);
  EXPECT_GE(metric("blindai_worker_loads_total"), kRounds);
  if (kUnderSanitizer) return;  // its allocator keeps what is freed
  EXPECT_LE(after, before * 1.05);
}

}  // namespace
}  // namespace blindai
