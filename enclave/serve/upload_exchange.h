// PUT /v1/models/{id}: hashed and sealed as it arrives, tried in a worker, then made visible.
//
// Two pieces of kPieceLen are all the memory an upload takes here: one fills from the connection
// while the other is hashed and sealed on the background thread. Until the last step nothing of the
// upload can be seen, and when it fails or its client leaves nothing is left of it. After models
// that were refused the next one of the same account is not tried at once (admission.h).
#pragma once

#include <memory>
#include <string>

#include "enclave/serve/reply.h"
#include "enclave/serve/upload_plan.h"

namespace blindai {

class UploadExchange final : public HttpExchange,
                             public std::enable_shared_from_this<UploadExchange> {
 public:
  static constexpr size_t kPieceLen = 256 * 1024;
  // What one upload holds here.
  static constexpr size_t kBytes = 2 * kPieceLen;

  UploadExchange(ServeContext& context, HttpReply reply, UploadPlan plan);
  ~UploadExchange() override;
  // Opens the upload. Call once, when the exchange is owned by a shared_ptr.
  void start();

  std::span<uint8_t> body_space() override;
  void body_filled(size_t n) override;
  void body_done() override;

 private:
  // What the background thread works on: shared with it, so that it can outlive the exchange. Only
  // the thread touches it while `busy_` is set.
  struct Work {
    std::unique_ptr<Upload> upload;
    Bytes piece;  // being sealed
    size_t piece_len = 0;
  };

  // Runs `step` on the background thread and then, when this exchange is still there, `then`.
  void run(std::function<Outcome<void>(Work&)> step, std::function<void()> then);
  void seal_piece();
  void finish();
  void wait_to_load(const UploadedContent& content, std::unique_ptr<ModelReader> reader);
  void load(const UploadedContent& content, std::unique_ptr<ModelReader> reader);
  void loaded(Reactor::Clock::time_point begun, const Outcome<std::shared_ptr<Worker>>& worker);
  void commit(const ModelSignature& signature);
  void answer_stored();
  void answer(unsigned status, UploadEnd end, const ModelRecord& record);
  void end_refused();
  void refuse(const Problem& problem);
  void count(UploadEnd end);

  ServeContext& context_;
  HttpReply reply_;
  UploadPlan plan_;
  std::shared_ptr<Work> work_ = std::make_shared<Work>();
  Bytes filling_;
  size_t filled_ = 0;
  bool busy_ = false;
  bool ended_ = false;  // the body is complete
  bool refused_ = false;
  bool counted_ = false;
  uint64_t received_ = 0;  // bytes of the body
  std::unique_ptr<Reactor::Timer> pause_;
  std::optional<Sha256Digest> loaded_key_;  // a worker was made for a model that is not committed
};

}  // namespace blindai
