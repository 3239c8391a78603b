// TCB info (SGX's and TDX's) and QE identity. Property: levels are sorted from the best down, and a
// platform, TD or module exactly at a level is given that level or one above it; a module is found
// by its version; no document says that a TD should relaunch.
#include <algorithm>
#include <cstdlib>

#include "lib/attest/qe_identity.h"
#include "lib/attest/tcb_info.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const blindai::TcbInfo& info) {
  for (size_t i = 0; i < info.levels.size(); ++i) {
    blindai::PckExtension platform{};
    platform.components = info.levels[i].components;
    platform.pce_svn = info.levels[i].pce_svn;
    const blindai::TcbLevel* found = info.level_of(platform);
    require(found != nullptr && found <= &info.levels[i]);
    const auto status = info.levels[i].status;
    require(status != blindai::TcbStatus::kTdRelaunchAdvised &&
            status != blindai::TcbStatus::kTdRelaunchAdvisedConfigurationNeeded);
    const blindai::TcbLevel* td = info.level_of(platform, info.levels[i].tdx_components);
    require(td != nullptr && td <= &info.levels[i] && td >= found);
    require(i == 0 || info.levels[i - 1].components >= info.levels[i].components);
  }
  require((info.id == "TDX") == info.tdx_module.has_value());
  for (const blindai::TdxModuleIdentity& identity : info.tdx_module_identities) {
    require(info.module_of(identity.version) == &identity);
    for (const blindai::TdxModuleLevel& level : identity.levels) {
      const blindai::TdxModuleLevel* found = identity.level_of(level.isv_svn);
      require(found != nullptr && found->isv_svn == level.isv_svn);
    }
  }
}

void check(const blindai::QeIdentity& identity) {
  for (const blindai::QeLevel& level : identity.levels) {
    const blindai::QeLevel* found = identity.level_of(level.isv_svn);
    require(found != nullptr && found->isv_svn == level.isv_svn);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const blindai::BytesView text(data, size);
  const auto info = blindai::SignedJson::parse(text, "tcbInfo");
  if (info.has_value()) {
    require(info->signed_bytes().data() >= data && info->signed_bytes().size() < size);
    const auto parsed = blindai::parse_tcb_info(info->body());
    if (parsed.has_value()) check(*parsed);
  }
  const auto identity = blindai::SignedJson::parse(text, "enclaveIdentity");
  if (identity.has_value()) {
    const auto parsed = blindai::parse_qe_identity(identity->body());
    if (parsed.has_value()) check(*parsed);
  }
  return 0;
}
