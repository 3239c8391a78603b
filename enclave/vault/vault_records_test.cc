// Records: kept beside the models, apart from them, whole.
#include <algorithm>

#include "enclave/vault/vault_fixture.h"

namespace blindai {
namespace {

using namespace vault_fixture;
using Kind = VaultEvent::Kind;

std::string text_of(Vault& vault, std::string_view name) {
  const auto bytes = vault.get_record(name);
  if (!bytes.has_value()) return "error " + std::string(bytes.error().name());
  return bytes->has_value() ? std::string(as_text(**bytes)) : "none";
}

TEST(VaultRecords, AreKeptReplacedListedAndRemoved) {
  Store store;
  store.open();
  EXPECT_EQ(text_of(*store.vault, "owner/aa"), "none");
  ASSERT_TRUE(store.vault->put_record("owner/aa", as_bytes("first")).has_value());
  ASSERT_TRUE(store.vault->put_record("owner/bb", as_bytes("")).has_value());
  ASSERT_TRUE(store.vault->put_record("usage", as_bytes("u")).has_value());
  ASSERT_TRUE(store.vault->put_record("owner/aa", as_bytes("second")).has_value());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(text_of(*store.vault, "owner/aa"), "second");
    EXPECT_EQ(text_of(*store.vault, "owner/bb"), "");
    EXPECT_EQ(store.vault->list_records("owner/"),
              (std::vector<std::string>{"owner/aa", "owner/bb"}));
    EXPECT_EQ(store.vault->list_records("").size(), 3u);
    EXPECT_TRUE(store.vault->catalogue().empty()) << "a record is no model";
    store.files.power_cut();
    store.open();
  }
  ASSERT_TRUE(store.vault->remove_record("owner/aa").has_value());
  EXPECT_TRUE(store.vault->remove_record("owner/aa").has_value()) << "gone is what was wanted";
  EXPECT_EQ(text_of(*store.vault, "owner/aa"), "none");
  store.files.power_cut();
  store.open();
  EXPECT_EQ(text_of(*store.vault, "owner/aa"), "none");
  EXPECT_EQ(store.vault->list_records("owner/"), std::vector<std::string>{"owner/bb"});
  EXPECT_TRUE(store.events.empty());
}

TEST(VaultRecords, HaveALargestSizeAndPlainNames) {
  Store store;
  store.open();
  const Bytes largest = model_bytes(1, kMaxRecordBytes);
  ASSERT_TRUE(store.vault->put_record("r", largest).has_value());
  EXPECT_EQ(**store.vault->get_record("r"), largest);
  const Status over = store.vault->put_record("r", model_bytes(1, kMaxRecordBytes + 1));
  EXPECT_EQ(over.error().code, Code::kTooLarge);
  EXPECT_EQ(over.error().name(), "vault.record-size");
  for (const std::string& name :
       {std::string(), std::string("A"), std::string("a:b"), std::string("a b"),
        std::string(kMaxRecordName + 1, 'a'), std::string("epochs")})
    EXPECT_EQ(store.vault->put_record(name, {}).error().name(), "vault.record-name") << name;
  EXPECT_EQ(store.vault->get_record("A").error().name(), "vault.record-name");
  EXPECT_EQ(store.vault->remove_record("epochs").error().name(), "vault.record-name");
  EXPECT_TRUE(store.vault->put_record(std::string(kMaxRecordName, 'a'), {}).has_value());
}

TEST(VaultRecords, ShowNeitherNameNorBytesInTheStore) {
  Store store;
  store.open();
  ASSERT_TRUE(store.vault->put_record("particular", as_bytes("particular bytes")).has_value());
  EXPECT_EQ(store.files.names(), std::vector{record_file_of("particular")});
  for (const std::string& name : store.files.names())
    EXPECT_EQ(as_text(store.files.content(name)).find("particular"), std::string::npos);
}

// After `damage` to the record's file: it alone is gone, reported so, and set aside.
void expect_set_aside(const std::string& id, const std::function<void(Bytes&)>& damage) {
  Store store;
  store.open();
  ASSERT_TRUE(store.vault->put_record("kept", as_bytes("k")).has_value());
  ASSERT_TRUE(store.vault->put_record("r", as_bytes("record")).has_value());
  const std::string file = record_file_of("r");
  damage(store.files.content(file));
  store.open();
  ASSERT_EQ(store.events.size(), 1u) << id;
  EXPECT_EQ(store.events[0].kind, Kind::kSetAside) << id;
  EXPECT_EQ(store.events[0].file, file);
  EXPECT_EQ(store.events[0].error.name(), id);
  EXPECT_EQ(text_of(*store.vault, "r"), "none");
  EXPECT_EQ(text_of(*store.vault, "kept"), "k");
  const std::vector<std::string> names = store.files.names();
  EXPECT_EQ(std::ranges::count(names, file + ".damaged"), 1);
  ASSERT_TRUE(store.vault->put_record("r", as_bytes("again")).has_value());
  store.open();
  EXPECT_TRUE(store.events.empty()) << "reported once";
  EXPECT_EQ(text_of(*store.vault, "r"), "again");
}

TEST(VaultRecords, DamagedOnesAreSetAsideAndNamed) {
  for (const FileDamage& damage : kFileDamages) expect_set_aside(damage.found, damage.make);
}

TEST(VaultRecords, DamageToTheContentIsFoundWhenItIsRead) {
  Store store;
  store.open();
  ASSERT_TRUE(store.vault->put_record("r", as_bytes("record")).has_value());
  store.files.content(record_file_of("r")).back() ^= 1;
  store.open();
  EXPECT_EQ(text_of(*store.vault, "r"), "error seal.chunk");
  EXPECT_EQ(store.vault->get_record("r").error().code, Code::kInternal);
  EXPECT_EQ(store.events.back().kind, Kind::kDamaged);
  EXPECT_EQ(Vault::read_record(store.files, seal_for(), "r").error().name(), "seal.chunk");
}

TEST(VaultRecords, OneThatIsPutBackWhileItRunsIsNoticed) {
  Store store;
  store.open();
  ASSERT_TRUE(store.vault->put_record("r", as_bytes("old")).has_value());
  const Bytes old = store.files.content(record_file_of("r"));
  ASSERT_TRUE(store.vault->put_record("r", as_bytes("new")).has_value());
  store.files.put(record_file_of("r"), old);
  EXPECT_EQ(text_of(*store.vault, "r"), "error seal.foreign");
}

TEST(VaultRecords, AnOlderCopyBesideTheNewestDoesNotCount) {
  Store store;
  store.open();
  ASSERT_TRUE(store.vault->put_record("r", as_bytes("old")).has_value());
  const Bytes old = store.files.content(record_file_of("r"));
  ASSERT_TRUE(store.vault->put_record("r", as_bytes("new")).has_value());
  for (const uint8_t other : ByteArray<2>{0, 255}) {
    const std::string name =
        record_name(sha256(as_bytes("record:r")), filled<8>(other));  // sorts before, then after
    store.files.put(name, old);
    store.open();
    EXPECT_EQ(text_of(*store.vault, "r"), "new");
  }
  ASSERT_TRUE(store.vault->remove_record("r").has_value());
  EXPECT_TRUE(store.files.names().empty()) << "the older copies go too";
}

TEST(VaultRecords, AModelAndARecordDoNotPassForEachOther) {
  Store store;
  store.open();
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(1)).has_value());
  ASSERT_TRUE(store.vault->put_record("r", as_bytes("record")).has_value());
  store.vault.reset();
  store.files.put(to_hex(sha256(as_bytes("record:r"))) + ".sealed",
                  store.files.content(record_file_of("r")));
  const std::string posing = record_name(sha256(as_bytes("m")), filled<8>(1));
  store.files.put(posing, store.files.content(file_of("m")));
  store.files.put(record_file_of("other"), store.files.content(record_file_of("r")));
  store.open();
  ASSERT_EQ(store.events.size(), 3u);
  for (const VaultEvent& event : store.events) {
    EXPECT_EQ(event.kind, Kind::kSetAside);
    EXPECT_EQ(event.error.name(), "seal.foreign");
  }
  EXPECT_EQ(store.vault->catalogue().size(), 1u);
  EXPECT_EQ(store.vault->list_records(""), std::vector<std::string>{"r"});
}

TEST(VaultRecords, OfOtherProgramsAreLeftAlone) {
  Store store;
  store.open();
  ASSERT_TRUE(store.vault->put_record("r", as_bytes("old server's")).has_value());
  store.open({.own = seal_for(1, 99)});
  ASSERT_EQ(store.events.size(), 1u);
  EXPECT_EQ(store.events[0].kind, Kind::kHeld);
  EXPECT_EQ(store.events[0].error.name(), "seal.measurement");
  EXPECT_EQ(text_of(*store.vault, "r"), "none");
  ASSERT_TRUE(store.vault->put_record("r", as_bytes("new server's")).has_value());
  store.open();
  EXPECT_EQ(text_of(*store.vault, "r"), "old server's");
}

TEST(VaultRecords, CanBeReadBeforeTheStoreIsOpen) {
  Store store;
  store.open();
  EXPECT_EQ(Vault::read_record(store.files, seal_for(), "r").value(), std::nullopt);
  ASSERT_TRUE(store.vault->put_record("r", as_bytes("record")).has_value());
  EXPECT_EQ(as_text(*Vault::read_record(store.files, seal_for(), "r").value()), "record");
  EXPECT_EQ(Vault::read_record(store.files, seal_for(1, 99), "r").value(), std::nullopt);
  EXPECT_EQ(Vault::read_record(store.files, seal_for(), "R").error().name(), "vault.record-name");
}

TEST(VaultEpochs, NeverGoBackForANameThatWasRemoved) {
  Store store;
  store.open();
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(1)).has_value());
  for (uint8_t seed = 2; seed <= 5; ++seed)
    ASSERT_TRUE(
        put(*store.vault, "m", model_bytes(seed), {.overwrite = Overwrite::kReplace}).has_value());
  EXPECT_EQ(store.vault->find("m")->epoch, 5u);
  EXPECT_EQ(store.vault->remove("m").value(), 6u);
  store.files.power_cut();
  store.open();
  EXPECT_EQ(put(*store.vault, "m", model_bytes(1)).value()->epoch, 7u);
  // Also when the model that replaced it was in memory only and ended with the process.
  EXPECT_EQ(
      put(*store.vault, "m", model_bytes(2), {.overwrite = Overwrite::kReplace, .save = false})
          .value()
          ->epoch,
      8u);
  store.open();
  EXPECT_EQ(put(*store.vault, "m", model_bytes(3)).value()->epoch, 9u);
}

TEST(VaultEpochs, OnAFullDiskARemovalStillWorksAndIsWrittenDownAfterwards) {
  Store store;
  store.open();
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(1)).has_value());
  store.files.inject(FaultyFileLayer::Fault::kOnce, 1);  // writing the record
  EXPECT_EQ(store.vault->remove("m").value(), 2u);
  ASSERT_TRUE(store.files.fault_reached());
  EXPECT_EQ(store.events.back().kind, Kind::kFailed);
  store.files.power_cut();
  store.open();
  EXPECT_EQ(put(*store.vault, "m", model_bytes(1)).value()->epoch, 3u);
}

}  // namespace
}  // namespace blindai
