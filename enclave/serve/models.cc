#include "enclave/serve/models.h"

#include <fmt/core.h>
#include <utility>

namespace blindai {
namespace {

class VaultSource final : public ModelSource {
 public:
  explicit VaultSource(std::unique_ptr<ModelReader> reader) : reader_(std::move(reader)) {}
  Result<size_t> read(std::span<uint8_t> out) override { return reader_->read(out); }

 private:
  std::unique_ptr<ModelReader> reader_;
};

}  // namespace

ModelDescription describe(const ModelRecord& record) {
  return {.model_id = record.id,
          .model_hash = record.sha256,
          .size = record.size,
          .saved = record.saved,
          .epoch = record.epoch,
          .content_id = record.content_id,
          .signature = record.signature};
}

std::unique_ptr<ModelSource> model_source(std::unique_ptr<ModelReader> reader) {
  return std::make_unique<VaultSource>(std::move(reader));
}

std::unexpected<Problem> unknown_model(std::string_view model_id) {
  return problem(
      Code::kNotFound, "model.unknown",
      fmt::format("There is no model {} here that you may call. Check the name, upload the model, "
                  "or give your client the key of a caller whom its owner has allowed.",
                  model_id));
}

}  // namespace blindai
