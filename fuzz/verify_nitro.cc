// The whole verifier of Nitro documents. An input is a time (8 bytes, little-endian), the hash of
// the trusted root (32), the length of the claims (2), the claims, and the document. The seed
// verifies. The policy accepts whatever PCR 0 the document has, so that mutants get that far.
//
// Property: evidence comes out exactly when every check passed; a refusal has a failed check; the
// result is JSON; nothing verifies with a byte more or less.
#include <cstdlib>

#include "lib/attest/nitro_document.h"
#include "lib/attest/verify.h"
#include "lib/base/byte_reader.h"
#include "lib/base/json.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

blindai::Policy policy_for(blindai::BytesView document) {
  blindai::Policy out;
  out.max_evidence_age_s = 600;
  out.nitro.emplace();
  const auto message = blindai::parse_cose_sign1(document);
  if (!message.has_value()) return out;
  const auto parsed = blindai::parse_nitro_payload(message->payload);
  if (!parsed.has_value() || !parsed->pcrs[0].has_value() || parsed->pcrs[0]->size() != 48)
    return out;
  blindai::ByteArray<48> pcr0;
  std::copy(parsed->pcrs[0]->begin(), parsed->pcrs[0]->end(), pcr0.begin());
  out.nitro->pcrs[0] = {pcr0};
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  blindai::ByteReader r({data, size});
  uint64_t now = 0;
  blindai::Sha256Digest root;
  uint16_t claims_len = 0;
  blindai::BytesView claims, document;
  if (!r.u64le(now) || !r.array(root) || !r.u16le(claims_len) || !r.bytes(claims, claims_len) ||
      !r.bytes(document, r.remaining()))
    return 0;
  const blindai::Policy policy = policy_for(document);
  const blindai::TrustRoots roots{.aws_nitro = {root}};
  const blindai::Time time{static_cast<int64_t>(now)};
  blindai::Evidence evidence{blindai::Tee::kNitro, blindai::to_bytes(document)};
  const blindai::Verification v = blindai::verify(evidence, claims, {}, policy, roots, time);
  bool all = true;
  for (const blindai::Check& c : v.checks()) all = all && c.state == blindai::CheckState::kPassed;
  require(v.ok() == all && (v.evidence() != nullptr) == all);
  require(all == (v.first_failure() == nullptr));
  if (!all) require(!v.problem().sentence.empty());
  require(blindai::JsonDocument::parse(blindai::to_json(v)).has_value());
  if (all) {
    require(v.evidence()->valid_until() >= time && v.evidence()->nitro() != nullptr);
    evidence.quote.push_back(0);
    require(!blindai::verify(evidence, claims, {}, policy, roots, time).ok());
    evidence.quote.resize(evidence.quote.size() - 2);
    require(!blindai::verify(evidence, claims, {}, policy, roots, time).ok());
  }
  return 0;
}
