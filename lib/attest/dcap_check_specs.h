// The checks that SGX and TDX evidence share, as templates over the first part of their names, and
// what puts a TEE's table together. Private to sgx_checks.cc and tdx_checks.cc.
#pragma once

#include <numeric>
#include <utility>

#include "lib/attest/dcap_checks.h"

namespace blindai {

// Text that can be a template's argument.
template <size_t N>
struct Literal {
  char text[N];
  consteval Literal(const char (&from)[N]) {  // NOLINT: literals convert
    std::copy(from, from + N, text);
  }
  consteval Literal() : text{} {}
};

template <Literal A, Literal B>
struct Joined {
  static consteval auto join() {
    Literal<sizeof A.text + sizeof B.text - 1> out;
    std::copy(B.text, B.text + sizeof B.text,
              std::copy(A.text, A.text + sizeof A.text - 1, out.text));
    return out;
  }
  static constexpr auto kValue = join();
};

struct DcapSpec {
  DcapCheck check;
  CheckSpec spec;
};

// A specification whose name is `Tee` and then `Rest`, by the code of a failure.
template <Literal Tee, Literal Rest, size_t N>
consteval DcapSpec malformed(DcapCheck check, const char (&advice)[N]) {
  return {check, {Id(Joined<Tee, Rest>::kValue.text, advice), Code::kMalformed}};
}
template <Literal Tee, Literal Rest, size_t N>
consteval DcapSpec untrusted(DcapCheck check, const char (&advice)[N]) {
  return {check, {Id(Joined<Tee, Rest>::kValue.text, advice), Code::kUntrusted}};
}
template <Literal Tee, Literal Rest, size_t N>
consteval DcapSpec stale(DcapCheck check, const char (&advice)[N]) {
  return {check, {Id(Joined<Tee, Rest>::kValue.text, advice), Code::kStale}};
}
template <Literal Rest, size_t N>
consteval DcapSpec denied(DcapCheck check, const char (&advice)[N]) {
  return {check, {Id(Joined<"policy", Rest>::kValue.text, advice), Code::kDenied}};
}

// From the quote's first byte to the signature that makes its report worth reading.
template <Literal Tee>
inline constexpr DcapSpec kGenuineSpecs[] = {
    malformed<Tee, ".quote.layout">(
        DcapCheck::kQuoteLayout,
        "The quote cannot be read or was cut short. Ask the server for its evidence again; if that "
        "fails too, it is broken or something between alters its answers."),
    untrusted<Tee, ".quote.version">(DcapCheck::kQuoteVersion,
                                     "Quotes of this version are not accepted for this kind of "
                                     "TEE. Update the server's quoting library, or this program."),
    untrusted<Tee, ".quote.key-type">(
        DcapCheck::kQuoteKeyType,
        "Only quotes signed with ECDSA over P-256 are accepted (attestation key type 2)."),
    untrusted<Tee, ".quote.tee-type">(
        DcapCheck::kQuoteTeeType, "The quote is of another kind of TEE than the evidence says."),
    untrusted<Tee, ".quote.vendor">(DcapCheck::kQuoteVendor,
                                    "Only quotes of Intel's quoting enclave are accepted."),
    untrusted<Tee, ".quote.body">(
        DcapCheck::kQuoteBody,
        "The quote's body is of a kind not read here. Update this program; or have the server's "
        "quoting library make one of the kinds that docs/formats/dcap-quote.md lists."),
    untrusted<Tee, ".quote.certification">(
        DcapCheck::kQuoteCertification,
        "The quote has to carry its PCK certificate chain (type 5). Configure the server's quote "
        "provider with a PCCS, so that it does."),
    malformed<Tee, ".pck.chain">(DcapCheck::kPckChain,
                                 "The quote's PCK certificate chain is not three readable "
                                 "certificates. Refresh the server's platform certificates."),
    untrusted<Tee, ".pck.names">(DcapCheck::kPckNames,
                                 "A certificate in the PCK chain has another role than its place "
                                 "demands. Do not trust this server."),
    untrusted<Tee, ".pck.constraints">(
        DcapCheck::kPckConstraints,
        "A certificate in the PCK chain may not be used the way it is. Do not trust this server."),
    untrusted<Tee, ".pck.signatures">(DcapCheck::kPckSignatures,
                                      "A certificate in the PCK chain was not signed by the one "
                                      "above it. Do not trust this server."),
    untrusted<Tee, ".pck.root">(
        DcapCheck::kPckRoot,
        "The PCK chain does not end at a root this program trusts. A simulated server needs the "
        "simulation's roots; a real one has Intel's."),
    stale<Tee, ".pck.validity">(
        DcapCheck::kPckValidity,
        "A certificate in the PCK chain is not in force at this time. Check the clock; otherwise "
        "the server's platform certificates have to be renewed."),
    malformed<Tee, ".pck.extension">(
        DcapCheck::kPckExtension,
        "The PCK certificate does not say which platform it is for. Do not trust this server."),
    malformed<Tee, ".root-crl.layout">(
        DcapCheck::kRootCrlLayout,
        "The root CRL is missing or unreadable. Fetch the collateral again."),
    untrusted<Tee, ".root-crl.issuer">(
        DcapCheck::kRootCrlIssuer, "The root CRL is not the root's. Fetch the collateral again."),
    untrusted<Tee, ".root-crl.signature">(
        DcapCheck::kRootCrlSignature,
        "The root CRL was not signed by the root. Fetch the collateral from another place."),
    stale<Tee, ".root-crl.validity">(
        DcapCheck::kRootCrlValidity,
        "The root CRL is not in force at this time. Fetch fresh collateral, and check the clock."),
    untrusted<Tee, ".pck-ca.not-revoked">(
        DcapCheck::kPckCaNotRevoked,
        "Intel has revoked the CA that certified this platform. Do not trust this server."),
    malformed<Tee, ".pck-crl.layout">(
        DcapCheck::kPckCrlLayout,
        "The PCK CRL is missing or unreadable. Fetch the collateral again."),
    untrusted<Tee, ".pck-crl.issuer">(
        DcapCheck::kPckCrlIssuer,
        "The PCK CRL is of another CA than the one that certified this platform. Fetch the CRL of "
        "that CA (processor or platform)."),
    untrusted<Tee, ".pck-crl.signature">(
        DcapCheck::kPckCrlSignature,
        "The PCK CRL was not signed by its issuer. Fetch the collateral from another place."),
    stale<Tee, ".pck-crl.validity">(
        DcapCheck::kPckCrlValidity,
        "The PCK CRL is not in force at this time. Fetch fresh collateral, and check the clock."),
    untrusted<Tee, ".pck.not-revoked">(
        DcapCheck::kPckNotRevoked,
        "Intel has revoked this platform's key. Do not trust this server."),
    untrusted<Tee, ".tcb-info.chain">(DcapCheck::kTcbChain,
                                      "The TCB info's certificate chain is not a signer under the "
                                      "PCK chain's root. Fetch the collateral again."),
    untrusted<Tee, ".tcb-info.signer">(DcapCheck::kTcbSigner,
                                       "The TCB info's signer is not Intel's TCB signing key. "
                                       "Fetch the collateral from another place."),
    stale<Tee, ".tcb-info.signer-validity">(
        DcapCheck::kTcbSignerValidity,
        "The certificate of the TCB info's signer is not in force at this time. Fetch fresh "
        "collateral, and check the clock."),
    untrusted<Tee, ".tcb-info.signer-not-revoked">(
        DcapCheck::kTcbSignerNotRevoked,
        "Intel has revoked the TCB info's signer. Fetch fresh collateral."),
    malformed<Tee, ".tcb-info.envelope">(
        DcapCheck::kTcbEnvelope,
        "The TCB info is missing or unreadable. Fetch the collateral again."),
    untrusted<Tee, ".tcb-info.signature">(
        DcapCheck::kTcbSignature,
        "The TCB info was altered after Intel signed it. Fetch the collateral from another place."),
    malformed<Tee, ".tcb-info.layout">(
        DcapCheck::kTcbLayout,
        "The TCB info lacks something or is of a form not known here. Update this program."),
    untrusted<Tee, ".tcb-info.identity">(
        DcapCheck::kTcbIdentity,
        "The TCB info is for another kind of TEE, or of a version not known here. Fetch the "
        "collateral of this kind of TEE."),
    stale<Tee, ".tcb-info.validity">(
        DcapCheck::kTcbValidity,
        "The TCB info is not in force at this time. Fetch fresh collateral, and check the clock."),
    untrusted<Tee, ".tcb-info.fmspc">(DcapCheck::kTcbFmspc,
                                      "The TCB info is for another family of platforms. Fetch the "
                                      "one for this platform's FMSPC."),
    untrusted<Tee, ".tcb-info.pce-id">(
        DcapCheck::kTcbPceId,
        "The TCB info is for another provisioning enclave. Fetch the one for this platform."),
    untrusted<Tee, ".qe-identity.chain">(DcapCheck::kQeChain,
                                         "The QE identity's certificate chain is not a signer "
                                         "under the PCK chain's root. Fetch the collateral again."),
    untrusted<Tee, ".qe-identity.signer">(DcapCheck::kQeSigner,
                                          "The QE identity's signer is not Intel's TCB signing "
                                          "key. Fetch the collateral from another place."),
    stale<Tee, ".qe-identity.signer-validity">(
        DcapCheck::kQeSignerValidity,
        "The certificate of the QE identity's signer is not in force at this time. Fetch fresh "
        "collateral, and check the clock."),
    untrusted<Tee, ".qe-identity.signer-not-revoked">(
        DcapCheck::kQeSignerNotRevoked,
        "Intel has revoked the QE identity's signer. Fetch fresh collateral."),
    malformed<Tee, ".qe-identity.envelope">(
        DcapCheck::kQeEnvelope,
        "The QE identity is missing or unreadable. Fetch the collateral again."),
    untrusted<Tee, ".qe-identity.signature">(DcapCheck::kQeSignature,
                                             "The QE identity was altered after Intel signed it. "
                                             "Fetch the collateral from another place."),
    malformed<Tee, ".qe-identity.layout">(
        DcapCheck::kQeLayout,
        "The QE identity lacks something or is of a form not known here. Update this program."),
    untrusted<Tee, ".qe-identity.identity">(
        DcapCheck::kQeIdentityId,
        "The QE identity is that of another quoting enclave, or of a version not known here. Fetch "
        "the collateral of this kind of TEE."),
    stale<Tee, ".qe-identity.validity">(DcapCheck::kQeValidity,
                                        "The QE identity is not in force at this time. Fetch fresh "
                                        "collateral, and check the clock."),
    stale<Tee, ".collateral.evaluation-number">(
        DcapCheck::kEvaluationNumber,
        "TCB info and QE identity are of different TCB evaluations. Fetch both together."),
    untrusted<Tee, ".qe.signature">(DcapCheck::kQeReportSignature,
                                    "The quoting enclave's report was not signed by this "
                                    "platform's key. Do not trust this server."),
    untrusted<Tee, ".qe.binding">(DcapCheck::kQeBinding,
                                  "The quoting enclave does not vouch for the key that signed the "
                                  "quote. Do not trust this server."),
    untrusted<Tee, ".qe.misc-select">(DcapCheck::kQeMiscSelect,
                                      "The quote was not made by Intel's quoting enclave "
                                      "(MISCSELECT). Do not trust this server."),
    untrusted<Tee, ".qe.attributes">(DcapCheck::kQeAttributes,
                                     "The quote was not made by Intel's quoting enclave, or by one "
                                     "in debug mode (ATTRIBUTES). Do not trust this server."),
    untrusted<Tee, ".qe.mr-signer">(
        DcapCheck::kQeMrSigner,
        "The quote was not made by Intel's quoting enclave (MRSIGNER). Do not trust this server."),
    untrusted<Tee, ".qe.product">(
        DcapCheck::kQeProduct,
        "The quote was not made by Intel's quoting enclave (ISVPRODID). Do not trust this server."),
    untrusted<Tee, ".qe.tcb-level">(
        DcapCheck::kQeLevel,
        "Intel knows no quoting enclave this old. The server's DCAP software has to be updated."),
    untrusted<Tee, ".quote.signature">(
        DcapCheck::kQuoteSignature,
        "The quote was altered after it was signed. Do not trust this server."),
};

// What a policy says of every platform Intel makes.
inline constexpr DcapSpec kPlatformPolicySpecs[] = {
    denied<".tcb-status">(
        DcapCheck::kPolicyTcbStatus,
        "The policy does not accept this platform's status. The server's operator has to patch or "
        "configure it; or add the status to tcb_statuses if you accept the risk."),
    denied<".advisories">(
        DcapCheck::kPolicyAdvisories,
        "The platform is subject to an advisory the policy does not accept. Read it at Intel's "
        "security centre, then add it to advisories if you accept the risk."),
    denied<".evaluation-number">(
        DcapCheck::kPolicyEvaluationNumber,
        "The collateral is older than the policy allows. Fetch fresh collateral."),
};

inline constexpr DcapSpec kClaimsSpecs[] = {
    untrusted<"claims", ".report-data">(
        DcapCheck::kClaims,
        "The evidence does not vouch for this server's key and configuration. Somebody may be "
        "relaying another server's evidence: do not trust this server."),
};

// One table out of parts, in their order. `kParts` is an array of std::span<const DcapSpec>.
template <const auto& kParts>
class DcapTableOf {
  static constexpr size_t kSize =
      std::accumulate(std::begin(kParts), std::end(kParts), size_t{0},
                      [](size_t n, const auto& part) { return n + part.size(); });
  static constexpr const DcapSpec& at(size_t i) {
    const auto* part = std::begin(kParts);
    for (; i >= part->size(); ++part) i -= part->size();
    return (*part)[i];
  }
  template <size_t... I>
  static constexpr std::array<CheckSpec, kSize> specs(std::index_sequence<I...> /*each*/) {
    return {at(I).spec...};
  }
  static constexpr auto index() {
    std::array<uint8_t, static_cast<size_t>(DcapCheck::kCount)> out{};
    out.fill(DcapTable::kAbsent);
    for (size_t i = 0; i < kSize; ++i)
      out[static_cast<size_t>(at(i).check)] = static_cast<uint8_t>(i);
    return out;
  }
  static constexpr std::array<CheckSpec, kSize> kSpecs = specs(std::make_index_sequence<kSize>());
  static_assert(kSize < DcapTable::kAbsent);

 public:
  static constexpr DcapTable kTable{kSpecs, index()};
};

}  // namespace blindai
