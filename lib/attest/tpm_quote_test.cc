#include "lib/attest/tpm_quote.h"

#include "lib/attest/vtpm_fixture_test.h"

namespace blindai {
namespace {

const Bytes kQuoteNonce = QuoteFields().nonce;

Checked<VerifiedTpmQuote> judged(const TpmQuoteEvidence& evidence,
                                 const TpmPolicy& policy = test_tpm_policy()) {
  return verify_tpm_quote(evidence, test_tpm().public_key(), kQuoteNonce, policy);
}

TEST(TpmQuote, ReadsEveryFieldFromItsPlace) {
  QuoteFields fields;
  fields.selections = {{0x0004, 0x000001}, {0x000b, 0x8100ff}};
  fields.digest = Bytes(32, 7);
  const Bytes wire = quote_message(fields);
  const auto q = parse_tpm_quote(wire);
  ASSERT_TRUE(q.has_value());
  EXPECT_EQ(q->magic, 0xff544347u);
  EXPECT_EQ(q->type, 0x8018);
  EXPECT_EQ(as_text(q->qualified_signer), "name");
  EXPECT_EQ(to_bytes(q->extra_data), kQuoteNonce);
  EXPECT_EQ(q->clock, 0x0102030405060708u);
  EXPECT_EQ(q->reset_count, 9u);
  EXPECT_EQ(q->restart_count, 10u);
  EXPECT_TRUE(q->clock_safe);
  EXPECT_EQ(q->firmware_version, 0x1112131415161718u);
  EXPECT_EQ(q->selections, fields.selections);
  EXPECT_EQ(to_bytes(q->pcr_digest), Bytes(32, 7));
}

TEST(TpmQuote, RefusesEveryTruncationAndEveryAddition) {
  const Bytes wire = test_quote().message;
  for (size_t n = 0; n < wire.size(); ++n) {
    const auto q = parse_tpm_quote(BytesView(wire).first(n));
    ASSERT_FALSE(q.has_value()) << n;
    EXPECT_EQ(q.error().name(), "tpm.quote.layout");
    EXPECT_LE(q.error().at, n);
  }
  Bytes longer = wire;
  longer.push_back(0);
  EXPECT_EQ(parse_tpm_quote(longer).error().name(), "tpm.quote.layout");
  EXPECT_EQ(parse_tpm_quote(Bytes(kMaxTpmQuote + 1)).error().name(), "tpm.quote.too-large");
}

TEST(TpmQuote, RefusesFieldsBeyondTheirLimits) {
  const Bytes wire = test_quote().message;
  const size_t nonce_at = 12;
  const size_t safe_at = nonce_at + 2 + kQuoteNonce.size() + 16;
  const size_t count_at = safe_at + 9;
  const auto changed = [&](size_t at, uint8_t value) {
    Bytes out = wire;
    out[at] = value;
    return parse_tpm_quote(out).has_value();
  };
  ASSERT_TRUE(changed(0, 0xff));
  EXPECT_FALSE(changed(safe_at, 2));
  EXPECT_FALSE(changed(count_at, 0xff));    // 2^32 selections
  EXPECT_FALSE(changed(count_at + 3, 17));  // more than there are algorithms
  EXPECT_FALSE(changed(count_at + 6, 0));   // a selection of no bytes
  EXPECT_FALSE(changed(count_at + 6, 5));   // of more than 32 PCRs
  EXPECT_FALSE(changed(nonce_at, 0xff));    // a nonce longer than the message
  QuoteFields fields;
  fields.nonce = Bytes(67);
  EXPECT_FALSE(parse_tpm_quote(quote_message(fields)).has_value());
  fields.nonce = Bytes(66);
  fields.digest = Bytes(65);
  EXPECT_FALSE(parse_tpm_quote(quote_message(fields)).has_value());
}

TEST(TpmQuoteVerification, GivesThePcrsWhenEveryCheckPassed) {
  const auto v = judged(test_quote());
  ASSERT_TRUE(v.ok()) << v.problem().sentence;
  EXPECT_EQ(names_in(v, CheckState::kPassed),
            "tpm.quote.layout tpm.quote.signature-form tpm.quote.signature tpm.quote.magic "
            "tpm.quote.type tpm.quote.nonce tpm.quote.pcr-selection tpm.quote.pcr-values "
            "tpm.quote.pcr-digest policy.pcrs");
  for (size_t i = 0; i < 16; ++i) EXPECT_EQ(v.value()->pcr(i), test_pcrs()[i]) << i;
  for (size_t i = 16; i < kNumPcrs; ++i) EXPECT_FALSE(v.value()->pcr(i).has_value()) << i;
  EXPECT_EQ(v.value()->reset_count(), 9u);
  EXPECT_EQ(v.value()->restart_count(), 10u);
  EXPECT_EQ(v.value()->clock(), 0x0102030405060708u);
  EXPECT_EQ(v.value()->firmware_version(), 0x1112131415161718u);
}

TEST(TpmQuoteVerification, TakesATpmtSignatureAsWell) {
  TpmQuoteEvidence evidence = test_quote();
  const Bytes bare = evidence.signature;
  const auto wrapped = [&](uint16_t scheme, uint16_t hash, size_t size) {
    Bytes out;
    put_u16be(out, scheme);
    put_u16be(out, hash);
    put_u16be(out, static_cast<uint16_t>(size));
    append(out, bare);
    return out;
  };
  evidence.signature = wrapped(0x0014, 0x000b, 256);
  EXPECT_TRUE(judged(evidence).ok());
  evidence.signature.push_back(0);
  EXPECT_EQ(failures_in(judged(evidence)), "tpm.quote.signature-form");
  for (const Bytes& other : {wrapped(0x0016, 0x000b, 256), wrapped(0x0014, 0x0004, 256),
                             wrapped(0x0014, 0x000b, 255), wrapped(0x0014, 0x000b, 257), Bytes()}) {
    evidence.signature = other;
    EXPECT_EQ(failures_in(judged(evidence)), "tpm.quote.signature-form");
  }
}

TEST(TpmQuoteVerification, EachFaultFailsItsOwnCheck) {
  const auto failing = [](const QuoteFields& fields) {
    return failures_in(judged(test_quote(fields)));
  };
  EXPECT_EQ(failing({.magic = 0xff544346}), "tpm.quote.magic");
  EXPECT_EQ(failing({.type = 0x8017}), "tpm.quote.type");
  EXPECT_EQ(failing({.nonce = Bytes(20, 1)}), "tpm.quote.nonce");
  EXPECT_EQ(failing({.nonce = {}}), "tpm.quote.nonce");
  EXPECT_EQ(failing({.selections = {}}), "tpm.quote.pcr-selection");
  EXPECT_EQ(failing({.selections = {{0x000b, 0x00fffe}}}), "tpm.quote.pcr-selection");
  EXPECT_EQ(failing({.selections = {{0x000b, 0x01ffff}}}), "tpm.quote.pcr-selection");
  EXPECT_EQ(failing({.selections = {{0x000c, 0x00ffff}}}), "tpm.quote.pcr-selection");
  EXPECT_EQ(failing({.selections = {{0x000b, 0x00ffff}, {0x000b, 0}}}), "tpm.quote.pcr-selection");
  EXPECT_EQ(failing({.digest = Bytes(32)}), "tpm.quote.pcr-digest");
  EXPECT_EQ(failing({.digest = Bytes(31)}), "tpm.quote.pcr-digest");
}

TEST(TpmQuoteVerification, NeedsTheCallersOwnNonce) {
  const TpmQuoteEvidence good = test_quote();
  const RsaPublicKey key = test_tpm().public_key();
  EXPECT_EQ(failures_in(verify_tpm_quote(good, key, as_bytes("another"), test_tpm_policy())),
            "tpm.quote.nonce");
  const TpmQuoteEvidence unasked = test_quote({.nonce = {}});
  EXPECT_EQ(failures_in(verify_tpm_quote(unasked, key, {}, test_tpm_policy())), "tpm.quote.nonce");
}

TEST(TpmQuoteVerification, NeedsThatKey) {
  const TpmQuoteEvidence good = test_quote();
  RsaPublicKey key = test_tpm().public_key();
  key.n[100] ^= 1;
  EXPECT_EQ(failures_in(verify_tpm_quote(good, key, kQuoteNonce, test_tpm_policy())),
            "tpm.quote.signature");
  EXPECT_FALSE(verify_tpm_quote(good, {}, kQuoteNonce, test_tpm_policy()).ok());
}

TEST(TpmQuoteVerification, NeedsEveryValue) {
  TpmQuoteEvidence evidence = test_quote();
  evidence.pcrs.pop_back();
  EXPECT_EQ(failures_in(judged(evidence)), "tpm.quote.pcr-values");
  evidence.pcrs = test_pcrs();
  evidence.pcrs.emplace_back();
  EXPECT_EQ(failures_in(judged(evidence)), "tpm.quote.pcr-values");
  evidence.pcrs = test_pcrs();
  std::swap(evidence.pcrs[0], evidence.pcrs[1]);
  EXPECT_EQ(failures_in(judged(evidence)), "tpm.quote.pcr-digest");
}

TEST(TpmQuoteVerification, APolicyAcceptsOnlyWhatItNames) {
  const TpmQuoteEvidence good = test_quote();
  EXPECT_EQ(failures_in(judged(good, {})), "tpm.quote.pcr-selection");
  TpmPolicy policy = test_tpm_policy();
  policy.pcrs[4].values = {test_pcrs()[5]};
  EXPECT_EQ(failures_in(judged(good, policy)), "policy.pcrs");
  EXPECT_EQ(judged(good, policy).problem().code, Code::kDenied);
  policy = test_tpm_policy();
  policy.pcrs[0] = {};
  EXPECT_EQ(failures_in(judged(good, policy)), "policy.pcrs");
  policy = test_tpm_policy();
  policy.pcr_selection = 0x0100ffff;  // there is no PCR 24
  EXPECT_EQ(failures_in(judged(good, policy)), "tpm.quote.pcr-selection");
}

TEST(TpmQuoteVerification, RefusesEveryFlippedBit) {
  TpmQuoteEvidence evidence = test_quote();
  size_t tried = 0;
  const auto flip_all = [&](std::span<uint8_t> bytes, std::string_view what) {
    for (size_t bit = 0; bit < 8 * bytes.size(); ++bit, ++tried) {
      const auto mask = static_cast<uint8_t>(1u << (bit % 8));
      bytes[bit / 8] ^= mask;
      ASSERT_FALSE(judged(evidence).ok()) << what << " bit " << bit;
      bytes[bit / 8] ^= mask;
    }
  };
  flip_all(evidence.message, "message");
  flip_all(evidence.signature, "signature");
  for (auto& pcr : evidence.pcrs) flip_all(pcr, "pcr");
  ASSERT_TRUE(judged(evidence).ok());
  std::printf("%zu mutants of a TPM quote, all refused\n", tried);
}

TEST(TpmQuoteVerification, RefusesEveryTruncation) {
  const TpmQuoteEvidence good = test_quote();
  for (size_t n = 0; n < good.message.size(); ++n) {
    TpmQuoteEvidence cut = good;
    cut.message.resize(n);
    ASSERT_EQ(failures_in(judged(cut)), "tpm.quote.layout") << n;
  }
  for (size_t n = 0; n < good.signature.size(); ++n) {
    TpmQuoteEvidence cut = good;
    cut.signature.resize(n);
    ASSERT_EQ(failures_in(judged(cut)), "tpm.quote.signature-form") << n;
  }
}

}  // namespace
}  // namespace blindai
