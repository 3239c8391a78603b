#include "lib/seal/metadata.h"

#include <gtest/gtest.h>

#include "lib/seal/seal_fixture.h"

namespace blindai {
namespace {

using seal_fixture::filled;
using seal_fixture::metadata_of;

TEST(ModelMetadata, RoundTripsWithAndWithoutAnOwner) {
  ModelMetadata metadata = metadata_of(as_bytes("model"));
  EXPECT_EQ(decode_metadata(encode_metadata(metadata).value()).value(), metadata);
  metadata.owner.reset();
  EXPECT_EQ(decode_metadata(encode_metadata(metadata).value()).value(), metadata);
  metadata.signature = {};
  EXPECT_EQ(decode_metadata(encode_metadata(metadata).value()).value(), metadata);
}

TEST(ModelMetadata, EveryDatatypeKeepsItsNumber) {
  // Files outlive programs: these numbers are the format's, whatever order the enumeration has.
  const Datatype by_number[] = {
      Datatype::kBool, Datatype::kUint8, Datatype::kUint16, Datatype::kUint32, Datatype::kUint64,
      Datatype::kInt8, Datatype::kInt16, Datatype::kInt32,  Datatype::kInt64,  Datatype::kFp16,
      Datatype::kBf16, Datatype::kFp32,  Datatype::kFp64,   Datatype::kBytes};
  ASSERT_EQ(std::size(by_number), kNumDatatypes);
  for (uint8_t i = 0; i < kNumDatatypes; ++i)
    EXPECT_EQ(static_cast<uint8_t>(by_number[i]), i) << name_of(by_number[i]);
}

TEST(ModelMetadata, RefusesTruncationAtEachLengthAndOneByteMore) {
  Bytes encoded = encode_metadata(metadata_of(as_bytes("model"))).value();
  for (size_t length = 0; length < encoded.size(); ++length)
    ASSERT_EQ(decode_metadata(BytesView(encoded).first(length)).error().name(), "seal.metadata");
  encoded.push_back(0);
  EXPECT_EQ(decode_metadata(encoded).error().name(), "seal.metadata");
}

TEST(ModelMetadata, EveryFlippedBitChangesTheValueOrIsRefused) {
  const ModelMetadata metadata = metadata_of(as_bytes("model"));
  Bytes encoded = encode_metadata(metadata).value();
  for (size_t bit = 0; bit < 400 * 8; ++bit) {
    encoded[bit / 8] = static_cast<uint8_t>(encoded[bit / 8] ^ (1u << (bit % 8)));
    const Result<ModelMetadata> decoded = decode_metadata(encoded);
    if (decoded.has_value()) {
      EXPECT_NE(*decoded, metadata) << bit;
      EXPECT_EQ(encode_metadata(*decoded).value(), encoded) << bit;
    }
    encoded[bit / 8] = static_cast<uint8_t>(encoded[bit / 8] ^ (1u << (bit % 8)));
  }
}

TEST(ModelMetadata, RefusesALaterLayoutByName) {
  Bytes encoded = encode_metadata(metadata_of(as_bytes("model"))).value();
  for (const uint8_t layout : ByteArray<2>{0, 3}) {
    encoded[0] = layout;
    EXPECT_EQ(decode_metadata(encoded).error().name(), "seal.version");
  }
}

TEST(ModelMetadata, ReadsLayout1AsPublic) {
  ModelMetadata metadata = metadata_of(as_bytes("model"));
  const Bytes with_rules = encode_metadata(metadata).value();
  metadata.access = {};
  // The rules that mean nothing are zeros, as the padding is that layout 1 had in their place.
  Bytes encoded = encode_metadata(metadata).value();
  encoded[0] = 1;
  EXPECT_EQ(decode_metadata(encoded).value(), metadata);
  Bytes not_padding = with_rules;
  not_padding[0] = 1;
  EXPECT_EQ(decode_metadata(not_padding).error().name(), "seal.metadata");
}

TEST(ModelMetadata, KeepsAccessRulesUpToTheirLimits) {
  ModelMetadata metadata = metadata_of(as_bytes("model"));
  metadata.access.callers.assign(kMaxCallers, filled<32>(1));
  metadata.access.handover.assign(kMaxHandoverConsents, filled<32>(2));
  EXPECT_EQ(decode_metadata(encode_metadata(metadata).value()).value(), metadata);
  metadata.access.callers.push_back(filled<32>(3));
  EXPECT_EQ(encode_metadata(metadata).error().name(), "seal.access-rules");
  metadata.access.callers.pop_back();
  metadata.access.handover.push_back(filled<32>(3));
  EXPECT_EQ(encode_metadata(metadata).error().name(), "seal.access-rules");
}

TEST(ModelMetadata, RefusesRulesThatCannotBe) {
  const ModelMetadata metadata = metadata_of(as_bytes("model"));
  const Bytes encoded = encode_metadata(metadata).value();
  // The rules of the fixture are the last 1 + 2 + 64 + 2 + 32 bytes before the padding.
  size_t end = encoded.size();
  while (encoded[end - 1] == 0) --end;
  const size_t start = end - 101;
  ASSERT_EQ(encoded[start], 1);
  const auto error_with = [&](size_t at, uint8_t value) {
    Bytes changed = encoded;
    changed[at] = value;
    return std::string(decode_metadata(changed).error().name());
  };
  EXPECT_EQ(error_with(start, 2), "seal.metadata");               // no such visibility
  EXPECT_EQ(error_with(start + 1, 65), "seal.metadata");          // too many callers
  EXPECT_EQ(error_with(start + 1 + 2 + 64, 9), "seal.metadata");  // too many measurements
}

TEST(ModelMetadata, RefusesWhatDoesNotFitBeforeItIsWritten) {
  ModelMetadata metadata = metadata_of(as_bytes("model"));
  metadata.signature.inputs.assign(kMaxTensorsPerSide,
                                   {std::string(100, 'n'), Datatype::kFp32, {1, 2}});
  EXPECT_EQ(encode_metadata(metadata).error().name(), "seal.metadata-room");
  metadata.signature.inputs.assign(kMaxTensorsPerSide + 1, {"", Datatype::kFp32, {}});
  EXPECT_EQ(encode_metadata(metadata).error().name(), "seal.metadata-room");
  metadata.signature.inputs.assign(1,
                                   {std::string(kMaxTensorNameLen + 1, 'n'), Datatype::kFp32, {}});
  EXPECT_EQ(encode_metadata(metadata).error().name(), "seal.metadata-room");
  metadata.signature.inputs.assign(1, {"n", Datatype::kFp32, std::vector<int64_t>(65, 1)});
  EXPECT_EQ(encode_metadata(metadata).error().name(), "seal.metadata-room");
  metadata = metadata_of(as_bytes("model"), std::string(kMaxMetadataIdLen + 1, 'm'));
  EXPECT_EQ(encode_metadata(metadata).error().name(), "seal.metadata-room");
}

TEST(ModelMetadata, HoldsTheSignatureOfALargeLanguageModel) {
  // 80 layers, a key and a value cache in and out.
  ModelMetadata metadata = metadata_of(as_bytes("model"));
  metadata.signature = {};
  for (int i = 0; i < 160; ++i) {
    metadata.signature.inputs.push_back({"past_key_values.79.decoder.value" + std::to_string(i),
                                         Datatype::kFp16,
                                         {-1, 64, -1, 128}});
    metadata.signature.outputs.push_back(
        {"present.79.decoder.value" + std::to_string(i), Datatype::kFp16, {-1, 64, -1, 128}});
  }
  EXPECT_EQ(decode_metadata(encode_metadata(metadata).value()).value(), metadata);
}

TEST(ModelMetadata, RefusesFieldsNoModelHas) {
  const auto error_of = [](auto change) {
    ModelMetadata metadata = metadata_of(as_bytes("model"));
    change(metadata);
    return std::string(encode_metadata(metadata).error().name());
  };
  EXPECT_EQ(error_of([](auto& m) { m.id.clear(); }), "seal.metadata-fields");
  EXPECT_EQ(error_of([](auto& m) { m.id = "\xff"; }), "seal.metadata-fields");
  EXPECT_EQ(error_of([](auto& m) { m.size = kSealMaxContent + 1; }), "seal.metadata-fields");
  EXPECT_EQ(error_of([](auto& m) { m.signature.inputs[0].shape[0] = -2; }), "seal.metadata-fields");
  EXPECT_EQ(error_of([](auto& m) { m.signature.inputs[0].name = "\xff"; }), "seal.metadata-fields");
  EXPECT_EQ(error_of([](auto& m) { m.owner->account = "\xff"; }), "seal.metadata-fields");
}

}  // namespace
}  // namespace blindai
