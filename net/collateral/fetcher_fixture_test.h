// For the fetcher's tests: a service that answers like Intel's PCS with the simulation's documents,
// and a fetcher whose clock the test sets.
#pragma once

#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <random>

#include "enclave/tee/simulation/simulation_source.h"
#include "net/collateral/fetcher.h"
#include "tests/support/replay_server.h"

namespace blindai {

inline constexpr Time kFetcherNow{1795000000};
inline constexpr int64_t kFetcherDay = 24 * 3600;

// A folder that is gone afterwards.
class ScratchFolder {
 public:
  ScratchFolder()
      : path_(std::filesystem::temp_directory_path() /
              ("blindai-test-" + std::to_string(std::random_device()()))) {}
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_.string(); }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      out.push_back(entry.path().filename().string());
    return out;
  }

 private:
  std::filesystem::path path_;
};

// As a service sends a chain: everything but unreserved characters escaped (RFC 3986 section 2.3).
inline std::string url_encoded(BytesView text) {
  std::string out;
  for (const uint8_t byte : text) {
    const char c = static_cast<char>(byte);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      out += c;
    else
      out += "%" + to_hex(BytesView(&byte, 1));
  }
  return out;
}

class FetcherTest : public testing::Test {
 protected:
  static constexpr const char* kTcb = "/sgx/certification/v4/tcb?fmspc=0053494D0000";
  static constexpr const char* kQe = "/sgx/certification/v4/qe/identity";
  static constexpr const char* kPckCrl = "/sgx/certification/v4/pckcrl?ca=platform&encoding=der";
  static constexpr const char* kRootCrl = "/sgx/certification/v4/rootcacrl";

  FetcherTest() : server_([this](const std::string& target) { return answer(target); }) {}

  // What the service has at that moment; `change` replaces single answers.
  ReplayReply answer(const std::string& target) {
    const std::lock_guard lock(mutex_);
    if (const auto found = changed_.find(target); found != changed_.end()) return found->second;
    if (down_) return {.status = 503};
    const Collateral& c = published_;
    if (target == kTcb)
      return {.fields = {{"TCB-Info-Issuer-Chain", url_encoded(c.tcb_info_chain)}},
              .body = c.tcb_info};
    if (target == kQe)
      return {.fields = {{"SGX-Enclave-Identity-Issuer-Chain", url_encoded(c.qe_identity_chain)}},
              .body = c.qe_identity};
    if (target == kPckCrl)
      return {.fields = {{"SGX-PCK-CRL-Issuer-Chain", url_encoded(c.pck_crl_chain)}},
              .body = c.pck_crl};
    if (target == kRootCrl) return {.body = to_bytes(as_bytes(to_hex(c.root_ca_crl)))};
    return {.status = 404};
  }
  // What the simulation publishes at now_, which the service has from now on.
  Collateral publish() {
    Collateral out = simulated();
    const std::lock_guard lock(mutex_);
    published_ = out;
    return out;
  }
  void change(const std::string& target, ReplayReply reply) {
    const std::lock_guard lock(mutex_);
    changed_.insert_or_assign(target, std::move(reply));
  }
  void mend() {
    const std::lock_guard lock(mutex_);
    changed_.clear();
    down_ = false;
  }
  void take_down() {
    const std::lock_guard lock(mutex_);
    down_ = true;
  }

  FetcherOptions options() {
    FetcherOptions out{.pcs = server_.url(), .kds = server_.url(), .cache_folder = folder_.path()};
    out.web.sleep = [this](std::chrono::milliseconds time) { slept_.push_back(time); };
    out.web.request_time = std::chrono::milliseconds(1000);
    return out;
  }
  std::unique_ptr<CollateralFetcher> fetcher(const FetcherOptions& with) {
    return CollateralFetcher::create(
               with, [this] { return now_; },
               [this](const Problem& problem) { reported_.emplace_back(problem.name()); })
        .value();
  }
  std::unique_ptr<CollateralFetcher> fetcher() { return fetcher(options()); }
  Collateral simulated() {
    SimulationSource source(measurement_, [this] { return now_; });
    return source.collateral().value();
  }
  Evidence evidence() {
    SimulationSource source(measurement_, [this] { return now_; });
    return source.evidence(report_data_).value();
  }

  Time now_ = kFetcherNow;
  const Sha256Digest measurement_ = sha256(as_bytes("programs"));
  const ByteArray<64> report_data_{};
  ScratchFolder folder_;
  std::vector<std::chrono::milliseconds> slept_;
  std::vector<std::string> reported_;

 private:
  std::mutex mutex_;
  Collateral published_;
  std::map<std::string, ReplayReply> changed_;
  bool down_ = false;

 protected:
  ReplayServer server_;  // the last: its thread uses all of the above
};

inline bool same(const Collateral& a, const Collateral& b) {
  for (const CollateralPart& part : collateral_parts(Tee::kSgx))
    if (a.*part.member != b.*part.member) return false;
  return true;
}

}  // namespace blindai
