#include "lib/handover/keys.h"

#include <gtest/gtest.h>

#include "lib/seal/seal_fixture.h"
#include "tests/support/exact_bytes.h"

namespace blindai {
namespace {

using seal_fixture::filled;

HandedKeys sample(bool whole, size_t num_contents = 2) {
  HandedKeys out{.transfer = filled<32>(0x71), .whole = whole, .keys = {}};
  if (whole) {
    out.keys.programs.push_back({SecretKey(filled<32>(2)), filled<32>(1)});
    out.keys.programs.push_back({SecretKey(filled<32>(4)), filled<32>(3)});
  }
  for (size_t i = 0; i < num_contents; ++i)
    out.keys.contents.push_back({filled<32>(static_cast<uint8_t>(0x10 + i)),
                                 SecretKey(filled<32>(static_cast<uint8_t>(0x20 + i)))});
  return out;
}

constexpr std::string_view kLayout = "handover.keys.layout";

TEST(HandedKeys, HaveTheDocumentedBytes) {
  const std::string transfer(64, '7');
  HandedKeys keys = sample(true, 1);
  keys.transfer = filled<32>(0x77);
  EXPECT_EQ(to_hex(encode_handed_keys(keys).value()),
            transfer + "01" + "0200" + to_hex(filled<32>(1)) + to_hex(filled<32>(2)) +
                to_hex(filled<32>(3)) + to_hex(filled<32>(4)) + "01000000" +
                to_hex(filled<32>(0x10)) + to_hex(filled<32>(0x20)));
}

TEST(HandedKeys, AreReadExactlyAsTheyWereWritten) {
  for (const bool whole : {true, false})
    expect_exact(encode_handed_keys(sample(whole)).value(), decode_handed_keys, encode_handed_keys,
                 kLayout);
  expect_exact(encode_inherited({sample(true).keys, std::nullopt}).value(), decode_inherited,
               encode_inherited, kLayout);
  expect_exact(encode_inherited({sample(false).keys, sample(true)}).value(), decode_inherited,
               encode_inherited, kLayout);
  GivenRecord given;
  given.contents = {filled<32>(1), filled<32>(2), filled<32>(2)};
  expect_exact(encode_given(given).value(), decode_given, encode_given, kLayout);
  given.transfer = filled<32>(9);
  given.release = filled<32>(8);
  expect_exact(encode_given(given).value(), decode_given, encode_given, kLayout);
  const GivenRecord read = decode_given(encode_given(given).value()).value();
  EXPECT_EQ(read.transfer, given.transfer);
  EXPECT_EQ(read.release, given.release);
  EXPECT_EQ(read.contents, given.contents);
}

// A whole store has the giver's own key; consents give no key of any program.
TEST(HandedKeys, AreWholeExactlyWhenTheyHaveKeysOfPrograms) {
  HandedKeys keys = sample(true);
  keys.whole = false;
  EXPECT_EQ(decode_handed_keys(encode_handed_keys(keys).value()).error().name(),
            "handover.keys.layout");
  keys = sample(false);
  keys.whole = true;
  EXPECT_EQ(decode_handed_keys(encode_handed_keys(keys).value()).error().name(),
            "handover.keys.layout");
}

TEST(HandedKeys, HaveLimitsThatKeepARecordBelowOneMebibyte) {
  HandedKeys keys = sample(true, 0);
  for (size_t i = 2; i < kMaxHandedPrograms; ++i)
    keys.keys.programs.push_back({SecretKey(filled<32>(9)), filled<32>(9)});
  for (size_t i = 0; i < kMaxHandedContents; ++i)
    keys.keys.contents.push_back({filled<32>(5), SecretKey(filled<32>(6))});
  const auto pending = [&keys] {
    HandedKeys out{.transfer = keys.transfer, .whole = true, .keys = {}};
    out.keys = keys.keys.duplicate(KeyAccess());
    return InheritedRecord{{}, std::move(out)};
  };
  const Bytes most = encode_inherited(pending()).value();
  EXPECT_LE(most.size(), size_t{1} << 20);
  EXPECT_EQ(decode_inherited(most)->pending->keys.contents.size(), kMaxHandedContents);
  InheritedRecord more = pending();
  more.kept.contents.push_back({filled<32>(5), SecretKey(filled<32>(6))});
  EXPECT_EQ(encode_inherited(more).error().name(), "handover.too-many");
  more = pending();
  more.kept.programs.push_back({SecretKey(filled<32>(9)), filled<32>(9)});
  EXPECT_EQ(encode_inherited(more).error().name(), "handover.too-many");
  keys.keys.contents.push_back({filled<32>(5), SecretKey(filled<32>(6))});
  EXPECT_EQ(encode_handed_keys(keys).error().name(), "handover.too-many");
  GivenRecord given;
  given.contents.resize(kMaxHandedContents + 1);
  EXPECT_EQ(encode_given(given).error().name(), "handover.too-many");
}

TEST(InheritedRecord, KeepsEachKeyOnceWhenItIsSettled) {
  InheritedRecord record{sample(true).keys, sample(true)};
  record.pending->keys.programs.push_back({SecretKey(filled<32>(6)), filled<32>(3)});
  record.pending->keys.contents.push_back({filled<32>(0x15), SecretKey(filled<32>(7))});
  record.settle();
  EXPECT_FALSE(record.pending.has_value());
  ASSERT_EQ(record.kept.programs.size(), 3u);
  EXPECT_EQ(record.kept.programs[2].key.reveal(KeyAccess()), filled<32>(6));
  ASSERT_EQ(record.kept.contents.size(), 3u);
  EXPECT_EQ(record.kept.contents[2].content_id, filled<32>(0x15));
  record.settle();
  EXPECT_EQ(record.kept.programs.size(), 3u);
}

TEST(HandoverRecords, AreNamedForEachProgram) {
  const SealFor one = seal_fixture::seal_for(1);
  const SealFor other = seal_fixture::seal_for(2);
  EXPECT_NE(inherited_record_name(one), inherited_record_name(other));
  EXPECT_NE(inherited_record_name(one), given_record_name(one));
  EXPECT_EQ(given_record_name(one), "handover/given/" + to_hex(sealing_key_id(one.key)));
}

}  // namespace
}  // namespace blindai
