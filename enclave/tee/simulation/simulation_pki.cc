#include "enclave/tee/simulation/simulation_pki.h"

#include "enclave/tee/simulation/simulation_certificates.h"
#include "enclave/tee/simulation/simulation_platform.h"
#include "lib/base/der_writer.h"
#include "lib/crypto/x509_writer.h"

namespace blindai {
namespace {

constexpr int64_t kCollateralLife = 30 * kDay;

struct Keys {
  explicit Keys(bool other_root)
      : root(simulation_key(other_root ? "other root" : "root")),
        platform_ca(simulation_key("PCK platform CA")),
        processor_ca(simulation_key("PCK processor CA")),
        tcb_signing(simulation_key("TCB signing")),
        pck(simulation_key("PCK")) {}
  SigningKey root, platform_ca, processor_ca, tcb_signing, pck;
};

const Bytes kRootSerial = {1}, kPlatformCaSerial = {2}, kTcbSigningSerial = {3},
            kPckSerial = {0x50, 0x43, 0x4b};

}  // namespace

SigningKey simulation_key(std::string_view role) {
  const std::string label = "BlindAI simulation " + std::string(role) + ", not secret";
  Result<SigningKey> key = SigningKey::from_scalar(sha256(as_bytes(label)));
  // The chance that a hash is no valid scalar is below 2^-31, and the labels are fixed.
  BLINDAI_CHECK(key.has_value());
  return std::move(*key);
}

SimulationPki::SimulationPki(Time now, SimulationFaults faults, SimulatedQuote format)
    : faults_(std::move(faults)), format_(format) {
  const SimulationFaults& f = faults_;
  const Keys keys(f.other_root);
  const auto is_tampered = [&f](SignedPart part) { return f.tampered == part; };
  const X509Name root_name = simulation_name(f.root_name.value_or("Intel SGX Root CA"));
  const X509Name platform_ca_name =
      simulation_name(f.platform_ca_name.value_or("Intel SGX PCK Platform CA"));
  const uint16_t ca_usage = kKeyCertSign | kCrlSign;
  const uint16_t leaf_usage = kDigitalSignature | kNonRepudiation;

  const auto certificate = [&](const Bytes& serial, const X509Name& subject, InForce when,
                               const X509Name& issuer, std::vector<X509Extension> extensions,
                               const SigningKey& key, const SigningKey& issuer_key) {
    const Lifetime life = lifetime_around(now, when, 7 * kYear);
    extensions.push_back(subject_key_id(key));
    extensions.push_back(authority_key_id(issuer_key));
    return write_certificate({.serial = serial,
                              .issuer = issuer,
                              .subject = subject,
                              .not_before = life.from,
                              .not_after = life.to,
                              .extensions = std::move(extensions)},
                             key, issuer_key);
  };
  const Bytes root =
      certificate(kRootSerial, root_name, f.root, root_name,
                  {basic_constraints(true, 1), key_usage(ca_usage)}, keys.root, keys.root);
  const Bytes platform_ca =
      tampered_if(is_tampered(SignedPart::kPlatformCa),
                  certificate(kPlatformCaSerial, platform_ca_name, f.platform_ca, root_name,
                              f.platform_ca_is_no_ca
                                  ? std::vector{basic_constraints(false, {}), key_usage(leaf_usage)}
                                  : std::vector{basic_constraints(true, 0), key_usage(ca_usage)},
                              keys.platform_ca, keys.root));
  std::vector<X509Extension> pck_extensions = {basic_constraints(false, {}), key_usage(leaf_usage)};
  if (!f.pck_without_platform)
    pck_extensions.push_back({"1.2.840.113741.1.13.1", false, simulation_pck_extension(f)});
  const Bytes pck = tampered_if(
      is_tampered(SignedPart::kPck),
      certificate(kPckSerial, simulation_name(f.pck_name.value_or("Intel SGX PCK Certificate")),
                  f.pck, platform_ca_name, std::move(pck_extensions), keys.pck, keys.platform_ca));
  const Bytes tcb_signing = tampered_if(
      is_tampered(SignedPart::kTcbSigning),
      certificate(kTcbSigningSerial,
                  simulation_name(f.tcb_signing_name.value_or("Intel SGX TCB Signing")),
                  f.tcb_signing, root_name, {basic_constraints(false, {}), key_usage(leaf_usage)},
                  keys.tcb_signing, keys.root));

  const auto crl = [&](const X509Name& issuer, InForce when, std::vector<Bytes> revoked,
                       const SigningKey& key) {
    const Lifetime life = lifetime_around(now, when, kCollateralLife);
    return write_crl({.issuer = issuer,
                      .this_update = life.from,
                      .next_update = life.to,
                      .number = 1,
                      .revoked = std::move(revoked)},
                     key);
  };
  std::vector<Bytes> revoked_by_root, revoked_by_ca;
  if (f.platform_ca_revoked) revoked_by_root.push_back(kPlatformCaSerial);
  if (f.tcb_signing_revoked) revoked_by_root.push_back(kTcbSigningSerial);
  if (f.pck_revoked) revoked_by_ca.push_back(kPckSerial);
  collateral_.root_ca_crl =
      tampered_if(is_tampered(SignedPart::kRootCrl),
                  f.root_crl_of_platform_ca
                      ? crl(platform_ca_name, f.root_crl, revoked_by_root, keys.platform_ca)
                      : crl(root_name, f.root_crl, revoked_by_root, keys.root));
  const X509Name processor_ca_name = simulation_name("Intel SGX PCK Processor CA");
  collateral_.pck_crl =
      tampered_if(is_tampered(SignedPart::kPckCrl),
                  f.pck_crl_of_processor_ca
                      ? crl(processor_ca_name, f.pck_crl, revoked_by_ca, keys.processor_ca)
                      : crl(platform_ca_name, f.pck_crl, revoked_by_ca, keys.platform_ca));
  const Bytes pck_crl_issuer = f.pck_crl_of_processor_ca
                                   ? certificate({4}, processor_ca_name, InForce::kNow, root_name,
                                                 {basic_constraints(true, 0), key_usage(ca_usage)},
                                                 keys.processor_ca, keys.root)
                                   : platform_ca;

  const auto chain = [](const std::vector<Bytes>& certificates) {
    std::string pem;
    for (const Bytes& der : certificates) pem += to_pem("CERTIFICATE", der);
    return pem;
  };
  pck_chain_ = chain({pck, platform_ca, root});
  collateral_.pck_crl_chain = to_bytes(as_bytes(chain({pck_crl_issuer, root})));
  collateral_.tcb_info_chain = to_bytes(as_bytes(chain({tcb_signing, root})));
  collateral_.qe_identity_chain = collateral_.tcb_info_chain;
  collateral_.tcb_info = simulation_tcb_info(
      tee_of(format), f, lifetime_around(now, f.tcb_info, kCollateralLife), keys.tcb_signing);
  collateral_.qe_identity = simulation_qe_identity(
      tee_of(format), f, lifetime_around(now, f.qe_identity, kCollateralLife), keys.tcb_signing);
}

}  // namespace blindai
