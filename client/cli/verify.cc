#include <fstream>

#include "client/cli/commands.h"
#include "client/cli/tensor_file.h"
#include "client/cli/verify_report.h"
#include "client/cpp/evidence_file.h"

namespace blindai {
namespace {

Outcome<void> save(const std::string& path, const std::string& message) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << message;
  out.close();
  if (out.good()) return {};
  return problem(Code::kUnavailable, "file.write",
                 "The file \"" + path + "\" cannot be written; check its path and permissions.");
}

Outcome<EvidenceInputs> inputs_of(const VerifyCommand& command) {
  ASSIGN_OR_RETURN(ConnectOptions options, connect_options(command.server));
  EvidenceInputs out{.policy = std::move(options.policy),
                     .simulation = options.simulation,
                     .at = command.at.value_or(now_of_system()),
                     .claims = {},
                     .collateral_folder = command.collateral,
                     .tpm_folder = command.tpm,
                     .nonce = command.nonce};
  if (!command.claims.empty()) {
    ASSIGN_OR_RETURN(out.claims, read_file(command.claims));
  }
  return out;
}

ExitStatus verify_file(const VerifyCommand& command, const Console& console) {
  const auto inputs = inputs_of(command);
  if (!inputs.has_value()) return report(console, inputs.error());
  const auto content = read_file(command.file);
  if (!content.has_value()) return report(console, content.error());
  JudgedEvidence seen;
  const Outcome<void> verdict = verify_evidence_file(*content, *inputs, seen);
  if (!seen.verification.checks().empty())
    console.out << (console.json ? to_json(seen) + "\n" : file_report(seen));
  if (!verdict.has_value()) return report(console, verdict.error());
  if (!console.json)
    console.out
        << "The file holds evidence that satisfies the policy. It does not show who you are "
           "connected to: verify the server's address for that.\n";
  return ExitStatus::kOk;
}

}  // namespace

ExitStatus run(const VerifyCommand& command, const Console& console) {
  if (!command.file.empty()) return verify_file(command, console);
  const auto options = connect_options(command.server);
  if (!options.has_value()) return report(console, options.error());
  AttestedServer failed;
  const auto connection = Connection::connect(command.server.address, *options, &failed);
  const AttestedServer& seen = connection.has_value() ? (*connection)->server() : failed;
  if (!seen.certificate.checks().empty())
    console.out << (console.json ? to_json(seen) + "\n" : verify_report(seen));
  if (!command.save.empty() && !seen.message.empty())
    if (const auto saved = save(command.save, seen.message); !saved.has_value())
      return report(console, saved.error());
  if (!connection.has_value()) return report(console, connection.error());
  if (!console.json)
    console.out << (seen.simulation
                        ? "Verified, as a SIMULATION: every check ran, and nothing is protected.\n"
                        : "Verified.\n");
  return ExitStatus::kOk;
}

}  // namespace blindai
