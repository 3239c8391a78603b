// The state machine behind Worker: one process from its start to its end. Private to this folder.
//
//   starting: process started, model on its way into a memfd, READY and the whole model awaited
//   loading:  LOAD sent, LOADED or REFUSED awaited
//   serving:  jobs
//   ending:   socket closed by the worker, its exit status awaited
//   gone
//
// worker_core.cc has start, load and end; worker_jobs.cc the jobs.
#pragma once

#include <deque>

#include "enclave/infer/child_process.h"
#include "enclave/infer/model_upload.h"
#include "enclave/infer/reply_check.h"
#include "enclave/infer/worker.h"

namespace blindai {

class WorkerCore : public std::enable_shared_from_this<WorkerCore> {
 public:
  WorkerCore(WorkerHost& host, Worker::Started started);
  void start(std::unique_ptr<ModelSource> source, uint64_t model_bytes);
  // From the Worker's destructor: ends the process; no callback to the owner, an answer to each
  // job.
  void stop();
  // Whether jobs that were sent had no part in the process's end, and are handed back like those
  // that waited.
  enum class Running { kAnswered, kHandedBack };
  // Ends the process. Those who get no second chance are answered with `why`.
  void end(const Problem& why, Running running = Running::kAnswered);

  Result<std::unique_ptr<TensorBuffer>> buffer(uint64_t input_bytes);
  uint64_t run(RunRequest request, Worker::Ran ran);
  void cancel(uint64_t id);

  const ModelSignature& signature() const { return signature_; }
  bool serving() const { return state_ == State::kServing; }
  pid_t pid() const { return process_ == nullptr ? 0 : process_->pid(); }
  const SandboxReport& sandbox() const { return ready_.sandbox; }
  uint64_t resident_bytes() const { return process_ == nullptr ? 0 : process_->resident_bytes(); }
  uint64_t resident_bytes_before_model() const { return ready_.resident_bytes; }
  size_t num_jobs() const { return waiting_.size() + sent_.size(); }
  void on_exit(std::function<void()> callback) { on_exit_ = std::move(callback); }
  void on_run(std::function<void()> callback) { on_run_ = std::move(callback); }

 private:
  using Clock = Reactor::Clock;
  enum class State { kStarting, kLoading, kServing, kEnding, kGone };

  struct Job {
    uint64_t id = 0;
    RunRequest request;
    Worker::Ran ran;  // null once answered or cancelled
    Clock::time_point begun;
    Clock::time_point sent;
    Clock::time_point deadline;  // of waiting, then of the run
    bool asked_to_stop = false;
    Clock::time_point kill_at = Clock::time_point::max();  // once asked to stop
    std::unique_ptr<SharedMemory> spilled;
  };
  using JobPtr = std::unique_ptr<Job>;

  // worker_core.cc
  void upload();
  void moved(const Result<bool>& complete);
  void send_load();
  void read_messages();
  bool handle(BytesView message);
  bool on_ready(BytesView message);
  bool on_loaded(BytesView message);
  bool on_refused(BytesView message);
  void socket_closed();
  void process_gone(ExitStatus status);
  void send(BytesView message, int with_fd);
  void flush();

  // worker_jobs.cc
  void pump();
  void send_job(JobPtr job);
  bool on_need(BytesView message);
  bool on_done(BytesView message);
  bool on_failed(BytesView message);
  JobPtr take_sent(uint64_t id);
  Job* find_sent(uint64_t id);
  Result<RunResult> collect(Job& job);
  void ask_to_stop(Job& job);
  void send_cancel(uint64_t id);
  static OutputArea output_area(const TensorBuffer& buffer);
  void check_deadlines();
  void arm_deadline(Clock::time_point when);
  void expect_answer();
  void learn_run_time(Clock::duration taken);
  bool may_send(const Job& job) const;
  void answer_later(Worker::Ran ran, const Problem& why);
  void hand_back(Job& job, const Problem& why);
  void answer_all(const Problem& why, Running running);

  WorkerHost& host_;  // not used once gone: the Worker may be held longer
  Reactor& reactor_;
  State state_ = State::kStarting;
  Worker::Started started_;
  std::function<void()> on_exit_;
  std::function<void()> on_run_;
  std::shared_ptr<ModelUpload> upload_;  // shared with the background thread
  OwnedFd model_;
  std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<Reactor::Watch> watch_;  // of the process's socket
  std::unique_ptr<Reactor::Timer> load_timer_;
  std::unique_ptr<Reactor::Timer> deadline_timer_;
  std::unique_ptr<Reactor::Timer> answer_timer_;
  Clock::time_point deadline_armed_ = Clock::time_point::max();

  worker_protocol::Ready ready_;
  bool is_ready_ = false;
  ModelSignature signature_;
  std::vector<uint16_t> all_outputs_;
  std::shared_ptr<BufferPool> buffers_;

  uint64_t next_job_ = 1;
  std::deque<JobPtr> waiting_;   // those that were handed back before the others
  std::vector<JobPtr> sent_;     // at most options.run_threads
  Clock::duration usual_run_{};  // from a job's sending to its answer; zero before the first

  // Used again for each message.
  std::vector<uint8_t> storage_;
  Bytes outgoing_;
  worker_protocol::Run run_;
  worker_protocol::Done done_;

  struct Unsent {
    Bytes message;
    OwnedFd fd;
  };
  std::deque<Unsent> unsent_;  // while the socket is full
};

}  // namespace blindai
