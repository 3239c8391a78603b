#include "enclave/tee/tdx/tdx_source.h"

#include "enclave/tee/kernel/tsm_report.h"
#include "lib/attest/dcap_quote.h"

namespace blindai {
namespace {

constexpr Id kQuote{
    "tee.tdx.quote",
    "What the host sent is not a TDX quote over what was asked for; check its quoting "
    "service (QGS), and that it knows this platform."};

}  // namespace

Result<Evidence> TdxSource::evidence(const ByteArray<64>& report_data) {
  const TsmRequest request{
      .provider = "tdx_guest", .privlevel = std::nullopt, .wants_auxblob = false};
  ASSIGN_OR_RETURN(TsmReport report, tsm_report(kernel_, request, report_data));
  const auto quote = parse_dcap_quote(report.outblob);
  if (!quote.has_value() || quote->td() == nullptr || quote->td()->report_data != report_data)
    return fail(Code::kUnavailable, kQuote);
  return keep(std::move(report.outblob));
}

}  // namespace blindai
