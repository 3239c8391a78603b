#include "lib/attest/snp_report.h"

#include <algorithm>

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

constexpr size_t kReportLen = 1184;
constexpr size_t kSignedLen = 0x2a0;
constexpr uint32_t kKeyInfoKnown = 0x1f;

bool read_firmware(ByteReader& r, SnpFirmware& out) {
  return r.u8(out.build) && r.u8(out.minor) && r.u8(out.major);
}

// 0x00 to 0x4f, the version already read.
bool read_head(ByteReader& r, SnpReport& out, uint32_t& key_info) {
  return r.u32le(out.guest_svn) && r.u64le(out.policy) && r.array(out.family_id) &&
         r.array(out.image_id) && r.u32le(out.vmpl) && r.u32le(out.signature_algorithm) &&
         r.array(out.current_tcb) && r.u64le(out.platform_info) && r.u32le(key_info) && r.zeros(4);
}

bool read_identity(ByteReader& r, SnpReport& out) {
  return r.array(out.report_data) && r.array(out.measurement) && r.array(out.host_data) &&
         r.array(out.id_key_digest) && r.array(out.author_key_digest) && r.array(out.report_id) &&
         r.array(out.report_id_ma) && r.array(out.reported_tcb);
}

// 0x188 to 0x19f.
bool read_cpu(ByteReader& r, SnpReport& out) {
  if (out.version < 3) return r.zeros(24);
  SnpCpu cpu{};
  if (!r.u8(cpu.family) || !r.u8(cpu.model) || !r.u8(cpu.stepping) || !r.zeros(21)) return false;
  out.cpu = cpu;
  return true;
}

// 0x1a0 to 0x29f.
bool read_platform(ByteReader& r, SnpReport& out) {
  if (!r.array(out.chip_id) || !r.array(out.committed_tcb) ||
      !read_firmware(r, out.current_firmware) || !r.zeros(1) ||
      !read_firmware(r, out.committed_firmware) || !r.zeros(1) || !r.array(out.launch_tcb))
    return false;
  if (out.version >= 5 && (!r.u64le(out.launch_mitigations) || !r.u64le(out.current_mitigations)))
    return false;
  return r.zeros(kSignedLen - r.at());
}

// One of the two numbers: 48 bytes, little-endian, in a field of 72.
bool read_number(ByteReader& r, uint8_t* big_endian) {
  ByteArray<48> number;
  if (!r.array(number) || !r.zeros(24)) return false;
  std::reverse_copy(number.begin(), number.end(), big_endian);
  return true;
}

}  // namespace

std::string_view name_of(SnpProduct product) {
  switch (product) {
    case SnpProduct::kMilan:
      return "Milan";
    case SnpProduct::kGenoa:
      return "Genoa";
    case SnpProduct::kTurin:
      return "Turin";
  }
  return "unknown";
}

std::optional<SnpTcb> tcb_parts(SnpProduct product, const SnpTcbBytes& tcb) {
  if (product == SnpProduct::kTurin) {
    if ((tcb[4] | tcb[5] | tcb[6]) != 0) return std::nullopt;
    return SnpTcb{tcb[0], tcb[1], tcb[2], tcb[3], tcb[7]};
  }
  if ((tcb[2] | tcb[3] | tcb[4] | tcb[5]) != 0) return std::nullopt;
  return SnpTcb{0, tcb[0], tcb[1], tcb[6], tcb[7]};
}

std::optional<SnpProduct> product_of(const SnpCpu& cpu) {
  if (cpu.family == 0x19) {
    if (cpu.model <= 0x0f) return SnpProduct::kMilan;
    // 0xa0 to 0xaf: Bergamo and Siena, which have Genoa's keys.
    if ((cpu.model >= 0x10 && cpu.model <= 0x1f) || (cpu.model >= 0xa0 && cpu.model <= 0xaf))
      return SnpProduct::kGenoa;
  }
  if (cpu.family == 0x1a && cpu.model <= 0x11) return SnpProduct::kTurin;
  return std::nullopt;
}

Result<SnpReport> parse_snp_report(BytesView wire) {
  if (wire.size() != kReportLen) return fail(Code::kMalformed, "snp.report.length", wire.size());
  ByteReader r(wire);
  SnpReport out{};
  if (!r.u32le(out.version) || out.version < 2 || out.version > 5)
    return fail(Code::kUntrusted, "snp.report.version");
  uint32_t key_info = 0;
  if (!read_head(r, out, key_info) || (key_info & ~kKeyInfoKnown) != 0 || !read_identity(r, out) ||
      !read_cpu(r, out) || !read_platform(r, out))
    return fail(Code::kMalformed, "snp.report.reserved", r.at());
  out.author_key_en = (key_info & 1) != 0;
  out.mask_chip_key = (key_info & 2) != 0;
  out.signing_key = static_cast<SnpSigningKey>(key_info >> 2 & 7);
  out.signed_part = r.since(0);
  if (!read_number(r, out.signature.data()) || !read_number(r, out.signature.data() + 48) ||
      !r.zeros(r.remaining()))
    return fail(Code::kMalformed, "snp.report.reserved", r.at());
  return out;
}

}  // namespace blindai
