#include "lib/seal/header.h"

#include <gtest/gtest.h>

#include "lib/seal/seal_fixture.h"

namespace blindai {
namespace {

using namespace seal_fixture;

const char kId[] = "alice/resnet18";
Sha256Digest name_hash() {
  return sha256(as_bytes(kId));
}

Bytes header_of(const SealFor& who) {
  return seal_header(secrets(), who, metadata_of(as_bytes("model")), entropy()).value();
}

std::string error_of(BytesView file, const SealFor& who) {
  return std::string(open_seal_header(file, who, name_hash()).error().name());
}

TEST(SealEnvelope, RoundTrips) {
  const Bytes header = header_of(seal_for());
  const SealEnvelope envelope = parse_seal_envelope(header).value();
  EXPECT_EQ(envelope.content_id, secrets().content_id);
  EXPECT_EQ(envelope.measurement, seal_for().measurement);
  EXPECT_EQ(envelope.key_id, sealing_key_id(seal_for().key));
  EXPECT_TRUE(equal(encode_seal_envelope(envelope), BytesView(header).first(kSealEnvelopeLen)));
}

TEST(SealEnvelope, RefusesEachTruncation) {
  const Bytes header = header_of(seal_for());
  for (size_t length = 0; length < kSealEnvelopeLen; ++length)
    EXPECT_EQ(parse_seal_envelope(BytesView(header).first(length)).error().name(), "seal.header");
}

TEST(SealHeader, OpensToWhatWasSealed) {
  const OpenedHeader opened =
      open_seal_header(header_of(seal_for()), seal_for(), name_hash()).value();
  EXPECT_EQ(opened.metadata, metadata_of(as_bytes("model")));
  EXPECT_EQ(opened.secrets.content_id, secrets().content_id);
  EXPECT_EQ(opened.secrets.data_key.reveal(KeyAccess()), secrets().data_key.reveal(KeyAccess()));
}

TEST(SealHeader, TheKeyDoesNotStandInIt) {
  const Bytes header = header_of(seal_for());
  const auto contains = [&header](const SecretKey& key) {
    return !std::ranges::search(header, key.reveal(KeyAccess())).empty();
  };
  EXPECT_FALSE(contains(secrets().data_key));
  EXPECT_FALSE(contains(seal_for().key));
}

TEST(SealHeader, NamesEachReasonForRefusal) {
  const Bytes header = header_of(seal_for());
  EXPECT_EQ(error_of(BytesView(header).first(kSealHeaderLen - 1), seal_for()), "seal.truncated");
  EXPECT_EQ(error_of(header, seal_for(0x21, 0x32)), "seal.measurement");
  EXPECT_EQ(error_of(header, seal_for(0x22)), "seal.key");
  EXPECT_EQ(open_seal_header(header, seal_for(), sha256(as_bytes("alice/other"))).error().name(),
            "seal.foreign");
  const auto changed = [&header](size_t at) {
    Bytes out = header;
    out[at] ^= 1;
    return out;
  };
  EXPECT_EQ(error_of(changed(0), seal_for()), "seal.header");    // magic
  EXPECT_EQ(error_of(changed(8), seal_for()), "seal.version");   // version
  EXPECT_EQ(error_of(changed(12), seal_for()), "seal.header");   // suite
  EXPECT_EQ(error_of(changed(16), seal_for()), "seal.header");   // header length
  EXPECT_EQ(error_of(changed(20), seal_for()), "seal.header");   // chunk length
  EXPECT_EQ(error_of(changed(24), seal_for()), "seal.header");   // content id, bound by the wrap
  EXPECT_EQ(error_of(changed(56), seal_for()), "seal.foreign");  // name hash
  EXPECT_EQ(error_of(changed(88), seal_for()), "seal.measurement");  // measurement
  EXPECT_EQ(error_of(changed(120), seal_for()), "seal.key");         // key id
  EXPECT_EQ(error_of(changed(136), seal_for()), "seal.header");      // wrap salt
  EXPECT_EQ(error_of(changed(168), seal_for()), "seal.header");      // wrapped key
  EXPECT_EQ(error_of(changed(216), seal_for()), "seal.metadata");    // metadata nonce
  EXPECT_EQ(error_of(changed(228), seal_for()), "seal.header");      // reserved
  EXPECT_EQ(error_of(changed(256), seal_for()), "seal.metadata");    // metadata
}

TEST(SealHeader, RefusesEveryFlippedByte) {
  Bytes header = header_of(seal_for());
  // Every byte of the envelope and the metadata's fields, then every seventh of the padding.
  for (size_t at = 0; at < kSealHeaderLen; at += at < 1024 || at > kSealHeaderLen - 64 ? 1 : 7) {
    header[at] ^= 0x80;
    ASSERT_FALSE(open_seal_header(header, seal_for(), name_hash()).has_value()) << at;
    header[at] ^= 0x80;
  }
  EXPECT_TRUE(open_seal_header(header, seal_for(), name_hash()).has_value());
}

TEST(SealHeader, AnotherMeasurementWrittenOverTheOldOneDoesNotOpen) {
  Bytes header = header_of(seal_for());
  const SealFor other = seal_for(0x21, 0x32);
  std::ranges::copy(other.measurement, header.begin() + 88);
  EXPECT_EQ(error_of(header, other), "seal.header");
}

TEST(SealHeader, OpensWithWhicheverKeyOfARingFits) {
  const auto ring = [](std::vector<SealFor> programs, std::vector<SealSecrets> contents) {
    return KeyRing{seal_for(0x99, 0x98), {std::move(programs), std::move(contents)}};
  };
  const auto list = [](auto... entries) {
    std::vector<std::common_type_t<decltype(entries)...>> out;
    (out.push_back(std::move(entries)), ...);
    return out;
  };
  const auto result = [](BytesView file, const KeyRing& keys) {
    const auto opened = open_seal_header(file, keys, name_hash());
    return std::string(opened.has_value() ? "opened" : opened.error().name());
  };
  const Bytes header = header_of(seal_for());
  EXPECT_EQ(result(header_of(seal_for(0x99, 0x98)), ring({}, {})), "opened");
  EXPECT_EQ(result(header, ring({}, {})), "seal.measurement");
  EXPECT_EQ(result(header, ring(list(seal_for(0x22), seal_for(0x21, 0x32)), {})), "seal.key");
  EXPECT_EQ(result(header, ring(list(seal_for(0x22), seal_for()), {})), "opened");
  EXPECT_EQ(result(header, ring({}, list(secrets(0x77)))), "seal.measurement");
  EXPECT_EQ(result(header, ring({}, list(secrets(0x77), secrets()))), "opened");
  EXPECT_EQ(open_seal_header(header, ring({}, list(secrets())), sha256(as_bytes("alice/other")))
                .error()
                .name(),
            "seal.foreign");
  // A right content id with a wrong key: the metadata do not open.
  SealSecrets wrong = secrets(0x77);
  wrong.content_id = secrets().content_id;
  EXPECT_EQ(result(header, ring({}, list(std::move(wrong)))), "seal.metadata");
}

TEST(SealHeader, ADataKeyAloneOpensNoHeaderThatWasChanged) {
  Bytes header = header_of(seal_for());
  KeyRing keys{seal_for(0x99, 0x98), {}};
  keys.inherited.contents.push_back(secrets());
  for (size_t at = 0; at < 1024; ++at) {
    header[at] ^= 0x80;
    ASSERT_FALSE(open_seal_header(header, keys, name_hash()).has_value()) << at;
    header[at] ^= 0x80;
  }
  EXPECT_TRUE(open_seal_header(header, keys, name_hash()).has_value());
}

TEST(SealHeader, MetadataOfOneFileDoNotOpenInAnother) {
  Bytes mine = header_of(seal_for());
  const Bytes other =
      seal_header(secrets(0x77), seal_for(), metadata_of(as_bytes("x")), entropy()).value();
  std::copy(other.begin() + kSealEnvelopeLen, other.end(), mine.begin() + kSealEnvelopeLen);
  EXPECT_EQ(error_of(mine, seal_for()), "seal.metadata");
}

TEST(SealHeader, FreshEntropyNeverRepeats) {
  EXPECT_NE(SealHeaderEntropy::fresh().wrap_salt, SealHeaderEntropy::fresh().wrap_salt);
  EXPECT_NE(SealSecrets::fresh().content_id, SealSecrets::fresh().content_id);
}

}  // namespace
}  // namespace blindai
