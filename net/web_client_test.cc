// HttpClient as a client of web services: plain, over TLS with certification authorities, and
// against a server that drips.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "net/http_client.h"
#include "tests/support/replay_server.h"

namespace blindai {
namespace {

using std::chrono::milliseconds;

ReplayReply hello(const std::string& target) {
  return {.body = to_bytes(as_bytes("hello " + target))};
}

class RootFile {
 public:
  explicit RootFile(const std::string& pem)
      : path_(std::filesystem::temp_directory_path() /
              ("blindai-roots-" + std::to_string(::getpid()) + ".pem")) {
    std::ofstream(path_) << pem;
  }
  ~RootFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

Result<HttpClientResponse> get(const std::string& url, TlsClientContext* tls,
                               const HttpClientOptions& options = {}) {
  ASSIGN_OR_RETURN(const std::unique_ptr<HttpClient> client,
                   HttpClient::connect(parse_url(url).value(), tls, options));
  return client->send({.method = "GET", .target = "/x", .fields = {}, .body = {}});
}

TEST(WebClient, AsksWithoutTls) {
  ReplayServer server(hello);
  const auto response = get(server.url(), nullptr);
  ASSERT_TRUE(response.has_value()) << response.error().describe();
  EXPECT_EQ(response->status, 200u);
  EXPECT_EQ(as_text(response->body), "hello /x");
}

TEST(WebClient, AcceptsACertificateOfAKnownAuthorityForTheAddress) {
  const TestWebIdentity identity = make_web_identity(san_of_loopback());
  ReplayServer server(hello, &identity);
  const RootFile roots(identity.root_pem);
  const auto tls = TlsClientContext::create_web(roots.path()).value();
  const auto response = get(server.url(), tls.get());
  ASSERT_TRUE(response.has_value()) << response.error().describe();
  EXPECT_EQ(as_text(response->body), "hello /x");
}

TEST(WebClient, AcceptsACertificateForTheHostsName) {
  const TestWebIdentity identity = make_web_identity(san_of_name("localhost"));
  ReplayServer server(hello, &identity);
  const RootFile roots(identity.root_pem);
  const auto tls = TlsClientContext::create_web(roots.path()).value();
  std::string url = server.url();
  url.replace(url.find("127.0.0.1"), 9, "localhost");
  const auto response = get(url, tls.get());
  ASSERT_TRUE(response.has_value()) << response.error().describe();
}

TEST(WebClient, RefusesAnAuthorityItDoesNotKnow) {
  const TestWebIdentity identity = make_web_identity(san_of_loopback());
  const TestWebIdentity other = make_web_identity(san_of_loopback());
  ReplayServer server(hello, &identity);
  const RootFile roots(other.root_pem);
  const auto tls = TlsClientContext::create_web(roots.path()).value();
  const auto response = get(server.url(), tls.get());
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().name(), "tls.certificate");
  EXPECT_EQ(response.error().code, Code::kUntrusted);
  EXPECT_EQ(server.num_asked(), 0u);
}

TEST(WebClient, RefusesACertificateForAnotherName) {
  const Bytes names[] = {san_of_name("localhost"), san_of_name("127.0.0.1")};
  for (const Bytes& san : names) {
    const TestWebIdentity identity = make_web_identity(san);
    ReplayServer server(hello, &identity);
    const RootFile roots(identity.root_pem);
    const auto tls = TlsClientContext::create_web(roots.path()).value();
    const auto response = get(server.url(), tls.get());
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().name(), "tls.certificate");
    EXPECT_EQ(server.num_asked(), 0u);
  }
}

TEST(WebClient, SaysThatAFileOfAuthoritiesIsMissing) {
  const auto tls = TlsClientContext::create_web("/nowhere/roots.pem");
  ASSERT_FALSE(tls.has_value());
  EXPECT_EQ(tls.error().name(), "tls.roots");
}

TEST(WebClient, EndsARequestThatDripsAtItsDeadline) {
  ReplayServer server([](const std::string&) {
    return ReplayReply{.body = Bytes(4096), .between_bytes = milliseconds(5)};
  });
  const auto start = std::chrono::steady_clock::now();
  const auto response = get(server.url(), nullptr,
                            {.stall_time = milliseconds(5000), .request_time = milliseconds(200)});
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().name(), "net.timeout");
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(4000));
}

TEST(WebClient, SaysThatThePeerClosedEarly) {
  for (const size_t cut : {size_t{0}, size_t{1}, size_t{20}, size_t{45}}) {
    ReplayServer server(
        [cut](const std::string&) { return ReplayReply{.body = Bytes(64), .send_at_most = cut}; });
    const auto response = get(server.url(), nullptr);
    ASSERT_FALSE(response.has_value()) << cut;
    EXPECT_EQ(response.error().name(), "net.closed") << cut;
  }
}

}  // namespace
}  // namespace blindai
