// What has to be asked of which service to judge evidence of one platform.   Pure.
//
// Sources: Intel PCS API v4, "Get TCB Info", "Get QE Identity", "Get PCK CRL", "Get Root CA CRL";
// Intel PCCS design guide, section 3 (the same paths, and the root CA CRL below them); AMD 57230,
// sections 4.1 to 4.3.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/collateral/document.h"
#include "net/collateral/platform.h"
#include "net/url.h"

namespace blindai {

inline constexpr std::string_view kIntelPcs = "https://api.trustedservices.intel.com";
// Intel's PCS has the root CA's CRL at another host; every PCCS has it at its own address.
inline constexpr std::string_view kIntelRootCrl = "https://certificates.trustedservices.intel.com";
inline constexpr std::string_view kAmdKds = "https://kdsintf.amd.com";

struct CollateralServices {
  Url pcs;
  Url root_crl;
  std::string root_crl_target;
  Url kds;
};
// Errors: kInvalid "net.url".
Result<CollateralServices> services_of(std::string_view pcs, std::string_view kds);

struct CollateralRequest {
  Url service;
  std::string target;
  DocumentForm form;
  Bytes Collateral::* body;
  // Where the issuer chain goes that comes in a field of the answer; null when there is none.
  Bytes Collateral::* chain;
  // A certificate of one chip does not change; everything else is published anew, as one set.
  bool is_certificate() const {
    return form == DocumentForm::kAmdVek || form == DocumentForm::kAmdChain;
  }
  std::string url() const { return service.text(target); }
};

// `tee` is kSgx or kTdx.
std::vector<CollateralRequest> requests_for(Tee tee, const IntelPlatform& platform,
                                            const CollateralServices& at);
// The certificate of a VLEK is not among them: see AmdPlatform.
std::vector<CollateralRequest> requests_for(const AmdPlatform& platform,
                                            const CollateralServices& at);

// The names, in lower case, under which services send the issuer chain of such a document.
std::vector<std::string_view> issuer_chain_fields(DocumentForm form);

}  // namespace blindai
