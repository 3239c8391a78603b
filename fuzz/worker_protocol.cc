// The first byte picks a message; the rest is decoded as that message. Property: what decodes
// encodes to the same bytes, and a DONE that decodes is either refused by the check of replies or
// lies inside the area.
#include "enclave/infer/protocol.h"
#include "enclave/infer/reply_check.h"

namespace {

using namespace blindai;
namespace wp = blindai::worker_protocol;

template <typename T>
void round_trip(BytesView wire) {
  T message;
  if (!wp::decode(wire, message)) return;
  Bytes again;
  wp::encode(message, again);
  BLINDAI_CHECK(equal(again, wire));
}

void check_done(BytesView wire) {
  wp::Done done;
  if (!wp::decode(wire, done)) return;
  constexpr OutputArea kArea = {4096, 65536};
  const std::vector<TensorSpec> specs = {{"y", Datatype::kFp32, {-1}},
                                         {"s", Datatype::kBytes, {-1}}};
  std::vector<uint16_t> requested;
  for (const wp::TensorPlace& place : done.outputs)
    requested.push_back(static_cast<uint16_t>(place.index % specs.size()));
  if (!check_outputs(done, requested, specs, kArea)) return;
  for (const wp::TensorPlace& place : done.outputs) {
    BLINDAI_CHECK(place.offset >= kArea.offset);
    BLINDAI_CHECK(place.length <= kArea.length);
    BLINDAI_CHECK(place.offset + place.length <= kArea.offset + kArea.length);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const BytesView wire(data + 1, size - 1);
  static_cast<void>(wp::type_of(wire));
  switch (data[0] % 12) {
    case 0:
      round_trip<wp::Ready>(wire);
      break;
    case 1:
      round_trip<wp::Load>(wire);
      break;
    case 2:
      round_trip<wp::Run>(wire);
      break;
    case 3:
      round_trip<wp::Output>(wire);
      break;
    case 4:
      round_trip<wp::Cancel>(wire);
      break;
    case 5:
      round_trip<wp::DropBuffer>(wire);
      break;
    case 6:
      round_trip<wp::Loaded>(wire);
      break;
    case 7:
      round_trip<wp::Refused>(wire);
      break;
    case 8:
      round_trip<wp::Need>(wire);
      break;
    case 9:
      round_trip<wp::Done>(wire);
      check_done(wire);
      break;
    case 10:
      round_trip<wp::Failed>(wire);
      break;
    default:
      static_cast<void>(wp::is_bytes_tensor(wire, size % 7));
      wp::clean_sentence(as_text(wire));
  }
  return 0;
}
