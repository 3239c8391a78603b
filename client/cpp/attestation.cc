#include "client/cpp/attestation.h"

#include <algorithm>
#include <ctime>

#include "lib/channel/simulation_root.h"

namespace blindai {
namespace {

constexpr Id kSimulation{
    "client.simulation",
    "This server runs the simulation, which protects nothing: its operator can read everything "
    "sent to it. For development only, allow it with --simulation (CLI) or simulation=True "
    "(Python); otherwise use a server on real hardware."};

// The check that fails when evidence is in order but ends at another root ("sgx.pck.root").
const Check* root_check(const Verification& verification) {
  const auto found = std::ranges::find_if(
      verification.checks(), [](const Check& c) { return c.name().ends_with(".root"); });
  return found == verification.checks().end() ? nullptr : &*found;
}

TrustRoots roots_for(bool simulation) {
  return simulation ? simulation_roots() : production_roots();
}

// Only to say it clearly: the evidence has been refused already.
bool is_simulation(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                   const Policy& policy, Time now) {
  const Verification v = verify(evidence, claims, collateral, policy, simulation_roots(), now);
  const Check* root = root_check(v);
  return root != nullptr && root->state == CheckState::kPassed;
}

Problem refusal(const Verification& verification, const Evidence& evidence, BytesView claims,
                const Collateral& collateral, const Policy& policy, bool simulation, Time now) {
  const Check* root = root_check(verification);
  const bool other_root = root != nullptr && root->state == CheckState::kFailed;
  if (!simulation && other_root && is_simulation(evidence, claims, collateral, policy, now))
    return Problem(Error{Code::kUntrusted, kSimulation});
  return verification.problem();
}

// Where there is no verified evidence there is nothing to compare with.
std::vector<Check> not_reached(bool fresh) {
  std::vector<Check> out;
  for (const Id id : {Id("channel.claims"), Id("channel.key"), Id("channel.config"),
                      Id("channel.config-accepted"), Id("channel.receipt-key")})
    out.push_back({id, Code::kUntrusted, CheckState::kNotReached, "", ""});
  if (fresh)
    for (const Id id : {Id("channel.nonce"), Id("channel.exporter")})
      out.push_back({id, Code::kUntrusted, CheckState::kNotReached, "", ""});
  return out;
}

bool all_passed(const std::vector<Check>& checks) {
  return !checks.empty() &&
         std::ranges::all_of(checks, [](const Check& c) { return c.state == CheckState::kPassed; });
}

}  // namespace

bool AttestedServer::ok() const {
  return certificate.ok() && fresh.ok() && all_passed(certificate_channel) && all_passed(channel);
}

Outcome<void> judge_server(const Presented& presented, const Policy& policy, bool simulation,
                           Time now, VerificationCache& cache, AttestedServer& out) {
  const AttestedCertificate& certificate = presented.certificate;
  const AttestationMessage& message = presented.message;
  const TrustRoots roots = roots_for(simulation);
  out.simulation = simulation;
  out.config = message.config;
  out.receipt_key = message.receipt_key_spki;
  out.certificate = verify(certificate.evidence, certificate.claims, message.collateral, policy,
                           roots, now, cache);
  out.fresh =
      verify(message.evidence, message.claims, message.collateral, policy, roots, now, cache);
  const ChannelFacts here{.tls_spki = certificate.spki,
                          .config = as_bytes(message.config),
                          .receipt_key_spki = message.receipt_key_spki};
  Binding old, now_bound;
  old.checks = not_reached(false);
  now_bound.checks = not_reached(true);
  if (out.certificate.ok())
    old = bind_certificate(*out.certificate.evidence(), certificate.claims, here,
                           policy.configurations);
  if (out.fresh.ok())
    now_bound = bind_fresh(*out.fresh.evidence(), message.claims, here, presented.freshness,
                           policy.configurations);
  out.certificate_channel = old.checks;
  out.channel = now_bound.checks;
  if (!out.certificate.ok())
    return std::unexpected(refusal(out.certificate, certificate.evidence, certificate.claims,
                                   message.collateral, policy, simulation, now));
  if (!old.ok()) return std::unexpected(old.problem());
  if (!out.fresh.ok())
    return std::unexpected(refusal(out.fresh, message.evidence, message.claims, message.collateral,
                                   policy, simulation, now));
  if (!now_bound.ok()) return std::unexpected(now_bound.problem());
  BLINDAI_CHECK(out.ok());
  return {};
}

Outcome<void> judge_evidence(const Evidence& evidence, BytesView claims,
                             const Collateral& collateral, const Policy& policy, bool simulation,
                             Time now, Verification& out) {
  out = verify(evidence, claims, collateral, policy, roots_for(simulation), now);
  if (out.ok()) return {};
  return std::unexpected(refusal(out, evidence, claims, collateral, policy, simulation, now));
}

Outcome<void> judge_saved(std::string_view text, const Policy& policy, bool simulation, Time now,
                          AttestedServer& out) {
  ASSIGN_OR_RETURN(const AttestationMessage message, decode_attestation_message(text));
  out.simulation = simulation;
  out.config = message.config;
  out.receipt_key = message.receipt_key_spki;
  out.message = text;
  RETURN_IF_ERROR(judge_evidence(message.evidence, message.claims, message.collateral, policy,
                                 simulation, now, out.fresh));
  Binding binding = bind_certificate(*out.fresh.evidence(), message.claims,
                                     {.tls_spki = {},
                                      .config = as_bytes(message.config),
                                      .receipt_key_spki = message.receipt_key_spki},
                                     policy.configurations);
  std::erase_if(binding.checks, [](const Check& c) { return c.name() == "channel.key"; });
  out.channel = binding.checks;
  if (!binding.ok()) return std::unexpected(binding.problem());
  return {};
}

Time now_of_system() {
  return Time{static_cast<int64_t>(std::time(nullptr))};
}

}  // namespace blindai
