#include "lib/attest/cose.h"

#include "lib/base/cbor.h"
#include "lib/base/cbor_reader.h"

namespace blindai {
namespace {

constexpr uint8_t kTagSign1 = 18;
constexpr uint64_t kElements = 4;

bool is_tag(uint8_t initial) {
  return initial >> 5 == static_cast<uint8_t>(CborMajor::kTag);
}

}  // namespace

Result<CoseSign1> parse_cose_sign1(BytesView wire) {
  CborReader r(wire);
  CoseSign1 out{};
  out.tagged = r.small_tag(kTagSign1);
  if (r.at() < wire.size() && is_tag(wire[r.at()]))
    return fail(Code::kMalformed, "cose.tag", r.at());
  ASSIGN_OR_RETURN(const uint64_t elements, r.definite_array());
  if (elements != kElements) return fail(Code::kMalformed, "cose.elements");
  ASSIGN_OR_RETURN(out.protected_header, r.bytes());
  const size_t unprotected = r.at();
  ASSIGN_OR_RETURN(const CborCount entries, r.map());
  if (entries.open || entries.left != 0)
    return fail(Code::kMalformed, "cose.unprotected", unprotected);
  ASSIGN_OR_RETURN(out.payload, r.bytes());
  ASSIGN_OR_RETURN(out.signature, r.bytes());
  RETURN_IF_ERROR(r.finish());
  return out;
}

Bytes cose_signed_bytes(const CoseSign1& message) {
  return Cbor::array({Cbor::text("Signature1"), Cbor::bytes(message.protected_header),
                      Cbor::bytes({}), Cbor::bytes(message.payload)})
      .encode();
}

}  // namespace blindai
