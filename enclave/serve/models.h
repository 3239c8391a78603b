// Between the vault's records and what the protocol tells of a model.
#pragma once

#include <memory>

#include "enclave/infer/worker.h"
#include "enclave/vault/vault.h"
#include "lib/oip/metadata.h"

namespace blindai {

ModelDescription describe(const ModelRecord& record);

// A stored model as what a worker loads from.
std::unique_ptr<ModelSource> model_source(std::unique_ptr<ModelReader> reader);

std::unexpected<Problem> unknown_model(std::string_view model_id);

}  // namespace blindai
