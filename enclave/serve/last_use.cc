#include "enclave/serve/last_use.h"

#include <algorithm>
#include <map>
#include <utility>

#include "lib/base/byte_reader.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr uint8_t kUseLayout = 1;
// What a record of the store can hold, with room to spare for its layout.
constexpr size_t kMaxEntries = 20'000;

}  // namespace

Bytes encode_uses(const std::vector<UseEntry>& entries) {
  BLINDAI_CHECK(entries.size() <= kMaxEntries);
  Bytes out;
  put_u8(out, kUseLayout);
  put_u32le(out, static_cast<uint32_t>(entries.size()));
  for (const UseEntry& entry : entries) {
    append(out, entry.name_hash);
    put_u64le(out, static_cast<uint64_t>(entry.last_use.seconds));
  }
  return out;
}

Result<std::vector<UseEntry>> decode_uses(BytesView record) {
  ByteReader r(record);
  const auto bad = [&r] { return fail(Code::kMalformed, "serve.use-record", r.at()); };
  uint8_t layout = 0;
  uint32_t count = 0;
  if (!r.u8(layout) || layout != kUseLayout || !r.u32le(count) || count > kMaxEntries) return bad();
  std::vector<UseEntry> out;
  for (uint32_t i = 0; i < count; ++i) {
    UseEntry entry;
    uint64_t seconds = 0;
    if (!r.array(entry.name_hash) || !r.u64le(seconds) || seconds > uint64_t{INT64_MAX} ||
        (!out.empty() && out.back().name_hash >= entry.name_hash))
      return bad();
    entry.last_use.seconds = static_cast<int64_t>(seconds);
    out.push_back(entry);
  }
  if (!r.done()) return bad();
  return out;
}

void LastUse::load(const std::vector<UseEntry>& entries, const std::vector<std::string>& ids) {
  std::map<Sha256Digest, const std::string*> names;
  for (const std::string& id : ids) names.emplace(sha256(as_bytes(id)), &id);
  for (const UseEntry& entry : entries)
    if (const auto found = names.find(entry.name_hash); found != names.end())
      uses_[*found->second] = {.name_hash = entry.name_hash, .at = entry.last_use};
}

void LastUse::used(const std::string& id, Time now) {
  const auto [found, is_new] = uses_.try_emplace(id);
  Use& use = found->second;
  if (is_new) use.name_hash = sha256(as_bytes(id));
  if (!is_new && use.at >= now) return;
  use.at = now;
  changed_[record_of(use.name_hash)] = true;
}

void LastUse::forget(const std::string& id) {
  const auto found = uses_.find(id);
  if (found == uses_.end()) return;
  changed_[record_of(found->second.name_hash)] = true;
  uses_.erase(found);
}

Time LastUse::last_use(const std::string& id) const {
  const auto found = uses_.find(id);
  return found == uses_.end() ? start_ : found->second.at;
}

std::vector<LastUse::Record> LastUse::take_changed() {
  std::array<std::vector<UseEntry>, kNumRecords> entries;
  for (const auto& [id, use] : uses_)
    if (const size_t record = record_of(use.name_hash); changed_[record])
      entries[record].push_back({.name_hash = use.name_hash, .last_use = use.at});
  std::vector<Record> out;
  for (size_t i = 0; i < kNumRecords; ++i) {
    if (!std::exchange(changed_[i], false)) continue;
    std::ranges::sort(entries[i], {}, &UseEntry::name_hash);
    if (entries[i].size() > kMaxEntries) entries[i].resize(kMaxEntries);
    out.push_back({.name = std::string(kRecordPrefix) + "0123456789abcdef"[i],
                   .bytes = encode_uses(entries[i])});
  }
  return out;
}

}  // namespace blindai
