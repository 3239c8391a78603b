// The table of docs/http.md: which handler answers which request.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "enclave/serve/context.h"
#include "lib/oip/metadata.h"
#include "lib/oip/route.h"
#include "net/http_server.h"

namespace blindai {

class BlindaiService final : public HttpService {
 public:
  explicit BlindaiService(ServeContext& context) : context_(context) {}

  std::shared_ptr<HttpExchange> serve(const HttpHead& head, HttpReply reply) override;
  HttpResponse refuse(const Error& error) override;
  void ended(const HttpEnded& request) override { context_.metrics.request(request); }
  bool ready() const { return ready_; }
  // From now on /v2/health/ready says no.
  void stop() { ready_ = false; }

 private:
  using Exchange = std::shared_ptr<HttpExchange>;
  Outcome<Exchange> handle(const HttpHead& head, const Route& route, const HttpReply& reply);
  Outcome<Exchange> upload(const HttpHead& head, const Route& route, const HttpReply& reply);
  Outcome<Exchange> infer(const HttpHead& head, const std::shared_ptr<const ModelRecord>& record,
                          const HttpReply& reply);
  Exchange remove(const std::shared_ptr<const ModelRecord>& record, const HttpReply& reply);
  Exchange fresh_evidence(const HttpReply& reply);
  Exchange evidence(const HttpReply& reply);
  Exchange hand_over(const HttpReply& reply);
  Exchange load(const std::shared_ptr<const ModelRecord>& record, const HttpReply& reply);
  Exchange answer(const HttpReply& reply, std::string json);
  std::string list() const;
  std::string index() const;
  std::string all_statistics() const;
  Outcome<void> may_change_models() const;
  Outcome<void> still_serves(const Route& route) const;

  ServeContext& context_;
  bool ready_ = true;
  // Of models that were called since the start. Shared with the predictions that are running.
  std::map<std::string, std::shared_ptr<ModelStatistics>> statistics_;
};

}  // namespace blindai
