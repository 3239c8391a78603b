#include <filesystem>

#include "client/cli/commands.h"
#include "client/cli/model_text.h"
#include "client/cli/progress.h"
#include "client/cli/receipts.h"
#include "lib/base/model_id.h"

namespace blindai {

ExitStatus run(const UploadCommand& command, const Console& console) {
  // Before connecting, so that a wrong name costs nothing.
  if (const auto good = check_model_id(command.model_id); !good.has_value()) {
    Problem problem = good.error();
    problem.sentence = "\"" + command.model_id +
                       "\" cannot be a model's name: " + problem.sentence +
                       " Choose one with --id.";
    return report(console, problem);
  }
  const auto connection = connect(command.server, console);
  if (!connection.has_value()) return report(console, connection.error());
  Progress progress(
      console.err,
      "Uploading " + printable(std::filesystem::path(command.file).filename().string()));
  UploadOptions options{.save_model = !command.keep_in_memory,
                        .progress = {},
                        .replace = command.replace,
                        .is_private = command.is_private,
                        .callers = command.callers};
  if (console.err_is_terminal && !console.json)
    options.progress = [&](uint64_t sent, uint64_t total) { progress.update(sent, total); };
  const auto model = (*connection)->upload_model(command.file, command.model_id, options);
  progress.clear();
  if (!model.has_value()) return report(console, model.error());
  console.out << (console.json ? to_json(*model) + "\n" : describe(*model));
  const auto kept = keep_receipt(command.receipt, command.model_id, model->receipt);
  if (!kept.has_value()) return report(console, kept.error());
  return ExitStatus::kOk;
}

}  // namespace blindai
