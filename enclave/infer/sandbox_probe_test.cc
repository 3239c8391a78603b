// The sandbox of real workers, on this machine and on machines that permit less: a filter around
// the test refuses what containers refuse.
#include "enclave/infer/sandbox_probe.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sched.h>
#include <signal.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/infer/worker_fixture.h"
#include "tests/onnx_builder.h"
#include "tests/support/contained.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

using SandboxProbe = WorkerTest;

bool kernel_permits_namespaces() {
  // By the bare call: after fork() the thread sanitizer starts a thread of its own in the child,
  // and who has threads may not change into a user namespace.
  const long pid = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | SIGCHLD, nullptr,
                           nullptr, nullptr, nullptr);
  if (pid == 0) syscall(SYS_exit_group, 0);
  if (pid < 0) return false;
  waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return true;
}

TEST_F(SandboxProbe, PutsAroundAWorkerWhatTheKernelPermits) {
  const auto report = probe_sandbox(options);
  ASSERT_TRUE(report.has_value()) << report.error().sentence;
  EXPECT_TRUE(require_sandbox(*report, SandboxLevel::kBasic).has_value());
  const bool permitted = kernel_permits_namespaces();
  EXPECT_EQ((*report)[Layer::kUserNamespace].is_applied(), permitted);
  // Without one root may have some of the others all the same, as in a chroot.
  const bool known = permitted || geteuid() != 0;
  for (const Layer layer : {Layer::kNetworkNamespace, Layer::kIpcNamespace, Layer::kPidNamespace,
                            Layer::kMountNamespace, Layer::kEmptyRoot})
    EXPECT_TRUE(!known || (*report)[layer].is_applied() == permitted)
        << name_of(layer) << ": " << describe((*report)[layer]);
  const bool has_landlock = syscall(SYS_landlock_create_ruleset, nullptr, 0, 1U) >= 1;
  EXPECT_EQ((*report)[Layer::kLandlockFiles].is_applied(), has_landlock);
  EXPECT_EQ((*report)[Layer::kCgroup], LayerState());
}

TEST_F(SandboxProbe, LimitsAreThoseAskedForAndSeenFromOutside) {
  options.cpu_seconds = 77;
  options.address_space_bytes = 8ULL << 30;
  auto worker = started(onnx_builder::add({1}));
  std::ifstream file("/proc/" + std::to_string(worker->pid()) + "/limits");
  const std::string limits((std::istreambuf_iterator<char>(file)), {});
  // Soft and hard.
  const auto is = [&](std::string_view name, uint64_t value) {
    const size_t at = limits.find(name);
    std::istringstream line(at == std::string::npos ? "" : limits.substr(at + name.size()));
    uint64_t soft = 0;
    uint64_t hard = 0;
    return line >> soft >> hard && soft == value && hard == value;
  };
  EXPECT_TRUE(is("Max core file size", 0)) << limits;
  EXPECT_TRUE(is("Max file size", 0)) << limits;
  EXPECT_TRUE(is("Max open files", 32)) << limits;
  EXPECT_TRUE(is("Max cpu time", 77)) << limits;
  if (!kUnderSanitizer) {
    EXPECT_TRUE(is("Max address space", 8ULL << 30)) << limits;
  }
  if (worker->sandbox()[Layer::kUserNamespace].is_applied()) {
    EXPECT_TRUE(is("Max processes", 192)) << limits;
  }
}

TEST_F(SandboxProbe, ReportsWhatAContainerRefusesAndServesAtBasic) {
  const std::string complaint = in_child([&]() -> std::string {
    if (!refuse_as_containers_do()) return "no filter";
    const auto report = probe_sandbox(options);
    if (!report) return report.error().sentence;
    for (const Layer layer : {Layer::kUserNamespace, Layer::kNetworkNamespace, Layer::kIpcNamespace,
                              Layer::kPidNamespace, Layer::kMountNamespace, Layer::kEmptyRoot})
      if ((*report)[layer] != LayerState::refused(EPERM))
        return std::string(name_of(layer)) + " " + describe((*report)[layer]);
    if ((*report)[Layer::kLandlockFiles] != LayerState::refused(ENOSYS)) return "Landlock";
    if (!require_sandbox(*report, SandboxLevel::kBasic)) return "basic lacks something";
    const auto full = require_sandbox(*report, SandboxLevel::kFull);
    if (full) return "full is satisfied";
    if (full.error().name() != "infer.sandbox") return std::string(full.error().name());
    for (const char* word : {"PID namespace (refused by the kernel: Operation not permitted",
                             "require_sandbox = \"basic\"", "Landlock: files (refused"})
      if (full.error().sentence.find(word) == std::string::npos) return full.error().sentence;
    // A worker like any other, and told to the log once.
    WorkerHost contained(*reactor, options);
    for (int round = 0; round < 2; ++round) {
      std::optional<Outcome<void>> outcome;
      const Bytes model = onnx_builder::add({1});
      const auto worker =
          Worker::start(contained, std::make_unique<MemoryModel>(model), model.size(),
                        [&](Outcome<void> started) { outcome = std::move(started); });
      wait_until([&] { return outcome.has_value(); });
      if (!outcome->has_value()) return outcome->error().sentence;
    }
    const auto told = std::ranges::count_if(log, [](const std::string& line) {
      return line.starts_with("sandbox of workers: PID namespace: refused");
    });
    return told == 1 ? "" : "told " + std::to_string(told) + " times";
  });
  EXPECT_EQ(complaint, "");
}

// The worker itself reads no model without what is required: whatever the server makes of READY.
TEST_F(SandboxProbe, AWorkerThatLacksWhatIsRequiredEndsByItself) {
  const std::string complaint = in_child([&]() -> std::string {
    if (!refuse_as_containers_do()) return "no filter";
    options.require_sandbox = SandboxLevel::kFull;
    auto process = ChildProcess::start(*reactor, worker_command(options));
    if (!process) return "no process";
    std::optional<ExitStatus> status;
    (*process)->when_gone([&](ExitStatus gone) { status = gone; });
    wait_until([&] { return status.has_value(); });
    return status->code == 66 ? "" : "exit status " + std::to_string(status->code);
  });
  EXPECT_EQ(complaint, "");
}

TEST_F(SandboxProbe, AStartFailsWithWhatIsMissing) {
  const std::string complaint = in_child([&]() -> std::string {
    if (!refuse_as_containers_do()) return "no filter";
    options.require_sandbox = SandboxLevel::kFull;
    std::unique_ptr<Worker> worker;
    const auto outcome = start(worker, onnx_builder::add({1}));
    if (outcome) return "it started";
    return outcome.error().name() == "infer.sandbox" ? "" : outcome.error().sentence;
  });
  EXPECT_EQ(complaint, "");
}

// A server that is not root gets its PID namespace by way of a user namespace.
TEST_F(SandboxProbe, AServerThatIsNotRootGetsTheSame) {
  if (geteuid() != 0) GTEST_SKIP() << "this test gives up root, and is not run by root";
  if (!kernel_permits_namespaces()) GTEST_SKIP() << "this kernel permits no user namespace";
  const auto as_root = probe_sandbox(options);
  ASSERT_TRUE(as_root.has_value());
  const std::string complaint = in_child([&]() -> std::string {
    if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) return "user";
    if (access(options.worker_path.c_str(), X_OK) != 0) return "not readable";
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // as the server is
    const auto report = probe_sandbox(options);
    if (!report) return report.error().sentence;
    for (const Layer layer : all_layers())
      if ((*report)[layer] != (*as_root)[layer])
        return std::string(name_of(layer)) + " " + describe((*report)[layer]);
    return "";
  });
  if (complaint == "not readable") GTEST_SKIP() << "the programs lie where only root reads";
  EXPECT_EQ(complaint, "");
}

TEST_F(SandboxProbe, SaysThatThereIsNoWorkerToAsk) {
  options.worker_path = "/nonexistent/blindai-worker";
  const auto report = probe_sandbox(options);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().name(), "infer.spawn");
}

}  // namespace
}  // namespace blindai
