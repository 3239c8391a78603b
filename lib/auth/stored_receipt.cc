#include "lib/auth/stored_receipt.h"

#include "lib/base/json.h"
#include "lib/base/model_id.h"

namespace blindai {
namespace {

constexpr JsonLimits kReceiptJsonLimits{.max_bytes = 4096, .max_depth = 1, .max_values = 16};

std::unexpected<Error> bad_receipt() {
  return fail(Code::kMalformed,
              {"auth.receipt-layout",
               "A receipt has model_id, model_hash, epoch and content_id, as the server gave them; "
               "take the newest that you kept."});
}

}  // namespace

std::string to_json(const StoredReceipt& receipt) {
  return "{\"model_id\":" + json_quote(receipt.model_id) +
         ",\"model_hash\":" + json_quote(to_hex(receipt.model_hash)) +
         ",\"epoch\":" + std::to_string(receipt.epoch) +
         ",\"content_id\":" + json_quote(to_hex(receipt.content_id)) + "}";
}

Result<std::optional<StoredReceipt>> receipt_of(const JsonValue& object) {
  if (!object["epoch"].exists() && !object["content_id"].exists())
    return std::optional<StoredReceipt>();
  const auto id = object["model_id"].plain_string();
  const auto epoch = object["epoch"].u64();
  const auto hash = array_from_hex<32>(object["model_hash"].plain_string().value_or(""));
  const auto content = array_from_hex<32>(object["content_id"].plain_string().value_or(""));
  if (!id.has_value() || !check_model_id(*id).has_value() || !epoch.has_value() || *epoch == 0 ||
      !hash.has_value() || !content.has_value())
    return bad_receipt();
  return StoredReceipt{
      .model_id = std::string(*id), .model_hash = *hash, .epoch = *epoch, .content_id = *content};
}

Result<StoredReceipt> parse_stored_receipt(std::string_view json) {
  const auto document = JsonDocument::parse(json, kReceiptJsonLimits);
  if (!document.has_value()) return fail(Code::kMalformed, document.error().id);
  if (document->root().size() != 4) return bad_receipt();
  ASSIGN_OR_RETURN(std::optional<StoredReceipt> out, receipt_of(document->root()));
  if (!out.has_value()) return bad_receipt();
  return *std::move(out);
}

}  // namespace blindai
