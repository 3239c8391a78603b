#include "lib/attest/verify.h"

#include <algorithm>

#include "lib/attest/recall.h"
#include "lib/attest/verifier.h"

namespace blindai {

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

Verification Verifier::finish(std::optional<VerifiedEvidence::Facts> facts) && {
  std::optional<VerifiedEvidence> evidence;
  if (book_.all_passed() && facts.has_value())
    evidence.emplace(VerifiedEvidence::Passkey(), *std::move(facts));
  return Verification(std::move(book_).finish(std::move(evidence)), now_);
}

namespace {

Verification verify_with(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                         const Policy& policy, const TrustRoots& roots, Time now, Recall& recall) {
  switch (evidence.tee) {
    case Tee::kSgx:
    case Tee::kTdx:
      return verify_dcap(evidence, claims, collateral, policy, roots, now, recall);
    case Tee::kSnp:
      return verify_snp(evidence, claims, collateral, policy, roots, now, recall);
    case Tee::kNitro:
      return verify_nitro(evidence, claims, policy, roots, now, recall);
  }
  constexpr CheckSpec kUnsupported[] = {
      {{"evidence.tee", "This program does not verify evidence of this TEE. Update it."},
       Code::kUntrusted}};
  Verifier verifier(kUnsupported, now);
  verifier.mark(0, false, "sgx, tdx, snp or nitro", std::string(name_of(evidence.tee)));
  return std::move(verifier).finish({});
}

// Whether nothing stands against it but what this caller accepts and expects.
bool platform_passed(const Verification& v) {
  return std::ranges::all_of(v.checks(), [](const Check& c) {
    return c.state == CheckState::kPassed || c.name().starts_with("policy.") ||
           c.name().starts_with("claims.");
  });
}

}  // namespace

Verification verify(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                    const Policy& policy, const TrustRoots& roots, Time now) {
  Recall nothing(nullptr);
  return verify_with(evidence, claims, collateral, policy, roots, now, nothing);
}

Verification verify(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                    const Policy& policy, const TrustRoots& roots, Time now,
                    VerificationCache& cache) {
  Recall recall(&cache);
  Verification out = verify_with(evidence, claims, collateral, policy, roots, now, recall);
  if (platform_passed(out)) recall.keep();
  return out;
}

}  // namespace blindai
