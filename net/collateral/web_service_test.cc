#include "net/collateral/web_service.h"

#include <gtest/gtest.h>

#include "tests/support/replay_server.h"

namespace blindai {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class WebServiceTest : public testing::Test {
 protected:
  WebServiceTest() {
    options_.sleep = [this](milliseconds time) { slept_.push_back(time); };
  }
  Outcome<HttpClientResponse> get(const ReplayServer& server) {
    return WebService(parse_url(server.url()).value(), nullptr, options_).get("/x");
  }
  // Answers the first `n` requests with `wrong`, then rightly.
  static ReplayServer::Answer after(int n, ReplayReply wrong) {
    return [left = n, wrong = std::move(wrong)](const std::string&) mutable {
      return left-- > 0 ? wrong : ReplayReply{.body = Bytes(3)};
    };
  }

  WebServiceOptions options_;
  std::vector<milliseconds> slept_;
};

TEST_F(WebServiceTest, TriesAgainWithGrowingPauses) {
  for (const unsigned status : {500u, 502u, 503u, 504u, 429u}) {
    slept_.clear();
    ReplayServer server(after(3, {.status = status}));
    const auto response = get(server);
    ASSERT_TRUE(response.has_value()) << response.error().sentence;
    EXPECT_EQ(slept_, (std::vector<milliseconds>{milliseconds(500), milliseconds(1000),
                                                 milliseconds(2000)}));
  }
}

TEST_F(WebServiceTest, WaitsAsLongAsTheServiceAsks) {
  ReplayServer server(after(1, {.status = 503, .fields = {{"Retry-After", "7"}}}));
  ASSERT_TRUE(get(server).has_value());
  EXPECT_EQ(slept_, (std::vector<milliseconds>{seconds(7)}));
}

// RFC 9110 section 10.2.3, in each form of section 5.6.7.
TEST_F(WebServiceTest, WaitsUntilTheDateTheServiceNames) {
  options_.now = [] { return Time{784111770}; };  // seven seconds before
  for (const char* asked : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                            "Sun Nov  6 08:49:37 1994"}) {
    slept_.clear();
    ReplayServer server(after(1, {.status = 503, .fields = {{"Retry-After", asked}}}));
    ASSERT_TRUE(get(server).has_value());
    EXPECT_EQ(slept_, (std::vector<milliseconds>{seconds(7)})) << asked;
  }
}

// Whatever this side's clock says.
TEST_F(WebServiceTest, CountsFromTheAnswersOwnDate) {
  options_.now = [] { return Time{2000000000}; };
  const std::pair<const char*, milliseconds> dates[] = {
      {"Sun, 06 Nov 1994 08:49:34 GMT", seconds(3)},
      {"Sun, 06 Nov 1994 08:49:37 GMT", milliseconds(500)},  // no wait: the usual pause
      {"Sun, 06 Nov 1994 09:49:37 GMT", milliseconds(500)},  // over already
      {"a while ago", milliseconds(500)}};                   // by this side's clock, over too
  for (const auto& [date, wait] : dates) {
    slept_.clear();
    ReplayServer server(
        after(1, {.status = 503,
                  .fields = {{"Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"Date", date}}}));
    ASSERT_TRUE(get(server).has_value());
    EXPECT_EQ(slept_, (std::vector<milliseconds>{wait})) << date;
  }
}

TEST_F(WebServiceTest, DoesNotWaitLongerThanItsTime) {
  options_.now = [] { return Time{784111777}; };
  for (const char* asked : {"61", "86400", "99999999999999999999999999",
                            "Sun, 06 Nov 1994 08:50:38 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"}) {
    slept_.clear();
    ReplayServer server(after(9, {.status = 503, .fields = {{"Retry-After", asked}}}));
    const auto response = get(server);
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().name(), "collateral.service");
    EXPECT_TRUE(slept_.empty());
    EXPECT_EQ(server.num_asked(), 1u);
  }
}

TEST_F(WebServiceTest, TakesTheUsualPauseForARetryAfterItCannotRead) {
  for (const char* asked : {"", "soon", "-1", "1.5", "Fri, 31 Dec 1999 23:59:59 GMT",
                            "Fri, 31 Dec 2999", "Mon, 31 Dec 2999 23:59:59 GMT"}) {
    slept_.clear();
    ReplayServer server(after(1, {.status = 503, .fields = {{"Retry-After", asked}}}));
    ASSERT_TRUE(get(server).has_value());
    EXPECT_EQ(slept_, (std::vector<milliseconds>{milliseconds(500)})) << asked;
  }
}

TEST_F(WebServiceTest, TriesAgainAfterACutConnection) {
  ReplayServer server(after(2, {.body = Bytes(100), .send_at_most = 50}));
  ASSERT_TRUE(get(server).has_value());
  EXPECT_EQ(server.num_asked(), 3u);
}

TEST_F(WebServiceTest, KeepsItsConnectionAndNoticesThatTheServiceClosedIt) {
  int number = 0;
  ReplayServer server([&number](const std::string&) {
    return ++number == 2 ? ReplayReply{.body = Bytes(3), .send_at_most = 0}
                         : ReplayReply{.body = Bytes(3)};
  });
  WebService service(parse_url(server.url()).value(), nullptr, options_);
  ASSERT_TRUE(service.get("/a").has_value());
  ASSERT_TRUE(service.get("/b").has_value());  // on the kept connection first, then on a new one
  EXPECT_TRUE(slept_.empty());
  EXPECT_EQ(server.asked(), (std::vector<std::string>{"/a", "/b", "/b"}));
}

TEST_F(WebServiceTest, ReadsAnAnswerInChunks) {
  ReplayServer server([](const std::string&) {
    return ReplayReply{
        .raw =
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0"
            "\r\n\r\n"};
  });
  EXPECT_EQ(as_text(get(server)->body), "abcde");
}

TEST_F(WebServiceTest, AsksBelowTheServicesPath) {
  ReplayServer server([](const std::string&) { return ReplayReply{.body = Bytes(3)}; });
  WebService service(parse_url(server.url() + "/cache/amd/").value(), nullptr, options_);
  ASSERT_TRUE(service.get("/vcek/v1/Milan/crl").has_value());
  EXPECT_EQ(server.asked(), (std::vector<std::string>{"/cache/amd/vcek/v1/Milan/crl"}));
}

}  // namespace
}  // namespace blindai
