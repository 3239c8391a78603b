#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/vault/memory_file_layer.h"
#include "enclave/vault/posix_file_layer.h"
#include "enclave/vault/sealing_key.h"
#include "enclave/vault/vault_fixture.h"
#include "tests/support/temporary_folder.h"

namespace blindai {
namespace {

using namespace vault_fixture;

void expect_behaves_as_a_layer(FileLayer& files) {
  auto file = files.create("a").value();
  EXPECT_EQ(files.create("a").error().name(), "vault.file-exists");
  ASSERT_TRUE(file->write_at(3, as_bytes("def")).has_value());
  ASSERT_TRUE(file->write_at(0, as_bytes("abc")).has_value());
  ASSERT_TRUE(file->sync().has_value());
  EXPECT_EQ(file->size().value(), 6u);
  Bytes buffer(10, 0xee);
  EXPECT_EQ(files.open("a").value()->read_at(1, buffer).value(), 5u);
  EXPECT_EQ(as_text(buffer).substr(0, 5), "bcdef");
  EXPECT_EQ(file->read_at(6, buffer).value(), 0u);
  EXPECT_EQ(file->read_at(600, buffer).value(), 0u);

  ASSERT_TRUE(files.create("b").has_value());
  ASSERT_TRUE(files.rename("a", "b").has_value());
  ASSERT_TRUE(files.sync_dir().has_value());
  EXPECT_EQ(files.list().value(), std::vector<std::string>{"b"});
  EXPECT_EQ(files.open("a").error().name(), "vault.file-missing");
  EXPECT_EQ(files.rename("a", "c").error().name(), "vault.file-missing");
  EXPECT_EQ(files.open("b").value()->size().value(), 6u);
  ASSERT_TRUE(files.unlink("b").has_value());
  EXPECT_EQ(files.unlink("b").error().name(), "vault.file-missing");
  EXPECT_TRUE(files.list().value().empty());
  EXPECT_EQ(file->read_at(0, buffer).value(), 6u) << "an open file outlives its name";

  auto large = files.create("large").value();
  const Bytes bytes = model_bytes(1, 200'000);
  ASSERT_TRUE(large->write_at(50'000, bytes).has_value());
  Bytes back(bytes.size());
  EXPECT_EQ(large->read_at(50'000, back).value(), bytes.size());
  EXPECT_EQ(back, bytes);
  EXPECT_EQ(large->read_at(0, std::span(back).first(50'000)).value(), 50'000u);
  EXPECT_TRUE(std::all_of(back.begin(), back.begin() + 50'000, [](uint8_t b) { return b == 0; }));
}

TEST(FileLayer, OnDiskInMemoryAndInTestsBehavesTheSame) {
  const TemporaryFolder folder;
  expect_behaves_as_a_layer(*PosixFileLayer::open_folder(folder / "store").value());
  MemoryFileLayer memory(1 << 20);
  expect_behaves_as_a_layer(memory);
  FaultyFileLayer faulty;
  expect_behaves_as_a_layer(faulty);
}

TEST(PosixFileLayer, FilesAndFolderAreForThisUserAlone) {
  const TemporaryFolder folder;
  auto files = PosixFileLayer::open_folder(folder / "store").value();
  ASSERT_TRUE(files->create("a").has_value());
  struct stat st{};
  ASSERT_EQ(::stat((folder / "store").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777u, 0700u);
  ASSERT_EQ(::stat((folder / "store/a").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777u, 0600u);
}

TEST(PosixFileLayer, BelongsToOneProcessAtATime) {
  const TemporaryFolder folder;
  auto files = PosixFileLayer::open_folder(folder / "store").value();
  EXPECT_EQ(PosixFileLayer::open_folder(folder / "store").error().name(), "vault.in-use");
  files.reset();
  EXPECT_TRUE(PosixFileLayer::open_folder(folder / "store").has_value());
}

TEST(PosixFileLayer, IsWaitedForWhileAChildOfAProcessThatIsGoneHasIt) {
  const TemporaryFolder folder;
  auto gone = PosixFileLayer::open_folder(folder / "store").value();
  const pid_t child = ::fork();
  if (child == 0) {
    ::usleep(100'000);
    ::_exit(0);
  }
  gone.reset();
  EXPECT_TRUE(PosixFileLayer::open_folder(folder / "store").has_value());
  ::waitpid(child, nullptr, 0);
}

TEST(PosixFileLayer, IsGivenFromOneProcessToAnother) {
  const TemporaryFolder folder;
  auto old = PosixFileLayer::open_folder(folder / "store").value();
  auto next = PosixFileLayer::open_beside(folder / "store").value();
  ASSERT_TRUE(next->create("record").has_value());
  EXPECT_EQ(next->take().error().name(), "vault.in-use");
  old->release();
  EXPECT_TRUE(next->take().has_value());
  EXPECT_EQ(old->take().error().name(), "vault.in-use");
  EXPECT_TRUE(old->open("record").has_value());
}

TEST(PosixFileLayer, FollowsNoLinkAndWaitsForNoPipe) {
  const TemporaryFolder folder;
  auto files = PosixFileLayer::open_folder(folder / "store").value();
  ASSERT_TRUE(files->create("real").has_value());
  ASSERT_EQ(::symlink("real", (folder / "store/link").c_str()), 0);
  ASSERT_EQ(::mkfifo((folder / "store/pipe").c_str(), 0600), 0);
  ASSERT_EQ(::symlink((folder / "store").c_str(), (folder / "alias").c_str()), 0);
  EXPECT_EQ(files->open("link").error().name(), "vault.io");
  EXPECT_EQ(files->open("pipe").error().name(), "vault.io");
  EXPECT_EQ(files->create("link").error().name(), "vault.file-exists");
  EXPECT_FALSE(PosixFileLayer::open_folder(folder / "alias").has_value());
}

TEST(PosixFileLayer, AFullDiskIsNoSpaceWithAdviceAndTheUploadLeavesNothing) {
  const TemporaryFolder folder;
  auto files = PosixFileLayer::open_folder(folder / "store").value();
  auto vault = Vault::open(*files, {.own = seal_for()}, kOptions, [](const VaultEvent&) {}).value();
  auto upload = vault->begin_upload("m", {}).value();
  // A limit on file sizes stands for a full disk; the signal that comes with it is ignored.
  struct rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small{100'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status written = upload->write(model_bytes(1, 200'000));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, Code::kNoSpace);
  EXPECT_EQ(written.error().name(), "vault.no-space");
  EXPECT_NE(std::string_view(written.error().id.advice), "");
  EXPECT_TRUE(files->list().value().empty());
}

TEST(Vault, OnARealFolderFindsItsModelsAgain) {
  const TemporaryFolder folder;
  const Bytes bytes = model_bytes(1, 500'000);
  for (int round = 0; round < 2; ++round) {
    auto files = PosixFileLayer::open_folder(folder / "store").value();
    SealingRoot key = simulation_sealing_root(*files).value();
    EXPECT_TRUE(key.insecure);
    EXPECT_NE(key.source.find("INSECURE"), std::string_view::npos);
    auto vault = Vault::open(*files, {.own = {std::move(key.secret), filled<32>(7)}}, kOptions,
                             [](const VaultEvent& event) { ADD_FAILURE() << event.file; })
                     .value();
    if (round == 0) {
      ASSERT_TRUE(put(*vault, "m", bytes).has_value());
    }
    EXPECT_EQ(get(*vault, "m").value(), bytes);
  }
}

TEST(Vault, SeveralThreadsReadAStoreLikeOne) {
  const TemporaryFolder folder;
  auto files = PosixFileLayer::open_folder(folder / "store").value();
  {
    auto vault =
        Vault::open(*files, {.own = seal_for()}, kOptions, [](const VaultEvent&) {}).value();
    for (int i = 0; i < 60; ++i)
      ASSERT_TRUE(put(*vault, "m" + std::to_string(i), model_bytes(1, 100)).has_value());
    ASSERT_TRUE(vault->put_record("r", as_bytes("record")).has_value());
  }
  for (int i = 0; i < 10; ++i)
    std::filesystem::resize_file(folder / ("store/" + file_of("m" + std::to_string(i))).c_str(),
                                 99);
  VaultOptions options = kOptions;
  options.scan_threads = 4;
  std::map<VaultEvent::Kind, int> events;
  auto vault = Vault::open(*files, {.own = seal_for()}, options, [&](const VaultEvent& event) {
                 ++events[event.kind];
               }).value();
  EXPECT_EQ(vault->catalogue().size(), 50u);
  EXPECT_EQ(get(*vault, "m59").value(), model_bytes(1, 100));
  EXPECT_EQ(as_text(**vault->get_record("r")), "record");
  EXPECT_EQ(events, (std::map<VaultEvent::Kind, int>{{VaultEvent::Kind::kSetAside, 10}}));
}

}  // namespace
}  // namespace blindai
