// Owners: which keys belong together, and which of them have been retired.
//
// An owner is named by its root key, the first that acted. A key that nobody has said anything of
// is its own owner and needs no record; a record comes into being with the first endorsement or
// retirement, or when a plan's retention has to be remembered. A retired key stays in its record
// for good, so it can neither act again nor begin anew as an owner of its own.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "lib/auth/owner_keys.h"

namespace blindai {

struct OwnerRecord {
  std::vector<OwnerKey> keys;  // the root first; at least one is not retired
  // What the owner's plan said last; absent: nothing yet. 0: its models are kept for good.
  std::optional<uint32_t> retention_days;

  const PublicKey& root() const { return keys.front().key; }
  bool operator==(const OwnerRecord&) const = default;
};

// docs/formats/owner-record.md has every byte.
Bytes encode_owner(const OwnerRecord& record);
// Accepts what encode_owner() makes of a record that keeps to what is said above, and nothing else.
// Errors: kMalformed "auth.owner-record". Pure.
Result<OwnerRecord> decode_owner(BytesView bytes);

// Where records are kept. put() replaces the owner's record for good, or changes nothing; it may
// block. Errors: the store's.
class OwnerStore {
 public:
  virtual ~OwnerStore() = default;
  virtual Status put(const PublicKey& root, BytesView record) = 0;
};

// Threads: what changes records blocks and is called on one thread, the background's; the rest may
// be called from any other meanwhile.
class OwnerBook {
 public:
  // max_owners: with a record.
  explicit OwnerBook(OwnerStore& store, size_t max_owners)
      : store_(store), max_owners_(max_owners) {}

  // A record found in the store at start. Errors: those of decode_owner(); kConflict
  // "auth.owner-conflict" when a key of it has another owner. What is wrong is left out.
  Status load(BytesView record);

  struct Standing {
    PublicKey root;
    bool retired = false;
  };
  Standing standing(const PublicKey& key) const;
  // Changes whenever a standing may have.
  uint64_t generation() const { return generation_; }
  // With the root alone when there is no record.
  OwnerRecord record_of(const PublicKey& root) const;
  std::optional<uint32_t> retention_of(const PublicKey& root) const;
  // Whether any owner's plan says a number of days.
  bool any_retention() const;

  // Gives the owner another key; the same again changes nothing. The answer is the owner's record.
  // Errors: kConflict "auth.key-retired", "auth.key-taken" (another owner's), "auth.too-many-keys";
  // kNoSpace "auth.too-many-owners"; kDenied "auth.key-retired" when `by` was retired meanwhile,
  // "auth.consent" when it is no key of the owner consented to; the store's.
  Outcome<OwnerRecord> endorse(const ConsentingKey& key, const PublicKey& by);
  // `by` is a key of the same owner. Errors: kNotFound "auth.key-unknown"; kConflict
  // "auth.last-key"; kDenied "auth.key-retired" as above; the store's.
  Outcome<OwnerRecord> retire(const PublicKey& key, const PublicKey& by);
  Outcome<void> remember_retention(const PublicKey& root, uint32_t days);

 private:
  Outcome<OwnerRecord> keep(OwnerRecord record);
  void place(OwnerRecord record);

  OwnerStore& store_;
  const size_t max_owners_;
  mutable std::mutex mutex_;
  std::map<PublicKey, OwnerRecord> owners_;  // by root
  std::map<PublicKey, Standing> standings_;  // of every key in a record
  std::atomic<uint64_t> generation_ = 1;
};

// "This key was retired …", for a caller. kDenied "auth.key-retired".
Problem retired_key();

}  // namespace blindai
