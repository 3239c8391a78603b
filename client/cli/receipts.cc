#include "client/cli/receipts.h"

#include <filesystem>

#include "client/cpp/key_file.h"

namespace blindai {
namespace {

Outcome<StoredReceipt> receipt_about(const std::string& path, const std::string& model_id) {
  ASSIGN_OR_RETURN(StoredReceipt receipt, read_receipt_file(path));
  if (receipt.model_id != model_id)
    return problem(Code::kInvalid, "client.receipt.other",
                   "The receipt \"" + path + "\" is about the model " + receipt.model_id +
                       "; name another file.");
  return receipt;
}

}  // namespace

Outcome<uint64_t> least_epoch_of(const std::string& path, const std::string& model_id) {
  if (path.empty()) return uint64_t{0};
  ASSIGN_OR_RETURN(const StoredReceipt receipt, receipt_about(path, model_id));
  return receipt.epoch;
}

Outcome<void> keep_receipt(const std::string& path, const std::string& model_id,
                           const std::optional<StoredReceipt>& receipt) {
  if (path.empty()) return {};
  if (!receipt.has_value())
    return problem(Code::kInvalid, "client.receipt.none",
                   "The server did what was asked but gave no receipt, so it keeps nothing that "
                   "one could be about.");
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    ASSIGN_OR_RETURN(const StoredReceipt before, receipt_about(path, model_id));
    if (before.epoch > receipt->epoch)
      return problem(Code::kConflict, "vault.rolled-back",
                     "The server did what was asked, but from an older copy of its store than the "
                     "receipt \"" +
                         path + "\" is of; ask the operator what happened.");
  }
  return write_receipt_file(path, *receipt);
}

}  // namespace blindai
