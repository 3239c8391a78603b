#include <algorithm>

#include "lib/attest/vek.h"
#include "net/collateral/platform.h"

namespace blindai {
namespace {

constexpr Id kProduct{
    "collateral.product",
    "The report does not say which product it is from, or another than was given; "
    "say Milan, Genoa or Turin."};
constexpr Id kMasked{
    "collateral.chip-id",
    "The platform hides its chip's identity, so no VCEK can be asked for; the host "
    "has to send the certificate along, or have a VLEK."};
// AMD 57230, section 3.1: HWID of a Turin chip; its other bytes are zero.
constexpr size_t kTurinHwidLen = 8;

std::optional<SnpProduct> product_named(std::string_view name) {
  for (const SnpProduct product : {SnpProduct::kMilan, SnpProduct::kGenoa, SnpProduct::kTurin})
    if (name == name_of(product)) return product;
  return std::nullopt;
}

std::optional<SnpProduct> product_of_vek(BytesView der) {
  const auto certificate = Certificate::from_der(der, X509Profile::kAmdVek);
  if (!certificate.has_value()) return std::nullopt;
  const auto extensions = parse_vek_extensions(*certificate);
  return extensions.has_value() ? extensions->product : std::nullopt;
}

}  // namespace

Result<AmdPlatform> amd_platform(const Evidence& evidence, std::string_view product_name,
                                 BytesView vek) {
  const auto report = parse_snp_report(evidence.quote);
  if (!report.has_value()) return fail(Code::kMalformed, kNoEvidence, report.error().at);
  const std::optional<SnpProduct> given = product_named(product_name);
  std::optional<SnpProduct> product = given;
  if (report->cpu.has_value())
    product = product_of(*report->cpu);
  else if (product_name.empty() && !vek.empty())
    product = product_of_vek(vek);
  const bool contradicted = !product_name.empty() && given != product;
  if (!product.has_value() || contradicted) return fail(Code::kInvalid, kProduct);
  const std::optional<SnpTcb> tcb = tcb_parts(*product, report->reported_tcb);
  if (!tcb.has_value()) return fail(Code::kMalformed, kNoEvidence);
  const bool vlek = report->signing_key == SnpSigningKey::kVlek;
  const bool masked = std::ranges::all_of(report->chip_id, [](uint8_t byte) { return byte == 0; });
  if (masked && !vlek) return fail(Code::kInvalid, kMasked);
  const bool turin = *product == SnpProduct::kTurin;
  const BytesView chip_id = report->chip_id;
  AmdPlatform out{.product = std::string(name_of(*product)),
                  .vlek = vlek,
                  .hwid = to_hex(turin ? chip_id.first(kTurinHwidLen) : chip_id),
                  .fmc = std::nullopt,
                  .boot_loader = tcb->boot_loader,
                  .tee = tcb->tee,
                  .snp = tcb->snp,
                  .microcode = tcb->microcode};
  if (turin) out.fmc = tcb->fmc;
  return out;
}

}  // namespace blindai
