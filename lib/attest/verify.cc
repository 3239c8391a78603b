#include "lib/attest/verify.h"

#include <algorithm>

#include "lib/attest/verifier.h"

namespace blindai {

std::string_view name_of(CheckState state) {
  switch (state) {
    case CheckState::kNotReached:
      return "not-reached";
    case CheckState::kPassed:
      return "passed";
    case CheckState::kFailed:
      return "failed";
  }
  return "not-reached";
}

Tee VerifiedEvidence::tee() const {
  constexpr Tee kByIndex[] = {Tee::kSgx, Tee::kTdx, Tee::kSnp, Tee::kNitro};
  return kByIndex[facts_.identity.index()];
}

BytesView VerifiedEvidence::measurement() const {
  struct Name {
    BytesView operator()(const SgxIdentity& id) const { return id.mr_enclave; }
    BytesView operator()(const TdxIdentity& id) const { return id.mr_td; }
    BytesView operator()(const SnpIdentity& id) const { return id.measurement; }
    BytesView operator()(const NitroIdentity& id) const {
      return id.pcrs[0].has_value() ? BytesView(*id.pcrs[0]) : BytesView();
    }
  };
  return std::visit(Name(), facts_.identity);
}

bool Verification::ok() const {
  return evidence_.has_value();
}

const Check* Verification::first_failure() const {
  const auto found = std::find_if(checks_.begin(), checks_.end(),
                                  [](const Check& c) { return c.state == CheckState::kFailed; });
  return found == checks_.end() ? nullptr : &*found;
}

const Check* Verification::find(std::string_view name) const {
  const auto found = std::find_if(checks_.begin(), checks_.end(),
                                  [name](const Check& c) { return c.name() == name; });
  return found == checks_.end() ? nullptr : &*found;
}

Problem Verification::problem() const {
  const Check* failed = first_failure();
  BLINDAI_CHECK(failed != nullptr);
  std::string sentence = failed->id.advice;
  sentence += " (expected ";
  sentence += failed->expected;
  sentence += ", found ";
  sentence += failed->found;
  sentence += ") [";
  sentence += failed->id.text;
  sentence += "]";
  return Problem(failed->code, failed->id, std::move(sentence));
}

Verifier::Verifier(std::span<const CheckSpec> specs, Time now) {
  result_.at_ = now;
  result_.checks_.reserve(specs.size());
  for (const CheckSpec& spec : specs)
    result_.checks_.push_back({spec.id, spec.code, CheckState::kNotReached, {}, {}});
}

bool Verifier::mark(size_t index, bool passed, std::string expected, std::string found) {
  Check& check = result_.checks_[index];
  BLINDAI_CHECK(check.state == CheckState::kNotReached);
  check.state = passed ? CheckState::kPassed : CheckState::kFailed;
  check.expected = std::move(expected);
  check.found = std::move(found);
  return passed;
}

bool Verifier::passed(size_t index) const {
  return result_.checks_[index].state == CheckState::kPassed;
}

Verification Verifier::finish(std::optional<VerifiedEvidence::Facts> facts) && {
  const bool all = std::all_of(result_.checks_.begin(), result_.checks_.end(),
                               [](const Check& c) { return c.state == CheckState::kPassed; });
  // Nothing failed and yet not everything was judged: that would be a fault of ours.
  BLINDAI_CHECK(all == (result_.first_failure() == nullptr));
  if (all && facts.has_value())
    result_.evidence_.emplace(VerifiedEvidence::Passkey(), *std::move(facts));
  BLINDAI_CHECK(all == result_.evidence_.has_value());
  return std::move(result_);
}

Verification verify(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                    const Policy& policy, const TrustRoots& roots, Time now) {
  switch (evidence.tee) {
    case Tee::kSgx:
    case Tee::kTdx:
      return verify_dcap(evidence, claims, collateral, policy, roots, now);
    case Tee::kSnp:
      return verify_snp(evidence, claims, collateral, policy, roots, now);
    case Tee::kNitro:
      break;
  }
  constexpr CheckSpec kUnsupported[] = {
      {{"evidence.tee", "This program verifies SGX, TDX and SEV-SNP evidence only. Update it."},
       Code::kUntrusted}};
  Verifier verifier(kUnsupported, now);
  verifier.mark(0, false, "sgx, tdx or snp", std::string(name_of(evidence.tee)));
  return std::move(verifier).finish({});
}

}  // namespace blindai
