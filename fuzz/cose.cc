// Property: what is read is all of the input and nothing else: written again, with its tag if it
// had one, it is the input.
#include "lib/attest/cose.h"

#include <cstdlib>

#include "lib/base/cbor.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using blindai::Cbor;
  const blindai::BytesView wire(data, size);
  const auto read = blindai::parse_cose_sign1(wire);
  if (!read.has_value()) return 0;
  Cbor again = Cbor::array({Cbor::bytes(read->protected_header), Cbor::map({}),
                            Cbor::bytes(read->payload), Cbor::bytes(read->signature)});
  if (read->tagged) again = Cbor::tagged(18, std::move(again));
  if (!blindai::equal(again.encode(), wire)) std::abort();
  const blindai::Bytes signed_bytes = blindai::cose_signed_bytes(*read);
  if (signed_bytes.size() < read->protected_header.size() + read->payload.size()) std::abort();
  return 0;
}
