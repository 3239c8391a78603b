#include "enclave/worker/service.h"

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <malloc.h>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

#include "enclave/infer/packet.h"
#include "enclave/worker/session.h"
#include "lib/onnx/check.h"

namespace blindai {
namespace {

namespace wp = worker_protocol;

// The server is trusted to speak the protocol; when it does not, there is nobody to tell.
[[noreturn]] void end_process(int status) {
  _exit(status);
}

constexpr int kEndOfSocket = 0;
constexpr int kBrokenProtocol = 2;

template <typename T>
T expect_message(BytesView bytes) {
  T message;
  if (!wp::decode(bytes, message)) end_process(kBrokenProtocol);
  return message;
}

class Mapping {
 public:
  // Maps all of a memfd whose size is sealed. Null when it is not `bytes` long or not sealed so.
  static std::shared_ptr<Mapping> open(const OwnedFd& fd, uint64_t bytes, int seals,
                                       int protection) {
    struct stat info = {};
    const int have = fd ? fcntl(fd.get(), F_GET_SEALS) : -1;
    // Not fstat(), which in some releases of the C library is a call that could take a path.
    if (have < 0 || (have & seals) != seals || syscall(SYS_fstat, fd.get(), &info) != 0 ||
        static_cast<uint64_t>(info.st_size) != bytes || bytes == 0)
      return nullptr;
    void* data = mmap(nullptr, bytes, protection, MAP_SHARED, fd.get(), 0);
    if (data == MAP_FAILED) return nullptr;
    return std::make_shared<Mapping>(static_cast<uint8_t*>(data), bytes);
  }
  Mapping(uint8_t* data, size_t size) : view_(data, size) {}
  ~Mapping() { munmap(view_.data(), view_.size()); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  std::span<uint8_t> view() const { return view_; }

 private:
  std::span<uint8_t> view_;
};

constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
constexpr int kModelSeals = kSizeSeals | F_SEAL_WRITE;

class Service {
 public:
  Service(int socket, Session& session) : socket_(socket), session_(session) {}
  [[noreturn]] void serve(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) std::thread([this] { read_messages(); }).detach();
    read_messages();
  }

 private:
  // A job whose outputs did not fit, until the server sends memory for them.
  struct Parked {
    Values outputs;
    wp::Done done;
  };
  // What one thread uses again for each message.
  struct Desk {
    explicit Desk(const Session& session) : slot(session), storage(wp::kMaxMessage) {}
    Session::Slot slot;
    uint64_t job = 0;  // being run, 0 when none; guarded by mutex_
    wp::Run run;
    wp::Done done;
    std::vector<uint8_t> storage;
    Bytes reply;
  };

  [[noreturn]] void read_messages();
  void handle(Desk& desk, wp::Type type, BytesView message, OwnedFd fd);
  void run(Desk& desk, OwnedFd fd);
  std::expected<void, JobFailure> answer(Desk& desk, std::span<uint8_t> buffer);
  void output(Desk& desk, const wp::Output& message, OwnedFd fd);
  void cancel(Desk& desk, uint64_t job);
  bool try_cancel(Desk& desk, uint64_t job);
  std::shared_ptr<Mapping> buffer_of(const wp::Run& run, OwnedFd fd);

  template <typename T>
  void reply(Desk& desk, const T& message) {
    wp::encode(message, desk.reply);
    if (send_packet(socket_, desk.reply, -1, true) != SendResult::kSent) end_process(kEndOfSocket);
  }

  const int socket_;
  Session& session_;
  std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<Mapping>> buffers_;
  std::map<uint64_t, Parked> parked_;
  std::vector<Desk*> desks_;
};

void Service::read_messages() {
  Desk desk(session_);
  {
    const std::lock_guard lock(mutex_);
    desks_.push_back(&desk);
  }
  for (;;) {
    Received received = receive_packet_with_fd(socket_, desk.storage);
    if (received.state != Received::State::kMessage) end_process(kEndOfSocket);
    const BytesView message(desk.storage.data(), received.size);
    const auto type = wp::type_of(message);
    if (!type) end_process(kBrokenProtocol);
    handle(desk, *type, message, std::move(received.fd));
  }
}

void Service::handle(Desk& desk, wp::Type type, BytesView message, OwnedFd fd) {
  switch (type) {
    case wp::Type::kRun:
      if (!wp::decode(message, desk.run)) end_process(kBrokenProtocol);
      run(desk, std::move(fd));
      return;
    case wp::Type::kOutput:
      output(desk, expect_message<wp::Output>(message), std::move(fd));
      return;
    case wp::Type::kCancel:
      cancel(desk, expect_message<wp::Cancel>(message).job);
      return;
    case wp::Type::kDropBuffer: {
      const auto drop = expect_message<wp::DropBuffer>(message);
      const std::lock_guard lock(mutex_);
      buffers_.erase(drop.buffer);
      return;
    }
    default:
      end_process(kBrokenProtocol);
  }
}

std::shared_ptr<Mapping> Service::buffer_of(const wp::Run& run, OwnedFd fd) {
  if (fd) {
    auto mapping = Mapping::open(fd, run.buffer_bytes, kSizeSeals, PROT_READ | PROT_WRITE);
    if (mapping == nullptr) return nullptr;
    const std::lock_guard lock(mutex_);
    buffers_.insert_or_assign(run.buffer, mapping);
    return mapping;
  }
  const std::lock_guard lock(mutex_);
  const auto found = buffers_.find(run.buffer);
  return found == buffers_.end() ? nullptr : found->second;
}

void Service::run(Desk& desk, OwnedFd fd) {
  {
    const std::lock_guard lock(mutex_);
    desk.slot.begin();
    desk.job = desk.run.job;
  }
  const bool sent = static_cast<bool>(fd);
  const std::shared_ptr<Mapping> buffer = buffer_of(desk.run, std::move(fd));
  if (buffer == nullptr && !sent) end_process(kBrokenProtocol);
  const std::expected<void, JobFailure> answered =
      buffer == nullptr ? std::unexpected(JobFailure{wp::Failure::kMemory,
                                                     "There is no memory for this job's tensors."})
                        : answer(desk, buffer->view());
  if (!answered)
    reply(desk, wp::Failed{desk.run.job, answered.error().reason,
                           wp::clean_sentence(answered.error().sentence)});
}

// Evaluates the job and replies DONE or NEED. The job is no longer the desk's when this returns.
std::expected<void, JobFailure> Service::answer(Desk& desk, std::span<uint8_t> buffer) {
  const wp::Run& job = desk.run;
  desk.done.job = job.job;
  desk.done.spilled = false;
  auto outputs = session_.run(desk.slot, job, buffer, desk.done.run_ns);
  {
    const std::lock_guard lock(mutex_);
    desk.job = 0;
  }
  if (!outputs) return std::unexpected(outputs.error());
  const auto total = place_outputs(session_.api(), *outputs, job.outputs,
                                   session_.signature().outputs, desk.done.outputs);
  if (!total) return std::unexpected(total.error());
  if (job.output_offset > buffer.size() || job.output_length > buffer.size() - job.output_offset)
    end_process(kBrokenProtocol);
  if (*total > job.output_length) {
    const wp::Need need{job.job, *total};
    {
      const std::lock_guard lock(mutex_);
      parked_.insert_or_assign(job.job, Parked{std::move(*outputs), std::move(desk.done)});
    }
    reply(desk, need);
    return {};
  }
  auto copied =
      copy_outputs(session_.api(), *outputs, buffer.subspan(job.output_offset, job.output_length),
                   job.output_offset, desk.done.outputs);
  if (!copied) return copied;
  reply(desk, desk.done);
  return {};
}

void Service::output(Desk& desk, const wp::Output& message, OwnedFd fd) {
  std::optional<Parked> parked;
  {
    const std::lock_guard lock(mutex_);
    const auto found = parked_.find(message.job);
    if (found != parked_.end()) {
      parked.emplace(std::move(found->second));
      parked_.erase(found);
    }
  }
  if (!parked) return;  // a CANCEL came before, and was answered
  const auto mapping = Mapping::open(fd, message.bytes, kSizeSeals, PROT_READ | PROT_WRITE);
  if (mapping == nullptr) {
    reply(desk, wp::Failed{message.job, wp::Failure::kMemory,
                           "There is no memory for this job's outputs."});
    return;
  }
  parked->done.spilled = true;
  const auto copied =
      copy_outputs(session_.api(), parked->outputs, mapping->view(), 0, parked->done.outputs);
  if (copied) {
    reply(desk, parked->done);
  } else {
    reply(desk, wp::Failed{message.job, copied.error().reason,
                           wp::clean_sentence(copied.error().sentence)});
  }
}

bool Service::try_cancel(Desk& desk, uint64_t job) {
  bool was_parked = false;
  {
    const std::lock_guard lock(mutex_);
    was_parked = parked_.erase(job) != 0;
    for (Desk* other : desks_) {
      if (was_parked || other->job != job) continue;
      other->slot.cancel();
      return true;
    }
  }
  if (was_parked) reply(desk, wp::Failed{job, wp::Failure::kCancelled, "The job was stopped."});
  return was_parked;
}

void Service::cancel(Desk& desk, uint64_t job) {
  // The thread that read the RUN may not have noted it yet; or the job may be done, and then there
  // is nothing to find. The server does not depend on the outcome: it has the last word.
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (try_cancel(desk, job)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

namespace {

// Checks the model, and only then lets ONNX Runtime see it. The memfd is sealed against writing, so
// both see the same bytes.
std::expected<std::unique_ptr<Session>, wp::Refused> load_model(Engine& engine, BytesView model,
                                                                const wp::Load& load) {
  if (auto checked = onnx::check_model(model); !checked)
    return std::unexpected(wp::Refused{wp::Refusal::kRule, std::move(checked.error().sentence),
                                       static_cast<uint16_t>(checked.error().rule)});
  if (auto memory = engine.set_tensor_memory(load.tensor_memory_bytes); !memory)
    return std::unexpected(wp::Refused{wp::Refusal::kLimit, std::move(memory.error().sentence)});
  return Session::load(engine, model, load);
}

}  // namespace

void serve_model(int socket, Engine& engine) {
  std::vector<uint8_t> storage(wp::kMaxMessage);
  Received received = receive_packet_with_fd(socket, storage);
  if (received.state != Received::State::kMessage) end_process(kEndOfSocket);
  const auto load = expect_message<wp::Load>(BytesView(storage.data(), received.size));
  auto model = Mapping::open(received.fd, load.model_bytes, kModelSeals, PROT_READ);
  received.fd.reset();
  if (model == nullptr) end_process(kBrokenProtocol);

  Bytes reply;
  std::unique_ptr<Session> session;
  if (auto loaded = load_model(engine, model->view(), load); !loaded) {
    loaded.error().sentence = wp::clean_sentence(loaded.error().sentence);
    wp::encode(loaded.error(), reply);
  } else {
    session = std::move(*loaded);
    wp::encode(wp::Loaded{session->signature()}, reply);
  }
  model.reset();
  malloc_trim(0);  // what parsing the model took
  if (send_packet(socket, reply, -1, true) != SendResult::kSent || session == nullptr)
    end_process(kEndOfSocket);
  Service(socket, *session).serve(load.run_threads);
}

}  // namespace blindai
