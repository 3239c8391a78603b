#include "enclave/serve/owners.h"

#include <algorithm>
#include <fmt/core.h>
#include <set>

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

constexpr uint8_t kOwnerLayout = 1;

std::unexpected<Error> bad_record(const ByteReader& r) {
  return fail(Code::kMalformed, "auth.owner-record", r.at());
}

std::vector<OwnerKey>::iterator find_key(OwnerRecord& record, const PublicKey& key) {
  return std::ranges::find(record.keys, key, &OwnerKey::key);
}

bool has_active(const OwnerRecord& record) {
  return std::ranges::find(record.keys, KeyState::kActive, &OwnerKey::state) != record.keys.end();
}

}  // namespace

Bytes encode_owner(const OwnerRecord& record) {
  BLINDAI_CHECK(!record.keys.empty() && record.keys.size() <= kMaxOwnerKeys);
  Bytes out;
  put_u8(out, kOwnerLayout);
  put_u8(out, record.retention_days.has_value() ? 1 : 0);
  put_u32le(out, record.retention_days.value_or(0));
  put_u16le(out, static_cast<uint16_t>(record.keys.size()));
  for (const OwnerKey& entry : record.keys) {
    append(out, entry.key.bytes);
    put_u8(out, static_cast<uint8_t>(entry.state));
  }
  return out;
}

Result<OwnerRecord> decode_owner(BytesView bytes) {
  ByteReader r(bytes);
  uint8_t layout = 0;
  uint8_t has_retention = 0;
  uint32_t days = 0;
  uint16_t count = 0;
  if (!r.u8(layout) || layout != kOwnerLayout || !r.u8(has_retention) || has_retention > 1 ||
      !r.u32le(days) || (has_retention == 0 && days != 0) || !r.u16le(count) || count == 0 ||
      count > kMaxOwnerKeys)
    return bad_record(r);
  OwnerRecord out;
  if (has_retention == 1) out.retention_days = days;
  std::set<PublicKey> seen;
  for (uint16_t i = 0; i < count; ++i) {
    OwnerKey entry;
    uint8_t state = 0;
    if (!r.array(entry.key.bytes) || !r.u8(state) || state > 1 || !seen.insert(entry.key).second)
      return bad_record(r);
    entry.state = state == 1 ? KeyState::kRetired : KeyState::kActive;
    out.keys.push_back(entry);
  }
  if (!r.done() || !has_active(out)) return bad_record(r);
  return out;
}

Problem retired_key() {
  return {Code::kDenied, "auth.key-retired",
          "This key was retired by its owner and may do nothing here any more; use another key of "
          "the same owner."};
}

Status OwnerBook::load(BytesView bytes) {
  ASSIGN_OR_RETURN(OwnerRecord record, decode_owner(bytes));
  const std::lock_guard lock(mutex_);
  for (const OwnerKey& entry : record.keys)
    if (standings_.contains(entry.key)) return fail(Code::kConflict, "auth.owner-conflict");
  place(std::move(record));
  return {};
}

// With mutex_ held.
void OwnerBook::place(OwnerRecord record) {
  for (const OwnerKey& entry : record.keys)
    standings_[entry.key] = {.root = record.root(), .retired = entry.state == KeyState::kRetired};
  const PublicKey root = record.root();
  owners_[root] = std::move(record);
  ++generation_;
}

OwnerBook::Standing OwnerBook::standing(const PublicKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = standings_.find(key);
  return found == standings_.end() ? Standing{.root = key} : found->second;
}

OwnerRecord OwnerBook::record_of(const PublicKey& root) const {
  const std::lock_guard lock(mutex_);
  const auto found = owners_.find(root);
  if (found != owners_.end()) return found->second;
  return {.keys = {{.key = root}}, .retention_days = std::nullopt};
}

std::optional<uint32_t> OwnerBook::retention_of(const PublicKey& root) const {
  const std::lock_guard lock(mutex_);
  const auto found = owners_.find(root);
  return found == owners_.end() ? std::nullopt : found->second.retention_days;
}

bool OwnerBook::any_retention() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(
      owners_, [](const auto& entry) { return entry.second.retention_days.value_or(0) > 0; });
}

Outcome<OwnerRecord> OwnerBook::keep(OwnerRecord record) {
  {
    const std::lock_guard lock(mutex_);
    if (!owners_.contains(record.root()) && owners_.size() >= max_owners_)
      return problem(Code::kNoSpace, "auth.too-many-owners",
                     fmt::format("This server remembers the keys of at most {} owners (max_models "
                                 "in its configuration); ask its operator.",
                                 max_owners_));
  }
  RETURN_IF_ERROR(store_.put(record.root(), encode_owner(record)));
  const std::lock_guard lock(mutex_);
  place(record);
  return record;
}

Outcome<OwnerRecord> OwnerBook::endorse(const ConsentingKey& key, const PublicKey& by) {
  const Standing endorser = standing(by);
  if (endorser.retired) return std::unexpected(retired_key());
  if (endorser.root != key.owner())
    return problem(Code::kDenied, "auth.consent",
                   "The new key consented to belong to another owner; make the consent for the "
                   "owner that GET /v1/keys names.");
  OwnerRecord record = record_of(key.owner());
  if (const auto known = find_key(record, key.key()); known != record.keys.end()) {
    if (known->state == KeyState::kActive) return record;
    return problem(Code::kConflict, "auth.key-retired",
                   "This owner has retired that key, which is for good; endorse a new one.");
  }
  {
    const std::lock_guard lock(mutex_);
    if (standings_.contains(key.key()))
      return problem(Code::kConflict, "auth.key-taken",
                     "That key belongs to another owner; endorse a new one.");
  }
  if (record.keys.size() >= kMaxOwnerKeys)
    return problem(
        Code::kConflict, "auth.too-many-keys",
        fmt::format("An owner can have at most {} keys, retired ones included.", kMaxOwnerKeys));
  record.keys.push_back({.key = key.key()});
  return keep(std::move(record));
}

Outcome<OwnerRecord> OwnerBook::retire(const PublicKey& key, const PublicKey& by) {
  const Standing owner = standing(by);
  if (owner.retired) return std::unexpected(retired_key());
  OwnerRecord record = record_of(owner.root);
  const auto known = find_key(record, key);
  if (known == record.keys.end())
    return problem(Code::kNotFound, "auth.key-unknown",
                   "That is not a key of this owner; GET /v1/keys lists those it has.");
  if (known->state == KeyState::kRetired) return record;
  known->state = KeyState::kRetired;
  if (!has_active(record))
    return problem(Code::kConflict, "auth.last-key",
                   "That is the owner's last key, and without one nobody could change its models; "
                   "endorse another key first.");
  return keep(std::move(record));
}

Outcome<void> OwnerBook::remember_retention(const PublicKey& root, uint32_t days) {
  OwnerRecord record = record_of(root);
  if (record.retention_days == days) return {};
  record.retention_days = days;
  RETURN_IF_ERROR(keep(std::move(record)));
  return {};
}

}  // namespace blindai
