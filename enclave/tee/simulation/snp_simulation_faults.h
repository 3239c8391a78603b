// Ways in which a simulated SEV-SNP platform can be wrong, so that tests can show that each is
// noticed. The default is a platform in good order; every field set is one deviation from it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "enclave/tee/simulation/simulation_faults.h"
#include "lib/base/bytes.h"

namespace blindai {

// A part whose signature can be wrong by one bit.
enum class SnpSignedPart : uint8_t { kArk, kCa, kVek, kCrl };

struct SnpFaults {
  // Bytes put over the report's, at an offset.
  struct Patch {
    size_t at;
    Bytes bytes;
  };
  std::vector<Patch> signed_patches = {};  // before it is signed: the chip itself says so
  std::vector<Patch> patches = {};         // afterwards: somebody changed it

  // The VEK's own extensions, by OID: another value, or none.
  struct Extension {
    std::string oid;
    std::optional<Bytes> value;
  };
  std::vector<Extension> extensions = {};
  bool vek_of_other_chip = false;  // certifies a key that did not sign the report
  bool vek_of_other_kind = false;  // a VCEK in place of a VLEK or the other way round, in all else
  bool ca_of_other_kind = false;   // ASK in place of ASVK or the other way round

  // Common names in place of the ones a verifier expects.
  std::optional<std::string> vek_name = {};
  std::optional<std::string> ca_name = {};
  std::optional<std::string> ark_name = {};
  bool other_ark = false;  // a root of the same name with another key
  bool ca_is_no_ca = false;
  bool ark_signs_no_crls = false;
  bool ark_allows_no_ca = false;  // path length 0
  InForce vek = InForce::kNow;
  InForce ca = InForce::kNow;
  InForce ark = InForce::kNow;

  InForce crl = InForce::kNow;
  bool crl_of_ca = false;  // in order, but issued by the ASK or ASVK
  bool vek_revoked = false;
  bool ca_revoked = false;
  bool ark_revoked = false;

  std::optional<SnpSignedPart> tampered = {};
};

}  // namespace blindai
