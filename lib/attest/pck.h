// The SGX extension of a PCK certificate (1.2.840.113741.1.13.1): what platform a key belongs to,
// and at which patch level it was certified. Source   Intel SGX PCK Certificate and CRL Profile
// Specification, section 1.3.5.
#pragma once

#include "lib/base/bytes.h"

namespace blindai {

struct PckExtension {
  ByteArray<16> components;  // .2.1 to .2.16: what TCB levels are compared with
  uint16_t pce_svn;          // .2.17
  ByteArray<16> cpu_svn;     // .2.18; not compared: its bytes need not equal the components
  ByteArray<2> pce_id;       // .3
  ByteArray<6> fmspc;        // .4
};

// `der`: the extension's value, a SEQUENCE of {OID, value} pairs. A component is an INTEGER of 0 to
// 255 and so may take two bytes. Each OID may occur once; PPID (.1), SGX type (.5) and the
// platform's own
// (.6, .7) are passed over, and so are OIDs Intel may add.
// Errors: kMalformed sgx.pck.extension, also when one of the fields above is missing.
Result<PckExtension> parse_pck_extension(BytesView der);

}  // namespace blindai
