#include "enclave/vault/reservations.h"

namespace blindai {
namespace {

bool may_be_taken(const Reservations::Entry& entry, Reservations::TimePoint now) {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - entry.since);
  switch (entry.stage) {
    case Reservations::Stage::kContent:
      return age > kNameGrace &&
             entry.bytes / kNameBytesPerSecond < static_cast<uint64_t>(age.count());
    case Reservations::Stage::kFinished:
      return age > kFinishGrace;
    case Reservations::Stage::kCertain:
      return false;
    case Reservations::Stage::kLost:
      return true;
  }
  return false;
}

}  // namespace

std::shared_ptr<Reservations::Entry> Reservations::take(const std::string& id, TimePoint now) {
  std::shared_ptr<Entry>& entry = entries_[id];
  if (entry != nullptr) {
    if (!may_be_taken(*entry, now)) return nullptr;
    entry->stage = Stage::kLost;
  }
  entry = std::make_shared<Entry>();
  entry->since = now;
  return entry;
}

void Reservations::give_back(const std::string& id, const std::shared_ptr<Entry>& entry) {
  const auto found = entries_.find(id);
  if (found != entries_.end() && found->second == entry) entries_.erase(found);
}

}  // namespace blindai
