#include "lib/attest/vek.h"

namespace blindai {
namespace {

constexpr std::string_view kStructVersion = "1.3.6.1.4.1.3704.1.1";
constexpr std::string_view kProduct = "1.3.6.1.4.1.3704.1.2";
constexpr std::string_view kBootLoader = "1.3.6.1.4.1.3704.1.3.1";
constexpr std::string_view kTee = "1.3.6.1.4.1.3704.1.3.2";
constexpr std::string_view kSnp = "1.3.6.1.4.1.3704.1.3.3";
constexpr std::string_view kMicrocode = "1.3.6.1.4.1.3704.1.3.8";
constexpr std::string_view kFmc = "1.3.6.1.4.1.3704.1.3.9";
constexpr std::string_view kHwid = "1.3.6.1.4.1.3704.1.4";
constexpr std::string_view kCspId = "1.3.6.1.4.1.3704.1.5";
// Parts that no product defines yet. Of Turin FMC took the place of the first.
constexpr std::string_view kReserved[] = {"1.3.6.1.4.1.3704.1.3.4", "1.3.6.1.4.1.3704.1.3.5",
                                          "1.3.6.1.4.1.3704.1.3.6", "1.3.6.1.4.1.3704.1.3.7"};

constexpr uint8_t kIntegerTag = 0x02, kOctetStringTag = 0x04, kIa5StringTag = 0x16;
constexpr size_t kMaxText = 64;
constexpr size_t kHwidLen = 64, kTurinHwidLen = 8;

// An INTEGER from 0 to 255 in DER: 02 01 nn below 128, 02 02 00 nn from there on.
bool read_byte(BytesView der, uint8_t& out) {
  if (der.size() == 3 && der[0] == kIntegerTag && der[1] == 1 && der[2] < 0x80) {
    out = der[2];
    return true;
  }
  if (der.size() == 4 && der[0] == kIntegerTag && der[1] == 2 && der[2] == 0 && der[3] >= 0x80) {
    out = der[3];
    return true;
  }
  return false;
}

bool read_byte(const Certificate& c, std::string_view oid, uint8_t& out) {
  const auto value = c.extension(oid);
  return value.has_value() && read_byte(*value, out);
}

// An IA5String of printable ASCII.
bool read_text(BytesView der, std::string& out) {
  if (der.size() < 3 || der.size() > 2 + kMaxText || der[0] != kIa5StringTag ||
      der[1] != der.size() - 2)
    return false;
  for (const uint8_t c : der.subspan(2))
    if (c < 0x20 || c > 0x7e) return false;
  out = as_text(der.subspan(2));
  return true;
}

// The name before a stepping: "Milan" of "Milan-B0".
std::optional<SnpProduct> product_named(std::string_view name) {
  name = name.substr(0, name.find('-'));
  for (const SnpProduct p : {SnpProduct::kMilan, SnpProduct::kGenoa, SnpProduct::kTurin})
    if (name == name_of(p)) return p;
  return std::nullopt;
}

}  // namespace

std::optional<SnpSigningKey> vek_kind(const Certificate& certificate) {
  if (certificate.common_name() == "SEV-VCEK") return SnpSigningKey::kVcek;
  if (certificate.common_name() == "SEV-VLEK") return SnpSigningKey::kVlek;
  return std::nullopt;
}

Result<VekExtensions> parse_vek_extensions(const Certificate& c) {
  const std::unexpected<Error> bad = fail(Code::kMalformed, "vek.extension");
  VekExtensions out{};
  const auto product = c.extension(kProduct);
  if (!read_byte(c, kStructVersion, out.struct_version) || !product.has_value() ||
      !read_text(*product, out.product_name) || !read_byte(c, kBootLoader, out.tcb.boot_loader) ||
      !read_byte(c, kTee, out.tcb.tee) || !read_byte(c, kSnp, out.tcb.snp) ||
      !read_byte(c, kMicrocode, out.tcb.microcode))
    return bad;
  out.product = product_named(out.product_name);
  const bool turin = out.product == SnpProduct::kTurin;
  if (turin ? !read_byte(c, kFmc, out.tcb.fmc) : c.extension(kFmc).has_value()) return bad;
  for (const std::string_view oid : kReserved) {
    uint8_t part = 0;
    const auto value = c.extension(oid);
    if (value.has_value() && (!read_byte(*value, part) || part != 0)) return bad;
  }
  if (const auto csp = c.extension(kCspId); csp.has_value() && !read_text(*csp, out.csp_id))
    return bad;
  if (auto hwid = c.extension(kHwid); hwid.has_value()) {
    const size_t length = turin ? kTurinHwidLen : kHwidLen;
    if (hwid->size() == length + 2 && (*hwid)[0] == kOctetStringTag && (*hwid)[1] == length)
      hwid = hwid->subspan(2);
    if (hwid->size() != length) return fail(Code::kMalformed, "vek.hwid");
    out.hwid = to_bytes(*hwid);
  }
  return out;
}

}  // namespace blindai
