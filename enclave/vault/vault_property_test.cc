// Random operations, played on a vault and on a simple picture of one: a map of models, a map of
// records and the highest epoch told of each id. After every step both agree. Restarts, power cuts
// and upgrades, where the keys go to a successor, come in between.
#include <random>

#include "enclave/vault/vault_fixture.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

using namespace vault_fixture;

// What the vault must know of one model.
struct Expected {
  Bytes bytes;
  bool saved = true;
  std::optional<ModelOwner> owner;
  AccessRules access;
  uint64_t epoch = 0;
};

class Player {
 public:
  explicit Player(uint32_t seed) : seed_(seed), random_(seed) { store_.open(ring()); }

  void play(int steps) {
    for (step_ = 0; step_ < steps && !testing::Test::HasFatalFailure(); ++step_) {
      const std::string id(1, static_cast<char>('a' + pick(4)));
      switch (pick(12)) {
        case 0:
        case 1:
        case 2:
        case 3:
          upload(id);
          break;
        case 4:
          race(id);
          break;
        case 5:
        case 6:
          remove(id);
          break;
        case 7:
          change_access(id);
          break;
        case 8:
          put_or_remove_record();
          break;
        case 9:
          give_up(id);
          break;
        case 10:
          restart();
          break;
        case 11:
          if (pick(4) == 0) upgrade();
          break;
      }
      compare();
    }
  }

 private:
  size_t pick(size_t below) { return random_() % below; }
  std::string where() const {
    return "seed " + std::to_string(seed_) + ", step " + std::to_string(step_);
  }
  Bytes some_bytes() {
    const auto choice = static_cast<uint8_t>(pick(3));
    return model_bytes(choice, choice == 2 ? 70'000 : 100);
  }
  std::optional<ModelOwner> some_owner() {
    const auto choice = static_cast<uint8_t>(pick(3));
    if (choice == 0) return std::nullopt;
    return ModelOwner{filled<32>(choice), ""};
  }
  AccessRules some_rules() {
    AccessRules rules;
    if (pick(2) == 0) rules.visibility = Visibility::kPrivate;
    rules.callers.assign(pick(3), filled<32>(static_cast<uint8_t>(pick(2))));
    return rules;
  }
  UploadTerms some_options() {
    return {.overwrite = pick(2) == 0 ? Overwrite::kRefuse : Overwrite::kReplace,
            .save = pick(3) != 0,
            .owner = some_owner(),
            .access = some_rules()};
  }
  const Expected* expected(const std::string& id) const {
    const auto found = models_.find(id);
    return found == models_.end() ? nullptr : &found->second;
  }

  enum class Outcome : uint8_t { kRefused, kNothingToDo, kStored };
  Outcome outcome_of(const std::string& id, const Bytes& bytes, const UploadTerms& options) const {
    const Expected* now = expected(id);
    if (now == nullptr) return Outcome::kStored;
    const bool mine = now->owner == options.owner;
    const bool equal = mine && now->bytes == bytes;
    if (equal && (now->saved || !options.save)) return Outcome::kNothingToDo;
    if (equal) return Outcome::kStored;  // moves from memory to the disk
    if (options.overwrite == Overwrite::kRefuse) return Outcome::kRefused;
    return mine || !now->owner.has_value() ? Outcome::kStored : Outcome::kRefused;
  }

  // An epoch was told; `durable` when it must hold over a restart.
  void told(const std::string& id, uint64_t epoch, bool durable) {
    EXPECT_GT(epoch, told_[id]) << where() << ' ' << id;
    told_[id] = epoch;
    if (durable) told_for_good_[id] = epoch;
  }

  void stored(const std::string& id, const Bytes& bytes, const UploadTerms& options,
              const ModelRecord& record) {
    const Expected* before = expected(id);
    told(id, record.epoch, options.save || (before != nullptr && before->saved));
    models_[id] = {bytes, options.save, options.owner, options.access, record.epoch};
  }

  void upload(const std::string& id) {
    const Bytes bytes = some_bytes();
    const UploadTerms options = some_options();
    const Outcome outcome = outcome_of(id, bytes, options);
    const auto done = put(*store_.vault, id, bytes, options);
    ASSERT_EQ(done.has_value(), outcome != Outcome::kRefused) << where();
    if (!done.has_value())
      EXPECT_EQ(done.error().name(), "vault.name-taken") << where();
    else if (outcome == Outcome::kStored)
      stored(id, bytes, options, **done);
  }

  // Two uploads on their way to one name, and perhaps a removal in the middle.
  void race(const std::string& id) {
    const Bytes bytes = some_bytes();
    UploadTerms options = some_options();
    options.overwrite = Overwrite::kReplace;
    auto first = store_.vault->begin_upload(id, options);
    const Expected* now = expected(id);
    const bool allowed = now == nullptr || !now->owner.has_value() || now->owner == options.owner;
    ASSERT_EQ(first.has_value(), allowed) << where();
    if (!allowed) return;
    const auto second = store_.vault->begin_upload(id, options);
    ASSERT_FALSE(second.has_value()) << where();
    EXPECT_EQ(second.error().name(), "vault.name-taken") << where();
    ASSERT_TRUE((*first)->write(bytes).has_value()) << where();
    const UploadedContent content = (*first)->finish_content().value();
    ASSERT_EQ(content.already_stored, outcome_of(id, bytes, options) == Outcome::kNothingToDo);
    const bool removed = pick(3) == 0 && now != nullptr;
    if (removed) remove(id);
    const auto record = (*first)->commit(commit_info());
    ASSERT_EQ(record.has_value(), !content.already_stored || !removed) << where();
    if (!record.has_value())
      EXPECT_EQ(record.error().name(), "vault.changed-meanwhile") << where();
    else if (!content.already_stored)
      stored(id, bytes, options, **record);
  }

  void give_up(const std::string& id) {
    auto upload = store_.vault->begin_upload(id, some_options());
    if (!upload.has_value()) return;
    if (!(*upload)->write(some_bytes()).has_value()) return;
    if (pick(2) == 0) (void)(*upload)->finish_content();
  }

  void remove(const std::string& id) {
    const Expected* now = expected(id);
    const auto looked_at = pick(2) == 0 ? store_.vault->find(id) : nullptr;
    const Result<uint64_t> removed = store_.vault->remove(id, looked_at);
    ASSERT_EQ(removed.has_value(), now != nullptr) << where();
    if (now == nullptr) return;
    told(id, *removed, now->saved);
    models_.erase(id);
  }

  void change_access(const std::string& id) {
    const AccessRules rules = some_rules();
    const auto changed = store_.vault->change_access(id, rules);
    const auto found = models_.find(id);
    ASSERT_EQ(changed.has_value(), found != models_.end()) << where();
    if (found == models_.end() || found->second.access == rules) return;
    told(id, (*changed)->epoch, found->second.saved);
    found->second.access = rules;
    found->second.epoch = (*changed)->epoch;
  }

  void put_or_remove_record() {
    const std::string name = "r/" + std::to_string(pick(3));
    if (pick(3) == 0) {
      ASSERT_TRUE(store_.vault->remove_record(name).has_value()) << where();
      records_.erase(name);
    } else {
      const Bytes bytes = some_bytes();
      ASSERT_TRUE(store_.vault->put_record(name, bytes).has_value()) << where();
      records_[name] = bytes;
    }
  }

  KeyRing ring() const {
    return {.own = seal_for(generation_, generation_),
            .inherited = inherited_.duplicate(KeyAccess())};
  }

  void restart() {
    store_.vault.reset();
    if (pick(2) == 0) store_.files.power_cut();
    store_.open(ring());
    ASSERT_TRUE(store_.events.empty()) << where() << ' ' << store_.events[0].error.describe();
    std::erase_if(models_, [](const auto& entry) { return !entry.second.saved; });
    told_ = told_for_good_;
  }

  void upgrade() {
    inherited_ = store_.vault->keys_for_handover();
    ++generation_;
    restart();
  }

  void compare() {
    ASSERT_EQ(store_.vault->catalogue().size(), models_.size()) << where();
    for (const auto& [id, model] : models_) {
      const auto record = store_.vault->find(id);
      ASSERT_NE(record, nullptr) << where() << ' ' << id;
      ASSERT_EQ(record->saved, model.saved) << where() << ' ' << id;
      ASSERT_EQ(record->owner, model.owner) << where() << ' ' << id;
      ASSERT_EQ(record->access, model.access) << where() << ' ' << id;
      ASSERT_EQ(record->epoch, model.epoch) << where() << ' ' << id;
      ASSERT_EQ(get(*store_.vault, id).value(), model.bytes) << where() << ' ' << id;
    }
    ASSERT_EQ(store_.vault->list_records("").size(), records_.size()) << where();
    for (const auto& [name, bytes] : records_)
      ASSERT_EQ(store_.vault->get_record(name).value(), bytes) << where() << ' ' << name;
  }

  const uint32_t seed_;
  std::mt19937 random_;
  int step_ = 0;
  Store store_;
  uint8_t generation_ = 1;
  InheritedKeys inherited_;
  std::map<std::string, Expected> models_;
  std::map<std::string, Bytes> records_;
  std::map<std::string, uint64_t> told_;
  std::map<std::string, uint64_t> told_for_good_;
};

TEST(VaultProperty, RandomOperationsAgreeWithASimplePictureOfTheVault) {
  // One thread: the thread sanitizer has nothing to find here.
  constexpr uint32_t kSeeds = kThreadSanitizer ? 2 : 10;
  for (uint32_t seed = 1; seed <= kSeeds; ++seed) Player(seed).play(250);
}

}  // namespace
}  // namespace blindai
