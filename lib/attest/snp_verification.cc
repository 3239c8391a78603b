#include "lib/attest/snp_verification.h"

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// AMD 56860, SIGNATURE_ALGO: ECDSA P-384 with SHA-384.
constexpr uint32_t kEcdsaP384 = 1;

// SEC 2 section 2.5.1: n, the order of secp384r1.
constexpr ByteArray<48> kOrder = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73};

// FIPS 186-4 section 6.4: a number of a signature is in [1, n-1].
bool in_range(BytesView big_endian) {
  const auto zero = [](uint8_t b) { return b == 0; };
  return !std::all_of(big_endian.begin(), big_endian.end(), zero) &&
         std::lexicographical_compare(big_endian.begin(), big_endian.end(), kOrder.begin(),
                                      kOrder.end());
}

std::string name_of_key(SnpSigningKey key) {
  switch (key) {
    case SnpSigningKey::kVcek:
      return "VCEK";
    case SnpSigningKey::kVlek:
      return "VLEK";
    case SnpSigningKey::kNone:
      return "none";
  }
  return "key " + std::to_string(static_cast<unsigned>(key));
}

std::string version_of(const SnpFirmware& f) {
  return std::to_string(f.major) + "." + std::to_string(f.minor) + " build " +
         std::to_string(f.build);
}

std::string tcb_text(const std::optional<SnpTcb>& tcb) {
  if (!tcb.has_value()) return "a part not known here";
  const auto part = [](std::string_view name, uint8_t n) {
    return std::string(name) + " " + std::to_string(n);
  };
  return part("fmc", tcb->fmc) + ", " + part("boot loader", tcb->boot_loader) + ", " +
         part("tee", tcb->tee) + ", " + part("snp", tcb->snp) + ", " +
         part("microcode", tcb->microcode);
}

template <size_t N>
bool is_zero(const ByteArray<N>& bytes) {
  return bytes == ByteArray<N>{};
}

}  // namespace

Verification SnpVerification::run() && {
  if (report() && readable()) {
    const bool key = vek();
    if (key && chain()) {
      crl();
      if (report_signature()) {
        key_matches_report();
        platform();
        policy();
        claims();
      }
    }
  }
  return std::move(book_).finish(facts());
}

bool SnpVerification::report() {
  constexpr std::string_view kRight[] = {"1184 bytes", "2 to 5", "zeros in reserved fields"};
  constexpr C kChecks[] = {C::kReportLength, C::kReportVersion, C::kReportReserved};
  auto read = parse_snp_report(evidence_.quote);
  const std::string_view error = read.has_value() ? "" : read.error().name();
  for (size_t i = 0; i < std::size(kChecks); ++i) {
    const bool failed = error == snp_check_specs()[static_cast<size_t>(kChecks[i])].id.text;
    mark(kChecks[i], !failed, std::string(kRight[i]),
         failed ? "another value at byte " + std::to_string(read.error().at)
                : std::string(kRight[i]));
    if (failed) return false;
  }
  report_ = *std::move(read);
  const SnpReport& r = *report_;
  const bool algorithm = mark(C::kReportAlgorithm, r.signature_algorithm == kEcdsaP384,
                              std::to_string(kEcdsaP384), std::to_string(r.signature_algorithm));
  const bool key =
      mark(C::kReportSigningKey,
           r.signing_key == SnpSigningKey::kVcek || r.signing_key == SnpSigningKey::kVlek,
           "VCEK or VLEK", name_of_key(r.signing_key));
  holds(C::kReportChipKey, !r.mask_chip_key || r.signing_key != SnpSigningKey::kVcek,
        "no VCEK while MASK_CHIP_KEY is set", "VCEK while MASK_CHIP_KEY is set");
  holds(C::kReportAuthorKey, r.author_key_en != is_zero(r.author_key_digest),
        "a digest if and only if AUTHOR_KEY_EN is set", "one without the other");
  mark(C::kReportGuestPolicy,
       (r.policy & kSnpPolicyMustBeOne) != 0 && (r.policy & ~uint64_t{kSnpPolicyKnown}) == 0,
       "bit 17 set, bits 26 to 63 clear", std::to_string(r.policy));
  const BytesView signature(r.signature);
  const bool range = holds(C::kReportSignatureRange,
                           in_range(signature.first(48)) && in_range(signature.subspan(48)),
                           "r and s from 1 to n-1", "a number out of range");
  // Version 2 says nothing of the processor: its certificate has to.
  const bool known = !r.cpu.has_value() || product_of(*r.cpu).has_value();
  mark(C::kReportProduct, known, "Milan, Genoa or Turin, or version 2",
       !r.cpu.has_value() ? "version 2"
       : known
           ? std::string(name_of(*product_of(*r.cpu)))
           : "family " + std::to_string(r.cpu->family) + ", model " + std::to_string(r.cpu->model));
  return algorithm && key && range && known;
}

// A signature counts only under a chain that holds.
bool SnpVerification::report_signature() {
  return holds(C::kReportSignature,
               verify_p384(vek_->p384_point(), report_->signed_part, report_->signature), "valid",
               "invalid");
}

void SnpVerification::key_matches_report() {
  const SnpReport& r = *report_;
  reported_ = tcb_parts(product_, r.reported_tcb);
  mark(C::kVekTcb, reported_.has_value() && *reported_ == extensions_->tcb,
       tcb_text(extensions_->tcb), tcb_text(reported_));
  const Bytes& hwid = extensions_->hwid;
  if (r.signing_key == SnpSigningKey::kVlek) {
    // A VLEK is a provider's, not a chip's.
    mark(C::kVekChip, hwid.empty() && !extensions_->csp_id.empty(), "a provider's name, no chip's",
         extensions_->csp_id.empty() ? "no provider's name"
         : hwid.empty()              ? extensions_->csp_id
                                     : "a chip's");
    return;
  }
  // Turin's HWID is 8 bytes, and chip_id is that and zeros.
  Bytes wanted = hwid;
  wanted.resize(r.chip_id.size());
  mark(C::kVekChip, !hwid.empty() && equal(wanted, r.chip_id),
       hwid.empty() ? "the certificate's HWID (it has none)" : to_hex(wanted), to_hex(r.chip_id));
}

void SnpVerification::platform() {
  const SnpReport& r = *report_;
  committed_ = tcb_parts(product_, r.committed_tcb);
  current_ = tcb_parts(product_, r.current_tcb);
  launch_ = tcb_parts(product_, r.launch_tcb);
  mark(C::kFirmwareOrder, r.committed_firmware <= r.current_firmware,
       "at least " + version_of(r.committed_firmware), version_of(r.current_firmware));
  if (!holds(C::kTcbLayout,
             reported_.has_value() && committed_.has_value() && current_.has_value() &&
                 launch_.has_value(),
             "zeros in reserved bytes", "a part not known here"))
    return;
  mark(C::kTcbOrder,
       committed_->reaches(*reported_) && current_->reaches(*committed_) &&
           current_->reaches(*launch_),
       "reported <= committed <= current, launch <= current",
       to_hex(r.reported_tcb) + ", " + to_hex(r.committed_tcb) + ", " + to_hex(r.current_tcb) +
           ", " + to_hex(r.launch_tcb));
}

std::optional<VerifiedEvidence::Facts> SnpVerification::facts() {
  if (!report_.has_value()) return {};
  const SnpReport& r = *report_;
  return VerifiedEvidence::Facts{
      .identity = SnpIdentity{std::string(name_of(product_)), r.measurement, r.host_data,
                              r.id_key_digest, r.author_key_digest, r.family_id, r.image_id,
                              r.guest_svn, r.vmpl, r.policy, r.reported_tcb},
      .tcb_status = TcbStatus::kUpToDate,
      .advisories = {},
      .tcb_evaluation_number = 0,
      .debug = r.debug(),
      .report_data = r.report_data,
      .verified_at = book_.now(),
      .valid_until = valid_until_,
      .fresh_until = std::min(valid_until_, book_.now() + policy_.max_evidence_age_s)};
}

Verification verify_snp(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                        const Policy& policy, const TrustRoots& roots, Time now) {
  return SnpVerification(evidence, claims, collateral, policy, roots, now).run();
}

}  // namespace blindai
