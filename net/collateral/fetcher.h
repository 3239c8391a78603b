// Fetches the collateral that evidence has to be judged with, from Intel's PCS or a PCCS and from
// AMD's KDS, and keeps it. docs/collateral.md says what is asked of whom.
//
//   ASSIGN_OR_RETURN(auto fetcher, CollateralFetcher::create({.cache_folder = "cache"}, clock,
//   report)); ASSIGN_OR_RETURN(Collateral collateral, fetcher->fetch(evidence));
//
// Nothing is believed for having been fetched: verify() (lib/attest) judges it. That is why the
// services may be anybody's, and plain HTTP is allowed. Blocking; thread-compatible.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "lib/attest/evidence.h"
#include "net/collateral/cache.h"
#include "net/collateral/requests.h"
#include "net/collateral/web_service.h"

namespace blindai {

struct FetcherOptions {
  // Base addresses. Of the PCS or PCCS, what stands before "/sgx/certification/v4" (which may be
  // given, too).
  std::string pcs = std::string(kIntelPcs);
  std::string kds = std::string(kAmdKds);
  std::string cache_folder = {};  // empty: kept in memory only
  std::string ca_file = {};       // roots for https, PEM; empty: the system's
  std::string amd_product = {};   // for reports that do not say it
  WebServiceOptions web = {};
  // A published list or document is asked for again after so long, certificates after thirty times
  // as much; earlier when their own time runs out.
  int64_t refresh_after_s = 24 * 3600;
  // After a service failed it is left alone for so long.
  int64_t hold_off_s = 60;
};

class CollateralFetcher {
 public:
  using Clock = std::function<Time()>;
  // What went wrong without a failure: a service that was down, a cache that was damaged.
  using Report = std::function<void(const Problem&)>;

  // Errors: kInvalid "net.url", "tls.roots"; kUnavailable "collateral.cache".
  static Outcome<std::unique_ptr<CollateralFetcher>> create(FetcherOptions options, Clock clock,
                                                            Report report);

  // Everything that evidence of this TEE needs (lib/attest/evidence.h); empty for Nitro, which
  // brings its own. Parts that `known` has already, such as certificates that came with a report,
  // are not asked for. Documents that belong together are of one time: all of them fetched now, or
  // all of them kept. Kept ones are given while they are in force and not due, and while they are
  // in force and the service is down. Errors: those of intel_platform, amd_platform and
  // WebService::get; kMalformed "collateral.content", "collateral.issuer-chain"; kStale
  // "collateral.expired"; kUnavailable "collateral.evaluation" (documents that do not belong
  // together, twice in a row); kNotFound "collateral.vlek" (a certificate that only the host has).
  Outcome<Collateral> fetch(const Evidence& evidence, Collateral known = {});

  // From now on everything is asked for anew, once.
  void forget_all() { ignore_before_ = clock_(); }

 private:
  using Documents = std::vector<CachedDocument>;

  CollateralFetcher(FetcherOptions options, Clock clock, Report report);
  Outcome<Documents> obtain(const std::vector<CollateralRequest>& requests);
  Outcome<Documents> ask(const std::vector<CollateralRequest>& requests);
  Outcome<CachedDocument> ask_one(const CollateralRequest& request);
  Outcome<WebService*> service_at(const Url& url);
  std::optional<CachedDocument> kept(const CollateralRequest& request);
  void keep(const CollateralRequest& request, const CachedDocument& document);
  bool is_due(const CollateralRequest& request, const CachedDocument& document) const;
  void tell(const Problem& problem) const;

  FetcherOptions options_;
  Clock clock_;
  Report report_;
  Time ignore_before_{INT64_MIN};
  CollateralServices at_;
  std::unique_ptr<TlsClientContext> tls_;
  std::optional<CollateralCache> cache_;
  std::map<std::string, CachedDocument> memory_;  // by address
  std::map<std::string, WebService> services_;    // by base address
  struct Failure {
    Problem problem;
    Time until;
  };
  std::map<std::string, Failure> failed_;  // by the address of a group's first request
};

}  // namespace blindai
