// The operator's listener, over real plain connections.
#include "enclave/serve/operator_service.h"

#include <gtest/gtest.h>
#include <thread>

#include "net/http_client.h"

namespace blindai {
namespace {

class OperatorServiceTest : public testing::Test {
 protected:
  OperatorServiceTest()
      : reactor_(Reactor::create()), service_(metrics_, [this] { return state_; }) {
    const int fd = listen_on("127.0.0.1:0").value();
    url_ = "http://127.0.0.1:" + std::to_string(port_of(fd));
    server_ = HttpServer::create_plain(*reactor_, fd, service_, operator_limits());
    thread_ = std::thread([this] { reactor_->run(); });
  }
  ~OperatorServiceTest() override {
    reactor_->stop();
    thread_.join();
  }
  HttpClientResponse ask(std::string method, std::string target) {
    auto client = HttpClient::connect(parse_url(url_).value(), nullptr, {}).value();
    return client
        ->send({.method = std::move(method), .target = std::move(target), .fields = {}, .body = {}})
        .value();
  }

  Metrics metrics_;
  ServerState state_{.ready = true, .models = 3};
  std::unique_ptr<Reactor> reactor_;
  OperatorService service_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
  std::string url_;
};

TEST_F(OperatorServiceTest, TellsMetricsAndHealth) {
  const HttpClientResponse metrics = ask("GET", "/metrics");
  EXPECT_EQ(metrics.status, 200u);
  EXPECT_EQ(metrics.field("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_TRUE(as_text(metrics.body).contains("\nblindai_models 3\n"));
  EXPECT_EQ(ask("GET", "/health/live").status, 200u);
  EXPECT_EQ(ask("GET", "/health/ready").status, 200u);
}

TEST_F(OperatorServiceTest, SaysWhenRequestsAreNotTaken) {
  state_.ready = false;
  const HttpClientResponse ready = ask("GET", "/health/ready");
  EXPECT_EQ(ready.status, 503u);
  EXPECT_TRUE(as_text(ready.body).contains("server.stopping"));
  EXPECT_EQ(ask("GET", "/health/live").status, 200u);
  EXPECT_TRUE(as_text(ask("GET", "/metrics").body).contains("\nblindai_ready 0\n"));
}

TEST_F(OperatorServiceTest, HasNothingElse) {
  const char* targets[] = {"/",         "/v2",        "/v1/models",   "/v2/health/ready",
                           "/metrics/", "/metrics?x", "/health/../v2"};
  for (const char* target : targets) {
    const HttpClientResponse answer = ask("GET", target);
    EXPECT_EQ(answer.status, 404u) << target;
    EXPECT_TRUE(as_text(answer.body).contains("http.route")) << target;
  }
  for (const char* method : {"POST", "PUT", "DELETE"})
    EXPECT_TRUE(as_text(ask(method, "/metrics").body).contains("http.method")) << method;
}

}  // namespace
}  // namespace blindai
