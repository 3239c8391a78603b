#include "lib/attest/sgx_checks.h"

namespace blindai {
namespace {

constexpr CheckSpec kSpecs[] = {
    {{"sgx.quote.layout",
      "The quote is not an SGX quote or was cut short. Ask the server for its "
      "evidence again; if that fails too, it is broken or something between alters "
      "its answers."},
     Code::kMalformed},
    {{"sgx.quote.version",
      "Only SGX quotes of version 3 are accepted. Update the server's quoting "
      "library, or this program."},
     Code::kUntrusted},
    {{"sgx.quote.key-type",
      "Only quotes signed with ECDSA over P-256 are accepted (attestation key type "
      "2)."},
     Code::kUntrusted},
    {{"sgx.quote.tee-type", "The quote is of another kind of TEE than the evidence says."},
     Code::kUntrusted},
    {{"sgx.quote.vendor", "Only quotes of Intel's quoting enclave are accepted."},
     Code::kUntrusted},
    {{"sgx.quote.certification",
      "The quote has to carry its PCK certificate chain (type 5). Configure the "
      "server's quote provider with a PCCS, so that it does."},
     Code::kUntrusted},
    {{"sgx.pck.chain",
      "The quote's PCK certificate chain is not three readable certificates. Refresh "
      "the server's platform certificates."},
     Code::kMalformed},
    {{"sgx.pck.names",
      "A certificate in the PCK chain has another role than its place demands. Do not "
      "trust this server."},
     Code::kUntrusted},
    {{"sgx.pck.constraints",
      "A certificate in the PCK chain may not be used the way it is. Do not trust "
      "this server."},
     Code::kUntrusted},
    {{"sgx.pck.signatures",
      "A certificate in the PCK chain was not signed by the one above it. Do not "
      "trust this server."},
     Code::kUntrusted},
    {{"sgx.pck.root",
      "The PCK chain does not end at a root this program trusts. A simulated server "
      "needs the simulation's roots; a real one has Intel's."},
     Code::kUntrusted},
    {{"sgx.pck.validity",
      "A certificate in the PCK chain is not in force at this time. Check the clock; "
      "otherwise the server's platform certificates have to be renewed."},
     Code::kStale},
    {{"sgx.pck.extension",
      "The PCK certificate does not say which platform it is for. Do not trust this "
      "server."},
     Code::kMalformed},
    {{"sgx.root-crl.layout", "The root CRL is missing or unreadable. Fetch the collateral again."},
     Code::kMalformed},
    {{"sgx.root-crl.issuer", "The root CRL is not the root's. Fetch the collateral again."},
     Code::kUntrusted},
    {{"sgx.root-crl.signature",
      "The root CRL was not signed by the root. Fetch the collateral from another "
      "place."},
     Code::kUntrusted},
    {{"sgx.root-crl.validity",
      "The root CRL is not in force at this time. Fetch fresh collateral, and check "
      "the clock."},
     Code::kStale},
    {{"sgx.pck-ca.not-revoked",
      "Intel has revoked the CA that certified this platform. Do not trust this "
      "server."},
     Code::kUntrusted},
    {{"sgx.pck-crl.layout", "The PCK CRL is missing or unreadable. Fetch the collateral again."},
     Code::kMalformed},
    {{"sgx.pck-crl.issuer",
      "The PCK CRL is of another CA than the one that certified this platform. Fetch "
      "the CRL of that CA (processor or platform)."},
     Code::kUntrusted},
    {{"sgx.pck-crl.signature",
      "The PCK CRL was not signed by its issuer. Fetch the collateral from another "
      "place."},
     Code::kUntrusted},
    {{"sgx.pck-crl.validity",
      "The PCK CRL is not in force at this time. Fetch fresh collateral, and check "
      "the clock."},
     Code::kStale},
    {{"sgx.pck.not-revoked", "Intel has revoked this platform's key. Do not trust this server."},
     Code::kUntrusted},
    {{"sgx.tcb-info.chain",
      "The TCB info's certificate chain is not a signer under the PCK chain's root. "
      "Fetch the collateral again."},
     Code::kUntrusted},
    {{"sgx.tcb-info.signer",
      "The TCB info's signer is not Intel's TCB signing key. Fetch the collateral "
      "from another place."},
     Code::kUntrusted},
    {{"sgx.tcb-info.signer-validity",
      "The certificate of the TCB info's signer is not in force at this time. Fetch "
      "fresh collateral, and check the clock."},
     Code::kStale},
    {{"sgx.tcb-info.signer-not-revoked",
      "Intel has revoked the TCB info's signer. Fetch fresh collateral."},
     Code::kUntrusted},
    {{"sgx.tcb-info.envelope",
      "The TCB info is missing or unreadable. Fetch the collateral again."},
     Code::kMalformed},
    {{"sgx.tcb-info.signature",
      "The TCB info was altered after Intel signed it. Fetch the collateral from "
      "another place."},
     Code::kUntrusted},
    {{"sgx.tcb-info.layout",
      "The TCB info lacks something or is of a form not known here. Update this "
      "program."},
     Code::kMalformed},
    {{"sgx.tcb-info.identity",
      "The TCB info is not one for SGX of version 2 or 3. Fetch the SGX collateral."},
     Code::kUntrusted},
    {{"sgx.tcb-info.validity",
      "The TCB info is not in force at this time. Fetch fresh collateral, and check "
      "the clock."},
     Code::kStale},
    {{"sgx.tcb-info.fmspc",
      "The TCB info is for another family of platforms. Fetch the one for this "
      "platform's FMSPC."},
     Code::kUntrusted},
    {{"sgx.tcb-info.pce-id",
      "The TCB info is for another provisioning enclave. Fetch the one for this "
      "platform."},
     Code::kUntrusted},
    {{"sgx.qe-identity.chain",
      "The QE identity's certificate chain is not a signer under the PCK chain's "
      "root. Fetch the collateral again."},
     Code::kUntrusted},
    {{"sgx.qe-identity.signer",
      "The QE identity's signer is not Intel's TCB signing key. Fetch the collateral "
      "from another place."},
     Code::kUntrusted},
    {{"sgx.qe-identity.signer-validity",
      "The certificate of the QE identity's signer is not in force at this time. "
      "Fetch fresh collateral, and check the clock."},
     Code::kStale},
    {{"sgx.qe-identity.signer-not-revoked",
      "Intel has revoked the QE identity's signer. Fetch fresh collateral."},
     Code::kUntrusted},
    {{"sgx.qe-identity.envelope",
      "The QE identity is missing or unreadable. Fetch the collateral again."},
     Code::kMalformed},
    {{"sgx.qe-identity.signature",
      "The QE identity was altered after Intel signed it. Fetch the collateral from "
      "another place."},
     Code::kUntrusted},
    {{"sgx.qe-identity.layout",
      "The QE identity lacks something or is of a form not known here. Update this "
      "program."},
     Code::kMalformed},
    {{"sgx.qe-identity.identity",
      "The QE identity is not that of SGX's quoting enclave, version 2. Fetch the SGX "
      "collateral."},
     Code::kUntrusted},
    {{"sgx.qe-identity.validity",
      "The QE identity is not in force at this time. Fetch fresh collateral, and "
      "check the clock."},
     Code::kStale},
    {{"sgx.collateral.evaluation-number",
      "TCB info and QE identity are of different TCB evaluations. Fetch both "
      "together."},
     Code::kStale},
    {{"sgx.qe.signature",
      "The quoting enclave's report was not signed by this platform's key. Do not "
      "trust this server."},
     Code::kUntrusted},
    {{"sgx.qe.binding",
      "The quoting enclave does not vouch for the key that signed the quote. Do not "
      "trust this server."},
     Code::kUntrusted},
    {{"sgx.qe.misc-select",
      "The quote was not made by Intel's quoting enclave (MISCSELECT). Do not trust "
      "this server."},
     Code::kUntrusted},
    {{"sgx.qe.attributes",
      "The quote was not made by Intel's quoting enclave, or by one in debug mode "
      "(ATTRIBUTES). Do not trust this server."},
     Code::kUntrusted},
    {{"sgx.qe.mr-signer",
      "The quote was not made by Intel's quoting enclave (MRSIGNER). Do not trust "
      "this server."},
     Code::kUntrusted},
    {{"sgx.qe.product",
      "The quote was not made by Intel's quoting enclave (ISVPRODID). Do not trust "
      "this server."},
     Code::kUntrusted},
    {{"sgx.qe.tcb-level",
      "Intel knows no quoting enclave this old. The server's SGX software has to be "
      "updated."},
     Code::kUntrusted},
    {{"sgx.quote.signature",
      "The quote was altered after it was signed. Do not trust this server."},
     Code::kUntrusted},
    {{"sgx.tcb.level",
      "Intel knows no such patch level of this platform. The server's microcode and "
      "firmware have to be updated."},
     Code::kUntrusted},
    {{"sgx.tcb.status",
      "Intel has revoked this platform's patch level. The server's microcode and "
      "firmware have to be updated."},
     Code::kUntrusted},
    {{"policy.tee", "The policy accepts no SGX enclave. Add a [sgx] section with mr_enclave."},
     Code::kDenied},
    {{"policy.tcb-status",
      "The policy does not accept this platform's status. The server's operator has "
      "to patch or configure it; or add the status to tcb_statuses if you accept the "
      "risk."},
     Code::kDenied},
    {{"policy.advisories",
      "The platform is subject to an advisory the policy does not accept. Read it at "
      "Intel's security centre, then add it to advisories if you accept the risk."},
     Code::kDenied},
    {{"policy.evaluation-number",
      "The collateral is older than the policy allows. Fetch fresh collateral."},
     Code::kDenied},
    {{"policy.debug",
      "The enclave is in debug mode: its operator can read its memory. Never use it "
      "for real data; allow_debug = true accepts it for development."},
     Code::kDenied},
    {{"policy.measurement",
      "The server runs another program than the policy accepts. Check the measurement "
      "against a build of your own before you add it to mr_enclave."},
     Code::kDenied},
    {{"policy.signer",
      "The enclave was signed by another key than the policy asks for (mr_signer)."},
     Code::kDenied},
    {{"policy.product", "The enclave is another product than the policy asks for (isv_prod_id)."},
     Code::kDenied},
    {{"policy.svn",
      "The enclave is older than the policy allows (min_isv_svn). The server has to "
      "be updated."},
     Code::kDenied},
    {{"policy.misc-select", "The enclave's MISCSELECT is not the one the policy asks for."},
     Code::kDenied},
    {{"policy.attributes", "The enclave's ATTRIBUTES are not those the policy asks for."},
     Code::kDenied},
    {{"claims.report-data",
      "The evidence does not vouch for this server's key and configuration. Somebody "
      "may be relaying another server's evidence: do not trust this server."},
     Code::kUntrusted},
};
static_assert(std::size(kSpecs) == static_cast<size_t>(SgxCheck::kCount));

}  // namespace

std::span<const CheckSpec> sgx_check_specs() {
  return kSpecs;
}

}  // namespace blindai
