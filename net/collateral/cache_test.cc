#include "net/collateral/cache.h"

#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/collateral/cache_index.h"
#include "net/collateral/document.h"
#include "net/collateral/fetcher_fixture_test.h"

namespace blindai {
namespace {

CacheIndex sample_index() {
  return {.url = "https://api.example.org/sgx/certification/v4/tcb?fmspc=00",
          .fetched = Time{1795000000},
          .expires = Time{1797592000},
          .body = sha256(as_bytes("body")),
          .chain = sha256(as_bytes("chain"))};
}

TEST(CacheIndex, IsReadAsItWasWritten) {
  CacheIndex index = sample_index();
  EXPECT_EQ(parse_cache_index(write_cache_index(index)).value(), index);
  index.chain.reset();
  EXPECT_EQ(parse_cache_index(write_cache_index(index)).value(), index);
}

TEST(CacheIndex, RefusesEveryTruncation) {
  const std::string text = write_cache_index(sample_index());
  for (size_t n = 0; n < text.size() - 1; ++n)  // the last is a line break
    EXPECT_FALSE(parse_cache_index(text.substr(0, n)).has_value()) << n;
}

TEST(CacheIndex, TakesNoFlippedBitForTheSame) {
  const CacheIndex index = sample_index();
  const std::string text = write_cache_index(index);
  size_t refused = 0;
  for (size_t i = 0; i < (text.size() - 1) * 8; ++i) {
    std::string other = text;
    other[i / 8] = static_cast<char>(other[i / 8] ^ 1 << i % 8);
    const auto read = parse_cache_index(other);
    // A hexadecimal digit's case is free: the name of a file is made of the number.
    const bool same_number = read.has_value() && *read == index;
    if (same_number) {
      EXPECT_EQ(i % 8, 5u);
    }
    refused += read.has_value() ? 0u : 1u;
  }
  EXPECT_GT(refused, text.size() * 4);
}

TEST(CacheIndex, RefusesOtherForms) {
  const std::string good = write_cache_index(sample_index());
  const auto with = [&good](std::string_view from, std::string_view to) {
    std::string out = good;
    return out.replace(out.find(from), from.size(), to);
  };
  const std::string cases[] = {"",
                               "{}",
                               "[]",
                               with("collateral-1", "collateral-2"),
                               with("\"url\"", "\"other\""),
                               with("{\"format\"", "{\"more\":1,\"format\""),
                               with("{\"format\"", "{\"url\":\"x\",\"format\""),
                               with("2026", "26"),
                               with("https", "\\u0000"),
                               with("https", "\u007f"),
                               with("https", std::string(1600, 'h')),
                               good + "x"};
  for (const std::string& text : cases) {
    const auto index = parse_cache_index(text);
    ASSERT_FALSE(index.has_value()) << text;
    EXPECT_EQ(index.error().name(), "collateral.index");
  }
  EXPECT_EQ(parse_cache_index(good + std::string(kMaxCacheIndex, ' ')).error().code,
            Code::kTooLarge);
}

class CacheTest : public testing::Test {
 protected:
  CollateralCache open() {
    return CollateralCache::open(folder_.path(),
                                 [this](const Problem& p) { reported_.push_back(p.sentence); })
        .value();
  }
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  static std::string content_name(std::string_view content) {
    return to_hex(sha256(as_bytes(content)));
  }
  static CachedDocument document(std::string_view body, std::string_view chain = "") {
    return {.body = to_bytes(as_bytes(body)),
            .chain = to_bytes(as_bytes(chain)),
            .fetched = Time{1000},
            .expires = Time{2000}};
  }

  ScratchFolder folder_;
  std::vector<std::string> reported_;
};

TEST_F(CacheTest, KeepsWhatItWasGiven) {
  CollateralCache cache = open();
  EXPECT_FALSE(cache.find("a").has_value());
  ASSERT_TRUE(cache.store("a", document("one", "chain")).has_value());
  ASSERT_TRUE(cache.store("b", document("two")).has_value());
  EXPECT_EQ(cache.find("a"), document("one", "chain"));
  EXPECT_EQ(open().find("b"), document("two"));
  EXPECT_TRUE(reported_.empty());
  struct stat st{};
  ASSERT_EQ(::stat(folder_.path().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777u, 0700u);
}

TEST_F(CacheTest, NamesFilesByTheirContentAndKeepsEachOnce) {
  CollateralCache cache = open();
  ASSERT_TRUE(cache.store("a", document("one", "chain")).has_value());
  ASSERT_TRUE(cache.store("b", document("two", "chain")).has_value());
  EXPECT_EQ(folder_.names().size(), 5u);  // three contents, two indexes
  EXPECT_EQ(::access(path(content_name("chain")).c_str(), R_OK), 0);
}

TEST_F(CacheTest, RemovesWhatNoIndexNamesAndWhatADeadProcessLeft) {
  CollateralCache cache = open();
  ASSERT_TRUE(cache.store("a", document("one", "chain")).has_value());
  std::ofstream(path("0123456789abcdef.tmp")) << "half";
  std::ofstream(path("somebody's")) << "file";
  ASSERT_TRUE(cache.store("a", document("two", "chain")).has_value());
  EXPECT_NE(::access(path(content_name("one")).c_str(), F_OK), 0);
  EXPECT_NE(::access(path("0123456789abcdef.tmp").c_str(), F_OK), 0);
  EXPECT_EQ(::access(path("somebody's").c_str(), F_OK), 0);
  EXPECT_EQ(cache.find("a"), document("two", "chain"));
}

TEST_F(CacheTest, ForgetsContentThatIsNotWhatItsNameSays) {
  CollateralCache cache = open();
  for (const char* damage : {"onf", "one ", ""}) {
    ASSERT_TRUE(cache.store("a", document("one")).has_value());
    std::ofstream(path(content_name("one"))) << damage;
    reported_.clear();
    EXPECT_FALSE(cache.find("a").has_value());
    ASSERT_EQ(reported_.size(), 1u);
    EXPECT_NE(reported_[0].find(content_name("one")), std::string::npos);
    EXPECT_NE(reported_[0].find("fetched again"), std::string::npos);
    EXPECT_FALSE(cache.find("a").has_value());
  }
}

TEST_F(CacheTest, ForgetsAnIndexThatIsDamagedOrOfAnotherAddress) {
  CollateralCache cache = open();
  ASSERT_TRUE(cache.store("a", document("one")).has_value());
  ASSERT_TRUE(cache.store("b", document("two")).has_value());
  const std::string of_a = path(to_hex(sha256(as_bytes("a"))) + ".index");
  const std::string of_b = path(to_hex(sha256(as_bytes("b"))) + ".index");
  std::filesystem::copy_file(of_b, of_a, std::filesystem::copy_options::overwrite_existing);
  EXPECT_FALSE(cache.find("a").has_value());
  std::ofstream(of_b) << "{";
  EXPECT_FALSE(cache.find("b").has_value());
  EXPECT_EQ(reported_.size(), 2u);
}

TEST_F(CacheTest, FollowsNoLinkAndWaitsForNoPipe) {
  CollateralCache cache = open();
  ASSERT_TRUE(cache.store("a", document("one")).has_value());
  const std::string name = path(content_name("one"));
  std::ofstream(path("elsewhere")) << "one";
  ASSERT_EQ(::unlink(name.c_str()), 0);
  ASSERT_EQ(::symlink(path("elsewhere").c_str(), name.c_str()), 0);
  EXPECT_FALSE(cache.find("a").has_value());
  ASSERT_TRUE(cache.store("a", document("one")).has_value());
  ASSERT_EQ(::unlink(name.c_str()), 0);
  ASSERT_EQ(::mkfifo(name.c_str(), 0600), 0);
  EXPECT_FALSE(cache.find("a").has_value());
}

TEST_F(CacheTest, ReadsNoFileThatIsTooLarge) {
  CollateralCache cache = open();
  const std::string large(kMaxCollateralDocument + 1, 'x');
  ASSERT_TRUE(cache.store("a", document(large)).has_value());
  EXPECT_FALSE(cache.find("a").has_value());
}

TEST_F(CacheTest, WaitsOnlyForAMomentForAnotherProcess) {
  CollateralCache cache = open();
  ASSERT_TRUE(cache.store("a", document("one")).has_value());
  const int other = ::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(other, LOCK_SH), 0);
  EXPECT_EQ(cache.find("a"), document("one"));
  const auto stored = cache.store("a", document("two"));
  ASSERT_FALSE(stored.has_value());
  EXPECT_EQ(stored.error().name(), "collateral.cache");
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  EXPECT_FALSE(cache.find("a").has_value());
  ::close(other);
  EXPECT_EQ(cache.find("a"), document("one"));
  EXPECT_TRUE(reported_.empty());
}

TEST_F(CacheTest, SaysThatAFolderCannotBeUsed) {
  std::ofstream(folder_.path()) << "a file";
  const auto cache = CollateralCache::open(folder_.path(), {});
  ASSERT_FALSE(cache.has_value());
  EXPECT_EQ(cache.error().name(), "collateral.cache");
  EXPECT_NE(cache.error().sentence.find(folder_.path()), std::string::npos);
}

}  // namespace
}  // namespace blindai
