// What every user of a non-blocking socket asks. Internal to net.
#pragma once

#include <cerrno>

namespace blindai {

// After recv() or send() failed: there is nothing wrong, only nothing to do yet.
inline bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace blindai
