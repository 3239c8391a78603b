// The report that an SEV-SNP guest gets about itself from AMD's secure processor, parsed.
// docs/formats/snp-report.md has the bytes. Source: AMD 56860, section 7.3, ATTESTATION_REPORT.
#pragma once

#include <optional>

#include "lib/attest/snp_tcb.h"
#include "lib/base/bytes.h"

namespace blindai {

// TCB_VERSION as it stands in the report: what each byte means is the product's affair.
using SnpTcbBytes = ByteArray<8>;
// The same taken apart (AMD 56860, TCB_VERSION).
//   Milan, Genoa   0 boot loader, 1 TEE, 2-5 reserved, 6 SNP firmware, 7 microcode
//   Turin          0 FMC, 1 boot loader, 2 TEE, 3 SNP firmware, 4-6 reserved, 7 microcode
// Absent when a reserved byte is not zero: a part that is not known here cannot be judged.
std::optional<SnpTcb> tcb_parts(SnpProduct product, const SnpTcbBytes& tcb);

struct SnpFirmware {
  uint8_t major;
  uint8_t minor;
  uint8_t build;

  auto operator<=>(const SnpFirmware&) const = default;
};

struct SnpCpu {
  uint8_t family;  // extended and base family added, as CPUID Fn0000_0001 EAX has them
  uint8_t model;
  uint8_t stepping;
};

// Bits of the guest policy (AMD 56860, section 4.3). Bits 0 to 15 are the least ABI version.
enum SnpGuestPolicy : uint64_t {
  kSnpPolicySmt = uint64_t{1} << 16,
  kSnpPolicyMustBeOne = uint64_t{1} << 17,
  kSnpPolicyMigrateMa = uint64_t{1} << 18,
  kSnpPolicyDebug = uint64_t{1} << 19,
  kSnpPolicyKnown = (uint64_t{1} << 26) - 1,  // up to PAGE_SWAP_DISABLE
};

// SIGNING_KEY, bits 2 to 4 of the key information.
enum class SnpSigningKey : uint8_t { kVcek = 0, kVlek = 1, kNone = 7 };

// Unverified: who signed it is another question (snp_verification.h). Views borrow the wire. Names
// as in ATTESTATION_REPORT; numbers are little-endian on the wire.
struct SnpReport {
  uint32_t version;
  uint32_t guest_svn;
  uint64_t policy;
  ByteArray<16> family_id;
  ByteArray<16> image_id;
  uint32_t vmpl;
  uint32_t signature_algorithm;
  SnpTcbBytes current_tcb;
  uint64_t platform_info;
  bool author_key_en;
  bool mask_chip_key;
  SnpSigningKey signing_key;  // may hold a value that the enum has no name for
  ByteArray<64> report_data;
  ByteArray<48> measurement;
  ByteArray<32> host_data;
  ByteArray<48> id_key_digest;
  ByteArray<48> author_key_digest;
  ByteArray<32> report_id;
  ByteArray<32> report_id_ma;
  SnpTcbBytes reported_tcb;
  std::optional<SnpCpu> cpu;  // version 3 and later
  ByteArray<64> chip_id;
  SnpTcbBytes committed_tcb;
  SnpFirmware current_firmware;
  SnpFirmware committed_firmware;
  SnpTcbBytes launch_tcb;
  uint64_t launch_mitigations;   // LAUNCH_MIT_VECTOR; 0 before version 5
  uint64_t current_mitigations;  // CURRENT_MIT_VECTOR; 0 before version 5
  // r then s, 48 bytes each, big-endian: the order verify_p384() takes, not the wire's.
  ByteArray<96> signature;

  BytesView signed_part;

  bool debug() const { return (policy & kSnpPolicyDebug) != 0; }
};

// Exactly 1184 bytes, of which none is free: a reserved byte or bit that is not zero is refused,
// and so are the unsigned bytes after the signature's two numbers.
// Errors, all with their offset:
//   kMalformed snp.report.length    not 1184 bytes
//   kUntrusted snp.report.version   not 2 to 5: later ones may give these bytes another meaning
//   kMalformed snp.report.reserved
Result<SnpReport> parse_snp_report(BytesView wire);

// The product of a processor, by family and model (AMD 57230). Absent for one not known here.
std::optional<SnpProduct> product_of(const SnpCpu& cpu);

}  // namespace blindai
