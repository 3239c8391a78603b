// [[models]] of the measured configuration: put into the store when they are not there yet, before
// the server takes requests. Their content is what the configuration's SHA-256 says or the server
// does not start; where the file lies is the host's affair.
#pragma once

#include <string>

#include "enclave/serve/context.h"

namespace blindai {

// Blocks, and runs the reactor while models are tried in a worker. A model that is stored with the
// right content is not read again. `folder`: where the files are.
// Errors: kNotFound "config.model-file"; kInvalid "config.model-hash"; kConflict
// "config.model-name" (an owner's model has the name); those of Upload and WorkerPool::get().
Outcome<void> load_startup_models(ServeContext& context, const std::string& folder);

}  // namespace blindai
