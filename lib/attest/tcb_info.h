// Intel's TCB info for SGX and TDX: which patch levels a family of platforms can have, and how good
// each is. Source   Intel PCS API v4, "Get SGX TCB Info" (versions 2 and 3), "Get TDX TCB Info"
// (version 3).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/attest/pck.h"
#include "lib/attest/signed_json.h"
#include "lib/attest/tcb_status.h"

namespace blindai {

struct TcbLevel {
  ByteArray<16> components;
  ByteArray<16> tdx_components;  // zeros in SGX's TCB info
  uint16_t pce_svn;
  TcbStatus status;
  Time date;
  std::vector<std::string> advisories;
};

// What Intel says of a TDX module: "tdxModule", and of one version of it.
struct TdxModule {
  ByteArray<48> mr_signer;
  ByteArray<8> attributes;  // bytes in the report's order
  ByteArray<8> attributes_mask;
};

struct TdxModuleLevel {
  uint8_t isv_svn;
  TcbStatus status;  // kUpToDate, kOutOfDate or kRevoked
  Time date;
  std::vector<std::string> advisories;
};

struct TdxModuleIdentity {
  uint8_t version;  // of "TDX_01" 1
  TdxModule module;
  std::vector<TdxModuleLevel> levels;  // best first

  // The first level, from the best down, whose SVN is not above this one. Null when there is none.
  const TdxModuleLevel* level_of(uint8_t isv_svn) const;
};

// Unverified until its signature is checked; parse the body after that.
struct TcbInfo {
  std::string id;  // "SGX" or "TDX"; version 2 has no such member and leaves it empty
  uint32_t version;
  Time issue_date;
  Time next_update;
  ByteArray<6> fmspc;
  ByteArray<2> pce_id;
  uint32_t tcb_type;  // 0: components are compared one by one
  uint32_t evaluation_number;
  std::vector<TcbLevel> levels;         // best first
  std::optional<TdxModule> tdx_module;  // present exactly when id is "TDX"
  std::vector<TdxModuleIdentity> tdx_module_identities;

  // The platform's level: the first, from the best down, whose 16 components and PCESVN the
  // platform all reaches. Null when it reaches none, which is a refusal.
  const TcbLevel* level_of(const PckExtension& platform) const;
  // The same for a TD, which has to reach the 16 TDX components as well. When its module has a
  // version (tee_tcb_svn[1] is not 0) components 0 and 1 are left out: a module's SVN is counted
  // per version, and its identity's levels judge it.
  const TcbLevel* level_of(const PckExtension& platform, const ByteArray<16>& tee_tcb_svn) const;
  // Null when Intel names no such module.
  const TdxModuleIdentity* module_of(uint8_t module_version) const;
};

// `body`: the value of "tcbInfo". Members that are not named above are passed over: Intel adds
// some, and signed them. Version and id are for the caller to judge; the members' form is that of
// versions 2 and 3. A module version may be named once. Errors: kMalformed dcap.tcb-info.layout.
Result<TcbInfo> parse_tcb_info(const JsonValue& body);

}  // namespace blindai
