#include "client/cli/commands.h"
#include "client/cli/receipts.h"
#include "client/cli/tensor_file.h"

namespace blindai {
namespace {

Outcome<std::vector<Tensor>> read_inputs(const PredictCommand& command, Connection& connection) {
  std::optional<ModelSignature> known;
  const SignatureSource signature = [&]() -> Outcome<ModelSignature> {
    if (!known.has_value()) {
      ASSIGN_OR_RETURN(ModelInfo model, connection.model(command.model_id));
      known = std::move(model.signature);
    }
    return *known;
  };
  const RawForm raw{.shape = command.shape, .datatype = command.datatype};
  std::vector<Tensor> out;
  for (const std::string& argument : command.inputs) {
    ASSIGN_OR_RETURN(std::vector<Tensor> some, read_tensors(argument, raw, signature));
    std::ranges::move(some, std::back_inserter(out));
  }
  return out;
}

Outcome<Prediction> predict(const PredictCommand& command, Connection& connection) {
  ASSIGN_OR_RETURN(const uint64_t least_epoch, least_epoch_of(command.receipt, command.model_id));
  ASSIGN_OR_RETURN(const std::vector<Tensor> inputs, read_inputs(command, connection));
  std::vector<TensorView> views;
  for (const Tensor& tensor : inputs)
    views.push_back({tensor.name, tensor.datatype, tensor.shape, tensor.data});
  return connection.predict(command.model_id, views,
                            {.outputs = command.outputs,
                             .model_hash = command.model_hash,
                             .least_epoch = least_epoch,
                             .request_id = {}});
}

}  // namespace

ExitStatus run(const PredictCommand& command, const Console& console) {
  const auto connection = connect(command.server, console);
  if (!connection.has_value()) return report(console, connection.error());
  const auto prediction = predict(command, **connection);
  if (!prediction.has_value()) return report(console, prediction.error());
  if (!command.output_file.empty()) {
    const auto written = write_tensors(command.output_file, *prediction);
    if (!written.has_value()) return report(console, written.error());
    return ExitStatus::kOk;
  }
  const auto text = prediction_to_json(*prediction);
  if (!text.has_value()) return report(console, text.error());
  console.out << *text << "\n";
  return ExitStatus::kOk;
}

}  // namespace blindai
