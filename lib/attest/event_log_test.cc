#include "lib/attest/event_log.h"

#include "lib/attest/event_log_fixture_test.h"
#include "lib/attest/vtpm_fixture_test.h"

namespace blindai {
namespace {

ByteArray<48> chain384(std::initializer_list<std::string_view> events) {
  ByteArray<48> value{};
  for (const std::string_view event : events) {
    Bytes joined = to_bytes(value);
    append(joined, sha384(as_bytes(event)));
    value = sha384(joined);
  }
  return value;
}

ByteArray<32> chain256(ByteArray<32> value, std::initializer_list<std::string_view> events) {
  for (const std::string_view event : events) {
    Bytes joined = to_bytes(value);
    append(joined, sha256(as_bytes(event)));
    value = sha256(joined);
  }
  return value;
}

std::array<ByteArray<48>, 4> cc_registers() {
  return {chain384({"variable", "done"}), chain384({"loader"}), chain384({"command line"}), {}};
}

// Quoted PCRs 0 to 15, of which tpm_log() explains 0 to 7.
TpmQuoteEvidence quote_of_tpm_log() {
  TpmQuoteEvidence evidence;
  evidence.pcrs.resize(16);
  ByteArray<32> start{};
  start.back() = 3;
  evidence.pcrs[0] = chain256(start, {"version", "done"});
  evidence.pcrs[7] = chain256({}, {"secure boot"});
  evidence.pcrs[9].fill(9);
  QuoteFields fields;
  fields.digest = digest_of(evidence.pcrs);
  evidence.message = quote_message(fields);
  evidence.signature = test_tpm().sign(evidence.message);
  return evidence;
}

VerifiedTpmQuote verified_quote() {
  TpmPolicy policy;
  policy.pcr_selection = 0xffff;
  for (auto& pcr : policy.pcrs) pcr.any = true;
  const auto out =
      verify_tpm_quote(quote_of_tpm_log(), test_tpm().public_key(), QuoteFields().nonce, policy);
  return *out.value();
}

std::string_view error_of(BytesView wire, EventLogKind kind = EventLogKind::kCc) {
  const auto log = parse_event_log(wire, kind);
  return log.has_value() ? "none" : log.error().name();
}

TEST(EventLog, ReadsEveryEvent) {
  const Bytes wire = tpm_log();
  const auto log = parse_event_log(wire, EventLogKind::kTpm);
  ASSERT_TRUE(log.has_value());
  EXPECT_TRUE(log->has_sha256);
  EXPECT_TRUE(log->has_sha384);
  EXPECT_EQ(log->startup_locality, 3);
  ASSERT_EQ(log->events.size(), 4u);
  EXPECT_FALSE(log->events[0].measured());
  const LoggedEvent& event = log->events[2];
  EXPECT_EQ(event.index, 7u);
  EXPECT_EQ(event.type, 0x80000001u);
  EXPECT_EQ(as_text(event.data), "secure boot");
  EXPECT_TRUE(equal(event.sha256, sha256(event.data)));
  EXPECT_TRUE(equal(event.sha384, sha384(event.data)));
  EXPECT_TRUE(event.measured());
  EXPECT_TRUE(data_is_measured(event));
  LoggedEvent other = event;
  other.data = as_bytes("secure b00t");
  EXPECT_FALSE(data_is_measured(other));
  EXPECT_FALSE(data_is_measured(log->events[0]));
}

TEST(EventLog, EndsWithTheInputOrItsPadding) {
  const Bytes wire = cc_log();
  const size_t events = parse_event_log(wire, EventLogKind::kCc)->events.size();
  for (const uint8_t fill : {uint8_t{0}, uint8_t{0xff}})
    for (const size_t length : {size_t{1}, size_t{4}, size_t{11}, size_t{12}, size_t{500}}) {
      Bytes padded = wire;
      padded.insert(padded.end(), length, fill);
      const auto log = parse_event_log(padded, EventLogKind::kCc);
      ASSERT_TRUE(log.has_value()) << length;
      EXPECT_EQ(log->events.size(), events);
      padded.back() = 1;
      EXPECT_EQ(error_of(padded), "event-log.event") << length;
    }
}

TEST(EventLog, ATruncationIsRefusedOrLosesWholeEvents) {
  const Bytes wire = cc_log();
  size_t shorter = 0;
  for (size_t n = 0; n < wire.size(); ++n) {
    const auto log = parse_event_log(BytesView(wire).first(n), EventLogKind::kCc);
    if (!log.has_value()) {
      EXPECT_LE(log.error().at, n);
      continue;
    }
    ++shorter;
    ASSERT_LT(log->events.size(), 5u) << n;
    // What is left does not give the registers any more.
    EXPECT_NE(*replay_rtmrs(*log), cc_registers()) << n;
  }
  // At the end of the header and of each event but the last; and within the note's register,
  // FFFFFFFFh, whose bytes alone look like padding.
  EXPECT_EQ(shorter, 9u);
}

TEST(EventLog, RefusesAHeaderThatIsNotCryptoAgile) {
  const Bytes good = cc_log();
  const auto changed = [&](size_t at, uint8_t value) {
    Bytes out = good;
    out[at] = value;
    return error_of(out);
  };
  EXPECT_EQ(error_of({}), "event-log.header");
  EXPECT_EQ(changed(4, 4), "event-log.header");     // type
  EXPECT_EQ(changed(8, 1), "event-log.header");     // SHA-1 digest of the note
  EXPECT_EQ(changed(32, 's'), "event-log.header");  // signature
  EXPECT_EQ(changed(53, 1), "event-log.header");    // major version
  EXPECT_EQ(changed(56, 0), "event-log.algorithms");
  EXPECT_EQ(changed(56, 17), "event-log.algorithms");
  EXPECT_EQ(changed(56, 2), "event-log.algorithms");   // reads on into what follows
  EXPECT_EQ(changed(62, 47), "event-log.algorithms");  // SHA-384 of 47 bytes
  EXPECT_EQ(changed(64, 2), "event-log.header");       // vendor information
  EXPECT_EQ(error_of(LogWriter({kSha384, kSha384}).out), "event-log.algorithms");
  EXPECT_EQ(error_of(LogWriter({{0x12, 65}}).out), "event-log.algorithms");
  EXPECT_EQ(error_of(LogWriter({{0x12, 0}}).out), "event-log.algorithms");
  EXPECT_EQ(error_of(Bytes(kMaxEventLog + 1)), "event-log.too-large");
}

TEST(EventLog, RefusesEventsThatDoNotFit) {
  const size_t at = LogWriter({kSha256, kSha384}).out.size();
  const Bytes good = LogWriter({kSha256, kSha384}).add(1, kSeparator, "x").out;
  const auto changed = [&](size_t offset, uint8_t value) {
    Bytes out = good;
    out[at + offset] = value;
    return error_of(out);
  };
  ASSERT_EQ(error_of(good), "none");
  EXPECT_EQ(changed(8, 1), "event-log.event");          // one digest of two
  EXPECT_EQ(changed(11, 0xff), "event-log.event");      // 2^32 digests
  EXPECT_EQ(changed(12, 0xc), "event-log.event");       // of another size than its algorithm's
  EXPECT_EQ(changed(12, 0x4), "event-log.event");       // of an algorithm that is not listed
  EXPECT_EQ(changed(96 + 3, 0xff), "event-log.event");  // data beyond the end
  EXPECT_EQ(error_of(LogWriter({kSha384}).add(5, kSeparator, "x").out), "event-log.index");
  EXPECT_EQ(error_of(LogWriter({kSha384}).add(0, kSeparator, "x").out), "event-log.index");
  EXPECT_EQ(error_of(LogWriter({kSha256}).add(24, kSeparator, "x").out, EventLogKind::kTpm),
            "event-log.index");
  Bytes twice = good;
  twice[at + 12 + 2 + 32] = 0xb;  // SHA-256 again, in SHA-384's place
  EXPECT_EQ(error_of(twice), "event-log.event");
  // SHA-1 twice and no SHA-384: as many digests as there are algorithms.
  const size_t first = LogWriter({kSha1, {4 + 1, 20}, kSha384}).out.size();
  Bytes without = LogWriter({kSha1, {4 + 1, 20}, kSha384}).add(1, kSeparator, "x").out;
  ASSERT_EQ(error_of(without), "none");
  without[first + 12 + 22] = 4;
  EXPECT_EQ(error_of(without), "event-log.event");
  LogWriter many({kSha256});
  for (size_t i = 0; i <= kMaxEvents; ++i) many.add(1, kSeparator, "");
  EXPECT_EQ(error_of(many.out), "event-log.too-large");
}

TEST(EventLog, TakesTheStartupLocalityOnceAndBeforePcr0) {
  const auto error = [](const LogWriter& w) { return error_of(w.out, EventLogKind::kTpm); };
  EXPECT_EQ(error(LogWriter({kSha256}).locality(4)), "none");
  EXPECT_EQ(error(LogWriter({kSha256}).locality(1)), "event-log.locality");
  EXPECT_EQ(error(LogWriter({kSha256}).locality(3).locality(3)), "event-log.locality");
  EXPECT_EQ(error(LogWriter({kSha256}).add(0, kSeparator, "x").locality(3)), "event-log.locality");
  EXPECT_EQ(error(LogWriter({kSha256}).add(1, kSeparator, "x").locality(3)), "none");
  EXPECT_EQ(error(LogWriter({kSha256}).add(0, kEventNoAction,
                                           std::string_view("StartupLocality\0\3\3", 18))),
            "event-log.locality");
  EXPECT_EQ(error_of(LogWriter({kSha384}).locality(1).out), "none");  // means nothing in a CC log
}

TEST(EventLog, ReplaysIntoRtmrs) {
  const Bytes wire = cc_log();
  const auto log = parse_event_log(wire, EventLogKind::kCc);
  ASSERT_TRUE(log.has_value());
  EXPECT_EQ(*replay_rtmrs(*log), cc_registers());
  EXPECT_EQ(replay_pcrs(*log).error().name(), "event-log.no-digests");
  const Bytes other = LogWriter({kSha256}).add(1, kSeparator, "x").out;
  EXPECT_EQ(replay_rtmrs(*parse_event_log(other, EventLogKind::kCc)).error().name(),
            "event-log.no-digests");
}

TEST(EventLog, ReplaysIntoPcrs) {
  const Bytes wire =
      LogWriter({kSha256}).add(0, kSeparator, "a").add(0, kSeparator, "b").add(17, 1, "launch").out;
  const auto pcrs = replay_pcrs(*parse_event_log(wire, EventLogKind::kTpm));
  ASSERT_TRUE(pcrs.has_value());
  EXPECT_EQ((*pcrs)[0], chain256({}, {"a", "b"}));
  EXPECT_EQ((*pcrs)[1], ByteArray<32>());
  EXPECT_EQ((*pcrs)[16], ByteArray<32>());
  EXPECT_EQ((*pcrs)[17], chain256({}, {"launch"}));
  ByteArray<32> ones;
  ones.fill(0xff);
  EXPECT_EQ((*pcrs)[18], ones);
  EXPECT_EQ((*pcrs)[22], ones);
  EXPECT_EQ((*pcrs)[23], ByteArray<32>());
  const Bytes other = LogWriter({kSha384}).add(1, kSeparator, "x").out;
  EXPECT_EQ(replay_pcrs(*parse_event_log(other, EventLogKind::kTpm)).error().name(),
            "event-log.no-digests");
}

TEST(EventLogVerification, GivesATrustDomainsMeasuredEvents) {
  const VerifiedEvidence evidence = vouched_tdx({}, kTestMeasurement, cc_registers());
  const Bytes wire = cc_log();
  const auto v = verify_event_log(evidence, wire);
  ASSERT_TRUE(v.ok()) << v.problem().sentence;
  EXPECT_EQ(names_in(v, CheckState::kPassed),
            "tdx.event-log.evidence tdx.event-log.layout tdx.event-log.algorithm "
            "tdx.event-log.rtmr0 tdx.event-log.rtmr1 tdx.event-log.rtmr2 tdx.event-log.rtmr3");
  ASSERT_EQ(v.value()->events().size(), 4u);  // without the note
  EXPECT_EQ(as_text(v.value()->events()[2].data), "command line");
}

TEST(EventLogVerification, EachRegisterHasItsOwnCheck) {
  const Bytes wire = cc_log();
  for (size_t i = 0; i < 4; ++i) {
    auto registers = cc_registers();
    registers[i][47] ^= 1;
    const auto v = verify_event_log(vouched_tdx({}, kTestMeasurement, registers), wire);
    EXPECT_EQ(failures_in(v), "tdx.event-log.rtmr" + std::to_string(i));
    EXPECT_EQ(v.value(), nullptr);
  }
  const auto good = vouched_tdx({}, kTestMeasurement, cc_registers());
  EXPECT_EQ(failures_in(verify_event_log(vouched_snp({}), wire)), "tdx.event-log.evidence");
  EXPECT_EQ(failures_in(verify_event_log(good, {})), "tdx.event-log.layout");
  EXPECT_EQ(failures_in(verify_event_log(good, LogWriter({kSha256}).out)),
            "tdx.event-log.algorithm");
  EXPECT_EQ(failures_in(verify_event_log(good, LogWriter({kSha384}).out)),
            "tdx.event-log.rtmr0 tdx.event-log.rtmr1 tdx.event-log.rtmr2");
}

TEST(EventLogVerification, RefusesEveryFlippedBitOfWhatIsMeasured) {
  const VerifiedEvidence evidence = vouched_tdx({}, kTestMeasurement, cc_registers());
  Bytes wire = cc_log();
  size_t refused = 0;
  size_t accepted = 0;
  for (size_t bit = 0; bit < 8 * wire.size(); ++bit) {
    const auto mask = static_cast<uint8_t>(1u << (bit % 8));
    wire[bit / 8] ^= mask;
    const auto v = verify_event_log(evidence, wire);
    // What a digest does not cover may change: the header's vendor bytes, types, data. Whoever
    // relies on data asks data_is_measured().
    if (!v.ok()) {
      ++refused;
    } else {
      ++accepted;
      ASSERT_EQ(v.value()->events().size(), 4u);
      const std::string_view texts[] = {"variable", "loader", "command line", "done"};
      for (size_t i = 0; i < 4; ++i) {
        const LoggedEvent& event = v.value()->events()[i];
        ASSERT_TRUE(equal(event.sha384, sha384(as_bytes(texts[i])))) << bit;
        ASSERT_EQ(data_is_measured(event), as_text(event.data) == texts[i]) << bit;
      }
    }
    wire[bit / 8] ^= mask;
  }
  std::printf("%zu mutants of a CC event log: %zu refused, %zu changed no digest\n",
              refused + accepted, refused, accepted);
  EXPECT_GT(refused, accepted);
}

TEST(EventLogVerification, ComparesATpmsLogWithItsQuote) {
  const VerifiedTpmQuote quote = verified_quote();
  const Bytes wire = tpm_log();
  const auto v = verify_event_log(quote, wire, 0xff);
  ASSERT_TRUE(v.ok()) << v.problem().sentence;
  ASSERT_EQ(v.value()->events().size(), 3u);
  for (const LoggedEvent& event : v.value()->events()) {
    EXPECT_TRUE(event.sha384.empty());  // not replayed, so not vouched for
    EXPECT_TRUE(data_is_measured(event));
  }
  const auto only_7 = verify_event_log(quote, wire, 0x80);
  ASSERT_TRUE(only_7.ok());
  ASSERT_EQ(only_7.value()->events().size(), 1u);
  EXPECT_EQ(only_7.value()->events()[0].index, 7u);
}

TEST(EventLogVerification, EachFaultOfATpmsLogFailsItsOwnCheck) {
  const VerifiedTpmQuote quote = verified_quote();
  const Bytes wire = tpm_log();
  EXPECT_EQ(failures_in(verify_event_log(quote, {}, 0xff)), "tpm.event-log.layout");
  EXPECT_EQ(failures_in(verify_event_log(quote, LogWriter({kSha384}).out, 0xff)),
            "tpm.event-log.algorithm");
  EXPECT_EQ(failures_in(verify_event_log(quote, wire, 0)), "tpm.event-log.selection");
  EXPECT_EQ(failures_in(verify_event_log(quote, wire, 0x10000)), "tpm.event-log.selection");
  EXPECT_EQ(failures_in(verify_event_log(quote, wire, 0x1000000)), "tpm.event-log.selection");
  EXPECT_EQ(failures_in(verify_event_log(quote, wire, 0x2ff)), "tpm.event-log.pcrs");  // PCR 9
  const Bytes without_locality = LogWriter({kSha256})
                                     .add(0, 8, "version")
                                     .add(7, 0x80000001, "secure boot")
                                     .add(0, kSeparator, "done")
                                     .out;
  EXPECT_EQ(failures_in(verify_event_log(quote, without_locality, 0xff)), "tpm.event-log.pcrs");
}

}  // namespace
}  // namespace blindai
