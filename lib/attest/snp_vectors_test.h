// For tests: the shared SEV-SNP vectors (real reports, AMD's certificates and CRLs), read from
// vectors/snp beside the project, or below $BLINDAI_SHARED.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "lib/attest/snp_report.h"
#include "lib/attest/verify.h"
#include "lib/base/json.h"

namespace blindai {

// Accepts whatever state the platform is in, and the program that this report names.
inline Policy widest_snp_policy(BytesView report) {
  Policy policy;
  SnpPolicy& snp = policy.snp.emplace();
  const auto read = parse_snp_report(report);
  if (read.has_value()) snp.measurement = {read->measurement};
  snp.min_tcb_milan = snp.min_tcb_genoa = snp.min_tcb_turin = SnpTcb{};
  snp.max_vmpl = 3;
  snp.allow_smt = snp.allow_migration_agent = snp.allow_vlek = true;
  policy.max_evidence_age_s = 3600;
  policy.allow_debug = true;
  return policy;
}

struct SnpCase {
  std::string id;
  Evidence evidence{Tee::kSnp, {}};
  Collateral collateral;
  Time now;

  Verification verify(const Policy& policy) const {
    return blindai::verify(evidence, as_bytes("claims"), collateral, policy, production_roots(),
                           now);
  }
  Verification verify() const { return verify(widest_snp_policy(evidence.quote)); }
  // Names of the failed checks, in order, separated by spaces.
  std::string failures(const Policy& policy) const {
    const Verification v = verify(policy);
    std::string out;
    for (const Check& c : v.checks())
      if (c.state == CheckState::kFailed) out += (out.empty() ? "" : " ") + std::string(c.name());
    return out;
  }
  std::string failures() const { return failures(widest_snp_policy(evidence.quote)); }
};

class SnpVectors : public testing::Test {
 protected:
  static std::filesystem::path folder() {
    const char* shared = std::getenv("BLINDAI_SHARED");
    return std::filesystem::path(shared != nullptr ? shared : BLINDAI_SOURCE_DIR "/../shared") /
           "vectors/snp";
  }

  void SetUp() override {
    if (!std::filesystem::exists(folder()))
      GTEST_SKIP() << "no shared vectors: no real SEV-SNP report was verified";
    text_ = file("vectors.json");
    auto parsed = JsonDocument::parse(as_text(text_));
    ASSERT_TRUE(parsed.has_value());
    document_ = *std::move(parsed);
  }

  static Bytes file(const std::string& name) {
    std::ifstream in(folder() / name, std::ios::binary);
    EXPECT_TRUE(in.good()) << name;
    return Bytes(std::istreambuf_iterator<char>(in), {});
  }
  JsonValue list(std::string_view name) const { return document_.root()[name]; }
  static std::string text(const JsonValue& value) {
    return value.is_string() ? value.string().value() : std::string();
  }
  JsonValue entry(std::string_view list_name, std::string_view id) const {
    const JsonValue entries = list(list_name);
    for (JsonValue v = entries.first(); v.exists(); v = v.next_in(entries))
      if (text(v["id"]) == id) return v;
    ADD_FAILURE() << id << " is not in " << list_name;
    return {};
  }

  // The parts that an entry names; those it does not name stay as they are. There is a CRL for
  // Milan and one for Genoa.
  static void apply(const JsonValue& from, SnpCase& out) {
    if (from["report"].is_string()) out.evidence.quote = file(text(from["report"]));
    if (from["vek"].is_string() && text(from["vek"]).ends_with(".der"))
      out.collateral.vek = file(text(from["vek"]));
    if (from["ca"].is_string()) out.collateral.vek_chain = file(text(from["ca"]));
    if (from["eval_time"].is_string()) out.now = parse_rfc3339(text(from["eval_time"])).value();
    if (text(from["ca"]).find("milan") != std::string::npos && out.collateral.vek_crl.empty())
      out.collateral.vek_crl = file("crl/milan.der");
    if (text(from["ca"]).find("genoa") != std::string::npos && out.collateral.vek_crl.empty())
      out.collateral.vek_crl = file("crl/genoa.der");
  }
  SnpCase load(std::string_view id) const {
    SnpCase out;
    out.id = id;
    apply(entry("cases", id), out);
    return out;
  }

  Bytes text_;
  JsonDocument document_;
};

}  // namespace blindai
