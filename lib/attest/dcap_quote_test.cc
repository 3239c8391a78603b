#include "lib/attest/dcap_quote.h"

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

// What a quote is of; the defaults give version 3.
struct Shape {
  uint16_t version = 3;
  uint32_t tee_type = kTeeTypeSgx;
  uint16_t body_type = 0;  // version 5 only, as is the next one
  uint32_t stated_len = 0;
  size_t body_len = 384;
};
constexpr Shape kShapes[] = {
    {},
    {.version = 4},
    {.version = 4, .tee_type = kTeeTypeTdx, .body_len = 584},
    {.version = 5, .body_type = 1, .stated_len = 384},
    {.version = 5, .tee_type = kTeeTypeTdx, .body_type = 2, .stated_len = 584, .body_len = 584},
    {.version = 5, .tee_type = kTeeTypeTdx, .body_type = 3, .stated_len = 648, .body_len = 648},
};
constexpr size_t kHeader = 48;
size_t body_at(const Shape& shape) {
  return kHeader + (shape.version == 5 ? 6 : 0);
}

// Every other field is numbered.
Bytes quote_of(const Shape& shape, BytesView qe_auth, BytesView chain) {
  Bytes certified;
  append(certified, numbered(384, 3));
  append(certified, numbered(64, 4));
  put_u16le(certified, static_cast<uint16_t>(qe_auth.size()));
  append(certified, qe_auth);
  put_u16le(certified, 5);
  put_u32le(certified, static_cast<uint32_t>(chain.size()));
  append(certified, chain);
  Bytes auth;
  append(auth, numbered(64, 1));
  append(auth, numbered(64, 2));
  if (shape.version > 3) {
    put_u16le(auth, 6);
    put_u32le(auth, static_cast<uint32_t>(certified.size()));
  }
  append(auth, certified);
  Bytes out;
  put_u16le(out, shape.version);
  put_u16le(out, 2);
  put_u32le(out, shape.tee_type);
  put_u16le(out, 0x0102);
  put_u16le(out, 0x0304);
  append(out, numbered(16, 5));
  append(out, numbered(20, 6));
  if (shape.version == 5) {
    put_u16le(out, shape.body_type);
    put_u32le(out, shape.stated_len);
  }
  append(out, numbered(shape.body_len, 0));
  put_u32le(out, static_cast<uint32_t>(auth.size()));
  append(out, auth);
  return out;
}

TEST(DcapQuote, ReadsEveryFieldFromItsPlace) {
  for (const Shape& shape : kShapes) {
    const Bytes wire = quote_of(shape, as_bytes("auth"), as_bytes("chain"));
    const auto q = parse_dcap_quote(wire);
    ASSERT_TRUE(q.has_value()) << q.error().name();
    EXPECT_EQ(q->header.version, shape.version);
    EXPECT_EQ(q->header.key_type, 2);
    EXPECT_EQ(q->header.tee_type, shape.tee_type);
    EXPECT_EQ(q->header.qe_svn, 0x0102);
    EXPECT_EQ(q->header.pce_svn, 0x0304);
    EXPECT_EQ(to_bytes(q->header.qe_vendor), numbered(16, 5));
    EXPECT_EQ(q->header.body_len, shape.body_len);
    EXPECT_EQ(q->signed_part.data(), wire.data());
    EXPECT_EQ(q->signed_part.size(), body_at(shape) + shape.body_len);
    EXPECT_EQ(to_bytes(q->signature), numbered(64, 1));
    EXPECT_EQ(to_bytes(q->attestation_key), numbered(64, 2));
    EXPECT_EQ(q->outer_certification_type.has_value(), shape.version > 3);
    EXPECT_EQ(q->outer_certification_type.value_or(6), 6);
    EXPECT_EQ(to_bytes(q->qe_report_raw), numbered(384, 3));
    EXPECT_EQ(to_bytes(q->qe_report.mr_signer), numbered(32, 131));
    EXPECT_EQ(to_bytes(q->qe_report_signature), numbered(64, 4));
    EXPECT_EQ(as_text(q->qe_auth), "auth");
    EXPECT_EQ(q->certification_type, 5);
    EXPECT_EQ(as_text(q->certification), "chain");
    EXPECT_EQ(q->sgx() != nullptr, shape.tee_type == kTeeTypeSgx);
    EXPECT_EQ(q->td() != nullptr, shape.tee_type == kTeeTypeTdx);
  }
}

TEST(DcapQuote, ReadsEveryFieldOfAnSgxReport) {
  const Bytes wire = quote_of({}, {}, {});
  const auto q = parse_dcap_quote(wire);
  ASSERT_TRUE(q.has_value() && q->sgx() != nullptr);
  const SgxReport& r = *q->sgx();
  EXPECT_EQ(to_bytes(r.cpu_svn), numbered(16, 0));
  EXPECT_EQ(to_bytes(r.misc_select), numbered(4, 16));
  EXPECT_EQ(to_bytes(r.attributes), numbered(16, 48));
  EXPECT_EQ(to_bytes(r.mr_enclave), numbered(32, 64));
  EXPECT_EQ(to_bytes(r.mr_signer), numbered(32, 128));
  EXPECT_EQ(r.isv_prod_id, 0x0100);
  EXPECT_EQ(r.isv_svn, 0x0302);
  EXPECT_EQ(to_bytes(r.report_data), numbered(64, 64));  // 320 modulo 256
}

TEST(DcapQuote, ReadsEveryFieldOfATdReport) {
  for (const size_t which : {2u, 4u, 5u}) {
    const Bytes wire = quote_of(kShapes[which], {}, {});
    const auto q = parse_dcap_quote(wire);
    ASSERT_TRUE(q.has_value() && q->td() != nullptr);
    const TdReport& td = *q->td();
    const auto at = [](size_t n, size_t place) { return numbered(n, static_cast<uint8_t>(place)); };
    EXPECT_EQ(to_bytes(td.tee_tcb_svn), at(16, 0));
    EXPECT_EQ(to_bytes(td.mr_seam), at(48, 16));
    EXPECT_EQ(to_bytes(td.mr_signer_seam), at(48, 64));
    EXPECT_EQ(to_bytes(td.seam_attributes), at(8, 112));
    EXPECT_EQ(to_bytes(td.td_attributes), at(8, 120));
    EXPECT_EQ(to_bytes(td.xfam), at(8, 128));
    EXPECT_EQ(to_bytes(td.mr_td), at(48, 136));
    EXPECT_EQ(to_bytes(td.mr_config_id), at(48, 184));
    EXPECT_EQ(to_bytes(td.mr_owner), at(48, 232));
    EXPECT_EQ(to_bytes(td.mr_owner_config), at(48, 280));
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(to_bytes(td.rtmr[i]), at(48, 328 + 48 * i));
    EXPECT_EQ(to_bytes(td.report_data), at(64, 520));
    const bool td15 = which == 5;
    ASSERT_EQ(td.tee_tcb_svn2.has_value(), td15);
    EXPECT_EQ(to_bytes(td.tee_tcb_svn2.value_or(ByteArray<16>{})), td15 ? at(16, 584) : Bytes(16));
    EXPECT_EQ(to_bytes(td.mr_service_td), td15 ? at(48, 600) : Bytes(48));
  }
}

TEST(DcapQuote, IgnoresBytesAfterTheAuthData) {
  for (const Shape& shape : kShapes) {
    Bytes wire = quote_of(shape, {}, as_bytes("chain"));
    append(wire, numbered(70, 9));
    const auto q = parse_dcap_quote(wire);
    ASSERT_TRUE(q.has_value());
    EXPECT_EQ(as_text(q->certification), "chain");
    EXPECT_EQ(q->qe_auth.size(), 0u);
  }
}

TEST(DcapQuote, RefusesEveryTruncation) {
  for (const Shape& shape : kShapes) {
    const Bytes wire = quote_of(shape, as_bytes("auth"), as_bytes("chain"));
    for (size_t n = 0; n < wire.size(); ++n) {
      const auto q = parse_dcap_quote(BytesView(wire).first(n));
      ASSERT_FALSE(q.has_value()) << n;
      EXPECT_EQ(q.error().name(), "dcap.quote.layout");
      EXPECT_LE(q.error().at, n);
      EXPECT_EQ(parse_dcap_header(BytesView(wire).first(n)).has_value(), n >= body_at(shape));
    }
  }
}

// Whatever bit is wrong: a quote that is still read has its fields in their places, and no length
// among those of its parts disagrees with where they are.
TEST(DcapQuote, FlippedBitsAreReadWhereTheyStandOrRefused) {
  size_t refused = 0;
  for (const Shape& shape : kShapes) {
    Bytes wire = quote_of(shape, as_bytes("auth"), as_bytes("chain"));
    for (size_t bit = 0; bit < 8 * wire.size(); ++bit) {
      const auto flip = static_cast<uint8_t>(1u << (bit % 8));
      wire[bit / 8] ^= flip;
      const auto q = parse_dcap_quote(wire);
      if (q.has_value()) {
        EXPECT_EQ(q->certification.data() + q->certification.size(), wire.data() + wire.size());
        EXPECT_EQ(q->signed_part.size(), body_at(shape) + shape.body_len) << bit;
      } else {
        ++refused;
      }
      wire[bit / 8] ^= flip;
    }
  }
  EXPECT_GT(refused, 6u * 8 * 10);  // lengths, versions, TEE types, body types
}

TEST(DcapQuote, RefusesLengthsThatDisagree) {
  for (const Shape& shape : kShapes) {
    const Bytes wire = quote_of(shape, as_bytes("auth"), as_bytes("chain"));
    const size_t auth = body_at(shape) + shape.body_len;
    const size_t outer = auth + 4 + 128 + 2;
    const size_t qe_auth = (shape.version > 3 ? outer + 4 : auth + 4 + 128) + 384 + 64;
    std::vector<size_t> lengths = {auth, qe_auth, qe_auth + 2 + 4 + 2};
    if (shape.version > 3) lengths.push_back(outer);
    for (const size_t at : lengths) {
      for (const uint8_t change : {uint8_t{1}, uint8_t{0x80}}) {
        Bytes bad = wire;
        bad[at] ^= change;
        const auto q = parse_dcap_quote(bad);
        ASSERT_FALSE(q.has_value()) << at;
        EXPECT_EQ(q.error().name(), "dcap.quote.layout");
      }
      Bytes huge = wire;
      huge[at] = 0xff;
      huge[at + 1] = 0xff;
      EXPECT_FALSE(parse_dcap_quote(huge).has_value()) << at;
    }
  }
}

TEST(DcapQuote, RefusesWhatItDoesNotKnowByName) {
  const auto name_of = [](const Shape& shape) {
    const Bytes wire = quote_of(shape, as_bytes("auth"), as_bytes("chain"));
    EXPECT_TRUE(parse_dcap_header(wire).has_value());
    const auto q = parse_dcap_quote(wire);
    return q.has_value() ? std::string("read") : std::string(q.error().name());
  };
  EXPECT_EQ(name_of({.version = 2}), "dcap.quote.version");
  EXPECT_EQ(name_of({.version = 6}), "dcap.quote.version");
  EXPECT_EQ(name_of({.tee_type = kTeeTypeTdx, .body_len = 584}), "dcap.quote.tee-type");
  EXPECT_EQ(name_of({.version = 4, .tee_type = 0x82}), "dcap.quote.tee-type");
  EXPECT_EQ(name_of({.version = 5, .tee_type = 1, .body_type = 1, .stated_len = 384}),
            "dcap.quote.tee-type");
  const auto td = [](uint16_t type, uint32_t stated, size_t length) {
    return Shape{5, kTeeTypeTdx, type, stated, length};
  };
  EXPECT_EQ(name_of(td(4, 885, 885)), "dcap.quote.td15-extended");
  EXPECT_EQ(name_of(td(5, 648, 648)), "dcap.quote.body");
  EXPECT_EQ(name_of(td(3, 584, 584)), "dcap.quote.body");
  EXPECT_EQ(name_of(td(2, 648, 648)), "dcap.quote.body");
  EXPECT_EQ(name_of(td(1, 384, 384)), "dcap.quote.body");
  EXPECT_EQ(name_of({.version = 5, .body_type = 2, .stated_len = 584, .body_len = 584}),
            "dcap.quote.body");
  EXPECT_EQ(name_of({.version = 5, .body_type = 1, .stated_len = 383}), "dcap.quote.body");
}

TEST(DcapQuote, RefusesMoreThanItsLimit) {
  EXPECT_EQ(parse_dcap_quote(Bytes(kMaxDcapQuoteLen + 1)).error().name(), "dcap.quote.too-large");
  EXPECT_EQ(parse_dcap_header(Bytes(kMaxDcapQuoteLen + 1)).error().name(), "dcap.quote.too-large");
}

TEST(DcapQuote, DebugIsBitOneOfAnEnclavesFlagsAndBitZeroOfATdsAttributes) {
  SgxReport report{};
  EXPECT_FALSE(report.debug());
  report.attributes[0] = 0xfd;
  EXPECT_FALSE(report.debug());
  report.attributes[0] = 0x02;
  EXPECT_TRUE(report.debug());
  TdReport td{};
  EXPECT_FALSE(td.debug());
  td.td_attributes.fill(0xff);
  td.td_attributes[0] = 0xfe;
  EXPECT_FALSE(td.debug());
  td.td_attributes = {0x01};
  EXPECT_TRUE(td.debug());
  EXPECT_FALSE(td.attribute(28));
  td.td_attributes = {0, 0, 0, 0x10, 0, 0, 0, 0x80};
  EXPECT_TRUE(td.attribute(28));
  EXPECT_TRUE(td.attribute(63));
  EXPECT_FALSE(td.debug());
}

}  // namespace
}  // namespace blindai
