// The models that are loaded now: a cache of workers.
//
//   pool.get(hash, make_source, [&](Outcome<std::shared_ptr<Worker>> worker) { ... });
//
// A worker is started for the first request of a model and shared by the next ones; requests that
// come while it loads wait for the same load. Under the limits, the idle worker that was used
// longest ago is stopped, also when somebody still holds it: they find it stopped, and get() gives
// them another. A worker that died is forgotten, so the next request starts another.
//
// What a model will take is known only in part before it is loaded: from its file's size, and from
// what it took before. So the processes are looked at while they work. One that goes over its own
// limit is ended; when all together go over theirs, idle ones are stopped, and then the one that
// grew most beyond what it was let in for.
//
// Threads: the reactor's. Callbacks come from the reactor, never inside the call that asked for
// them.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "enclave/infer/worker.h"

namespace blindai {

struct PoolLimits {
  // Resident memory of all workers together. A model about to load counts as kPerWorker and three
  // times its file (the file, ONNX Runtime's copy of it, and the weights), or as what it took
  // before if that was more; a loaded one as what it takes.
  uint64_t memory_bytes = 4ULL << 30;
  // Of one worker, whatever it does.
  uint64_t worker_bytes = 2ULL << 30;
  size_t max_workers = 64;
};

class WorkerPool {
 public:
  static constexpr uint64_t kPerWorker = 30ULL << 20;
  // Between two looks at the processes that work. Memory is taken at a few hundred MB in that time.
  static constexpr std::chrono::milliseconds kLook{50};

  using Key = Sha256Digest;  // of the model's file
  struct Model {
    std::unique_ptr<ModelSource> source;
    uint64_t bytes;
  };
  // Called when the model has to be loaded.
  using OpenModel = std::function<Result<Model>()>;
  // Hold it for one request.
  using Got = std::function<void(Outcome<std::shared_ptr<Worker>>)>;

  struct Counts {
    size_t workers = 0;  // loaded or loading
    uint64_t resident_bytes = 0;
    uint64_t loads = 0;        // since the start: models that were loaded
    uint64_t evictions = 0;    // stopped to make room
    uint64_t crashes = 0;      // ended after they were loaded, deadlines included
    uint64_t no_room = 0;      // models that could not be loaded beside those at work
    uint64_t memory_ends = 0;  // ended for the memory they took, while loading or after
  };

  WorkerPool(Reactor& reactor, WorkerOptions options, PoolLimits limits);
  // Kills all workers, held ones too, and waits for their processes. Callbacks that are due are
  // dropped.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Errors: those of Worker::start and open_model; kUnavailable infer.no-room (all workers that
  // would have to go are at work, or the model is larger than all memory there is), infer.stopping;
  // kRefused infer.model-limit (loading took more than one worker may have).
  void get(const Key& key, const OpenModel& open_model, Got got);
  // The worker when it can be called at once, else null: get() without waiting and without a load.
  std::shared_ptr<Worker> loaded(const Key& key);
  // The model is no more: its worker ends when nobody holds it, and counts and is looked at until
  // then. Those waiting for it get kNotFound infer.forgotten.
  void forget(const Key& key);
  // No new requests from now on; `done` when no job runs and all processes are gone, or `limit` has
  // passed, after which they are killed.
  void drain(std::chrono::milliseconds limit, std::function<void()> done);
  Counts counts() const;

 private:
  struct Entry {
    std::shared_ptr<Worker> worker;  // null while being made
    bool loaded = false;
    uint64_t expected_bytes = 0;  // what it was let in for; counted until it is loaded
    uint64_t last_use = 0;
    uint64_t generation = 0;
    std::vector<Got> waiters;
  };
  using Entries = std::map<Key, Entry>;

  void load(const Key& key, const OpenModel& open_model, Got got);
  void started(const Key& key, uint64_t generation, Outcome<void> outcome);
  void died(const Key& key, uint64_t generation);
  uint64_t need_of(const Key& key, uint64_t model_bytes) const;
  void learn_need(const Key& key, const Worker& worker);
  Problem no_room(uint64_t needed) const;
  void watch_memory();
  void look_at_memory();
  struct Look {
    std::shared_ptr<Worker> worker;
    bool at_work;
    bool loaded;
    uint64_t expected_bytes;
    uint64_t bytes;
  };
  std::vector<Look> look_at_all() const;
  void end_for_memory(const Look& look);
  Entries::iterator oldest_idle();
  // The bytes that it had; nothing when nobody is idle.
  std::optional<uint64_t> stop_an_idle_one();
  // Those that have a process.
  std::vector<std::shared_ptr<Worker>> forgotten() const;
  size_t num_workers() const { return entries_.size() + forgotten().size(); }
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
  std::vector<std::weak_ptr<Worker>> forgotten_;
  std::map<Key, uint64_t> needs_;  // resident bytes of models when they had been loaded
  uint64_t uses_ = 0;
  uint64_t generations_ = 0;
  Counts counts_;
  bool draining_ = false;
  std::function<void()> drained_;
  std::unique_ptr<Reactor::Timer> drain_timer_;
  std::unique_ptr<Reactor::Timer> memory_timer_;
  bool watching_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace blindai
