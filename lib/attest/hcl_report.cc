#include "lib/attest/hcl_report.h"

#include "lib/base/byte_reader.h"
#include "lib/base/json.h"
#include "lib/crypto/rsa.h"

namespace blindai {
namespace {

constexpr size_t kHeaderLen = 32;
constexpr size_t kRuntimeAt = kHeaderLen + kHclHardwareReportLen;
constexpr size_t kRuntimeHeaderLen = 20;
constexpr size_t kMaxRuntime = 8 * 1024;

// AMD 56860, section 7.3.
constexpr size_t kSnpReportDataAt = 0x50;
constexpr size_t kSnpMeasurementAt = 0x90;
// Intel TDX Module ABI, TDREPORT_STRUCT: REPORTMACSTRUCT, then TDINFO_STRUCT at 512.
constexpr size_t kTdReportDataAt = 128;
constexpr size_t kTdMrtdAt = 528;

constexpr Id kLayout{"azure.hcl.layout"};
constexpr Id kRuntimeLayout{"azure.runtime.layout"};

template <size_t N>
std::optional<ByteArray<N>> field(const HclReport& report, size_t snp_at, size_t tdx_at) {
  if (report.report_type != kHclReportSnp && report.report_type != kHclReportTdx) return {};
  const size_t at = report.report_type == kHclReportSnp ? snp_at : tdx_at;
  ByteArray<N> out;
  ByteReader r(report.hardware_report.subspan(at));
  BLINDAI_CHECK(r.array(out));
  return out;
}

// RFC 7518 section 6.3.1.
std::optional<RsaPublicKey> rsa_key(const JsonValue& jwk) {
  const auto type = jwk["kty"].plain_string();
  const auto n = jwk["n"].plain_string();
  const auto e = jwk["e"].plain_string();
  if (!type.has_value() || *type != "RSA" || !n.has_value() || !e.has_value()) return {};
  auto modulus = from_base64url(*n);
  auto exponent = from_base64url(*e);
  if (!modulus.has_value() || !exponent.has_value() || !is_rsa_key(*modulus, *exponent)) return {};
  return RsaPublicKey{*std::move(modulus), *std::move(exponent)};
}

// The one key of that name; absent when there is none or more than one.
JsonValue only_key(const JsonValue& keys, std::string_view name) {
  JsonValue out;
  for (JsonValue key = keys.first(); key.exists(); key = key.next_in(keys)) {
    const auto id = key["kid"].plain_string();
    if (!id.has_value() || *id != name) continue;
    if (out.exists()) return {};
    out = key;
  }
  return out;
}

bool only_signs(const JsonValue& jwk) {
  const JsonValue operations = jwk["key_ops"];
  if (!operations.is_array() || operations.size() != 1) return false;
  const auto operation = operations.first().plain_string();
  return operation.has_value() && *operation == "sign";
}

}  // namespace

std::optional<ByteArray<64>> HclReport::report_data() const {
  return field<64>(*this, kSnpReportDataAt, kTdReportDataAt);
}

std::optional<ByteArray<48>> HclReport::measurement() const {
  return field<48>(*this, kSnpMeasurementAt, kTdMrtdAt);
}

Result<HclReport> parse_hcl_report(BytesView wire) {
  if (wire.size() > kMaxHclReport) return fail(Code::kTooLarge, "azure.hcl.too-large");
  ByteReader r(wire);
  HclReport out{};
  uint32_t total = 0;
  uint32_t status = 0;
  uint32_t runtime_size = 0;
  uint32_t json_size = 0;
  const bool read = r.array(out.magic) && r.u32le(out.version) && r.u32le(total) &&
                    r.u32le(out.request_type) && r.u32le(status) && status == 0 && r.zeros(12) &&
                    r.bytes(out.hardware_report, kHclHardwareReportLen) && r.u32le(runtime_size) &&
                    r.u32le(out.runtime_version) && r.u32le(out.report_type) &&
                    r.u32le(out.hash_type) && r.u32le(json_size) &&
                    r.bytes(out.runtime_data, json_size);
  if (!read || runtime_size != kRuntimeHeaderLen + uint64_t{json_size} ||
      total != kRuntimeAt + uint64_t{runtime_size} || !r.zeros(r.remaining()))
    return fail(Code::kMalformed, kLayout, r.at());
  return out;
}

Result<HclRuntime> parse_hcl_runtime(std::string_view json) {
  ASSIGN_OR_RETURN(const JsonDocument doc,
                   JsonDocument::parse(json, {.max_bytes = kMaxRuntime, .max_depth = 8}));
  const JsonValue root = doc.root();
  const JsonValue jwk = only_key(root["keys"], "HCLAkPub");
  auto key = rsa_key(jwk);
  if (!root["keys"].is_array() || !key.has_value()) return fail(Code::kMalformed, kRuntimeLayout);
  const JsonValue vm = root["vm-configuration"];
  const auto secure_boot = vm["secure-boot"].boolean();
  const auto tpm = vm["tpm-enabled"].boolean();
  auto id = vm["vmUniqueId"].string();
  if (!secure_boot.has_value() || !tpm.has_value() || !id.has_value())
    return fail(Code::kMalformed, kRuntimeLayout, vm.offset());
  HclRuntime out{*std::move(key), only_signs(jwk), *secure_boot, *tpm, *std::move(id), {}};
  if (const JsonValue user_data = root["user-data"]; user_data.exists()) {
    const auto hex = user_data.plain_string();
    const auto bytes = array_from_hex<64>(hex.value_or(""));
    if (!bytes.has_value()) return fail(Code::kMalformed, kRuntimeLayout, user_data.offset());
    out.user_data = *bytes;
  }
  return out;
}

}  // namespace blindai
