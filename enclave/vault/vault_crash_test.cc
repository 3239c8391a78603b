// Fails every single call of the file layer in each way it can fail, and cuts the power at every
// single call, during each kind of change. After each: what was acknowledged is there and whole,
// what was not is not there (or, where the header of vault.h says so, there and whole).
#include <cstdio>
#include <functional>
#include <random>

#include "enclave/vault/vault_fixture.h"

namespace blindai {
namespace {

using namespace vault_fixture;
using Fault = FaultyFileLayer::Fault;
using How = FaultyFileLayer::How;

constexpr How kEveryWay[] = {How::kError, How::kNoSpace, How::kShort, How::kDoneAndError};

// What a store holds of the model "m" and the record "r".
struct Found {
  std::optional<Bytes> model;
  AccessRules access;
  std::optional<Bytes> record;
  bool operator==(const Found&) const = default;
};

Found look(Vault& vault, const std::string& when) {
  Found out;
  if (const auto stored = vault.find("m"); stored != nullptr) {
    Result<Bytes> bytes = get(vault, "m");
    EXPECT_TRUE(bytes.has_value()) << when << ": the model is damaged";
    if (bytes.has_value()) {
      EXPECT_EQ(sha256(*bytes), stored->sha256) << when;
      out.model = std::move(*bytes);
      out.access = stored->access;
    }
  }
  Result<std::optional<Bytes>> record = vault.get_record("r");
  EXPECT_TRUE(record.has_value()) << when << ": the record is damaged";
  if (record.has_value()) out.record = std::move(*record);
  return out;
}

void expect_one_of(Vault& vault, const std::vector<Found>& allowed, const std::string& when) {
  const Found found = look(vault, when);
  EXPECT_TRUE(std::ranges::find(allowed, found) != allowed.end())
      << when << ": the model is " << (found.model.has_value() ? "" : "not ")
      << "there, the record " << (found.record.has_value() ? "" : "not ");
  EXPECT_EQ(get(vault, "bystander").value(), model_bytes(9)) << when;
}

// One change of the store, from `before` to `after`, as a restart finds them. run() returns whether
// it was acknowledged.
struct Change {
  const char* name;
  Found before;
  Found after;
  bool may_stand_in_spite_of_an_error;  // what vault.h says of a very last step that fails
  std::function<bool(Vault&)> run;
  bool starts_in_memory = false;  // the model of `after` is there already, in memory only
};

std::vector<Change> changes() {
  const Bytes old = model_bytes(1, 70'000);
  const Bytes fresh = model_bytes(2, 140'000);
  const Bytes first = model_bytes(3, 100);
  const Bytes second = model_bytes(4, 70'000);
  const AccessRules rules{
      .visibility = Visibility::kPrivate, .callers = {filled<32>(5)}, .handover = {}};
  const auto model = [](const Bytes& bytes) { return Found{bytes, {}, {}}; };
  const auto record = [](const Bytes& bytes) { return Found{{}, {}, bytes}; };
  const UploadTerms replace{.overwrite = Overwrite::kReplace};
  const UploadTerms in_memory{.overwrite = Overwrite::kReplace, .save = false};
  return {
      {"upload",
       {},
       model(fresh),
       false,
       [=](Vault& vault) { return put(vault, "m", fresh).has_value(); }},
      {"replace", model(old), model(fresh), true,
       [=](Vault& vault) { return put(vault, "m", fresh, replace).has_value(); }},
      {"remove", model(old), {}, true, [](Vault& vault) { return vault.remove("m").has_value(); }},
      {"replace by one in memory",
       model(old),
       {},
       true,
       [=](Vault& vault) { return put(vault, "m", fresh, in_memory).has_value(); }},
      {"save one that is in memory",
       {},
       model(old),
       false,
       [=](Vault& vault) { return put(vault, "m", old).has_value(); },
       true},
      {"change access",
       model(old),
       {old, rules, {}},
       true,
       [=](Vault& vault) { return vault.change_access("m", rules).has_value(); }},
      {"write a record",
       {},
       record(first),
       true,
       [=](Vault& vault) { return vault.put_record("r", first).has_value(); }},
      {"replace a record", record(first), record(second), true,
       [=](Vault& vault) { return vault.put_record("r", second).has_value(); }},
      {"remove a record",
       record(first),
       {},
       true,
       [](Vault& vault) { return vault.remove_record("r").has_value(); }},
  };
}

void prepare(Store& store, const Change& change) {
  store.open();
  ASSERT_TRUE(put(*store.vault, "bystander", model_bytes(9)).has_value());
  if (change.before.model.has_value()) {
    ASSERT_TRUE(put(*store.vault, "m", *change.before.model).has_value());
  }
  if (change.before.record.has_value()) {
    ASSERT_TRUE(store.vault->put_record("r", *change.before.record).has_value());
  }
  if (change.starts_in_memory) {
    ASSERT_TRUE(put(*store.vault, "m", *change.after.model, {.save = false}).has_value());
  }
}

// The epoch of what comes next is above all that were ever told to somebody.
void expect_epoch_above(Vault& vault, uint64_t told, const std::string& when) {
  const auto next = put(vault, "m", model_bytes(7), {.overwrite = Overwrite::kReplace});
  ASSERT_TRUE(next.has_value()) << when << ": the name cannot be used again";
  EXPECT_GT((*next)->epoch, told) << when;
}

uint64_t epoch_of(Vault& vault) {
  const auto record = vault.find("m");
  return record == nullptr ? 0 : record->epoch;
}

enum class Cut : uint8_t { kStrict, kChaotic };

// Cuts the power at call number `index` of the change. False when the change has no such call.
bool cut_power_at(const Change& change, size_t index, How how, Cut cut, uint32_t seed) {
  Store store;
  prepare(store, change);
  uint64_t told = change.starts_in_memory ? 0 : epoch_of(*store.vault);
  store.files.inject(Fault::kFromThereOn, index, how);
  const bool acknowledged = change.run(*store.vault);
  const bool reached = store.files.fault_reached();
  if (acknowledged && change.after.model.has_value()) told = epoch_of(*store.vault);
  store.vault.reset();
  if (cut == Cut::kStrict) {
    store.files.power_cut();
  } else {
    std::mt19937 random(seed);
    store.files.power_cut_chaotic(random);
  }
  store.open();
  const std::string when = std::string(change.name) + ", power cut at call " +
                           std::to_string(index) + ", way " +
                           std::to_string(static_cast<int>(how)) + ", seed " + std::to_string(seed);
  std::vector<Found> allowed = {acknowledged ? change.after : change.before};
  // What reached the disk on its own before the cut may be the change itself.
  if (!acknowledged && (cut == Cut::kChaotic || how == How::kDoneAndError))
    allowed.push_back(change.after);
  expect_one_of(*store.vault, allowed, when);
  for (const std::string& name : store.files.names())
    EXPECT_TRUE(name.ends_with(".sealed") || name.ends_with(".record")) << when << ": " << name;
  expect_epoch_above(*store.vault, told, when);
  return reached;
}

// How many points there were; each change has its own.
void tell(const char* what, size_t points, size_t least) {
  std::printf("%s at %zu points\n", what, points);
  EXPECT_GE(points, least) << what;
}

TEST(VaultCrash, PowerCutsAtEveryCallLoseNothingAcknowledgedAndKeepNothingElse) {
  size_t points = 0;
  for (const Change& change : changes()) {
    for (const How how : kEveryWay) {
      size_t index = 0;
      while (cut_power_at(change, index, how, Cut::kStrict, 0)) ++index;
      EXPECT_GE(index, 2u) << change.name;
      points += index;
    }
  }
  tell("power cut, all that was not synced lost,", points, 200);
}

TEST(VaultCrash, PowerCutsThatKeepAnyPartOfWhatWasNotSyncedLeaveTheOldOrTheNewWhole) {
  size_t points = 0;
  for (const Change& change : changes()) {
    for (uint32_t seed = 1; seed <= 12; ++seed) {
      const How how = kEveryWay[seed % std::size(kEveryWay)];
      size_t index = 0;
      while (cut_power_at(change, index, how, Cut::kChaotic, seed)) ++index;
      points += index;
    }
  }
  tell("power cut, any part of what was not synced kept,", points, 600);
}

// Fails call number `index` of the change. False when the change has no such call.
bool fail_once_at(const Change& change, size_t index, How how) {
  Store store;
  prepare(store, change);
  uint64_t told = change.starts_in_memory ? 0 : epoch_of(*store.vault);
  store.files.inject(Fault::kOnce, index, how);
  const bool acknowledged = change.run(*store.vault);
  const bool reached = store.files.fault_reached();
  if (acknowledged && change.after.model.has_value()) told = epoch_of(*store.vault);
  store.files.restart();
  const std::string when = std::string(change.name) + ", failing call " + std::to_string(index) +
                           ", way " + std::to_string(static_cast<int>(how));
  // A failure may be tolerated (a leftover that could not be deleted), never hidden.
  std::vector<Found> allowed = {acknowledged ? change.after : change.before};
  if (!acknowledged && change.may_stand_in_spite_of_an_error) allowed.push_back(change.after);
  EXPECT_TRUE(put(*store.vault, "n", model_bytes(3)).has_value()) << when;
  store.open();
  expect_one_of(*store.vault, allowed, when);
  // A power cut after the failure: as if it had come at the end, and nothing was left to sync.
  store.files.power_cut();
  store.open();
  expect_one_of(*store.vault, allowed, when + ", then a power cut");
  expect_epoch_above(*store.vault, told, when);
  return reached;
}

TEST(VaultCrash, OneFailingCallIsReportedAndTheStoreGoesOn) {
  size_t points = 0;
  for (const Change& change : changes()) {
    for (const How how : kEveryWay) {
      size_t index = 0;
      while (fail_once_at(change, index, how)) ++index;
      points += index;
    }
  }
  tell("one failing call", points, 200);
}

TEST(VaultCrash, AChangeThatFailedOnceCanBeRepeated) {
  for (const Change& change : changes()) {
    if (change.starts_in_memory) continue;
    for (const How how : kEveryWay) {
      bool reached = true;
      for (size_t index = 0; reached; ++index) {
        Store store;
        prepare(store, change);
        store.files.inject(Fault::kOnce, index, how);
        const bool acknowledged = change.run(*store.vault);
        reached = store.files.fault_reached();
        // A removal that happened in spite of its error says that there is nothing to remove.
        if (!acknowledged) (void)change.run(*store.vault);
        store.files.power_cut();
        store.open();
        expect_one_of(*store.vault, {change.after},
                      change.name + (", call " + std::to_string(index)));
      }
    }
  }
}

TEST(VaultCrash, ARemovalThatFailedAtItsLastStepIsFinishedByTheNext) {
  Store store;
  store.open();
  ASSERT_TRUE(put(*store.vault, "m", model_bytes(1)).has_value());
  store.files.inject(Fault::kOnce, 6);  // the folder's sync, after the record of the epoch
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
    ASSERT_TRUE(store.vault->put_record("r", model_bytes(1)).has_value());
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
    EXPECT_EQ(**store.vault->get_record("r"), model_bytes(1)) << index;
    if (!reached) break;
  }
}

}  // namespace
}  // namespace blindai
