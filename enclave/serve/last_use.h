// When each model was used last: for retention, and for nothing else. In memory, and in sealed
// records that are written now and then, so that a restart does not begin every model's time anew;
// what is lost only makes models live longer.
//
// Threads: the reactor's.
#pragma once

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"

namespace blindai {

// One model's entry in a record.
struct UseEntry {
  Sha256Digest name_hash;  // SHA-256 of the model's id
  Time last_use;
  bool operator==(const UseEntry&) const = default;
};

// docs/formats/records.md has every byte. Pure.
Bytes encode_uses(const std::vector<UseEntry>& entries);
// Accepts what encode_uses() makes of entries in ascending order of their hashes, and nothing else.
// Errors: kMalformed "serve.use-record".
Result<std::vector<UseEntry>> decode_uses(BytesView record);

class LastUse {
 public:
  // Ids are spread over so many records, so that one use does not write all of them.
  static constexpr size_t kNumRecords = 16;
  static constexpr std::string_view kRecordPrefix = "usage/";

  // `start`: what a model that was never seen counts as last used at.
  explicit LastUse(Time start) : start_(start) {}

  // What a record said, of those ids that are models still.
  void load(const std::vector<UseEntry>& entries, const std::vector<std::string>& ids);
  void used(const std::string& id, Time now);
  void forget(const std::string& id);
  Time last_use(const std::string& id) const;

  // The records that changed since the last call, by their names.
  struct Record {
    std::string name;
    Bytes bytes;
  };
  std::vector<Record> take_changed();

 private:
  static size_t record_of(const Sha256Digest& name_hash) { return name_hash.front() >> 4; }

  struct Use {
    Sha256Digest name_hash;
    Time at;
  };
  const Time start_;
  std::unordered_map<std::string, Use> uses_;
  std::array<bool, kNumRecords> changed_{};
};

}  // namespace blindai
