#include "lib/channel/tagged_evidence.h"

#include "lib/base/byte_reader.h"
#include "lib/base/cbor.h"

namespace blindai {
namespace {

constexpr uint64_t kTaggedEvidence = 60000;  // CBOR tag

}  // namespace

Result<Tee> tee_of_quote(BytesView quote) {
  ByteReader r(quote);
  uint16_t version = 0, key_type = 0;
  uint32_t tee_type = 0;
  if (!r.u16le(version) || !r.u16le(key_type) || !r.u32le(tee_type))
    return fail(Code::kMalformed, "channel.certificate.evidence-layout", r.at());
  if ((version == 3 || version == 4 || version == 5) && tee_type == 0) return Tee::kSgx;
  if ((version == 4 || version == 5) && tee_type == 0x81) return Tee::kTdx;
  return fail(Code::kUntrusted, "channel.certificate.evidence-kind");
}

Bytes encode_tagged_evidence(BytesView quote, BytesView claims) {
  return Cbor::tagged(kTaggedEvidence, Cbor::array({Cbor::bytes(quote), Cbor::bytes(claims)}))
      .encode();
}

Result<CarriedEvidence> read_tagged_evidence(BytesView extension) {
  ASSIGN_OR_RETURN(const Cbor item, Cbor::parse(extension, {.depth = 2, .items = 4}));
  const Cbor* content = item.as_tagged(kTaggedEvidence);
  const std::vector<Cbor>* parts = content == nullptr ? nullptr : content->as_array();
  if (parts == nullptr || parts->size() != 2 || (*parts)[0].as_bytes() == nullptr ||
      (*parts)[1].as_bytes() == nullptr)
    return fail(Code::kMalformed, "channel.certificate.evidence-layout");
  const Bytes& quote = *(*parts)[0].as_bytes();
  ASSIGN_OR_RETURN(const Tee tee, tee_of_quote(quote));
  return CarriedEvidence{{tee, quote}, *(*parts)[1].as_bytes()};
}

}  // namespace blindai
