#include "enclave/infer/worker_arguments.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

std::optional<WorkerArguments> parsed(std::vector<std::string> texts) {
  std::vector<const char*> argv = {"blindai-worker"};
  for (const std::string& text : texts) argv.push_back(text.c_str());
  return parse_worker_arguments(static_cast<int>(argv.size()), argv.data());
}

const WorkerArguments kSample = {.library = "/lib/x.so",
                                 .address_space_bytes = UINT64_MAX,
                                 .cpu_seconds = 7,
                                 .level = SandboxLevel::kFull,
                                 .own_pid_namespace = true,
                                 .own_user_namespace = true,
                                 .namespace_error = 4095};

TEST(WorkerArguments, ComeBackAsTheyWereWritten) {
  EXPECT_EQ(parsed(to_texts(kSample)), kSample);
  for (const bool pid : {false, true}) {
    for (const bool user : {false, true}) {
      WorkerArguments other = {.library = "/x", .namespace_error = pid ? 0 : 1};
      other.own_pid_namespace = pid;
      other.own_user_namespace = user;
      EXPECT_EQ(parsed(to_texts(other)), other);
    }
  }
}

TEST(WorkerArguments, AnythingElseIsRefused) {
  const std::vector<std::string> good = to_texts(kSample);
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(parsed({good.begin(), good.begin() + static_cast<ptrdiff_t>(length)}));
  std::vector<std::string> longer = good;
  longer.emplace_back("0");
  EXPECT_FALSE(parsed(longer));
  for (size_t i = 1; i < good.size(); ++i) {
    for (const char* bad : {"", " 1", "-1", "1 ", "0x1", "18446744073709551616", "none"}) {
      std::vector<std::string> changed = good;
      changed[i] = bad;
      EXPECT_FALSE(parsed(changed)) << i << " " << bad;
    }
  }
  for (const auto& [place, bad] : {std::pair{4, "4"}, {5, "4096"}, {3, "0"}}) {
    std::vector<std::string> changed = good;
    changed[static_cast<size_t>(place)] = bad;
    EXPECT_FALSE(parsed(changed)) << place << " " << bad;
  }
}

}  // namespace
}  // namespace blindai
