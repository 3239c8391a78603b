#include "enclave/serve/owners.h"

#include <gtest/gtest.h>

#include "tests/support/exact_bytes.h"

namespace blindai {
namespace {

ApiKey api_key(uint8_t seed) {
  ByteArray<32> raw{};
  raw.fill(seed);
  return ApiKey::from_seed(SecretKey(std::move(raw)));
}
PublicKey owner_key(uint8_t seed) {
  return api_key(seed).public_key();
}
ConsentingKey consent(uint8_t new_key, uint8_t owner) {
  return verify_endorsement(make_endorsement(api_key(new_key), owner_key(owner))).value();
}

class MapStore final : public OwnerStore {
 public:
  Status put(const PublicKey& root, BytesView record) override {
    if (failing) return fail(Code::kNoSpace, "vault.no-space");
    records[root] = to_bytes(record);
    ++writes;
    return {};
  }
  std::map<PublicKey, Bytes> records;
  bool failing = false;
  int writes = 0;
};

class OwnersTest : public testing::Test {
 protected:
  std::string owner_refusal(const Outcome<OwnerRecord>& outcome) {
    return outcome.has_value() ? "" : std::string(outcome.error().name());
  }
  // What a restart makes of the store.
  void reload() {
    auto again = std::make_unique<OwnerBook>(store, 100);
    for (const auto& [root, record] : store.records) ASSERT_TRUE(again->load(record).has_value());
    book = std::move(again);
  }

  MapStore store;
  std::unique_ptr<OwnerBook> book = std::make_unique<OwnerBook>(store, 100);
};

TEST_F(OwnersTest, KnowAStrangerAsItsOwnOwner) {
  EXPECT_EQ(book->standing(owner_key(1)).root, owner_key(1));
  EXPECT_FALSE(book->standing(owner_key(1)).retired);
  EXPECT_EQ(book->record_of(owner_key(1)),
            (OwnerRecord{.keys = {{.key = owner_key(1)}}, .retention_days = {}}));
  EXPECT_EQ(store.writes, 0);
}

TEST_F(OwnersTest, LiveThroughTheLossOfOneKeyOfTwo) {
  const uint64_t before = book->generation();
  const OwnerRecord record = book->endorse(consent(2, 1), owner_key(1)).value();
  EXPECT_EQ(record.keys, (std::vector<OwnerKey>{{.key = owner_key(1)}, {.key = owner_key(2)}}));
  EXPECT_NE(book->generation(), before);
  EXPECT_EQ(book->standing(owner_key(2)).root, owner_key(1));
  // The root is lost: the other key retires it and takes a third in.
  EXPECT_EQ(book->retire(owner_key(1), owner_key(2)).value().keys[0].state, KeyState::kRetired);
  EXPECT_TRUE(book->endorse(consent(3, 1), owner_key(2)).has_value());
  for (int i = 0; i < 2; ++i, reload()) {
    EXPECT_TRUE(book->standing(owner_key(1)).retired);
    EXPECT_EQ(book->standing(owner_key(3)).root, owner_key(1));
    EXPECT_FALSE(book->standing(owner_key(3)).retired);
    EXPECT_EQ(owner_refusal(book->endorse(consent(4, 1), owner_key(1))), "auth.key-retired");
    EXPECT_EQ(owner_refusal(book->retire(owner_key(2), owner_key(1))), "auth.key-retired");
  }
}

TEST_F(OwnersTest, AskTwiceWithoutHarm) {
  ASSERT_TRUE(book->endorse(consent(2, 1), owner_key(1)).has_value());
  const int writes = store.writes;
  EXPECT_EQ(book->endorse(consent(2, 1), owner_key(1)).value().keys.size(), 2u);
  EXPECT_EQ(store.writes, writes);
  ASSERT_TRUE(book->retire(owner_key(2), owner_key(1)).has_value());
  EXPECT_TRUE(book->retire(owner_key(2), owner_key(1)).has_value());
  EXPECT_EQ(store.writes, writes + 1);
}

TEST_F(OwnersTest, RefuseByName) {
  ASSERT_TRUE(book->endorse(consent(2, 1), owner_key(1)).has_value());
  ASSERT_TRUE(book->endorse(consent(12, 11), owner_key(11)).has_value());
  // Another owner's key, its root, and an owner's root that has no record of its own.
  EXPECT_EQ(owner_refusal(book->endorse(consent(12, 1), owner_key(1))), "auth.key-taken");
  EXPECT_EQ(owner_refusal(book->endorse(consent(11, 1), owner_key(2))), "auth.key-taken");
  // A consent to another owner than the endorser's.
  EXPECT_EQ(owner_refusal(book->endorse(consent(3, 11), owner_key(1))), "auth.consent");
  EXPECT_EQ(owner_refusal(book->retire(owner_key(12), owner_key(1))), "auth.key-unknown");
  EXPECT_EQ(owner_refusal(book->retire(owner_key(99), owner_key(1))), "auth.key-unknown");
  ASSERT_TRUE(book->retire(owner_key(2), owner_key(1)).has_value());
  EXPECT_EQ(owner_refusal(book->endorse(consent(2, 1), owner_key(1))), "auth.key-retired");
  EXPECT_EQ(owner_refusal(book->endorse(consent(2, 11), owner_key(11))), "auth.key-taken");
  EXPECT_EQ(owner_refusal(book->retire(owner_key(1), owner_key(1))), "auth.last-key");
  EXPECT_EQ(owner_refusal(book->retire(owner_key(50), owner_key(50))), "auth.last-key");
}

TEST_F(OwnersTest, HaveAtMostSoManyKeys) {
  for (size_t i = 1; i < kMaxOwnerKeys; ++i)
    ASSERT_TRUE(book->endorse(consent(static_cast<uint8_t>(i + 1), 1), owner_key(1)).has_value())
        << i;
  ASSERT_TRUE(book->retire(owner_key(2), owner_key(1)).has_value());
  EXPECT_EQ(owner_refusal(book->endorse(consent(200, 1), owner_key(1))), "auth.too-many-keys");
}

TEST_F(OwnersTest, AreAtMostSoMany) {
  OwnerBook small(store, 2);
  EXPECT_TRUE(small.endorse(consent(101, 1), owner_key(1)).has_value());
  EXPECT_TRUE(small.endorse(consent(102, 2), owner_key(2)).has_value());
  EXPECT_EQ(owner_refusal(small.endorse(consent(103, 3), owner_key(3))), "auth.too-many-owners");
  EXPECT_TRUE(small.endorse(consent(104, 1), owner_key(1)).has_value());
}

TEST_F(OwnersTest, ChangeNothingThatWasNotStored) {
  store.failing = true;
  EXPECT_EQ(owner_refusal(book->endorse(consent(2, 1), owner_key(1))), "vault.no-space");
  EXPECT_EQ(book->standing(owner_key(2)).root, owner_key(2));
  store.failing = false;
  ASSERT_TRUE(book->endorse(consent(2, 1), owner_key(1)).has_value());
  store.failing = true;
  EXPECT_EQ(owner_refusal(book->retire(owner_key(2), owner_key(1))), "vault.no-space");
  EXPECT_FALSE(book->standing(owner_key(2)).retired);
}

TEST_F(OwnersTest, RememberWhatTheirPlanSaid) {
  EXPECT_EQ(book->retention_of(owner_key(1)), std::nullopt);
  ASSERT_TRUE(book->remember_retention(owner_key(1), 30).has_value());
  ASSERT_TRUE(book->remember_retention(owner_key(1), 30).has_value());
  EXPECT_EQ(store.writes, 1);
  ASSERT_TRUE(book->endorse(consent(2, 1), owner_key(1)).has_value());
  reload();
  EXPECT_EQ(book->retention_of(owner_key(1)), 30u);
  ASSERT_TRUE(book->remember_retention(owner_key(1), 0).has_value());
  EXPECT_EQ(book->retention_of(owner_key(1)), 0u);
  EXPECT_EQ(book->record_of(owner_key(1)).keys.size(), 2u);
}

TEST_F(OwnersTest, LeaveOutRecordsThatDoNotFitTogether) {
  const OwnerRecord first{.keys = {{.key = owner_key(1)}, {.key = owner_key(2)}},
                          .retention_days = {}};
  const OwnerRecord second{.keys = {{.key = owner_key(3)}, {.key = owner_key(2)}},
                           .retention_days = {}};
  ASSERT_TRUE(book->load(encode_owner(first)).has_value());
  EXPECT_EQ(book->load(encode_owner(second)).error().name(), "auth.owner-conflict");
  EXPECT_EQ(book->standing(owner_key(2)).root, owner_key(1));
  EXPECT_EQ(book->record_of(owner_key(3)).keys.size(), 1u);
}

OwnerRecord sample_owner() {
  return {.keys = {{.key = owner_key(1), .state = KeyState::kRetired}, {.key = owner_key(2)}},
          .retention_days = 90};
}

TEST(OwnerRecord, IsReadBack) {
  EXPECT_EQ(decode_owner(encode_owner(sample_owner())).value(), sample_owner());
  OwnerRecord plain{.keys = {{.key = owner_key(1)}}, .retention_days = {}};
  EXPECT_EQ(decode_owner(encode_owner(plain)).value(), plain);
  plain.retention_days = 0;
  EXPECT_EQ(decode_owner(encode_owner(plain)).value(), plain);
}

std::string owner_refusal(BytesView bytes) {
  const auto record = decode_owner(bytes);
  return record.has_value() ? "" : std::string(record.error().name());
}

TEST(OwnerRecord, IsRefusedWhenCutExtendedOrNotWhatItSays) {
  expect_exact(encode_owner(sample_owner()), decode_owner, encode_owner, "auth.owner-record");
  OwnerRecord all_retired = sample_owner();
  all_retired.keys[1].state = KeyState::kRetired;
  EXPECT_EQ(owner_refusal(encode_owner(all_retired)), "auth.owner-record");
  OwnerRecord twice = sample_owner();
  twice.keys[1].key = twice.keys[0].key;
  EXPECT_EQ(owner_refusal(encode_owner(twice)), "auth.owner-record");
  Bytes silent_days = encode_owner(sample_owner());
  silent_days[1] = 0;
  EXPECT_EQ(owner_refusal(silent_days), "auth.owner-record");
}

}  // namespace
}  // namespace blindai
