// What the vault does with files that are not as it left them.
#include <algorithm>

#include "enclave/vault/vault_fixture.h"

namespace blindai {
namespace {

using namespace vault_fixture;
using Kind = VaultEvent::Kind;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// A store with the models "kept" and "m", closed.
void fill(Store& store) {
  store.open();
  ASSERT_TRUE(put(*store.vault, "kept", model_bytes(1)).has_value());
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(2)).has_value());
  store.vault.reset();
}

// After `damage` to the file of "m": it alone is gone, reported so, and set aside.
void expect_scan_sets_aside(const std::string& id, const std::function<void(Bytes&)>& damage) {
  Store store;
  fill(store);
  damage(store.files.content(file_of("m")));
  store.open();
  ASSERT_EQ(store.events.size(), 1u) << id;
  EXPECT_EQ(store.events[0].kind, Kind::kSetAside) << id;
  EXPECT_EQ(store.events[0].file, file_of("m"));
  EXPECT_EQ(store.events[0].error.name(), id);
  EXPECT_EQ(store.vault->find("m"), nullptr);
  EXPECT_EQ(get(*store.vault, "kept").value(), model_bytes(1));
  const std::vector<std::string> names = store.files.names();
  EXPECT_TRUE(contains(names, file_of("m") + ".damaged"));
  EXPECT_FALSE(contains(names, file_of("m")));
  EXPECT_TRUE(put(*store.vault, "m", model_bytes(3)).has_value()) << "the name is free again";
  store.open();
  EXPECT_TRUE(store.events.empty()) << "reported once";
}

TEST(Vault, SetsDamagedFilesAsideAndNamesTheDamage) {
  for (const FileDamage& damage : kFileDamages) expect_scan_sets_aside(damage.found, damage.make);
}

TEST(Vault, SetsAFileUnderAnotherModelsNameAside) {
  Store store;
  fill(store);
  store.files.put(file_of("other"), store.files.content(file_of("m")));
  store.open();
  ASSERT_EQ(store.events.size(), 1u);
  EXPECT_EQ(store.events[0].kind, Kind::kSetAside);
  EXPECT_EQ(store.events[0].error.name(), "seal.foreign");
  EXPECT_EQ(store.vault->find("other"), nullptr);
  EXPECT_EQ(store.vault->catalogue().size(), 2u);
}

TEST(Vault, SetsTheSameNameAsideAsOftenAsNeeded) {
  Store store;
  fill(store);
  for (int i = 0; i < 3; ++i) {
    store.files.put(file_of("m"), Bytes(10));
    store.open();
  }
  const std::vector<std::string> names = store.files.names();
  for (const char* end : {".damaged", ".damaged-2", ".damaged-3"})
    EXPECT_TRUE(contains(names, file_of("m") + end)) << end;
}

TEST(Vault, KeepsFilesOfOtherProgramsAndKeysWithTheirNames) {
  const struct {
    SealFor who;
    std::string_view id;
  } cases[] = {{seal_for(1, 99), "seal.measurement"}, {seal_for(99, 2), "seal.key"}};
  for (const auto& [who, id] : cases) {
    Store store;
    fill(store);
    const std::vector<std::string> names = model_files(store.files);
    store.open({.own = who.duplicate(KeyAccess())});
    ASSERT_EQ(store.events.size(), 2u);
    for (const VaultEvent& event : store.events) {
      EXPECT_EQ(event.kind, Kind::kHeld);
      EXPECT_EQ(event.error.name(), id);
    }
    EXPECT_TRUE(store.vault->catalogue().empty());
    EXPECT_EQ(store.vault->begin_upload("m", {}).error().name(), "vault.name-held");
    EXPECT_EQ(store.vault->remove("m").error().name(), "vault.name-held");
    EXPECT_TRUE(put(*store.vault, "new", model_bytes(3)).has_value());
    EXPECT_TRUE(store.vault->remove("new").has_value());
    EXPECT_EQ(model_files(store.files), names);
    store.open();
    EXPECT_EQ(store.vault->catalogue().size(), 2u) << "the programs they are for find them again";
  }
}

TEST(Vault, KeepsFilesOfALaterFormat) {
  Store store;
  fill(store);
  store.files.content(file_of("m"))[8] = 2;
  store.open();
  ASSERT_EQ(store.events.size(), 1u);
  EXPECT_EQ(store.events[0].kind, Kind::kHeld);
  EXPECT_EQ(store.events[0].error.name(), "seal.version");
}

TEST(Vault, RemovesWhatInterruptedUploadsLeftAndNothingElse) {
  Store store;
  fill(store);
  const std::string leftover = to_hex(sha256(as_bytes("m"))) + ".0123456789abcdef.tmp";
  const std::vector<std::string> strangers = {"lost+found", "notes.tmp", "x.sealed",
                                              "insecure-simulation-key"};
  store.files.put(leftover, Bytes(100));
  for (const std::string& name : strangers) store.files.put(name, Bytes(5));
  store.open();
  ASSERT_EQ(store.events.size(), 1u);
  EXPECT_EQ(store.events[0].kind, Kind::kLeftoverRemoved);
  EXPECT_EQ(store.events[0].file, leftover);
  const std::vector<std::string> names = store.files.names();
  EXPECT_FALSE(contains(names, leftover));
  for (const std::string& name : strangers) EXPECT_TRUE(contains(names, name)) << name;
}

TEST(Vault, NoticesDamageToTheContentWhenTheModelIsRead) {
  Store store;
  fill(store);
  store.files.content(file_of("m")).back() ^= 1;
  store.open();
  const Result<Bytes> read = get(*store.vault, "m");
  EXPECT_EQ(read.error().name(), "seal.chunk");
  EXPECT_EQ(read.error().code, Code::kInternal) << "not the caller's fault";
}

TEST(Vault, NoticesSwappedReorderedAndForeignChunksWhenTheModelIsRead) {
  Store store;
  store.open();
  const Bytes bytes = model_bytes(1, 3 * kSealChunkLen);
  for (const char* id : {"a", "b"}) ASSERT_TRUE(put(*store.vault, id, bytes).has_value());
  const Bytes genuine = store.files.content(file_of("a"));
  const auto chunk = [](Bytes& file, size_t index) {
    return std::span(file).subspan(kSealHeaderLen + index * kSealedChunkLen, kSealedChunkLen);
  };
  Bytes& file = store.files.content(file_of("a"));
  std::ranges::swap_ranges(chunk(file, 0), chunk(file, 1));
  EXPECT_EQ(get(*store.vault, "a").error().name(), "seal.chunk") << "reordered";
  file = genuine;
  std::ranges::copy(chunk(file, 0), chunk(file, 1).begin());
  EXPECT_EQ(get(*store.vault, "a").error().name(), "seal.chunk") << "repeated";
  file = genuine;
  std::ranges::copy(chunk(store.files.content(file_of("b")), 1), chunk(file, 1).begin());
  EXPECT_EQ(get(*store.vault, "a").error().name(), "seal.chunk") << "of another file";
  file = genuine;
  EXPECT_EQ(get(*store.vault, "a").value(), bytes);
}

TEST(Vault, NoticesAnExchangedFileWhileItRuns) {
  Store store;
  fill(store);
  const Bytes old = store.files.content(file_of("m"));
  store.open();
  ASSERT_TRUE(
      put(*store.vault, "m", model_bytes(5), {.overwrite = Overwrite::kReplace}).has_value());
  store.files.put(file_of("m"), old);  // genuine, but not the one that was committed last
  const auto opened = store.vault->open_model("m");
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().name(), "seal.foreign");
  ASSERT_EQ(store.events.size(), 1u);
  EXPECT_EQ(store.events[0].kind, Kind::kDamaged);
  store.files.erase(file_of("m"));
  EXPECT_EQ(store.vault->open_model("m").error().name(), "vault.file-missing");
}

}  // namespace
}  // namespace blindai
