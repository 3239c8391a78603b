#include "net/url.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

TEST(Url, ReadsWhatPeopleWrite) {
  const Url url = parse_url("https://pccs.example.org:8081/sgx/certification/v4/").value();
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.where.host, "pccs.example.org");
  EXPECT_EQ(url.where.port, "8081");
  EXPECT_EQ(url.path, "/sgx/certification/v4");
  EXPECT_EQ(url.text("/tcb?fmspc=00"),
            "https://pccs.example.org:8081/sgx/certification/v4/tcb?fmspc=00");
}

TEST(Url, FillsInTheSchemesPortAndLeavesItOutAgain) {
  EXPECT_EQ(parse_url("https://a.b").value().where.port, "443");
  EXPECT_EQ(parse_url("http://a.b/").value().where.port, "80");
  EXPECT_EQ(parse_url("https://a.b:443").value().text(), "https://a.b");
  EXPECT_EQ(parse_url("http://a.b:443").value().text("/x"), "http://a.b:443/x");
  EXPECT_EQ(parse_url("http://[::1]:80/").value().authority(), "[::1]");
  EXPECT_EQ(parse_url("http://[::1]:81").value().authority(), "[::1]:81");
}

TEST(Url, RefusesTheRest) {
  const std::string cases[] = {"",
                               "a.b",
                               "ftp://a.b",
                               "HTTPS://a.b",
                               "https://",
                               "https:///x",
                               "https://user@a.b",
                               "https://a.b?x",
                               "https://a.b/#x",
                               "https://a.b:x",
                               "https://a.b:65536",
                               "https://a b",
                               "https://a.b/x\r\nhost: c",
                               "https://a.b/\\x",
                               "https://a%20b/",
                               std::string("https://a.b/x\0y", 15),
                               "https://a.b/" + std::string(1024, 'x')};
  for (const std::string& text : cases) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url.has_value()) << text;
    EXPECT_EQ(url.error().name(), "net.url") << text;
  }
}

}  // namespace
}  // namespace blindai
