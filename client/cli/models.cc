#include "client/cli/commands.h"
#include "client/cli/model_text.h"
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
  const auto connection = connect(command.server, console);
  if (!connection.has_value()) return report(console, connection.error());
  if (!command.remove.empty()) {
    const auto done = (*connection)->delete_model(command.remove);
    if (!done.has_value()) return report(console, done.error());
    console.out << (console.json ? "{\"model_id\":" + json_quote(command.remove) + "}\n"
                                 : "Deleted " + command.remove + ".\n");
    return ExitStatus::kOk;
  }
  if (command.model_id.empty()) return list(**connection, console);
  const auto model = (*connection)->model(command.model_id);
  if (!model.has_value()) return report(console, model.error());
  console.out << (console.json ? to_json(*model) + "\n" : describe(*model));
  return ExitStatus::kOk;
}

}  // namespace blindai
