// Fails every single call of the file layer, cuts the power before every single call, and plays
// random operations against a std::map. After each: what was acknowledged is there and whole, what
// was not is not there (or, where the header of vault.h says so, there and whole).
#include <functional>
#include <random>

#include "enclave/vault/vault_fixture.h"

namespace blindai {
namespace {

using namespace vault_fixture;
using Fault = FaultyFileLayer::Fault;

// What may be found under a name: the content, or nothing.
using Allowed = std::vector<std::optional<Bytes>>;

void expect_allowed(Vault& vault, const std::string& id, const Allowed& allowed,
                    const std::string& when) {
  std::optional<Bytes> found;
  if (const auto record = vault.find(id); record != nullptr) {
    Result<Bytes> bytes = get(vault, id);
    ASSERT_TRUE(bytes.has_value()) << when << ' ' << id << ' ' << bytes.error().describe();
    EXPECT_EQ(sha256(*bytes), record->sha256) << when << ' ' << id;
    found = std::move(*bytes);
  }
  EXPECT_TRUE(std::ranges::find(allowed, found) != allowed.end())
      << when << ": " << id << (found.has_value() ? " is there" : " is not there");
}

// One change of the store. Returns whether it was acknowledged.
struct Change {
  const char* name;
  std::optional<Bytes> before;
  std::optional<Bytes> after;
  std::function<bool(Vault&)> run;
};

std::vector<Change> changes() {
  const Bytes old = model_bytes(1, 70'000);
  const Bytes fresh = model_bytes(2, 140'000);
  return {
      {"upload", std::nullopt, fresh,
       [=](Vault& vault) { return put(vault, "m", fresh).has_value(); }},
      {"replace", old, fresh,
       [=](Vault& vault) {
         return put(vault, "m", fresh, {.overwrite = Overwrite::kReplace}).has_value();
       }},
      {"remove", old, std::nullopt, [](Vault& vault) { return vault.remove("m").has_value(); }},
      {"replace by one in memory", old, std::nullopt,
       [=](Vault& vault) {
         return put(vault, "m", fresh, {.overwrite = Overwrite::kReplace, .save = false})
             .has_value();
       }},
  };
}

void prepare(Store& store, const Change& change) {
  store.open();
  ASSERT_TRUE(put(*store.vault, "bystander", model_bytes(9)).has_value());
  if (change.before.has_value()) {
    ASSERT_TRUE(put(*store.vault, "m", *change.before).has_value());
  }
}

enum class Cut { kStrict, kChaotic };

// Cuts the power before call number `index` of the change. False when the change has no such call.
bool cut_power_at(const Change& change, size_t index, Cut cut, uint32_t seed) {
  Store store;
  prepare(store, change);
  store.files.inject(Fault::kFromThereOn, index);
  const bool acknowledged = change.run(*store.vault);
  const bool reached = store.files.fault_reached();
  store.vault.reset();
  if (cut == Cut::kStrict) {
    store.files.power_cut();
  } else {
    std::mt19937 random(seed);
    store.files.power_cut_chaotic(random);
  }
  store.open();
  const std::string when = std::string(change.name) + ", power cut before call " +
                           std::to_string(index) + ", seed " + std::to_string(seed);
  Allowed allowed = {acknowledged ? change.after : change.before};
  // What reached the disk on its own before the cut may be the change itself.
  if (!acknowledged && cut == Cut::kChaotic) allowed.push_back(change.after);
  expect_allowed(*store.vault, "m", allowed, when);
  expect_allowed(*store.vault, "bystander", {model_bytes(9)}, when);
  for (const std::string& name : store.files.names())
    EXPECT_TRUE(name.ends_with(".sealed")) << when << ": left " << name;
  return reached;
}

TEST(VaultCrash, PowerCutsAtEveryCallLoseNothingAcknowledgedAndKeepNothingElse) {
  for (const Change& change : changes()) {
    size_t index = 0;
    while (cut_power_at(change, index, Cut::kStrict, 0)) ++index;
    EXPECT_GE(index, 2u) << change.name;
  }
}

TEST(VaultCrash, PowerCutsThatKeepAnyPartOfWhatWasNotSyncedLeaveTheOldOrTheNewWhole) {
  for (const Change& change : changes()) {
    for (uint32_t seed = 1; seed <= 12; ++seed) {
      size_t index = 0;
      while (cut_power_at(change, index, Cut::kChaotic, seed)) ++index;
    }
  }
}

TEST(VaultCrash, OneFailingCallIsReportedAndTheStoreGoesOn) {
  for (const Change& change : changes()) {
    bool reached = true;
    for (size_t index = 0; reached; ++index) {
      Store store;
      prepare(store, change);
      store.files.inject(Fault::kOnce, index);
      const bool acknowledged = change.run(*store.vault);
      reached = store.files.fault_reached();
      store.files.restart();
      const std::string when = std::string(change.name) + ", failing call " + std::to_string(index);
      // A failure may be tolerated (a leftover that could not be deleted), never hidden.
      Allowed allowed = {acknowledged ? change.after : change.before};
      // Only a change of something that was there may have happened in spite of the error.
      if (!acknowledged && change.before.has_value()) allowed.push_back(change.after);
      if (change.name != std::string_view("replace by one in memory"))
        expect_allowed(*store.vault, "m", allowed, when + ", before a restart");
      EXPECT_TRUE(put(*store.vault, "n", model_bytes(3)).has_value()) << when;
      // Whatever happened, the name can be used again.
      Store& same = store;
      same.open();
      expect_allowed(*same.vault, "m", allowed, when + ", after a restart");
      expect_allowed(*same.vault, "bystander", {model_bytes(9)}, when);
      EXPECT_TRUE(
          put(*same.vault, "m", model_bytes(4), {.overwrite = Overwrite::kReplace}).has_value())
          << when;
    }
  }
}

TEST(VaultCrash, ARemovalThatFailedAtItsLastStepIsFinishedByTheNext) {
  Store store;
  store.open();
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(1)).has_value());
  store.files.inject(Fault::kOnce, 1);  // the folder's sync
  EXPECT_EQ(store.vault->remove("m").error().name(), "vault.io");
  EXPECT_EQ(store.vault->remove("m").error().name(), "vault.unknown-model");
  store.files.power_cut();
  store.open();
  EXPECT_EQ(store.vault->find("m"), nullptr) << "unknown means gone, also after a power cut";
}

TEST(VaultCrash, AFailureWhileTheStoreIsReadNeverLosesAModel) {
  for (size_t index = 0;; ++index) {
    Store store;
    store.open();
    for (const char* id : {"a", "b", "c"})
      ASSERT_TRUE(put(*store.vault, id, model_bytes(1)).has_value());
    store.files.inject(Fault::kOnce, index);
    const Status opened = store.try_open();
    const bool reached = store.files.fault_reached();
    store.files.restart();
    if (opened.has_value() && reached) {
      EXPECT_EQ(store.events.size(), 1u) << index;
      for (const char* id : {"a", "b", "c"}) {
        if (store.vault->find(id) == nullptr) {
          EXPECT_EQ(store.vault->begin_upload(id, {}).error().name(), "vault.name-held") << index;
        }
      }
    }
    store.open();
    EXPECT_EQ(store.vault->catalogue().size(), 3u) << index;
    if (!reached) break;
  }
}

TEST(VaultProperty, RandomOperationsAgreeWithAMap) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    std::mt19937 random(seed);
    Store store;
    store.open();
    struct Entry {
      Bytes bytes;
      bool saved;
      bool operator==(const Entry&) const = default;
    };
    std::map<std::string, Entry> expected;
    for (int step = 0; step < 250; ++step) {
      const std::string id = std::string(1, static_cast<char>('a' + random() % 4));
      const auto seed_of = static_cast<uint8_t>(random() % 3);
      const Bytes bytes = model_bytes(seed_of, seed_of == 2 ? 70'000 : 100);
      const auto found = expected.find(id);
      switch (random() % 8) {
        case 0:
        case 1:
        case 2: {  // upload, refusing to overwrite
          const bool save = random() % 3 != 0;
          const auto done = put(*store.vault, id, bytes, {.save = save});
          const bool allowed = found == expected.end() || found->second.bytes == bytes;
          ASSERT_EQ(done.has_value(), allowed) << seed << ' ' << step;
          if (!allowed) {
            EXPECT_EQ(done.error().name(), "vault.name-taken");
          }
          if (allowed && (found == expected.end() || save))
            expected[id] = {bytes, save || (found != expected.end() && found->second.saved)};
          break;
        }
        case 3: {  // replace
          const bool save = random() % 3 != 0;
          ASSERT_TRUE(put(*store.vault, id, bytes, {.overwrite = Overwrite::kReplace, .save = save})
                          .has_value());
          if (found != expected.end() && found->second.bytes == bytes)
            found->second.saved = found->second.saved || save;
          else
            expected[id] = {bytes, save};
          break;
        }
        case 4:
        case 5: {
          ASSERT_EQ(store.vault->remove(id).has_value(), found != expected.end());
          expected.erase(id);
          break;
        }
        case 6: {  // an upload that is given up
          auto upload = store.vault->begin_upload(id, {.overwrite = Overwrite::kReplace}).value();
          ASSERT_TRUE(upload->write(bytes).has_value());
          if (random() % 2 == 0) {
            ASSERT_TRUE(upload->finish_content().has_value());
          }
          break;
        }
        case 7: {  // a restart, with or without a power cut
          store.vault.reset();
          if (random() % 2 == 0) store.files.power_cut();
          store.open();
          ASSERT_TRUE(store.events.empty());
          std::erase_if(expected, [](const auto& entry) { return !entry.second.saved; });
          break;
        }
      }
      ASSERT_EQ(store.vault->catalogue().size(), expected.size()) << seed << ' ' << step;
      for (const auto& [name, entry] : expected) {
        const auto record = store.vault->find(name);
        ASSERT_NE(record, nullptr) << seed << ' ' << step << ' ' << name;
        ASSERT_EQ((Entry{get(*store.vault, name).value(), record->saved}), entry)
            << seed << ' ' << step << ' ' << name;
      }
    }
  }
}

}  // namespace
}  // namespace blindai
