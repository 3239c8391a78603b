// Whether there is room for an upload: models and bytes of its account, bytes of all, counted over
// what is stored and what is on its way.
//
// An upload is given room when it begins, as much as its Content-Length says, or as its bytes
// arrive where it says none; so uploads that go on at the same time cannot pass a limit together
// that each of them keeps to. Replacing a model needs the larger of both sizes until it is done.
//
// Threads: the reactor's.
#pragma once

#include <algorithm>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "enclave/config/measured_config.h"
#include "enclave/serve/metrics.h"

namespace blindai {

// One model of the store, for counting.
struct StoredModel {
  std::string_view id;
  std::string_view account;  // whose use it counts as; empty: of nobody in particular
  uint64_t bytes = 0;
};

class UploadQuota {
 public:
  // Calls the visitor for every stored model.
  using Visitor = std::function<void(const StoredModel&)>;
  using Stored = std::function<void(const Visitor&)>;

  // All outlive it.
  UploadQuota(const MeasuredConfig& config, Metrics& metrics, Stored stored);

  struct Request {
    std::string id;
    std::string account;
    std::string owner;  // whose the model will be; not counted by
    AccountLimits limits;
    std::optional<uint64_t> length;
  };

  // The room of one upload, given back by its destructor. The quota outlives it.
  class Room {
   public:
    ~Room();
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    // The upload has come to so many bytes. Errors: those of begin(), but those about counts.
    Outcome<void> grow_to(uint64_t bytes);

   private:
    friend class UploadQuota;
    Room(UploadQuota& quota, Request request)
        : quota_(quota), request_(std::move(request)), bytes_(request_.length.value_or(0)) {}
    uint64_t needed() const { return std::max(bytes_, replaced_); }

    UploadQuota& quota_;
    const Request request_;
    uint64_t bytes_;
    uint64_t replaced_ = 0;  // bytes of the stored model of this id
    std::list<Room*>::iterator place_;
  };

  // Errors, each naming the limit and its value: kTooLarge "vault.model-size",
  // "limit.bytes-per-model"; kNoSpace "vault.num-models", "limit.total-bytes"; kDenied
  // "limit.models-per-account", "limit.bytes-per-account".
  Outcome<std::unique_ptr<Room>> begin(Request request);
  bool is_uploading(const std::function<bool(const Request&)>& which) const;
  // Models came or went, so they have to be counted again.
  void stored_changed() { counted_ = false; }

 private:
  struct Count {
    uint64_t models = 0;
    uint64_t bytes = 0;
    void add(uint64_t more_bytes) {
      ++models;
      bytes += more_bytes;
    }
  };
  struct Use {
    Count account;
    Count all;
  };
  void count_stored();
  // Of everything but this upload and what it replaces.
  Use use_beside(const Room& room);
  Outcome<void> check_bytes(const Room& room, const Use& beside) const;
  Outcome<void> check_counts(const Room& room, const Use& beside) const;
  std::unexpected<Problem> refuse(LimitKind limit, Code code, Id id, std::string sentence) const;

  const MeasuredConfig& config_;
  Metrics& metrics_;
  const Stored stored_;
  std::list<Room*> rooms_;
  // Of stored models that no upload is on its way to.
  bool counted_ = false;
  std::map<std::string, Count, std::less<>> accounts_;
  Count all_;
};

}  // namespace blindai
