#include "lib/crypto/error_queue.h"

#include <openssl/err.h>

namespace blindai {

ErrorQueue::ErrorQueue() {
  ERR_set_mark();
}
ErrorQueue::~ErrorQueue() {
  ERR_pop_to_mark();
}

}  // namespace blindai
