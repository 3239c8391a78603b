#include "lib/attest/vek.h"

#include <gtest/gtest.h>

#include "enclave/tee/simulation/snp_simulation.h"
#include "lib/base/der_writer.h"

namespace blindai {
namespace {

Result<VekExtensions> read_vek(const SnpPlatform& platform, SnpFaults faults = {}) {
  const SnpSimulation s(platform, Time{1795000000}, std::move(faults));
  const auto vek = Certificate::from_der(s.collateral().vek, X509Profile::kAmdVek);
  EXPECT_TRUE(vek.has_value());
  return parse_vek_extensions(*vek);
}

SnpFaults with(std::string_view arcs, std::optional<Bytes> value) {
  SnpFaults out;
  out.extensions.push_back({"1.3.6.1.4.1.3704.1." + std::string(arcs), std::move(value)});
  return out;
}

TEST(VekExtensions, OfAVcekNameItsChip) {
  const auto vcek = read_vek({SnpProduct::kMilan, SnpSigningKey::kVcek, 5});
  ASSERT_TRUE(vcek.has_value()) << vcek.error().name();
  EXPECT_EQ(vcek->struct_version, 0);
  EXPECT_EQ(vcek->product_name, "Milan-B0");
  EXPECT_EQ(vcek->product, SnpProduct::kMilan);
  EXPECT_EQ(vcek->tcb, SnpSimulation::tcb(SnpProduct::kMilan));
  EXPECT_EQ(vcek->tcb.microcode, 0xdb);  // an INTEGER of two bytes
  EXPECT_EQ(vcek->hwid, to_bytes(SnpSimulation::chip_id(SnpProduct::kMilan)));
  EXPECT_EQ(vcek->csp_id, "");
}

TEST(VekExtensions, OfTurinHaveAnFmcAndAShortHwid) {
  const auto vcek = read_vek({SnpProduct::kTurin, SnpSigningKey::kVcek, 5});
  ASSERT_TRUE(vcek.has_value()) << vcek.error().name();
  EXPECT_EQ(vcek->struct_version, 1);
  EXPECT_EQ(vcek->product, SnpProduct::kTurin);
  EXPECT_EQ(vcek->tcb, SnpSimulation::tcb(SnpProduct::kTurin));
  EXPECT_EQ(vcek->hwid.size(), 8u);
}

TEST(VekExtensions, OfAVlekNameItsProvider) {
  const auto vlek = read_vek({SnpProduct::kGenoa, SnpSigningKey::kVlek, 5});
  ASSERT_TRUE(vlek.has_value()) << vlek.error().name();
  EXPECT_EQ(vlek->product_name, "Genoa");
  EXPECT_TRUE(vlek->hwid.empty());
  EXPECT_EQ(vlek->csp_id, "CN=simulation.invalid");
}

TEST(VekExtensions, HwidIsTheSameWrapped) {
  const Bytes chip(64, 9);
  EXPECT_EQ(read_vek({}, with("4", chip))->hwid, chip);
  EXPECT_EQ(read_vek({}, with("4", der_octet_string(chip)))->hwid, chip);
}

// Every value an INTEGER of DER can have in a byte, and no other spelling of it.
TEST(VekExtensions, SecurityVersionsAreReadFully) {
  for (unsigned n = 0; n < 256; n += 15) {
    EXPECT_EQ(read_vek({}, with("3.8", der_integer(n)))->tcb.microcode, n);
    EXPECT_EQ(read_vek({}, with("3.3", der_integer(n)))->tcb.snp, n);
  }
  for (const char* bad : {"", "02", "0200", "020180", "0201ff", "02020018", "020200", "02020100",
                          "0203000018", "0401ff", "02010000", "0a0118", "028101db"})
    EXPECT_EQ(read_vek({}, with("3.8", from_hex(bad).value())).error().name(), "vek.extension")
        << bad;
}

TEST(VekExtensions, TextsAreShortAndPrintable) {
  const auto product = [](const Bytes& der) { return read_vek({}, with("2", der)); };
  EXPECT_EQ(product(der(0x16, as_bytes("Milan")))->product, SnpProduct::kMilan);
  EXPECT_EQ(product(der(0x16, as_bytes("Venice")))->product, std::nullopt);
  EXPECT_EQ(product(der(0x16, {})).error().name(), "vek.extension");
  EXPECT_EQ(product(der(0x16, as_bytes("Milan\n"))).error().name(), "vek.extension");
  EXPECT_EQ(product(der(0x0c, as_bytes("Milan"))).error().name(), "vek.extension");  // UTF8String
  EXPECT_EQ(product(der(0x16, Bytes(65, 'M'))).error().name(), "vek.extension");
}

TEST(VekExtensions, KindIsTheCommonName) {
  for (const SnpSigningKey key : {SnpSigningKey::kVcek, SnpSigningKey::kVlek}) {
    const SnpSimulation s({SnpProduct::kMilan, key, 5}, Time{1795000000});
    EXPECT_EQ(vek_kind(*Certificate::from_der(s.collateral().vek, X509Profile::kAmdVek)), key);
  }
  SnpFaults named;
  named.vek_name = "VCEK";
  const SnpSimulation s({}, Time{1795000000}, named);
  EXPECT_EQ(vek_kind(*Certificate::from_der(s.collateral().vek, X509Profile::kAmdVek)),
            std::nullopt);
}

}  // namespace
}  // namespace blindai
