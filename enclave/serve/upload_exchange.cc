#include "enclave/serve/upload_exchange.h"

#include <utility>

#include "enclave/serve/models.h"

namespace blindai {

UploadExchange::UploadExchange(ServeContext& context, HttpReply reply, std::string model_id,
                               bool save)
    : context_(context),
      reply_(std::move(reply)),
      model_id_(std::move(model_id)),
      save_(save),
      filling_(kPieceLen) {
  work_->piece.resize(kPieceLen);
}

UploadExchange::~UploadExchange() {
  count(UploadEnd::kAbandoned);
  if (loaded_key_.has_value()) context_.workers.forget(*loaded_key_);
  // Discarding an upload removes its file, which may block.
  context_.background.run([work = std::move(work_)] { work->upload.reset(); }, [] {});
}

void UploadExchange::start() {
  run(
      [&vault = context_.vault, id = model_id_, save = save_](Work& work) -> Outcome<void> {
        UploadOptions options;
        options.save = save;
        ASSIGN_OR_RETURN(work.upload, vault.begin_upload(id, options));
        return {};
      },
      [] {});
}

std::span<uint8_t> UploadExchange::body_space() {
  if (filled_ == kPieceLen) {
    if (busy_) return {};
    seal_piece();
  }
  return std::span(filling_).subspan(filled_);
}

void UploadExchange::body_filled(size_t n) {
  filled_ += n;
  received_ += n;
}

// The first is what became of it.
void UploadExchange::count(UploadEnd end) {
  if (!std::exchange(counted_, true)) context_.metrics.upload(end, received_);
}

void UploadExchange::body_done() {
  ended_ = true;
  if (!busy_) finish();
}

void UploadExchange::run(std::function<Outcome<void>(Work&)> step, std::function<void()> then) {
  busy_ = true;
  auto result = std::make_shared<Outcome<void>>();
  context_.background.run([work = work_, result, step = std::move(step)] { *result = step(*work); },
                          [weak = weak_from_this(), result, then = std::move(then)] {
                            auto self = weak.lock();
                            if (self == nullptr) return;
                            self->busy_ = false;
                            if (!result->has_value()) return self->refuse(result->error());
                            then();
                            if (self->refused_ || self->busy_) return;
                            if (self->ended_)
                              self->finish();
                            else
                              self->reply_.resume_body();
                          });
}

void UploadExchange::seal_piece() {
  std::swap(filling_, work_->piece);
  work_->piece_len = std::exchange(filled_, 0);
  run(
      [](Work& work) -> Outcome<void> {
        RETURN_IF_ERROR(work.upload->write(BytesView(work.piece).first(work.piece_len)));
        return {};
      },
      [] {});
}

// Called again after each step of the background thread once the body is complete.
void UploadExchange::finish() {
  if (filled_ > 0) return seal_piece();
  struct Finished {
    UploadedContent content;
    std::unique_ptr<ModelReader> reader;
  };
  auto finished = std::make_shared<Finished>();
  ended_ = false;  // what follows has its own order
  run(
      [finished](Work& work) -> Outcome<void> {
        ASSIGN_OR_RETURN(finished->content, work.upload->finish_content());
        if (!finished->content.already_stored) {
          ASSIGN_OR_RETURN(finished->reader, work.upload->reader());
        }
        return {};
      },
      [this, finished] {
        if (finished->reader != nullptr)
          return load(finished->content, std::move(finished->reader));
        const auto record = context_.vault.find(model_id_);
        if (record == nullptr)
          return refuse(Problem(Code::kConflict, "vault.changed-meanwhile",
                                "The model was deleted while it was being uploaded; upload it "
                                "again."));
        count(UploadEnd::kUnchanged);
        reply_.send(json_response(200, model_description_json(describe(*record))));
      });
}

void UploadExchange::load(const UploadedContent& content, std::unique_ptr<ModelReader> reader) {
  busy_ = true;
  // Nobody else can find this worker until the record that names it is committed.
  loaded_key_ = content.content_id;
  auto source = std::make_shared<std::unique_ptr<ModelReader>>(std::move(reader));
  context_.workers.get(
      content.content_id,
      [source]() -> Result<WorkerPool::Model> {
        const uint64_t size = (*source)->size_bytes();
        return WorkerPool::Model{model_source(std::move(*source)), size};
      },
      [weak = weak_from_this()](Outcome<std::shared_ptr<Worker>> worker) {
        auto self = weak.lock();
        if (self == nullptr) return;
        self->busy_ = false;
        if (!worker.has_value()) return self->refuse(worker.error());
        self->commit((*worker)->signature());
      });
}

void UploadExchange::commit(const ModelSignature& signature) {
  auto record = std::make_shared<std::shared_ptr<const ModelRecord>>();
  run(
      [record, info = CommitInfo{.signature = signature, .created = context_.clock()}](
          Work& work) -> Outcome<void> {
        ASSIGN_OR_RETURN(*record, work.upload->commit(info));
        return {};
      },
      [this, record] {
        loaded_key_.reset();  // it serves the model from now on
        busy_ = true;         // nothing follows
        count(UploadEnd::kStored);
        reply_.send(json_response(201, model_description_json(describe(**record))));
      });
}

void UploadExchange::refuse(const Problem& problem) {
  refused_ = true;
  count(UploadEnd::kRefused);
  reply_.send(problem_response(problem));
}

}  // namespace blindai
