#include "enclave/vault/store_names.h"

#include <algorithm>

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr std::string_view kSealedEnd = ".sealed";
constexpr std::string_view kTemporaryEnd = ".tmp";
constexpr std::string_view kRecordEnd = ".record";
constexpr size_t kHashDigits = 64;
constexpr size_t kSecondDigits = 16;

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool has_two_parts(std::string_view name, std::string_view end) {
  return name.size() == kHashDigits + 1 + kSecondDigits + end.size() && name.ends_with(end) &&
         name[kHashDigits] == '.' && is_lower_hex(name.substr(0, kHashDigits)) &&
         is_lower_hex(name.substr(kHashDigits + 1, kSecondDigits));
}

}  // namespace

std::string sealed_name(const Sha256Digest& name_hash) {
  return to_hex(name_hash) + std::string(kSealedEnd);
}

std::string temporary_name(const Sha256Digest& name_hash) {
  ByteArray<kSecondDigits / 2> random;
  random_bytes(random);
  return to_hex(name_hash) + '.' + to_hex(random) + std::string(kTemporaryEnd);
}

std::string record_name(const Sha256Digest& name_hash, const ByteArray<8>& programs) {
  return to_hex(name_hash) + '.' + to_hex(programs) + std::string(kRecordEnd);
}

ByteArray<8> record_tag(const Sha256Digest& measurement, const ByteArray<16>& key_id) {
  Bytes both = to_bytes(measurement);
  append(both, key_id);
  const Sha256Digest hash = sha256(both);
  ByteArray<8> out;
  std::copy_n(hash.begin(), out.size(), out.begin());
  return out;
}

std::string damaged_name(const std::string& name, size_t n) {
  return name + ".damaged" + (n == 1 ? "" : '-' + std::to_string(n));
}

bool is_temporary_name(std::string_view name) {
  return has_two_parts(name, kTemporaryEnd);
}

Result<Sha256Digest> parse_sealed_name(std::string_view name) {
  if (name.size() != kHashDigits + kSealedEnd.size() || !name.ends_with(kSealedEnd) ||
      !is_lower_hex(name.substr(0, kHashDigits)))
    return fail(Code::kInvalid, "vault.file-name");
  return array_from_hex<32>(name.substr(0, kHashDigits));
}

Result<Sha256Digest> parse_record_name(std::string_view name) {
  if (!has_two_parts(name, kRecordEnd)) return fail(Code::kInvalid, "vault.file-name");
  return array_from_hex<32>(name.substr(0, kHashDigits));
}

}  // namespace blindai
