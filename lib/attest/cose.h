// Reads COSE_Sign1, one signature over one payload. Does NOT verify it.
//
//   [18] [protected: bstr, unprotected: map, payload: bstr, signature: bstr]
//
// The tag 18 is optional. The unprotected map has to be empty: nobody signs it, and no document
// that is read here has anything in it. The content of the protected header and the length of the
// signature are left to the caller, who knows the algorithm.
// Source: RFC 9052 sections 4.2 and 4.4.   Pure.
#pragma once

#include "lib/base/bytes.h"

namespace blindai {

// Unverified. The views borrow from the bytes that were parsed.
struct CoseSign1 {
  bool tagged;
  BytesView protected_header;
  BytesView payload;
  BytesView signature;
};

// The whole input is one COSE_Sign1. Errors: cbor.* (cbor_reader.h); kMalformed "cose.tag" (another
// tag), "cose.elements" (not four), "cose.unprotected" (not an empty map).
Result<CoseSign1> parse_cose_sign1(BytesView wire);

// The bytes that were signed: Sig_structure with the context "Signature1" and no external data.
Bytes cose_signed_bytes(const CoseSign1& message);

}  // namespace blindai
