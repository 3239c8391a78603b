#include "lib/attest/snp_report.h"

#include <gtest/gtest.h>

#include "enclave/tee/simulation/snp_simulation.h"

namespace blindai {
namespace {

Bytes report_of(uint32_t version, SnpProduct product = SnpProduct::kMilan) {
  ByteArray<48> measurement;
  measurement.fill(0x42);
  ByteArray<64> report_data;
  report_data.fill(0x17);
  return SnpSimulation({product, SnpSigningKey::kVcek, version}, Time{1795000000})
      .report(measurement, report_data);
}

std::string_view report_error(BytesView wire) {
  const auto report = parse_snp_report(wire);
  return report.has_value() ? "none" : report.error().name();
}

TEST(SnpReport, FieldsAreWhereTheyBelong) {
  Bytes wire = report_of(5);
  // Each field gets bytes of its own, so that none can stand in for another.
  const auto put = [&wire](size_t at, size_t length) {
    for (size_t i = 0; i < length; ++i) wire[at + i] = static_cast<uint8_t>(at / 8 + i);
  };
  for (const auto& [at, length] : std::initializer_list<std::pair<size_t, size_t>>{
           {0x04, 4},   {0x08, 8},  {0x10, 16}, {0x20, 16},  {0x30, 4},   {0x34, 4},
           {0x38, 8},   {0x40, 8},  {0xc0, 32}, {0xe0, 48},  {0x110, 48}, {0x140, 32},
           {0x160, 32}, {0x180, 8}, {0x188, 3}, {0x1a0, 64}, {0x1e0, 8},  {0x1e8, 3},
           {0x1ec, 3},  {0x1f0, 8}, {0x1f8, 8}, {0x200, 8}})
    put(at, length);
  wire[0x48] = 1 | 2 | 1 << 2;
  const auto read = parse_snp_report(wire);
  ASSERT_TRUE(read.has_value()) << read.error().name();
  const SnpReport& r = *read;
  const auto at = [&wire](size_t from, size_t length) {
    return to_hex(BytesView(wire).subspan(from, length));
  };
  EXPECT_EQ(r.version, 5u);
  EXPECT_EQ(r.guest_svn, 0x03020100u);
  EXPECT_EQ(r.policy, 0x0807060504030201u);
  EXPECT_EQ(to_hex(r.family_id), at(0x10, 16));
  EXPECT_EQ(to_hex(r.image_id), at(0x20, 16));
  EXPECT_EQ(r.vmpl, 0x09080706u);
  EXPECT_EQ(r.signature_algorithm, 0x09080706u);
  EXPECT_EQ(to_hex(r.current_tcb), at(0x38, 8));
  EXPECT_EQ(r.platform_info, 0x0f0e0d0c0b0a0908u);
  EXPECT_TRUE(r.author_key_en && r.mask_chip_key);
  EXPECT_EQ(r.signing_key, SnpSigningKey::kVlek);
  EXPECT_EQ(to_hex(r.report_data), at(0x50, 64));
  EXPECT_EQ(to_hex(r.measurement), at(0x90, 48));
  EXPECT_EQ(to_hex(r.host_data), at(0xc0, 32));
  EXPECT_EQ(to_hex(r.id_key_digest), at(0xe0, 48));
  EXPECT_EQ(to_hex(r.author_key_digest), at(0x110, 48));
  EXPECT_EQ(to_hex(r.report_id), at(0x140, 32));
  EXPECT_EQ(to_hex(r.report_id_ma), at(0x160, 32));
  EXPECT_EQ(to_hex(r.reported_tcb), at(0x180, 8));
  EXPECT_EQ(r.cpu->family, 0x31);
  EXPECT_EQ(r.cpu->model, 0x32);
  EXPECT_EQ(r.cpu->stepping, 0x33);
  EXPECT_EQ(to_hex(r.chip_id), at(0x1a0, 64));
  EXPECT_EQ(to_hex(r.committed_tcb), at(0x1e0, 8));
  EXPECT_EQ(r.current_firmware, (SnpFirmware{0x3f, 0x3e, 0x3d}));
  EXPECT_EQ(r.committed_firmware, (SnpFirmware{0x3f, 0x3e, 0x3d}));
  EXPECT_EQ(to_hex(r.launch_tcb), at(0x1f0, 8));
  EXPECT_EQ(r.launch_mitigations, 0x464544434241403fu);
  EXPECT_EQ(r.current_mitigations, 0x4746454443424140u);
  Bytes r_number(wire.begin() + 0x2a0, wire.begin() + 0x2a0 + 48);
  std::reverse(r_number.begin(), r_number.end());
  EXPECT_EQ(to_hex(BytesView(r.signature).first(48)), to_hex(r_number));
  EXPECT_EQ(r.signed_part.size(), 0x2a0u);
}

TEST(SnpReport, CpuAndMitigationsBelongToTheirVersions) {
  EXPECT_FALSE(parse_snp_report(report_of(2))->cpu.has_value());
  EXPECT_TRUE(parse_snp_report(report_of(3))->cpu.has_value());
  EXPECT_EQ(parse_snp_report(report_of(4))->current_mitigations, 0u);
  EXPECT_EQ(parse_snp_report(report_of(5))->current_mitigations, 1u);
}

TEST(SnpReport, IsExactlyOfItsLength) {
  const Bytes wire = report_of(5);
  EXPECT_EQ(report_error(wire), "none");
  for (size_t n = 0; n < wire.size(); ++n)
    EXPECT_EQ(report_error(BytesView(wire).first(n)), "snp.report.length") << n;
  Bytes longer = wire;
  longer.push_back(0);
  EXPECT_EQ(report_error(longer), "snp.report.length");
}

TEST(SnpReport, OnlyKnownVersionsAreRead) {
  Bytes wire = report_of(5);
  for (unsigned version = 0; version < 256; ++version) {
    if (version >= 2 && version <= 5) continue;
    wire[0] = static_cast<uint8_t>(version);
    EXPECT_EQ(report_error(wire), "snp.report.version") << version;
  }
  wire[0] = 2;
  wire[3] = 1;
  EXPECT_EQ(report_error(wire), "snp.report.version");
  EXPECT_EQ(report_error(Bytes(1184, 0)), "snp.report.version");
}

// What is reserved in a version, by its first and last byte. Everything else is a field.
struct Reserved {
  size_t from, to;
};

TEST(SnpReport, EveryBitIsAFieldOrHasToBeZero) {
  size_t tried = 0;
  for (uint32_t version = 2; version <= 5; ++version) {
    const Bytes good = report_of(version);
    std::vector<Reserved> reserved = {
        {0x49, 0x4f}, {0x1eb, 0x1eb}, {0x1ef, 0x1ef}, {0x2d0, 0x2e7}, {0x318, 0x49f}};
    reserved.push_back(version == 2 ? Reserved{0x188, 0x19f} : Reserved{0x18b, 0x19f});
    reserved.push_back(version == 5 ? Reserved{0x208, 0x29f} : Reserved{0x1f8, 0x29f});
    for (size_t bit = 32; bit < 8 * good.size(); ++bit, ++tried) {
      const size_t byte = bit / 8;
      Bytes bad = good;
      bad[byte] = static_cast<uint8_t>(bad[byte] ^ (1u << (bit % 8)));
      const bool in =
          std::any_of(reserved.begin(), reserved.end(),
                      [byte](const Reserved& r) { return r.from <= byte && byte <= r.to; }) ||
          (byte == 0x48 && bit % 8 >= 5);
      EXPECT_EQ(report_error(bad), in ? "snp.report.reserved" : "none")
          << "version " << version << ", bit " << bit;
    }
  }
  std::printf("%zu flipped bits of reports of versions 2 to 5, each a field's or refused\n", tried);
}

TEST(SnpReport, ProductIsTheProcessors) {
  const auto product = [](uint8_t family, uint8_t model) {
    return product_of(SnpCpu{family, model, 0});
  };
  for (unsigned m = 0; m < 256; ++m) {
    const auto model = static_cast<uint8_t>(m);
    EXPECT_EQ(product(0x19, model), m <= 0x0f ? std::optional(SnpProduct::kMilan)
                                    : (m >= 0x10 && m <= 0x1f) || (m >= 0xa0 && m <= 0xaf)
                                        ? std::optional(SnpProduct::kGenoa)
                                        : std::nullopt)
        << m;
    EXPECT_EQ(product(0x1a, model), m <= 0x11 ? std::optional(SnpProduct::kTurin) : std::nullopt)
        << m;
    EXPECT_EQ(product(0x17, model), std::nullopt);
  }
}

TEST(SnpReport, TcbIsReadInTheProductsLayout) {
  EXPECT_EQ(tcb_parts(SnpProduct::kMilan, {1, 2, 0, 0, 0, 0, 7, 8}), (SnpTcb{0, 1, 2, 7, 8}));
  EXPECT_EQ(tcb_parts(SnpProduct::kGenoa, {1, 2, 0, 0, 0, 0, 7, 8}), (SnpTcb{0, 1, 2, 7, 8}));
  EXPECT_EQ(tcb_parts(SnpProduct::kTurin, {1, 2, 3, 4, 0, 0, 0, 8}), (SnpTcb{1, 2, 3, 4, 8}));
  for (size_t i = 0; i < 8; ++i) {
    SnpTcbBytes one{};
    one[i] = 1;
    EXPECT_EQ(tcb_parts(SnpProduct::kMilan, one).has_value(), i < 2 || i > 5) << i;
    EXPECT_EQ(tcb_parts(SnpProduct::kTurin, one).has_value(), i < 4 || i > 6) << i;
  }
}

TEST(SnpTcb, ReachesAFloorOnlyInEveryPart) {
  const SnpTcb floor{1, 2, 3, 4, 5};
  EXPECT_TRUE(floor.reaches(floor));
  EXPECT_TRUE((SnpTcb{9, 9, 9, 9, 9}).reaches(floor));
  EXPECT_FALSE((SnpTcb{0, 9, 9, 9, 9}).reaches(floor));
  EXPECT_FALSE((SnpTcb{9, 1, 9, 9, 9}).reaches(floor));
  EXPECT_FALSE((SnpTcb{9, 9, 2, 9, 9}).reaches(floor));
  EXPECT_FALSE((SnpTcb{9, 9, 9, 3, 9}).reaches(floor));
  EXPECT_FALSE((SnpTcb{9, 9, 9, 9, 4}).reaches(floor));
}

}  // namespace
}  // namespace blindai
