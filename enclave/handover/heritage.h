// The keys a server inherited, before it opens its store: read from its record there, completed by
// a handover that was interrupted, or taken over now.
//
// A key that was received counts only after the old server has said farewell, since until then that
// one may still change the store. In order of what is tried:
//   1. the old server's own record in this store, if the two share it, or it was copied here: it
//      names the transfer, and nobody but the old server and this one could have sealed it
//   2. asking the old server (`blindai-server handover`)
//   3. the operator's word (--old-server-is-gone)
#pragma once

#include <functional>
#include <optional>

#include "enclave/handover/taker.h"
#include "enclave/vault/file_layer.h"
#include "lib/handover/keys.h"

namespace blindai {

struct HeritageFacts {
  FileLayer& files;
  const SealFor& own;
  // This server's own key outlives its process; otherwise nothing is written down.
  bool lasts;
  bool old_server_is_gone;
  // Null: start with what is there.
  HandoverTaker* taker;
  std::function<void(std::string_view)> log;
};

// What opens the store beside `own`. Errors:
//   kUnavailable server.handed-over   this program handed this store over, and starts on it no more
//   kConflict handover.unconfirmed    keys are there whose old server may still be running
//   those of HandoverTaker, of Vault::read_record() and Vault::write_record(), of lib/handover
Outcome<InheritedKeys> inherited_keys(const HeritageFacts& facts);

// What this server gave by its owners' consent; the start of HandoverGiver. Errors: as above.
Outcome<GivenRecord> given_so_far(FileLayer& files, const SealFor& own);

}  // namespace blindai
