#include "client/cli/verify_report.h"

#include "client/cli/console.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// Most checks cannot be reached after a failure; they are counted instead of listed.
void put_checks(std::string& out, std::span<const Check> checks, size_t& num_not_reached) {
  for (const Check& check : checks) {
    if (check.state == CheckState::kNotReached) {
      ++num_not_reached;
      continue;
    }
    const bool passed = check.state == CheckState::kPassed;
    out += passed ? "  ok       " : "  FAILED   ";
    out += check.name();
    out += '\n';
    if (passed) continue;
    out += "             expected  " + printable(check.expected) + "\n";
    out += "             found     " + printable(check.found) + "\n";
    out += "             " + std::string(check.id.advice) + "\n";
  }
}

void put_group(std::string& out, std::string_view title, std::span<const Check> checks,
               std::span<const Check> more) {
  out += std::string(title) + "\n";
  size_t num_not_reached = 0;
  put_checks(out, checks, num_not_reached);
  put_checks(out, more, num_not_reached);
  if (num_not_reached > 0)
    out += "  -        " + std::to_string(num_not_reached) +
           " checks more that need what failed (--json names them)\n";
  out += '\n';
}

// `config`: null when the evidence came without one.
void put_facts(std::string& out, const VerifiedEvidence* evidence, bool simulation,
               const std::string* config) {
  if (evidence == nullptr) return;
  std::string advisories;
  for (const std::string& advisory : evidence->advisories())
    advisories += (advisories.empty() ? "" : ", ") + printable(advisory);
  const auto line = [&out](std::string_view name, const std::string& value) {
    out += "  ";
    out += name;
    out.append(16 - name.size(), ' ');
    out += value + "\n";
  };
  line("TEE", std::string(name_of(evidence->tee())) +
                  (simulation ? " (SIMULATION: protects nothing)" : ""));
  line("program", to_hex(evidence->measurement()));
  line("platform", std::string(name_of(evidence->tcb_status())) +
                       (advisories.empty() ? "" : " (" + advisories + ")"));
  if (config != nullptr) line("configuration", to_hex(sha256(as_bytes(*config))));
  line("holds until", to_rfc3339(evidence->fresh_until()));
  out += '\n';
}

}  // namespace

std::string verify_report(const AttestedServer& server) {
  std::string out;
  put_group(out, "Evidence in the TLS certificate", server.certificate.checks(),
            server.certificate_channel);
  put_group(out, "Evidence made now, for this connection", server.fresh.checks(), server.channel);
  if (server.ok()) put_facts(out, server.fresh.evidence(), server.simulation, &server.config);
  return out;
}

std::string file_report(const JudgedEvidence& judged) {
  std::string out;
  put_group(out, "Evidence in the file", judged.verification.checks(), judged.channel);
  put_facts(out, judged.verification.evidence(), judged.simulation,
            judged.config.has_value() ? &*judged.config : nullptr);
  return out;
}

}  // namespace blindai
