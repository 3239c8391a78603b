#include "enclave/tee/snp/certificate_table.h"

#include <gtest/gtest.h>

#include "lib/attest/x509.h"
#include "tests/support/certificate_table.h"

namespace blindai {
namespace {

const Bytes kOne(100, 1);
const Bytes kTwo(200, 2);
const Bytes kThree(300, 3);

TEST(CertificateTable, FindsWhatTheHostGave) {
  const Bytes wire =
      make_certificate_table({{kVcekGuid, kOne}, {kAskGuid, kTwo}, {kArkGuid, kThree}});
  const auto table = parse_certificate_table(wire);
  ASSERT_TRUE(table.has_value());
  EXPECT_TRUE(equal(table->vcek, kOne));
  EXPECT_TRUE(equal(table->ask, kTwo));
  EXPECT_TRUE(equal(table->ark, kThree));
  EXPECT_TRUE(table->vlek.empty());
}

TEST(CertificateTable, FindsAVlek) {
  const Bytes wire = make_certificate_table({{kVlekGuid, kOne}});
  EXPECT_TRUE(equal(parse_certificate_table(wire)->vlek, kOne));
}

TEST(CertificateTable, PassesOverOthers) {
  const Bytes wire =
      make_certificate_table({{"92f81bc3-5811-4d3d-97ff-d19f88dc67ea", kTwo}, {kVcekGuid, kOne}});
  EXPECT_TRUE(equal(parse_certificate_table(wire)->vcek, kOne));
}

TEST(CertificateTable, MayBeEmptyButNotNothing) {
  EXPECT_TRUE(parse_certificate_table(Bytes(24)).has_value());
  EXPECT_TRUE(parse_certificate_table(Bytes(16384)).has_value());
  EXPECT_FALSE(parse_certificate_table(Bytes(23)).has_value());
  EXPECT_FALSE(parse_certificate_table({}).has_value());
}

TEST(CertificateTable, RefusesEveryTruncation) {
  const Bytes wire = make_certificate_table({{kVcekGuid, kOne}, {kArkGuid, kTwo}});
  for (size_t n = 0; n < wire.size(); ++n) {
    const auto table = parse_certificate_table(BytesView(wire).first(n));
    ASSERT_FALSE(table.has_value()) << n;
    EXPECT_EQ(table.error().name(), "snp.certificates.layout");
  }
}

TEST(CertificateTable, NoFlippedBitOfAnEntryMovesACertificateOutside) {
  const Bytes wire = make_certificate_table({{kVcekGuid, kOne}, {kArkGuid, kTwo}});
  size_t refused = 0;
  for (size_t i = 0; i < 3 * 24 * 8; ++i) {
    Bytes other = wire;
    other[i / 8] = static_cast<uint8_t>(other[i / 8] ^ 1 << i % 8);
    const auto table = parse_certificate_table(other);
    refused += table.has_value() ? 0u : 1u;
    if (!table.has_value()) continue;
    for (const BytesView found : {table->vcek, table->vlek, table->ask, table->ark}) {
      if (found.empty()) continue;
      EXPECT_GE(found.data(), other.data() + 3 * 24) << i;
      EXPECT_LE(found.data() + found.size(), other.data() + other.size()) << i;
    }
  }
  // The terminator's bits, and those that lead an entry out of the table.
  EXPECT_GE(refused, 24u * 8 + 2 * 40);
}

// Offset plus length must not wrap: 32 bits do.
TEST(CertificateTable, RefusesAnEndBeyondTheTable) {
  Bytes wire = make_certificate_table({{kVcekGuid, kOne}});
  const auto with = [&wire](uint32_t offset, uint32_t length) {
    Bytes out = wire;
    for (size_t i = 0; i < 4; ++i) {
      out[16 + i] = static_cast<uint8_t>(offset >> 8 * i);
      out[20 + i] = static_cast<uint8_t>(length >> 8 * i);
    }
    return parse_certificate_table(out);
  };
  EXPECT_TRUE(with(48, 100).has_value());
  EXPECT_FALSE(with(48, 101).has_value());
  EXPECT_FALSE(with(47, 100).has_value());
  EXPECT_FALSE(with(0, 100).has_value());
  EXPECT_FALSE(with(48, 0).has_value());
  EXPECT_FALSE(with(0xffffffff, 2).has_value());
  EXPECT_FALSE(with(60, 0xffffffff).has_value());
}

TEST(CertificateTable, RefusesTheSameCertificateTwice) {
  const auto table =
      parse_certificate_table(make_certificate_table({{kArkGuid, kOne}, {kArkGuid, kOne}}));
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error().name(), "snp.certificates.repeated");
}

TEST(CertificateTable, RefusesTooMuch) {
  std::vector<std::pair<std::string, Bytes>> entries;
  for (size_t i = 0; i < kMaxCertificateEntries; ++i)
    entries.emplace_back("92f81bc3-5811-4d3d-97ff-d19f88dc67ea", kOne);
  EXPECT_TRUE(parse_certificate_table(make_certificate_table(entries)).has_value());
  entries.emplace_back("92f81bc3-5811-4d3d-97ff-d19f88dc67ea", kOne);
  EXPECT_EQ(parse_certificate_table(make_certificate_table(entries)).error().name(),
            "snp.certificates.too-large");
  EXPECT_EQ(parse_certificate_table(Bytes(kMaxCertificateTable + 1)).error().name(),
            "snp.certificates.too-large");
}

TEST(CertificateTable, ChainIsPemOfBothOrNothing) {
  CertificateTable table{};
  table.ask = kOne;
  EXPECT_TRUE(chain_of(table).empty());
  table.ark = kTwo;
  const std::string text(as_text(chain_of(table)));
  EXPECT_TRUE(text.starts_with("-----BEGIN CERTIFICATE-----\nAQEBAQ"));
  const size_t second = text.find("-----BEGIN", 1);
  EXPECT_TRUE(text.substr(second).starts_with("-----BEGIN CERTIFICATE-----\nAgICAg"));
  EXPECT_TRUE(text.ends_with("-----END CERTIFICATE-----\n"));
}

}  // namespace
}  // namespace blindai
