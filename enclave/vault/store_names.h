// The names of the store's files. A model's file is named by the SHA-256 of its id, so an id is
// never a path, and a listing shows no ids (though whoever guesses one can confirm it).
//   <64 hex digits>.sealed             a model
//   <64 hex digits>.<16 hex>.tmp       an upload that was not committed
//   <a model's file name>.damaged[-N]  set aside
// Everything else in the folder is left alone. Pure.
#pragma once

#include <string>

#include "lib/base/bytes.h"

namespace blindai {

std::string sealed_name(const Sha256Digest& name_hash);
// A new name at each call.
std::string temporary_name(const Sha256Digest& name_hash);
// The n-th name to set `name` aside under, from 1.
std::string damaged_name(const std::string& name, size_t n);

bool is_temporary_name(std::string_view name);
// The hash in a model's file name. Errors: kInvalid "vault.file-name" for any other name.
Result<Sha256Digest> parse_sealed_name(std::string_view name);

}  // namespace blindai
