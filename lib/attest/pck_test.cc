#include "lib/attest/pck.h"

#include <functional>
#include <gtest/gtest.h>

namespace blindai {
namespace {

Bytes tlv(uint8_t tag, BytesView content) {
  Bytes out{tag};
  if (content.size() >= 0x100) {
    out.push_back(0x82);
    out.push_back(static_cast<uint8_t>(content.size() >> 8));
  } else if (content.size() >= 0x80) {
    out.push_back(0x81);
  }
  out.push_back(static_cast<uint8_t>(content.size()));
  append(out, content);
  return out;
}

Bytes pair(std::initializer_list<uint8_t> below, const Bytes& value) {
  Bytes oid = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
  oid.insert(oid.end(), below);
  Bytes content = tlv(0x06, oid);
  append(content, value);
  return tlv(0x30, content);
}

struct Parts {
  std::vector<Bytes> tcb;     // .2.1 to .2.18
  std::vector<Bytes> fields;  // .1, .3, .4, .5; the TCB goes in after the first

  Parts() {
    for (uint8_t i = 1; i <= 16; ++i)
      tcb.push_back(pair({2, i}, i == 5 ? Bytes{0x02, 0x02, 0x00, 0xff} : Bytes{0x02, 0x01, i}));
    tcb.push_back(pair({2, 17}, {0x02, 0x02, 0x01, 0x02}));
    tcb.push_back(pair({2, 18}, tlv(0x04, Bytes(16, 0x77))));
    fields.push_back(pair({1}, tlv(0x04, Bytes(16, 0x11))));
    fields.push_back(pair({3}, tlv(0x04, Bytes{0x00, 0x01})));
    fields.push_back(pair({4}, tlv(0x04, Bytes{0x00, 0xa0, 0x67, 0x11, 0x00, 0x00})));
    fields.push_back(pair({5}, {0x0a, 0x01, 0x00}));
  }

  Bytes der() const {
    Bytes levels;
    for (const Bytes& b : tcb) append(levels, b);
    Bytes content;
    for (size_t i = 0; i < fields.size(); ++i) {
      append(content, fields[i]);
      if (i == 0) append(content, pair({2}, tlv(0x30, levels)));
    }
    return tlv(0x30, content);
  }
};

TEST(PckExtension, ReadsEveryField) {
  const auto pck = parse_pck_extension(Parts().der());
  ASSERT_TRUE(pck.has_value());
  EXPECT_EQ(to_hex(pck->components), "01020304ff060708090a0b0c0d0e0f10");
  EXPECT_EQ(pck->pce_svn, 0x0102);
  EXPECT_EQ(to_bytes(pck->cpu_svn), Bytes(16, 0x77));
  EXPECT_EQ(to_hex(pck->pce_id), "0001");
  EXPECT_EQ(to_hex(pck->fmspc), "00a067110000");
}

TEST(PckExtension, PassesOverFieldsIntelMayAdd) {
  Parts parts;
  parts.fields.push_back(pair({9}, {0x05, 0x00}));
  parts.fields.push_back(pair({6}, tlv(0x04, Bytes(16))));
  parts.fields.push_back(pair({7}, tlv(0x30, {})));
  parts.tcb.push_back(pair({2, 19}, {0x02, 0x01, 0x00}));
  EXPECT_TRUE(parse_pck_extension(parts.der()).has_value());
}

TEST(PckExtension, RefusesWhatItsProfileDoesNotHave) {
  const std::vector<std::pair<const char*, std::function<void(Parts&)>>> changes = {
      {"component over 255", [](Parts& p) { p.tcb[4] = pair({2, 5}, {0x02, 0x02, 0x01, 0x00}); }},
      {"negative component", [](Parts& p) { p.tcb[4] = pair({2, 5}, {0x02, 0x01, 0xff}); }},
      {"padded component", [](Parts& p) { p.tcb[4] = pair({2, 5}, {0x02, 0x02, 0x00, 0x05}); }},
      {"empty component", [](Parts& p) { p.tcb[4] = pair({2, 5}, {0x02, 0x00}); }},
      {"component of another type", [](Parts& p) { p.tcb[4] = pair({2, 5}, {0x04, 0x01, 0x05}); }},
      {"component missing", [](Parts& p) { p.tcb.erase(p.tcb.begin() + 4); }},
      {"component twice", [](Parts& p) { p.tcb.push_back(p.tcb[4]); }},
      {"PCESVN missing", [](Parts& p) { p.tcb.erase(p.tcb.begin() + 16); }},
      {"PCESVN of three bytes",
       [](Parts& p) { p.tcb[16] = pair({2, 17}, {0x02, 0x03, 0x01, 0x00, 0x00}); }},
      {"CPUSVN missing", [](Parts& p) { p.tcb.pop_back(); }},
      {"CPUSVN short", [](Parts& p) { p.tcb[17] = pair({2, 18}, tlv(0x04, Bytes(15))); }},
      {"PCEID missing", [](Parts& p) { p.fields.erase(p.fields.begin() + 1); }},
      {"PCEID long", [](Parts& p) { p.fields[1] = pair({3}, tlv(0x04, Bytes(3))); }},
      {"FMSPC missing", [](Parts& p) { p.fields.erase(p.fields.begin() + 2); }},
      {"FMSPC short", [](Parts& p) { p.fields[2] = pair({4}, tlv(0x04, Bytes(5))); }},
      {"FMSPC twice", [](Parts& p) { p.fields.push_back(p.fields[2]); }},
  };
  for (const auto& [what, change] : changes) {
    Parts parts;
    change(parts);
    const auto pck = parse_pck_extension(parts.der());
    ASSERT_FALSE(pck.has_value()) << what;
    EXPECT_EQ(pck.error().name(), "sgx.pck.extension");
  }
}

TEST(PckExtension, RefusesLongLengthFormsAndTrailingBytes) {
  const Bytes der = Parts().der();
  ASSERT_EQ(der[1], 0x82);
  Bytes trailing = der;
  trailing.push_back(0);
  EXPECT_FALSE(parse_pck_extension(trailing).has_value());
  Bytes longer = {0x30, 0x83, 0x00};  // the same length in one byte too many
  longer.insert(longer.end(), der.begin() + 2, der.end());
  EXPECT_FALSE(parse_pck_extension(longer).has_value());
  Bytes indefinite = der;
  indefinite[1] = 0x80;
  EXPECT_FALSE(parse_pck_extension(indefinite).has_value());
}

TEST(PckExtension, RefusesEveryTruncation) {
  const Bytes der = Parts().der();
  for (size_t n = 0; n < der.size(); ++n)
    ASSERT_FALSE(parse_pck_extension(BytesView(der).first(n)).has_value()) << n;
}

}  // namespace
}  // namespace blindai
