#include "lib/channel/binding.h"

#include <algorithm>

#include "lib/channel/compared.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr Id kClaims{"channel.claims",
                     "The server sent claims that its evidence does not vouch for. Do not send "
                     "data to it; report it to its operator."};
constexpr Id kKey{"channel.key",
                  "The evidence belongs to another TLS key: something between you and the server "
                  "may be intercepting the connection. Do not send data; try another network."};
constexpr Id kConfig{"channel.config",
                     "The server sent a configuration other than the attested one. Do not send "
                     "data to it; report it to its operator."};
constexpr Id kConfigAccepted{
    "channel.config-accepted",
    "The server runs a configuration that your policy does not list. Read the configuration it "
    "sent, and add its hash to the policy's configurations only if you agree with it."};
constexpr Id kReceiptKey{
    "channel.receipt-key",
    "The server sent a receipt key other than the attested one. Do not rely on "
    "its receipts; report it to its operator."};
constexpr Id kNonce{"channel.nonce",
                    "The evidence was not made for this question: it may be an old one shown "
                    "again. Do not send data; connect again."};
constexpr Id kExporter{
    "channel.exporter",
    "The evidence was made for another TLS connection: something may be relaying "
    "it. Do not send data; try another network."};

Check check(Id id, CheckState state, std::string expected, std::string found) {
  return {id, Code::kUntrusted, state, std::move(expected), std::move(found)};
}

Check not_reached(Id id) {
  return check(id, CheckState::kNotReached, "", "");
}

Check compare_present(Id id, BytesView expected, const std::optional<ByteArray<32>>& found) {
  if (!found.has_value()) return check(id, CheckState::kFailed, to_hex(expected), "absent");
  return compare(id, expected, *found);
}

Check accepted(const Sha256Digest& found, const Accepted<Sha256Digest>& configurations) {
  std::string expected;
  if (configurations.any) {
    expected = "any";
  } else if (configurations.values.empty()) {
    expected = "none";
  } else {
    for (const Sha256Digest& digest : configurations.values)
      expected += (expected.empty() ? "" : " or ") + to_hex(digest);
  }
  const bool good = configurations.accepts(found);
  Check out = check(kConfigAccepted, good ? CheckState::kPassed : CheckState::kFailed,
                    std::move(expected), to_hex(found));
  out.code = Code::kDenied;
  return out;
}

// "channel.claims": fills in `claims` when it passes.
Check read_claims(const VerifiedEvidence& evidence, BytesView wire, std::optional<Claims>& claims) {
  const ByteArray<64> expected = report_data_of(wire);
  Check out = compare(kClaims, evidence.report_data(), expected);
  if (out.state != CheckState::kPassed) return out;
  Result<Claims> read = parse_claims(wire);
  if (read.has_value()) {
    claims = std::move(*read);
  } else {
    out.state = CheckState::kFailed;
    out.code = read.error().code;
    out.expected = "claims in the documented form";
    out.found = std::string(read.error().name());
  }
  return out;
}

Binding bind(const VerifiedEvidence& evidence, BytesView wire, const ChannelFacts& here,
             const Freshness* fresh, const Accepted<Sha256Digest>& configurations) {
  Binding out;
  out.checks.push_back(read_claims(evidence, wire, out.claims));
  if (!out.claims.has_value()) {
    for (const Id id : {kKey, kConfig, kConfigAccepted, kReceiptKey})
      out.checks.push_back(not_reached(id));
    if (fresh != nullptr)
      for (const Id id : {kNonce, kExporter}) out.checks.push_back(not_reached(id));
    return out;
  }
  const Claims& claims = *out.claims;
  out.checks.push_back(compare(kKey, sha256(here.tls_spki), claims.tls_key_hash));
  out.checks.push_back(compare(kConfig, sha256(here.config), claims.config_hash));
  out.checks.push_back(accepted(claims.config_hash, configurations));
  out.checks.push_back(
      compare(kReceiptKey, sha256(here.receipt_key_spki), claims.receipt_key_hash));
  if (fresh != nullptr) {
    out.checks.push_back(compare_present(kNonce, fresh->nonce, claims.nonce));
    out.checks.push_back(compare_present(kExporter, fresh->exporter, claims.exporter));
  }
  return out;
}

}  // namespace

bool Binding::ok() const {
  return !checks.empty() &&
         std::ranges::all_of(checks, [](const Check& c) { return c.state == CheckState::kPassed; });
}

const Check* Binding::first_failure() const {
  for (const Check& c : checks)
    if (c.state == CheckState::kFailed) return &c;
  return nullptr;
}

const Check* Binding::find(std::string_view name) const {
  for (const Check& c : checks)
    if (c.name() == name) return &c;
  return nullptr;
}

Problem Binding::problem() const {
  const Check* failure = first_failure();
  BLINDAI_CHECK(failure != nullptr);
  return Problem(failure->code, failure->id,
                 std::string(failure->id.advice) + " (" + failure->id.text + ": expected " +
                     failure->expected + ", found " + failure->found + ")");
}

Binding bind_certificate(const VerifiedEvidence& evidence, BytesView claims,
                         const ChannelFacts& here, const Accepted<Sha256Digest>& configurations) {
  return bind(evidence, claims, here, nullptr, configurations);
}

Binding bind_fresh(const VerifiedEvidence& evidence, BytesView claims, const ChannelFacts& here,
                   const Freshness& fresh, const Accepted<Sha256Digest>& configurations) {
  return bind(evidence, claims, here, &fresh, configurations);
}

}  // namespace blindai
