// Intel's identity of its quoting enclave, SGX's or TDX's: what its report has to say.
// Source   Intel PCS API v4, "Get SGX QE Identity", "Get TDX QE Identity".
#pragma once

#include <string>
#include <vector>

#include "lib/attest/signed_json.h"
#include "lib/attest/tcb_status.h"

namespace blindai {

struct QeLevel {
  uint16_t isv_svn;
  TcbStatus status;  // kUpToDate, kOutOfDate or kRevoked
  Time date;
  std::vector<std::string> advisories;
};

// Unverified until its signature is checked; parse the body after that.
struct QeIdentity {
  std::string id;  // "QE" for SGX, "TD_QE" for TDX
  uint32_t version;
  Time issue_date;
  Time next_update;
  uint32_t evaluation_number;
  ByteArray<4> misc_select;  // bytes in the report's order
  ByteArray<4> misc_select_mask;
  ByteArray<16> attributes;
  ByteArray<16> attributes_mask;
  ByteArray<32> mr_signer;
  uint16_t isv_prod_id;
  std::vector<QeLevel> levels;  // best first

  // The first level, from the best down, whose ISVSVN is not above this one. Null when there is
  // none.
  const QeLevel* level_of(uint16_t isv_svn) const;
};

// `body`: the value of "enclaveIdentity". Members not named above are passed over, as in TCB info.
// Errors: kMalformed dcap.qe-identity.layout.
Result<QeIdentity> parse_qe_identity(const JsonValue& body);

}  // namespace blindai
