#include "net/collateral/fetcher.h"

#include <algorithm>

namespace blindai {
namespace {

constexpr int64_t kCertificateFactor = 30;
// Addresses remembered in memory: a server has one platform, an auditor's run has many.
constexpr size_t kMaxRemembered = 256;

bool in_force(const CachedDocument& document, Time now) {
  return now <= document.expires;
}

// Both documents of an Intel platform are made for one evaluation; a service may be between two.
bool is_one_evaluation(const std::vector<CollateralRequest>& requests,
                       const std::vector<CachedDocument>& documents) {
  std::optional<uint64_t> seen;
  for (size_t i = 0; i < requests.size(); ++i) {
    const DocumentForm form = requests[i].form;
    if (form != DocumentForm::kTcbInfo && form != DocumentForm::kQeIdentity) continue;
    const auto number = evaluation_number_of(form, documents[i].body);
    if (!number.has_value() || (seen.has_value() && *seen != *number)) return false;
    seen = *number;
  }
  return true;
}

Problem at(const CollateralRequest& request, const Error& error) {
  return {error.code, error.id, request.url() + ": " + error.describe()};
}

}  // namespace

Outcome<std::unique_ptr<CollateralFetcher>> CollateralFetcher::create(FetcherOptions options,
                                                                      Clock clock, Report report) {
  std::unique_ptr<CollateralFetcher> out(
      new CollateralFetcher(std::move(options), std::move(clock), std::move(report)));
  const FetcherOptions& chosen = out->options_;
  ASSIGN_OR_RETURN(out->at_, services_of(chosen.pcs, chosen.kds));
  ASSIGN_OR_RETURN(out->tls_, TlsClientContext::create_web(chosen.ca_file));
  if (!chosen.cache_folder.empty()) {
    ASSIGN_OR_RETURN(CollateralCache cache,
                     CollateralCache::open(chosen.cache_folder, out->report_));
    out->cache_.emplace(std::move(cache));
  }
  return out;
}

CollateralFetcher::CollateralFetcher(FetcherOptions options, Clock clock, Report report)
    : options_(std::move(options)), clock_(std::move(clock)), report_(std::move(report)) {
  options_.web.max_bytes = 2 * kMaxCollateralDocument + 2;  // hexadecimal
  options_.web.now = clock_;
}

void CollateralFetcher::tell(const Problem& problem) const {
  if (report_) report_(problem);
}

Outcome<Collateral> CollateralFetcher::fetch(const Evidence& evidence, Collateral known) {
  std::vector<CollateralRequest> requests;
  if (evidence.tee == Tee::kSgx || evidence.tee == Tee::kTdx) {
    ASSIGN_OR_RETURN(const IntelPlatform platform, intel_platform(evidence));
    requests = requests_for(evidence.tee, platform, at_);
  } else if (evidence.tee == Tee::kSnp) {
    ASSIGN_OR_RETURN(const AmdPlatform platform,
                     amd_platform(evidence, options_.amd_product, known.vek));
    requests = requests_for(platform, at_);
    if (platform.vlek && known.vek.empty())
      return problem(Code::kNotFound, "collateral.vlek",
                     "The report is signed by a VLEK, whose certificate no service gives; take it "
                     "from the host, which has it beside the report (the table in auxblob).");
  }
  std::erase_if(requests, [&](const CollateralRequest& r) { return !(known.*r.body).empty(); });

  std::vector<CollateralRequest> published;
  std::vector<std::vector<CollateralRequest>> sets;
  for (CollateralRequest& request : requests) {
    if (request.is_certificate())
      sets.push_back({std::move(request)});
    else
      published.push_back(std::move(request));
  }
  if (!published.empty()) sets.push_back(std::move(published));
  for (const std::vector<CollateralRequest>& set : sets) {
    ASSIGN_OR_RETURN(Documents documents, obtain(set));
    for (size_t i = 0; i < set.size(); ++i) {
      known.*set[i].body = std::move(documents[i].body);
      if (set[i].chain != nullptr) known.*set[i].chain = std::move(documents[i].chain);
    }
  }
  return known;
}

bool CollateralFetcher::is_due(const CollateralRequest& request,
                               const CachedDocument& document) const {
  const Time now = clock_();
  // A document from the future: the clock was set back, and what its age is, nobody knows.
  if (document.fetched > now || document.fetched < ignore_before_) return true;
  const int64_t age =
      options_.refresh_after_s * (request.is_certificate() ? kCertificateFactor : 1);
  // The last third of its life is for a service that is down meanwhile.
  const int64_t life = document.expires.seconds - document.fetched.seconds;
  return now >= document.fetched + std::min(age, life / 3 * 2);
}

std::optional<CachedDocument> CollateralFetcher::kept(const CollateralRequest& request) {
  const std::string url = request.url();
  const auto remembered = memory_.find(url);
  if (remembered != memory_.end() && !is_due(request, remembered->second))
    return remembered->second;
  // Another process may have asked since.
  std::optional<CachedDocument> stored = cache_.has_value() ? cache_->find(url) : std::nullopt;
  if (stored.has_value()) {
    // The name vouches for the bytes; what they are and when they end is for them to say.
    const auto expires = expiry_of(request.form, stored->body);
    if (expires.has_value())
      stored->expires = *expires;
    else
      stored.reset();
  }
  if (remembered == memory_.end()) return stored;
  if (stored.has_value() && stored->fetched > remembered->second.fetched) return stored;
  return remembered->second;
}

void CollateralFetcher::keep(const CollateralRequest& request, const CachedDocument& document) {
  if (memory_.size() >= kMaxRemembered) memory_.clear();
  memory_.insert_or_assign(request.url(), document);
  if (!cache_.has_value()) return;
  if (const auto stored = cache_->store(request.url(), document); !stored.has_value())
    tell(stored.error());
}

// One set: all of them new, or all of them kept.
Outcome<CollateralFetcher::Documents> CollateralFetcher::obtain(
    const std::vector<CollateralRequest>& requests) {
  const Time now = clock_();
  Documents have;
  bool due = false;
  bool usable = true;
  for (const CollateralRequest& request : requests) {
    std::optional<CachedDocument> document = kept(request);
    due = due || !document.has_value() || is_due(request, *document);
    usable = usable && document.has_value() && in_force(*document, now);
    have.push_back(document.has_value() ? std::move(*document) : CachedDocument());
  }
  if (!due) return have;
  const std::string key = requests.front().url();
  const auto failure = failed_.find(key);
  if (failure != failed_.end() && now < failure->second.until &&
      now >= failure->second.until + -options_.hold_off_s) {
    if (usable) return have;
    return std::unexpected(failure->second.problem);
  }
  Outcome<Documents> fresh = ask(requests);
  if (!fresh.has_value()) {
    if (failed_.size() >= kMaxRemembered) failed_.clear();
    failed_.insert_or_assign(key, Failure{fresh.error(), now + options_.hold_off_s});
    if (!usable) return fresh;
    tell(fresh.error());
    return have;
  }
  failed_.erase(key);
  for (size_t i = 0; i < requests.size(); ++i) keep(requests[i], (*fresh)[i]);
  return fresh;
}

Outcome<CollateralFetcher::Documents> CollateralFetcher::ask(
    const std::vector<CollateralRequest>& requests) {
  for (int attempt = 0;; ++attempt) {
    Documents out;
    for (const CollateralRequest& request : requests) {
      ASSIGN_OR_RETURN(CachedDocument document, ask_one(request));
      out.push_back(std::move(document));
    }
    if (is_one_evaluation(requests, out)) return out;
    if (attempt > 0)
      return problem(Code::kUnavailable, "collateral.evaluation",
                     requests.front().url() +
                         " and its QE identity are of different TCB evaluations, so they cannot be "
                         "used together; refresh the caching service, or try again later.");
  }
}

Outcome<CachedDocument> CollateralFetcher::ask_one(const CollateralRequest& request) {
  ASSIGN_OR_RETURN(WebService * service, service_at(request.service));
  ASSIGN_OR_RETURN(const HttpClientResponse response, service->get(request.target));
  CachedDocument out{.body = signed_bytes(request.form, response.body),
                     .chain = {},
                     .fetched = clock_(),
                     .expires = {}};
  if (out.body.size() > kMaxCollateralDocument)
    return std::unexpected(at(request, {Code::kTooLarge,
                                        {"collateral.too-large",
                                         "The answer is larger than such a "
                                         "document can be; check the address."}}));
  const auto expires = expiry_of(request.form, out.body);
  if (!expires.has_value()) return std::unexpected(at(request, expires.error()));
  out.expires = *expires;
  if (out.expires < out.fetched)
    return std::unexpected(at(request, {Code::kStale,
                                        {"collateral.expired",
                                         "The service's answer is out of date already; refresh the "
                                         "caching service, or mend this machine's clock."}}));
  if (request.chain == nullptr) return out;
  std::string_view field;
  for (const std::string_view name : issuer_chain_fields(request.form))
    field = field.empty() ? response.field(name).value_or("") : field;
  auto chain = issuer_chain_of(field);
  if (!chain.has_value()) return std::unexpected(at(request, chain.error()));
  out.chain = std::move(*chain);
  return out;
}

Outcome<WebService*> CollateralFetcher::service_at(const Url& url) {
  const auto found = services_.find(url.text());
  if (found != services_.end()) return &found->second;
  const auto [made, inserted] =
      services_.emplace(url.text(), WebService(url, tls_.get(), options_.web));
  return &made->second;
}

}  // namespace blindai
