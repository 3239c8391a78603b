// Intel's TCB info for SGX: which patch levels a family of platforms can have, and how good each
// is. Source   Intel PCS API v4, "Get SGX TCB Info" (versions 2 and 3).
#pragma once

#include <string>
#include <vector>

#include "lib/attest/pck.h"
#include "lib/attest/signed_json.h"
#include "lib/attest/tcb_status.h"

namespace blindai {

struct TcbLevel {
  ByteArray<16> components;
  uint16_t pce_svn;
  TcbStatus status;
  Time date;
  std::vector<std::string> advisories;
};

// Unverified until its signature is checked; parse the body after that.
struct TcbInfo {
  std::string id;  // "SGX"; version 2 has no such member and leaves it empty
  uint32_t version;
  Time issue_date;
  Time next_update;
  ByteArray<6> fmspc;
  ByteArray<2> pce_id;
  uint32_t tcb_type;  // 0: components are compared one by one
  uint32_t evaluation_number;
  std::vector<TcbLevel> levels;  // best first

  // The platform's level: the first, from the best down, whose 16 components and PCESVN the
  // platform all reaches. Null when it reaches none, which is a refusal.
  const TcbLevel* level_of(const PckExtension& platform) const;
};

// `body`: the value of "tcbInfo". Members that are not named above are passed over: Intel adds
// some, and signed them. Version and id are for the caller to judge; the members' form is that of
// versions 2 and 3. Errors: kMalformed sgx.tcb-info.layout.
Result<TcbInfo> parse_tcb_info(const JsonValue& body);

}  // namespace blindai
