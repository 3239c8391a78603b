#include <algorithm>

#include "enclave/infer/worker_core.h"

namespace blindai {
namespace {

namespace wp = worker_protocol;

// A processor that has slept for milliseconds takes up to 0.2 ms to wake on a virtual machine,
// which an answer would wait for. So the loop is awake a little before an answer is due, and for a
// while after (docs/adr/0004-lingering-reactor.md). Runs shorter than this find it awake anyway.
constexpr std::chrono::microseconds kShortRun{500};
constexpr std::chrono::microseconds kWakeTime{200};

uint64_t to_ns(std::chrono::steady_clock::duration d) {
  return static_cast<uint64_t>(
      std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::nanoseconds>(d).count()));
}

Problem deadline_problem() {
  return {Code::kDeadline, "infer.deadline",
          "The model did not answer within the time allowed for one run (run_time_s of the "
          "server's configuration). Send less at once, or ask the operator for more time."};
}

Problem waited_too_long() {
  return {Code::kDeadline, "infer.wait-deadline",
          "Others' requests kept this model busy for too long. Try again later."};
}

Problem failure_problem(const wp::Failed& failed) {
  switch (failed.reason) {
    case wp::Failure::kInput:
      return {Code::kInvalid, "infer.input", failed.sentence};
    case wp::Failure::kMemory:
      return {Code::kUnavailable, "infer.job-memory", failed.sentence};
    case wp::Failure::kOutput:
      return {Code::kInternal, "infer.output", failed.sentence};
    case wp::Failure::kCancelled:
      return deadline_problem();
    case wp::Failure::kRun:
      break;
  }
  return {Code::kInvalid, "infer.run", failed.sentence};
}

}  // namespace

OutputArea WorkerCore::output_area(const TensorBuffer& buffer) {
  return {buffer.input_bytes_, buffer.memory_->view().size() - buffer.input_bytes_};
}

Result<std::unique_ptr<TensorBuffer>> WorkerCore::buffer(uint64_t input_bytes) {
  if (state_ != State::kServing)
    return fail(Code::kUnavailable,
                {"infer.worker-died", "The model's worker process has ended. Try again."});
  return buffers_->take(input_bytes);
}

uint64_t WorkerCore::run(RunRequest request, Worker::Ran ran) {
  const uint64_t id = next_job_++;
  const auto reject = [&](const Problem& why) {
    answer_later(std::move(ran), why);
    return id;
  };
  if (state_ != State::kServing)
    return reject({Code::kUnavailable, "infer.worker-died",
                   "The model's worker process has ended. Try again."});
  BLINDAI_CHECK(request.buffer != nullptr && request.buffer->pool_.lock() == buffers_);
  const uint64_t room = request.buffer->input().size();
  if (auto fits = check_inputs(request.inputs, signature_.inputs, room); !fits)
    return reject(fits.error());
  if (request.outputs.empty()) request.outputs = all_outputs_;
  if (auto known = check_requested(request.outputs, signature_.outputs); !known)
    return reject(known.error());
  if (waiting_.size() >= host_.options().max_waiting)
    return reject({Code::kExhausted, "infer.waiting",
                   "Too many requests are waiting for this model. Try again later."});
  if (on_run_ != nullptr) on_run_();
  auto job = std::make_unique<Job>();
  job->id = id;
  job->ran = std::move(ran);
  job->begun = Clock::now();
  job->deadline = job->begun + request.wait_limit;
  job->request = std::move(request);
  const auto place = job->request.again
                         ? std::ranges::find_if(
                               waiting_, [](const JobPtr& other) { return !other->request.again; })
                         : waiting_.end();
  const Job& added = **waiting_.insert(place, std::move(job));
  pump();
  // Usually it is on its way by now, and has the deadline of a run.
  if (added.sent == Clock::time_point()) arm_deadline(added.deadline);
  return id;
}

// One that was handed back runs beside its like alone.
bool WorkerCore::may_send(const Job& job) const {
  return std::ranges::all_of(
      sent_, [&](const JobPtr& other) { return other->request.again == job.request.again; });
}

// Sends what the worker has threads for.
void WorkerCore::pump() {
  while (state_ == State::kServing && !waiting_.empty() &&
         sent_.size() < host_.options().run_threads && may_send(*waiting_.front())) {
    JobPtr next = std::move(waiting_.front());
    waiting_.pop_front();
    send_job(std::move(next));
  }
}

void WorkerCore::send_job(JobPtr job) {
  TensorBuffer& buffer = *job->request.buffer;
  run_.job = job->id;
  run_.buffer = buffer.id_;
  run_.buffer_bytes = buffer.memory_->view().size();
  run_.output_offset = output_area(buffer).offset;
  run_.output_length = output_area(buffer).length;
  run_.inputs = std::move(job->request.inputs);
  run_.outputs = job->request.outputs;
  wp::encode(run_, outgoing_);
  send(outgoing_, buffer.memory_->fd());
  buffer.memory_->close_fd();
  if (job->request.unserved != nullptr) job->request.inputs = std::move(run_.inputs);
  job->sent = Clock::now();
  job->deadline = job->sent + job->request.time_limit;
  arm_deadline(job->deadline);
  sent_.push_back(std::move(job));
  expect_answer();
}

void WorkerCore::expect_answer() {
  if (usual_run_ < kShortRun) return;
  const Clock::duration margin = kWakeTime + usual_run_ / 32;
  answer_timer_->after(usual_run_ - margin, [this, margin] {
    if (!sent_.empty()) reactor_.stay_awake(3 * margin);
  });
}

// One that took long for another reason does not move it far.
void WorkerCore::learn_run_time(Clock::duration taken) {
  if (usual_run_ == Clock::duration::zero()) usual_run_ = taken;
  usual_run_ += (std::min(taken, 2 * usual_run_) - usual_run_) / 4;
}

WorkerCore::Job* WorkerCore::find_sent(uint64_t id) {
  const auto found = std::ranges::find(sent_, id, [](const JobPtr& job) { return job->id; });
  return found == sent_.end() ? nullptr : found->get();
}

WorkerCore::JobPtr WorkerCore::take_sent(uint64_t id) {
  const auto found = std::ranges::find(sent_, id, [](const JobPtr& job) { return job->id; });
  if (found == sent_.end()) return nullptr;
  JobPtr job = std::move(*found);
  sent_.erase(found);
  return job;
}

bool WorkerCore::on_need(BytesView message) {
  wp::Need need;
  if (!wp::decode(message, need)) return false;
  Job* job = find_sent(need.job);
  // A worker asks once for a job, and only for more than it has.
  if (job == nullptr || job->spilled != nullptr ||
      need.bytes <= output_area(*job->request.buffer).length)
    return false;
  if (job->asked_to_stop) {
    // The job was over before it heard of that, and now waits for memory: ask again.
    send_cancel(job->id);
    return true;
  }
  const auto refuse = [&](const Problem& why) {
    if (job->ran != nullptr) answer_later(std::exchange(job->ran, nullptr), why);
    ask_to_stop(*job);
    return true;
  };
  if (need.bytes > job->request.max_output_bytes)
    return refuse({Code::kTooLarge, "infer.output-size",
                   "The outputs of this request are larger than this server returns."});
  auto memory = SharedMemory::create(need.bytes);
  if (!memory) return refuse(Problem(memory.error()));
  job->spilled = std::move(*memory);
  buffers_->expect_outputs(need.bytes);
  wp::encode(wp::Output{job->id, need.bytes}, outgoing_);
  send(outgoing_, job->spilled->fd());
  job->spilled->close_fd();
  return true;
}

// The outputs of a DONE, checked; the job's memory goes with them.
Result<RunResult> WorkerCore::collect(Job& job) {
  TensorBuffer& buffer = *job.request.buffer;
  OutputArea area = output_area(buffer);
  std::span<uint8_t> memory = buffer.memory_->view();
  if (done_.spilled) {
    if (job.spilled == nullptr) return fail(Code::kMalformed, "infer.reply-place");
    memory = job.spilled->view();
    area = {0, memory.size()};
  }
  RETURN_IF_ERROR(check_outputs(done_, job.request.outputs, signature_.outputs, area));
  RunResult result;
  result.outputs.reserve(done_.outputs.size());
  size_t used = 0;
  for (wp::TensorPlace& place : done_.outputs) {
    BytesView data = memory.subspan(place.offset, place.length);
    used = std::max<size_t>(used, place.offset + place.length - area.offset);
    if (place.datatype == Datatype::kBytes) {
      // Copied before it is walked: the lengths inside must not change between check and use.
      const auto count = num_elements(place.shape, wp::kMaxElements);
      result.strings.push_back(to_bytes(data));
      data = result.strings.back();
      if (!count || !wp::is_bytes_tensor(data, *count))
        return fail(Code::kMalformed, "infer.reply-bytes");
    }
    result.outputs.push_back({place.index, place.datatype, std::move(place.shape), data});
  }
  if (!done_.spilled) buffer.used_output_ = used;
  const Clock::time_point now = Clock::now();
  learn_run_time(now - job.sent);
  result.run_ns = std::min(done_.run_ns, to_ns(now - job.sent));
  result.queue_ns = to_ns(job.sent - job.begun);
  result.buffer = std::move(job.request.buffer);
  result.spilled = std::move(job.spilled);
  return result;
}

bool WorkerCore::on_done(BytesView message) {
  if (!wp::decode(message, done_)) return false;
  Job* waiting = find_sent(done_.job);
  if (waiting == nullptr) return false;
  // Checked before it is taken out: a reply that does not hold is answered like the end of the
  // worker.
  Result<RunResult> result = collect(*waiting);
  if (!result) return false;
  const JobPtr job = take_sent(done_.job);
  if (sent_.empty()) reactor_.stay_awake(Clock::duration::zero());
  pump();
  if (job->ran != nullptr) job->ran(std::move(*result));
  return true;
}

bool WorkerCore::on_failed(BytesView message) {
  wp::Failed failed;
  if (!wp::decode(message, failed)) return false;
  const Job* waiting = find_sent(failed.job);
  if (waiting == nullptr) return false;
  if (failed.reason == wp::Failure::kCancelled && !waiting->asked_to_stop) return false;
  const JobPtr job = take_sent(failed.job);
  pump();
  if (job->ran != nullptr) job->ran(std::unexpected(failure_problem(failed)));
  return true;
}

void WorkerCore::cancel(uint64_t id) {
  const auto found = std::ranges::find(waiting_, id, [](const JobPtr& job) { return job->id; });
  if (found != waiting_.end()) {
    waiting_.erase(found);
    return;
  }
  if (Job* job = find_sent(id)) {
    job->ran = nullptr;
    ask_to_stop(*job);
  }
}

void WorkerCore::ask_to_stop(Job& job) {
  if (job.asked_to_stop || state_ != State::kServing) return;
  job.asked_to_stop = true;
  job.kill_at = Clock::now() + host_.options().stop_grace;
  arm_deadline(job.kill_at);
  send_cancel(job.id);
}

void WorkerCore::send_cancel(uint64_t id) {
  wp::encode(wp::Cancel{id}, outgoing_);
  send(outgoing_, -1);
}

// One timer for all jobs, set again only for an earlier end: most jobs never touch it.
void WorkerCore::arm_deadline(Clock::time_point when) {
  if (when >= deadline_armed_) return;
  deadline_armed_ = when;
  deadline_timer_->after(std::max(when - Clock::now(), Clock::duration::zero()),
                         [this] { check_deadlines(); });
}

void WorkerCore::check_deadlines() {
  const auto self = shared_from_this();
  const Clock::time_point now = Clock::now();
  Clock::time_point next = Clock::time_point::max();
  deadline_armed_ = Clock::time_point::max();
  std::erase_if(waiting_, [&](JobPtr& job) {
    if (job->deadline > now) {
      next = std::min(next, job->deadline);
      return false;
    }
    answer_later(std::move(job->ran), waited_too_long());
    return true;
  });
  for (JobPtr& job : sent_) {
    if (job->kill_at <= now) {
      host_.log("worker " + std::to_string(pid()) + " did not stop a request in time; ended");
      end({Code::kUnavailable, "infer.worker-died",
           "The model's worker process was ended because of another request. Try again."},
          Running::kHandedBack);
      return;
    }
    if (!job->asked_to_stop && job->deadline <= now) {
      answer_later(std::exchange(job->ran, nullptr), deadline_problem());
      ask_to_stop(*job);
    }
    next = std::min(next, job->asked_to_stop ? job->kill_at : job->deadline);
  }
  if (next != Clock::time_point::max()) arm_deadline(next);
}

void WorkerCore::answer_later(Worker::Ran ran, const Problem& why) {
  if (ran == nullptr) return;
  reactor_.post([ran = std::move(ran), why] { ran(std::unexpected(why)); });
}

// The request goes back to its caller, who still waits for it; others are dropped.
void WorkerCore::hand_back(Job& job, const Problem& why) {
  if (job.ran == nullptr) return;
  if (job.request.unserved == nullptr) return answer_later(std::move(job.ran), why);
  job.request.again = true;
  auto request = std::make_shared<RunRequest>(std::move(job.request));
  reactor_.post([request] {
    const auto unserved = std::exchange(request->unserved, nullptr);
    unserved(std::move(*request));
  });
}

void WorkerCore::answer_all(const Problem& why, Running running) {
  for (JobPtr& job : sent_) {
    if (running == Running::kHandedBack && !job->asked_to_stop) {
      hand_back(*job, why);
    } else {
      answer_later(std::move(job->ran), why);
    }
  }
  sent_.clear();
  for (JobPtr& job : waiting_) hand_back(*job, why);
  waiting_.clear();
}

}  // namespace blindai
