#include "lib/attest/dcap_verification.h"

namespace blindai {

void DcapVerification::platform() {
  if (tcb_info_ == nullptr || !passed(C::kTcbIdentity) || !passed(C::kTcbFmspc) ||
      !passed(C::kTcbPceId) || !passed(C::kQeLevel))
    return;
  if (is_tdx())
    tdx_platform(*quote_->td());
  else
    sgx_platform();
  std::sort(advisories_.begin(), advisories_.end());
  advisories_.erase(std::unique(advisories_.begin(), advisories_.end()), advisories_.end());
}

void DcapVerification::sgx_platform() {
  const TcbLevel* level = tcb_info_->level_of(*pck_);
  mark(C::kTcbLevel, level != nullptr, "one of " + number(tcb_info_->levels.size()) + " levels",
       "components " + to_hex(pck_->components) + ", PCESVN " + number(pck_->pce_svn));
  if (level == nullptr) return;
  add_advisories(level->advisories);
  status_ = converge(level->status, qe_status_);
  judged_status();
}

// The status itself is for the policy; Revoked is for nobody.
void DcapVerification::judged_status() {
  mark(C::kTcbStatus, status_ != TcbStatus::kRevoked, "not Revoked", text(name_of(*status_)));
}

void DcapVerification::tdx_platform(const TdReport& td) {
  const TdLevels launch = td_levels(td.tee_tcb_svn);
  const bool module = td_module(td, launch);
  const std::string platform =
      "components " + to_hex(pck_->components) + ", PCESVN " + number(pck_->pce_svn);
  const std::string levels = "one of " + number(tcb_info_->levels.size()) + " levels";
  mark(C::kTcbLevel, launch.platform != nullptr, levels,
       platform + ", TDX " + to_hex(td.tee_tcb_svn));
  TdLevels current = launch;
  if (td.tee_tcb_svn2.has_value()) {
    current = td_levels(*td.tee_tcb_svn2);
    mark(C::kTcbCurrent, current.complete(*td.tee_tcb_svn2), levels,
         platform + ", TDX " + to_hex(*td.tee_tcb_svn2));
  } else {
    mark(C::kTcbCurrent, true, "as launched (TDX 1.0 does not say more)", "as launched");
  }
  if (!module || !passed(C::kTcbLevel) || !passed(C::kTcbCurrent)) return;
  const TcbStatus launched = td_status(launch);
  status_ = td.tee_tcb_svn2.has_value() ? join_launch_and_current(launched, td_status(current))
                                        : launched;
  judged_status();
}

TdLevels DcapVerification::td_levels(const ByteArray<16>& tee_tcb_svn) const {
  TdLevels out;
  const uint8_t version = tee_tcb_svn[1];
  if (version > 0) out.module = tcb_info_->module_of(version);
  if (out.module != nullptr) out.module_level = out.module->level_of(tee_tcb_svn[0]);
  out.platform = tcb_info_->level_of(*pck_, tee_tcb_svn);
  return out;
}

// A module of version 0 is described by "tdxModule" alone, and its SVN is among the platform's
// components; a later one has an identity and levels of its own.
bool DcapVerification::td_module(const TdReport& td, const TdLevels& launch) {
  const uint8_t version = td.tee_tcb_svn[1];
  const std::string id = "TDX_" + to_hex(ByteArray<1>{version});
  const bool described = version == 0 || launch.module != nullptr;
  if (!mark(C::kModuleIdentity, described,
            "one of " + number(tcb_info_->tdx_module_identities.size()) + " identities, or TDX_00",
            id))
    return false;
  // Past the check, there is an identity exactly when the version is not 0.
  const TdxModule& module =
      launch.module == nullptr ? *tcb_info_->tdx_module : launch.module->module;
  const bool signer = same(C::kModuleMrSigner, module.mr_signer, td.mr_signer_seam);
  const bool attributes =
      masked(C::kModuleAttributes, Masked<8>{module.attributes, module.attributes_mask},
             td.seam_attributes);
  const bool zero = same(C::kModuleAttributesZero, ByteArray<8>{}, td.seam_attributes);
  const bool level =
      mark(C::kModuleLevel, version == 0 || launch.module_level != nullptr,
           launch.module == nullptr ? "none for version 0"
                                    : "at least " + number(launch.module->levels.back().isv_svn),
           number(td.tee_tcb_svn[0]));
  return signer && attributes && zero && level;
}

TcbStatus DcapVerification::td_status(const TdLevels& levels) {
  TcbStatus status = converge(levels.platform->status, qe_status_);
  add_advisories(levels.platform->advisories);
  if (levels.module_level != nullptr) {
    status = converge(status, levels.module_level->status);
    add_advisories(levels.module_level->advisories);
  }
  return status;
}

}  // namespace blindai
