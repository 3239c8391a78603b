#include "client/cpp/key_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/stat.h>

#include "client/cpp/connection.h"

namespace blindai {
namespace {

class KeyFile : public testing::Test {
 protected:
  KeyFile() : dir_(testing::TempDir() + "blindai_key_file_" + std::to_string(::getpid()) + "/") {
    std::filesystem::create_directories(dir_);
    ::unsetenv("BLINDAI_KEY_FILE");
    ::unsetenv("BLINDAI_API_KEY");
  }
  ~KeyFile() override {
    std::filesystem::remove_all(dir_);
    ::unsetenv("BLINDAI_KEY_FILE");
    ::unsetenv("BLINDAI_API_KEY");
  }

  std::string write(const std::string& name, std::string_view content) {
    std::ofstream(dir_ + name, std::ios::binary) << content;
    return dir_ + name;
  }
  std::string read(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
  }
  std::string text_of(const ApiKey& key) {
    const ApiKeyText text = key.text(KeyAccess());
    return {text.reveal(KeyAccess()).begin(), text.reveal(KeyAccess()).end()};
  }
  std::string error_of(const std::string& path) {
    const auto key = read_key_file(path);
    return key.has_value() ? "" : std::string(key.error().name());
  }

  const std::string dir_;
  const ApiKey key_ = ApiKey::generate();
};

TEST_F(KeyFile, IsWrittenForItsOwnerAloneAndReadBack) {
  const std::string path = dir_ + "key";
  ASSERT_TRUE(write_key_file(path, key_).has_value());
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(read(path), text_of(key_) + "\n");
  EXPECT_EQ(read_key_file(path)->public_key(), key_.public_key());
}

TEST_F(KeyFile, IsNeverOverwritten) {
  const std::string path = write("key", "something else");
  EXPECT_EQ(write_key_file(path, key_).error().name(), "client.key.exists");
  EXPECT_EQ(read(path), "something else");
  std::filesystem::create_symlink(dir_ + "nowhere", dir_ + "link");
  EXPECT_EQ(write_key_file(dir_ + "link", key_).error().name(), "client.key.exists");
  EXPECT_FALSE(std::filesystem::exists(dir_ + "nowhere"));
  EXPECT_EQ(write_key_file(dir_ + "absent/key", key_).error().name(), "client.key.write");
}

TEST_F(KeyFile, WithAnythingElseInItIsRefusedByName) {
  const std::string text = text_of(key_);
  EXPECT_EQ(error_of(write("a", text)), "");
  EXPECT_EQ(error_of(write("b", text + "\r\n")), "");
  EXPECT_EQ(error_of(write("c", text + "\n\n")), "auth.key-length");
  EXPECT_EQ(error_of(write("d", text + "\n" + text)), "client.key.kind");
  EXPECT_EQ(error_of(write("e", "")), "auth.key-prefix");
  EXPECT_EQ(error_of(write("f", to_text(key_.public_key()))), "auth.key-public");
  std::string typo = text;
  typo[20] = typo[20] == 'a' ? 'b' : 'a';
  EXPECT_EQ(error_of(write("g", typo)), "auth.key-checksum");
  EXPECT_EQ(error_of(dir_), "client.key.kind");
  EXPECT_EQ(error_of(dir_ + "absent"), "client.key.open");
  const auto refused = read_key_file(write("h", typo));
  EXPECT_EQ(refused.error().sentence.find(typo.substr(4, 10)), std::string::npos)
      << "an error quotes a key";
}

TEST_F(KeyFile, IsNamedByTheOptionThenTheEnvironment) {
  EXPECT_EQ(load_api_key().value(), nullptr);
  const ApiKey second = ApiKey::generate();
  const ApiKey third = ApiKey::generate();
  ::setenv("BLINDAI_API_KEY", text_of(third).c_str(), 1);
  EXPECT_EQ(load_api_key().value()->public_key(), third.public_key());
  ::setenv("BLINDAI_KEY_FILE", write("second", text_of(second)).c_str(), 1);
  EXPECT_EQ(load_api_key().value()->public_key(), second.public_key());
  EXPECT_EQ(load_api_key(write("first", text_of(key_))).value()->public_key(), key_.public_key());
  ::setenv("BLINDAI_KEY_FILE", (dir_ + "absent").c_str(), 1);
  EXPECT_EQ(load_api_key().error().name(), "client.key.open");
  ::unsetenv("BLINDAI_KEY_FILE");
  ::setenv("BLINDAI_API_KEY", "bai_typo", 1);
  EXPECT_EQ(load_api_key().error().name(), "auth.key-length");
  EXPECT_NE(load_api_key().error().sentence.find("BLINDAI_API_KEY"), std::string::npos);
  ::setenv("BLINDAI_API_KEY", "", 1);
  EXPECT_EQ(load_api_key().value(), nullptr);
}

TEST_F(KeyFile, TextIsReadWithinItsLimit) {
  EXPECT_EQ(read_text_file(write("t", "token\n"), 5).value(), "token");
  EXPECT_EQ(read_text_file(write("t", "token!\n"), 5).error().name(), "client.text.size");
  EXPECT_EQ(read_text_file(write("t", std::string(5000, 'a')), 5).error().name(),
            "client.text.size");
  EXPECT_EQ(read_text_file(write("t", ""), 5).error().name(), "client.text.open");
  EXPECT_EQ(read_text_file(dir_ + "absent", 5).error().name(), "client.text.open");
}

TEST_F(KeyFile, ReceiptsAreReplacedWhole) {
  StoredReceipt receipt{.model_id = "m", .model_hash = {}, .epoch = 1, .content_id = {}};
  const std::string path = dir_ + "receipt.json";
  ASSERT_TRUE(write_receipt_file(path, receipt).has_value());
  EXPECT_EQ(read_receipt_file(path).value(), receipt);
  receipt.epoch = 2;
  ASSERT_TRUE(write_receipt_file(path, receipt).has_value());
  EXPECT_EQ(read_receipt_file(path).value(), receipt);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  EXPECT_EQ(write_receipt_file(dir_ + "absent/r", receipt).error().name(), "client.receipt.write");
  EXPECT_EQ(read_receipt_file(write("r", "{}")).error().name(), "auth.receipt-layout");
}

}  // namespace
}  // namespace blindai
