// The server is killed (SIGKILL) while it loads one model and runs another: its workers go with it,
// and the next server over the same store has every model and serves them.
#include <fstream>
#include <future>
#include <sys/types.h>

#include "net/http_client.h"
#include "net/tls.h"
#include "tests/serving/serving_fixture.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

using std::chrono::milliseconds;

class KilledServer : public ServingTest {
 protected:
  // Sends a request to a server that may end meanwhile. Empty: there was no answer.
  std::optional<unsigned> status_of(std::string method, std::string target,
                                    const std::string& body) const {
    const auto tls = TlsClientContext::create();
    const auto client = HttpClient::connect(server_.address(), *tls, {}, nullptr);
    if (!client) return std::nullopt;
    const auto answer = (*client)->send({.method = std::move(method),
                                         .target = std::move(target),
                                         .fields = {},
                                         .body = {as_bytes(body)}});
    if (!answer) return std::nullopt;
    return answer->status;
  }
  std::optional<unsigned> infer_status(const std::string& id, const std::string& request) const {
    return status_of("POST", "/v2/models/" + id + "/infer", request);
  }
  // The processes that the server started and that have not ended.
  std::vector<pid_t> workers() const {
    const std::string pid = std::to_string(server_.pid());
    std::ifstream file("/proc/" + pid + "/task/" + pid + "/children");
    std::vector<pid_t> out;
    for (pid_t child = 0; file >> child;) out.push_back(child);
    return out;
  }
};

// Gone, or a zombie that its new parent has not collected.
bool ended(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string stat((std::istreambuf_iterator<char>(file)), {});
  const size_t name_end = stat.rfind(')');
  return name_end == std::string::npos || stat.compare(name_end, 3, ") Z") == 0;
}

TEST_F(KilledServer, WhileItLoadsAndRunsLosesNoModelAndLeavesNoWorker) {
  constexpr int kRounds = kUnderSanitizer ? 3 : 8;
  start("", {"--run-threads", "1"});
  upload("heavy", onnx_builder::heavy(48 * kMiB));
  upload("loop", onnx_builder::loop());
  upload("good", onnx_builder::identity(Datatype::kFp32, {-1, 4}));

  int loading = 0;
  for (int round = 0; round < kRounds; ++round) {
    ASSERT_EQ(status_of("POST", "/v2/repository/models/heavy/unload", "{}"), 200u);
    auto running = std::async(std::launch::async,
                              [&] { return infer_status("loop", loop_request(INT64_MAX)); });
    ASSERT_TRUE(wait_until([&] { return metric("blindai_workers") >= 1; }));
    const double loads = metric("blindai_worker_loads_total");
    auto load =
        std::async(std::launch::async, [&] { return infer_status("heavy", heavy_request()); });
    std::this_thread::sleep_for(milliseconds(15 * round));
    if (metric("blindai_worker_loads_total") == loads) ++loading;
    const std::vector<pid_t> left = workers();
    ASSERT_FALSE(left.empty());

    EXPECT_EQ(server_.stop(SIGKILL), -SIGKILL);
    EXPECT_EQ(running.get(), std::nullopt);
    load.get();  // an answer only if it was loaded before the kill
    for (const pid_t pid : left) EXPECT_TRUE(wait_until([&] { return ended(pid); })) << pid;

    start("", {"--run-threads", "1"});
    EXPECT_EQ(status_of("GET", "/v2/models/heavy", ""), 200u);
    EXPECT_EQ(infer("good", identity_request({1, 2, 3, 4})).status, 200u);
    EXPECT_EQ(infer("loop", loop_request(5)).status, 200u);
    EXPECT_EQ(infer("heavy", heavy_request()).status, 200u);
  }
  std::printf("killed %d times before the load had ended, %d after\n", loading, kRounds - loading);
  EXPECT_GE(loading, 1);
}

// A model whose upload was cut is not there, under its name or any other.
TEST_F(KilledServer, DuringTheLoadAfterAnUploadHasTheModelOrHasNot) {
  start();
  upload("good", onnx_builder::identity(Datatype::kFp32, {-1, 4}));
  const Bytes model = onnx_builder::heavy(48 * kMiB);
  for (const int wait : {60, 160, 260, 400}) {
    const std::string id = "m" + std::to_string(wait);
    auto put = std::async(std::launch::async, [&] {
      return status_of("PUT", "/v1/models/" + id, std::string(as_text(model)));
    });
    std::this_thread::sleep_for(milliseconds(wait));
    EXPECT_EQ(server_.stop(SIGKILL), -SIGKILL);
    const bool acknowledged = put.get() == 201u;
    start();
    const auto listed = status_of("GET", "/v2/models/" + id, "");
    if (acknowledged) {
      EXPECT_EQ(listed, 200u) << wait;
    }
    EXPECT_EQ(infer_status(id, heavy_request()), listed) << wait;
    if (listed == 404u) {
      EXPECT_EQ(status_of("PUT", "/v1/models/" + id, std::string(as_text(model))), 201u) << wait;
    }
    EXPECT_EQ(infer("good", identity_request({1, 2, 3, 4})).status, 200u);
  }
}

}  // namespace
}  // namespace blindai
