// Changed access rules, owners, names that are lost, and files of predecessors.
#include "enclave/vault/vault_fixture.h"

namespace blindai {
namespace {

using namespace vault_fixture;
using Kind = VaultEvent::Kind;

AccessRules private_rules(uint8_t caller = 5) {
  return {.visibility = Visibility::kPrivate, .callers = {filled<32>(caller)}, .handover = {}};
}

std::optional<ModelOwner> owner(uint8_t key) {
  return ModelOwner{filled<32>(key), "account" + std::to_string(key)};
}

TEST(VaultAccess, AChangeOfRulesKeepsTheContentAndRaisesTheEpoch) {
  Store store;
  store.open();
  const Bytes bytes = model_bytes(1, 3'000'000 / 4);
  for (const bool save : {true, false}) {
    const std::string id = save ? "saved" : "unsaved";
    const auto before = put(*store.vault, id, bytes, {.save = save, .owner = owner(1)}).value();
    const OpenedModel open = store.vault->open_model(id).value();
    const auto after = store.vault->change_access(id, private_rules(), before).value();
    EXPECT_EQ(after->access, private_rules());
    EXPECT_EQ(after->epoch, before->epoch + 1);
    EXPECT_EQ(after->content_id, before->content_id);
    EXPECT_EQ(after->sha256, before->sha256);
    EXPECT_EQ(after->owner, before->owner);
    EXPECT_EQ(after->saved, save);
    EXPECT_EQ(store.vault->find(id), after);
    EXPECT_EQ(get(*store.vault, id).value(), bytes);
    EXPECT_EQ(read_all(*open.reader).value(), bytes) << "an open reader goes on";
    EXPECT_EQ(store.vault->change_access(id, private_rules()).value(), after) << "nothing to do";
  }
  EXPECT_EQ(store.files.names(), std::vector{file_of("saved")});
  store.files.power_cut();
  store.open();
  EXPECT_TRUE(store.events.empty());
  EXPECT_EQ(store.vault->find("saved")->access, private_rules());
  EXPECT_EQ(store.vault->find("saved")->epoch, 2u);
  EXPECT_EQ(get(*store.vault, "saved").value(), bytes);
}

TEST(VaultAccess, TheSealedContentIsCopiedAsItLies) {
  Store store;
  store.open();
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(1, 200'000)).has_value());
  const Bytes before = store.files.content(file_of("m"));
  ASSERT_TRUE(store.vault->change_access("m", private_rules()).has_value());
  const Bytes& after = store.files.content(file_of("m"));
  ASSERT_EQ(after.size(), before.size());
  EXPECT_TRUE(
      equal(BytesView(after).subspan(kSealHeaderLen), BytesView(before).subspan(kSealHeaderLen)));
  EXPECT_FALSE(
      equal(BytesView(after).first(kSealHeaderLen), BytesView(before).first(kSealHeaderLen)));
}

TEST(VaultAccess, AChangeIsRefusedWhereItCannotBeMade) {
  Store store;
  store.open();
  const auto error_of = [&](const AccessRules& rules,
                            const std::shared_ptr<const ModelRecord>& expected = nullptr) {
    const auto changed = store.vault->change_access("m", rules, expected);
    return std::string(changed.has_value() ? "changed" : changed.error().name());
  };
  EXPECT_EQ(error_of(private_rules()), "vault.unknown-model");
  const auto first = put(*store.vault, "m", model_bytes(1)).value();
  AccessRules too_many;
  too_many.callers.assign(kMaxCallers + 1, filled<32>(1));
  EXPECT_EQ(error_of(too_many), "seal.access-rules");
  {
    const auto upload = store.vault->begin_upload("m", {.overwrite = Overwrite::kReplace}).value();
    EXPECT_EQ(error_of(private_rules()), "vault.name-taken");
  }
  ASSERT_TRUE(
      put(*store.vault, "m", model_bytes(2), {.overwrite = Overwrite::kReplace}).has_value());
  EXPECT_EQ(error_of(private_rules(), first), "vault.changed-meanwhile");
  EXPECT_EQ(store.vault->remove("m", first).error().name(), "vault.changed-meanwhile");
  store.files.content(file_of("m"))[300] ^= 1;
  EXPECT_EQ(error_of(private_rules()), "seal.metadata");
  EXPECT_EQ(store.events.back().kind, Kind::kDamaged);
  EXPECT_EQ(model_files(store.files), std::vector{file_of("m")}) << "nothing is left behind";
}

TEST(VaultOwners, AModelIsReplacedByItsOwnerAlone) {
  Store store;
  store.open();
  const auto replace = [&](std::string_view id, uint8_t seed, std::optional<ModelOwner> who) {
    const auto done = put(*store.vault, id, model_bytes(seed),
                          {.overwrite = Overwrite::kReplace, .owner = std::move(who)});
    return std::string(done.has_value() ? "done" : done.error().name());
  };
  ASSERT_EQ(replace("owned", 1, owner(1)), "done");
  EXPECT_EQ(replace("owned", 2, owner(2)), "vault.name-taken");
  EXPECT_EQ(replace("owned", 2, std::nullopt), "vault.name-taken");
  EXPECT_EQ(get(*store.vault, "owned").value(), model_bytes(1));
  EXPECT_EQ(replace("owned", 2, owner(1)), "done");
  ASSERT_EQ(replace("free", 1, std::nullopt), "done");
  EXPECT_EQ(replace("free", 2, std::nullopt), "done");
  EXPECT_EQ(replace("free", 3, owner(2)), "done");
  EXPECT_EQ(replace("free", 4, std::nullopt), "vault.name-taken") << "it has an owner now";
}

TEST(VaultOwners, TheSameBytesOfAnotherOwnerAreAnotherModel) {
  Store store;
  store.open();
  const auto first = put(*store.vault, "m", model_bytes(1), {.owner = owner(1)}).value();
  // Said before a byte is sent, so that nobody learns whether the bytes are equal.
  for (const auto& who : {owner(2), std::optional<ModelOwner>()})
    EXPECT_EQ(store.vault->begin_upload("m", {.owner = who}).error().name(), "vault.name-taken");
  EXPECT_EQ(put(*store.vault, "m", model_bytes(1), {.owner = owner(1)}).value(), first);
  EXPECT_EQ(put(*store.vault, "m", model_bytes(2), {.owner = owner(1)}).error().name(),
            "vault.name-taken");
}

Reservations::TimePoint fake_now;

TEST(VaultNames, AnUploadThatIsTooSlowLosesItsNameToTheNextOne) {
  FaultyFileLayer files;
  VaultOptions options = kOptions;
  options.now = [] { return fake_now; };
  auto vault = Vault::open(files, {.own = seal_for()}, options, [](const VaultEvent&) {}).value();
  const auto begin = [&] { return vault->begin_upload("m", {}); };
  auto slow = begin().value();
  fake_now += kNameGrace;
  EXPECT_EQ(begin().error().name(), "vault.name-taken");
  ASSERT_TRUE(slow->write(model_bytes(1, 62 * kNameBytesPerSecond / 16)).has_value());
  fake_now += std::chrono::seconds(2);
  auto next = begin().value();
  EXPECT_EQ(slow->write(model_bytes(1)).error().name(), "vault.too-slow");
  EXPECT_EQ(slow->finish_content().error().name(), "vault.too-slow") << "an error stays";
  EXPECT_EQ(begin().error().name(), "vault.name-taken");
  slow.reset();
  EXPECT_EQ(begin().error().name(), "vault.name-taken") << "it takes nothing along";
  ASSERT_TRUE(next->write(model_bytes(2)).has_value());
  ASSERT_TRUE(next->finish_content().has_value());
  ASSERT_TRUE(next->commit(commit_info()).has_value());
  EXPECT_EQ(get(*vault, "m").value(), model_bytes(2));
}

TEST(VaultNames, AnUploadThatIsFastEnoughKeepsItsName) {
  FaultyFileLayer files;
  VaultOptions options = kOptions;
  options.max_model_bytes = 80 * kNameBytesPerSecond;
  options.now = [] { return fake_now; };
  auto vault = Vault::open(files, {.own = seal_for()}, options, [](const VaultEvent&) {}).value();
  auto steady = vault->begin_upload("m", {}).value();
  ASSERT_TRUE(steady->write(model_bytes(1, 61 * kNameBytesPerSecond)).has_value());
  fake_now += kNameGrace + std::chrono::seconds(1);
  EXPECT_EQ(vault->begin_upload("m", {}).error().name(), "vault.name-taken");
  // While its model is tried, it has that time again.
  ASSERT_TRUE(steady->finish_content().has_value());
  fake_now += kFinishGrace;
  EXPECT_EQ(vault->begin_upload("m", {}).error().name(), "vault.name-taken");
  fake_now += std::chrono::seconds(1);
  auto next = vault->begin_upload("m", {}).value();
  EXPECT_EQ(steady->commit(commit_info()).error().name(), "vault.too-slow");
  EXPECT_EQ(vault->find("m"), nullptr);
}

// A store as the predecessor left it: models "plain" and "consented", a record, a removal.
void fill_as_predecessor(Store& store) {
  store.open();
  AccessRules consent;
  consent.handover = {filled<32>(99)};
  ASSERT_TRUE(put(*store.vault, "plain", model_bytes(1)).has_value());
  ASSERT_TRUE(put(*store.vault, "consented", model_bytes(2), {.access = consent}).has_value());
  ASSERT_TRUE(put(*store.vault, "removed", model_bytes(3)).has_value());
  ASSERT_TRUE(store.vault->remove("removed").has_value());
  ASSERT_TRUE(store.vault->put_record("r", as_bytes("record")).has_value());
}

TEST(VaultHandover, ASuccessorWithTheKeysHasEverything) {
  for (const bool at_start : {true, false}) {
    Store store;
    fill_as_predecessor(store);
    InheritedKeys keys = store.vault->keys_for_handover();
    if (at_start) {
      store.open({.own = seal_for(7, 99), .inherited = std::move(keys)});
      EXPECT_TRUE(store.events.empty());
    } else {
      store.open({.own = seal_for(7, 99)});
      EXPECT_EQ(store.vault->begin_upload("plain", {}).error().name(), "vault.name-held");
      ASSERT_TRUE(store.vault->inherit(std::move(keys)).has_value());
    }
    EXPECT_EQ(get(*store.vault, "plain").value(), model_bytes(1));
    EXPECT_EQ(get(*store.vault, "consented").value(), model_bytes(2));
    EXPECT_EQ(as_text(**store.vault->get_record("r")), "record");
    // What it writes is for itself, and nothing that it inherits changes before that.
    EXPECT_EQ(put(*store.vault, "new", model_bytes(4)).value()->epoch, 3u)
        << "the removal's epoch is inherited";
    ASSERT_TRUE(store.vault->change_access("plain", private_rules()).has_value());
    ASSERT_TRUE(store.vault->put_record("r", as_bytes("newer")).has_value());
    store.open({.own = seal_for(7, 99)});
    EXPECT_EQ(store.vault->catalogue().size(), 2u);
    EXPECT_EQ(get(*store.vault, "plain").value(), model_bytes(1));
    EXPECT_EQ(as_text(**store.vault->get_record("r")), "newer");
    EXPECT_EQ(store.vault->begin_upload("consented", {}).error().name(), "vault.name-held");
  }
}

TEST(VaultHandover, OneModelGoesOnlyWithItsOwnersConsent) {
  Store store;
  fill_as_predecessor(store);
  const auto key_of = [&](std::string_view id, uint8_t measurement) {
    return store.vault->model_key_for_handover(id, filled<32>(measurement));
  };
  EXPECT_EQ(key_of("plain", 99).error().name(), "vault.no-consent");
  EXPECT_EQ(key_of("plain", 99).error().code, Code::kDenied);
  EXPECT_EQ(key_of("consented", 98).error().name(), "vault.no-consent");
  EXPECT_EQ(key_of("nothing", 99).error().name(), "vault.unknown-model");
  InheritedKeys keys;
  keys.contents.push_back(key_of("consented", 99).value());
  for (const bool at_start : {true, false}) {
    if (at_start) {
      store.open({.own = seal_for(7, 99), .inherited = keys.duplicate(KeyAccess())});
    } else {
      store.open({.own = seal_for(7, 99)});
      ASSERT_TRUE(store.vault->inherit(keys.duplicate(KeyAccess())).has_value());
    }
    EXPECT_EQ(get(*store.vault, "consented").value(), model_bytes(2));
    EXPECT_EQ(store.vault->catalogue().size(), 1u);
    EXPECT_EQ(store.vault->begin_upload("plain", {}).error().name(), "vault.name-held");
    EXPECT_EQ(store.vault->get_record("r").value(), std::nullopt);
  }
  // A new header makes it the successor's own.
  ASSERT_TRUE(store.vault->change_access("consented", private_rules()).has_value());
  store.open({.own = seal_for(7, 99)});
  EXPECT_EQ(get(*store.vault, "consented").value(), model_bytes(2));
}

TEST(VaultHandover, InheritingLeavesUploadsThatAreRunningAlone) {
  Store store;
  fill_as_predecessor(store);
  InheritedKeys keys = store.vault->keys_for_handover();
  store.open({.own = seal_for(7, 99)});
  auto upload = store.vault->begin_upload("new", {}).value();
  ASSERT_TRUE(upload->write(model_bytes(4)).has_value());
  ASSERT_TRUE(store.vault->inherit(std::move(keys)).has_value());
  ASSERT_TRUE(upload->finish_content().has_value());
  ASSERT_TRUE(upload->commit(commit_info()).has_value());
  EXPECT_EQ(get(*store.vault, "new").value(), model_bytes(4));
}

TEST(VaultHandover, NothingChangesOnceItIsRetired) {
  Store store;
  fill_as_predecessor(store);
  auto upload = store.vault->begin_upload("new", {}).value();
  ASSERT_TRUE(upload->write(model_bytes(4)).has_value());
  ASSERT_TRUE(upload->finish_content().has_value());
  ASSERT_TRUE(store.vault->retire().has_value());
  const std::vector<std::string> before = store.files.names();
  EXPECT_EQ(upload->commit(commit_info()).error().name(), "server.handed-over");
  upload.reset();
  EXPECT_EQ(put(*store.vault, "other", model_bytes(9)).error().name(), "server.handed-over");
  EXPECT_EQ(store.vault->remove("plain").error().name(), "server.handed-over");
  EXPECT_EQ(store.vault->change_access("plain", private_rules()).error().name(),
            "server.handed-over");
  EXPECT_EQ(store.vault->put_record("r", as_bytes("late")).error().name(), "server.handed-over");
  EXPECT_EQ(store.vault->remove_record("r").error().name(), "server.handed-over");
  std::vector<std::string> after = store.files.names();
  EXPECT_EQ(after.size() + 1, before.size()) << "the upload's own temporary file is gone";
  EXPECT_EQ(get(*store.vault, "plain").value(), model_bytes(1));
  EXPECT_EQ(as_text(**store.vault->get_record("r")), "record");
}

// A successor writes its record into the store while the predecessor works on it.
TEST(VaultHandover, ARecordIsWrittenIntoAStoreThatAnotherHasOpen) {
  Store store;
  fill_as_predecessor(store);
  auto upload = store.vault->begin_upload("new", {}).value();
  ASSERT_TRUE(upload->write(model_bytes(4)).has_value());
  const SealFor successor = seal_for(7, 99);
  for (const char* text : {"first", "second"}) {
    ASSERT_TRUE(Vault::write_record(store.files, successor, "r", as_bytes(text)).has_value());
    store.files.power_cut();
    EXPECT_EQ(as_text(**Vault::read_record(store.files, successor, "r")), text);
  }
  EXPECT_EQ(as_text(**store.vault->get_record("r")), "record");
  EXPECT_EQ(Vault::write_record(store.files, successor, "R", {}).error().name(),
            "vault.record-name");
  EXPECT_EQ(
      Vault::write_record(store.files, successor, "r", Bytes(kMaxRecordBytes + 1)).error().name(),
      "vault.record-size");
}

}  // namespace
}  // namespace blindai
