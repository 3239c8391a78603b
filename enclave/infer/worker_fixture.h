// For tests: a reactor, real worker processes, and calls that wait for their answer.
#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <optional>

#include "enclave/infer/worker_pool.h"
#include "tests/support/memory_model.h"

namespace blindai {

// One input of a test: its shape and its bytes as they are sent.
struct TestInput {
  std::vector<int64_t> shape;
  Bytes data;
};

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest();
  ~WorkerTest() override;

  // Runs the reactor until `done` or ten times longer than anything here should take.
  void wait_until(const std::function<bool()>& done);

  Outcome<void> start(std::unique_ptr<Worker>& worker, Bytes model);
  // Starts, or fails the test.
  std::unique_ptr<Worker> started(Bytes model);
  // A request with these inputs in order.
  RunRequest request(Worker& worker, const std::vector<TestInput>& inputs);
  Outcome<RunResult> run(Worker& worker, RunRequest request);
  Outcome<RunResult> run(Worker& worker, const std::vector<TestInput>& inputs) {
    return run(worker, request(worker, inputs));
  }
  WorkerHost& host();

  WorkerOptions options;  // change before the first start
  std::unique_ptr<Reactor> reactor;
  std::vector<std::string> log;

 private:
  std::unique_ptr<WorkerHost> host_;
};

// Little-endian bytes of numbers, and back.
template <typename T>
Bytes raw_of(const std::vector<T>& values) {
  const auto* first = reinterpret_cast<const uint8_t*>(values.data());
  return {first, first + values.size() * sizeof(T)};
}
template <typename T>
std::vector<T> numbers_of(BytesView raw) {
  std::vector<T> out(raw.size() / sizeof(T));
  std::copy(raw.begin(), raw.end(), reinterpret_cast<uint8_t*>(out.data()));
  return out;
}
// BYTES form of texts.
Bytes bytes_tensor(const std::vector<std::string>& texts);

// Where the programs of this build and the pinned library are.
std::string worker_program();
std::string liar_program();
std::string engine_library();

}  // namespace blindai
