// What earlier verifications have read and found signed, for a caller who verifies more than once.
//
//   VerificationCache cache;                                   // one per client, say
//   Verification v = verify(evidence, claims, collateral, policy, roots, now, cache);
//
// The result is that of verify() without a cache, check by check: only parsing and signatures are
// remembered, which depend on nothing but bytes, and they are found again by those exact bytes, not
// by a hash or a name. Dates, revocation, roots, policy, claims and the signature on the report are
// judged each time. What goes in comes from a genuine platform in good order, of which the policy
// or the claims may still have been refused: nothing else that a stranger sends gets in, or pushes
// out what is in.
//
// Bounded: when it is full, what was not asked for longest goes. Thread-compatible: one call at a
// time may use it.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "lib/base/bytes.h"

namespace blindai {

class VerificationCache {
 public:
  struct Limits {
    // A DCAP platform takes about 16 entries, and one entry more for each quoting enclave's report.
    size_t entries = 128;
    // Of all keys and values. A parsed value counts as 16 times its text, which is more than any
    // of them takes. What is larger than the limit by itself is not kept.
    size_t bytes = 8u << 20;
  };

  VerificationCache() = default;
  explicit VerificationCache(Limits limits) : limits_(limits) {}

  size_t entries() const { return entries_.size(); }
  size_t bytes() const { return bytes_; }
  void clear();

 private:
  friend class Recall;
  static constexpr size_t kPieces = 3;
  // The bytes a value depends on, in pieces, and what was made of them.
  struct Key {
    uint8_t what;
    std::array<BytesView, kPieces> pieces;
  };
  struct Entry {
    uint8_t what = 0;
    std::array<Bytes, kPieces> pieces;
    std::shared_ptr<const void> value;  // of the type that belongs to `what`; null for a signature
    size_t cost = 0;
    uint64_t used = 0;

    bool is(const Key& key) const;
  };

  Entry* find(const Key& key);
  void insert(Entry entry);
  void evict_oldest();

  Limits limits_;
  std::vector<Entry> entries_;
  size_t bytes_ = 0;
  uint64_t clock_ = 0;  // counts calls, not time
};

}  // namespace blindai
