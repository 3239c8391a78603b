// The shared vectors of event logs and of Azure's virtual TPM: real machines' files, with what a
// verifier has to say of them.
#include "lib/attest/dcap_vectors_test.h"
#include "lib/attest/event_log.h"
#include "lib/attest/snp_vectors_test.h"
#include "lib/attest/vtpm_fixture_test.h"

namespace blindai {
namespace {

#define SKIP_WITHOUT(folder)                               \
  if (!std::filesystem::exists((folder) / "vectors.json")) \
  GTEST_SKIP() << "no shared vectors at " << (folder)

// Offsets of a TD quote, version 4: a header of 48 bytes, then the body.
constexpr size_t kMrtdAt = 48 + 136;
constexpr size_t kRtmrAt = 48 + 328;
constexpr size_t kReportDataAt = 48 + 520;

template <size_t N>
ByteArray<N> bytes_at(BytesView wire, size_t at) {
  ByteArray<N> out{};
  ByteReader r(wire);
  EXPECT_TRUE(r.skip(at) && r.array(out));
  return out;
}

struct Azure {
  AzureVtpmEvidence vtpm;
  Bytes nonce;
  AzurePolicy policy;
  std::optional<VerifiedEvidence> evidence;

  Checked<VerifiedAzureVtpm> judged() const {
    return verify_azure_vtpm(*evidence, vtpm, {nonce, {}}, policy);
  }
};

// All 24 PCRs are quoted; PCR 0 has to be `pcr0`, and the others are whatever they are.
Azure load(const std::filesystem::path& folder, const ByteArray<32>& pcr0, BytesView nonce) {
  Azure out;
  out.vtpm.hcl_report = read_all(folder / "hcl_report.bin");
  out.vtpm.quote.message = read_all(folder / "tpm_quote_msg.bin");
  out.vtpm.quote.signature = read_all(folder / "tpm_quote_sig.bin");
  const Bytes pcrs = read_all(folder / "pcrs.json");
  const auto doc = JsonDocument::parse(as_text(pcrs));
  EXPECT_TRUE(doc.has_value());
  const JsonValue list = doc->root();
  for (JsonValue v = list.first(); v.exists(); v = v.next_in(list))
    out.vtpm.quote.pcrs.push_back(array_from_hex<32>(v.string().value()).value());
  out.nonce = to_bytes(nonce);
  out.policy.tpm.pcr_selection = 0xffffff;
  for (auto& pcr : out.policy.tpm.pcrs) pcr.any = true;
  out.policy.tpm.pcrs[0] = {false, {pcr0}};
  return out;
}

void expect_refused_mutants(Azure& azure, std::string_view name) {
  size_t tried = 0;
  const auto flip_all = [&](std::span<uint8_t> bytes, std::string_view what) {
    for (size_t bit = 0; bit < 8 * bytes.size(); ++bit, ++tried) {
      const auto mask = static_cast<uint8_t>(1u << (bit % 8));
      bytes[bit / 8] ^= mask;
      ASSERT_FALSE(azure.judged().ok()) << name << " " << what << " bit " << bit;
      bytes[bit / 8] ^= mask;
    }
  };
  const std::span<uint8_t> hcl(azure.vtpm.hcl_report);
  flip_all(hcl.first(0x20), "header");
  flip_all(hcl.subspan(0x4c0), "runtime data");
  flip_all(azure.vtpm.quote.message, "quote");
  flip_all(azure.vtpm.quote.signature, "signature");
  for (auto& pcr : azure.vtpm.quote.pcrs) flip_all(pcr, "PCR");
  ASSERT_TRUE(azure.judged().ok());
  std::printf("%s: %zu mutants, all refused\n", std::string(name).c_str(), tried);
}

// Each of the vectors' negatives, by the check that it has to fail.
void expect_negatives(const Azure& good) {
  Azure bad = good;
  bad.vtpm.hcl_report[0] ^= 1;
  EXPECT_EQ(failures_in(bad.judged()), "azure.hcl.magic");
  for (const size_t at : {size_t{1760}, size_t{2176}}) {
    bad = good;
    bad.vtpm.hcl_report[at] ^= 1;
    EXPECT_EQ(failures_in(bad.judged()), "azure.runtime.binding");
  }
  bad = good;
  ++bad.vtpm.hcl_report[2176];
  EXPECT_EQ(failures_in(bad.judged()), "azure.runtime.binding");
  bad = good;
  bad.vtpm.quote.signature[0] ^= 1;
  EXPECT_EQ(failures_in(bad.judged()), "tpm.quote.signature");
  bad = good;
  bad.vtpm.quote.pcrs[0][0] ^= 1;
  EXPECT_EQ(failures_in(bad.judged()), "tpm.quote.pcr-digest");
  bad = good;
  std::ranges::reverse(bad.nonce);
  EXPECT_EQ(failures_in(bad.judged()), "tpm.quote.nonce");
  bad = good;
  bad.policy.tpm.pcrs[0].values[0][0] ^= 1;
  EXPECT_EQ(failures_in(bad.judged()), "policy.pcrs");
}

TEST(EventLogVectors, ReplayGivesTheQuotesRtmrs) {
  SKIP_WITHOUT(vectors_of(Tee::kTdx));
  const Bytes quote = read_all(vectors_of(Tee::kTdx) / "quotes/go-tdx-guest-cos-113.bin");
  const Bytes wire = read_all(vectors_of(Tee::kTdx) / "eventlog/ccel_data.dat");
  EXPECT_EQ(to_bytes(bytes_at<64>(quote, kReportDataAt)),
            read_all(vectors_of(Tee::kTdx) / "eventlog/nonce.dat"));
  std::array<ByteArray<48>, 4> rtmr;
  for (size_t i = 0; i < 4; ++i) rtmr[i] = bytes_at<48>(quote, kRtmrAt + 48 * i);
  const auto v = verify_event_log(vouched_tdx({}, bytes_at<48>(quote, kMrtdAt), rtmr), wire);
  ASSERT_TRUE(v.ok()) << v.problem().sentence;
  ASSERT_EQ(v.value()->events().size(), 43u);
  size_t vouched_data = 0;
  for (const LoggedEvent& event : v.value()->events()) vouched_data += data_is_measured(event);
  // Not those that digest a file or a volume instead, nor GRUB's, whose text has a final zero.
  std::printf("43 events, the data of %zu of which are what was hashed\n", vouched_data);
  EXPECT_GT(vouched_data, 0u);
}

TEST(EventLogVectors, EveryFlippedBitOfADigestIsRefused) {
  SKIP_WITHOUT(vectors_of(Tee::kTdx));
  const Bytes quote = read_all(vectors_of(Tee::kTdx) / "quotes/go-tdx-guest-cos-113.bin");
  Bytes wire = read_all(vectors_of(Tee::kTdx) / "eventlog/ccel_data.dat");
  std::array<ByteArray<48>, 4> rtmr;
  for (size_t i = 0; i < 4; ++i) rtmr[i] = bytes_at<48>(quote, kRtmrAt + 48 * i);
  const VerifiedEvidence evidence = vouched_tdx({}, {}, rtmr);
  wire.resize(18101 + 64);  // some of the padding: all of it would only take longer
  const auto log = parse_event_log(wire, EventLogKind::kCc);
  ASSERT_TRUE(log.has_value());
  size_t tried = 0;
  std::vector<size_t> places;
  for (const LoggedEvent& event : log->events)
    places.push_back(static_cast<size_t>(event.sha384.data() - wire.data()));
  for (const size_t place : places)
    for (size_t bit = 0; bit < 8 * 48; ++bit, ++tried) {
      const auto mask = static_cast<uint8_t>(1u << (bit % 8));
      wire[place + bit / 8] ^= mask;
      ASSERT_FALSE(verify_event_log(evidence, wire).ok()) << place << " bit " << bit;
      wire[place + bit / 8] ^= mask;
    }
  size_t cut = 0;
  for (size_t n = 0; n < 18101; ++n, ++cut)
    ASSERT_FALSE(verify_event_log(evidence, BytesView(wire).first(n)).ok()) << n;
  ASSERT_TRUE(verify_event_log(evidence, wire).ok());
  std::printf("%zu mutants and %zu truncations of a real CC event log, all refused\n", tried, cut);
}

TEST(AzureVectors, ATrustDomainsTpm) {
  const auto folder = vectors_of(Tee::kTdx);
  SKIP_WITHOUT(folder);
  const Bytes text = read_all(folder / "vectors.json");
  const auto doc = JsonDocument::parse(as_text(text));
  ASSERT_TRUE(doc.has_value());
  const JsonValue expected = doc->root()["azure_hcl"]["expected"];
  Azure azure =
      load(folder / "azure", array_from_hex<32>(expected["pcr00"].string().value()).value(),
           from_hex(expected["challenge_hex"].string().value()).value());
  const auto hcl = parse_hcl_report(azure.vtpm.hcl_report);
  ASSERT_TRUE(hcl.has_value());
  // The quote itself was withheld by those who published the rest; its report_data were not.
  azure.evidence = vouched_tdx(
      array_from_hex<64>(expected["td_report_data"].string().value()).value(), *hcl->measurement());
  const auto v = azure.judged();
  ASSERT_TRUE(v.ok()) << v.problem().sentence;
  EXPECT_EQ(v.value()->vm_id(), "6332533D-5649-4D02-8AA7-8F64B7C3EE21");
  expect_negatives(azure);
  expect_refused_mutants(azure, "tdx/azure");
}

Collateral collateral_of(const JsonValue& vector) {
  const auto folder = vectors_of(Tee::kSnp);
  const std::string product = vector["product"].string().value();
  Collateral collateral;
  collateral.vek = read_all(folder / vector["vek"].string().value());
  collateral.vek_chain = read_all(folder / vector["ca"].string().value());
  collateral.vek_crl = read_all(folder / (product == "Milan" ? "crl/milan.der" : "crl/genoa.der"));
  return collateral;
}

// What verify() makes of the SNP report in there, with the runtime data as claims.
Verification verified(const HclReport& hcl, BytesView claims, const JsonValue& vector) {
  const Collateral collateral = collateral_of(vector);
  const Evidence evidence{Tee::kSnp, to_bytes(hcl.hardware_report)};
  return verify(evidence, claims, collateral, widest_snp_policy(evidence.quote), production_roots(),
                Time{vector["eval_time_unix"].i64().value()});
}

// verify_azure_vm(): the report and the TPM by one policy.
void expect_judged_as_a_whole(const Azure& azure, const HclReport& hcl, const JsonValue& vector) {
  const Collateral collateral = collateral_of(vector);
  const Time now{vector["eval_time_unix"].i64().value()};
  Policy policy = widest_snp_policy(hcl.hardware_report);
  policy.azure = azure.policy;
  const AzureVmEvidence vm{azure.vtpm, {}};
  const auto judge = [&] {
    return verify_azure_vm(vm, {azure.nonce, {}}, collateral, policy, production_roots(), now);
  };
  const auto good = judge();
  ASSERT_TRUE(good.has_value());
  ASSERT_TRUE(good->ok()) << good->problem().sentence;
  EXPECT_EQ(good->vtpm()->value()->quote().pcr(0), azure.vtpm.quote.pcrs[0]);
  // A report without its TPM does not satisfy a policy that asks for one.
  EXPECT_EQ(checks_in(verify({Tee::kSnp, to_bytes(hcl.hardware_report)}, hcl.runtime_data,
                             collateral, policy, production_roots(), now),
                      CheckState::kFailed),
            "policy.azure");
  policy.azure->tpm.pcrs[0].values[0][0] ^= 1;
  const auto booted_otherwise = judge();
  EXPECT_FALSE(booted_otherwise->ok());
  EXPECT_TRUE(booted_otherwise->hardware().ok());
  EXPECT_EQ(booted_otherwise->problem().name(), "policy.pcrs");
  policy.azure = azure.policy;
  policy.snp->measurement[0][0] ^= 1;
  const auto other_paravisor = judge();
  EXPECT_FALSE(other_paravisor->ok());
  EXPECT_EQ(other_paravisor->problem().name(), "policy.measurement");
  EXPECT_EQ(other_paravisor->vtpm(), nullptr);
  policy.azure.reset();
  EXPECT_EQ(judge().error().name(), "policy.azure");
}

TEST(AzureVectors, AVmWithoutAReadableReportIsRefused) {
  Policy policy;
  policy.azure.emplace();
  AzureVmEvidence vm;
  const auto error = [&] {
    const auto v = verify_azure_vm(vm, {}, {}, policy, production_roots(), Time{0});
    return v.has_value() ? std::string("judged") : std::string(v.error().name());
  };
  EXPECT_EQ(error(), "azure.hcl.layout");
  vm.vtpm.hcl_report = hcl_report(test_runtime(), kHclReportSnp);
  EXPECT_EQ(error(), "judged");
  vm.vtpm.hcl_report = hcl_report(test_runtime(), 3);
  EXPECT_EQ(error(), "azure.hcl.report-type");
}

TEST(AzureVectors, SnpGuestsTpms) {
  const auto folder = vectors_of(Tee::kSnp);
  SKIP_WITHOUT(folder);
  const Bytes text = read_all(folder / "vectors.json");
  const auto doc = JsonDocument::parse(as_text(text));
  ASSERT_TRUE(doc.has_value());
  const JsonValue cases = doc->root()["cases"];
  size_t judged = 0;
  size_t reports = 0;
  for (JsonValue c = cases.first(); c.exists(); c = c.next_in(cases)) {
    const JsonValue azure_case = c["azure"];
    if (!azure_case.exists()) continue;
    const std::string id = c["id"].string().value();
    const Bytes wire = read_all(folder / azure_case["hcl_report"].string().value());
    const auto hcl = parse_hcl_report(wire);
    ASSERT_TRUE(hcl.has_value()) << id;
    EXPECT_EQ(to_bytes(hcl->hardware_report), read_all(folder / c["report"].string().value()));
    EXPECT_EQ(*hcl->report_data(), data_for(as_text(hcl->runtime_data))) << id;
    EXPECT_TRUE(parse_hcl_runtime(as_text(hcl->runtime_data)).has_value()) << id;
    const Verification report = verified(*hcl, hcl->runtime_data, c);
    ASSERT_TRUE(report.ok()) << id << " " << report.problem().sentence;
    Bytes other = to_bytes(hcl->runtime_data);
    other[100] ^= 1;
    EXPECT_EQ(checks_in(verified(*hcl, other, c), CheckState::kFailed), "claims.report-data");
    ++reports;
    if (!azure_case["pcrs"].exists()) continue;
    EXPECT_EQ(to_hex(sha256(hcl->runtime_data)),
              azure_case["runtime_data_sha256"].string().value());
    Azure azure =
        load(folder / id, array_from_hex<32>(azure_case["pcr00"].string().value()).value(),
             from_hex(azure_case["user_data_hex"].string().value()).value());
    azure.evidence = *report.evidence();
    expect_judged_as_a_whole(azure, *hcl, c);
    const auto v = azure.judged();
    ASSERT_TRUE(v.ok()) << id << " " << v.problem().sentence;
    expect_negatives(azure);
    expect_refused_mutants(azure, "snp/" + id);
    ++judged;
  }
  EXPECT_EQ(judged, 2u);
  EXPECT_EQ(reports, 3u);
}

TEST(AzureVectors, AReportOfOldFirmware) {
  const auto folder = vectors_of(Tee::kSnp);
  SKIP_WITHOUT(folder);
  const Bytes wire = read_all(folder / "azure-milan-v2-wrong-vcek/hcl_report.bin");
  const auto hcl = parse_hcl_report(wire);
  ASSERT_TRUE(hcl.has_value());
  const auto runtime = parse_hcl_runtime(as_text(hcl->runtime_data));
  ASSERT_TRUE(runtime.has_value());
  EXPECT_FALSE(runtime->attestation_key_signs);  // "encrypt", in 2023
  EXPECT_FALSE(runtime->user_data.has_value());
}

}  // namespace
}  // namespace blindai
