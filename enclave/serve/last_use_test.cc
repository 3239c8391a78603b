#include "enclave/serve/last_use.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "lib/crypto/crypto.h"
#include "tests/support/exact_bytes.h"

namespace blindai {
namespace {

Sha256Digest hash(std::string_view id) {
  return sha256(as_bytes(id));
}

std::vector<UseEntry> sample() {
  std::vector<UseEntry> out = {{.name_hash = hash("a"), .last_use = {5}},
                               {.name_hash = hash("b"), .last_use = {INT64_MAX}},
                               {.name_hash = hash("c"), .last_use = {0}}};
  std::ranges::sort(out, {}, &UseEntry::name_hash);
  return out;
}

std::string refusal(BytesView record) {
  const auto entries = decode_uses(record);
  return entries.has_value() ? "" : std::string(entries.error().name());
}

TEST(UseRecord, IsReadBack) {
  EXPECT_EQ(decode_uses(encode_uses(sample())).value(), sample());
  EXPECT_TRUE(decode_uses(encode_uses({})).value().empty());
}

TEST(UseRecord, IsRefusedWhenCutExtendedOrOutOfOrder) {
  expect_exact(encode_uses(sample()), decode_uses, encode_uses, "serve.use-record");
  std::vector<UseEntry> twice = {sample()[0], sample()[0]};
  EXPECT_EQ(refusal(encode_uses(twice)), "serve.use-record");
  std::vector<UseEntry> reversed = {sample()[2], sample()[0]};
  EXPECT_EQ(refusal(encode_uses(reversed)), "serve.use-record");
  Bytes many = encode_uses({});
  many[1] = many[2] = many[3] = 0xff;
  EXPECT_EQ(refusal(many), "serve.use-record");
}

TEST(LastUse, CountsFromTheStartWhatWasNeverSeen) {
  LastUse uses({100});
  EXPECT_EQ(uses.last_use("a").seconds, 100);
  uses.used("a", {200});
  EXPECT_EQ(uses.last_use("a").seconds, 200);
  uses.used("a", {150});  // a clock that was set back
  EXPECT_EQ(uses.last_use("a").seconds, 200);
  uses.forget("a");
  EXPECT_EQ(uses.last_use("a").seconds, 100);
}

TEST(LastUse, SurvivesARestartForModelsThatAreThereStill) {
  LastUse before({100});
  std::vector<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    ids.push_back("m" + std::to_string(i));
    before.used(ids.back(), {1000 + i});
  }
  const auto records = before.take_changed();
  EXPECT_EQ(records.size(), LastUse::kNumRecords);
  EXPECT_TRUE(before.take_changed().empty());
  ids.pop_back();
  LastUse after({5000});
  for (const LastUse::Record& record : records) {
    EXPECT_TRUE(record.name.starts_with("usage/"));
    EXPECT_EQ(record.name.size(), 7u);
    after.load(decode_uses(record.bytes).value(), ids);
  }
  EXPECT_EQ(after.last_use("m0").seconds, 1000);
  EXPECT_EQ(after.last_use("m998").seconds, 1998);
  EXPECT_EQ(after.last_use("m999").seconds, 5000);
}

TEST(LastUse, WritesOnlyRecordsThatChanged) {
  LastUse uses({100});
  uses.used("a", {200});
  uses.used("b", {200});
  EXPECT_EQ(uses.take_changed().size(), 2u);
  uses.used("a", {300});
  const auto changed = uses.take_changed();
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(decode_uses(changed[0].bytes).value(),
            (std::vector<UseEntry>{{.name_hash = hash("a"), .last_use = {300}}}));
  uses.forget("b");
  const auto without = uses.take_changed();
  ASSERT_EQ(without.size(), 1u);
  EXPECT_TRUE(decode_uses(without[0].bytes).value().empty());
}

}  // namespace
}  // namespace blindai
