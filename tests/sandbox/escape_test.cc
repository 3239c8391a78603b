// Nothing that a worker tries from inside its sandbox succeeds; and everything of it is a real
// attempt, for without the sandbox it comes out differently.
#include "tests/sandbox/escape.h"

#include <gtest/gtest.h>
#include <iostream>
#include <set>
#include <sstream>
#include <unistd.h>

#include "enclave/infer/worker_fixture.h"
#include "tests/sandbox/escape_harness.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

using escape::Control;
using escape::Named;
using Kind = Happened::Kind;
using Mode = EscapeHarness::Mode;

std::vector<Named> all_attempts() {
  std::vector<Named> out;
  for (const auto list :
       {escape::file_attempts(), escape::kernel_attempts(), escape::memory_attempts(),
        escape::process_attempts(), escape::socket_attempts()})
    out.insert(out.end(), list.begin(), list.end());
  return out;
}

// Each attempt is a process with ONNX Runtime in it, which the sanitizers make slow; what they look
// for is in all of them alike.
constexpr size_t kStep = kUnderSanitizer ? 8 : 1;

class Escape : public ::testing::Test {
 protected:
  EscapeHarness harness{BLINDAI_BINARY_DIR "/bin/blindai-escape", engine_library()};
};

TEST_F(Escape, TheListIsLongAndItsNamesAreDifferent) {
  std::set<std::string_view> names;
  for (const Named& named : all_attempts()) names.insert(named.name);
  EXPECT_EQ(names.size(), all_attempts().size());
  EXPECT_GE(names.size(), 100u);
}

TEST_F(Escape, NothingGetsThroughAndAllOfItIsMeant) {
  std::ostringstream same;
  size_t tried = 0;
  size_t meant = 0;
  const std::vector<Named> attempts = all_attempts();
  for (size_t i = 0; i < attempts.size(); i += kStep) {
    const auto& [name, attempt, control] = attempts[i];
    const Happened inside = harness.happens(Mode::kSandbox, name);
    // The kernel counts threads for a worker alone only in a user namespace.
    const bool counted = harness.report()[Layer::kUserNamespace].is_applied();
    if (name == "start a thousand threads" && !counted) continue;
    EXPECT_TRUE(inside.kind == Kind::kRefused || inside.kind == Kind::kEnded)
        << name << ": " << inside.text();
    EXPECT_TRUE(missing(harness.report(), SandboxLevel::kBasic).empty());
    const Happened outside = harness.happens(Mode::kControl, name);
    ASSERT_NE(outside.kind, Kind::kNotStarted) << name << ": " << outside.text();
    ++tried;
    if (control == Control::kGetsThrough) {
      EXPECT_EQ(outside.kind, Kind::kGotThrough) << name << ": " << outside.text();
    } else if (control == Control::kSealed) {
      EXPECT_EQ(outside.kind, Kind::kRefused) << name << ": " << outside.text();
    } else if (outside == inside) {
      same << "without the sandbox too, \"" << name << "\" is " << outside.text() << "\n";
    }
    if (outside != inside) ++meant;
  }
  std::cout << meant << " of " << tried << " came out differently without the sandbox\n"
            << same.str();
  EXPECT_GE(meant * 10, tried * (geteuid() == 0 ? 8 : 6)) << same.str();
}

// The other layers hold by themselves, should the filter have a hole.
TEST_F(Escape, WithoutTheFilterTheOtherLayersStillRefuse) {
  constexpr std::string_view kHeld[] = {
      "open a file",
      "open the working directory",
      "open above the working directory",
      "open with openat2",
      "open /proc/1/environ",
      "open /proc/self/mem",
      "open the server's memory",
      "open the server's memfd",
      "open a device",
      "create a file",
      "create a nameless file",
      "read what the server had open",
      "find any other descriptor",
      "list a directory",
      "ask about a file by name",
      "change the directory",
      "change the root",
      "make a device or fifo",
      "make a symbolic link",
      "watch all files",
      "mount",
      "exchange the root",
      "become root",
      "raise a limit",
      "load a kernel program",
      "restart the machine",
      "set the clock",
      "trace the server",
      "read the server's memory",
      "write the server's memory",
      "signal the server",
      "signal a thread of the server",
      "open the server as a pidfd",
      "read the server's limits",
      "start a thousand threads",
      "execute a program",
      "make a raw socket",
      "make a packet socket",
      "connect to an abstract socket",
      "bind a TCP port",
      "send a datagram",
      "grow the tensors' memory",
      "cut the tensors' memory",
      "write to the model",
      "map the model to write",
  };
  static_cast<void>(harness.happens(Mode::kLayers, kHeld[0]));
  if (!missing(
           [&] {
             SandboxReport report = harness.report();
             report[Layer::kSeccomp] = LayerState::applied();
             return report;
           }(),
           SandboxLevel::kFull)
           .empty())
    GTEST_SKIP() << "this machine permits the basic sandbox only";
  for (size_t i = 0; i < std::size(kHeld); i += kStep) {
    const std::string_view name = kHeld[i];
    const Happened inside = harness.happens(Mode::kLayers, name);
    EXPECT_EQ(inside.kind, Kind::kRefused) << name << ": " << inside.text();
    EXPECT_FALSE(harness.report()[Layer::kSeccomp].is_applied());
  }
}

}  // namespace
}  // namespace blindai
