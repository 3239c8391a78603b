// What every request handler works with. Made and owned by app/main.cc; outlives the service.
// Threads: the reactor's, except what runs inside `background`.
#pragma once

#include <functional>
#include <string>

#include "enclave/config/measured_config.h"
#include "enclave/handover/giver.h"
#include "enclave/infer/worker_pool.h"
#include "enclave/serve/identity.h"
#include "enclave/serve/metrics.h"
#include "enclave/serve/tenancy.h"
#include "enclave/vault/vault.h"
#include "lib/base/time.h"
#include "net/background.h"
#include "net/reactor.h"

namespace blindai {

struct ServeContext {
  Reactor& reactor;
  Background& background;  // calls of `identity`, and those of `vault` that may block
  ServerIdentity& identity;
  Vault& vault;
  HandoverGiver& handover;  // answer() in `background`
  WorkerPool& workers;
  Metrics& metrics;
  Tenancy& tenancy;
  const MeasuredConfig& config;
  std::function<Time()> clock;
  std::string version;
};

}  // namespace blindai
