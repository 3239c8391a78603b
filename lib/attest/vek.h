// What a VCEK or VLEK certificate says of the processor whose key it certifies, in AMD's own
// extensions. Source: AMD 57230 (VCEK) and 58369 (VLEK), certificate format.
#pragma once

#include "lib/attest/snp_report.h"
#include "lib/attest/x509.h"

namespace blindai {

// Unverified, like the certificate it is read from.
struct VekExtensions {
  uint8_t struct_version;             // 1.3.6.1.4.1.3704.1.1
  std::string product_name;           // .2: "Milan-B0", "Genoa"; a stepping may follow the product
  std::optional<SnpProduct> product;  // absent for one not known here
  SnpTcb tcb;          // .3.1 boot loader, .3.2 TEE, .3.3 SNP, .3.8 microcode, .3.9 FMC
  Bytes hwid;          // .4: 64 bytes, of Turin 8; empty when there is none (VLEK)
  std::string csp_id;  // .5; empty when there is none (VCEK)
};

// Which of the four kinds of key a certificate's common name says it is for: "SEV-VCEK" or
// "SEV-VLEK". Absent for any other.
std::optional<SnpSigningKey> vek_kind(const Certificate& certificate);

// Reads the extensions. The parts of the TCB are INTEGERs of one or two bytes and at most 255; of a
// product other than Turin there is no FMC and of Turin there has to be one. HWID is given as its
// bytes, or as an OCTET STRING of them (both are in the field).
// Errors: kMalformed vek.extension (missing, not decodable or out of range), vek.hwid (of a length
// no product has).
Result<VekExtensions> parse_vek_extensions(const Certificate& certificate);

}  // namespace blindai
