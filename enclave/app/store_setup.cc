#include "enclave/app/store_setup.h"

#include <algorithm>
#include <spdlog/spdlog.h>
#include <thread>

#include "enclave/handover/heritage.h"
#include "enclave/vault/sealing_key.h"
#include "lib/channel/simulation_root.h"

namespace blindai {
namespace {

// More would wait for the disk, not for each other.
constexpr unsigned kMostScanThreads = 4;

Result<SealingRoot> sealing_root(EvidenceSource& source, FileLayer& files) {
  if (source.is_simulation()) return simulation_sealing_root(files);
  ASSIGN_OR_RETURN(std::optional<SecretKey> secret, source.sealing_root());
  if (secret.has_value()) return hardware_sealing_root(std::move(*secret));
  return momentary_sealing_root();
}

// Whom this server verifies it does as what it is itself: nothing simulated counts on hardware.
TrustRoots roots_of_peers(const EvidenceSource& source) {
  return source.is_simulation() ? simulation_roots() : production_roots();
}

Outcome<std::unique_ptr<HandoverTaker>> make_taker(const HostHints& hints, EvidenceSource& source,
                                                   const MeasuredConfig& config, bool keeps,
                                                   const std::function<Time()>& clock) {
  if (hints.handover_from.empty()) return nullptr;
  if (!config.handover.from.has_value())
    return problem(Code::kInvalid, "config.handover-from",
                   "The configuration does not say from whom this server may take models over: "
                   "write the table handover.from into it (docs/configuration.md).");
  return std::make_unique<HandoverTaker>(source,
                                         HandoverTaker::Facts{.from = hints.handover_from,
                                                              .policy = *config.handover.from,
                                                              .roots = roots_of_peers(source),
                                                              .config = config.text,
                                                              .keeps = keeps,
                                                              .clock = clock});
}

}  // namespace

Outcome<StoreSetup> open_store(const HostHints& hints, EvidenceSource& source,
                               const Sha256Digest& measurement, const MeasuredConfig& config,
                               const std::function<Time()>& clock, spdlog::logger& log,
                               VaultLog on_event) {
  StoreSetup out;
  // At a handover the old server may have this very store; it lets go before it says farewell.
  const bool handover = !hints.handover_from.empty();
  ASSIGN_OR_RETURN(out.files, handover ? PosixFileLayer::open_beside(hints.store)
                                       : PosixFileLayer::open_folder(hints.store));
  ASSIGN_OR_RETURN(const SealingRoot root, sealing_root(source, *out.files));
  log.log(root.lasts && !root.insecure ? spdlog::level::info : spdlog::level::warn,
          "sealing key: {}", root.source);
  SealFor own{derive_sealing_key(root.secret, measurement, config.handover.to_hash), measurement};
  const auto say = [&log](std::string_view line) { log.warn("{}", line); };

  ASSIGN_OR_RETURN(GivenRecord given, given_so_far(*out.files, own));
  ASSIGN_OR_RETURN(const std::unique_ptr<HandoverTaker> taker,
                   make_taker(hints, source, config, root.lasts, clock));
  const HeritageFacts facts{.files = *out.files,
                            .own = own,
                            .lasts = root.lasts,
                            .old_server_is_gone = hints.old_server_is_gone,
                            .taker = taker.get(),
                            .log = say};
  ASSIGN_OR_RETURN(InheritedKeys inherited, inherited_keys(facts));
  if (handover) RETURN_IF_ERROR(out.files->take());
  const std::string record_name = given_record_name(own);
  ASSIGN_OR_RETURN(
      out.vault, Vault::open(*out.files, {.own = std::move(own), .inherited = std::move(inherited)},
                             {.max_model_bytes = config.max_model_bytes,
                              .max_memory_bytes = config.max_unsaved_bytes,
                              .scan_threads = std::clamp(std::thread::hardware_concurrency(), 1u,
                                                         kMostScanThreads)},
                             std::move(on_event)));
  log.info("store: {} models", out.vault->catalogue().size());
  out.giver = std::make_unique<HandoverGiver>(
      *out.vault,
      HandoverGiver::Facts{.rules = config.handover,
                           .roots = roots_of_peers(source),
                           .lasts = root.lasts,
                           .record_name = record_name,
                           .clock = clock,
                           .release = [files = out.files.get()] { files->release(); },
                           .log = say},
      std::move(given));
  return out;
}

}  // namespace blindai
