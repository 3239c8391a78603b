// What an owner keeps of the newest change to a model, to notice when a server's store is put back
// to an older copy: {"model_id","model_hash","epoch","content_id"}.   Pure.
//
// Part of the answers to uploads, deletions, access changes and GET /v1/models/{id}. A caller that
// has one sends its epoch along (`blindai-least-epoch`); an older model is then 409
// "vault.rolled-back".
#pragma once

#include <optional>
#include <string>

#include "lib/base/bytes.h"

namespace blindai {

class JsonValue;

struct StoredReceipt {
  std::string model_id;
  Sha256Digest model_hash;
  uint64_t epoch = 0;  // grows with every change under this id
  ByteArray<32> content_id;
  bool operator==(const StoredReceipt&) const = default;
};

std::string to_json(const StoredReceipt& receipt);
// Of an object that may have other members. Nothing where neither epoch nor content_id is there: a
// model that is kept in memory only has no receipt. Errors: kMalformed "auth.receipt-layout".
Result<std::optional<StoredReceipt>> receipt_of(const JsonValue& object);
// Strict JSON, the four members. Errors: kMalformed json.*, "auth.receipt-layout".
Result<StoredReceipt> parse_stored_receipt(std::string_view json);

}  // namespace blindai
