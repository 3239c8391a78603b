#include "enclave/tee/snp/snp_source.h"

#include "enclave/tee/kernel/tsm_report.h"
#include "enclave/tee/snp/certificate_table.h"
#include "enclave/tee/snp/sev_guest.h"
#include "lib/attest/snp_report.h"

namespace blindai {
namespace {

constexpr Id kReport{
    "tee.snp.report",
    "What the firmware sent is not a report over what was asked for; look into the "
    "kernel's log (dmesg)."};

// DER: a SEQUENCE. Some hosts put PEM into the table, which is not passed on as if it were DER.
bool is_der(BytesView certificate) {
  return !certificate.empty() && certificate[0] == 0x30;
}

}  // namespace

Result<Bytes> SnpSource::report(const ByteArray<64>& report_data) {
  const TsmRequest request{.provider = "sev_guest", .privlevel = vmpl_, .wants_auxblob = true};
  auto through_configfs = tsm_report(kernel_, request, report_data);
  if (through_configfs.has_value()) {
    table_ = std::move(through_configfs->auxblob);
    return std::move(through_configfs->outblob);
  }
  if (through_configfs.error().name() != "tee.tsm.absent")
    return std::unexpected(through_configfs.error());
  ASSIGN_OR_RETURN(SevReport through_device,
                   sev_guest_report(kernel_, vmpl_.value_or(0), report_data));
  table_ = std::move(through_device.certificate_table);
  return std::move(through_device.report);
}

Result<Evidence> SnpSource::evidence(const ByteArray<64>& report_data) {
  ASSIGN_OR_RETURN(Bytes raw, report(report_data));
  const auto parsed = parse_snp_report(raw);
  if (!parsed.has_value() || parsed->report_data != report_data)
    return fail(Code::kUnavailable, kReport);
  return keep(std::move(raw));
}

Collateral SnpSource::came_along() const {
  Collateral out;
  const auto table = parse_certificate_table(table_);
  const auto parsed = parse_snp_report(last().quote);
  if (!table.has_value() || !parsed.has_value()) return out;
  const BytesView vek = parsed->signing_key == SnpSigningKey::kVlek ? table->vlek : table->vcek;
  if (is_der(vek)) out.vek = to_bytes(vek);
  if (is_der(table->ask) && is_der(table->ark)) out.vek_chain = chain_of(*table);
  return out;
}

Result<std::optional<SecretKey>> SnpSource::sealing_root() {
  ASSIGN_OR_RETURN(SecretKey key, sev_guest_key(kernel_, vmpl_.value_or(0)));
  return key;
}

}  // namespace blindai
