// API keys for Python.
#pragma once

#include <memory>

#include "client/python/_convert.h"
#include "lib/auth/api_key.h"

namespace blindai {

// The key stays on this side: Python sees its public half, and the text only in the file that
// write() makes.
struct PyApiKey {
  std::shared_ptr<const ApiKey> key;
};

void bind_keys(nanobind::module_& m);

}  // namespace blindai
