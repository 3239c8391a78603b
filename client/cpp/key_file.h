// API keys and receipts in files of the user's.
#pragma once

#include <memory>
#include <string>

#include "lib/auth/api_key.h"
#include "lib/auth/stored_receipt.h"

namespace blindai {

// One line: the key's text. Errors: kNotFound "client.key.open"; kInvalid "client.key.kind" (not a
// regular file, or too long to be a key); auth.key-* for what is in it. No error quotes the
// content.
Outcome<ApiKey> read_key_file(const std::string& path);
// A new file that its owner alone may read and write (mode 0600). Errors: kConflict
// "client.key.exists", so that no key is ever lost to another; kUnavailable "client.key.write",
// with nothing left behind.
Outcome<void> write_key_file(const std::string& path, const ApiKey& key);

// The key of a program: of the file `named`, when that is not empty; else of the file that
// $BLINDAI_KEY_FILE names; else $BLINDAI_API_KEY itself; else null: the caller is anonymous.
// Errors: those of read_key_file() and ApiKey::parse().
Outcome<std::shared_ptr<const ApiKey>> load_api_key(const std::string& named = "");

// A file's whole text without the line break at its end; at most `max_len` bytes. Errors: kNotFound
// "client.text.open", kTooLarge "client.text.size".
Outcome<std::string> read_text_file(const std::string& path, size_t max_len);

// Errors: those of read_text_file() and parse_stored_receipt().
Outcome<StoredReceipt> read_receipt_file(const std::string& path);
// Replaces the file at once or not at all. Errors: kUnavailable "client.receipt.write".
Outcome<void> write_receipt_file(const std::string& path, const StoredReceipt& receipt);

}  // namespace blindai
