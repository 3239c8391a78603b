// Judges an attestation message that was saved earlier (`blindai verify ADDR --save FILE`).
#pragma once

#include "client/cpp/connection.h"

namespace blindai {

// At the present time. `seen` receives the checks: `fresh` and `channel`, the latter without those
// that only a connection can pass (key, nonce, exporter), so that seen.ok() stays false.
// Errors: those of the message's format; of lib/attest and lib/channel by check;
// "client.simulation".
Outcome<void> verify_saved_message(std::string_view message, const ConnectOptions& options,
                                   AttestedServer& seen);

}  // namespace blindai
