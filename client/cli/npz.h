// NumPy's archives of arrays (.npz): a ZIP whose entries are "<name>.npy".   Pure.
#pragma once

#include "client/cpp/connection.h"

namespace blindai {

// The arrays with their names, in the archive's order. Errors: those of read_zip and read_npy;
// kInvalid "npz.empty", "npz.entry" (an entry that is no .npy, or a name given twice).
Outcome<std::vector<Tensor>> read_npz(BytesView wire);

// Errors: those of write_zip and write_npy; kInvalid "npz.name" for a name that is empty, given
// twice or would leave the archive's folder when unpacked.
Outcome<Bytes> write_npz(const std::vector<Tensor>& tensors);

}  // namespace blindai
