#include "enclave/infer/worker_pool.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "enclave/infer/worker_fixture.h"
#include "lib/crypto/crypto.h"
#include "tests/onnx_builder.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

class PoolTest : public WorkerTest {
 protected:
  WorkerPool& pool() {
    if (pool_ == nullptr) pool_ = std::make_unique<WorkerPool>(*reactor, options, limits);
    return *pool_;
  }
  Outcome<std::shared_ptr<Worker>> get(const Bytes& model) {
    std::optional<Outcome<std::shared_ptr<Worker>>> got;
    ask(model, [&](Outcome<std::shared_ptr<Worker>> worker) { got.emplace(std::move(worker)); });
    wait_until([&] { return got.has_value(); });
    if (!got) return problem(Code::kInternal, "test.timeout", "no answer");
    return std::move(*got);
  }
  void ask(const Bytes& model, WorkerPool::Got got) {
    pool().get(
        sha256(model),
        [this, model]() -> Result<WorkerPool::Model> {
          ++opened;
          return WorkerPool::Model{std::make_unique<MemoryModel>(model), model.size()};
        },
        std::move(got));
  }
  float sum(Worker& worker, float a, float b) {
    auto result = run(worker, {{{1}, raw_of<float>({a})}, {{1}, raw_of<float>({b})}});
    EXPECT_TRUE(result.has_value()) << result.error().sentence;
    return result ? numbers_of<float>(result->outputs[0].data).at(0) : 0;
  }

  uint64_t run_endless(Worker& worker) {
    return worker.run(
        request(worker, {{{}, raw_of<int64_t>({INT64_MAX})}, {{1}, raw_of<float>({0})}}),
        [](const Outcome<RunResult>&) { ADD_FAILURE() << "cancelled jobs are not answered"; });
  }

  // Of the model zeros_of_shape(): 2 GB.
  void expect_ended_for_memory(Worker& worker) {
    RunRequest job = request(worker, {{{1}, raw_of<int64_t>({500'000'000})}});
    job.max_output_bytes = 4ULL << 30;
    std::optional<std::string> name;
    worker.run(std::move(job), [&](const Outcome<RunResult>& r) {
      name = r.has_value() ? "an answer" : r.error().name();
    });
    wait_until([&] { return name.has_value(); });
    EXPECT_EQ(name, "infer.job-memory");
    EXPECT_EQ(pool().counts().memory_ends, 1u);
  }

  PoolLimits limits;
  int opened = 0;
  std::unique_ptr<WorkerPool> pool_;
};

// Three models that differ in their bytes and not in what they do.
Bytes adder(int variant) {
  return onnx_builder::Graph()
      .input("a", Datatype::kFp32, {1})
      .input("b", Datatype::kFp32, {1})
      .output("sum" + std::to_string(variant), Datatype::kFp32, {1})
      .node("Add", {"a", "b"}, {"sum" + std::to_string(variant)})
      .model();
}

// A few kilobytes; 60 tensors of 16 MB and a second's arithmetic each are made while it is loaded.
Bytes grows_while_it_loads() {
  onnx_builder::Graph graph;
  graph.constant("n", Datatype::kInt64, {2}, raw_of<int64_t>({2000, 2000}));
  graph.node("ConstantOfShape", {"n"}, {"p0"});
  graph.input("x", Datatype::kFp32, {1});
  for (int i = 0; i < 60; ++i) {
    const std::string to = "p" + std::to_string(i + 1);
    graph.node("MatMul", {"p" + std::to_string(i), "p0"}, {to});
    graph.output("y" + std::to_string(i), onnx_builder::tensor_type(1, std::nullopt));
    graph.node("Add", {to, "x"}, {"y" + std::to_string(i)});  // so that each is kept
  }
  return graph.model();
}

TEST_F(PoolTest, LoadsOnceForAllWhoAskMeanwhile) {
  int answered = 0;
  std::vector<std::shared_ptr<Worker>> workers;
  for (int i = 0; i < 5; ++i)
    ask(adder(0), [&](Outcome<std::shared_ptr<Worker>> worker) {
      ++answered;
      ASSERT_TRUE(worker.has_value());
      workers.push_back(*worker);
    });
  wait_until([&] { return answered == 5; });
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(workers.front(), workers.back());
  EXPECT_EQ(pool().counts().loads, 1u);
  EXPECT_EQ(sum(*workers[0], 1, 2), 3);
}

TEST_F(PoolTest, ServesTwoModelsSideBySide) {
  auto first = get(adder(0));
  auto second = get(onnx_builder::identity(Datatype::kBytes, {-1}));
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_NE((*first)->pid(), (*second)->pid());
  EXPECT_EQ(sum(**first, 1, 2), 3);
  const Bytes text = bytes_tensor({"hello"});
  auto result = run(**second, {{{1}, text}});
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(equal(result->outputs[0].data, text));
  EXPECT_EQ(pool().counts().workers, 2u);
  EXPECT_GT(pool().counts().resident_bytes, 0u);
}

TEST_F(PoolTest, StopsTheLeastRecentlyUsedToMakeRoom) {
  limits.max_workers = 2;
  const pid_t zero = get(adder(0)).value()->pid();
  const pid_t one = get(adder(1)).value()->pid();
  EXPECT_EQ(get(adder(0)).value()->pid(), zero);
  ASSERT_TRUE(get(adder(2)).has_value());
  EXPECT_EQ(pool().counts().evictions, 1u);
  EXPECT_EQ(get(adder(0)).value()->pid(), zero);
  EXPECT_NE(get(adder(1)).value()->pid(), one);
  EXPECT_EQ(opened, 4);
}

TEST_F(PoolTest, AWorkerInUseIsNotStoppedToMakeRoom) {
  limits.max_workers = 1;
  auto held = get(onnx_builder::loop());
  ASSERT_TRUE(held.has_value());
  const uint64_t job = run_endless(**held);
  auto refused = get(adder(1));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "infer.no-room");
  EXPECT_EQ(pool().counts().no_room, 1u);
  EXPECT_TRUE((*held)->serving());
  (*held)->cancel(job);
  wait_until([&] { return (*held)->num_jobs() == 0; });
  EXPECT_TRUE(get(adder(1)).has_value());
}

TEST_F(PoolTest, AnIdleWorkerIsStoppedAlsoWhenSomebodyHoldsIt) {
  limits.max_workers = 1;
  auto held = get(adder(0));
  ASSERT_TRUE(held.has_value());
  ASSERT_TRUE(get(adder(1)).has_value());
  EXPECT_FALSE((*held)->serving());
  EXPECT_EQ((*held)->signature().inputs.size(), 2u);
  EXPECT_EQ(sum(*get(adder(0)).value(), 1, 2), 3);
}

TEST_F(PoolTest, StaysWithinItsMemory) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer's worker takes more than the limits here";
  limits.memory_bytes = WorkerPool::kPerWorker + (20 << 20);
  ASSERT_TRUE(get(adder(0)).has_value());
  ASSERT_TRUE(get(adder(1)).has_value());
  EXPECT_EQ(pool().counts().workers, 1u);
  auto refused = get(onnx_builder::heavy(30 << 20));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "infer.no-room");
}

TEST_F(PoolTest, NobodyIsStoppedForAModelThatNeverFits) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer's worker takes more than the limits here";
  limits.memory_bytes = WorkerPool::kPerWorker + (20 << 20);
  const pid_t zero = get(adder(0)).value()->pid();
  auto refused = get(onnx_builder::heavy(30 << 20));
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().sentence.find("121 MiB"), std::string::npos)
      << refused.error().sentence;
  EXPECT_EQ(get(adder(0)).value()->pid(), zero);
}

TEST_F(PoolTest, ARunOverTheLimitOfOneWorkerIsEndedAndThoseWhoWaitAreHandedBack) {
  limits.worker_bytes = 400 << 20;
  auto other = get(adder(0));
  auto worker = get(onnx_builder::zeros_of_shape());
  ASSERT_TRUE(worker.has_value());
  std::string name;
  int back = 0;
  const auto submit = [&](int64_t floats) {
    RunRequest job = request(**worker, {{{1}, raw_of<int64_t>({floats})}});
    job.max_output_bytes = 4ULL << 30;
    job.unserved = [&](RunRequest) { ++back; };
    (*worker)->run(std::move(job), [&](const Outcome<RunResult>& r) {
      name = r.has_value() ? "an answer" : r.error().name();
    });
  };
  submit(500'000'000);
  submit(1);
  wait_until([&] { return back == 1 && !name.empty(); });
  EXPECT_EQ(name, "infer.job-memory");
  EXPECT_EQ(pool().counts().memory_ends, 1u);
  EXPECT_EQ(sum(**other, 1, 2), 3);
  EXPECT_TRUE(get(onnx_builder::zeros_of_shape()).has_value());
}

TEST_F(PoolTest, ARunIsWatchedHoweverLongAfterItsWorkerWasGot) {
  limits.worker_bytes = 400 << 20;
  auto worker = get(onnx_builder::zeros_of_shape());
  ASSERT_TRUE(worker.has_value());
  // As while its tensors arrive slowly: nobody works, so nobody is looked at any more.
  const auto later = Reactor::Clock::now() + 3 * WorkerPool::kLook;
  wait_until([&] { return Reactor::Clock::now() > later; });
  expect_ended_for_memory(**worker);
}

TEST_F(PoolTest, AWorkerOfAForgottenModelCountsAndIsWatchedWhileItIsHeld) {
  limits.worker_bytes = 400 << 20;
  const Bytes model = onnx_builder::zeros_of_shape();
  auto worker = get(model);
  ASSERT_TRUE(worker.has_value());
  pool().forget(sha256(model));
  EXPECT_EQ(pool().counts().workers, 1u);
  EXPECT_GT(pool().counts().resident_bytes, 0u);
  expect_ended_for_memory(**worker);
  EXPECT_EQ(pool().counts().workers, 0u);
}

TEST_F(PoolTest, AForgottenModelsWorkerTakesAPlaceWhileItWorksAndGivesItWhenIdle) {
  limits.max_workers = 1;
  auto held = get(onnx_builder::loop());
  ASSERT_TRUE(held.has_value());
  const uint64_t job = run_endless(**held);
  pool().forget(sha256(onnx_builder::loop()));
  const auto refused = get(adder(1));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "infer.no-room");
  (*held)->cancel(job);
  wait_until([&] { return (*held)->num_jobs() == 0; });
  EXPECT_TRUE((*held)->serving());
  EXPECT_TRUE(get(adder(1)).has_value());
  EXPECT_FALSE((*held)->serving());
  EXPECT_EQ(pool().counts().workers, 1u);
  EXPECT_EQ(pool().counts().crashes, 0u);
}

TEST_F(PoolTest, WhenOneGrowsIdleOnesAreStoppedFirst) {
  if (kUnderSanitizer) GTEST_SKIP() << "a sanitizer's worker takes more than the limits here";
  limits.memory_bytes = 450 << 20;
  ASSERT_TRUE(get(onnx_builder::heavy(130 << 20)).has_value());
  auto worker = get(onnx_builder::long_product());
  ASSERT_TRUE(worker.has_value());
  ASSERT_EQ(pool().counts().workers, 2u);
  // Two matrices of 196 MB, for seconds.
  const uint64_t job =
      (*worker)->run(request(**worker, {{{2}, raw_of<int64_t>({7000, 7000})}}),
                     [](const Outcome<RunResult>& r) { EXPECT_TRUE(r.has_value()); });
  wait_until([&] { return pool().counts().workers == 1; });
  EXPECT_TRUE((*worker)->serving());
  EXPECT_EQ(pool().counts().evictions, 1u);
  EXPECT_EQ(pool().counts().memory_ends, 0u);
  (*worker)->cancel(job);
  wait_until([&] { return (*worker)->num_jobs() == 0; });
}

TEST_F(PoolTest, ALoadOverTheLimitOfOneWorkerIsRefused) {
  limits.worker_bytes = 150 << 20;
  auto refused = get(grows_while_it_loads());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "infer.model-limit");
  EXPECT_EQ(refused.error().code, Code::kRefused);
  EXPECT_EQ(pool().counts().memory_ends, 1u);
  EXPECT_EQ(pool().counts().workers, 0u);
}

TEST_F(PoolTest, TheNextRequestAfterACrashGetsAFreshWorker) {
  pid_t before = 0;
  {
    auto worker = get(adder(0));
    ASSERT_TRUE(worker.has_value());
    before = (*worker)->pid();
    ::kill(before, SIGKILL);
    wait_until([&] { return !(*worker)->serving(); });
  }
  auto worker = get(adder(0));
  ASSERT_TRUE(worker.has_value());
  EXPECT_NE((*worker)->pid(), before);
  EXPECT_EQ(sum(**worker, 2, 2), 4);
  EXPECT_EQ(pool().counts().crashes, 1u);
}

TEST_F(PoolTest, ARefusedModelIsAnErrorForAllWhoWaitAndIsNotKept) {
  int refused = 0;
  for (int i = 0; i < 2; ++i)
    ask(Bytes(100, 7), [&](Outcome<std::shared_ptr<Worker>> worker) {
      ++refused;
      EXPECT_EQ(worker.error().name(), "model.unknown-field");
    });
  wait_until([&] { return refused == 2; });
  EXPECT_EQ(pool().counts().workers, 0u);
}

TEST_F(PoolTest, AForgottenModelIsGoneWhenNobodyHoldsIt) {
  auto worker = get(adder(0));
  ASSERT_TRUE(worker.has_value());
  pool().forget(sha256(adder(0)));
  EXPECT_EQ(pool().counts().workers, 1u);  // it takes memory until then
  EXPECT_EQ(sum(**worker, 1, 1), 2);
  worker->reset();
  EXPECT_EQ(pool().counts().workers, 0u);
  ASSERT_TRUE(get(adder(0)).has_value());
  EXPECT_EQ(opened, 2);
}

TEST_F(PoolTest, DrainWaitsForJobsAndThenTurnsRequestsAway) {
  auto worker = get(onnx_builder::loop());
  ASSERT_TRUE(worker.has_value());
  bool answered = false;
  bool drained = false;
  (*worker)->run(request(**worker, {{{}, raw_of<int64_t>({300'000})}, {{1}, raw_of<float>({0})}}),
                 [&](Outcome<RunResult> result) {
                   EXPECT_TRUE(result.has_value());
                   EXPECT_FALSE(drained);
                   answered = true;
                 });
  worker->reset();
  pool().drain(std::chrono::seconds(60), [&] { drained = true; });
  auto late = get(adder(0));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().name(), "infer.stopping");
  wait_until([&] { return drained; });
  EXPECT_TRUE(answered);
}

TEST_F(PoolTest, DrainKillsWhatIsLeftAtItsLimit) {
  auto worker = get(onnx_builder::loop());
  ASSERT_TRUE(worker.has_value());
  std::string name;
  bool drained = false;
  (*worker)->run(request(**worker, {{{}, raw_of<int64_t>({INT64_MAX})}, {{1}, raw_of<float>({0})}}),
                 [&](Outcome<RunResult> result) { name = result.error().name(); });
  pool().drain(std::chrono::milliseconds(30), [&] { drained = true; });
  wait_until([&] { return drained && !name.empty(); });
  EXPECT_EQ(name, "infer.stopped");
}

TEST_F(PoolTest, AHeldWorkerOutlivesThePoolAsAStoppedOne) {
  auto worker = get(adder(0));
  ASSERT_TRUE(worker.has_value());
  pool_.reset();
  EXPECT_FALSE((*worker)->serving());
  EXPECT_FALSE((*worker)->buffer(10).has_value());
}

}  // namespace
}  // namespace blindai
