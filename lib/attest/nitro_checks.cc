#include "lib/attest/nitro_checks.h"

namespace blindai {
namespace {

constexpr CheckSpec kSpecs[] = {
    {{"nitro.document.layout",
      "The evidence is not a Nitro attestation document or was cut short. Ask the server for its "
      "evidence again; if that fails too, it is broken or something between alters its answers."},
     Code::kMalformed},
    {{"nitro.document.algorithm",
      "Only documents signed with ES384 are accepted, the algorithm of AWS's Nitro Security "
      "Module. "
      "Do not trust this server."},
     Code::kUntrusted},
    {{"nitro.document.signature-form",
      "The document's signature is not 96 bytes, r then s, as ES384 has it. Ask the server for its "
      "evidence again; whoever wrote it may have converted the signature."},
     Code::kMalformed},
    {{"nitro.payload.layout",
      "The document lacks something, or has something that is not known here. Update this program "
      "if AWS has extended its documents."},
     Code::kMalformed},
    {{"nitro.payload.kind",
      "The document is about a virtual machine with a NitroTPM, not about an enclave. Run the "
      "server in a Nitro enclave."},
     Code::kUntrusted},
    {{"nitro.payload.digest", "Only documents whose PCRs are SHA384 digests are accepted."},
     Code::kUntrusted},
    {{"nitro.payload.pcrs",
      "The document has to have PCR 0, 1 and 2, and each PCR has to be 48 bytes, as SHA384 makes "
      "them. Do not trust this server."},
     Code::kUntrusted},
    {{"nitro.payload.timestamp",
      "The document does not say when it was made. Do not trust this server."},
     Code::kUntrusted},
    {{"nitro.chain.layout",
      "The document's certificate chain is not readable certificates with P-384 keys signed with "
      "ecdsa-with-SHA384. Ask the server for its evidence again."},
     Code::kMalformed},
    {{"nitro.chain.root",
      "The first certificate of the document's bundle is not a root this program trusts. A "
      "simulated server needs the simulation's roots; a real one has AWS's."},
     Code::kUntrusted},
    {{"nitro.chain.names",
      "A certificate in the document's chain was issued in another name than that of the one "
      "before it. Do not trust this server."},
     Code::kUntrusted},
    {{"nitro.chain.constraints",
      "A certificate in the document's chain may not be used the way it is. Do not trust this "
      "server."},
     Code::kUntrusted},
    {{"nitro.chain.validity",
      "A certificate in the document's chain is not in force at this time. The enclave's own lives "
      "three hours: ask the server for new evidence, and check the clock."},
     Code::kStale},
    {{"nitro.document.signature",
      "The document was altered after it was signed. Do not trust this server."},
     Code::kUntrusted},
    {{"nitro.chain.signatures",
      "A certificate in the document's chain was not signed by the one before it. Do not trust "
      "this server."},
     Code::kUntrusted},
    {{"nitro.payload.not-from-future",
      "The document says it was made later than now. Check this computer's clock."},
     Code::kStale},
    {{"policy.age",
      "The document is older than the policy allows (max_evidence_age_s). Ask the server for new "
      "evidence, and check the clock."},
     Code::kStale},
    {{"policy.tee", "The policy accepts no Nitro enclave. Add a [nitro] section with pcr0."},
     Code::kDenied},
    {{"policy.debug",
      "The enclave is in debug mode: its operator can read its console, and nothing is measured. "
      "Never use it for real data; allow_debug = true accepts it for development."},
     Code::kDenied},
    {{"policy.measurement",
      "The server runs another image than the policy accepts. Check PCR 0 against a build of your "
      "own before you add it to pcr0."},
     Code::kDenied},
    {{"policy.pcrs",
      "A PCR is missing from the document or has another value than the policy accepts. Check it "
      "against what your build, role and signing certificate give before you add it."},
     Code::kDenied},
    {{"claims.report-data",
      "The evidence does not vouch for this server's key and configuration. Somebody may be "
      "relaying another server's evidence: do not trust this server."},
     Code::kUntrusted},
};
static_assert(std::size(kSpecs) == static_cast<size_t>(NitroCheck::kCount));

}  // namespace

std::span<const CheckSpec> nitro_check_specs() {
  return kSpecs;
}

}  // namespace blindai
