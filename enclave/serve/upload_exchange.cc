#include "enclave/serve/upload_exchange.h"

#include <fmt/core.h>
#include <utility>

#include "enclave/serve/models.h"

namespace blindai {
namespace {

bool same_owner(const std::optional<ModelOwner>& a, const std::optional<ModelOwner>& b) {
  return a.has_value() == b.has_value() && (!a.has_value() || a->key == b->key);
}

// Keys may be retired and plans change while an upload goes on.
Outcome<void> settle_owner(OwnerBook& owners, const Caller& caller) {
  RETURN_IF_ERROR(still_stands(owners, caller));
  if (!caller.account.has_value()) return {};
  const std::optional<uint64_t> days = caller.account->limits.retention_days;
  if (!days.has_value()) return {};
  return owners.remember_retention(caller.root, static_cast<uint32_t>(*days));
}

}  // namespace

UploadExchange::UploadExchange(ServeContext& context, HttpReply reply, UploadPlan plan)
    : context_(context), reply_(std::move(reply)), plan_(std::move(plan)), filling_(kPieceLen) {
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
      [&vault = context_.vault, id = plan_.id, options = plan_.options,
       expected = plan_.replaced](Work& work) -> Outcome<void> {
        ASSIGN_OR_RETURN(work.upload, vault.begin_upload(id, options));
        // The rights and the rules were those of another moment.
        if (vault.find(id) != expected)
          return problem(Code::kConflict, "vault.changed-meanwhile",
                         "The model of this name was changed while the upload began; send it "
                         "again.");
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
  if (plan_.length_known || refused_) return;
  if (const Outcome<void> room = plan_.room->grow_to(received_); !room.has_value())
    refuse(room.error());
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
          return wait_to_load(finished->content, std::move(finished->reader));
        answer_stored();
      });
}

// These bytes are there already; what the headers say of who may call them need not be.
void UploadExchange::answer_stored() {
  auto record = std::make_shared<std::shared_ptr<const ModelRecord>>();
  run(
      [record, &vault = context_.vault, id = plan_.id, options = plan_.options,
       changes = plan_.says_access, &owners = context_.tenancy.owners,
       caller = plan_.caller](Work& /*work*/) -> Outcome<void> {
        RETURN_IF_ERROR(settle_owner(owners, *caller));
        *record = vault.find(id);
        if (*record == nullptr || !same_owner((*record)->owner, options.owner))
          return problem(Code::kConflict, "vault.changed-meanwhile",
                         "The model was deleted while it was being uploaded; upload it again.");
        if (!changes || (*record)->access == options.access) return {};
        ASSIGN_OR_RETURN(*record, vault.change_access(id, options.access, *record));
        return {};
      },
      [this, record] { answer(200, UploadEnd::kUnchanged, **record); });
}

void UploadExchange::answer(unsigned status, UploadEnd end, const ModelRecord& record) {
  busy_ = true;  // nothing follows
  plan_.room.reset();
  context_.tenancy.quota.stored_changed();
  context_.tenancy.uses.used(record.id, context_.clock());
  count(end);
  reply_.send(json_response(status, model_description_json(describe(record))));
}

void UploadExchange::wait_to_load(const UploadedContent& content,
                                  std::unique_ptr<ModelReader> reader) {
  busy_ = true;
  // Another one may have been refused while this one was on its way.
  const auto pause =
      context_.tenancy.admission.pause_before_model(plan_.caller->use, Reactor::Clock::now());
  if (!pause.has_value()) {
    end_refused();
    return reply_.send(problem_response(pause.error().problem, pause.error().retry_after));
  }
  if (*pause == Reactor::Clock::duration::zero()) return load(content, std::move(reader));
  pause_ = context_.reactor.timer();
  pause_->after(*pause, [weak = weak_from_this(), content,
                         held = std::make_shared<std::unique_ptr<ModelReader>>(std::move(reader))] {
    if (auto self = weak.lock()) self->load(content, std::move(*held));
  });
}

void UploadExchange::load(const UploadedContent& content, std::unique_ptr<ModelReader> reader) {
  // Nobody else can find this worker until the record that names it is committed.
  loaded_key_ = content.content_id;
  auto source = std::make_shared<std::unique_ptr<ModelReader>>(std::move(reader));
  context_.workers.get(
      content.content_id,
      [source]() -> Result<WorkerPool::Model> {
        const uint64_t size = (*source)->size_bytes();
        return WorkerPool::Model{model_source(std::move(*source)), size};
      },
      [weak = weak_from_this(),
       begun = Reactor::Clock::now()](const Outcome<std::shared_ptr<Worker>>& worker) {
        if (auto self = weak.lock()) self->loaded(begun, worker);
      });
}

void UploadExchange::loaded(Reactor::Clock::time_point begun,
                            const Outcome<std::shared_ptr<Worker>>& worker) {
  busy_ = false;
  if (worker.has_value()) return commit((*worker)->signature());
  // Not when the server had no room for it: that was not the model's fault.
  if (worker.error().code != Code::kUnavailable) {
    const auto now = Reactor::Clock::now();
    context_.tenancy.admission.model_refused(plan_.caller->use, now - begun, now);
  }
  refuse(worker.error());
}

void UploadExchange::commit(const ModelSignature& signature) {
  auto record = std::make_shared<std::shared_ptr<const ModelRecord>>();
  run(
      [record, info = CommitInfo{.signature = signature, .created = context_.clock()},
       &owners = context_.tenancy.owners, caller = plan_.caller](Work& work) -> Outcome<void> {
        RETURN_IF_ERROR(settle_owner(owners, *caller));
        ASSIGN_OR_RETURN(*record, work.upload->commit(info));
        return {};
      },
      [this, record] {
        loaded_key_.reset();  // it serves the model from now on
        if (plan_.replaced != nullptr) context_.workers.forget(plan_.replaced->content_id);
        answer(201, UploadEnd::kStored, **record);
      });
}

void UploadExchange::end_refused() {
  refused_ = true;
  count(UploadEnd::kRefused);
}

void UploadExchange::refuse(const Problem& problem) {
  end_refused();
  if (problem.name() != "vault.memory-full") return reply_.send(problem_response(problem));
  const uint64_t most = context_.config.max_unsaved_bytes;
  reply_.send(problem_response(
      Problem(problem.code, problem.id,
              fmt::format("Models that are kept in memory only may have at most {} bytes together "
                          "here (max_unsaved_bytes = {}), sealed; save this one, or delete another "
                          "of them.",
                          most, most))));
}

}  // namespace blindai
