// One worker with real models: datatypes, shapes, sizes, refusals, deadlines, crashes.
#include "enclave/infer/worker.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <malloc.h>
#include <set>
#include <signal.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "enclave/infer/worker_fixture.h"
#include "tests/onnx_builder.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

using std::chrono::milliseconds;

size_t open_files() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

Bytes pattern(Datatype datatype, size_t elements) {
  if (datatype == Datatype::kBytes) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < elements; ++i)
      texts.push_back(std::string(i % 5, 'a') + "\0x\xff"[i % 3]);
    return bytes_tensor(texts);
  }
  Bytes out(elements * element_size(datatype));
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<uint8_t>(datatype == Datatype::kBool ? i % 2 : i * 37 + 1);
  return out;
}

// Tells which thread reads it, and fails at `fail_at`.
class WatchedModel final : public ModelSource {
 public:
  WatchedModel(Bytes model, std::set<std::thread::id>& readers, std::atomic<size_t>& reads,
               size_t fail_at = SIZE_MAX)
      : model_(std::move(model)), readers_(readers), reads_(reads), fail_at_(fail_at) {}
  Result<size_t> read(std::span<uint8_t> out) override {
    readers_.insert(std::this_thread::get_id());
    ++reads_;
    ASSIGN_OR_RETURN(const size_t n, model_.read(out));
    at_ += n;
    if (at_ > fail_at_) return fail(Code::kInternal, "seal.chunk");
    return n;
  }

 private:
  MemoryModel model_;
  std::set<std::thread::id>& readers_;
  std::atomic<size_t>& reads_;
  const size_t fail_at_;
  size_t at_ = 0;
};

TEST_F(WorkerTest, ModelsAreReadOnTheBackgroundThreadWhereThereIsOne) {
  std::set<std::thread::id> readers;
  std::atomic<size_t> reads = 0;
  auto background = std::make_unique<Background>(*reactor);
  options.background = background.get();
  const Bytes model = onnx_builder::heavy(5'000'000);
  for (const size_t fail_at : {SIZE_MAX, size_t{3'000'000}}) {
    std::optional<Outcome<void>> outcome;
    const auto worker =
        Worker::start(host(), std::make_unique<WatchedModel>(model, readers, reads, fail_at),
                      model.size(), [&](Outcome<void> o) { outcome = std::move(o); });
    wait_until([&] { return outcome.has_value(); });
    ASSERT_EQ(outcome->has_value(), fail_at == SIZE_MAX);
    if (outcome->has_value()) {
      EXPECT_TRUE(run(*worker, {{{1}, raw_of<float>({2})}}).has_value());
    } else {
      EXPECT_EQ(outcome->error().name(), "seal.chunk");
    }
  }
  // One that is given up while it is read.
  const size_t before = reads;
  auto given_up =
      Worker::start(host(), std::make_unique<WatchedModel>(model, readers, reads), model.size(),
                    [](const Outcome<void>&) { ADD_FAILURE() << "it was given up"; });
  wait_until([&] { return reads > before; });
  given_up.reset();
  background.reset();  // waits for its thread
  EXPECT_EQ(readers.size(), 1u);
  EXPECT_FALSE(readers.contains(std::this_thread::get_id()));
}

class EveryDatatype : public WorkerTest, public ::testing::WithParamInterface<uint8_t> {};

TEST_P(EveryDatatype, ComesBackAsItWasSent) {
  const auto datatype = static_cast<Datatype>(GetParam());
  auto worker = started(onnx_builder::identity(datatype, {-1, 3}));
  ASSERT_TRUE(worker->serving());
  EXPECT_EQ(worker->signature().inputs, (std::vector<TensorSpec>{{"x", datatype, {-1, 3}}}));
  EXPECT_EQ(worker->signature().outputs, (std::vector<TensorSpec>{{"y", datatype, {-1, 3}}}));
  for (const int64_t rows : {1, 7, 0, 2}) {
    const Bytes data = pattern(datatype, static_cast<size_t>(rows) * 3);
    auto result = run(*worker, {{{rows, 3}, data}});
    ASSERT_TRUE(result.has_value()) << rows << ": " << result.error().sentence;
    ASSERT_EQ(result->outputs.size(), 1u);
    EXPECT_EQ(result->outputs[0].datatype, datatype);
    EXPECT_EQ(result->outputs[0].shape, (std::vector<int64_t>{rows, 3}));
    EXPECT_TRUE(equal(result->outputs[0].data, data)) << rows;
  }
}

TEST_P(EveryDatatype, ScalarsHaveNoDimensions) {
  const auto datatype = static_cast<Datatype>(GetParam());
  auto worker = started(onnx_builder::identity(datatype, {}));
  EXPECT_EQ(worker->signature().inputs[0].shape, std::vector<int64_t>{});
  const Bytes data = pattern(datatype, 1);
  auto result = run(*worker, {{{}, data}});
  ASSERT_TRUE(result.has_value()) << result.error().sentence;
  EXPECT_EQ(result->outputs[0].shape, std::vector<int64_t>{});
  EXPECT_TRUE(equal(result->outputs[0].data, data));
}

INSTANTIATE_TEST_SUITE_P(All, EveryDatatype, ::testing::Range<uint8_t>(0, kNumDatatypes),
                         [](const auto& test) {
                           return std::string(name_of(static_cast<Datatype>(test.param)));
                         });

using WorkerRun = WorkerTest;

TEST_F(WorkerRun, AddsTwoInputs) {
  auto worker = started(onnx_builder::add({2}));
  auto result = run(*worker, {{{2}, raw_of<float>({1, 2})}, {{2}, raw_of<float>({10, 20})}});
  ASSERT_TRUE(result.has_value()) << result.error().sentence;
  EXPECT_EQ(numbers_of<float>(result->outputs[0].data), (std::vector<float>{11, 22}));
  EXPECT_GT(result->run_ns, 0u);
}

TEST_F(WorkerRun, OutputsLargerThanTheAreaGetMemoryOfTheirOwn) {
  options.first_output_bytes = 4096;
  auto worker = started(onnx_builder::zeros_of_shape());
  for (const int64_t n : {1024, 1025, 500'000, 3'000'000, 3, 0}) {
    auto result = run(*worker, {{{1}, raw_of<int64_t>({n})}});
    ASSERT_TRUE(result.has_value()) << n << ": " << result.error().sentence;
    EXPECT_EQ(result->outputs[0].shape, std::vector<int64_t>{n});
    ASSERT_EQ(result->outputs[0].data.size(), static_cast<size_t>(n) * 4);
    EXPECT_TRUE(std::ranges::all_of(result->outputs[0].data, [](uint8_t b) { return b == 0; }));
  }
}

TEST_F(WorkerRun, OutputsOverTheRequestsLimitAreRefusedAndTheWorkerStays) {
  auto worker = started(onnx_builder::zeros_of_shape());
  const pid_t pid = worker->pid();
  RunRequest large = request(*worker, {{{1}, raw_of<int64_t>({100'000})}});
  large.max_output_bytes = 100'000;
  auto refused = run(*worker, std::move(large));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "infer.output-size");
  auto result = run(*worker, {{{1}, raw_of<int64_t>({2})}});
  EXPECT_TRUE(result.has_value());
  EXPECT_EQ(worker->pid(), pid);
}

TEST_F(WorkerRun, NothingOfAnEarlierRequestIsInABufferUsedAgain) {
  auto worker = started(onnx_builder::identity(Datatype::kUint8, {-1}));
  const uint8_t* place = nullptr;
  {
    RunRequest first = request(*worker, {{{4000}, Bytes(4000, 0xaa)}});
    place = first.buffer->input().data();
    ASSERT_TRUE(run(*worker, std::move(first)).has_value());
  }
  auto again = worker->buffer(4000);
  ASSERT_TRUE(again.has_value());
  ASSERT_EQ((*again)->input().data(), place) << "the buffer was not used again";
  // The output area follows the input area.
  EXPECT_TRUE(std::all_of(place, place + 4096 + 64 * 1024, [](uint8_t b) { return b == 0; }));
}

TEST_F(WorkerRun, RefusesInputsThatDoNotFitTheSignature) {
  auto worker = started(onnx_builder::add({2}));
  const auto error_of = [&](auto change) {
    RunRequest changed =
        request(*worker, {{{2}, raw_of<float>({1, 2})}, {{2}, raw_of<float>({3, 4})}});
    change(changed);
    auto result = run(*worker, std::move(changed));
    return result ? std::string("no error") : std::string(result.error().name());
  };
  EXPECT_EQ(error_of([](RunRequest& r) { r.inputs.pop_back(); }), "infer.inputs");
  EXPECT_EQ(error_of([](RunRequest& r) { r.inputs[1].index = 0; }), "infer.inputs");
  EXPECT_EQ(error_of([](RunRequest& r) { r.inputs[1].index = 2; }), "infer.inputs");
  EXPECT_EQ(error_of([](RunRequest& r) { r.inputs[0].datatype = Datatype::kInt32; }),
            "infer.datatype");
  EXPECT_EQ(error_of([](RunRequest& r) { r.inputs[0].shape = {3}; }), "infer.shape");
  EXPECT_EQ(error_of([](RunRequest& r) { r.inputs[0].shape = {1, 2}; }), "infer.shape");
  EXPECT_EQ(error_of([](RunRequest& r) { r.inputs[0].length = 4; }), "infer.place");
  EXPECT_EQ(error_of([](RunRequest& r) { r.inputs[0].offset = 4; }), "infer.place");
  EXPECT_EQ(error_of([](RunRequest& r) { r.inputs[0].offset = ~63ULL; }), "infer.place");
  EXPECT_EQ(error_of([](RunRequest& r) { r.outputs = {0, 0}; }), "infer.outputs");
  EXPECT_EQ(error_of([](RunRequest& r) { r.outputs = {1}; }), "infer.outputs");
  EXPECT_EQ(error_of([](RunRequest&) {}), "no error");
}

TEST_F(WorkerRun, RefusesBoolsAndStringsThatAreNone) {
  auto bools = started(onnx_builder::identity(Datatype::kBool, {-1}));
  auto result = run(*bools, {{{3}, {0, 1, 2}}});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().name(), "infer.input");
  auto strings = started(onnx_builder::identity(Datatype::kBytes, {-1}));
  Bytes cut = bytes_tensor({"abc", "def"});
  cut.pop_back();
  result = run(*strings, {{{2}, cut}});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().name(), "infer.input");
}

TEST_F(WorkerRun, AFailedEvaluationSaysWhyWithoutValuesOrNames) {
  auto worker = started(onnx_builder::lookup());
  auto result = run(*worker, {{{2}, raw_of<int64_t>({3, 57})}});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().name(), "infer.run");
  EXPECT_NE(result.error().sentence.find("out of data bounds"), std::string::npos)
      << result.error().sentence;
  EXPECT_EQ(result.error().sentence.find("57"), std::string::npos) << result.error().sentence;
  EXPECT_EQ(result.error().sentence.find("secret_table"), std::string::npos);
  EXPECT_TRUE(run(*worker, {{{1}, raw_of<int64_t>({3})}}).has_value());
}

TEST_F(WorkerRun, ManyRequestsAtOnceEachGetTheirOwnAnswer) {
  options.run_threads = 4;
  auto worker = started(onnx_builder::add({-1}));
  int answered = 0;
  for (int i = 0; i < 300; ++i) {
    const auto n = static_cast<size_t>(i % 40 + 1);
    const std::vector<float> a(n, static_cast<float>(i));
    const std::vector<float> b(n, 0.5F);
    const auto rows = static_cast<int64_t>(n);
    worker->run(request(*worker, {{{rows}, raw_of(a)}, {{rows}, raw_of(b)}}),
                [&answered, i, n](Outcome<RunResult> result) {
                  ++answered;
                  ASSERT_TRUE(result.has_value()) << result.error().sentence;
                  const std::vector<float> want(n, static_cast<float>(i) + 0.5F);
                  EXPECT_EQ(numbers_of<float>(result->outputs[0].data), want);
                });
  }
  wait_until([&] { return answered == 300; });
}

TEST_F(WorkerRun, RequestsBeyondTheQueueAreTurnedAway) {
  options.max_waiting = 2;
  auto worker = started(onnx_builder::loop());
  const auto slow = [&] {
    return request(*worker, {{{}, raw_of<int64_t>({INT64_MAX})}, {{1}, raw_of<float>({0})}});
  };
  std::vector<uint64_t> jobs;
  for (int i = 0; i < 3; ++i)
    jobs.push_back(worker->run(slow(), [](Outcome<RunResult>) { ADD_FAILURE(); }));
  auto result = run(*worker, slow());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().name(), "infer.waiting");
  for (uint64_t job : jobs) worker->cancel(job);
  wait_until([&] { return worker->num_jobs() == 0; });
}

using WorkerDeadline = WorkerTest;

TEST_F(WorkerDeadline, AJobThatCanBeStoppedIsStoppedAndTheWorkerStays) {
  options.stop_grace = milliseconds(20'000);
  auto worker = started(onnx_builder::loop());
  const pid_t pid = worker->pid();
  RunRequest endless =
      request(*worker, {{{}, raw_of<int64_t>({INT64_MAX})}, {{1}, raw_of<float>({0})}});
  endless.time_limit = milliseconds(50);
  auto result = run(*worker, std::move(endless));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::kDeadline);
  EXPECT_EQ(result.error().name(), "infer.deadline");
  result = run(*worker, {{{}, raw_of<int64_t>({5})}, {{1}, raw_of<float>({2})}});
  ASSERT_TRUE(result.has_value()) << result.error().sentence;
  EXPECT_EQ(numbers_of<float>(result->outputs[0].data), std::vector<float>{7});
  EXPECT_EQ(worker->pid(), pid);
}

TEST_F(WorkerDeadline, AJobThatCannotBeStoppedIsKilledWithItsWorker) {
  options.stop_grace = milliseconds(50);
  auto worker = started(onnx_builder::long_product());
  bool exited = false;
  worker->on_exit([&] { exited = true; });
  RunRequest endless = request(*worker, {{{2}, raw_of<int64_t>({12'000, 12'000})}});
  endless.time_limit = milliseconds(100);
  auto result = run(*worker, std::move(endless));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().name(), "infer.deadline");
  wait_until([&] { return exited && host().num_processes() == 0; });
  EXPECT_FALSE(worker->serving());
  EXPECT_FALSE(worker->buffer(1).has_value());
}

TEST_F(WorkerDeadline, AWaitingJobRunsOutOfTimeWithoutDisturbingTheRunningOne) {
  auto worker = started(onnx_builder::loop());
  const pid_t pid = worker->pid();
  const uint64_t running =
      worker->run(request(*worker, {{{}, raw_of<int64_t>({INT64_MAX})}, {{1}, raw_of<float>({0})}}),
                  [](Outcome<RunResult>) { ADD_FAILURE() << "cancelled jobs are not answered"; });
  RunRequest second = request(*worker, {{{}, raw_of<int64_t>({1})}, {{1}, raw_of<float>({0})}});
  second.wait_limit = milliseconds(30);
  auto result = run(*worker, std::move(second));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().name(), "infer.wait-deadline");
  EXPECT_EQ(result.error().code, Code::kDeadline);
  EXPECT_EQ(worker->num_jobs(), 1u);
  worker->cancel(running);
  wait_until([&] { return worker->num_jobs() == 0; });
  EXPECT_EQ(worker->pid(), pid);
}

TEST_F(WorkerDeadline, TheTimeOfARunBeginsWhenItsTurnComes) {
  auto worker = started(onnx_builder::loop());
  RunRequest first =
      request(*worker, {{{}, raw_of<int64_t>({INT64_MAX})}, {{1}, raw_of<float>({0})}});
  first.time_limit = milliseconds(1000);
  worker->run(std::move(first), [](const Outcome<RunResult>& r) { EXPECT_FALSE(r.has_value()); });
  RunRequest second = request(*worker, {{{}, raw_of<int64_t>({1})}, {{1}, raw_of<float>({0})}});
  second.time_limit = milliseconds(900);  // less than it waits
  EXPECT_TRUE(run(*worker, std::move(second)).has_value());
}

TEST_F(WorkerDeadline, ACallerWhoLeavesEndsItsRunAndOneWhoWaitedNeverStarts) {
  options.stop_grace = milliseconds(20'000);
  auto worker = started(onnx_builder::loop());
  const pid_t pid = worker->pid();
  const auto endless = [&] {
    return worker->run(
        request(*worker, {{{}, raw_of<int64_t>({INT64_MAX})}, {{1}, raw_of<float>({0})}}),
        [](Outcome<RunResult>) { ADD_FAILURE() << "nobody waits for it any more"; });
  };
  const uint64_t running = endless();
  const uint64_t waiting = endless();
  EXPECT_EQ(worker->num_jobs(), 2u);
  worker->cancel(waiting);
  EXPECT_EQ(worker->num_jobs(), 1u);
  worker->cancel(running);
  wait_until([&] { return worker->num_jobs() == 0; });
  EXPECT_EQ(worker->pid(), pid);
}

TEST_F(WorkerDeadline, ACallerWhoLeavesARunThatCannotBeStoppedEndsTheProcess) {
  auto worker = started(onnx_builder::long_product());
  bool exited = false;
  worker->on_exit([&] { exited = true; });
  const uint64_t job =
      worker->run(request(*worker, {{{2}, raw_of<int64_t>({12'000, 12'000})}}),
                  [](Outcome<RunResult>) { ADD_FAILURE() << "nobody waits for it any more"; });
  auto timer = reactor->timer();  // until it is within the product
  timer->after(milliseconds(4000), [&] { worker->cancel(job); });
  wait_until([&] { return exited && host().num_processes() == 0; });
}

// Keeps what is handed back.
struct Unserved {
  void watch(RunRequest& request) {
    request.unserved = [this](RunRequest same) { requests.push_back(std::move(same)); };
  }
  std::vector<RunRequest> requests;
};

TEST_F(WorkerDeadline, ThoseBesideAJobThatDoesNotStopAreHandedBackWhole) {
  options.run_threads = 2;
  auto worker = started(onnx_builder::long_product());
  Unserved unserved;
  std::string hog;
  RunRequest endless = request(*worker, {{{2}, raw_of<int64_t>({12'000, 12'000})}});
  endless.time_limit = milliseconds(4000);
  unserved.watch(endless);
  worker->run(std::move(endless), [&](Outcome<RunResult> r) { hog = r.error().name(); });
  for (const int64_t n : {11'000, 7}) {  // one runs beside it, the other waits
    RunRequest other = request(*worker, {{{2}, raw_of<int64_t>({n, n})}});
    unserved.watch(other);
    worker->run(std::move(other), [](Outcome<RunResult>) { ADD_FAILURE() << "it had no part"; });
  }
  wait_until([&] { return unserved.requests.size() == 2 && !hog.empty(); });
  EXPECT_EQ(hog, "infer.deadline");
  EXPECT_EQ(numbers_of<int64_t>(unserved.requests[0].buffer->input().first(8)),
            std::vector<int64_t>{11'000});

  auto next = started(onnx_builder::long_product());
  RunRequest again = std::move(unserved.requests[1]);
  EXPECT_TRUE(again.again);
  auto buffer = next->buffer(16);
  std::ranges::copy(again.buffer->input().first(16), (*buffer)->input().begin());
  again.buffer = std::move(*buffer);
  auto result = run(*next, std::move(again));
  ASSERT_TRUE(result.has_value()) << result.error().sentence;
  EXPECT_EQ(result->outputs.size(), 1u);
}

TEST_F(WorkerDeadline, RequestsThatWereHandedBackRunFirstAndAmongThemselves) {
  options.run_threads = 2;
  auto worker = started(onnx_builder::loop());
  std::string order;
  const auto submit = [&](char name, int64_t rounds, bool again) {
    RunRequest job = request(*worker, {{{}, raw_of<int64_t>({rounds})}, {{1}, raw_of<float>({0})}});
    job.again = again;
    return worker->run(std::move(job), [&order, name](const Outcome<RunResult>& result) {
      EXPECT_TRUE(result.has_value());
      order += name;
    });
  };
  const uint64_t other = submit('-', INT64_MAX, false);
  submit('n', 1, false);
  wait_until([&] { return order == "n"; });
  const uint64_t first = submit('a', INT64_MAX, true);
  submit('A', 1, true);
  submit('M', 1, false);
  worker->cancel(other);
  wait_until([&] { return order.contains('A'); });
  EXPECT_EQ(order, "nA");
  worker->cancel(first);
  wait_until([&] { return worker->num_jobs() == 0; });
  EXPECT_EQ(order, "nAM");
}

using WorkerCrash = WorkerTest;

TEST_F(WorkerCrash, KilledInAJobItIsAnErrorForThoseInItAndAFreshOneServes) {
  auto worker = started(onnx_builder::loop());
  bool exited = false;
  worker->on_exit([&] { exited = true; });
  int failed = 0;
  for (int i = 0; i < 3; ++i)
    worker->run(request(*worker, {{{}, raw_of<int64_t>({INT64_MAX})}, {{1}, raw_of<float>({0})}}),
                [&](Outcome<RunResult> result) {
                  ++failed;
                  ASSERT_FALSE(result.has_value());
                  EXPECT_EQ(result.error().name(), "infer.worker-died");
                  EXPECT_EQ(result.error().code, Code::kUnavailable);
                });
  ::kill(worker->pid(), SIGKILL);
  wait_until([&] { return exited && failed == 3; });
  EXPECT_EQ(host().num_processes(), 0u);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a process was left uncollected";

  auto fresh = started(onnx_builder::loop());
  auto result = run(*fresh, {{{}, raw_of<int64_t>({2})}, {{1}, raw_of<float>({1})}});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(numbers_of<float>(result->outputs[0].data), std::vector<float>{3});
}

TEST_F(WorkerCrash, ThoseThatWaitedAreHandedBackAndTheRunningOneIsToldOfIt) {
  auto worker = started(onnx_builder::loop());
  std::vector<RunRequest> unserved;
  std::string running;
  for (int i = 0; i < 3; ++i) {
    RunRequest job =
        request(*worker, {{{}, raw_of<int64_t>({INT64_MAX})}, {{1}, raw_of<float>({0})}});
    job.unserved = [&](RunRequest same) { unserved.push_back(std::move(same)); };
    worker->run(std::move(job), [&](Outcome<RunResult> r) { running += r.error().name(); });
  }
  ::kill(worker->pid(), SIGKILL);
  wait_until([&] { return unserved.size() == 2 && !running.empty(); });
  EXPECT_EQ(running, "infer.worker-died");
  EXPECT_EQ(unserved[0].inputs.size(), 2u);
}

TEST_F(WorkerCrash, StoppingAnswersTheJobsAndEndsTheProcess) {
  auto worker = started(onnx_builder::loop());
  auto slow = request(*worker, {{{}, raw_of<int64_t>({INT64_MAX})}, {{1}, raw_of<float>({0})}});
  std::string name;
  worker->run(std::move(slow), [&](Outcome<RunResult> r) { name = r.error().name(); });
  worker.reset();
  wait_until([&] { return !name.empty() && host().num_processes() == 0; });
  EXPECT_EQ(name, "infer.stopped");
}

TEST_F(WorkerCrash, AResultOutlivesItsWorker) {
  auto worker = started(onnx_builder::add({1}));
  auto result = run(*worker, {{{1}, raw_of<float>({1})}, {{1}, raw_of<float>({2})}});
  ASSERT_TRUE(result.has_value());
  worker.reset();
  wait_until([&] { return host().num_processes() == 0; });
  EXPECT_EQ(numbers_of<float>(result->outputs[0].data), std::vector<float>{3});
}

using WorkerLoad = WorkerTest;

TEST_F(WorkerLoad, RefusesWhatIsNotAModel) {
  std::unique_ptr<Worker> worker;
  const Bytes good = onnx_builder::add({2});
  for (size_t length : {size_t{1}, size_t{7}, good.size() / 2, good.size() - 1}) {
    auto outcome =
        start(worker, Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(length)));
    ASSERT_FALSE(outcome.has_value()) << length;
    EXPECT_EQ(outcome.error().name(), "model.truncated") << outcome.error().sentence;
    EXPECT_EQ(outcome.error().code, Code::kRefused);
    EXPECT_FALSE(outcome.error().sentence.empty());
  }
  uint32_t state = 1;
  for (int round = 0; round < 5; ++round) {
    Bytes noise(2000);
    for (uint8_t& byte : noise)
      byte = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
    auto outcome = start(worker, noise);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, Code::kRefused);
    EXPECT_TRUE(outcome.error().name().starts_with("model.")) << outcome.error().name();
  }
}

TEST_F(WorkerLoad, RefusesTheOtherFileFormat) {
  Bytes ort = {0x20, 0, 0, 0, 'O', 'R', 'T', 'M'};
  ort.resize(64);
  std::unique_ptr<Worker> worker;
  auto outcome = start(worker, ort);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().name(), "model.wire-type") << outcome.error().sentence;
}

TEST_F(WorkerLoad, TellsWhatOnnxRuntimeSaysOfOperatorsItDoesNotHave) {
  const Bytes model = onnx_builder::Graph()
                          .input("x", Datatype::kFp32, {1})
                          .output("y", Datatype::kFp32, {1})
                          .node("NoSuchOperator", {"x"}, {"y"})
                          .model();
  std::unique_ptr<Worker> worker;
  auto outcome = start(worker, model);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().name(), "infer.model-malformed") << outcome.error().sentence;
  EXPECT_NE(outcome.error().sentence.find("NoSuchOperator"), std::string::npos);
}

TEST_F(WorkerLoad, RefusesWhatCannotBeSentWithASentence) {
  using onnx_builder::Graph;
  using onnx_builder::tensor_type;
  const onnx_builder::Message floats = tensor_type(1, std::vector<int64_t>{1});
  const Bytes sequence = Graph()
                             .input("x", floats)
                             .output("parts", onnx_builder::sequence_type(floats))
                             .node("SequenceConstruct", {"x"}, {"parts"})
                             .model();
  const Bytes optional = Graph()
                             .input("maybe", onnx_builder::optional_type(floats))
                             .output("y", floats)
                             .node("OptionalGetElement", {"maybe"}, {"y"})
                             .model(18);
  const onnx_builder::Message small =
      tensor_type(onnx_builder::kFloat8E4M3Fn, std::vector<int64_t>{1});
  const Bytes float8 =
      Graph().input("tiny", small).output("y", small).node("Identity", {"tiny"}, {"y"}).model(19);
  for (const auto& [model, word] : {std::pair{sequence, "'parts' is a sequence"},
                                    {optional, "'maybe' is optional"},
                                    {float8, "'tiny' has an element type"}}) {
    std::unique_ptr<Worker> worker;
    auto outcome = start(worker, model);
    ASSERT_FALSE(outcome.has_value()) << word;
    EXPECT_EQ(outcome.error().name(), "infer.model-unsupported") << outcome.error().sentence;
    EXPECT_NE(outcome.error().sentence.find(word), std::string::npos) << outcome.error().sentence;
  }
}

TEST_F(WorkerLoad, ReadsNoFileOfTheMachine) {
  for (const std::string file :
       {"/etc/hostname", "../../etc/hostname", "etc/hostname", "/proc/self/environ"}) {
    const Bytes model = onnx_builder::Graph()
                            .output("y", Datatype::kUint8, {4})
                            .external("w", Datatype::kUint8, {4}, file)
                            .node("Identity", {"w"}, {"y"})
                            .model();
    std::unique_ptr<Worker> worker;
    auto outcome = start(worker, model);
    ASSERT_FALSE(outcome.has_value()) << file;
    EXPECT_EQ(outcome.error().code, Code::kRefused) << file;
    EXPECT_EQ(outcome.error().name(), "model.external-data") << file;
  }
}

TEST_F(WorkerLoad, FailsWhenTheSourceIsShorterOrLongerThanItSaid) {
  const Bytes model = onnx_builder::add({2});
  for (const uint64_t said : {model.size() - 1, model.size() + 1, size_t{0}}) {
    std::optional<Outcome<void>> outcome;
    auto worker = Worker::start(host(), std::make_unique<MemoryModel>(model, 10), said,
                                [&](Outcome<void> o) { outcome = std::move(o); });
    wait_until([&] { return outcome.has_value(); });
    ASSERT_FALSE(outcome->has_value());
    EXPECT_EQ(outcome->error().name(), "infer.model-size");
  }
}

TEST_F(WorkerLoad, RefusesAnEmptyModel) {
  std::unique_ptr<Worker> worker;
  auto outcome = start(worker, Bytes());
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().name(), "model.size");
  EXPECT_EQ(outcome.error().code, Code::kRefused);
}

TEST_F(WorkerLoad, TakesAModelInPiecesOfAnySize) {
  const Bytes model = onnx_builder::add({2});
  for (const size_t piece : {size_t{1}, size_t{13}, model.size()}) {
    std::optional<Outcome<void>> outcome;
    auto worker = Worker::start(host(), std::make_unique<MemoryModel>(model, piece), model.size(),
                                [&](Outcome<void> o) { outcome = std::move(o); });
    wait_until([&] { return outcome.has_value(); });
    EXPECT_TRUE(outcome->has_value());
  }
}

TEST_F(WorkerLoad, SaysThatTheProgramOrTheLibraryIsMissing) {
  options.worker_path = "/nonexistent/blindai-worker";
  std::unique_ptr<Worker> worker;
  auto outcome = start(worker, onnx_builder::add({2}));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().name(), "infer.spawn");
}

TEST_F(WorkerLoad, NeedsTheLibraryAtItsPath) {
  options.engine_path = "/nonexistent/libonnxruntime.so.1.28.0";
  std::unique_ptr<Worker> worker;
  auto outcome = start(worker, onnx_builder::add({2}));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().name(), "infer.spawn");
}

TEST_F(WorkerLoad, ALoadOverItsTimeIsGivenUp) {
  options.load_limit = milliseconds(1);
  std::unique_ptr<Worker> worker;
  auto outcome = start(worker, onnx_builder::add({2}));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().name(), "infer.load-deadline");
  wait_until([&] { return host().num_processes() == 0; });
}

TEST_F(WorkerLoad, TheProcessIsIsolatedAndSmallBeforeItsModel) {
  auto worker = started(onnx_builder::add({2}));
  EXPECT_TRUE(missing(worker->sandbox(), SandboxLevel::kBasic).empty());
  EXPECT_GT(worker->resident_bytes(), 0u);
  if (!kUnderSanitizer) {
    EXPECT_LE(worker->resident_bytes_before_model(), 30u << 20);
  }
  const std::string proc = "/proc/" + std::to_string(worker->pid());
  std::error_code error;
  size_t num_files = 0;
  for (const auto& file : std::filesystem::directory_iterator(proc + "/fd", error)) {
    static_cast<void>(file);
    ++num_files;
  }
  // Standard streams and the socket; the model and the buffers are closed once mapped. Not readable
  // at all for a user without power over other processes.
  if (!error) {
    EXPECT_EQ(num_files, 4u);
  }
  RecordProperty("resident_before_model", static_cast<int>(worker->resident_bytes_before_model()));
}

// A model on disk, so that it is not in this process.
class FileModel final : public ModelSource {
 public:
  explicit FileModel(const std::filesystem::path& path) : file_(path, std::ios::binary) {}
  Result<size_t> read(std::span<uint8_t> out) override {
    file_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    return static_cast<size_t>(file_.gcount());
  }

 private:
  std::ifstream file_;
};

// Allocates nothing: the address sanitizer keeps what is freed, and this is asked a thousand times.
uint64_t own_resident_bytes() {
  std::array<char, 128> text{};
  const OwnedFd file(open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  unsigned long total = 0;
  unsigned long resident = 0;
  if (read(file.get(), text.data(), text.size() - 1) <= 0) return 0;
  const int fields = std::sscanf(text.data(), "%lu %lu", &total, &resident);
  return fields == 2 ? resident * 4096 : 0;
}

TEST_F(WorkerLoad, ALargeModelDoesNotGrowThisProcessAndIsInTheWorkerOnce) {
  constexpr uint64_t kWeights = 160 << 20;
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / ("heavy-" + std::to_string(getpid()));
  {
    const Bytes model = onnx_builder::heavy(kWeights);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(model.data()),
               static_cast<std::streamsize>(model.size()));
  }
  malloc_trim(0);
  const uint64_t size = std::filesystem::file_size(path);
  const uint64_t before = own_resident_bytes();
  uint64_t most = before;
  std::optional<Outcome<void>> outcome;
  auto worker = Worker::start(host(), std::make_unique<FileModel>(path), size,
                              [&](Outcome<void> o) { outcome = std::move(o); });
  wait_until([&] {
    most = std::max(most, own_resident_bytes());
    return outcome.has_value();
  });
  std::filesystem::remove(path);
  ASSERT_TRUE(outcome->has_value()) << outcome->error().sentence;
  EXPECT_LT(most - before, 8u << 20);
  if (!kUnderSanitizer) {
    EXPECT_LT(worker->resident_bytes(), kWeights + (40 << 20));
  }
  EXPECT_TRUE(run(*worker, {{{1}, raw_of<float>({1})}}).has_value());
}

// The limit of addresses: an error of that model's, before and after it is loaded.
TEST_F(WorkerLoad, AModelOverTheAddressSpaceIsAnErrorAndTheWorkerStays) {
  if (kUnderSanitizer) GTEST_SKIP() << "sanitizers reserve more addresses than any limit leaves";
  options.address_space_bytes = 1ULL << 30;
  auto worker = started(onnx_builder::zeros_of_shape());
  EXPECT_TRUE(worker->sandbox()[Layer::kAddressSpace].is_applied());
  const pid_t pid = worker->pid();
  for (int round = 0; round < 3; ++round) {
    auto result = run(*worker, {{{1}, raw_of<int64_t>({500'000'000})}});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().name(), "infer.job-memory") << result.error().sentence;
    EXPECT_TRUE(run(*worker, {{{1}, raw_of<int64_t>({1000})}}).has_value());
    EXPECT_EQ(worker->pid(), pid);
  }
  std::unique_ptr<Worker> large;
  auto outcome = start(large, onnx_builder::heavy(700 << 20));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().name(), "infer.model-limit") << outcome.error().sentence;
  EXPECT_TRUE(run(*worker, {{{1}, raw_of<int64_t>({1000})}}).has_value());
}

TEST_F(WorkerLoad, AWorkerOutOfProcessorTimeEndsAndTheNextOneServes) {
  options.cpu_seconds = 1;
  auto worker = started(onnx_builder::loop());
  auto result = run(*worker, {{{}, raw_of<int64_t>({INT64_MAX})}, {{1}, raw_of<float>({0})}});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().name(), "infer.worker-died") << result.error().sentence;
  auto next = started(onnx_builder::loop());
  EXPECT_TRUE(run(*next, {{{}, raw_of<int64_t>({1})}, {{1}, raw_of<float>({0})}}).has_value());
}

TEST_F(WorkerLoad, TwoHundredRoundsLeaveNoDescriptorAndNoProcess) {
  constexpr int kRounds = kUnderSanitizer ? 20 : 200;
  static_cast<void>(started(onnx_builder::add({1})));
  wait_until([&] { return host().num_processes() == 0; });
  const size_t before = open_files();
  for (int round = 0; round < kRounds; ++round) {
    auto worker = started(onnx_builder::add({1}));
    ASSERT_TRUE(worker->serving());
    if (round % 10 == 0) {
      ASSERT_TRUE(run(*worker, {{{1}, raw_of<float>({1})}, {{1}, raw_of<float>({2})}}).has_value());
    }
  }
  wait_until([&] { return host().num_processes() == 0; });
  EXPECT_EQ(open_files(), before);
}

}  // namespace
}  // namespace blindai
