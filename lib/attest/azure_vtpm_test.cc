#include "lib/attest/azure_vtpm.h"

#include <fstream>

#include "lib/attest/vtpm_fixture_test.h"
#include "tests/support/replaced.h"

namespace blindai {
namespace {

const Bytes kNonce = QuoteFields().nonce;

struct Machine {
  std::string runtime = test_runtime();
  AzureVtpmEvidence vtpm = {hcl_report(runtime), test_quote()};
  AzureVtpmQuestion question = {kNonce, {}};
  AzurePolicy policy = {test_tpm_policy(), true};
  VerifiedEvidence evidence = vouched_snp(data_for(runtime));

  Machine() = default;
  explicit Machine(const std::string& text)
      : runtime(text),
        vtpm{hcl_report(text), test_quote()},
        evidence(vouched_snp(data_for(text))) {}
  Checked<VerifiedAzureVtpm> judged() const {
    return verify_azure_vtpm(evidence, vtpm, question, policy);
  }
  std::string failures() const { return failures_in(judged()); }
};

TEST(HclReport, ReadsEveryFieldFromItsPlace) {
  const std::string runtime = test_runtime();
  const Bytes wire = hcl_report(runtime, kHclReportTdx);
  const auto hcl = parse_hcl_report(wire);
  ASSERT_TRUE(hcl.has_value());
  EXPECT_EQ(as_text(hcl->magic), "HCLA");
  EXPECT_EQ(hcl->version, 2u);
  EXPECT_EQ(hcl->request_type, 2u);
  EXPECT_EQ(hcl->hardware_report.data(), wire.data() + 0x20);
  EXPECT_EQ(hcl->hardware_report.size(), 1184u);
  EXPECT_EQ(hcl->runtime_version, 1u);
  EXPECT_EQ(hcl->report_type, kHclReportTdx);
  EXPECT_EQ(hcl->hash_type, kHclSha256);
  EXPECT_EQ(as_text(hcl->runtime_data), runtime);
  EXPECT_EQ(hcl->report_data(), data_for(runtime));
  EXPECT_EQ(hcl->measurement(), kTestMeasurement);
}

TEST(HclReport, RefusesTruncationsLengthsThatDisagreeAndBytesThatFollow) {
  Bytes wire = hcl_report(test_runtime());
  const size_t end = wire.size() - 32;  // of what the header says; zeros follow
  for (size_t n = 0; n < end; ++n) {
    const auto hcl = parse_hcl_report(BytesView(wire).first(n));
    ASSERT_FALSE(hcl.has_value()) << n;
    EXPECT_EQ(hcl.error().name(), "azure.hcl.layout");
  }
  for (size_t n = end; n <= wire.size(); ++n)
    EXPECT_TRUE(parse_hcl_report(BytesView(wire).first(n)).has_value()) << n;
  // Size, status and reserved words of the header, size of the runtime data, size of the JSON.
  for (const size_t at :
       {size_t{8}, size_t{16}, size_t{20}, size_t{31}, size_t{0x4c0}, size_t{0x4d0}})
    for (const uint8_t change : {uint8_t{1}, uint8_t{0x80}}) {
      wire[at] ^= change;
      EXPECT_EQ(parse_hcl_report(wire).error().name(), "azure.hcl.layout") << at;
      wire[at] ^= change;
    }
  wire.back() = 1;
  EXPECT_EQ(parse_hcl_report(wire).error().name(), "azure.hcl.layout");
  EXPECT_EQ(parse_hcl_report(Bytes(kMaxHclReport + 1)).error().name(), "azure.hcl.too-large");
}

TEST(HclRuntime, ReadsKeyAndConfiguration) {
  const auto runtime = parse_hcl_runtime(test_runtime());
  ASSERT_TRUE(runtime.has_value());
  EXPECT_EQ(runtime->attestation_key, test_tpm().public_key());
  EXPECT_TRUE(runtime->attestation_key_signs);
  EXPECT_TRUE(runtime->secure_boot);
  EXPECT_TRUE(runtime->tpm_enabled);
  EXPECT_EQ(runtime->vm_id, "VM-1");
  EXPECT_EQ(runtime->user_data, (ByteArray<64>{}));
}

TEST(HclRuntime, RefusesWhatIsAbsentTwiceOrOfAnotherForm) {
  const std::string good = test_runtime();
  const std::string n = to_base64url(test_tpm().public_key().n);
  const std::string key = good.substr(9, good.find("}]") - 8);
  const std::string weak = to_base64url(BytesView(test_tpm().public_key().n).first(255));
  for (const std::string& bad : {
           replaced(good, "HCLAkPub", "HCLEkPub"),
           replaced(good, "\"keys\"", "\"Keys\""),
           replaced(good, "}]", "}," + key + "]"),  // two of that name
           replaced(good, "\"RSA\"", "\"EC\""),
           replaced(good, n, weak),               // under 2048 bits, and even or odd
           replaced(good, n, n + "="),            // padded
           replaced(good, n, "+" + n.substr(1)),  // base64, not base64url
           replaced(good, n, ""),
           replaced(good, "AQAB", "Aw"),  // exponent 3
           replaced(good, "true,\"tpm", "1,\"tpm"),
           replaced(good, "\"tpm-enabled\":true,", ""),
           replaced(good, "\"vmUniqueId\"", "\"vmuniqueid\""),
           replaced(good, std::string(128, '0'), std::string(126, '0')),
           replaced(good, std::string(128, '0'), std::string(128, 'x')),
       }) {
    const auto runtime = parse_hcl_runtime(bad);
    ASSERT_FALSE(runtime.has_value()) << bad;
    EXPECT_EQ(runtime.error().name(), "azure.runtime.layout") << bad;
  }
  EXPECT_EQ(parse_hcl_runtime(replaced(good, "\"keys\"", "\"vm-configuration\"")).error().name(),
            "json.duplicate-key");
  EXPECT_EQ(parse_hcl_runtime(good + " x").error().name(), "json.trailing");
  EXPECT_EQ(parse_hcl_runtime(std::string(9000, ' ')).error().name(), "json.too-large");
  for (size_t length = 0; length < good.size(); ++length)
    ASSERT_FALSE(parse_hcl_runtime(good.substr(0, length)).has_value()) << length;
  EXPECT_FALSE(parse_hcl_runtime("[]").has_value());
}

TEST(AzureVtpm, GivesTheQuoteWhenEveryCheckPassed) {
  const Machine machine;
  const auto v = machine.judged();
  ASSERT_TRUE(v.ok()) << v.problem().sentence;
  EXPECT_EQ(names_in(v, CheckState::kNotReached), "");
  EXPECT_EQ(v.value()->quote().pcr(4), test_pcrs()[4]);
  EXPECT_EQ(v.value()->attestation_key(), test_tpm().public_key());
  EXPECT_EQ(v.value()->vm_id(), "VM-1");
  EXPECT_TRUE(v.value()->secure_boot());
  EXPECT_EQ(v.value()->user_data(), (ByteArray<64>{}));
}

TEST(AzureVtpm, AlsoOfATrustDomain) {
  Machine machine;
  machine.vtpm.hcl_report = hcl_report(machine.runtime, kHclReportTdx);
  EXPECT_EQ(machine.failures(), "azure.hcl.report-type");
  machine.evidence = vouched_tdx(data_for(machine.runtime));
  EXPECT_TRUE(machine.judged().ok());
  machine.evidence = vouched(SgxIdentity{}, data_for(machine.runtime));
  EXPECT_EQ(machine.failures(), "azure.hcl.report-type");
}

TEST(AzureVtpm, EachFaultOfTheReportFailsItsOwnCheck) {
  const auto failing = [](size_t at, uint8_t value) {
    Machine machine;
    machine.vtpm.hcl_report[at] = value;
    EXPECT_EQ(machine.judged().find("tpm.quote.layout")->state, CheckState::kNotReached);
    return machine.failures();
  };
  EXPECT_EQ(failing(0, 'h'), "azure.hcl.magic");
  EXPECT_EQ(failing(4, 0), "azure.hcl.version");
  EXPECT_EQ(failing(4, 3), "azure.hcl.version");
  EXPECT_EQ(failing(0x4c4, 2), "azure.hcl.version");
  EXPECT_EQ(failing(12, 1), "azure.hcl.request-type");
  EXPECT_EQ(failing(0x4c8, 4), "azure.hcl.report-type");
  EXPECT_EQ(failing(0x4c8, 3), "azure.hcl.report-type");
  EXPECT_EQ(failing(0x4cc, 2), "azure.hcl.hash-type");
  EXPECT_EQ(failing(0x20 + 0x50, 0), "azure.hcl.report");  // its report_data
  EXPECT_EQ(failing(0x20 + 0x90, 0), "azure.hcl.report");  // its measurement
  EXPECT_EQ(failing(0x4d4 + 1, ' '), "azure.runtime.binding");
  EXPECT_EQ(failing(8, 1), "azure.hcl.layout");
}

TEST(AzureVtpm, TheTeeHasToVouchForTheRuntimeData) {
  Machine machine;
  machine.evidence = vouched_snp(data_for("other"));
  EXPECT_EQ(machine.failures(), "azure.hcl.report azure.runtime.binding");
  ByteArray<64> half = data_for(machine.runtime);
  half[40] = 1;  // the second half has to be zeros
  machine.evidence = vouched_snp(half);
  EXPECT_EQ(machine.failures(), "azure.hcl.report azure.runtime.binding");
  machine.evidence = vouched_snp(data_for(machine.runtime), {});
  EXPECT_EQ(machine.failures(), "azure.hcl.report");
}

TEST(AzureVtpm, JudgesTheConfigurationThatTheRuntimeDataState) {
  const std::string good = test_runtime();
  EXPECT_EQ(Machine(replaced(good, "HCLAkPub", "other")).failures(), "azure.runtime.layout");
  EXPECT_EQ(Machine(replaced(good, "[\"sign\"]", "[\"encrypt\"]")).failures(),
            "azure.runtime.key-use");
  EXPECT_EQ(Machine(replaced(good, "[\"sign\"]", "[\"sign\",\"encrypt\"]")).failures(),
            "azure.runtime.key-use");
  EXPECT_EQ(Machine(replaced(good, "\"key_ops\":[\"sign\"],", "")).failures(),
            "azure.runtime.key-use");
  EXPECT_EQ(Machine(replaced(good, "enabled\":true", "enabled\":false")).failures(),
            "azure.runtime.tpm");
  Machine insecure(replaced(good, "boot\":true", "boot\":false"));
  EXPECT_EQ(insecure.failures(), "policy.secure-boot");
  insecure.policy.require_secure_boot = false;
  EXPECT_TRUE(insecure.judged().ok());
  EXPECT_FALSE(insecure.judged().value()->secure_boot());
}

TEST(AzureVtpm, UserDataHaveToBeTheCallers) {
  const std::string good = test_runtime();
  Machine machine(replaced(good, std::string(128, '0'), "4A4b4c" + std::string(122, '0')));
  machine.question.user_data = as_bytes("JKL");
  EXPECT_TRUE(machine.judged().ok());
  machine.question.user_data = as_bytes("JKM");
  EXPECT_EQ(machine.failures(), "azure.runtime.user-data");
  machine.question.user_data = as_bytes("JK");
  EXPECT_EQ(machine.failures(), "azure.runtime.user-data");
  machine.question.user_data = BytesView();
  EXPECT_EQ(machine.failures(), "azure.runtime.user-data");
  const Bytes long_data(65, 0);
  Machine plain;
  plain.question.user_data = long_data;
  EXPECT_EQ(plain.failures(), "azure.runtime.user-data");
  Machine old(replaced(good, ",\"user-data\":\"" + std::string(128, '0') + "\"", ""));
  EXPECT_TRUE(old.judged().ok());
  old.question.user_data = BytesView(long_data).first(64);
  EXPECT_EQ(old.failures(), "azure.runtime.user-data");
}

TEST(AzureVtpm, TheQuoteHasToBeThatKeys) {
  Machine machine;
  machine.vtpm.quote.signature[9] ^= 1;
  EXPECT_EQ(machine.failures(), "tpm.quote.signature");
  machine = Machine();
  machine.question.nonce = as_bytes("another");
  EXPECT_EQ(machine.failures(), "tpm.quote.nonce");
  machine = Machine();
  machine.policy = {};
  EXPECT_EQ(machine.failures(), "tpm.quote.pcr-selection");
}

TEST(AzureVtpm, EveryCheckIsDocumented) {
  std::ifstream in(BLINDAI_SOURCE_DIR "/docs/attestation-azure.md");
  const std::string page((std::istreambuf_iterator<char>(in)), {});
  const auto v = Machine().judged();
  EXPECT_EQ(v.checks().size(), 23u);
  for (const Check& c : v.checks())
    EXPECT_NE(page.find("| `" + std::string(c.name()) + "` |"), std::string::npos) << c.name();
}

TEST(AzureVtpm, RefusesEveryFlippedBitOutsideTheHardwareReport) {
  Machine machine;
  size_t tried = 0;
  size_t free_bits = 0;
  Bytes& wire = machine.vtpm.hcl_report;
  for (size_t bit = 0; bit < 8 * wire.size(); ++bit, ++tried) {
    const size_t at = bit / 8;
    const auto mask = static_cast<uint8_t>(1u << (bit % 8));
    wire[at] ^= mask;
    const bool ok = machine.judged().ok();
    wire[at] ^= mask;
    if (!ok) continue;
    // The hardware report but for report_data and measurement: verify() judges an SNP report as the
    // evidence itself, and of a TDREPORT nothing else is relied on.
    ASSERT_TRUE(at >= 0x20 && at < 0x4c0) << "byte " << at;
    ASSERT_FALSE(at >= 0x20 + 0x50 && at < 0x20 + 0x90 + 48) << "byte " << at;
    ++free_bits;
  }
  EXPECT_EQ(free_bits, 8 * (kHclHardwareReportLen - 112));
  std::printf(
      "%zu mutants of an HCL report, %zu of them in unjudged bytes of the hardware report\n", tried,
      free_bits);
}

}  // namespace
}  // namespace blindai
