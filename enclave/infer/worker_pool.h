// The models that are loaded now: a cache of workers.
//
//   pool.get(hash, make_source, [&](Outcome<std::shared_ptr<Worker>> worker) { ... });
//
// A worker is started for the first request of a model and shared by the next ones; requests that
// come while it loads wait for the same load. Under the limits, the worker that was used longest
// ago and has nobody holding it is stopped. A worker that died is forgotten, so the next request
// starts another. Threads: the reactor's. Callbacks come from the reactor, never inside the call
// that asked for them.
#pragma once

#include <map>

#include "enclave/infer/worker.h"

namespace blindai {

struct PoolLimits {
  // Resident memory of all workers together. A model about to load counts as kPerWorker and twice
  // its file, which is what ONNX Runtime needs while it reads one; a loaded one as what it takes.
  uint64_t memory_bytes = 4ULL << 30;
  size_t max_workers = 64;
};

class WorkerPool {
 public:
  static constexpr uint64_t kPerWorker = 30ULL << 20;

  using Key = Sha256Digest;  // of the model's file
  struct Model {
    std::unique_ptr<ModelSource> source;
    uint64_t bytes;
  };
  // Called when the model has to be loaded.
  using OpenModel = std::function<Result<Model>()>;
  // While the pointer is held, the worker is not stopped to make room: hold it for one request.
  using Got = std::function<void(Outcome<std::shared_ptr<Worker>>)>;

  struct Counts {
    size_t workers = 0;  // loaded or loading
    uint64_t resident_bytes = 0;
    uint64_t loads = 0;      // since the start: models that were loaded
    uint64_t evictions = 0;  // stopped to make room
    uint64_t crashes = 0;    // ended after they were loaded, deadlines included
  };

  WorkerPool(Reactor& reactor, WorkerOptions options, PoolLimits limits);
  // Kills all workers, held ones too, and waits for their processes. Callbacks that are due are
  // dropped.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Errors: those of Worker::start and open_model; kUnavailable infer.no-room (all workers that
  // would have to go are in use), infer.stopping.
  void get(const Key& key, const OpenModel& open_model, Got got);
  // The worker when it can be called at once, else null: get() without waiting and without a load.
  std::shared_ptr<Worker> loaded(const Key& key);
  // The model is no more: its worker ends when nobody holds it. Those waiting for it get kNotFound
  // infer.forgotten.
  void forget(const Key& key);
  // No new requests from now on; `done` when no job runs and all processes are gone, or `limit` has
  // passed, after which they are killed.
  void drain(std::chrono::milliseconds limit, std::function<void()> done);
  Counts counts() const;

 private:
  struct Entry {
    std::shared_ptr<Worker> worker;  // null while being made
    bool loaded = false;
    uint64_t expected_bytes = 0;  // counted until it is loaded
    uint64_t last_use = 0;
    uint64_t generation = 0;
    std::vector<Got> waiters;
  };
  using Entries = std::map<Key, Entry>;

  void load(const Key& key, const OpenModel& open_model, Got got);
  void started(const Key& key, uint64_t generation, Outcome<void> outcome);
  void died(const Key& key, uint64_t generation);
  static bool in_use(const Entry& entry);
  Entries::iterator stop(Entries::iterator entry, const Problem& why);
  bool make_room(uint64_t bytes);
  uint64_t resident_bytes() const;
  void drain_step(Reactor::Clock::time_point end);
  void later(std::function<void()> callback);

  Reactor& reactor_;
  const PoolLimits limits_;
  WorkerHost host_;
  Entries entries_;
  uint64_t uses_ = 0;
  uint64_t generations_ = 0;
  Counts counts_;
  bool draining_ = false;
  std::function<void()> drained_;
  std::unique_ptr<Reactor::Timer> drain_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace blindai
