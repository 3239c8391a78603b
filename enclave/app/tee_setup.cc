#include "enclave/app/tee_setup.h"

#include <spdlog/spdlog.h>

#include "enclave/tee/nitro/nsm_source.h"
#include "enclave/tee/sgx/gramine_source.h"
#include "enclave/tee/simulation/simulation_source.h"
#include "enclave/tee/simulation/snp_simulation_source.h"
#include "enclave/tee/snp/snp_source.h"
#include "enclave/tee/tdx/tdx_source.h"
#include "lib/measure/measure.h"
#include "net/collateral/fetcher.h"
#include "net/collateral/folder.h"

namespace blindai {
namespace {

// A request for attestation waits for this, so it is no place for patience: what is kept serves.
constexpr std::chrono::milliseconds kFetchTime{15'000};
constexpr int64_t kHoldOff = 300;  // seconds

// Told to whoever asked for evidence; the operator finds the reason in the log.
constexpr Id kNoCollateral{
    "tee.collateral",
    "The server has nothing that vouches for its platform at the moment; try "
    "again later, and tell its operator when it lasts."};

// From the folder that the host keeps, or from the vendors' services.
class HostSupply final : public CollateralSupply {
 public:
  HostSupply(std::string folder, std::unique_ptr<CollateralFetcher> fetcher, spdlog::logger& log)
      : folder_(std::move(folder)), fetcher_(std::move(fetcher)), log_(log) {}

  Result<Collateral> complete(const Evidence& evidence, Collateral known) override {
    Outcome<Collateral> out = folder_.empty()
                                  ? fetcher_->fetch(evidence, std::move(known))
                                  : read_collateral(folder_, evidence.tee, std::move(known));
    if (out.has_value()) return std::move(*out);
    log_.error("collateral: {}", out.error().sentence);
    return fail(Code::kUnavailable, kNoCollateral);
  }

 private:
  const std::string folder_;
  const std::unique_ptr<CollateralFetcher> fetcher_;
  spdlog::logger& log_;
};

class Setup final : public TeeSetup {
 public:
  Setup(std::unique_ptr<CollateralSupply> supply, std::unique_ptr<EvidenceSource> source)
      : supply_(std::move(supply)), source_(std::move(source)) {}
  EvidenceSource& source() override { return *source_; }

 private:
  const std::unique_ptr<CollateralSupply> supply_;  // the source refers to it
  const std::unique_ptr<EvidenceSource> source_;
};

Outcome<std::unique_ptr<CollateralSupply>> make_supply(const HostHints& hints,
                                                       std::function<Time()> clock,
                                                       spdlog::logger& log) {
  std::unique_ptr<CollateralFetcher> fetcher;
  if (hints.collateral.empty()) {
    FetcherOptions options;
    if (!hints.pcs.empty()) options.pcs = hints.pcs;
    if (!hints.kds.empty()) options.kds = hints.kds;
    options.cache_folder = hints.collateral_cache;
    options.ca_file = hints.collateral_ca;
    options.web.total_time = kFetchTime;
    options.web.request_time = kFetchTime;
    options.hold_off_s = kHoldOff;
    ASSIGN_OR_RETURN(fetcher, CollateralFetcher::create(std::move(options), std::move(clock),
                                                        [&log](const Problem& problem) {
                                                          log.warn("collateral: {}",
                                                                   problem.sentence);
                                                        }));
  }
  return std::make_unique<HostSupply>(hints.collateral, std::move(fetcher), log);
}

// The TEE that --simulate names; each has the format that its hardware is met with most.
std::unique_ptr<EvidenceSource> simulate(const std::string& tee, const Sha256Digest& measurement,
                                         std::function<Time()> clock) {
  if (tee == "sgx") return std::make_unique<SimulationSource>(measurement, std::move(clock));
  if (tee == "tdx")
    return std::make_unique<SimulationSource>(measurement, std::move(clock), SimulationFaults(),
                                              SimulatedQuote::kTdxV4);
  // The command line lets nothing else through.
  BLINDAI_CHECK(tee == "snp");
  return std::make_unique<SnpSimulationSource>(wide_measurement(measurement), SnpPlatform(),
                                               std::move(clock));
}

std::unique_ptr<EvidenceSource> make_source(const HostHints& hints, Kernel& kernel,
                                            CollateralSupply& supply,
                                            const Sha256Digest& measurement,
                                            std::function<Time()> clock) {
  if (hints.tee == "sgx") return std::make_unique<GramineSource>(kernel, supply);
  if (hints.tee == "tdx") return std::make_unique<TdxSource>(kernel, supply);
  if (hints.tee == "snp") return std::make_unique<SnpSource>(kernel, supply, hints.vmpl);
  if (hints.tee == "nitro") return std::make_unique<NsmSource>(kernel);
  BLINDAI_CHECK(hints.tee == "simulation");
  return simulate(hints.simulate, measurement, std::move(clock));
}

}  // namespace

Outcome<std::unique_ptr<TeeSetup>> TeeSetup::create(const HostHints& hints, Kernel& kernel,
                                                    const Sha256Digest& measurement,
                                                    std::function<Time()> clock,
                                                    spdlog::logger& log) {
  ASSIGN_OR_RETURN(std::unique_ptr<CollateralSupply> supply, make_supply(hints, clock, log));
  std::unique_ptr<EvidenceSource> source =
      make_source(hints, kernel, *supply, measurement, std::move(clock));
  RETURN_IF_ERROR(source->evidence({}));
  return std::make_unique<Setup>(std::move(supply), std::move(source));
}

}  // namespace blindai
