// What a server does now and then without being asked: removes models whose retention has ended,
// and writes down when models were used. Threads: the reactor's.
#pragma once

#include <spdlog/spdlog.h>

#include "enclave/serve/service.h"

namespace blindai {

class Upkeep {
 public:
  // All outlive it. A round each `every`, the first one so long from now.
  Upkeep(ServeContext& context, BlindaiService& service, spdlog::logger& log,
         Reactor::Clock::duration every);
  // Writes what is left to write; blocks. After the reactor's last run.
  void finish();

 private:
  void later();
  void round();

  ServeContext& context_;
  BlindaiService& service_;
  spdlog::logger& log_;
  const Reactor::Clock::duration every_;
  const std::unique_ptr<Reactor::Timer> timer_;
  int rounds_ = 0;
};

}  // namespace blindai
