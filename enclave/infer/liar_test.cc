// A worker that has been taken over: whatever it sends, the server answers its callers with an
// error, ends it, and reads nothing outside the memory it gave out.
#include <filesystem>
#include <gtest/gtest.h>

#include "enclave/infer/worker_fixture.h"

namespace blindai {
namespace {

size_t num_open_files() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

class LiarTest : public WorkerTest, public ::testing::WithParamInterface<const char*> {
 protected:
  LiarTest() {
    options.worker_path = liar_program();
    options.engine_path = GetParam();
    options.stop_grace = std::chrono::milliseconds(50);
    options.load_limit = std::chrono::milliseconds(500);
  }
  Outcome<RunResult> run_once() {
    auto worker = started(Bytes(100, 1));
    pid_ = worker->pid();
    RunRequest job = request(*worker, {{{1}, raw_of<float>({1})}});
    job.time_limit = std::chrono::milliseconds(200);
    auto result = run(*worker, std::move(job));
    // A lie after the answer shows in the next turn of the reactor.
    worker_serving_ = worker->serving();
    worker.reset();
    wait_until([&] { return host().num_processes() == 0; });
    return result;
  }
  pid_t pid_ = 0;
  bool worker_serving_ = false;
};

using BeforeTheModel = LiarTest;
TEST_P(BeforeTheModel, StartFails) {
  std::unique_ptr<Worker> worker;
  auto outcome = start(worker, Bytes(100, 1));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_FALSE(worker->serving());
  const std::string_view name = outcome.error().name();
  EXPECT_TRUE(name == "infer.worker-died" || name == "infer.load-deadline" ||
              name == "infer.model-died" || name == "infer.sandbox")
      << name;
  wait_until([&] { return host().num_processes() == 0; });
}
INSTANTIATE_TEST_SUITE_P(Lies, BeforeTheModel,
                         ::testing::Values("ready-version", "ready-open", "ready-filterless",
                                           "ready-unsandboxed", "silent", "noise", "huge",
                                           "done-first", "ready-twice", "loaded-names",
                                           "loaded-empty", "loaded-control", "loaded-shape",
                                           "refused-text", "refused-rule", "die-loading"));

// What a worker says of its sandbox is compared with what /proc says.
TEST_F(WorkerTest, ASandboxThatIsOnlyReportedIsNoticed) {
  for (const auto& [lie, word] : {std::pair{"ready-unsandboxed", "does not have the sandbox"},
                                  {"ready-open", "require_sandbox"},
                                  {"ready-filterless", "seccomp filter (not present)"}}) {
    WorkerOptions lying = options;
    lying.worker_path = liar_program();
    lying.engine_path = lie;
    WorkerHost lied_to(*reactor, lying);
    std::optional<Outcome<void>> outcome;
    const auto worker = Worker::start(lied_to, std::make_unique<MemoryModel>(Bytes(100, 1)), 100,
                                      [&](Outcome<void> started) { outcome = std::move(started); });
    wait_until([&] { return outcome.has_value(); });
    ASSERT_FALSE(outcome->has_value()) << lie;
    EXPECT_EQ(outcome->error().name(), "infer.sandbox") << lie;
    EXPECT_NE(outcome->error().sentence.find(word), std::string::npos) << outcome->error().sentence;
  }
}

using InAReply = LiarTest;
TEST_P(InAReply, IsAnErrorAndTheEndOfTheWorker) {
  const size_t before = num_open_files();
  auto result = run_once();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().name(), "infer.worker-died") << result.error().sentence;
  EXPECT_EQ(result.error().code, Code::kUnavailable);
  EXPECT_FALSE(worker_serving_);
  // The reactor and the host opened theirs; nothing the worker sent is among them.
  EXPECT_LE(num_open_files(), before + 3);
}
INSTANTIATE_TEST_SUITE_P(Lies, InAReply,
                         ::testing::Values("job", "before-area", "input-area", "past-area",
                                           "past-buffer", "wrap-offset", "wrap-length", "long",
                                           "length", "shape-wrap", "datatype", "index", "index-out",
                                           "fewer", "more", "spilled", "bytes-count", "bytes-many",
                                           "bytes-long", "cut", "trailing", "empty-packet",
                                           "own-type", "failed-text", "failed-cancelled",
                                           "need-nothing", "need-less", "need-other", "need-twice",
                                           "need-short", "close", "exit", "abort", "descriptors"));

using InTime = LiarTest;
TEST_P(InTime, AHangEndsAtTheDeadline) {
  auto result = run_once();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().name(), "infer.deadline");
}
INSTANTIATE_TEST_SUITE_P(Lies, InTime, ::testing::Values("hang"));

using TooMuch = LiarTest;
TEST_P(TooMuch, AllTheMemoryThereIsIsRefused) {
  auto result = run_once();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().name(), "infer.output-size");
}
INSTANTIATE_TEST_SUITE_P(Lies, TooMuch, ::testing::Values("need-all"));

using Harmless = LiarTest;
TEST_P(Harmless, TheAnswerHolds) {
  auto result = run_once();
  ASSERT_TRUE(result.has_value()) << result.error().sentence;
  ASSERT_EQ(result->outputs.size(), 2u);
  EXPECT_EQ(numbers_of<float>(result->outputs[0].data), std::vector<float>{0});
  EXPECT_TRUE(equal(result->outputs[1].data, Bytes(4, 0)));
  EXPECT_LT(result->run_ns, 60'000'000'000u) << "more time than has passed";
}
INSTANTIATE_TEST_SUITE_P(Lies, Harmless, ::testing::Values("honest", "shrink", "time", "twice"));

using AfterItsAnswer = LiarTest;
TEST_P(AfterItsAnswer, ASecondAnswerIsTheEndOfTheWorker) {
  auto worker = started(Bytes(100, 1));
  bool exited = false;
  worker->on_exit([&] { exited = true; });
  ASSERT_TRUE(run(*worker, {{{1}, raw_of<float>({1})}}).has_value());
  wait_until([&] { return exited; });
  EXPECT_FALSE(worker->serving());
}
INSTANTIATE_TEST_SUITE_P(Lies, AfterItsAnswer, ::testing::Values("twice"));

}  // namespace
}  // namespace blindai
