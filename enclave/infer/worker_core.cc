#include "enclave/infer/worker_core.h"

#include <fcntl.h>
#include <numeric>

#include "enclave/infer/sandbox_probe.h"
#include "lib/onnx/rules.h"

namespace blindai {
namespace {

namespace wp = worker_protocol;

// Messages taken in one go before the reactor may look at other descriptors.
constexpr int kMessagesAtOnce = 32;

Problem broke_protocol() {
  return {Code::kUnavailable, "infer.worker-died",
          "The model's worker process sent a reply that does not hold, and was ended. Try again."};
}

Problem worker_died() {
  return {Code::kUnavailable, "infer.worker-died",
          "The model's worker process ended during the request. Try again."};
}

Problem refusal_problem(const wp::Refused& refused) {
  switch (refused.reason) {
    case wp::Refusal::kUnsupported:
      return {Code::kRefused, "infer.model-unsupported", refused.sentence};
    case wp::Refusal::kLimit:
      return {Code::kRefused, "infer.model-limit", refused.sentence};
    case wp::Refusal::kRule:
      if (const auto rule = onnx::rule_of(refused.rule))
        return {Code::kRefused, onnx::id_of(*rule), refused.sentence};
      break;
    case wp::Refusal::kMalformed:
      break;
  }
  return {Code::kRefused, "infer.model-malformed", refused.sentence};
}

}  // namespace

WorkerCore::WorkerCore(WorkerHost& host, Worker::Started started)
    : host_(host),
      reactor_(host.reactor()),
      started_(std::move(started)),
      load_timer_(host.reactor().timer()),
      deadline_timer_(host.reactor().timer()),
      answer_timer_(host.reactor().timer()),
      storage_(wp::kMaxMessage) {
  const WorkerOptions& options = host.options();
  buffers_ = std::make_shared<BufferPool>(options.max_input_bytes, options.idle_buffer_bytes,
                                          options.first_output_bytes, [this](uint64_t id) {
                                            if (state_ != State::kServing) return;
                                            wp::encode(wp::DropBuffer{id}, outgoing_);
                                            send(outgoing_, -1);
                                          });
}

void WorkerCore::start(std::unique_ptr<ModelSource> source, uint64_t model_bytes) {
  upload_ = std::make_shared<ModelUpload>(std::move(source), model_bytes);
  auto process = host_.spawn();
  if (!process) {
    end(Problem(process.error()));
    return;
  }
  process_ = std::move(*process);
  const std::weak_ptr<WorkerCore> weak = weak_from_this();
  process_->when_gone([weak](ExitStatus status) {
    if (const auto self = weak.lock()) self->process_gone(status);
  });
  watch_ = reactor_.watch(process_->socket());
  watch_->when_readable([this] { read_messages(); });
  load_timer_->after(host_.options().load_limit, [this] {
    const auto self = shared_from_this();
    end({Code::kDeadline, "infer.load-deadline",
         "The model took too long to load. Make it smaller, or ask the operator for more time."});
  });
  reactor_.post([weak] {
    if (const auto self = weak.lock()) self->upload();
  });
}

void WorkerCore::upload() {
  if (upload_ == nullptr || state_ != State::kStarting) return;
  Background* const background = host_.options().background;
  if (background == nullptr) return moved(upload_->step(ModelUpload::kPiece));
  auto result = std::make_shared<Result<bool>>(false);
  background->run(
      [upload = upload_, result] { *result = upload->step(ModelUpload::kBackgroundStep); },
      [weak = weak_from_this(), result] {
        if (const auto self = weak.lock()) self->moved(*result);
      });
}

void WorkerCore::moved(const Result<bool>& complete) {
  if (upload_ == nullptr || state_ != State::kStarting) return;
  if (!complete) {
    end(Problem(complete.error()));
    return;
  }
  if (*complete) {
    model_ = upload_->take();
    send_load();
    return;
  }
  reactor_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->upload();
  });
}

// Once both the worker is ready and the model complete.
void WorkerCore::send_load() {
  if (!is_ready_ || !model_) return;
  const WorkerOptions& options = host_.options();
  state_ = State::kLoading;
  wp::encode(wp::Load{options.run_threads, options.intra_op_threads, upload_->model_bytes(),
                      options.tensor_memory_bytes},
             outgoing_);
  send(outgoing_, model_.get());
  upload_.reset();
  // The worker's copy is the last one, so the model's bytes are freed when it has read them.
  model_.reset();
}

void WorkerCore::read_messages() {
  const auto self = shared_from_this();
  for (int i = 0; i < kMessagesAtOnce; ++i) {
    if (state_ == State::kGone) return;
    const Received received = receive_packet(process_->socket(), storage_);
    if (received.state == Received::State::kClosed) return socket_closed();
    if (received.state == Received::State::kNothing) break;
    if (received.state == Received::State::kTooLarge ||
        !handle(BytesView(storage_).first(received.size))) {
      if (state_ != State::kGone) {
        host_.log("worker " + std::to_string(pid()) + " broke the protocol; ended");
        end(broke_protocol());
      }
      return;
    }
    // Usually the only message: asking the socket once more would cost a system call for nothing.
    if (state_ == State::kServing && sent_.empty()) break;
  }
  if (state_ != State::kGone) watch_->when_readable([this] { read_messages(); });
}

// False for a message that this state does not allow or whose content does not hold.
bool WorkerCore::handle(BytesView message) {
  const auto type = wp::type_of(message);
  if (!type) return false;
  switch (*type) {
    case wp::Type::kReady:
      return state_ == State::kStarting && !is_ready_ && on_ready(message);
    case wp::Type::kLoaded:
      return state_ == State::kLoading && on_loaded(message);
    case wp::Type::kRefused:
      return state_ == State::kLoading && on_refused(message);
    case wp::Type::kNeed:
      return state_ == State::kServing && on_need(message);
    case wp::Type::kDone:
      return state_ == State::kServing && on_done(message);
    case wp::Type::kFailed:
      return state_ == State::kServing && on_failed(message);
    default:
      return false;
  }
}

bool WorkerCore::on_ready(BytesView message) {
  if (!wp::decode(message, ready_) || ready_.version != wp::kVersion) return false;
  const Outcome<SandboxReport> seen = look_at_sandbox(ready_, *process_);
  if (seen) ready_.sandbox = *seen;
  host_.log_sandbox_once(ready_.sandbox);
  const Outcome<void> enough = require_sandbox(ready_.sandbox, host_.options().require_sandbox);
  if (!seen || !enough) {
    const Problem& why = seen ? enough.error() : seen.error();
    host_.log("worker " + std::to_string(pid()) + " ended: " + why.sentence);
    end(why);
    return true;
  }
  is_ready_ = true;
  send_load();
  return true;
}

bool WorkerCore::on_loaded(BytesView message) {
  wp::Loaded loaded;
  if (!wp::decode(message, loaded)) return false;
  signature_ = std::move(loaded.signature);
  all_outputs_.resize(signature_.outputs.size());
  std::iota(all_outputs_.begin(), all_outputs_.end(), uint16_t{0});
  state_ = State::kServing;
  load_timer_->cancel();
  if (auto started = std::exchange(started_, nullptr)) started({});
  return true;
}

bool WorkerCore::on_refused(BytesView message) {
  wp::Refused refused;
  if (!wp::decode(message, refused)) return false;
  end(refusal_problem(refused));
  return true;
}

// The worker ended, or pretends to: its exit status says why, if it comes.
void WorkerCore::socket_closed() {
  watch_.reset();
  const State before = state_;
  state_ = State::kEnding;
  process_->kill();
  if (before == State::kServing) answer_all(worker_died(), Running::kAnswered);
}

void WorkerCore::process_gone(ExitStatus status) {
  const auto self = shared_from_this();
  if (state_ == State::kGone) return;
  host_.log("worker " + std::to_string(pid()) + " ended: exit status " +
            std::to_string(status.code) + ", signal " + std::to_string(status.signal));
  if (started_ == nullptr) return end(worker_died());
  if (is_ready_)
    return end({Code::kRefused, "infer.model-died",
                "Loading this model ended its worker process: it may need more memory than is "
                "allowed, or be damaged."});
  end({Code::kUnavailable, "infer.spawn",
       "The worker program could not start: check its path and ONNX Runtime's library."});
}

void WorkerCore::send(BytesView message, int with_fd) {
  if (unsent_.empty()) {
    const SendResult result = send_packet(process_->socket(), message, with_fd, false);
    // A closed socket is noticed where it is read, so that there is one place for it.
    if (result != SendResult::kFull) return;
    watch_->when_writable([this] { flush(); });
  }
  const int fd = with_fd < 0 ? -1 : fcntl(with_fd, F_DUPFD_CLOEXEC, 0);
  unsent_.push_back({to_bytes(message), OwnedFd(fd)});
}

void WorkerCore::flush() {
  while (!unsent_.empty()) {
    const Unsent& next = unsent_.front();
    if (send_packet(process_->socket(), next.message, next.fd.get(), false) == SendResult::kFull) {
      watch_->when_writable([this] { flush(); });
      return;
    }
    unsent_.pop_front();
  }
}

void WorkerCore::end(const Problem& why, Running running) {
  if (state_ == State::kGone) return;
  state_ = State::kGone;
  watch_.reset();
  load_timer_->cancel();
  deadline_timer_->cancel();
  answer_timer_->cancel();
  upload_.reset();
  model_.reset();
  unsent_.clear();
  if (process_ != nullptr) host_.bury(std::move(process_));
  buffers_->close();
  answer_all(why, running);
  if (started_ != nullptr) {
    reactor_.post(
        [started = std::exchange(started_, nullptr), why] { started(std::unexpected(why)); });
  } else if (on_exit_ != nullptr) {
    reactor_.post(std::exchange(on_exit_, nullptr));
  }
}

void WorkerCore::stop() {
  started_ = nullptr;
  on_exit_ = nullptr;
  const Problem why(Code::kUnavailable, "infer.stopped", "The model was stopped. Try again.");
  for (JobPtr& job : waiting_) job->request.unserved = nullptr;  // it was not the worker's doing
  end(why);
}

}  // namespace blindai
