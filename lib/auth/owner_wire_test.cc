// The JSON and headers that clients and servers exchange about keys, access and receipts.
#include "lib/auth/auth_fixture_test.h"
#include "lib/auth/model_access.h"
#include "lib/auth/owner_keys.h"
#include "lib/auth/stored_receipt.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

const std::string kFirst = to_text(test_key().public_key());
const std::string kSecond = to_text(test_key(true).public_key());
const std::string kHex(64, 'a');

OwnerKeys owner_keys() {
  return {test_key().public_key(),
          {{test_key().public_key(), KeyState::kActive},
           {test_key(true).public_key(), KeyState::kRetired}}};
}

// Cut anywhere, a text is refused; with any bit flipped it is refused or means something else.
template <typename Parse, typename T>
void expect_tight(const std::string& good, const T& meaning, Parse parse) {
  ASSERT_EQ(parse(good).value(), meaning);
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(parse(good.substr(0, length)).has_value()) << length;
  EXPECT_FALSE(parse(good + "x").has_value());
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const auto read = parse(bad);
    if (!read.has_value()) continue;
    // Hexadecimal digits have two cases; white space is free between JSON's tokens.
    EXPECT_TRUE(*read != meaning || (bad[bit / 8] ^ good[bit / 8]) == ' ') << bad;
  }
}

TEST(OwnerKeys, AreReadAsTheyWereWritten) {
  const std::string json = to_json(owner_keys());
  EXPECT_EQ(json, "{\"owner\":\"" + kFirst + "\",\"keys\":[{\"key\":\"" + kFirst +
                      "\",\"state\":\"active\"},{\"key\":\"" + kSecond +
                      "\",\"state\":\"retired\"}]}");
  expect_tight(json, owner_keys(), parse_owner_keys);
}

TEST(OwnerKeys, OfAnotherLayoutAreRefused) {
  const std::string good = to_json(owner_keys());
  const auto with = [&](std::string_view from, std::string_view to) {
    return name_of_error(parse_owner_keys(replaced(good, from, to)));
  };
  EXPECT_EQ(with("retired", "lost"), "auth.keys-layout");
  EXPECT_EQ(with("\"owner\"", "\"root\""), "auth.keys-layout");
  EXPECT_EQ(with("{\"owner\"", "{\"more\":1,\"owner\""), "auth.keys-layout");
  EXPECT_EQ(with("{\"key\"", "{\"more\":1,\"key\""), "auth.keys-layout");
  EXPECT_EQ(with("{\"owner\"", "{\"owner\":1,\"owner\""), "json.duplicate-key");
  EXPECT_EQ(with("baipk_3", "baipk_2"), "auth.key-checksum");
  OwnerKeys many = owner_keys();
  many.keys.resize(kMaxOwnerKeys + 1, many.keys.front());
  EXPECT_EQ(name_of_error(parse_owner_keys(to_json(many))), "auth.keys-layout");
  many.keys.pop_back();
  EXPECT_EQ(parse_owner_keys(to_json(many)).value(), many);
}

TEST(EndorsementBody, IsReadAsItWasWritten) {
  const PublicKey owner = test_key(true).public_key();
  const Endorsement sent = make_endorsement(test_key(), owner);
  const std::string json = endorsement_to_json(sent);
  const auto parse = [&](std::string_view text) { return parse_endorsement(text, owner); };
  expect_tight(json, sent, parse);
  for (const char* bad : {"{}", "[]", "1", "{\"key\":1,\"consent\":\"\"}"})
    EXPECT_EQ(name_of_error(parse(bad)), "auth.endorsement-layout") << bad;
  EXPECT_EQ(name_of_error(parse(replaced(json, "{\"key\"", "{\"owner\":\"\",\"key\""))),
            "auth.endorsement-layout");
  EXPECT_EQ(name_of_error(parse(replaced(json, "baipk_3", "baipk_2"))), "auth.key-checksum");
  EXPECT_EQ(name_of_error(parse(replaced(json, "consent\":\"", "consent\":\"A"))),
            "auth.consent-layout");
}

ModelAccess private_access() {
  ByteArray<32> measurement;
  measurement.fill(0xaa);
  return {true, {test_key().public_key(), test_key(true).public_key()}, {measurement}};
}

TEST(ModelAccess, IsReadAsItWasWritten) {
  const std::string json = to_json(private_access());
  EXPECT_EQ(json, "{\"visibility\":\"private\",\"callers\":[\"" + kFirst + "\",\"" + kSecond +
                      "\"],\"handover\":[\"" + kHex + "\"]}");
  expect_tight(json, private_access(), parse_model_access);
  const std::string open = R"({"visibility":"public","callers":[],"handover":[]})";
  EXPECT_EQ(to_json(ModelAccess{}), open);
  EXPECT_EQ(parse_model_access(open).value(), ModelAccess{});
}

TEST(ModelAccess, OfAnotherLayoutIsRefused) {
  const std::string good = to_json(private_access());
  const auto with = [&](std::string_view from, std::string_view to) {
    return name_of_error(parse_model_access(replaced(good, from, to)));
  };
  EXPECT_EQ(with("\"private\"", "\"secret\""), "auth.visibility");
  EXPECT_EQ(with("\"private\"", "\"public\""), "auth.access-public");
  EXPECT_EQ(with("\"private\"", "true"), "auth.access-layout");
  EXPECT_EQ(with(",\"handover\":[\"" + kHex + "\"]", ""), "auth.access-layout");
  EXPECT_EQ(with("{\"vis", "{\"more\":1,\"vis"), "auth.access-layout");
  EXPECT_EQ(with(kSecond, kFirst), "auth.callers");
  EXPECT_EQ(with("\"" + kSecond + "\"", "1"), "auth.callers");
  EXPECT_EQ(with("baipk_3", "baipk_2"), "auth.key-checksum");
  EXPECT_EQ(with(kHex, kHex.substr(1)), "auth.handover");
  EXPECT_EQ(with("\"" + kHex, "\"" + kHex + "\",\"" + kHex), "auth.handover");
}

TEST(ModelAccess, HasAtMost64CallersAnd8Handovers) {
  ModelAccess access{.is_private = true, .callers = {}, .handover = {}};
  for (uint8_t i = 0; i <= kMaxAccessCallers; ++i) {
    ByteArray<32> seed;
    seed.fill(i);
    access.callers.push_back(ApiKey::from_seed(SecretKey(std::move(seed))).public_key());
  }
  EXPECT_EQ(name_of_error(parse_model_access(to_json(access))), "auth.callers-count");
  EXPECT_EQ(name_of_error(parse_callers(callers_to_text(access.callers))), "auth.callers-count");
  access.callers.pop_back();
  EXPECT_EQ(parse_model_access(to_json(access)).value(), access);
  EXPECT_EQ(parse_callers(callers_to_text(access.callers)).value(), access.callers);
  for (uint8_t i = 0; i <= kMaxAccessHandovers; ++i) access.handover.push_back({i});
  EXPECT_EQ(name_of_error(parse_model_access(to_json(access))), "auth.handover-count");
  access.handover.pop_back();
  EXPECT_EQ(parse_model_access(to_json(access)).value(), access);
}

TEST(Callers, AreKeysWithCommas) {
  EXPECT_EQ(parse_callers(kFirst + "," + kSecond).value(), private_access().callers);
  EXPECT_EQ(callers_to_text(private_access().callers), kFirst + "," + kSecond);
  for (const std::string& bad : {std::string(), std::string(","), kFirst + ",", "," + kFirst,
                                 kFirst + ",," + kSecond, kFirst + "," + kFirst})
    EXPECT_EQ(name_of_error(parse_callers(bad)), "auth.callers") << bad;
  EXPECT_EQ(name_of_error(parse_callers(kFirst + ", " + kSecond)), "auth.key-prefix");
}

StoredReceipt receipt() {
  StoredReceipt out{.model_id = "a/b", .model_hash = {}, .epoch = 7, .content_id = {}};
  out.model_hash.fill(0xaa);
  out.content_id.fill(0xbb);
  return out;
}

TEST(StoredReceipt, IsReadAsItWasWritten) {
  const std::string json = to_json(receipt());
  EXPECT_EQ(json, R"({"model_id":"a/b","model_hash":")" + kHex + R"(","epoch":7,"content_id":")" +
                      std::string(64, 'b') + "\"}");
  expect_tight(json, receipt(), parse_stored_receipt);
}

TEST(StoredReceipt, IsWholeOrAbsent) {
  const std::string good = to_json(receipt());
  const auto with = [&](std::string_view from, std::string_view to) {
    return name_of_error(parse_stored_receipt(replaced(good, from, to)));
  };
  EXPECT_EQ(with("\"epoch\":7", "\"epoch\":0"), "auth.receipt-layout");
  EXPECT_EQ(with("\"epoch\":7", "\"epoch\":-7"), "auth.receipt-layout");
  EXPECT_EQ(with("\"epoch\":7,", ""), "auth.receipt-layout");
  EXPECT_EQ(with("\"a/b\"", "\"a b\""), "auth.receipt-layout");
  EXPECT_EQ(with("{", "{\"more\":1,"), "auth.receipt-layout");
  const auto of = [](const std::string& json) {
    const auto document = JsonDocument::parse(json);
    return receipt_of(document.value().root());
  };
  EXPECT_EQ(of(replaced(good, "{", "{\"more\":1,")).value(), receipt());
  EXPECT_EQ(of(R"({"model_id":"m"})").value(), std::nullopt);
  EXPECT_EQ(name_of_error(of(R"({"model_id":"m","epoch":1})")), "auth.receipt-layout");
}

}  // namespace
}  // namespace blindai
