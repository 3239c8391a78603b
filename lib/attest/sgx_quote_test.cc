#include "lib/attest/sgx_quote.h"

#include <gtest/gtest.h>

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

// A report whose bytes tell their place: byte i is base + i (modulo 256).
Bytes numbered(size_t n, uint8_t base) {
  Bytes out(n);
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<uint8_t>(base + i);
  return out;
}

// A quote with the given authentication data and chain; every other field is numbered.
Bytes quote_of(BytesView qe_auth, BytesView chain) {
  Bytes auth;
  append(auth, numbered(64, 1));
  append(auth, numbered(64, 2));
  append(auth, numbered(384, 3));
  append(auth, numbered(64, 4));
  put_u16le(auth, static_cast<uint16_t>(qe_auth.size()));
  append(auth, qe_auth);
  put_u16le(auth, 5);
  put_u32le(auth, static_cast<uint32_t>(chain.size()));
  append(auth, chain);
  Bytes out;
  put_u16le(out, 3);
  put_u16le(out, 2);
  put_u32le(out, 0);
  put_u16le(out, 0x0102);
  put_u16le(out, 0x0304);
  append(out, numbered(16, 5));
  append(out, numbered(20, 6));
  append(out, numbered(384, 0));
  put_u32le(out, static_cast<uint32_t>(auth.size()));
  append(out, auth);
  return out;
}

TEST(SgxQuote, ReadsEveryFieldFromItsPlace) {
  const Bytes wire = quote_of(as_bytes("auth"), as_bytes("chain"));
  const auto q = parse_sgx_quote(wire);
  ASSERT_TRUE(q.has_value());
  EXPECT_EQ(q->version, 3);
  EXPECT_EQ(q->key_type, 2);
  EXPECT_EQ(q->tee_type, 0u);
  EXPECT_EQ(q->qe_svn, 0x0102);
  EXPECT_EQ(q->pce_svn, 0x0304);
  EXPECT_EQ(to_bytes(q->qe_vendor), numbered(16, 5));
  EXPECT_EQ(to_bytes(q->report.cpu_svn), numbered(16, 0));
  EXPECT_EQ(to_bytes(q->report.misc_select), numbered(4, 16));
  EXPECT_EQ(to_bytes(q->report.attributes), numbered(16, 48));
  EXPECT_EQ(to_bytes(q->report.mr_enclave), numbered(32, 64));
  EXPECT_EQ(to_bytes(q->report.mr_signer), numbered(32, 128));
  EXPECT_EQ(q->report.isv_prod_id, 0x0100);
  EXPECT_EQ(q->report.isv_svn, 0x0302);
  EXPECT_EQ(to_bytes(q->report.report_data), numbered(64, 64));  // 320 modulo 256
  EXPECT_EQ(q->signed_part.data(), wire.data());
  EXPECT_EQ(q->signed_part.size(), 432u);
  EXPECT_EQ(to_bytes(q->signature), numbered(64, 1));
  EXPECT_EQ(to_bytes(q->attestation_key), numbered(64, 2));
  EXPECT_EQ(to_bytes(q->qe_report_raw), numbered(384, 3));
  EXPECT_EQ(to_bytes(q->qe_report.mr_signer), numbered(32, 131));
  EXPECT_EQ(to_bytes(q->qe_report_signature), numbered(64, 4));
  EXPECT_EQ(as_text(q->qe_auth), "auth");
  EXPECT_EQ(q->certification_type, 5);
  EXPECT_EQ(as_text(q->certification), "chain");
}

TEST(SgxQuote, IgnoresBytesAfterTheAuthData) {
  Bytes wire = quote_of({}, as_bytes("chain"));
  append(wire, numbered(70, 9));
  const auto q = parse_sgx_quote(wire);
  ASSERT_TRUE(q.has_value());
  EXPECT_EQ(as_text(q->certification), "chain");
  EXPECT_EQ(q->qe_auth.size(), 0u);
}

TEST(SgxQuote, RefusesEveryTruncation) {
  const Bytes wire = quote_of(as_bytes("auth"), as_bytes("chain"));
  for (size_t n = 0; n < wire.size(); ++n) {
    const auto q = parse_sgx_quote(BytesView(wire).first(n));
    ASSERT_FALSE(q.has_value()) << n;
    EXPECT_EQ(q.error().name(), "sgx.quote.layout");
    EXPECT_LE(q.error().at, n);
  }
}

TEST(SgxQuote, RefusesLengthsThatDisagree) {
  const Bytes wire = quote_of(as_bytes("auth"), as_bytes("chain"));
  // The offsets of: auth data, QE authentication data, certification data.
  for (const size_t at : {size_t{432}, size_t{1012}, size_t{1020}}) {
    for (const uint8_t change : {uint8_t{1}, uint8_t{0x80}}) {
      Bytes bad = wire;
      bad[at] ^= change;
      const auto q = parse_sgx_quote(bad);
      ASSERT_FALSE(q.has_value()) << at;
      EXPECT_EQ(q.error().name(), "sgx.quote.layout");
    }
    Bytes huge = wire;
    huge[at] = 0xff;
    huge[at + 1] = 0xff;
    EXPECT_FALSE(parse_sgx_quote(huge).has_value()) << at;
  }
}

TEST(SgxQuote, RefusesMoreThanItsLimit) {
  EXPECT_EQ(parse_sgx_quote(Bytes(kMaxSgxQuoteLen + 1)).error().name(), "sgx.quote.too-large");
}

TEST(SgxQuote, DebugIsBitOneOfTheFlags) {
  SgxReport report{};
  EXPECT_FALSE(report.debug());
  report.attributes[0] = 0xfd;
  EXPECT_FALSE(report.debug());
  report.attributes[0] = 0x02;
  EXPECT_TRUE(report.debug());
}

}  // namespace
}  // namespace blindai
