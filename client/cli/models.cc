#include "client/cli/commands.h"
#include "client/cli/model_text.h"
#include "client/cli/receipts.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

ExitStatus list(Connection& connection, const Console& console) {
  const auto models = connection.models();
  if (!models.has_value()) return report(console, models.error());
  if (!console.json) {
    console.out << (models->empty() ? "The server has no models.\n" : table_of(*models));
    return ExitStatus::kOk;
  }
  std::string out = "{\"models\":[";
  for (const ModelInfo& model : *models) out += (out.back() == '[' ? "" : ",") + to_json(model);
  console.out << out << "]}\n";
  return ExitStatus::kOk;
}

}  // namespace

ExitStatus run(const ModelsCommand& command, const Console& console) {
  const auto least = command.remove.empty() ? least_epoch_of(command.receipt, command.model_id)
                                            : Outcome<uint64_t>(0);
  if (!least.has_value()) return report(console, least.error());
  const auto connection = connect(command.server, console);
  if (!connection.has_value()) return report(console, connection.error());
  if (!command.remove.empty()) {
    const auto done = (*connection)->delete_model(command.remove);
    if (!done.has_value()) return report(console, done.error());
    console.out << (console.json ? "{\"model_id\":" + json_quote(command.remove) + "}\n"
                                 : "Deleted " + command.remove + ".\n");
    const auto kept = keep_receipt(command.receipt, command.remove, *done);
    if (!kept.has_value()) return report(console, kept.error());
    return ExitStatus::kOk;
  }
  if (command.model_id.empty()) return list(**connection, console);
  const auto model = (*connection)->model(command.model_id, *least);
  if (!model.has_value()) return report(console, model.error());
  console.out << (console.json ? to_json(*model) + "\n" : describe(*model));
  return ExitStatus::kOk;
}

}  // namespace blindai
