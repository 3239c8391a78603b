// The names of the store's files. A model's file is named by the SHA-256 of its id, so an id is
// never a path, and a listing shows no ids (though whoever guesses one can confirm it).
//
//   <64 hex digits>.sealed             a model
//   <64 hex digits>.<16 hex>.record    a record; the second part names whose programs' it is
//   <64 hex digits>.<16 hex>.tmp       one of these before it was committed
//   <such a name>.damaged[-N]          one that was set aside
//
// Everything else in the folder is left alone. Pure.
#pragma once

#include <string>

#include "lib/base/bytes.h"

namespace blindai {

std::string sealed_name(const Sha256Digest& name_hash);
// Programs do not share the files of records, so that a new version never writes over what an old
// one keeps and still needs. programs: what record_tag() says.
std::string record_name(const Sha256Digest& name_hash, const ByteArray<8>& programs);
ByteArray<8> record_tag(const Sha256Digest& measurement, const ByteArray<16>& key_id);
// A new name at each call.
std::string temporary_name(const Sha256Digest& name_hash);
// The n-th name to set `name` aside under, from 1.
std::string damaged_name(const std::string& name, size_t n);

bool is_temporary_name(std::string_view name);
// The hash in a model's file name. Errors: kInvalid "vault.file-name" for any other name.
Result<Sha256Digest> parse_sealed_name(std::string_view name);
// The hash in a record's file name. Errors: the same.
Result<Sha256Digest> parse_record_name(std::string_view name);

}  // namespace blindai
