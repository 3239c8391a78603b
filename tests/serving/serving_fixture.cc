#include "tests/serving/serving_fixture.h"

#include "net/url.h"

namespace blindai {
namespace {

std::string numbers(const std::vector<int64_t>& values) {
  std::string out;
  for (const int64_t value : values) out += (out.empty() ? "" : ",") + std::to_string(value);
  return "[" + out + "]";
}

std::string input(const std::string& name, const std::string& datatype,
                  const std::vector<int64_t>& shape, const std::vector<int64_t>& data) {
  return R"({"name":")" + name + R"(","datatype":")" + datatype + R"(","shape":)" + numbers(shape) +
         R"(,"data":)" + numbers(data) + "}";
}

std::string request(const std::string& inputs, uint64_t timeout_us, const std::string& more = "") {
  const std::string timeout = R"(,"parameters":{"timeout":)" + std::to_string(timeout_us) + "}";
  return R"({"inputs":[)" + inputs + "]" + (timeout_us == 0 ? "" : timeout) + more + "}";
}

}  // namespace

std::string loop_request(int64_t rounds, uint64_t timeout_us) {
  return request(input("n", "INT64", {}, {rounds}) + "," + input("x", "FP32", {1}, {0}),
                 timeout_us);
}

std::string product_request(int64_t n, uint64_t timeout_us) {
  return request(input("n", "INT64", {2}, {n, n}), timeout_us);
}

std::string identity_request(const std::vector<int64_t>& data) {
  const auto rows = static_cast<int64_t>(data.size() / 4);
  return request(input("x", "FP32", {rows, 4}, data), 0);
}

std::string heavy_request() {
  return request(input("x", "FP32", {1}, {7}), 0);
}

std::string zeros_request(int64_t n) {
  return request(input("shape", "INT64", {1}, {n}), 0,
                 R"(,"outputs":[{"name":"y","parameters":{"binary_data":true}}])");
}

void ServingTest::start(const std::string& more, std::vector<std::string> options) {
  options.insert(options.end(), {"--metrics", "127.0.0.1:0"});
  ASSERT_TRUE(server_.start("allow_anonymous_upload = true\n" + more, options)) << server_.log();
}

void ServingTest::upload(const std::string& id, const Bytes& model) {
  Peer peer(server_.address(), no_proof());
  const Reply reply = peer.ask("PUT", "/v1/models/" + id, model);
  ASSERT_EQ(reply.status, 201u) << reply.body;
}

Reply ServingTest::infer(const std::string& id, const std::string& request) {
  Peer peer(server_.address(), no_proof());
  return peer.ask("POST", "/v2/models/" + id + "/infer", request);
}

bool ServingTest::infer_and_leave(const std::string& id, const std::string& request,
                                  std::chrono::milliseconds patience) {
  return ask_and_leave("POST", "/v2/models/" + id + "/infer", as_bytes(request), patience);
}

bool ServingTest::ask_and_leave(const std::string& method, const std::string& target,
                                BytesView body, std::chrono::milliseconds patience) {
  const auto tls = TlsClientContext::create();
  HttpClientOptions options;
  options.stall_time = patience;
  const auto client = HttpClient::connect(server_.address(), *tls, options, nullptr).value();
  return !client->send({.method = method, .target = target, .fields = {}, .body = {body}})
              .has_value();
}

double ServingTest::metric(const std::string& name) const {
  const std::string log = server_.log();
  const std::string mark = "metrics and health on port ";
  const size_t at = log.rfind(mark);  // of the newest start
  BLINDAI_CHECK(at != std::string::npos);
  const std::string port = std::to_string(std::stoi(log.substr(at + mark.size())));
  const Url url = parse_url("http://127.0.0.1:" + port + "/metrics").value();
  const auto client = HttpClient::connect(url, nullptr, {}).value();
  const HttpClientResponse response =
      client->send({.method = "GET", .target = "/metrics", .fields = {}, .body = {}}).value();
  const std::string text = "\n" + std::string(as_text(response.body));
  const size_t line = text.find("\n" + name + " ");
  if (line == std::string::npos) {
    ADD_FAILURE() << "there is no series " << name;
    return -1;
  }
  return std::stod(text.substr(line + name.size() + 2));
}

bool ServingTest::wait_until(const std::function<bool()>& done) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < end) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return done();
}

Neighbour::Neighbour(const std::string& address, std::string id)
    : thread_([this, address, id = std::move(id)] {
        Peer peer(address, no_proof());
        std::string first;
        while (!stopped_) {
          Reply reply = peer.ask("POST", "/v2/models/" + id + "/infer",
                                 identity_request({1, 2, 3, 4, 5, 6, 7, 8}));
          ASSERT_EQ(reply.status, 200u) << reply.body;
          if (first.empty()) {
            ASSERT_TRUE(reply.body.contains("[1,2,3,4,5,6,7,8]")) << reply.body;
            first = reply.body;
          }
          ASSERT_EQ(reply.body, first);
          ++answers_;
        }
      }) {}

size_t Neighbour::stop() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
  return answers_;
}

}  // namespace blindai
