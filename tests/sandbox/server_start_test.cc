// The server itself, on a machine that permits less than its configuration requires.
#include <algorithm>
#include <gtest/gtest.h>

#include "tests/server_process.h"
#include "tests/support/contained.h"

namespace blindai {
namespace {

size_t count(const std::string& text, const std::string& part) {
  size_t out = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

constexpr const char* kRefused =
    "sandbox of workers: PID namespace: refused by the kernel: Operation not permitted";

TEST(ServerStart, FailsWithoutWhatTheConfigurationRequiresAndSaysWhatToDo) {
  EXPECT_EQ(in_child([]() -> std::string {
              if (!refuse_as_containers_do()) return "no filter";
              ServerProcess server;
              if (server.start("require_sandbox = \"full\"\n")) return "it started";
              const std::string log = server.log();
              for (const char* part :
                   {"requires the sandbox \"full\"", "PID namespace (refused by the kernel",
                    "Landlock: files (refused", "set require_sandbox = \"basic\"", kRefused})
                if (count(log, part) != 1) return std::string(part) + " in:\n" + log;
              return "";
            }),
            "");
}

TEST(ServerStart, TellsOnceWhatIsRefusedAndServesWhereBasicIsEnough) {
  EXPECT_EQ(in_child([]() -> std::string {
              if (!refuse_as_containers_do()) return "no filter";
              ServerProcess server;
              if (!server.start("")) return "it did not start:\n" + server.log();
              const std::string log = server.log();
              if (server.stop() != 0) return "it did not stop cleanly";
              return count(log, kRefused) == 1 ? "" : log;
            }),
            "");
}

TEST(ServerStart, TheTableOfLayersIsPrintedWithoutAServer) {
  EXPECT_EQ(in_child([]() -> std::string {
              if (!refuse_as_containers_do()) return "no filter";
              ServerProcess server;
              // It ends by itself, so this is a start that fails, with nothing in its log.
              if (server.start("", {"--check-sandbox"})) return "it went on";
              return server.log();
            }),
            "");
}

}  // namespace
}  // namespace blindai
