// ONNX Runtime calls nobody and writes nothing: every socket that server and worker make, and every
// file that they open, from the start of a worker to its answer. Without CI in the environment,
// which would silence the releases that do call somebody.
#include <gtest/gtest.h>
#include <set>
#include <sys/syscall.h>

#include "enclave/infer/worker_fixture.h"
#include "tests/onnx_builder.h"
#include "tests/sandbox/escape_harness.h"
#include "tests/sandbox/system_call_trace.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

using Telemetry = WorkerTest;

// What the loader, the C library and ONNX Runtime read of the machine when they start.
bool is_expected(const std::string& path) {
  for (const char* prefix : {"/etc/ld.so.", "/lib/", "/lib64/", "/usr/lib/", "/proc/self/",
                             "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu",
                             "/sys/devices/system/node", "/sys/bus/pci/devices"})
    if (path.starts_with(prefix)) return true;
  // The loader looks beside the library for the libraries that it needs.
  return path.starts_with(engine_library().substr(0, engine_library().rfind('/') + 1));
}

TEST_F(Telemetry, OfOnnxRuntimeThereIsNone) {
  if (kUnderSanitizer) GTEST_SKIP() << "the sanitizers open files of their own";
  const Trace trace = trace_system_calls([this] {
    unsetenv("CI");
    auto worker = started(onnx_builder::add({1}));
    for (int i = 0; i < 3; ++i)
      if (!run(*worker, {{{1}, raw_of<float>({1})}, {{1}, raw_of<float>({2})}})) _exit(1);
  });
  ASSERT_TRUE(trace.complete);
  ASSERT_EQ(trace.programs.size(), 1u);
  EXPECT_EQ(trace.programs[0].program, "blindai-worker");
  EXPECT_EQ(trace.programs[0].environment, std::string("ORT_DISABLE_TELEMETRY=1\0", 24));
  size_t opened = 0;
  bool saw_library = false;
  for (const TracedCall& call : trace.calls) {
    EXPECT_FALSE(makes_network(call.number)) << call.program << ": " << call.number;
    if (call.program != "blindai-worker") continue;
    ++opened;
    EXPECT_TRUE(is_expected(call.path)) << call.path;
    EXPECT_FALSE(writes(call)) << call.path;
    saw_library = saw_library || call.path == engine_library();
  }
  EXPECT_TRUE(saw_library);
  EXPECT_GE(opened, 5u) << "the trace misses what every program opens";
}

// The trace shows what it is there for.
TEST_F(Telemetry, WouldBeSeen) {
  if (kUnderSanitizer) GTEST_SKIP() << "the sanitizers open files of their own";
  std::set<long> seen;
  bool wrote = false;
  for (const char* attempt :
       {"send a datagram", "connect to an abstract socket", "create a file"}) {
    const Trace trace = trace_system_calls([&] {
      EscapeHarness harness(BLINDAI_BINARY_DIR "/bin/blindai-escape", engine_library());
      const Happened happened = harness.happens(EscapeHarness::Mode::kControl, attempt);
      _exit(happened.kind == Happened::Kind::kGotThrough ? 0 : 1);
    });
    EXPECT_TRUE(trace.complete) << attempt;
    for (const TracedCall& call : trace.calls) {
      if (call.program != "blindai-escape") continue;
      seen.insert(call.number);
      wrote = wrote || (writes(call) && call.path.starts_with("/tmp/blindai-escape-"));
    }
  }
  for (const long number : {SYS_socket, SYS_sendto, SYS_connect})
    EXPECT_TRUE(seen.contains(number)) << number;
  EXPECT_TRUE(wrote);
}

}  // namespace
}  // namespace blindai
