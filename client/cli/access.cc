#include "client/cli/commands.h"
#include "client/cli/receipts.h"
#include "lib/base/json.h"
#include "lib/base/model_id.h"

namespace blindai {
namespace {

std::string describe(const std::string& model_id, const ModelAccess& access) {
  std::string out = model_id + "\n  visibility  ";
  out += visibility_text(access.is_private);
  for (const PublicKey& key : access.callers) out += "\n  caller      " + to_text(key);
  for (const ByteArray<32>& to : access.handover) out += "\n  handover    " + to_hex(to);
  return out + "\n";
}

ModelAccess changed(ModelAccess access, const AccessCommand& command) {
  access.is_private = command.is_private.value_or(access.is_private);
  if (!access.is_private) access.callers.clear();
  if (command.callers.has_value()) access.callers = *command.callers;
  if (command.handover.has_value()) access.handover = *command.handover;
  return access;
}

Outcome<void> act(const AccessCommand& command, const Console& console) {
  RETURN_IF_ERROR(check_model_id(command.model_id));
  ASSIGN_OR_RETURN(const auto connection, connect(command.server, console));
  ASSIGN_OR_RETURN(ModelAccess access, connection->access(command.model_id));
  if (!command.change) {
    console.out << (console.json ? to_json(access) + "\n" : describe(command.model_id, access));
    return {};
  }
  access = changed(std::move(access), command);
  ASSIGN_OR_RETURN(const StoredReceipt receipt, connection->set_access(command.model_id, access));
  console.out << (console.json ? to_json(receipt) + "\n" : describe(command.model_id, access));
  return keep_receipt(command.receipt, command.model_id, receipt);
}

}  // namespace

ExitStatus run(const AccessCommand& command, const Console& console) {
  const Outcome<void> done = act(command, console);
  return done.has_value() ? ExitStatus::kOk : report(console, done.error());
}

}  // namespace blindai
