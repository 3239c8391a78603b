#include "lib/attest/verification_cache.h"

#include <algorithm>

namespace blindai {

// The lengths of all pieces first: most entries differ there.
bool VerificationCache::Entry::is(const Key& key) const {
  if (what != key.what) return false;
  for (size_t i = 0; i < kPieces; ++i)
    if (pieces[i].size() != key.pieces[i].size()) return false;
  for (size_t i = 0; i < kPieces; ++i)
    if (!equal(pieces[i], key.pieces[i])) return false;
  return true;
}

VerificationCache::Entry* VerificationCache::find(const Key& key) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&key](const Entry& entry) { return entry.is(key); });
  if (found == entries_.end()) return nullptr;
  found->used = ++clock_;
  return &*found;
}

void VerificationCache::insert(Entry entry) {
  const Key key{entry.what, {entry.pieces[0], entry.pieces[1], entry.pieces[2]}};
  if (entry.cost > limits_.bytes || limits_.entries == 0 || find(key) != nullptr) return;
  while (entries_.size() >= limits_.entries || bytes_ > limits_.bytes - entry.cost) evict_oldest();
  entry.used = ++clock_;
  bytes_ += entry.cost;
  entries_.push_back(std::move(entry));
}

void VerificationCache::evict_oldest() {
  const auto oldest =
      std::min_element(entries_.begin(), entries_.end(),
                       [](const Entry& a, const Entry& b) { return a.used < b.used; });
  bytes_ -= oldest->cost;
  *oldest = std::move(entries_.back());
  entries_.pop_back();
}

void VerificationCache::clear() {
  entries_.clear();
  bytes_ = 0;
}

}  // namespace blindai
