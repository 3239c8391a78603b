#include "enclave/infer/worker_pool.h"

#include <algorithm>

namespace blindai {
namespace {

constexpr std::chrono::milliseconds kDrainPoll{10};
constexpr size_t kMaxNeeds = 4096;

std::string mib(uint64_t bytes) {
  return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB";
}

Problem stopping() {
  return {Code::kUnavailable, "infer.stopping", "The server is stopping. Use another one."};
}

}  // namespace

bool WorkerPool::in_use(const Entry& entry) {
  return !entry.loaded || entry.worker->num_jobs() > 0;
}

uint64_t WorkerPool::need_of(const Key& key, uint64_t model_bytes) const {
  const uint64_t declared = kPerWorker + 3 * model_bytes;
  const auto known = needs_.find(key);
  return known == needs_.end() ? declared : std::max(declared, known->second);
}

void WorkerPool::learn_need(const Key& key, const Worker& worker) {
  if (needs_.size() >= kMaxNeeds) needs_.clear();
  needs_[key] = worker.resident_bytes();
}

Problem WorkerPool::no_room(uint64_t needed) const {
  const uint64_t most = std::min(limits_.memory_bytes, limits_.worker_bytes);
  if (needed > most)
    return {Code::kUnavailable, "infer.no-room",
            "This model needs about " + mib(needed) + ", and this server has " + mib(most) +
                " for one model (--memory, --worker-memory); use another one, or ask its "
                "operator."};
  return {Code::kUnavailable, "infer.no-room",
          "This model needs about " + mib(needed) +
              ", which are not free beside the models at work now. Try again later."};
}

// Ends the process, even when somebody still holds the worker: they find it stopped.
WorkerPool::Entries::iterator WorkerPool::stop(Entries::iterator entry, const Problem& why) {
  entry->second.worker->stop();
  for (Got& got : entry->second.waiters)
    later([got = std::move(got), why] { got(std::unexpected(why)); });
  return entries_.erase(entry);
}

WorkerPool::WorkerPool(Reactor& reactor, WorkerOptions options, PoolLimits limits)
    : reactor_(reactor),
      limits_(limits),
      host_(reactor, std::move(options)),
      drain_timer_(reactor.timer()),
      memory_timer_(reactor.timer()) {}

WorkerPool::~WorkerPool() {
  alive_.reset();
  for (auto& [key, entry] : entries_) entry.worker->stop();
  for (const auto& worker : forgotten()) worker->stop();
}

void WorkerPool::later(std::function<void()> callback) {
  reactor_.post([alive = std::weak_ptr(alive_), callback = std::move(callback)] {
    if (!alive.expired()) callback();
  });
}

void WorkerPool::get(const Key& key, const OpenModel& open_model, Got got) {
  if (draining_) return later([got = std::move(got)] { got(std::unexpected(stopping())); });
  auto found = entries_.find(key);
  if (found != entries_.end() && found->second.loaded && !found->second.worker->serving()) {
    died(key, found->second.generation);  // it has not been told to us yet
    found = entries_.end();
  }
  if (found == entries_.end()) return load(key, open_model, std::move(got));
  Entry& entry = found->second;
  entry.last_use = ++uses_;
  watch_memory();
  if (!entry.loaded) {
    entry.waiters.push_back(std::move(got));
    return;
  }
  later([got = std::move(got), worker = entry.worker]() mutable { got(std::move(worker)); });
}

std::shared_ptr<Worker> WorkerPool::loaded(const Key& key) {
  const auto found = entries_.find(key);
  if (draining_ || found == entries_.end()) return nullptr;
  Entry& entry = found->second;
  if (!entry.loaded || !entry.worker->serving()) return nullptr;
  entry.last_use = ++uses_;
  watch_memory();
  return entry.worker;
}

void WorkerPool::load(const Key& key, const OpenModel& open_model, Got got) {
  auto model = open_model();
  if (!model)
    return later([got = std::move(got), error = model.error()] { got(std::unexpected(error)); });
  const uint64_t needed = need_of(key, model->bytes);
  if (!make_room(needed)) {
    ++counts_.no_room;
    return later([got = std::move(got), why = no_room(needed)] { got(std::unexpected(why)); });
  }
  watch_memory();
  Entry& entry = entries_[key];
  entry.expected_bytes = needed;
  entry.last_use = ++uses_;
  entry.generation = ++generations_;
  entry.waiters.push_back(std::move(got));
  entry.worker = Worker::start(
      host_, std::move(model->source), model->bytes,
      [this, alive = std::weak_ptr(alive_), key, generation = entry.generation](Outcome<void> o) {
        if (!alive.expired()) started(key, generation, std::move(o));
      });
}

void WorkerPool::started(const Key& key, uint64_t generation, Outcome<void> outcome) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.generation != generation) return;
  const std::vector<Got> waiters = std::exchange(found->second.waiters, {});
  const std::shared_ptr<Worker> worker = found->second.worker;
  if (!outcome) {
    entries_.erase(found);
  } else {
    found->second.loaded = true;
    ++counts_.loads;
    learn_need(key, *worker);
    worker->on_exit([this, alive = std::weak_ptr(alive_), key, generation] {
      if (!alive.expired()) died(key, generation);
    });
    // Not only from get() on: between that and the run its tensors may have been on their way for
    // long, and the looks have ended meanwhile.
    worker->on_run([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) watch_memory();
    });
  }
  for (const Got& got : waiters) {
    if (outcome) {
      got(worker);
    } else {
      got(std::unexpected(outcome.error()));
    }
  }
}

void WorkerPool::died(const Key& key, uint64_t generation) {
  const auto dead = entries_.find(key);
  if (dead == entries_.end() || dead->second.generation != generation) return;
  ++counts_.crashes;
  entries_.erase(dead);
}

uint64_t WorkerPool::resident_bytes() const {
  uint64_t total = 0;
  for (const auto& [key, entry] : entries_)
    total += entry.loaded ? entry.worker->resident_bytes() : entry.expected_bytes;
  for (const auto& worker : forgotten()) total += worker->resident_bytes();
  return total;
}

std::vector<std::shared_ptr<Worker>> WorkerPool::forgotten() const {
  std::vector<std::shared_ptr<Worker>> out;
  for (const auto& weak : forgotten_)
    if (auto worker = weak.lock(); worker != nullptr && worker->serving())
      out.push_back(std::move(worker));
  return out;
}

// Stops idle workers, the least recently used first, until `bytes` more fit.
bool WorkerPool::make_room(uint64_t bytes) {
  // Nobody is stopped for what cannot be.
  if (bytes > std::min(limits_.memory_bytes, limits_.worker_bytes)) return false;
  while (num_workers() >= limits_.max_workers || resident_bytes() + bytes > limits_.memory_bytes)
    if (!stop_an_idle_one().has_value()) return false;
  return true;
}

// One whose model is no more before any other.
std::optional<uint64_t> WorkerPool::stop_an_idle_one() {
  for (const auto& worker : forgotten()) {
    if (worker->num_jobs() > 0) continue;
    const uint64_t bytes = worker->resident_bytes();
    ++counts_.evictions;
    worker->stop();
    return bytes;
  }
  const auto oldest = oldest_idle();
  if (oldest == entries_.end()) return std::nullopt;
  const uint64_t bytes = oldest->second.worker->resident_bytes();
  ++counts_.evictions;
  stop(oldest, stopping());
  return bytes;
}

WorkerPool::Entries::iterator WorkerPool::oldest_idle() {
  auto oldest = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    const Entry& entry = it->second;
    if (!in_use(entry) && (oldest == entries_.end() || entry.last_use < oldest->second.last_use))
      oldest = it;
  }
  return oldest;
}

// While anybody works. The hot path only asks whether it is going on.
void WorkerPool::watch_memory() {
  if (watching_) return;
  watching_ = true;
  memory_timer_->after(kLook, [this] {
    watching_ = false;
    look_at_memory();
  });
}

std::vector<WorkerPool::Look> WorkerPool::look_at_all() const {
  std::vector<Look> out;
  for (const auto& [key, entry] : entries_)
    out.push_back({entry.worker, in_use(entry), entry.loaded, entry.expected_bytes,
                   entry.worker->resident_bytes()});
  for (const auto& worker : forgotten())
    out.push_back({worker, worker->num_jobs() > 0, true, 0, worker->resident_bytes()});
  return out;
}

void WorkerPool::look_at_memory() {
  std::vector<Look> at_work = look_at_all();
  uint64_t total = 0;
  for (const Look& look : at_work) total += look.bytes;
  std::erase_if(at_work, [](const Look& look) { return !look.at_work; });
  const auto growth = [](const Look& look) {
    return look.bytes - std::min(look.bytes, look.expected_bytes);
  };
  bool ended = false;
  for (const Look& look : at_work) {
    if (look.bytes <= limits_.worker_bytes) continue;
    total -= std::min(total, look.bytes);
    end_for_memory(look);
    ended = true;
  }
  while (total > limits_.memory_bytes) {
    const std::optional<uint64_t> freed = stop_an_idle_one();
    if (!freed.has_value()) break;
    total -= std::min(total, *freed);
  }
  const auto largest = std::ranges::max_element(at_work, {}, growth);
  if (total > limits_.memory_bytes && !ended && largest != at_work.end() && growth(*largest) > 0)
    end_for_memory(*largest);
  if (!at_work.empty()) watch_memory();
}

void WorkerPool::end_for_memory(const Look& look) {
  ++counts_.memory_ends;
  const bool own = look.bytes > limits_.worker_bytes;
  if (!look.loaded)
    return look.worker->end(own ? Problem(Code::kRefused, "infer.model-limit",
                                          "Loading the model takes more than the " +
                                              mib(limits_.worker_bytes) +
                                              " that one model may have here. Make it smaller.")
                                : no_room(look.bytes));
  look.worker->end(
      {Code::kUnavailable, "infer.job-memory",
       own ? "The request takes more than the " + mib(limits_.worker_bytes) +
                 " that one model may have here. Send less at once."
           : std::string("The request took more memory than is free beside the models at work. "
                         "Send less at once, or try again later.")});
}

void WorkerPool::forget(const Key& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  for (Got& got : found->second.waiters)
    later([got = std::move(got)] {
      got(problem(Code::kNotFound, "infer.forgotten", "The model was deleted while it loaded."));
    });
  std::erase_if(forgotten_, [](const auto& worker) { return worker.expired(); });
  const std::weak_ptr<Worker> held = found->second.worker;
  entries_.erase(found);
  if (!held.expired()) forgotten_.push_back(held);
}

void WorkerPool::drain(std::chrono::milliseconds limit, std::function<void()> done) {
  draining_ = true;
  drained_ = std::move(done);
  later([this, end = Reactor::Clock::now() + limit] { drain_step(end); });
}

void WorkerPool::drain_step(Reactor::Clock::time_point end) {
  const bool late = Reactor::Clock::now() >= end;
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (in_use(it->second) && !late) {
      ++it;
    } else {
      it = stop(it, stopping());
    }
  }
  for (const auto& worker : forgotten())
    if (worker->num_jobs() == 0 || late) worker->stop();
  if (entries_.empty() && (late || host_.num_processes() == 0)) {
    if (drained_) std::exchange(drained_, nullptr)();
    return;
  }
  drain_timer_->after(kDrainPoll, [this, end] { drain_step(end); });
}

WorkerPool::Counts WorkerPool::counts() const {
  Counts counts = counts_;
  counts.workers = num_workers();
  counts.resident_bytes = resident_bytes();
  return counts;
}

}  // namespace blindai
