#include "client/cli/collateral.h"

#include <ctime>

#include "client/cli/commands.h"
#include "client/cli/tensor_file.h"
#include "lib/attest/dcap_quote.h"
#include "lib/attest/snp_report.h"
#include "lib/base/json.h"
#include "lib/channel/attestation_message.h"
#include "net/collateral/fetcher.h"
#include "net/collateral/folder.h"

namespace blindai {
namespace {

FetcherOptions fetcher_options(const CollateralCommand& command) {
  FetcherOptions out;
  if (!command.pcs.empty()) out.pcs = command.pcs;
  if (!command.kds.empty()) out.kds = command.kds;
  out.cache_folder = command.cache;
  out.ca_file = command.ca;
  out.amd_product = command.product;
  return out;
}

// What came with the evidence, as far as nobody else can give it: a certificate of the host's.
Collateral certificates_with(BytesView file) {
  const auto message = decode_attestation_message(as_text(file));
  Collateral out;
  if (message.has_value() && message->evidence.tee == Tee::kSnp) out.vek = message->collateral.vek;
  return out;
}

Outcome<Tee> fetch(const CollateralCommand& command, const Console& console) {
  ASSIGN_OR_RETURN(const Bytes file, read_file(command.file));
  ASSIGN_OR_RETURN(const Evidence evidence, recognise_evidence(file));
  if (evidence.tee == Tee::kNitro)
    return problem(Code::kInvalid, "collateral.evidence",
                   "This is a Nitro document, which brings its certificates; there is nothing to "
                   "fetch.");
  ASSIGN_OR_RETURN(const std::unique_ptr<CollateralFetcher> fetcher,
                   CollateralFetcher::create(
                       fetcher_options(command), [] { return Time{std::time(nullptr)}; },
                       [&console](const Problem& problem) { report(console, problem); }));
  if (command.refresh) fetcher->forget_all();
  ASSIGN_OR_RETURN(const Collateral collateral, fetcher->fetch(evidence, certificates_with(file)));
  RETURN_IF_ERROR(write_collateral(command.out, evidence.tee, collateral));
  return evidence.tee;
}

}  // namespace

Outcome<Evidence> recognise_evidence(BytesView file) {
  if (!file.empty() && file[0] == '{') {
    ASSIGN_OR_RETURN(AttestationMessage message, decode_attestation_message(as_text(file)));
    return std::move(message.evidence);
  }
  if (const auto quote = parse_dcap_quote(file); quote.has_value())
    return Evidence{quote->td() != nullptr ? Tee::kTdx : Tee::kSgx, to_bytes(file)};
  if (parse_snp_report(file).has_value()) return Evidence{Tee::kSnp, to_bytes(file)};
  // COSE_Sign1: an array of four, tagged or not (RFC 9052 section 4.2).
  const bool cose = file.size() > 2 && (file[0] == 0x84 || (file[0] == 0xd2 && file[1] == 0x84));
  if (cose) return Evidence{Tee::kNitro, to_bytes(file)};
  return problem(Code::kInvalid, "collateral.evidence",
                 "The file holds no evidence that is known here; give a quote, a report, or what "
                 "`blindai verify --save` kept.");
}

ExitStatus run(const CollateralCommand& command, const Console& console) {
  const auto tee = fetch(command, console);
  if (!tee.has_value()) return report(console, tee.error());
  std::string names;
  for (const CollateralPart& part : collateral_parts(*tee)) {
    const std::string path = command.out + "/" + collateral_file(part.name);
    if (console.json)
      names += (names.empty() ? "" : ",") + json_quote(path);
    else
      names += path + "\n";
  }
  if (console.json)
    console.out << "{\"tee\":" << json_quote(name_of(*tee)) << ",\"files\":[" << names << "]}\n";
  else
    console.out << names << "Fetched, and not verified: whoever uses these files judges them.\n";
  return ExitStatus::kOk;
}

}  // namespace blindai
