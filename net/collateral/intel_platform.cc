#include "lib/attest/dcap_quote.h"
#include "lib/attest/pck.h"
#include "lib/attest/x509.h"
#include "net/collateral/platform.h"

namespace blindai {
namespace {

constexpr Id kPckCa{"collateral.pck-ca",
                    "The quote's PCK certificate is of an authority that is not known here; update "
                    "this program."};
// Intel PCK Certificate and CRL Profile: certification data of this type is the chain in PEM.
constexpr uint16_t kPemChain = 5;
constexpr std::string_view kProcessorCa = "Intel SGX PCK Processor CA";
constexpr std::string_view kPlatformCa = "Intel SGX PCK Platform CA";

}  // namespace

Result<IntelPlatform> intel_platform(const Evidence& evidence) {
  const auto quote = parse_dcap_quote(evidence.quote);
  if (!quote.has_value() || quote->certification_type != kPemChain)
    return fail(Code::kMalformed, kNoEvidence);
  const auto chain = parse_pem_chain(quote->certification, X509Profile::kIntel);
  if (!chain.has_value() || chain->size() < 2) return fail(Code::kMalformed, kNoEvidence);
  const auto pck = parse_pck_extension((*chain)[0].sgx_extension());
  if (!pck.has_value()) return fail(Code::kMalformed, kNoEvidence);
  const std::string& issuer = (*chain)[1].common_name();
  if (issuer != kProcessorCa && issuer != kPlatformCa) return fail(Code::kInvalid, kPckCa);
  return IntelPlatform{.fmspc = pck->fmspc,
                       .pck_ca = issuer == kProcessorCa ? "processor" : "platform"};
}

}  // namespace blindai
