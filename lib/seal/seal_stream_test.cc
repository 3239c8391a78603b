#include <gtest/gtest.h>

#include "lib/seal/seal_fixture.h"

namespace blindai {
namespace {

using namespace seal_fixture;

const char kStreamId[] = "alice/resnet18";
Sha256Digest stream_name_hash() {
  return sha256(as_bytes(kStreamId));
}

std::string error_of(BytesView file) {
  const Result<Bytes> opened = open_file(file, seal_for());
  return opened.has_value() ? "opened" : std::string(opened.error().name());
}

// The sealed chunk `index` of a file.
std::span<uint8_t> chunk_of(Bytes& file, size_t index) {
  const size_t start = kSealHeaderLen + index * kSealedChunkLen;
  return std::span(file).subspan(start, std::min(kSealedChunkLen, file.size() - start));
}

TEST(SealStream, RoundTripsAroundEveryChunkBorder) {
  for (const size_t chunks : {0u, 1u, 2u, 5u}) {
    for (const int delta : {-1, 0, 1}) {
      if (chunks == 0 && delta < 0) continue;
      const size_t length = chunks * kSealChunkLen + static_cast<size_t>(delta);
      const Bytes plain = content(length);
      const Bytes file = seal_file(secrets(), seal_for(), plain);
      EXPECT_EQ(file.size(), sealed_file_len(length)) << length;
      const Result<Bytes> opened = open_file(file, seal_for());
      ASSERT_TRUE(opened.has_value()) << length << ' ' << opened.error().describe();
      EXPECT_EQ(*opened, plain) << length;
    }
  }
}

TEST(SealStream, MatchesAnIndependentImplementationOfTheFormat) {
  // Printed by lib/seal/seal_vector.py, which was written from docs/formats/sealed-model.md.
  EXPECT_EQ(to_hex(sha256(seal_file(secrets(), seal_for(), {}))),
            "abbe5f86fb99d63ea330d297ade76abc8aaf7977360d174ef7da15cd79d3b49a");
  EXPECT_EQ(to_hex(sha256(seal_file(secrets(), seal_for(), content(2 * kSealChunkLen + 5)))),
            "422274a3c63f0161b9d1fb13f6f80a24c48e6f8f83854cd760e3163295e581ea");
}

TEST(SealWriter, TheFileDoesNotDependOnHowTheContentArrives) {
  const Bytes plain = content(2 * kSealChunkLen + 4321);
  const Bytes expected = seal_content(secrets(), plain, kStreamId);
  for (const size_t piece : {1000u, 16384u, 65535u, 65536u, 65537u, 131072u})
    EXPECT_EQ(seal_content(secrets(), plain, kStreamId, piece), expected) << piece;
  const Bytes small = content(300);
  EXPECT_EQ(seal_content(secrets(), small, kStreamId, 1),
            seal_content(secrets(), small, kStreamId));
}

TEST(SealWriter, GivesPiecesOfAtMostOneChunkFromTheSameBuffer) {
  SealWriter writer(secrets(), stream_name_hash());
  const Bytes plain = content(1 << 20);
  const uint8_t* buffer = nullptr;
  for (int round = 0; round < 4; ++round) {
    BytesView input = plain;
    while (!input.empty()) {
      const BytesView piece = writer.update(input).value();
      if (piece.empty()) continue;
      EXPECT_LE(piece.size(), kSealedChunkLen);
      if (buffer == nullptr) buffer = piece.data();
      EXPECT_EQ(piece.data(), buffer);
    }
  }
  EXPECT_EQ(writer.content_len(), 4u << 20);
}

TEST(SealReader, ReadsInAnySteps) {
  const Bytes plain = content(2 * kSealChunkLen + 99);
  const Bytes file = seal_file(secrets(), seal_for(), plain);
  for (const size_t step : {7u, 1000u, 65535u, 65536u, 65537u, 200'000u}) {
    MemorySource source(file);
    SealReader reader(source, secrets(), stream_name_hash(), plain.size());
    EXPECT_EQ(read_all(reader, step).value(), plain) << step;
  }
}

TEST(SealReader, SeeksToAnyPlace) {
  const Bytes plain = content(2 * kSealChunkLen + 99);
  const Bytes file = seal_file(secrets(), seal_for(), plain);
  MemorySource source(file);
  SealReader reader(source, secrets(), stream_name_hash(), plain.size());
  for (const size_t from : {plain.size(), size_t{0}, kSealChunkLen - 3, kSealChunkLen,
                            2 * kSealChunkLen + 98, size_t{5}}) {
    ASSERT_TRUE(reader.seek(from).has_value());
    Bytes buffer(10);
    const size_t n = reader.read(buffer).value();
    ASSERT_EQ(n, std::min<size_t>(10, plain.size() - from)) << from;
    EXPECT_TRUE(equal(BytesView(buffer).first(n), BytesView(plain).subspan(from, n))) << from;
  }
  EXPECT_EQ(reader.seek(plain.size() + 1).error().name(), "seal.seek");
}

TEST(SealReader, RefusesTruncationAtEachLength) {
  const Bytes file = seal_file(secrets(), seal_for(), content(200));
  // The header's truncations are SealHeader's; here every length of the content, and some before.
  for (size_t length = 0; length < file.size(); length += length < kSealHeaderLen - 8 ? 1021 : 1) {
    const std::string error = error_of(BytesView(file).first(length));
    ASSERT_EQ(error, "seal.truncated") << length;
  }
  EXPECT_EQ(error_of(file), "opened");
}

TEST(SealReader, RefusesAFileCutAtAChunkBorder) {
  for (const size_t kept : {1u, 2u}) {
    const Bytes file = seal_file(secrets(), seal_for(), content(3 * kSealChunkLen));
    EXPECT_EQ(error_of(BytesView(file).first(kSealHeaderLen + kept * kSealedChunkLen)),
              "seal.truncated");
  }
}

TEST(SealReader, TheLastChunkIsMarkedSoAForgedLengthDoesNotHelp) {
  const Bytes file = seal_file(secrets(), seal_for(), content(3 * kSealChunkLen));
  MemorySource cut(BytesView(file).first(kSealHeaderLen + 2 * kSealedChunkLen));
  SealReader shorter(cut, secrets(), stream_name_hash(), 2 * kSealChunkLen);
  EXPECT_EQ(read_all(shorter).error().name(), "seal.chunk");
  MemorySource whole(file);
  SealReader longer(whole, secrets(), stream_name_hash(), 3 * kSealChunkLen + 1);
  EXPECT_EQ(read_all(longer).error().name(), "seal.chunk");
}

TEST(SealReader, RefusesBytesBehindTheEnd) {
  for (const size_t length : {size_t{0}, size_t{100}, kSealChunkLen}) {
    Bytes file = seal_file(secrets(), seal_for(), content(length));
    file.push_back(0);
    EXPECT_EQ(error_of(file), "seal.trailing") << length;
    file.resize(file.size() + kSealedChunkLen);
    EXPECT_EQ(error_of(file), "seal.trailing") << length;
  }
}

TEST(SealReader, RefusesEveryFlippedByteOfTheContent) {
  Bytes file = seal_file(secrets(), seal_for(), content(300));
  for (size_t at = kSealHeaderLen; at < file.size(); ++at) {
    file[at] ^= 1;
    ASSERT_EQ(error_of(file), "seal.chunk") << at;
    file[at] ^= 1;
  }
}

TEST(SealReader, RefusesSwappedAndDuplicatedChunks) {
  const Bytes plain = content(4 * kSealChunkLen);
  const Bytes file = seal_file(secrets(), seal_for(), plain);
  for (size_t a = 0; a < 4; ++a) {
    for (size_t b = 0; b < 4; ++b) {
      if (a == b) continue;
      Bytes swapped = file;
      std::ranges::swap_ranges(chunk_of(swapped, a), chunk_of(swapped, b));
      EXPECT_EQ(error_of(swapped), "seal.chunk") << a << b;
      Bytes duplicated = file;
      std::ranges::copy(chunk_of(duplicated, a), chunk_of(duplicated, b).begin());
      EXPECT_EQ(error_of(duplicated), "seal.chunk") << a << b;
    }
  }
}

TEST(SealReader, RefusesChunksOfAnotherFile) {
  const Bytes plain = content(2 * kSealChunkLen);
  Bytes mine = seal_file(secrets(), seal_for(), plain);
  Bytes other = seal_file(secrets(0x77), seal_for(), plain);
  std::ranges::copy(chunk_of(other, 1), chunk_of(mine, 1).begin());
  EXPECT_EQ(error_of(mine), "seal.chunk");
}

TEST(SealReader, RefusesContentSealedUnderAnotherNameWithTheSameKey) {
  const Bytes plain = content(10);
  Bytes file = seal_header(secrets(), seal_for(), metadata_of(plain), entropy()).value();
  append(file, seal_content(secrets(), plain, "alice/other"));
  EXPECT_EQ(error_of(file), "seal.chunk");
}

TEST(SealReader, HandsOutNothingOfAChunkThatDoesNotHold) {
  Bytes file = seal_file(secrets(), seal_for(), content(1000));
  file.back() ^= 1;
  for (const size_t room : {size_t{10}, size_t{5000}}) {
    MemorySource source(file);
    SealReader reader(source, secrets(), stream_name_hash(), 1000);
    Bytes out(room, 0);
    EXPECT_EQ(reader.read(out).error().name(), "seal.chunk");
    EXPECT_EQ(out, Bytes(room, 0));
    EXPECT_EQ(reader.read(out).error().name(), "seal.chunk") << "an error stays";
  }
}

TEST(SealReader, TheChunksSurviveANewHeaderForOtherPrograms) {
  const Bytes plain = content(kSealChunkLen + 5);
  Bytes file = seal_file(secrets(), seal_for(), plain);
  const SealFor next = seal_for(0x99, 0x98);
  const Bytes header =
      seal_header(secrets(), next, metadata_of(plain), SealHeaderEntropy::fresh()).value();
  std::ranges::copy(header, file.begin());
  EXPECT_EQ(open_file(file, next).value(), plain);
  EXPECT_EQ(error_of(file), "seal.measurement");
}

}  // namespace
}  // namespace blindai
