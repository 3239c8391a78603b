// Runs and loads that do not end by themselves: who waits for one is told at its deadline, and
// whoever did not ask for it notices nothing but waiting.
#include <future>

#include "lib/base/byte_reader.h"
#include "tests/serving/serving_fixture.h"

namespace blindai {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kEndless = INT64_MAX;  // rounds of the loop
constexpr int64_t kHuge = 12'000;        // one product of a minute, which cannot be stopped
// Until it is within that product, on a busy machine too: its matrix is made first, and that can be
// stopped.
constexpr milliseconds kWithin{4000};
constexpr double kNone = 0;

class Deadline : public ServingTest {
 protected:
  void expect_deadline(const Reply& reply) {
    EXPECT_EQ(reply.status, 504u) << reply.body;
    EXPECT_EQ(reply.code, "infer.deadline");
  }
  std::future<Reply> asking(const std::string& id, const std::string& request) {
    return std::async(std::launch::async, [this, id, request] { return infer(id, request); });
  }
};

TEST_F(Deadline, TheConfigurationsLimitStopsARunAndTheWorkerGoesOn) {
  start("run_time_s = 1\n", {"--run-threads", "1"});
  upload("loop", onnx_builder::loop());
  upload("good", onnx_builder::identity(Datatype::kFp32, {-1, 4}));
  Neighbour neighbour(server_.address(), "good");
  expect_deadline(infer("loop", loop_request(kEndless)));
  EXPECT_EQ(infer("loop", loop_request(5)).status, 200u);
  EXPECT_GT(neighbour.stop(), 0u);
  EXPECT_EQ(metric("blindai_worker_crashes_total"), kNone);
}

TEST_F(Deadline, ACallerMayAllowLess) {
  start("", {"--run-threads", "1"});
  upload("loop", onnx_builder::loop());
  expect_deadline(infer("loop", loop_request(kEndless, 200'000)));
  EXPECT_EQ(infer("loop", loop_request(5, 60'000'000)).status, 200u);
  EXPECT_EQ(metric("blindai_worker_crashes_total"), kNone);
}

TEST_F(Deadline, ACallersTimeCountsWhileItWaitsForOthers) {
  start("", {"--run-threads", "1"});
  upload("loop", onnx_builder::loop());
  auto first = asking("loop", loop_request(kEndless, 3'000'000));
  EXPECT_TRUE(wait_until([&] { return metric("blindai_connections") >= 1; }));
  std::this_thread::sleep_for(milliseconds(200));
  expect_deadline(infer("loop", loop_request(1, 100'000)));
  EXPECT_EQ(first.wait_for(milliseconds(0)), std::future_status::timeout) << "it came too late";
  expect_deadline(first.get());
}

TEST_F(Deadline, ARunThatDoesNotStopIsEndedAndThoseWhoWaitAreServedByAnotherWorker) {
  start("run_time_s = 5\n", {"--run-threads", "1"});
  upload("product", onnx_builder::long_product());
  upload("good", onnx_builder::identity(Datatype::kFp32, {-1, 4}));
  Neighbour neighbour(server_.address(), "good");
  auto huge = asking("product", product_request(kHuge));
  std::this_thread::sleep_for(milliseconds(300));
  std::vector<std::future<Reply>> small;
  for (int i = 0; i < 5; ++i) small.push_back(asking("product", product_request(3)));
  expect_deadline(huge.get());
  for (auto& reply : small) {
    const Reply got = reply.get();
    EXPECT_EQ(got.status, 200u) << got.body;
  }
  EXPECT_GT(neighbour.stop(), 0u);
  EXPECT_EQ(metric("blindai_worker_crashes_total"), 1);
}

TEST_F(Deadline, ThoseWhoRanBesideItAreServedByAnotherWorkerToo) {
  start("", {"--run-threads", "2"});
  upload("product", onnx_builder::long_product());
  upload("good", onnx_builder::identity(Datatype::kFp32, {-1, 4}));
  Neighbour neighbour(server_.address(), "good");
  auto huge = asking("product", product_request(kHuge, 5'000'000));
  std::this_thread::sleep_for(kWithin);
  // Seconds of work on any machine: it runs when the other one is ended.
  auto beside = asking("product", product_request(6'000));
  expect_deadline(huge.get());
  const Reply got = beside.get();
  EXPECT_EQ(got.status, 200u) << got.body;
  EXPECT_GT(neighbour.stop(), 0u);
  EXPECT_EQ(metric("blindai_worker_crashes_total"), 1);
}

TEST_F(Deadline, AClientThatLeavesCancelsItsRun) {
  start("", {"--run-threads", "1"});
  upload("loop", onnx_builder::loop());
  EXPECT_TRUE(infer_and_leave("loop", loop_request(kEndless), milliseconds(500)));
  // Otherwise it would have to wait for a minute, and would have 5 seconds.
  EXPECT_EQ(infer("loop", loop_request(5, 5'000'000)).status, 200u);
  EXPECT_EQ(metric("blindai_worker_crashes_total"), kNone);
}

TEST_F(Deadline, AClientThatLeavesARunThatDoesNotStopHasItEnded) {
  start("", {"--run-threads", "1"});
  upload("product", onnx_builder::long_product());
  EXPECT_TRUE(infer_and_leave("product", product_request(kHuge), kWithin));
  EXPECT_EQ(infer("product", product_request(3, 20'000'000)).status, 200u);
  EXPECT_EQ(metric("blindai_worker_crashes_total"), 1);
}

TEST_F(Deadline, AClientThatLeavesWhileItWaitsNeverHasItsRunStarted) {
  start("", {"--run-threads", "1"});
  upload("product", onnx_builder::long_product());
  upload("loop", onnx_builder::loop());
  // A product of seconds that is not abandoned holds the only thread.
  auto first = asking("product", product_request(6'000));
  std::this_thread::sleep_for(milliseconds(300));
  // Had this one started, its worker would have been ended.
  EXPECT_TRUE(infer_and_leave("product", product_request(kHuge), milliseconds(300)));
  EXPECT_EQ(first.get().status, 200u);
  EXPECT_EQ(infer("product", product_request(3)).status, 200u);
  EXPECT_EQ(metric("blindai_worker_crashes_total"), kNone);
}

// 60 products of 2000 x 2000 that ONNX Runtime evaluates while it loads the model: each is smaller
// than what it may fold, and all together take long.
Bytes slow_to_load() {
  onnx_builder::Graph graph;
  Bytes dims;
  for (int i = 0; i < 2; ++i) put_u64le(dims, 2000);
  graph.constant("n", Datatype::kInt64, {2}, dims);
  graph.node("ConstantOfShape", {"n"}, {"p0"});
  for (int i = 0; i < 60; ++i)
    graph.node("MatMul", {"p" + std::to_string(i), "p0"}, {"p" + std::to_string(i + 1)});
  return graph.input("x", Datatype::kFp32, {1})
      .output("y", onnx_builder::tensor_type(1, std::nullopt))
      .node("Add", {"p60", "x"}, {"y"})
      .model();
}

TEST_F(Deadline, ALoadThatTakesTooLongIsEndedAndLeavesTheNameFree) {
  start("load_time_s = 1\n");
  upload("good", onnx_builder::identity(Datatype::kFp32, {-1, 4}));
  Neighbour neighbour(server_.address(), "good");
  Peer owner(server_.address(), no_proof());
  const Reply slow = owner.ask("PUT", "/v1/models/slow", slow_to_load());
  EXPECT_EQ(slow.status, 504u) << slow.body;
  EXPECT_EQ(slow.code, "infer.load-deadline");
  EXPECT_EQ(owner.ask("GET", "/v1/models/slow").status, 404u);
  upload("slow", onnx_builder::loop());
  EXPECT_EQ(infer("slow", loop_request(5)).status, 200u);
  EXPECT_GT(neighbour.stop(), 0u);
}

}  // namespace
}  // namespace blindai
