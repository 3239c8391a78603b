// Receipts in files, as the commands use them. Internal to client/cli.
#pragma once

#include <optional>
#include <string>

#include "lib/auth/stored_receipt.h"

namespace blindai {

// The epoch to hold a model against; 0 for an empty path. Errors: those of read_receipt_file(), and
// kInvalid "client.receipt.other" for another model's.
Outcome<uint64_t> least_epoch_of(const std::string& path, const std::string& model_id);

// Writes the receipt of a change; nothing for an empty path. Errors: kConflict "vault.rolled-back"
// when the file holds a newer one of this model, which is then kept; kInvalid
// "client.receipt.other"; kInvalid "client.receipt.none" when the server gave none; those of
// write_receipt_file().
Outcome<void> keep_receipt(const std::string& path, const std::string& model_id,
                           const std::optional<StoredReceipt>& receipt);

}  // namespace blindai
