// The table of docs/http.md: which handler answers which request, after who asks was found out and
// whether the model exists for them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "enclave/serve/context.h"
#include "enclave/serve/owner_routes.h"
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
  // Removes the models whose retention has ended, one after the other; `log` is told how many.
  void remove_expired(const std::function<void(size_t)>& log);

 private:
  using Exchange = std::shared_ptr<HttpExchange>;
  // One request, once it is known who asks for what.
  struct Asked {
    const HttpHead& head;
    const Route& route;
    const HttpReply& reply;
    CallerPtr caller;
    RecordPtr record;  // of routes that name a model, but uploads
  };

  Outcome<Exchange> handle(const HttpHead& head, const Route& route, const HttpReply& reply);
  Outcome<Exchange> handle_model(const Asked& asked);
  Outcome<Exchange> handle_rest(const Asked& asked);
  Outcome<RecordPtr> find_model(const HttpHead& head, const Route& route, const Caller& caller);
  Outcome<Exchange> upload(const Asked& asked);
  Outcome<Exchange> infer(const Asked& asked);
  Outcome<Exchange> remove(const Asked& asked);
  Outcome<Exchange> load(const Asked& asked);
  Outcome<Exchange> unload(const Asked& asked);
  Outcome<std::string> list(const Caller& caller) const;
  std::string index(const Caller& caller) const;
  std::string all_statistics(const Caller& caller) const;
  ModelStatistics statistics_of(const std::string& id) const;
  void forget(const ModelRecord& record);
  // blindai-model-expires, when it is due.
  HttpFields expiry_fields(const ModelRecord& record) const;

  ServeContext& context_;
  bool ready_ = true;
  // Of models that were called since the start. Shared with the predictions that are running.
  std::map<std::string, std::shared_ptr<ModelStatistics>> statistics_;
};

}  // namespace blindai
