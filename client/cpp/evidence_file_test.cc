#include "client/cpp/evidence_file.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "enclave/tee/simulation/simulation_source.h"
#include "lib/attest/dcap_vectors_test.h"
#include "lib/attest/hcl_report.h"
#include "lib/attest/snp_vectors_test.h"
#include "lib/base/byte_reader.h"
#include "lib/base/der_writer.h"
#include "lib/channel/certificate.h"
#include "lib/channel/claims.h"
#include "tests/support/sanitizers.h"

namespace blindai {
namespace {

constexpr Time kNow{1'750'000'000};

// A simulated platform's evidence, and the folder with its collateral.
class EvidenceFile : public testing::Test {
 protected:
  EvidenceFile()
      : folder_(std::filesystem::path(testing::TempDir()) /
                ("blindai_evidence_" + std::to_string(::getpid()))),
        source_(sha256(as_bytes("programs")), [] { return kNow; }) {
    std::filesystem::create_directories(folder_);
    inputs_.policy.sgx.emplace().mr_enclave = {sha256(as_bytes("programs"))};
    inputs_.policy.tcb_statuses = {TcbStatus::kUpToDate};
    inputs_.policy.max_evidence_age_s = 3600;
    inputs_.simulation = true;
    inputs_.at = kNow;
    inputs_.claims = to_bytes(as_bytes("claims"));
    inputs_.collateral_folder = folder_.string();
    write_collateral("");
  }
  ~EvidenceFile() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, BytesView content) const {
    std::ofstream(folder_ / name, std::ios::binary) << as_text(content);
  }
  void write_collateral(const std::string& ending) {
    const Collateral collateral = source_.collateral().value();
    for (const CollateralPart& part : collateral_parts(Tee::kSgx)) {
      const Bytes& content = collateral.*part.member;
      if (!content.empty()) write(std::string(part.name) + ending, content);
    }
  }
  Bytes quote_over(BytesView claims) {
    ByteArray<64> data{};
    const Sha256Digest digest = sha256(claims);
    std::copy(digest.begin(), digest.end(), data.begin());
    return source_.evidence(data).value().quote;
  }
  std::string failure(BytesView file) {
    seen_ = {};
    const auto verdict = verify_evidence_file(file, inputs_, seen_);
    EXPECT_EQ(verdict.has_value(), seen_.ok());
    sentence_ = verdict.has_value() ? "" : verdict.error().sentence;
    return verdict.has_value() ? "none" : std::string(verdict.error().name());
  }

  const std::filesystem::path folder_;
  SimulationSource source_;
  EvidenceInputs inputs_;
  JudgedEvidence seen_;
  std::string sentence_;
};

TEST_F(EvidenceFile, IsAQuoteThatVerifies) {
  const Bytes quote = quote_over(*inputs_.claims);
  EXPECT_EQ(failure(quote), "none") << sentence_;
  const std::string json = to_json(seen_);
  const auto doc = JsonDocument::parse(json);
  ASSERT_TRUE(doc.has_value()) << json;
  EXPECT_TRUE(doc->root()["ok"].boolean().value());
  EXPECT_TRUE(doc->root()["simulation"].boolean().value());
  EXPECT_EQ(doc->root()["at"].string().value(), to_rfc3339(kNow));
  EXPECT_EQ(doc->root()["checks"].first()["of"].string().value(), "evidence");
  EXPECT_EQ(doc->root()["evidence"]["tee"].string().value(), "sgx");
  EXPECT_FALSE(doc->root()["config"].exists());
}

TEST_F(EvidenceFile, IsJudgedAtTheGivenTime) {
  const Bytes quote = quote_over(*inputs_.claims);
  inputs_.at = kNow + 400 * 86400;
  EXPECT_EQ(failure(quote), "sgx.root-crl.validity");
  inputs_.at = kNow + -400 * 86400;
  EXPECT_NE(failure(quote), "none");
}

TEST_F(EvidenceFile, NeedsTheSimulationAllowed) {
  inputs_.simulation = false;
  EXPECT_EQ(failure(quote_over(*inputs_.claims)), "client.simulation");
}

TEST_F(EvidenceFile, NeedsClaimsAndSaysSo) {
  const Bytes quote = quote_over(*inputs_.claims);
  inputs_.claims.reset();
  EXPECT_EQ(failure(quote), "evidence.claims");
  EXPECT_NE(sentence_.find("--claims"), std::string::npos);
  inputs_.claims = Bytes{1};
  EXPECT_EQ(failure(quote), "claims.report-data");
  // Worse than absent claims comes first.
  inputs_.claims.reset();
  inputs_.policy.sgx->mr_enclave = {};
  EXPECT_EQ(failure(quote), "policy.measurement");
}

TEST_F(EvidenceFile, NeedsEveryPieceOfCollateralAndNamesIt) {
  const Bytes quote = quote_over(*inputs_.claims);
  std::filesystem::remove(folder_ / "tcb_info");
  std::filesystem::remove(folder_ / "root_ca_crl");
  EXPECT_EQ(failure(quote), "collateral.missing");
  EXPECT_NE(sentence_.find("tcb_info.json, root_ca_crl.der"), std::string::npos) << sentence_;
  inputs_.collateral_folder.clear();
  EXPECT_EQ(failure(quote), "collateral.missing");
  EXPECT_NE(sentence_.find("--collateral DIR"), std::string::npos) << sentence_;
  EXPECT_NE(sentence_.find("qe_identity_chain"), std::string::npos) << sentence_;
  inputs_.collateral_folder = "/nonexistent";
  EXPECT_EQ(failure(quote), "collateral.missing");
}

TEST_F(EvidenceFile, TakesCollateralByItsFilesEndingsToo) {
  for (const CollateralPart& part : collateral_parts(Tee::kSgx))
    std::filesystem::remove(folder_ / part.name);
  write_collateral(".json");
  EXPECT_EQ(failure(quote_over(*inputs_.claims)), "none") << sentence_;
}

TEST_F(EvidenceFile, RefusesCollateralThatIsTooLargeOrEmpty) {
  const Bytes quote = quote_over(*inputs_.claims);
  write("tcb_info", Bytes(256 * 1024 + 1, ' '));
  EXPECT_EQ(failure(quote), "collateral.folder");
  write("tcb_info", {});
  EXPECT_EQ(failure(quote), "collateral.folder");
}

TEST_F(EvidenceFile, IsAnAttestedCertificate) {
  const SigningKey key = SigningKey::generate();
  Claims claims{};
  claims.tls_key_hash = sha256(key.spki());
  const Bytes text = encode_claims(claims);
  const Bytes der =
      make_certificate(key, {Tee::kSgx, quote_over(text)}, text, kNow, kNow + 86400).value();
  EXPECT_EQ(failure(der), "client.inputs");  // claims were given as well
  inputs_.claims.reset();
  EXPECT_EQ(failure(der), "none") << sentence_;
  ASSERT_EQ(seen_.channel.size(), 2u);
  EXPECT_EQ(seen_.channel[1].name(), "channel.key");
  EXPECT_EQ(failure(as_bytes(to_pem("CERTIFICATE", der))), "none") << sentence_;
  EXPECT_EQ(failure(as_bytes(" \n" + to_pem("CERTIFICATE", der) + "\n")), "none");
  const std::string pem = to_pem("CERTIFICATE", der);
  EXPECT_EQ(failure(as_bytes(pem + pem)), "evidence.kind");
  EXPECT_EQ(failure(as_bytes("-----BEGIN CERTIFICATE-----")), "evidence.kind");
  EXPECT_EQ(failure(as_bytes(pem.substr(0, pem.size() - 30))), "evidence.kind");
  EXPECT_EQ(failure(BytesView(der).first(der.size() - 1)), "channel.certificate.der");

  const SigningKey other = SigningKey::generate();
  EXPECT_EQ(
      failure(
          make_certificate(other, {Tee::kSgx, quote_over(text)}, text, kNow, kNow + 86400).value()),
      "channel.key");
}

TEST_F(EvidenceFile, RefusesATruncatedQuoteAtEveryLength) {
  const Bytes quote = quote_over(*inputs_.claims);
  // One thread: the thread sanitizer has nothing to find, and takes half a minute for all.
  constexpr size_t kStep = kThreadSanitizer ? 19 : 1;
  for (size_t n = 0; n < quote.size(); n += kStep) {
    const std::string id = failure(BytesView(quote).first(n));
    ASSERT_EQ(id, n < 8 ? "evidence.kind" : "sgx.quote.layout") << n;
  }
}

TEST_F(EvidenceFile, IsARealSnpReport) {
  const auto vectors = vectors_of(Tee::kSnp);
  if (!std::filesystem::exists(vectors)) GTEST_SKIP() << "no shared vectors at " << vectors;
  const auto folder = vectors / "azure-milan-v3";
  const Bytes report = read_all(folder / "report.bin");
  const Bytes hcl = read_all(folder / "hcl_report.bin");
  write("vek.der", read_all(folder / "vcek.der"));
  write("vek_chain.pem", read_all(vectors / "ca/milan-vcek.pem"));
  write("vek_crl.der", read_all(vectors / "crl/milan.der"));
  inputs_ = {.policy = widest_snp_policy(report),
             .simulation = false,
             .at = parse_rfc3339("2025-07-01T00:00:00Z").value(),
             .claims = to_bytes(parse_hcl_report(hcl)->runtime_data),
             .collateral_folder = folder_.string()};
  EXPECT_EQ(failure(report), "none") << sentence_;
  inputs_.claims.reset();
  EXPECT_EQ(failure(report), "evidence.claims");
  std::filesystem::remove(folder_ / "vek_crl.der");
  EXPECT_EQ(failure(report), "collateral.missing");
  EXPECT_TRUE(sentence_.find("vek_crl") != std::string::npos) << sentence_;
}

// The whole of it: report, virtual TPM and both by one policy file.
TEST_F(EvidenceFile, IsARealAzureVm) {
  const auto vectors = vectors_of(Tee::kSnp);
  if (!std::filesystem::exists(vectors)) GTEST_SKIP() << "no shared vectors at " << vectors;
  const auto folder = vectors / "azure-milan-v3";
  const Bytes hcl = read_all(folder / "hcl_report.bin");
  write("vek.der", read_all(folder / "vcek.der"));
  write("vek_chain.pem", read_all(vectors / "ca/milan-vcek.pem"));
  write("vek_crl.der", read_all(vectors / "crl/milan.der"));
  write("quote.msg", read_all(folder / "tpm_quote_msg.bin"));
  write("quote.sig", read_all(folder / "tpm_quote_sig.bin"));
  const Bytes listed = read_all(folder / "pcrs.json");
  const auto pcrs = JsonDocument::parse(as_text(listed));
  ASSERT_TRUE(pcrs.has_value());
  Bytes values;
  Policy policy = widest_snp_policy(read_all(folder / "report.bin"));
  policy.configurations.any = true;  // as a file has to say
  AzurePolicy& azure = policy.azure.emplace();
  for (JsonValue v = pcrs->root().first(); v.exists(); v = v.next_in(pcrs->root())) {
    const auto value = array_from_hex<32>(v.string().value()).value();
    const size_t index = values.size() / 32;
    azure.tpm.pcr_selection |= uint32_t{1} << index;
    azure.tpm.pcrs[index].values = {value};
    append(values, value);
  }
  write("pcrs.bin", values);
  inputs_ = {.policy = parse_policy(policy_to_toml(policy)).value(),
             .simulation = false,
             .at = parse_rfc3339("2025-07-01T00:00:00Z").value(),
             .claims = {},
             .collateral_folder = folder_.string(),
             .tpm_folder = folder_.string(),
             .nonce = to_bytes(as_bytes("challenge"))};
  EXPECT_EQ(failure(hcl), "none") << sentence_;
  const std::string json = to_json(seen_);
  EXPECT_NE(json.find("\"name\":\"snp.report.signature\",\"state\":\"passed\""), std::string::npos);
  EXPECT_NE(json.find("\"name\":\"policy.pcrs\",\"state\":\"passed\""), std::string::npos);

  inputs_.nonce = to_bytes(as_bytes("another"));
  EXPECT_EQ(failure(hcl), "tpm.quote.nonce");
  inputs_.nonce.reset();
  EXPECT_EQ(failure(hcl), "azure.files");
  EXPECT_NE(sentence_.find("--nonce"), std::string::npos) << sentence_;
  inputs_.nonce = to_bytes(as_bytes("challenge"));
  inputs_.policy.azure->tpm.pcrs[4].values[0][0] ^= 1;
  EXPECT_EQ(failure(hcl), "policy.pcrs");
  inputs_.policy.snp->measurement[0][0] ^= 1;
  EXPECT_EQ(failure(hcl), "policy.measurement");
  inputs_.policy.azure.reset();
  EXPECT_EQ(failure(hcl), "policy.azure");
  inputs_.policy = policy;
  values.pop_back();
  write("pcrs.bin", values);
  EXPECT_EQ(failure(hcl), "azure.files");
  for (const char* name : {"pcrs.bin", "quote.sig", "quote.msg"}) {
    std::filesystem::remove(folder_ / name);
    EXPECT_EQ(failure(hcl), "azure.files");
    EXPECT_NE(sentence_.find(name), std::string::npos) << sentence_;
  }
  inputs_.tpm_folder.clear();
  EXPECT_EQ(failure(hcl), "azure.files");
  EXPECT_NE(sentence_.find("--tpm DIR"), std::string::npos) << sentence_;
  inputs_.claims = Bytes{1};
  EXPECT_EQ(failure(hcl), "client.inputs");
  EXPECT_EQ(failure(BytesView(hcl).first(100)), "client.inputs");
  inputs_.claims.reset();
  EXPECT_EQ(failure(BytesView(hcl).first(100)), "azure.hcl.layout");
}

// What belongs to an HCL report alone is no help with anything else.
TEST_F(EvidenceFile, TakesATpmsQuoteWithAnHclReportOnly) {
  const Bytes quote = quote_over(*inputs_.claims);
  inputs_.nonce = Bytes{1};
  EXPECT_EQ(failure(quote), "client.inputs");
  inputs_.nonce.reset();
  inputs_.tpm_folder = folder_.string();
  EXPECT_EQ(failure(quote), "client.inputs");
}

TEST_F(EvidenceFile, IsARealTdQuoteButForItsClaims) {
  const auto vectors = vectors_of(Tee::kTdx);
  if (!std::filesystem::exists(vectors)) GTEST_SKIP() << "no shared vectors at " << vectors;
  const Bytes quote = read_all(vectors / "quotes/openpcc-azure-tdx.bin");
  const auto from = vectors / "collateral/tdx-90c06f000000-202602";
  write("tcb_info", read_all(from / "tcb_info.json"));
  write("tcb_info_chain", read_all(from / "tcb_signing_chain.pem"));
  write("qe_identity", read_all(from / "qe_identity.json"));
  write("qe_identity_chain", read_all(from / "qe_identity_issuer_chain.pem"));
  write("pck_crl", read_all(from / "pck_crl.der"));
  write("root_ca_crl", read_all(from / "root_ca_crl.der"));
  inputs_ = {.policy = widest_policy_for(quote),
             .simulation = false,
             .at = parse_rfc3339("2026-03-01T00:00:00Z").value(),
             .claims = {},
             .collateral_folder = folder_.string()};
  EXPECT_EQ(failure(quote), "evidence.claims") << sentence_;
  EXPECT_EQ(checks_in(seen_.verification, CheckState::kFailed), kGenuine);
}

TEST(EvidenceFileKind, IsToldByTheContent) {
  const auto kind = [](Bytes bytes) {
    bytes.resize(std::max<size_t>(bytes.size(), 40));
    return kind_of_evidence(bytes);
  };
  EXPECT_EQ(*kind({3, 0, 2, 0}), EvidenceFileKind::kSgx);
  EXPECT_EQ(*kind({3, 0, 2, 0, 0x81}), EvidenceFileKind::kSgx);  // reserved there: refused later
  EXPECT_EQ(*kind({4, 0, 2, 0}), EvidenceFileKind::kSgx);
  EXPECT_EQ(*kind({4, 0, 2, 0, 0x81}), EvidenceFileKind::kTdx);
  EXPECT_EQ(*kind({5, 0, 3, 0, 0x81}), EvidenceFileKind::kTdx);
  EXPECT_EQ(*kind({2, 0, 0, 0}), EvidenceFileKind::kSnp);
  EXPECT_EQ(*kind({3, 0, 0, 0}), EvidenceFileKind::kSnp);
  EXPECT_EQ(*kind({5, 0, 0, 0}), EvidenceFileKind::kSnp);
  EXPECT_EQ(*kind({0x84, 0x44}), EvidenceFileKind::kNitro);
  EXPECT_EQ(*kind({0xd2, 0x84, 0x44}), EvidenceFileKind::kNitro);
  EXPECT_EQ(*kind({0x30, 0x82, 1}), EvidenceFileKind::kCertificate);
  EXPECT_EQ(*kind({' ', '\n', '{'}), EvidenceFileKind::kMessage);
  EXPECT_EQ(*kind({'H', 'C', 'L', 'A'}), EvidenceFileKind::kAzure);
  for (const Bytes& unknown : {Bytes{0}, Bytes{6, 0, 2, 0}, Bytes{3, 0, 4, 0}, Bytes{1, 0, 0, 0},
                               Bytes{16, 0, 0, 0}, Bytes{0xd2, 0x83}, Bytes{'H', 'C', 'L', 'B'}})
    EXPECT_EQ(kind(unknown).error().name(), "evidence.kind") << to_hex(unknown);
  EXPECT_EQ(kind_of_evidence({}).error().name(), "evidence.kind");
  EXPECT_EQ(kind_of_evidence(Bytes(kMaxEvidenceFile + 1)).error().name(), "evidence.size");
}

}  // namespace
}  // namespace blindai
