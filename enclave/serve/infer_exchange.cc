#include "enclave/serve/infer_exchange.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fmt/core.h>
#include <utility>

#include "enclave/serve/models.h"
#include "enclave/serve/reply.h"
#include "lib/oip/infer_request.h"
#include "lib/oip/infer_response.h"

namespace blindai {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kHeaderLength = "inference-header-content-length";
constexpr std::string_view kModelHash = "blindai-model-hash";
// The JSON part gets memory as it comes, not as it was announced: first so much, then twice as much
// each time.
constexpr uint64_t kFirstJson = 64 * 1024;

Problem own_deadline() {
  return {Code::kDeadline, "infer.deadline",
          "The time that the request allowed (its parameter timeout) is over. Allow more, or try "
          "again when the model is less busy."};
}

uint64_t since_ns(Clock::time_point start) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
}

class InferExchange final : public HttpExchange,
                            public std::enable_shared_from_this<InferExchange> {
 public:
  InferExchange(ServeContext& context, InferTerms terms, HttpReply reply)
      : context_(context),
        record_(std::move(terms.record)),
        statistics_(std::move(terms.statistics)),
        pass_(std::move(terms.pass)),
        held_(std::move(terms.held)),
        fields_(std::move(terms.fields)),
        reply_(std::move(reply)) {
    limits_.tensor_bytes = context.config.max_tensor_bytes;
  }

  ~InferExchange() override {
    if (job_.has_value()) worker_->cancel(*job_);
  }

  // The body's length is known: its JSON part is `split.json_len` bytes.
  void start(const BodySplit& split, uint64_t content_length) {
    split_ = split;
    if (split.raw) {
      receive_request(parse_raw_request(content_length, record_->signature, limits_));
    } else if (split.json_len == 0) {
      receive_json();
    }
  }
  // A chunked body: divided once it is complete.
  void start_chunked(std::optional<std::string> header) {
    chunked_ = true;
    chunked_header_ = std::move(header);
  }

  std::span<uint8_t> body_space() override;
  void body_filled(size_t n) override;
  void body_done() override;

 private:
  bool grow_json(uint64_t most);
  void receive_json();
  // Takes the request, holds memory for its tensors and begins to count its time.
  Outcome<void> accept(Outcome<InferRequest> request);
  void receive_request(Outcome<InferRequest> request);
  void receive_chunked();
  void watch_time();
  // Makes the model's worker ready and goes on with `then`, unless the request is over by then.
  void wait_for_worker(std::function<void(InferExchange&)> then);
  void place_inputs();
  void run();
  void submit(RunRequest job);
  void move_to_another_worker(RunRequest job);
  void finish(Outcome<RunResult> result);
  Outcome<HttpResponse> response_of(std::shared_ptr<RunResult> result);
  void refuse(const Problem& problem);
  const InputPlacement* next_binary();

  ServeContext& context_;
  const std::shared_ptr<const ModelRecord> record_;
  const std::shared_ptr<ModelStatistics> statistics_;
  const PredictionPass pass_;
  HeldBytes held_;
  const HttpFields fields_;
  const HttpReply reply_;
  const Clock::time_point started_ = Clock::now();
  InferLimits limits_;
  BodySplit split_;
  bool chunked_ = false;
  std::optional<std::string> chunked_header_;
  bool answered_ = false;
  bool body_complete_ = false;

  Bytes json_;  // the JSON part; of a chunked body everything
  size_t json_filled_ = 0;
  std::optional<InferRequest> request_;
  std::shared_ptr<Worker> worker_;
  std::unique_ptr<TensorBuffer> buffer_;
  size_t input_ = 0;  // the binary input that is arriving
  uint64_t input_at_ = 0;
  std::optional<uint64_t> job_;
  uint64_t queue_ns_ = 0;
  uint64_t input_ns_ = 0;
  Clock::time_point wait_until_;                  // for its turn, in however many workers
  std::unique_ptr<Reactor::Timer> own_deadline_;  // of requests with a timeout
};

std::span<uint8_t> InferExchange::body_space() {
  if (chunked_) {
    const uint64_t most = limits_.json_bytes + limits_.tensor_bytes;
    if (json_filled_ >= most) {
      refuse(Problem(Code::kTooLarge, "oip.tensor-size",
                     fmt::format("A request may have at most {} bytes.", most)));
      return {};
    }
    if (json_filled_ == json_.size() && !grow_json(most)) return {};
    return std::span(json_).subspan(json_filled_);
  }
  if (json_filled_ < split_.json_len) {
    if (json_filled_ == json_.size() && !grow_json(split_.json_len)) return {};
    return std::span(json_).subspan(json_filled_);
  }
  if (buffer_ == nullptr) return {};  // until the worker is ready
  const InputPlacement* input = next_binary();
  BLINDAI_CHECK(input != nullptr);  // the request was refused unless its binary part fits exactly
  return buffer_->input().subspan(static_cast<size_t>(input->offset + input_at_),
                                  static_cast<size_t>(input->length - input_at_));
}

// False when it has refused.
bool InferExchange::grow_json(uint64_t most) {
  const uint64_t size = std::min(most, std::max<uint64_t>(kFirstJson, json_.size() * 2));
  const Outcome<void> room = held_.add(size - json_.size());
  if (!room.has_value()) {
    refuse(room.error());
    return false;
  }
  json_.resize(static_cast<size_t>(size));
  return true;
}

void InferExchange::body_filled(size_t n) {
  if (chunked_) {
    json_filled_ += n;
  } else if (json_filled_ < split_.json_len) {
    json_filled_ += n;
    if (json_filled_ == split_.json_len) receive_json();
  } else {
    input_at_ += n;
  }
}

void InferExchange::body_done() {
  body_complete_ = true;
  if (chunked_) receive_chunked();
  if (buffer_ != nullptr && !answered_) run();
}

const InputPlacement* InferExchange::next_binary() {
  for (; input_ < request_->inputs.size(); ++input_, input_at_ = 0) {
    const InputPlacement& input = request_->inputs[input_];
    if (input.binary && input_at_ < input.length) return &input;
  }
  return nullptr;
}

void InferExchange::receive_json() {
  receive_request(parse_infer_request(json_, split_.binary_len, record_->signature, limits_));
}

Outcome<void> InferExchange::accept(Outcome<InferRequest> request) {
  ASSIGN_OR_RETURN(request_, std::move(request));
  RETURN_IF_ERROR(held_.add(request_->area_bytes));
  watch_time();
  return {};
}

void InferExchange::receive_request(Outcome<InferRequest> request) {
  if (const Outcome<void> taken = accept(std::move(request)); !taken.has_value())
    return refuse(taken.error());
  worker_ = context_.workers.loaded(record_->content_id);
  if (worker_ != nullptr) return place_inputs();
  wait_for_worker([](InferExchange& self) {
    self.place_inputs();
    if (self.answered_) return;
    if (self.body_complete_)
      self.run();
    else
      self.reply_.resume_body();
  });
}

void InferExchange::watch_time() {
  if (request_->timeout_us == 0) return;
  constexpr auto kMost = std::chrono::microseconds(std::chrono::hours(24));
  const auto given = std::chrono::microseconds(
      std::min(request_->timeout_us, static_cast<uint64_t>(kMost.count())));
  own_deadline_ = context_.reactor.timer();
  own_deadline_->after(std::max(Clock::duration::zero(), started_ + given - Clock::now()),
                       [weak = weak_from_this()] {
                         const auto self = weak.lock();
                         if (self == nullptr || self->answered_) return;
                         if (self->job_.has_value())
                           self->worker_->cancel(*std::exchange(self->job_, std::nullopt));
                         self->refuse(own_deadline());
                       });
}

void InferExchange::wait_for_worker(std::function<void(InferExchange&)> then) {
  const Clock::time_point asked = Clock::now();
  ready_worker(context_, *record_,
               [weak = weak_from_this(), asked,
                then = std::move(then)](Outcome<std::shared_ptr<Worker>> worker) {
                 const auto self = weak.lock();
                 if (self == nullptr || self->answered_) return;
                 self->queue_ns_ += since_ns(asked);
                 if (!worker.has_value()) return self->refuse(worker.error());
                 if (!(*worker)->serving()) return self->wait_for_worker(then);  // ended just now
                 self->worker_ = std::move(*worker);
                 then(*self);
               });
}

void InferExchange::place_inputs() {
  Result<std::unique_ptr<TensorBuffer>> buffer = worker_->buffer(request_->area_bytes);
  if (!buffer.has_value()) return refuse(buffer.error());
  buffer_ = std::move(*buffer);
  const Outcome<void> written = write_json_inputs(*request_, buffer_->input());
  if (!written.has_value()) refuse(written.error());
}

// The pieces of a chunked body that came whole are put where the others are decrypted to.
void InferExchange::receive_chunked() {
  chunked_ = false;
  json_.resize(json_filled_);
  const std::optional<std::string_view> header = chunked_header_;
  const Outcome<BodySplit> split = split_body(header, json_.size(), limits_);
  if (!split.has_value()) return refuse(split.error());
  split_ = *split;
  Outcome<InferRequest> request =
      split_.raw ? parse_raw_request(json_.size(), record_->signature, limits_)
                 : parse_infer_request(BytesView(json_).first(static_cast<size_t>(split_.json_len)),
                                       split_.binary_len, record_->signature, limits_);
  if (const Outcome<void> taken = accept(std::move(request)); !taken.has_value())
    return refuse(taken.error());
  wait_for_worker([](InferExchange& self) {
    self.place_inputs();
    if (self.answered_) return;
    const BytesView binary = BytesView(self.json_).subspan(self.split_.json_len);
    for (const InputPlacement& input : self.request_->inputs)
      if (input.binary && input.length > 0)
        std::memcpy(self.buffer_->input().data() + input.offset, binary.data() + input.body_offset,
                    input.length);
    self.run();
  });
}

void InferExchange::run() {
  const Outcome<void> checked = check_binary_inputs(*request_, buffer_->input());
  if (!checked.has_value()) return refuse(checked.error());
  input_ns_ = since_ns(started_) - queue_ns_;
  RunRequest job;
  job.buffer = std::move(buffer_);
  job.inputs.reserve(request_->inputs.size());
  for (InputPlacement& input : request_->inputs)
    job.inputs.push_back({.index = static_cast<uint16_t>(input.index),
                          .datatype = input.datatype,
                          .shape = std::move(input.shape),
                          .offset = input.offset,
                          .length = input.length});
  for (const RequestedOutput& output : request_->outputs)
    job.outputs.push_back(static_cast<uint16_t>(output.index));
  job.time_limit = context_.config.run_time;
  wait_until_ = Clock::now() + context_.config.run_time + context_.config.load_time;
  job.max_output_bytes = context_.config.max_tensor_bytes;
  if (worker_->serving()) return submit(std::move(job));
  move_to_another_worker(std::move(job));  // it ended while the body arrived
}

void InferExchange::submit(RunRequest job) {
  job.wait_limit = std::chrono::ceil<std::chrono::milliseconds>(
      std::max(Clock::duration::zero(), wait_until_ - Clock::now()));
  job.unserved = [weak = weak_from_this()](RunRequest same) {
    const auto self = weak.lock();
    if (self == nullptr || self->answered_) return;
    self->job_.reset();
    self->move_to_another_worker(std::move(same));
  };
  job_ = worker_->run(std::move(job), [weak = weak_from_this()](Outcome<RunResult> result) {
    if (auto self = weak.lock()) self->finish(std::move(result));
  });
}

// The worker checks what it is given, so that what the old one may have written into the inputs
// since they were checked here harms nobody else.
void InferExchange::move_to_another_worker(RunRequest job) {
  auto held = std::make_shared<RunRequest>(std::move(job));
  wait_for_worker([held](InferExchange& self) {
    Result<std::unique_ptr<TensorBuffer>> buffer = self.worker_->buffer(self.request_->area_bytes);
    if (!buffer.has_value()) return self.refuse(buffer.error());
    std::ranges::copy(held->buffer->input().first(static_cast<size_t>(self.request_->area_bytes)),
                      (*buffer)->input().begin());
    held->buffer = std::move(*buffer);
    self.submit(std::move(*held));
  });
}

void InferExchange::finish(Outcome<RunResult> result) {
  job_.reset();
  if (answered_) return;
  if (!result.has_value()) return refuse(result.error());
  const Clock::time_point output_started = Clock::now();
  const uint64_t run_ns = result->run_ns;
  const uint64_t queue_ns = queue_ns_ + result->queue_ns;
  for (const RunResult::Output& output : result->outputs) held_.add_unasked(output.data.size());
  Outcome<HttpResponse> response = response_of(std::make_shared<RunResult>(std::move(*result)));
  if (!response.has_value()) return refuse(response.error());
  context_.metrics.prediction(std::chrono::nanoseconds(run_ns), std::chrono::nanoseconds(queue_ns));
  ModelStatistics& sums = *statistics_;
  sums.last_inference_ms = static_cast<uint64_t>(context_.clock().seconds) * 1000;
  sums.success.add(since_ns(started_));
  sums.queue.add(queue_ns);
  sums.compute_input.add(input_ns_);
  sums.compute_infer.add(run_ns);
  sums.compute_output.add(since_ns(output_started));
  answered_ = true;
  reply_.send(std::move(*response));
}

Outcome<HttpResponse> InferExchange::response_of(std::shared_ptr<RunResult> result) {
  std::vector<TensorRef> tensors;
  tensors.reserve(result->outputs.size());
  bool any_binary = false;
  for (size_t i = 0; i < result->outputs.size(); ++i) {
    const RunResult::Output& output = result->outputs[i];
    const bool binary = request_->outputs[i].binary;
    any_binary = any_binary || binary;
    tensors.push_back({.name = record_->signature.outputs[output.index].name,
                       .datatype = output.datatype,
                       .shape = output.shape,
                       .data = output.data,
                       .binary = binary});
  }
  ASSIGN_OR_RETURN(
      InferBody body,
      build_infer_response({.model_name = record_->id, .model_version = "1", .id = request_->id},
                           tensors));
  HttpResponse response;
  response.fields = {{"content-type", any_binary ? "application/octet-stream" : "application/json"},
                     {std::string(kModelHash), to_hex(record_->sha256)},
                     {"blindai-run-ns", std::to_string(result->run_ns)}};
  if (any_binary)
    response.fields.emplace_back(std::string(kHeaderLength), std::to_string(body.json.size()));
  response.fields.insert(response.fields.end(), fields_.begin(), fields_.end());
  response.body = std::move(body.json);
  response.tail = std::move(body.binary);
  response.tail_owner = std::move(result);
  return response;
}

void InferExchange::refuse(const Problem& problem) {
  if (std::exchange(answered_, true)) return;
  statistics_->fail.add(since_ns(started_));
  reply_.send(problem_response(problem));
}

}  // namespace

Outcome<std::shared_ptr<HttpExchange>> start_infer(ServeContext& context, InferTerms terms,
                                                   const HttpHead& head, const HttpReply& reply) {
  const ModelRecord& record = *terms.record;
  if (const auto coding = head.field("content-encoding");
      coding.has_value() && *coding != "identity")
    return problem(Code::kInvalid, "http.content-encoding",
                   "Compressed requests are not taken (compressing secrets tells their size); "
                   "send the body as it is.");
  if (const auto pinned = head.field(kModelHash); pinned.has_value()) {
    const Result<Sha256Digest> digest = array_from_hex<32>(*pinned);
    if (!digest.has_value())
      return problem(Code::kInvalid, "model.hash-format",
                     "blindai-model-hash must be the model's SHA-256 in 64 hexadecimal digits.");
    if (*digest != record.sha256)
      return problem(Code::kConflict, "model.hash",
                     fmt::format("The model {} is not the one this request pins: its SHA-256 is "
                                 "{}. Ask its owner, or pin that one.",
                                 record.id, to_hex(record.sha256)));
  }
  const std::optional<std::string_view> header = head.field(kHeaderLength);
  auto exchange = std::make_shared<InferExchange>(context, std::move(terms), reply);
  if (head.chunked) {
    exchange->start_chunked(header.has_value() ? std::optional(std::string(*header))
                                               : std::nullopt);
    return exchange;
  }
  InferLimits limits;
  limits.tensor_bytes = context.config.max_tensor_bytes;
  const uint64_t content_length = head.content_length.value_or(0);
  ASSIGN_OR_RETURN(const BodySplit split, split_body(header, content_length, limits));
  exchange->start(split, content_length);
  return exchange;
}

void ready_worker(ServeContext& context, const ModelRecord& record, WorkerPool::Got got) {
  auto opened = std::make_shared<Result<OpenedModel>>(fail(Code::kInternal, "model.open"));
  context.background.run(
      [&vault = context.vault, opened, id = record.id] { *opened = vault.open_model(id); },
      [&context, opened, key = record.content_id, got = std::move(got)]() mutable {
        if (!opened->has_value()) return got(std::unexpected(Problem(opened->error())));
        if ((*opened)->record->content_id != key)
          return got(problem(Code::kUnavailable, "model.replaced",
                             "The model was replaced meanwhile; send the request again."));
        context.workers.get(
            key,
            [opened]() -> Result<WorkerPool::Model> {
              const uint64_t size = (*opened)->reader->size_bytes();
              return WorkerPool::Model{model_source(std::move((*opened)->reader)), size};
            },
            std::move(got));
      });
}

}  // namespace blindai
