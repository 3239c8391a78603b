#include "lib/channel/binding.h"

#include <gtest/gtest.h>

#include "enclave/tee/simulation/simulation_source.h"
#include "lib/channel/simulation_root.h"

namespace blindai {
namespace {

constexpr Time kBindingNow{1795000000};

// A server, what it says of itself, and evidence for it that verified.
class BindingTest : public testing::Test {
 protected:
  Verification verified(const Bytes& claims_wire) {
    SimulationSource source(sha256(as_bytes("programs")), [] { return kBindingNow; });
    const Policy policy = {.sgx = SgxPolicy{.mr_enclave = {sha256(as_bytes("programs"))},
                                            .mr_signer = {},
                                            .isv_prod_id = {},
                                            .min_isv_svn = {},
                                            .misc_select = {},
                                            .attributes = {}},
                           .tcb_statuses = {TcbStatus::kUpToDate},
                           .advisories = {},
                           .configurations = accepted,
                           .min_tcb_evaluation_number = 17,
                           .max_evidence_age_s = 3600,
                           .allow_debug = false};
    return verify(source.evidence(report_data_of(claims_wire)).value(), claims_wire,
                  source.collateral().value(), policy, simulation_roots(), kBindingNow);
  }
  // The names of the checks that failed, each followed by a space.
  static std::string failures(const Binding& binding) {
    std::string out;
    for (const Check& c : binding.checks)
      if (c.state == CheckState::kFailed) out += std::string(c.name()) + " ";
    EXPECT_EQ(binding.ok(), out.empty());
    EXPECT_EQ(binding.first_failure() == nullptr, out.empty());
    return out;
  }
  std::string fresh_failures(const Claims& claims) {
    const Bytes wire = encode_claims(claims);
    const Verification v = verified(wire);
    return failures(bind_fresh(*v.evidence(), wire, here, fresh, accepted));
  }
  std::string certificate_failures(const Claims& claims) {
    const Bytes wire = encode_claims(claims);
    const Verification v = verified(wire);
    return failures(bind_certificate(*v.evidence(), wire, here, accepted));
  }

  const Bytes tls_spki = SigningKey::generate().spki();
  const Bytes receipt_spki = SigningKey::generate().spki();
  const std::string config = "limit = 1\n";
  const Freshness fresh = {.nonce = sha256(as_bytes("nonce")),
                           .exporter = sha256(as_bytes("exporter"))};
  const ChannelFacts here = {
      .tls_spki = tls_spki, .config = as_bytes(config), .receipt_key_spki = receipt_spki};
  const Accepted<Sha256Digest> accepted = {.any = false, .values = {sha256(as_bytes(config))}};
  const Claims boot = {.tls_key_hash = sha256(tls_spki),
                       .config_hash = sha256(as_bytes(config)),
                       .receipt_key_hash = sha256(receipt_spki),
                       .nonce = {},
                       .exporter = {}};
  const Claims live = [this] {
    Claims out = boot;
    out.nonce = fresh.nonce;
    out.exporter = fresh.exporter;
    return out;
  }();
};

TEST_F(BindingTest, HoldsForTheServersOwnClaims) {
  EXPECT_EQ(certificate_failures(boot), "");
  EXPECT_EQ(fresh_failures(live), "");
}

TEST_F(BindingTest, ListsEveryCheckByName) {
  const Bytes wire = encode_claims(live);
  const Verification v = verified(wire);
  std::string names;
  for (const Check& c : bind_fresh(*v.evidence(), wire, here, fresh, accepted).checks)
    names += std::string(c.name()) + " ";
  EXPECT_EQ(names,
            "channel.claims channel.key channel.config channel.config-accepted "
            "channel.receipt-key channel.nonce channel.exporter ");
  EXPECT_EQ(bind_certificate(*v.evidence(), wire, here, accepted).checks.size(), 5u);
}

TEST_F(BindingTest, EvidenceWithoutNonceOrExporterIsNotFresh) {
  EXPECT_EQ(fresh_failures(boot), "channel.nonce channel.exporter ");
  Claims half = live;
  half.exporter.reset();
  EXPECT_EQ(fresh_failures(half), "channel.exporter ");
}

TEST_F(BindingTest, OneDifferentByteFailsItsOwnCheck) {
  const struct {
    std::function<void(Claims&)> change;
    const char* fresh;
    const char* certificate;
  } rows[] = {
      {[](Claims& c) { c.tls_key_hash[31] ^= 1; }, "channel.key ", "channel.key "},
      {[](Claims& c) { c.config_hash[0] ^= 1; }, "channel.config channel.config-accepted ",
       "channel.config channel.config-accepted "},
      {[](Claims& c) { c.receipt_key_hash[5] ^= 1; }, "channel.receipt-key ",
       "channel.receipt-key "},
      {[](Claims& c) { (*c.nonce)[0] ^= 1; }, "channel.nonce ", ""},
      {[](Claims& c) { (*c.exporter)[31] ^= 0x80; }, "channel.exporter ", ""},
  };
  for (const auto& row : rows) {
    Claims changed = live;
    row.change(changed);
    EXPECT_EQ(fresh_failures(changed), row.fresh);
    EXPECT_EQ(certificate_failures(changed), row.certificate);
  }
}

TEST_F(BindingTest, ClaimsThatTheEvidenceDoesNotVouchForEndIt) {
  const Verification v = verified(encode_claims(boot));
  const Bytes other = encode_claims(live);
  const Binding binding = bind_fresh(*v.evidence(), other, here, fresh, accepted);
  EXPECT_EQ(failures(binding), "channel.claims ");
  EXPECT_FALSE(binding.claims.has_value());
  EXPECT_EQ(binding.checks.size(), 7u);
  EXPECT_EQ(binding.find("channel.exporter")->state, CheckState::kNotReached);
  EXPECT_EQ(bind_certificate(*v.evidence(), other, here, accepted).checks.size(), 5u);
}

TEST_F(BindingTest, VouchedForBytesThatAreNoClaimsEndIt) {
  const Bytes wire = {0xa0};
  const Verification v = verified(wire);
  const Binding binding = bind_certificate(*v.evidence(), wire, here, accepted);
  EXPECT_EQ(failures(binding), "channel.claims ");
  EXPECT_EQ(binding.find("channel.claims")->found, "channel.claims.missing");
}

TEST_F(BindingTest, ThePolicyDecidesOnTheConfiguration) {
  const Bytes wire = encode_claims(boot);
  const Verification v = verified(wire);
  const auto with = [&](const Accepted<Sha256Digest>& list) {
    return failures(bind_certificate(*v.evidence(), wire, here, list));
  };
  EXPECT_EQ(with({.any = true, .values = {}}), "");
  EXPECT_EQ(with({}), "channel.config-accepted ");
  EXPECT_EQ(with({.any = false, .values = {sha256({}), sha256({})}}), "channel.config-accepted ");
}

TEST_F(BindingTest, AnEmptyResultIsNotOk) {
  EXPECT_FALSE(Binding{}.ok());
}

TEST_F(BindingTest, TellsAPersonWhatToDo) {
  const Bytes wire = encode_claims(boot);
  const Verification v = verified(wire);
  const Problem problem = bind_fresh(*v.evidence(), wire, here, fresh, accepted).problem();
  EXPECT_EQ(problem.name(), "channel.nonce");
  EXPECT_EQ(problem.code, Code::kUntrusted);
  EXPECT_NE(problem.sentence.find(to_hex(fresh.nonce)), std::string::npos);
  EXPECT_NE(problem.sentence.find("found absent"), std::string::npos);
}

TEST_F(BindingTest, TheExportersLabelIsTheDocumentedOne) {
  EXPECT_EQ(kExporterLabel, "EXPORTER-blindai-attest");
  EXPECT_EQ(kExporterLen, 32u);
}

}  // namespace
}  // namespace blindai
