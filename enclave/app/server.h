// A whole server: wires everything together and serves until SIGTERM or SIGINT.
#pragma once

#include <functional>
#include <spdlog/spdlog.h>
#include <string>

#include "enclave/app/options.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "net/reactor.h"

namespace blindai {

// Where the server's time comes from. The program itself says so and no option does: a host that
// could shift the time could end a model's retention, or keep a token alive.
struct ServerTime {
  std::function<Time()> now;  // from any thread
  Reactor::Clock::duration upkeep_every;
};

// Blocks SIGTERM and SIGINT and ignores SIGPIPE from then on. Errors: why it did not start.
Outcome<void> run_server(const HostHints& hints, const ServerTime& time, const std::string& version,
                         spdlog::logger& log);

}  // namespace blindai
