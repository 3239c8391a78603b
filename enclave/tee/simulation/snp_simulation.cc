#include "enclave/tee/simulation/snp_simulation.h"

#include <algorithm>

#include "enclave/tee/simulation/simulation_certificates.h"
#include "enclave/tee/simulation/simulation_platform.h"
#include "lib/base/der_writer.h"
#include "lib/crypto/x509_writer.h"

namespace blindai {
namespace {

constexpr std::string_view kAmd = "1.3.6.1.4.1.3704.1.";

// Offsets of the two primes of each role's key (RsaPssKey::from_label).
struct KeyOffsets {
  std::string_view role;
  uint32_t p, q;
};
constexpr KeyOffsets kKeys[] = {{"ARK-Milan", 149, 93},  {"ARK-Genoa", 780, 1058},
                                {"ARK-Turin", 1897, 77}, {"other ARK", 738, 1487},
                                {"ASK", 783, 2360},      {"ASVK", 535, 301}};

P384Key vek_key(std::string_view role) {
  const std::string label = "BlindAI simulation " + std::string(role) + ", not secret";
  const Sha256Digest digest = sha256(as_bytes(label));
  ByteArray<48> scalar{};  // below 2^256, and so below the order
  std::copy(digest.begin(), digest.end(), scalar.begin() + 16);
  Result<P384Key> key = P384Key::from_scalar(scalar);
  BLINDAI_CHECK(key.has_value());
  return std::move(*key);
}

std::vector<X509Extension> vek_extensions(const SnpPlatform& platform, bool vlek,
                                          const std::vector<SnpFaults::Extension>& faults) {
  const bool turin = platform.product == SnpProduct::kTurin;
  const SnpTcb tcb = SnpSimulation::tcb(platform.product);
  std::string product(name_of(platform.product));
  if (!vlek && platform.product == SnpProduct::kMilan) product += "-B0";
  std::vector<X509Extension> out;
  const auto add = [&out](std::string_view oid, Bytes value) {
    out.push_back({std::string(kAmd) + std::string(oid), false, std::move(value)});
  };
  add("1", der_integer(turin ? 1 : 0));
  add("2", der(0x16, as_bytes(product)));  // IA5String
  add("3.1", der_integer(tcb.boot_loader));
  add("3.2", der_integer(tcb.tee));
  add("3.3", der_integer(tcb.snp));
  if (turin)
    add("3.9", der_integer(tcb.fmc));
  else
    add("3.4", der_integer(0));
  for (const char* reserved : {"3.5", "3.6", "3.7"}) add(reserved, der_integer(0));
  add("3.8", der_integer(tcb.microcode));
  const ByteArray<64> chip = SnpSimulation::chip_id(platform.product);
  if (vlek)
    add("5", der(0x16, as_bytes("CN=simulation.invalid")));
  else
    add("4", to_bytes(BytesView(chip).first(turin ? 8 : 64)));
  for (const SnpFaults::Extension& fault : faults) {
    std::erase_if(out, [&fault](const X509Extension& e) { return e.oid == fault.oid; });
    if (fault.value.has_value()) out.push_back({fault.oid, false, *fault.value});
  }
  return out;
}

SnpTcbBytes tcb_bytes(SnpProduct product) {
  const SnpTcb t = SnpSimulation::tcb(product);
  if (product == SnpProduct::kTurin)
    return {t.fmc, t.boot_loader, t.tee, t.snp, 0, 0, 0, t.microcode};
  return {t.boot_loader, t.tee, 0, 0, 0, 0, t.snp, t.microcode};
}

SnpCpu cpu_of(SnpProduct product) {
  switch (product) {
    case SnpProduct::kMilan:
      break;
    case SnpProduct::kGenoa:
      return {0x19, 0x11, 1};
    case SnpProduct::kTurin:
      return {0x1a, 0x02, 1};
  }
  return {0x19, 0x01, 1};
}

void put(Bytes& out, size_t at, BytesView bytes) {
  BLINDAI_CHECK(at + bytes.size() <= out.size());
  std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<ptrdiff_t>(at));
}

}  // namespace

RsaPssKey snp_simulation_key(std::string_view role) {
  const auto* offsets = std::find_if(std::begin(kKeys), std::end(kKeys),
                                     [role](const KeyOffsets& k) { return k.role == role; });
  BLINDAI_CHECK(offsets != std::end(kKeys));
  Result<RsaPssKey> key = RsaPssKey::from_label(
      "BlindAI simulation " + std::string(role) + ", not secret", offsets->p, offsets->q);
  BLINDAI_CHECK(key.has_value());
  return std::move(*key);
}

ByteArray<64> SnpSimulation::chip_id(SnpProduct product) {
  ByteArray<64> out{};
  const Sha256Digest digest = sha256(as_bytes("BlindAI simulation chip"));
  const bool turin = product == SnpProduct::kTurin;
  std::copy_n(digest.begin(), turin ? 8 : 32, out.begin());
  if (!turin) std::copy(digest.begin(), digest.end(), out.begin() + 32);
  return out;
}

// At or above the floors of AMD-SB-3019; one part above 127, as real ones have.
SnpTcb SnpSimulation::tcb(SnpProduct product) {
  switch (product) {
    case SnpProduct::kMilan:
      break;
    case SnpProduct::kGenoa:
      return {0, 10, 0, 0x17, 0x84};
    case SnpProduct::kTurin:
      return {1, 2, 3, 4, 0xc7};
  }
  return {0, 4, 0, 0x18, 0xdb};
}

SnpSimulation::SnpSimulation(const SnpPlatform& platform, Time now, SnpFaults faults)
    : platform_(platform), faults_(std::move(faults)), key_(vek_key("VEK")) {
  const SnpFaults& f = faults_;
  const std::string product(name_of(platform_.product));
  const bool vlek = (platform_.key == SnpSigningKey::kVlek) != f.vek_of_other_kind;
  const bool vlek_ca = (platform_.key == SnpSigningKey::kVlek) != f.ca_of_other_kind;
  const RsaPssKey ark = snp_simulation_key(f.other_ark ? "other ARK" : "ARK-" + product);
  const RsaPssKey ca = snp_simulation_key(vlek_ca ? "ASVK" : "ASK");
  const P384Key other_chip = vek_key("VEK of another chip");
  const X509Name ark_name = simulation_name(f.ark_name.value_or("ARK-" + product));
  const X509Name ca_name =
      simulation_name(f.ca_name.value_or((vlek_ca ? "SEV-VLEK-" : "SEV-") + product));
  const X509Name vek_name = simulation_name(f.vek_name.value_or(vlek ? "SEV-VLEK" : "SEV-VCEK"));
  const Bytes ark_serial = {1}, ca_serial = {2}, vek_serial = {0};
  const auto certificate = [&](const Bytes& serial, const X509Name& subject, BytesView spki,
                               const X509Name& issuer, const RsaPssKey& issuer_key, InForce when,
                               int64_t life, std::vector<X509Extension> extensions,
                               SnpSignedPart part) {
    const Lifetime t = lifetime_around(now, when, life);
    return tampered_if(f.tampered == part, write_certificate({.serial = serial,
                                                              .issuer = issuer,
                                                              .subject = subject,
                                                              .not_before = t.from,
                                                              .not_after = t.to,
                                                              .extensions = std::move(extensions)},
                                                             spki, issuer_of(issuer_key)));
  };
  const auto path = f.ark_allows_no_ca ? std::optional<uint8_t>(0) : std::nullopt;
  const Bytes ark_der = certificate(
      ark_serial, ark_name, ark.spki(), ark_name, ark, f.ark, 25 * kYear,
      {key_usage(f.ark_signs_no_crls ? uint16_t{kKeyCertSign} : uint16_t{kKeyCertSign | kCrlSign}),
       basic_constraints(true, path)},
      SnpSignedPart::kArk);
  const Bytes ca_der =
      certificate(ca_serial, ca_name, ca.spki(), ark_name, ark, f.ca, 25 * kYear,
                  {f.ca_is_no_ca ? basic_constraints(false, {}) : basic_constraints(true, 0),
                   key_usage(kKeyCertSign)},
                  SnpSignedPart::kCa);
  collateral_.vek =
      certificate(vek_serial, vek_name, f.vek_of_other_chip ? other_chip.spki() : key_.spki(),
                  ca_name, ca, f.vek, vlek ? kYear : 7 * kYear,
                  vek_extensions(platform_, vlek, f.extensions), SnpSignedPart::kVek);
  const std::string chain = to_pem("CERTIFICATE", ca_der) + to_pem("CERTIFICATE", ark_der);
  collateral_.vek_chain = to_bytes(as_bytes(chain));
  const Lifetime crl = lifetime_around(now, f.crl, 30 * kDay);
  CrlSpec spec = {.issuer = f.crl_of_ca ? ca_name : ark_name,
                  .this_update = crl.from,
                  .next_update = crl.to,
                  .number = 1,
                  .revoked = {{0x7f}}};  // somebody else's
  if (f.vek_revoked) spec.revoked.push_back(vek_serial);
  if (f.ca_revoked) spec.revoked.push_back(ca_serial);
  if (f.ark_revoked) spec.revoked.push_back(ark_serial);
  collateral_.vek_crl = tampered_if(f.tampered == SnpSignedPart::kCrl,
                                    write_crl(spec, issuer_of(f.crl_of_ca ? ca : ark)));
}

// Offsets: AMD 56860, section 7.3, or docs/formats/snp-report.md.
Bytes SnpSimulation::report(const ByteArray<48>& measurement,
                            const ByteArray<64>& report_data) const {
  constexpr size_t kSigned = 0x2a0, kLen = 1184;
  const uint32_t version = platform_.report_version;
  const SnpTcbBytes tcb = tcb_bytes(platform_.product);
  const bool vlek = platform_.key == SnpSigningKey::kVlek;
  const uint8_t firmware[] = {9, 55, 1, 0};  // build, minor, major, reserved
  Bytes out(kLen);
  put(out, 0x00, {{static_cast<uint8_t>(version)}});
  put(out, 0x04, {{1}});           // guest SVN
  put(out, 0x08, {{0, 0, 0x02}});  // guest policy: the bit that is always set
  put(out, 0x34, {{1}});           // ECDSA P-384 with SHA-384
  put(out, 0x38, tcb);
  put(out, 0x40, {{0x24}});  // ECC, and no aliased memory
  put(out, 0x48, {{static_cast<uint8_t>(vlek ? 1 << 2 : 0)}});
  put(out, 0x50, report_data);
  put(out, 0x90, measurement);
  put(out, 0x140, sha256(as_bytes("BlindAI simulation report id")));
  put(out, 0x160, Bytes(32, 0xff));  // no migration agent
  put(out, 0x180, tcb);
  if (version >= 3) {
    const SnpCpu cpu = cpu_of(platform_.product);
    put(out, 0x188, {{cpu.family, cpu.model, cpu.stepping}});
  }
  if (!vlek) put(out, 0x1a0, chip_id(platform_.product));  // providers mask it
  put(out, 0x1e0, tcb);
  put(out, 0x1e8, firmware);
  put(out, 0x1ec, firmware);
  put(out, 0x1f0, tcb);
  if (version >= 5) {
    put(out, 0x1f8, {{1}});
    put(out, 0x200, {{1}});
  }
  for (const SnpFaults::Patch& p : faults_.signed_patches) put(out, p.at, p.bytes);
  const ByteArray<96> signature = key_.sign_raw(BytesView(out).first(kSigned));
  std::reverse_copy(signature.begin(), signature.begin() + 48, out.begin() + kSigned);
  std::reverse_copy(signature.begin() + 48, signature.end(), out.begin() + kSigned + 72);
  for (const SnpFaults::Patch& p : faults_.patches) put(out, p.at, p.bytes);
  return out;
}

}  // namespace blindai
