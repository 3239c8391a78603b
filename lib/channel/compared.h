// A check that two strings of bytes are equal. Private to lib/channel.
#pragma once

#include "lib/attest/checked.h"
#include "lib/base/bytes.h"

namespace blindai {

inline Check compare(Id id, BytesView expected, BytesView found) {
  return {id, Code::kUntrusted, equal(expected, found) ? CheckState::kPassed : CheckState::kFailed,
          to_hex(expected), to_hex(found)};
}

}  // namespace blindai
