#include "enclave/handover/heritage.h"

#include "enclave/handover/handover_fixture_test.h"

namespace blindai {
namespace {

using namespace handover_fixture;  // NOLINT(google-build-using-namespace): the file is about it

// A new server's start on the store that the old one has, or on one of its own.
class HeritageTest : public testing::Test {
 protected:
  HeritageTest() { EXPECT_TRUE(put(*old_.store.vault, "a", model_bytes(1)).has_value()); }
  HandedKeys keys() {
    Asker asker;
    return old_.give(asker).value();
  }
  void write(FileLayer& files, const InheritedRecord& record) {
    ASSERT_TRUE(Vault::write_record(files, own_, inherited_record_name(own_),
                                    encode_inherited(record).value())
                    .has_value());
  }
  Outcome<InheritedKeys> start(FileLayer& files, bool old_server_is_gone = false) {
    return inherited_keys({.files = files,
                           .own = own_,
                           .lasts = true,
                           .old_server_is_gone = old_server_is_gone,
                           .taker = nullptr,
                           .log = [this](std::string_view line) { log_ += line; }});
  }

  OldServer old_;
  const SealFor own_ = seal_for(7, 99);
  FaultyFileLayer apart_;
  std::string log_;
};

TEST_F(HeritageTest, IsNothingAtAFirstStart) {
  const auto keys = start(apart_);
  ASSERT_TRUE(keys.has_value());
  EXPECT_TRUE(keys->programs.empty());
  EXPECT_TRUE(keys->contents.empty());
  EXPECT_TRUE(apart_.names().empty());
}

TEST_F(HeritageTest, IsWhatWasKept) {
  write(apart_, {keys().keys, std::nullopt});
  const auto found = start(apart_);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->programs.size(), 1u);
  EXPECT_EQ(found->programs[0].measurement, seal_for().measurement);
}

// Until the old server has stopped, what was received does not count.
TEST_F(HeritageTest, WaitsForTheOldServersWord) {
  HandedKeys handed = keys();
  const TransferId transfer = handed.transfer;
  write(old_.store.files, {{}, std::move(handed)});
  EXPECT_EQ(start(old_.store.files).error().name(), "handover.unconfirmed");
  // Another transfer's word is none.
  Asker other;
  const TransferId other_transfer = old_.give(other)->transfer;
  OldServer elsewhere;
  EXPECT_EQ(start(old_.store.files).error().name(), "handover.unconfirmed");
  EXPECT_NE(other_transfer, transfer);

  ASSERT_TRUE(old_.confirm(transfer).has_value());
  const auto found = start(old_.store.files);
  ASSERT_TRUE(found.has_value()) << found.error().sentence;
  EXPECT_EQ(found->programs.size(), 1u);
  EXPECT_NE(log_.find("record in this store"), std::string::npos) << log_;
  // It is written down: the next start asks nobody.
  log_.clear();
  EXPECT_EQ(start(old_.store.files)->programs.size(), 1u);
  EXPECT_EQ(log_, "");
}

TEST_F(HeritageTest, TakesNoWordOfAnotherTransfer) {
  Asker winner;
  const TransferId won = old_.give(winner)->transfer;
  write(old_.store.files, {{}, keys()});
  ASSERT_TRUE(old_.confirm(won).has_value());
  EXPECT_EQ(start(old_.store.files).error().name(), "handover.unconfirmed");
}

TEST_F(HeritageTest, CountsOnTheOperatorsWordWhenTheOldServerIsGone) {
  write(apart_, {{}, keys()});
  EXPECT_EQ(start(apart_).error().name(), "handover.unconfirmed");
  EXPECT_EQ(start(apart_, true)->programs.size(), 1u);
  EXPECT_NE(log_.find("UNCONFIRMED"), std::string::npos) << log_;
  EXPECT_EQ(start(apart_)->programs.size(), 1u);
}

TEST_F(HeritageTest, RefusesARecordThatIsDamaged) {
  ASSERT_TRUE(
      Vault::write_record(apart_, own_, inherited_record_name(own_), as_bytes("keys")).has_value());
  EXPECT_EQ(start(apart_).error().name(), "handover.keys.layout");
}

TEST_F(HeritageTest, AServerThatGaveItsStoreDoesNotStartOnIt) {
  const TransferId transfer = keys().transfer;
  EXPECT_TRUE(given_so_far(old_.store.files, seal_for()).has_value());
  ASSERT_TRUE(old_.confirm(transfer).has_value());
  const auto refused = given_so_far(old_.store.files, seal_for());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().name(), "server.handed-over");
  EXPECT_NE(refused.error().sentence.find(to_hex(kNewRelease)), std::string::npos);
  // The new one, in the same store, does.
  EXPECT_TRUE(given_so_far(old_.store.files, own_).has_value());
}

}  // namespace
}  // namespace blindai
