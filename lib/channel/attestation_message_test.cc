#include "lib/channel/attestation_message.h"

#include <gtest/gtest.h>

#include "lib/channel/certificate.h"
#include "lib/channel/claims.h"

namespace blindai {
namespace {

AttestationMessage sample() {
  return {.evidence = {Tee::kSgx, Bytes{3, 0, 2}},
          .claims = Bytes{0xa0},
          .collateral = {.tcb_info = to_bytes(as_bytes("{\"tcbInfo\":{}}")),
                         .tcb_info_chain = Bytes{1},
                         .qe_identity = Bytes{2, 2},
                         .qe_identity_chain = Bytes{3, 3, 3},
                         .pck_crl = Bytes{4},
                         .pck_crl_chain = Bytes{5},
                         .root_ca_crl = Bytes{}},
          .config = "a = \"\u00fc\"\n\t\x01",
          .receipt_key_spki = Bytes{6, 7}};
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

std::string error_of(std::string_view text) {
  const auto read = decode_attestation_message(text);
  return read.has_value() ? "" : std::string(read.error().name());
}

TEST(AttestationMessage, IsReadAsItWasWritten) {
  const AttestationMessage sent = sample();
  const std::string text = encode_attestation_message(sent).value();
  const auto read = decode_attestation_message(text);
  ASSERT_TRUE(read.has_value()) << read.error().name();
  EXPECT_EQ(read->evidence.tee, sent.evidence.tee);
  EXPECT_EQ(read->evidence.quote, sent.evidence.quote);
  EXPECT_EQ(read->claims, sent.claims);
  EXPECT_EQ(read->collateral.tcb_info, sent.collateral.tcb_info);
  EXPECT_EQ(read->collateral.tcb_info_chain, sent.collateral.tcb_info_chain);
  EXPECT_EQ(read->collateral.qe_identity, sent.collateral.qe_identity);
  EXPECT_EQ(read->collateral.qe_identity_chain, sent.collateral.qe_identity_chain);
  EXPECT_EQ(read->collateral.pck_crl, sent.collateral.pck_crl);
  EXPECT_EQ(read->collateral.pck_crl_chain, sent.collateral.pck_crl_chain);
  EXPECT_EQ(read->collateral.root_ca_crl, sent.collateral.root_ca_crl);
  EXPECT_EQ(read->config, sent.config);
  EXPECT_EQ(read->receipt_key_spki, sent.receipt_key_spki);
  EXPECT_EQ(encode_attestation_message(*read).value(), text);
}

TEST(AttestationMessage, EveryFieldIsRequired) {
  for (const char* name : {"tee", "evidence", "claims", "collateral", "config", "receipt_key",
                           "tcb_info", "tcb_info_chain", "qe_identity", "qe_identity_chain",
                           "pck_crl", "pck_crl_chain", "root_ca_crl"}) {
    const std::string quoted = "\"" + std::string(name) + "\":";
    std::string text = encode_attestation_message(sample()).value();
    replace(text, quoted, "\"other\":");
    EXPECT_EQ(error_of(text), "channel.message.field") << name;
    text = encode_attestation_message(sample()).value();
    replace(text, quoted, quoted + "null,\"other\":");
    EXPECT_EQ(error_of(text), "channel.message.field") << name;
  }
}

// Each TEE has its own collateral, and a message for it nothing of another's.
TEST(AttestationMessage, CarriesTheCollateralOfEveryTee) {
  for (const Tee tee : {Tee::kSgx, Tee::kTdx, Tee::kSnp, Tee::kNitro}) {
    AttestationMessage sent = sample();
    sent.evidence.tee = tee;
    sent.collateral = {.vek = {7}, .vek_chain = {8, 8}, .vek_crl = {9, 9, 9}};
    uint8_t value = 0;
    for (const CollateralPart& part : collateral_parts(tee))
      sent.collateral.*part.member = Bytes(2, ++value);
    const std::string text = encode_attestation_message(sent).value();
    const auto read = decode_attestation_message(text);
    ASSERT_TRUE(read.has_value()) << name_of(tee) << read.error().name();
    EXPECT_EQ(read->evidence.tee, tee);
    EXPECT_EQ(read->evidence.quote, sent.evidence.quote);
    for (const CollateralPart& part : collateral_parts(tee)) {
      EXPECT_EQ(read->collateral.*part.member, sent.collateral.*part.member) << part.name;
      std::string missing = text;
      replace(missing, "\"" + std::string(part.name) + "\":", "\"other\":");
      EXPECT_EQ(error_of(missing), "channel.message.field") << part.name;
    }
    const bool amd = tee == Tee::kSnp, intel = tee == Tee::kSgx || tee == Tee::kTdx;
    EXPECT_EQ(text.contains("\"vek\""), amd) << name_of(tee);
    EXPECT_EQ(text.contains("\"tcb_info\""), intel) << name_of(tee);
    EXPECT_EQ(read->collateral.vek.empty(), !amd) << name_of(tee);
    EXPECT_EQ(encode_attestation_message(*read).value(), text);
  }
}

TEST(AttestationMessage, OfNitroHasAnEmptyCollateral) {
  AttestationMessage sent = sample();
  sent.evidence.tee = Tee::kNitro;
  const std::string text = encode_attestation_message(sent).value();
  EXPECT_NE(text.find("\"collateral\":{}"), std::string::npos);
  std::string missing = text;
  replace(missing, "\"collateral\":{}", "\"collateral\":null");
  EXPECT_EQ(error_of(missing), "channel.message.field");
  missing = text;
  replace(missing, "\"collateral\":{},", "");
  EXPECT_EQ(error_of(missing), "channel.message.field");
}

TEST(AttestationMessage, RefusesOversizedCollateralOfEveryTee) {
  for (const Tee tee : {Tee::kTdx, Tee::kSnp}) {
    for (const CollateralPart& part : collateral_parts(tee)) {
      AttestationMessage message = sample();
      message.evidence.tee = tee;
      (message.collateral.*part.member).resize(kMaxCollateralPart + 1);
      EXPECT_EQ(encode_attestation_message(message).error().name(), "channel.message.size")
          << part.name;
    }
  }
}

TEST(AttestationMessage, IgnoresFieldsItDoesNotKnow) {
  std::string text = encode_attestation_message(sample()).value();
  replace(text, "{", "{\"new\":[1,{}],");
  EXPECT_EQ(error_of(text), "");
}

TEST(AttestationMessage, RefusesRepeatedFields) {
  std::string text = encode_attestation_message(sample()).value();
  replace(text, "{", "{\"tee\":\"sgx\",");
  EXPECT_EQ(error_of(text), "json.duplicate-key");
}

TEST(AttestationMessage, RefusesOtherSpellings) {
  std::string text = encode_attestation_message(sample()).value();
  replace(text, "\"sgx\"", "\"SGX\"");
  EXPECT_EQ(error_of(text), "channel.message.field");
  text = encode_attestation_message(sample()).value();
  replace(text, "\"receipt_key\":\"Bgc=\"", "\"receipt_key\":\"Bgc\"");
  EXPECT_EQ(error_of(text), "channel.message.field");
  EXPECT_EQ(error_of("[]"), "channel.message.field");
}

TEST(AttestationMessage, RefusesFieldsOverTheirLimits) {
  const auto over = [](auto change) {
    AttestationMessage message = sample();
    change(message);
    const auto text = encode_attestation_message(message);
    return text.has_value() ? "" : std::string(text.error().name());
  };
  EXPECT_EQ(over([](auto& m) { m.evidence.quote.resize(kMaxEvidence); }), "");
  EXPECT_EQ(over([](auto& m) { m.evidence.quote.resize(kMaxEvidence + 1); }),
            "channel.message.size");
  EXPECT_EQ(over([](auto& m) { m.claims.resize(kMaxClaims + 1); }), "channel.message.size");
  EXPECT_EQ(over([](auto& m) { m.config.resize(kMaxConfig + 1); }), "channel.message.size");
  EXPECT_EQ(over([](auto& m) { m.receipt_key_spki.resize(kMaxKey + 1); }), "channel.message.size");
  EXPECT_EQ(over([](auto& m) { m.collateral.pck_crl.resize(kMaxCollateralPart + 1); }),
            "channel.message.size");
  EXPECT_EQ(over([](auto& m) { m.config = "\xff"; }), "channel.message.utf8");

  std::string text = encode_attestation_message(sample()).value();
  replace(text, "\"claims\":\"oA==\"", "\"claims\":\"" + to_base64(Bytes(kMaxClaims + 1)) + "\"");
  EXPECT_EQ(error_of(text), "channel.message.size");
  text = encode_attestation_message(sample()).value();
  replace(text, "\"config\":\"", "\"config\":\"" + std::string(kMaxConfig, 'x'));
  EXPECT_EQ(error_of(text), "channel.message.size");
  EXPECT_EQ(error_of(std::string(kMaxAttestationMessage + 1, ' ')), "channel.message.size");
}

TEST(AttestationMessage, RefusesEveryTruncation) {
  const std::string text = encode_attestation_message(sample()).value();
  for (size_t length = 0; length < text.size(); ++length)
    EXPECT_NE(error_of(text.substr(0, length)), "") << length;
}

TEST(AttestationMessage, FlippedBitsFailOrAreSeen) {
  // Without escapes, whose hexadecimal JSON allows in either case.
  AttestationMessage message = sample();
  message.config = "a = 1";
  const std::string text = encode_attestation_message(message).value();
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto read = decode_attestation_message(changed);
    if (read.has_value()) {
      EXPECT_NE(encode_attestation_message(*read).value(), text) << bit;
    }
  }
}

TEST(AttestationQuestion, IsReadAsItWasWritten) {
  ByteArray<32> nonce;
  nonce.fill(0xa5);
  const std::string text = encode_attestation_question(nonce);
  EXPECT_EQ(text, "{\"nonce\":\"paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU=\"}");
  EXPECT_EQ(decode_attestation_question(text).value(), nonce);
}

TEST(AttestationQuestion, RefusesEverythingElse) {
  const auto error = [](std::string_view text) {
    const auto read = decode_attestation_question(text);
    return read.has_value() ? "" : std::string(read.error().name());
  };
  const std::string good = encode_attestation_question({});
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_NE(error(good.substr(0, length)), "") << length;
  EXPECT_EQ(error("{}"), "channel.question.nonce");
  EXPECT_EQ(error("null"), "channel.question.nonce");
  EXPECT_EQ(error("{\"nonce\":1}"), "channel.question.nonce");
  EXPECT_EQ(error("{\"nonce\":\"\"}"), "channel.question.nonce");
  EXPECT_EQ(error("{\"nonce\":\"" + to_base64(Bytes(31)) + "\"}"), "channel.question.nonce");
  EXPECT_EQ(error("{\"nonce\":\"" + to_base64(Bytes(33)) + "\"}"), "channel.question.nonce");
  EXPECT_EQ(error("{\"more\":0," + good.substr(1)), "channel.question.nonce");
  EXPECT_EQ(error("{\"nonce\":\"\"," + good.substr(1)), "json.duplicate-key");
  EXPECT_EQ(error(std::string(kMaxAttestationQuestion + 1, ' ')), "channel.question.size");
}

}  // namespace
}  // namespace blindai
