// For tests: the shared SGX and TDX vectors (real quotes and the collateral of their time), read
// from vectors/sgx and vectors/tdx beside the project, or below $BLINDAI_SHARED.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "lib/attest/dcap_quote.h"
#include "lib/attest/verify.h"
#include "lib/attest/x509.h"
#include "lib/base/byte_reader.h"
#include "lib/base/json.h"

namespace blindai {

// Real quotes carry report_data of their own programs, never the hash of claims of ours: with
// everything else in order this is the one check that fails.
inline constexpr std::string_view kGenuine = "claims.report-data";

inline std::filesystem::path vectors_of(Tee tee) {
  const char* shared = std::getenv("BLINDAI_SHARED");
  return std::filesystem::path(shared != nullptr ? shared : BLINDAI_SOURCE_DIR "/../shared") /
         "vectors" / name_of(tee);
}

inline Bytes read_all(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

// Accepts whatever the platform's state is, and this one program.
inline Policy widest_policy(const ByteArray<32>& mr_enclave) {
  Policy policy;
  policy.sgx.emplace().mr_enclave = {mr_enclave};
  policy.tcb_statuses = {TcbStatus::kUpToDate,
                         TcbStatus::kSwHardeningNeeded,
                         TcbStatus::kConfigurationNeeded,
                         TcbStatus::kConfigurationAndSwHardeningNeeded,
                         TcbStatus::kOutOfDate,
                         TcbStatus::kOutOfDateConfigurationNeeded,
                         TcbStatus::kTdRelaunchAdvised,
                         TcbStatus::kTdRelaunchAdvisedConfigurationNeeded};
  policy.advisories.any = true;
  policy.configurations.any = true;
  policy.max_evidence_age_s = 3600;
  return policy;
}

// The same for the program of this quote, whatever it is.
inline Policy widest_policy_for(BytesView quote) {
  const auto parsed = parse_dcap_quote(quote);
  if (!parsed.has_value()) return widest_policy({});
  if (parsed->sgx() != nullptr) return widest_policy(parsed->sgx()->mr_enclave);
  const TdReport& td = *parsed->td();
  Policy policy = widest_policy({});
  policy.sgx.reset();
  TdxPolicy& tdx = policy.tdx.emplace();
  tdx.mr_td = {td.mr_td};
  for (auto& rtmr : tdx.rtmr) rtmr.any = true;
  tdx.mr_service_td = {td.mr_service_td};
  tdx.require_sept_ve_disable = false;
  tdx.allow_migration = true;
  tdx.allow_perfmon = true;
  return policy;
}

// Names of the checks in that state, in order, separated by spaces.
inline std::string checks_in(const Verification& v, CheckState state) {
  std::string out;
  for (const Check& c : v.checks())
    if (c.state == state) out += (out.empty() ? "" : " ") + std::string(c.name());
  return out;
}

struct DcapCase {
  Evidence evidence;
  Collateral collateral;
  Time now;
  TrustRoots roots = production_roots();

  Verification verify(const Policy& policy) const {
    return blindai::verify(evidence, as_bytes("claims"), collateral, policy, roots, now);
  }
  Verification verify() const { return verify(widest_policy_for(evidence.quote)); }
  std::string failures() const { return checks_in(verify(), CheckState::kFailed); }
};

// The vectors of one TEE.
class DcapVectors : public testing::Test {
 protected:
  explicit DcapVectors(Tee tee) : tee_(tee) {}

  void SetUp() override {
    if (!std::filesystem::exists(vectors_of(tee_)))
      GTEST_SKIP() << "no shared vectors/" << name_of(tee_) << ": no real quote was verified";
    text_ = read_all(vectors_of(tee_) / "vectors.json");
    auto parsed = JsonDocument::parse(as_text(text_));
    ASSERT_TRUE(parsed.has_value());
    document_ = *std::move(parsed);
  }

  JsonValue list(std::string_view name) const { return document_.root()[name]; }
  static JsonValue by_id(const JsonValue& entries, std::string_view id) {
    for (JsonValue v = entries.first(); v.exists(); v = v.next_in(entries))
      if (v["id"].string().value() == id) return v;
    return {};
  }
  Bytes file(const JsonValue& name) const {
    return read_all(vectors_of(tee_) / name.string().value());
  }

  // One entry of "cases", by its id.
  DcapCase load(std::string_view id) const {
    const JsonValue entry = by_id(list("cases"), id);
    EXPECT_TRUE(entry.exists()) << id;
    DcapCase out;
    out.evidence.tee = tee_;
    out.now = parse_rfc3339(entry["eval_time"].string().value()).value();
    if (entry["kind"].exists()) {
      own_root(entry["files"], out);
      return out;
    }
    out.evidence.quote = file(entry["quote"]);
    if (!entry["collateral_set"].is_string()) return out;
    const JsonValue files =
        by_id(list("collateral_sets"), entry["collateral_set"].string().value())["files"];
    out.collateral.tcb_info = file(files["tcb_info"]);
    out.collateral.tcb_info_chain = file(files["tcb_signing_chain"]);
    out.collateral.qe_identity = file(files["qe_identity"]);
    out.collateral.qe_identity_chain = file(files["qe_identity_issuer_chain"]);
    out.collateral.pck_crl = file(files["pck_crl"]);
    out.collateral.root_ca_crl = file(files["root_ca_crl"]);
    return out;
  }

  // A PEM chain of two with the root last, as PCS gives them; Intel's TDX sample has it first.
  static Bytes root_last(const Bytes& pem) {
    const auto chain = parse_pem_chain(pem);
    EXPECT_TRUE(chain.has_value() && chain->size() == 2);
    const size_t second = as_text(pem).rfind("-----BEGIN");
    if (!chain.has_value() || chain->front().common_name() != "Intel SGX Root CA") return pem;
    Bytes out = to_bytes(BytesView(pem).subspan(second));
    if (out.back() != '\n') out.push_back('\n');
    append(out, BytesView(pem).first(second));
    return out;
  }

  // Intel's samples have no PEM chain in their quotes but beside them. That part is unsigned, so
  // the quote is given the chain the way every quote provider does.
  void own_root(const JsonValue& files, DcapCase& out) const {
    Bytes chain = file(files["pck_cert"]);
    if (chain.back() != '\n') chain.push_back('\n');
    append(chain, root_last(file(files["pck_chain"])));
    const Bytes quote = file(files["quote"]);
    const auto parsed = parse_dcap_quote(quote);
    ASSERT_TRUE(parsed.has_value());
    Bytes certified = to_bytes(parsed->qe_report_raw);
    append(certified, parsed->qe_report_signature);
    put_u16le(certified, static_cast<uint16_t>(parsed->qe_auth.size()));
    append(certified, parsed->qe_auth);
    put_u16le(certified, 5);
    put_u32le(certified, static_cast<uint32_t>(chain.size()));
    append(certified, chain);
    Bytes auth = to_bytes(parsed->signature);
    append(auth, parsed->attestation_key);
    if (parsed->header.version > 3) {
      put_u16le(auth, 6);
      put_u32le(auth, static_cast<uint32_t>(certified.size()));
    }
    append(auth, certified);
    out.evidence.quote = to_bytes(parsed->signed_part);
    put_u32le(out.evidence.quote, static_cast<uint32_t>(auth.size()));
    append(out.evidence.quote, auth);
    out.collateral.tcb_info = file(files["tcb_info"]);
    out.collateral.tcb_info_chain = root_last(file(files["tcb_signing_chain"]));
    out.collateral.qe_identity = file(files["qe_identity"]);
    out.collateral.qe_identity_chain = out.collateral.tcb_info_chain;
    out.collateral.pck_crl = file(files["pck_crl"]);
    out.collateral.root_ca_crl = file(files["root_ca_crl"]);
  }

  // One entry of "cases" that brings its own root, with that root trusted.
  DcapCase load_with_its_root(std::string_view id) const {
    DcapCase out = load(id);
    const auto root = parse_pem_chain(file(by_id(list("cases"), id)["files"]["trusted_root"]));
    EXPECT_TRUE(root.has_value()) << id;
    if (root.has_value()) out.roots.intel_sgx = {root->front().spki_hash()};
    return out;
  }

  // One entry of "mutations": its base case, edited.
  DcapCase mutated(const JsonValue& entry) const {
    DcapCase out = load(entry["base_case"].string().value());
    Bytes& quote = out.evidence.quote;
    const JsonValue edits = entry["edits"];
    for (JsonValue e = edits.first(); e.exists(); e = e.next_in(edits)) {
      const std::string op = e["op"].string().value();
      if (op == "truncate") {
        quote.resize(e["length"].u64().value());
      } else if (op == "append") {
        append(quote, from_hex(e["hex"].string().value()).value());
      } else {
        uint8_t& byte = quote[e["offset"].u64().value()];
        const auto value = static_cast<uint8_t>(e["value"].u64().value());
        EXPECT_TRUE(op == "xor" || op == "set") << op;
        byte = op == "xor" ? static_cast<uint8_t>(byte ^ value) : value;
      }
    }
    return out;
  }

  // One entry of "collateral_cases": its base case with a document edited or replaced.
  DcapCase with_other_collateral(const JsonValue& entry) const {
    DcapCase out = load(entry["base_case"].string().value());
    const JsonValue edit = entry["edit"];
    const std::string name = edit["file"].string().value();
    Bytes& target = name == "tcb_info"      ? out.collateral.tcb_info
                    : name == "qe_identity" ? out.collateral.qe_identity
                                            : out.collateral.pck_crl;
    if (edit["use"].exists()) {
      target = file(edit["use"]);
      return out;
    }
    const JsonValue replace = edit["replace"];
    const std::string from = replace.first().string().value();
    std::string text(as_text(target));
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos);
    if (at == std::string::npos) return out;
    text.replace(at, from.size(), replace.first().next_in(replace).string().value());
    target = to_bytes(as_bytes(text));
    return out;
  }

  // The advisories of "expected", as the check's `found` has them.
  static std::string expected_advisories(const JsonValue& expected) {
    std::string out;
    const JsonValue ids = expected["advisory_ids"];
    for (JsonValue v = ids.first(); v.exists(); v = v.next_in(ids))
      out += (out.empty() ? "" : ", ") + v.string().value();
    return out.empty() ? "none" : out;
  }

 private:
  Tee tee_;
  Bytes text_;
  JsonDocument document_;
};

}  // namespace blindai
