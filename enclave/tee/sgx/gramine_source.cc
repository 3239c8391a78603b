#include "enclave/tee/sgx/gramine_source.h"

#include <algorithm>
#include <cerrno>

#include "lib/attest/dcap_quote.h"

namespace blindai {
namespace {

constexpr Id kAbsent{"tee.sgx.absent",
                     "There is no /dev/attestation: start the server inside an SGX enclave, with "
                     "gramine-sgx."};
constexpr Id kType{
    "tee.sgx.type",
    "/dev/attestation/attestation_type does not say \"dcap\": put sgx.remote_attestation "
    "= \"dcap\" into Gramine's manifest, and sign it again."};
constexpr Id kFailed{
    "tee.sgx.failed",
    "Gramine could not get a quote: check that the host's AESM service runs and that "
    "the platform's DCAP provider is set up."};
constexpr Id kKey{"tee.sgx.key",
                  "Gramine gave no key for this enclave (/dev/attestation/keys/_sgx_mrenclave): "
                  "use a version that has it, and start the server with gramine-sgx."};
// EGETKEY's are of 128 bits.
constexpr size_t kKeyLen = 16;
constexpr Id kStale{"tee.sgx.stale",
                    "Gramine's quote is over other data than was asked for; report this with the "
                    "version of Gramine."};

Result<std::string> attestation_type(Kernel& kernel) {
  const Errno<std::string> type = read_kernel_text(kernel, "/dev/attestation/attestation_type");
  if (type.has_value()) return *type;
  if (type.error() == ENOENT || type.error() == ENOTDIR) return fail(Code::kNotFound, kAbsent);
  return fail(Code::kUnavailable, kFailed);
}

}  // namespace

Result<Evidence> GramineSource::evidence(const ByteArray<64>& report_data) {
  ASSIGN_OR_RETURN(const std::string type, attestation_type(kernel_));
  if (type != "dcap") return fail(Code::kUnavailable, kType);
  if (!write_kernel_file(kernel_, "/dev/attestation/user_report_data", report_data).has_value())
    return fail(Code::kUnavailable, kFailed);
  Errno<Bytes> quote = read_kernel_file(kernel_, "/dev/attestation/quote", kMaxDcapQuoteLen);
  if (!quote.has_value() || quote->empty()) return fail(Code::kUnavailable, kFailed);
  const auto parsed = parse_dcap_quote(*quote);
  if (!parsed.has_value() || parsed->sgx() == nullptr) return fail(Code::kUnavailable, kFailed);
  if (parsed->sgx()->report_data != report_data) return fail(Code::kInternal, kStale);
  return keep(std::move(*quote));
}

Result<std::optional<SecretKey>> GramineSource::sealing_root() {
  RETURN_IF_ERROR(attestation_type(kernel_));
  Errno<Bytes> raw = read_kernel_file(kernel_, "/dev/attestation/keys/_sgx_mrenclave", kKeyLen);
  if (!raw.has_value()) return fail(Code::kUnavailable, kKey);
  const bool given =
      raw->size() == kKeyLen && std::ranges::any_of(*raw, [](uint8_t byte) { return byte != 0; });
  ByteArray<32> padded{};
  if (given) std::ranges::copy(*raw, padded.begin());
  wipe(raw->data(), raw->size());
  SecretKey out(std::move(padded));
  if (!given) return fail(Code::kUnavailable, kKey);
  return out;
}

}  // namespace blindai
