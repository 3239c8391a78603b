#include "lib/crypto/hpke.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

template <size_t N>
ByteArray<N> hpke_hex(std::string_view digits) {
  return array_from_hex<N>(digits).value();
}

// RFC 9180, test-vectors.json of the CFRG: mode 0, KEM 0x0020, KDF 0x0001, AEAD 0x0002, sequence
// number 0.
struct HpkeVector {
  Bytes info = from_hex("4f6465206f6e2061204772656369616e2055726e").value();
  HpkePublicKey enc = hex<32>("6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256");
  HpkePublicKey receiver =
      hex<32>("430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c");
  HpkeKey sender_key{
      SecretKey(hex<32>("179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11"))};
  HpkeKey receiver_key{
      SecretKey(hex<32>("497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d"))};
  Bytes aad = to_bytes(as_bytes("Count-0"));
  Bytes plaintext = to_bytes(as_bytes("Beauty is truth, truth beauty"));
  Bytes text = from_hex(
                   "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de1"
                   "25a925cdad859d5b7a")
                   .value();
};

TEST(Hpke, GivesTheNumbersOfTheRfc) {
  const HpkeVector v;
  EXPECT_EQ(v.sender_key.public_key(), v.enc);
  EXPECT_EQ(v.receiver_key.public_key(), v.receiver);
  const HpkeSealed sealed =
      hpke_seal_from(v.sender_key, v.receiver, v.info, v.aad, v.plaintext).value();
  EXPECT_EQ(sealed.enc, v.enc);
  EXPECT_EQ(to_hex(sealed.text), to_hex(v.text));
  EXPECT_EQ(v.receiver_key.open(v.enc, v.info, v.aad, v.text).value(), v.plaintext);
}

TEST(Hpke, MakesAKeyForEachMessage) {
  const HpkeKey key;
  const HpkeSealed first = hpke_seal(key.public_key(), {}, {}, as_bytes("keys")).value();
  const HpkeSealed second = hpke_seal(key.public_key(), {}, {}, as_bytes("keys")).value();
  EXPECT_NE(first.enc, second.enc);
  EXPECT_NE(first.text, second.text);
  EXPECT_EQ(as_text(key.open(first.enc, {}, {}, first.text).value()), "keys");
  EXPECT_EQ(as_text(key.open(second.enc, {}, {}, second.text).value()), "keys");
}

TEST(Hpke, OpensNothingElse) {
  const HpkeKey key;
  const Bytes info = {1, 2};
  const Bytes aad = {3};
  const Bytes plaintext(40, 9);
  const HpkeSealed sealed = hpke_seal(key.public_key(), info, aad, plaintext).value();
  const auto error_of = [&](const HpkeKey& with, const HpkePublicKey& enc, BytesView about,
                            BytesView data, BytesView text) {
    const Result<Bytes> opened = with.open(enc, about, data, text);
    return opened.has_value() ? "" : std::string(opened.error().name());
  };
  EXPECT_EQ(error_of(key, sealed.enc, info, aad, sealed.text), "");
  EXPECT_EQ(error_of(HpkeKey(), sealed.enc, info, aad, sealed.text), "crypto.hpke.open");
  EXPECT_EQ(error_of(key, sealed.enc, aad, aad, sealed.text), "crypto.hpke.open");
  EXPECT_EQ(error_of(key, sealed.enc, info, info, sealed.text), "crypto.hpke.open");
  for (size_t n = 0; n < sealed.text.size(); ++n)
    EXPECT_EQ(error_of(key, sealed.enc, info, aad, BytesView(sealed.text).first(n)),
              "crypto.hpke.open")
        << n;
  for (size_t bit = 0; bit < 8 * sealed.text.size(); ++bit) {
    Bytes changed = sealed.text;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_EQ(error_of(key, sealed.enc, info, aad, changed), "crypto.hpke.open") << bit;
  }
  for (size_t bit = 0; bit < 256; ++bit) {
    HpkePublicKey changed = sealed.enc;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_EQ(error_of(key, changed, info, aad, sealed.text), "crypto.hpke.open") << bit;
  }
}

// RFC 7748 section 6.1: with these every private key gives the same, all-zero value.
TEST(Hpke, TakesNoPublicKeyOfSmallOrder) {
  const HpkeKey key;
  for (const char* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    const HpkePublicKey small = hex<32>(point);
    EXPECT_EQ(hpke_seal(small, {}, {}, {}).error().name(), "crypto.hpke.key") << point;
    EXPECT_EQ(key.open(small, {}, {}, Bytes(16)).error().name(), "crypto.hpke.open") << point;
  }
}

}  // namespace
}  // namespace blindai
