#include "lib/attest/snp_checks.h"

namespace blindai {
namespace {

constexpr CheckSpec kSpecs[] = {
    {{"snp.report.length",
      "The evidence is not an SEV-SNP report of 1184 bytes or was cut short. Ask the "
      "server for its evidence again; if that fails too, it is broken or something "
      "between alters its answers."},
     Code::kMalformed},
    {{"snp.report.version",
      "Only reports of version 2 to 5 are accepted. Update this program, or the "
      "server's firmware."},
     Code::kUntrusted},
    {{"snp.report.reserved",
      "A byte of the report that has to be zero is not. Ask the server for its "
      "evidence again, or update this program."},
     Code::kMalformed},
    {{"snp.report.algorithm",
      "Only reports signed with ECDSA over P-384 and SHA-384 are accepted (signature "
      "algorithm 1)."},
     Code::kUntrusted},
    {{"snp.report.signing-key",
      "The report is signed by neither a VCEK nor a VLEK: the operator has switched "
      "signing off. Do not trust this server."},
     Code::kUntrusted},
    {{"snp.report.chip-key",
      "The operator has masked the chip's key, and the report says that this very key "
      "signed it. Do not trust this server."},
     Code::kUntrusted},
    {{"snp.report.author-key",
      "The report contradicts itself about the author key. Do not trust this server."},
     Code::kUntrusted},
    {{"snp.report.guest-policy",
      "The guest policy has a bit that is not known here, or lacks the one that is "
      "always set. Update this program."},
     Code::kUntrusted},
    {{"snp.report.signature-range", "The report's signature is none. Do not trust this server."},
     Code::kUntrusted},
    {{"snp.report.product",
      "The report is of a processor that is not known here. Update this program."},
     Code::kUntrusted},
    {{"snp.vek.layout",
      "The VCEK or VLEK certificate is missing or is none. Fetch it from AMD's key "
      "distribution service, or from the server."},
     Code::kMalformed},
    {{"snp.chain.layout",
      "The certificates above are not the two expected, ASK or ASVK and then ARK. "
      "Fetch AMD's cert_chain for this product and kind of key."},
     Code::kMalformed},
    {{"snp.crl.layout",
      "AMD's CRL is missing or unreadable. Fetch the product's crl from AMD's key "
      "distribution service."},
     Code::kMalformed},
    {{"snp.vek.extensions",
      "The VCEK or VLEK certificate does not say which processor it is for. Fetch it "
      "again."},
     Code::kMalformed},
    {{"snp.vek.product",
      "The VCEK or VLEK certificate is for another product than the report's. Fetch "
      "the one for this processor."},
     Code::kUntrusted},
    {{"snp.vek.role",
      "The certificate is for another kind of key than the one that signed the "
      "report. Fetch the VCEK if SIGNING_KEY is 0, or get the provider's VLEK if it "
      "is 1."},
     Code::kUntrusted},
    {{"snp.chain.names",
      "A certificate has another role than its place demands: a VCEK stands under "
      "SEV-<product>, a VLEK under SEV-VLEK-<product>, and these under ARK-<product>. "
      "Fetch AMD's cert_chain for this product and kind of key."},
     Code::kUntrusted},
    {{"snp.chain.constraints",
      "A certificate may not be used the way it is. Do not trust this server."},
     Code::kUntrusted},
    {{"snp.chain.signatures",
      "A certificate was not signed by the one above it. Do not trust this server."},
     Code::kUntrusted},
    {{"snp.chain.root",
      "The chain does not end at a root of this product that this program trusts. A "
      "simulated server needs the simulation's roots; a real one has AMD's."},
     Code::kUntrusted},
    {{"snp.chain.validity",
      "A certificate is not in force at this time. Check the clock; otherwise fetch "
      "fresh certificates (a VLEK lives one year)."},
     Code::kStale},
    {{"snp.crl.issuer",
      "The CRL is not that of this product's ARK. Fetch the CRL for this product."},
     Code::kUntrusted},
    {{"snp.crl.signature", "The CRL was not signed by the ARK. Fetch it from another place."},
     Code::kUntrusted},
    {{"snp.crl.validity",
      "The CRL is not in force at this time. Fetch a fresh one, and check the clock."},
     Code::kStale},
    {{"snp.ca.not-revoked",
      "AMD has revoked the ASK, ASVK or ARK of this chain. Fetch the current "
      "cert_chain and a new certificate for the processor."},
     Code::kUntrusted},
    {{"snp.vek.not-revoked",
      "AMD has revoked the key that signed the report. Do not trust this server."},
     Code::kUntrusted},
    {{"snp.report.signature",
      "The report was not signed by the certificate's key: it was altered, or the "
      "certificate is another chip's. Fetch the certificate for this chip and TCB; if "
      "that fails too, do not trust this server."},
     Code::kUntrusted},
    {{"snp.vek.tcb",
      "The certificate is for another TCB than the one the report names. Fetch the "
      "certificate for the report's reported_tcb."},
     Code::kUntrusted},
    {{"snp.vek.chip",
      "The certificate is another chip's, or does not say whose. Fetch the VCEK for "
      "the report's chip_id."},
     Code::kUntrusted},
    {{"snp.tcb.layout", "The report's TCB has a part that is not known here. Update this program."},
     Code::kUntrusted},
    {{"snp.tcb.order",
      "The report's TCB versions contradict each other: the reported one may not be "
      "above the committed one, nor that or the one at launch above the current one. "
      "Relaunch the guest after the firmware was changed."},
     Code::kUntrusted},
    {{"snp.firmware.order",
      "The processor runs older firmware than the one committed. Do not trust this "
      "server."},
     Code::kUntrusted},
    {{"policy.tee", "The policy accepts no SEV-SNP guest. Add a [snp] section."}, Code::kDenied},
    {{"policy.product",
      "The policy does not accept this product. Add its floor (min_tcb_milan, "
      "min_tcb_genoa or min_tcb_turin) if you trust it."},
     Code::kDenied},
    {{"policy.tcb",
      "The processor's firmware or microcode is older than the policy allows. The "
      "operator has to update it."},
     Code::kDenied},
    {{"policy.launch-tcb",
      "The guest was launched on firmware or microcode older than the policy allows. "
      "The operator has to launch it again."},
     Code::kDenied},
    {{"policy.debug",
      "The guest may be debugged: its operator can read its memory. Never use it for "
      "real data; allow_debug = true accepts it for development."},
     Code::kDenied},
    {{"policy.vmpl",
      "The report was asked for at a privilege level (VMPL) that the policy does not "
      "accept: something less trusted than the guest's own software may have made it. "
      "See max_vmpl."},
     Code::kDenied},
    {{"policy.vlek",
      "The report is signed by a key that the cloud provider holds for many chips "
      "(VLEK), which the policy does not accept. allow_vlek = true accepts it."},
     Code::kDenied},
    {{"policy.migration-agent",
      "A migration agent may move the guest and see its memory. allow_migration_agent "
      "= true accepts it."},
     Code::kDenied},
    {{"policy.smt",
      "The guest may share a core with another thread (SMT), which opens side "
      "channels. allow_smt = true accepts it."},
     Code::kDenied},
    {{"policy.measurement",
      "The server runs another program than the policy accepts. Check the measurement "
      "against a build of your own before you add it to measurement."},
     Code::kDenied},
    {{"policy.guest-svn",
      "The guest is older than the policy allows (min_guest_svn). The server has to "
      "be updated."},
     Code::kDenied},
    {{"policy.host-data",
      "The guest was launched with other host data than the policy asks for "
      "(host_data)."},
     Code::kDenied},
    {{"policy.id-key",
      "The guest's identity block was signed by another key than the policy asks for "
      "(id_key_digest)."},
     Code::kDenied},
    {{"policy.author-key",
      "The guest's identity key was signed by another author key than the policy asks "
      "for (author_key_digest), or by none."},
     Code::kDenied},
    {{"policy.family-id", "The guest is of another family than the policy asks for (family_id)."},
     Code::kDenied},
    {{"policy.image-id", "The guest is another image than the policy asks for (image_id)."},
     Code::kDenied},
    {{"policy.chip-id",
      "The guest runs on a chip that the policy does not list (chip_id), or the "
      "operator hides which."},
     Code::kDenied},
    {{"policy.mitigations",
      "The processor lacks a mitigation that the policy asks for (min_mitigations), "
      "or lacked it when the guest was launched, or its firmware does not report "
      "them."},
     Code::kDenied},
    {{"policy.azure",
      "The policy asks for the virtual TPM of an Azure VM (section azure), and this "
      "evidence comes without one. Judge both together, or remove the section."},
     Code::kDenied},
    {{"claims.report-data",
      "The evidence does not vouch for this server's key and configuration. Somebody "
      "may be relaying another server's evidence: do not trust this server."},
     Code::kUntrusted},
};
static_assert(std::size(kSpecs) == static_cast<size_t>(SnpCheck::kCount));

}  // namespace

std::span<const CheckSpec> snp_check_specs() {
  return kSpecs;
}

}  // namespace blindai
