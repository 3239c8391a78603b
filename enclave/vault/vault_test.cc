#include "enclave/vault/vault.h"

#include <thread>

#include "enclave/vault/vault_fixture.h"

namespace blindai {
namespace {

using namespace vault_fixture;

constexpr UploadTerms kReplace{.overwrite = Overwrite::kReplace};
constexpr UploadTerms kInMemory{.save = false};

TEST(Vault, KeepsAModelAndWhatIsSaidOfIt) {
  Store store;
  store.open();
  const Bytes bytes = model_bytes(1, 200'000);
  const ModelOwner owner{filled<32>(9), "alice"};
  const AccessRules access{
      .visibility = Visibility::kPrivate, .callers = {filled<32>(8)}, .handover = {filled<32>(7)}};
  auto upload =
      store.vault->begin_upload("alice/resnet18", {.owner = owner, .access = access}).value();
  for (size_t at = 0; at < bytes.size(); at += 30'000)
    ASSERT_TRUE(
        upload->write(BytesView(bytes).subspan(at, std::min<size_t>(30'000, bytes.size() - at)))
            .has_value());
  const UploadedContent content = upload->finish_content().value();
  EXPECT_EQ(content.sha256, sha256(bytes));
  EXPECT_EQ(content.size_bytes, bytes.size());
  EXPECT_FALSE(content.already_stored);
  const CommitInfo info = commit_info();
  ASSERT_TRUE(upload->commit(info).has_value());
  upload.reset();

  for (int round = 0; round < 2; ++round) {
    const auto record = store.vault->find("alice/resnet18");
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->id, "alice/resnet18");
    EXPECT_EQ(record->sha256, sha256(bytes));
    EXPECT_EQ(record->size, bytes.size());
    EXPECT_EQ(record->created, info.created);
    EXPECT_EQ(record->signature, info.signature);
    EXPECT_EQ(record->owner, owner);
    EXPECT_EQ(record->access, access);
    EXPECT_EQ(record->epoch, 1u);
    EXPECT_TRUE(record->saved);
    EXPECT_EQ(store.vault->catalogue().size(), 1u);
    EXPECT_EQ(get(*store.vault, "alice/resnet18").value(), bytes);
    store.open();  // and again out of the file
  }
  EXPECT_TRUE(store.events.empty());
}

TEST(Vault, AnUnknownNameIsAnErrorThatSaysSo) {
  Store store;
  store.open();
  EXPECT_EQ(store.vault->find("m"), nullptr);
  EXPECT_EQ(store.vault->open_model("m").error().name(), "vault.unknown-model");
  EXPECT_EQ(store.vault->remove("m").error().name(), "vault.unknown-model");
}

TEST(Vault, RefusesNamesThatAreNoModelIds) {
  Store store;
  store.open();
  for (const char* id : {"", "../../etc/passwd", "a/b/c", ".hidden", "a b"}) {
    const auto upload = store.vault->begin_upload(id, {});
    ASSERT_FALSE(upload.has_value()) << id;
    EXPECT_TRUE(upload.error().name().starts_with("model-id.")) << id;
  }
  EXPECT_TRUE(store.files.names().empty());
}

TEST(Vault, AModelCanBeReadBeforeItIsCommittedAndIsNotSeenUntilThen) {
  Store store;
  store.open();
  const Bytes bytes = model_bytes(1, 100'000);
  auto upload = store.vault->begin_upload("m", {}).value();
  ASSERT_TRUE(upload->write(bytes).has_value());
  ASSERT_TRUE(upload->finish_content().has_value());
  auto reader = upload->reader().value();
  EXPECT_EQ(reader->size_bytes(), bytes.size());
  EXPECT_EQ(read_all(*reader).value(), bytes);
  EXPECT_EQ(store.vault->find("m"), nullptr);
  EXPECT_EQ(store.vault->open_model("m").error().name(), "vault.unknown-model");
  ASSERT_TRUE(upload->commit(commit_info()).has_value());
  EXPECT_NE(store.vault->find("m"), nullptr);
}

TEST(Upload, WithoutCommitLeavesNoTrace) {
  for (const UploadTerms& options : {UploadTerms{}, kInMemory}) {
    Store store;
    store.open();
    auto upload = store.vault->begin_upload("m", options).value();
    ASSERT_TRUE(upload->write(model_bytes(1)).has_value());
    ASSERT_TRUE(upload->finish_content().has_value());
    upload.reset();
    EXPECT_TRUE(store.files.names().empty());
    EXPECT_TRUE(store.vault->catalogue().empty());
    EXPECT_TRUE(put(*store.vault, "m", model_bytes(2), options).has_value()) << "the name is free";
  }
}

TEST(Upload, OfTwoUnderOneNameExactlyOneWins) {
  Store store;
  store.open();
  auto first = store.vault->begin_upload("m", {}).value();
  const auto second = store.vault->begin_upload("m", {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_EQ(second.error().name(), "vault.name-taken");
  EXPECT_NE(second.error().sentence.find("upload"), std::string::npos);
  EXPECT_TRUE(store.vault->begin_upload("other", {}).has_value());
  first.reset();
  EXPECT_TRUE(store.vault->begin_upload("m", {}).has_value());
}

TEST(Upload, RacingThreadsAgreeOnOneWinner) {
  Store store;
  store.open();
  FaultyFileLayer& files = store.files;  // not used by the threads: memory models only
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> winners = 0;
    std::atomic<int> losers = 0;
    {
      std::vector<std::jthread> threads;
      for (uint8_t i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
          const auto done = put(*store.vault, "m", model_bytes(i, 100), kInMemory);
          if (done.has_value())
            ++winners;
          else if (done.error().name() == "vault.name-taken")
            ++losers;
        });
    }
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(losers, 3);
    const auto record = store.vault->find("m");
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(sha256(get(*store.vault, "m").value()), record->sha256);
    ASSERT_TRUE(store.vault->remove("m").has_value());
  }
  EXPECT_TRUE(files.names().empty());
}

TEST(Upload, OfTheSameBytesUnderTheSameNameIsASuccessWithoutWork) {
  Store store;
  store.open();
  const Bytes bytes = model_bytes(1);
  const auto record = put(*store.vault, "m", bytes).value();
  for (const UploadTerms& options : {UploadTerms{}, kReplace, kInMemory}) {
    auto upload = store.vault->begin_upload("m", options).value();
    ASSERT_TRUE(upload->write(bytes).has_value());
    EXPECT_TRUE(upload->finish_content().value().already_stored);
    EXPECT_EQ(read_all(*upload->reader().value()).value(), bytes);
    EXPECT_EQ(upload->commit(commit_info()).value(), record);
  }
  EXPECT_EQ(store.files.names(), std::vector{file_of("m")});
}

TEST(Upload, OfOtherBytesUnderATakenNameIsRefusedAsSoonAsItShows) {
  Store store;
  store.open();
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(1, 1000)).has_value());
  auto same_size = store.vault->begin_upload("m", {}).value();
  ASSERT_TRUE(same_size->write(model_bytes(2, 1000)).has_value());
  EXPECT_EQ(same_size->finish_content().error().name(), "vault.name-taken");
  EXPECT_EQ(same_size->commit(commit_info()).error().name(), "vault.name-taken");
  auto longer = store.vault->begin_upload("m", {}).value();
  EXPECT_EQ(longer->write(model_bytes(1, 1001)).error().name(), "vault.name-taken");
  EXPECT_EQ(longer->write({}).error().name(), "vault.name-taken") << "an error stays";
  auto shorter = store.vault->begin_upload("m", {}).value();
  ASSERT_TRUE(shorter->write(model_bytes(1, 999)).has_value());
  EXPECT_EQ(shorter->finish_content().error().name(), "vault.name-taken");
  EXPECT_EQ(get(*store.vault, "m").value(), model_bytes(1, 1000));
}

TEST(Upload, ThatReplacesCountsTheEpochUp) {
  Store store;
  store.open();
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(1)).has_value());
  const OpenedModel old = store.vault->open_model("m").value();
  const auto record = put(*store.vault, "m", model_bytes(2, 5000), kReplace).value();
  EXPECT_EQ(record->epoch, 2u);
  EXPECT_EQ(get(*store.vault, "m").value(), model_bytes(2, 5000));
  EXPECT_EQ(store.files.names(), std::vector{file_of("m")});
  EXPECT_EQ(read_all(*old.reader).value(), model_bytes(1)) << "an open reader goes on";
  store.open();
  EXPECT_EQ(store.vault->find("m")->epoch, 2u);
}

TEST(Upload, ComparedWithAModelThatIsRemovedMeanwhileSaysSo) {
  Store store;
  store.open();
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(1)).has_value());
  auto before_end = store.vault->begin_upload("m", {}).value();
  auto after_end = store.vault->begin_upload("m", {}).value();
  ASSERT_TRUE(before_end->write(model_bytes(1)).has_value());
  ASSERT_TRUE(after_end->write(model_bytes(1)).has_value());
  ASSERT_TRUE(after_end->finish_content().value().already_stored);
  ASSERT_TRUE(store.vault->remove("m").has_value());
  EXPECT_EQ(before_end->finish_content().error().name(), "vault.changed-meanwhile");
  EXPECT_EQ(after_end->commit(commit_info()).error().name(), "vault.changed-meanwhile");
}

TEST(Upload, LargerThanTheLimitIsRefused) {
  Store store;
  store.open();
  auto upload = store.vault->begin_upload("m", {}).value();
  ASSERT_TRUE(upload->write(Bytes(kOptions.max_model_bytes)).has_value());
  const Status over = upload->write(Bytes(1));
  EXPECT_EQ(over.error().code, Code::kTooLarge);
  EXPECT_EQ(over.error().name(), "vault.model-size");
  EXPECT_TRUE(store.files.names().empty()) << "its room is given back at once";
}

TEST(Upload, WhoseSignatureDoesNotFitIsRefusedAtCommit) {
  Store store;
  store.open();
  auto upload = store.vault->begin_upload("m", {}).value();
  ASSERT_TRUE(upload->finish_content().has_value());
  CommitInfo info = commit_info();
  info.signature.inputs.assign(2000, {std::string(100, 'n'), Datatype::kFp32, {1}});
  EXPECT_EQ(upload->commit(info).error().name(), "seal.metadata-room");
  EXPECT_TRUE(store.files.names().empty());
}

TEST(Vault, RemovesAModelForGood) {
  Store store;
  store.open();
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(1)).has_value());
  EXPECT_EQ(store.vault->remove("m").value(), 2u) << "a removal has an epoch too";
  EXPECT_EQ(store.vault->find("m"), nullptr);
  EXPECT_TRUE(model_files(store.files).empty());
  store.files.power_cut();
  store.open();
  EXPECT_EQ(store.vault->find("m"), nullptr);
}

TEST(Vault, AModelInMemoryEndsWithTheProcessAndTouchesNoFile) {
  Store store;
  store.open();
  const Bytes bytes = model_bytes(1, 300'000);
  const auto record = put(*store.vault, "m", bytes, kInMemory).value();
  EXPECT_FALSE(record->saved);
  EXPECT_TRUE(store.files.names().empty());
  EXPECT_EQ(get(*store.vault, "m").value(), bytes);
  store.open();
  EXPECT_EQ(store.vault->find("m"), nullptr);
}

TEST(Vault, ModelsInMemoryHaveALimitAndGiveTheirRoomBack) {
  Store store;
  store.open();
  for (const char* id : {"a", "b", "c"})
    ASSERT_TRUE(put(*store.vault, id, model_bytes(1, 1'000'000), kInMemory).has_value());
  const auto over = put(*store.vault, "d", model_bytes(1, 1'000'000), kInMemory);
  ASSERT_FALSE(over.has_value());
  EXPECT_EQ(over.error().code, Code::kNoSpace);
  EXPECT_EQ(over.error().name(), "vault.memory-full");
  ASSERT_TRUE(store.vault->remove("a").has_value());
  EXPECT_TRUE(put(*store.vault, "d", model_bytes(1, 1'000'000), kInMemory).has_value());
}

TEST(Vault, SavingAModelThatIsInMemoryGivesItsMemoryBack) {
  Store store;
  store.open();
  for (int round = 0; round < 6; ++round) {
    const std::string id = "m" + std::to_string(round);
    const Bytes bytes = model_bytes(1, 1'000'000);
    ASSERT_TRUE(put(*store.vault, id, bytes, kInMemory).has_value()) << round;
    ASSERT_TRUE(put(*store.vault, id, bytes).has_value()) << round;
  }
}

TEST(Vault, SavingAModelThatIsInMemoryMovesItToTheDisk) {
  Store store;
  store.open();
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(1), kInMemory).has_value());
  EXPECT_EQ(put(*store.vault, "m", model_bytes(2)).error().name(), "vault.name-taken");
  EXPECT_TRUE(put(*store.vault, "m", model_bytes(1)).value()->saved);
  store.open();
  EXPECT_EQ(get(*store.vault, "m").value(), model_bytes(1));
}

TEST(Vault, AModelInMemoryThatReplacesASavedOneDoesNotLetItComeBack) {
  Store store;
  store.open();
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(1)).has_value());
  ASSERT_TRUE(
      put(*store.vault, "m", model_bytes(2), {.overwrite = Overwrite::kReplace, .save = false})
          .has_value());
  EXPECT_EQ(get(*store.vault, "m").value(), model_bytes(2));
  store.files.power_cut();
  store.open();
  EXPECT_EQ(store.vault->find("m"), nullptr);
}

TEST(Vault, TheStoreShowsNoIdsAndNoModelBytes) {
  Store store;
  store.open();
  const std::string needle = "a very particular weight";
  Bytes bytes = model_bytes(1, 3000);
  append(bytes, as_bytes(needle));
  ASSERT_TRUE(put(*store.vault, "particular-name", bytes).has_value());
  for (const std::string& name : store.files.names()) {
    EXPECT_EQ(name.find("particular"), std::string::npos);
    EXPECT_EQ(as_text(store.files.content(name)).find("particular"), std::string::npos);
  }
}

}  // namespace
}  // namespace blindai
