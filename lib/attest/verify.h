// Verifies evidence: whether a genuine TEE, in good order, runs a program the policy accepts and
// vouches for these claims.
//
//   Verification v = verify(evidence, claims, collateral, policy, production_roots(), now);
//   if (!v.ok()) return std::unexpected(v.problem());
//   use(*v.evidence());
//
// Pure: no clock, network or file. Every check has a stable name and is in the result
// whether it passed, failed or was not reached; ok() means that every one of them passed, so a
// check that did not run is a refusal. docs/attestation.md gives each name's meaning and source.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "lib/attest/checked.h"
#include "lib/attest/evidence.h"
#include "lib/attest/policy.h"
#include "lib/attest/trust_roots.h"
#include "lib/attest/verification_cache.h"
#include "lib/base/time.h"

namespace blindai {

// Who an SGX enclave is, as its report says.
struct SgxIdentity {
  ByteArray<32> mr_enclave;
  ByteArray<32> mr_signer;
  uint16_t isv_prod_id;
  uint16_t isv_svn;
  ByteArray<4> misc_select;
  ByteArray<16> attributes;
  ByteArray<16> cpu_svn;
};

// Who a trust domain is. Names as in the TDX module's TDREPORT.
struct TdxIdentity {
  ByteArray<48> mr_td;  // the image it was built from
  std::array<ByteArray<48>, 4> rtmr;
  ByteArray<48> mr_config_id;
  ByteArray<48> mr_owner;
  ByteArray<48> mr_owner_config;
  ByteArray<48> mr_seam;
  ByteArray<48> mr_service_td;  // zeros before TD 1.5
  ByteArray<8> td_attributes;
  ByteArray<8> xfam;
  ByteArray<16> tee_tcb_svn;
};

// Who an SEV-SNP guest is. Names as in ATTESTATION_REPORT.
struct SnpIdentity {
  std::string product;  // "Milan", "Genoa", "Turin"
  ByteArray<48> measurement;
  ByteArray<32> host_data;
  ByteArray<48> id_key_digest;
  ByteArray<48> author_key_digest;
  ByteArray<16> family_id;
  ByteArray<16> image_id;
  uint32_t guest_svn;
  uint32_t vmpl;
  uint64_t guest_policy;
  ByteArray<8> reported_tcb;  // in the product's own layout
};

// Who a Nitro enclave is. A PCR that the document leaves out is absent here.
struct NitroIdentity {
  std::string module_id;
  std::array<std::optional<Bytes>, 32> pcrs;  // SHA-384: 48 bytes
};

// What verify() found true. Only verify() makes one, and only when every check passed.
class VerifiedEvidence {
 public:
  // Passkey: only the verifier can name a value of it.
  class Passkey {
    Passkey() = default;
    friend class Verifier;
  };
  struct Facts {
    std::variant<SgxIdentity, TdxIdentity, SnpIdentity, NitroIdentity> identity;
    TcbStatus tcb_status;  // kUpToDate where the vendor publishes none (kSnp, kNitro)
    std::vector<std::string> advisories;  // sorted, no duplicates
    uint32_t tcb_evaluation_number;       // 0 for kSnp and kNitro
    bool debug;
    ByteArray<64> report_data;
    Time verified_at;
    Time valid_until;
    Time fresh_until;
  };
  VerifiedEvidence(Passkey, Facts facts) : facts_(std::move(facts)) {}

  Tee tee() const;
  // What names the program: MRENCLAVE for kSgx, MRTD for kTdx (RTMRs hold what it loaded),
  // MEASUREMENT for kSnp, PCR 0 for kNitro.
  BytesView measurement() const;
  // Null for evidence of another TEE.
  const SgxIdentity* sgx() const { return std::get_if<SgxIdentity>(&facts_.identity); }
  const TdxIdentity* tdx() const { return std::get_if<TdxIdentity>(&facts_.identity); }
  const SnpIdentity* snp() const { return std::get_if<SnpIdentity>(&facts_.identity); }
  const NitroIdentity* nitro() const { return std::get_if<NitroIdentity>(&facts_.identity); }
  TcbStatus tcb_status() const { return facts_.tcb_status; }
  const std::vector<std::string>& advisories() const { return facts_.advisories; }
  uint32_t tcb_evaluation_number() const { return facts_.tcb_evaluation_number; }
  bool debug() const { return facts_.debug; }  // only true where the policy allows it
  // SHA-256 of the claims, then 32 zero bytes.
  const ByteArray<64>& report_data() const { return facts_.report_data; }
  Time verified_at() const { return facts_.verified_at; }
  // The last second at which the same inputs still verify: the earliest notAfter and nextUpdate of
  // all certificates, CRLs and documents that were relied on.
  Time valid_until() const { return facts_.valid_until; }
  // The earlier of valid_until() and verified_at() plus the policy's max_evidence_age_s: until then
  // a connection to the same attested key needs no new evidence.
  Time fresh_until() const { return facts_.fresh_until; }

 private:
  Facts facts_;
};

// Its checks() are the same for every evidence of one TEE.
class Verification : public Checked<VerifiedEvidence> {
 public:
  // Of nothing: no checks, not ok().
  Verification() : Checked({}, std::nullopt) {}
  // Null unless ok().
  const VerifiedEvidence* evidence() const { return value(); }
  Time at() const { return at_; }

 private:
  friend class Verifier;
  Verification(Checked<VerifiedEvidence> checked, Time at) : Checked(std::move(checked)), at_(at) {}
  Time at_;
};

// Judges everything at `now`. `claims` are the bytes whose SHA-256 the report has to carry; their
// content is not read here (lib/channel does). Evidence of a TEE this build cannot verify fails the
// one check "evidence.tee".
Verification verify(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                    const Policy& policy, const TrustRoots& roots, Time now);
// The same, and faster when the platform was verified with this cache before: the same checks with
// the same results (verification_cache.h).
Verification verify(const Evidence& evidence, BytesView claims, const Collateral& collateral,
                    const Policy& policy, const TrustRoots& roots, Time now,
                    VerificationCache& cache);

// {"ok":…,"at":…,"checks":[{"name","state","expected","found"}…],"evidence":{…}|null}
std::string to_json(const Verification& verification);

}  // namespace blindai
