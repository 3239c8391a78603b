#include "lib/attest/nitro_document.h"

#include <gtest/gtest.h>

#include "tests/support/nitro_writer.h"

namespace blindai {
namespace {

std::string error_of(const Bytes& payload) {
  const auto read = parse_nitro_payload(payload);
  return read.has_value() ? "" : std::string(read.error().name());
}
std::string error_of(const NitroPayload& payload) {
  return error_of(payload.encode());
}

NitroPayload with(std::string_view name, Bytes encoded) {
  return NitroPayload::sample().set(name, std::move(encoded));
}
NitroPayload with(std::string_view name, const Cbor& value) {
  return with(name, value.encode());
}

// Everything that was read, so that two readings can be compared.
std::string described(const NitroDocument& d) {
  std::string out = std::string(d.module_id) + "|" + std::string(d.digest) + "|" +
                    std::to_string(d.timestamp_ms) + (d.nitro_tpm ? "|tpm" : "|nsm");
  const auto add = [&out](const std::optional<BytesView>& value) {
    out += value.has_value() ? "|" + to_hex(*value) : "|-";
  };
  for (const auto& pcr : d.pcrs) add(pcr);
  add(d.certificate);
  for (const BytesView one : d.cabundle()) add(one);
  add(d.public_key);
  add(d.user_data);
  add(d.nonce);
  return out;
}

TEST(NitroDocument, HasWhatTheNsmWrote) {
  const Bytes payload = NitroPayload::sample().set("user_data", Cbor::bytes(Bytes(64, 9))).encode();
  const auto read = parse_nitro_payload(payload);
  ASSERT_TRUE(read.has_value()) << read.error().name();
  EXPECT_EQ(read->module_id, "i-0123456789abcdef0-enc0123456789abcdef");
  EXPECT_EQ(read->digest, "SHA384");
  EXPECT_EQ(read->timestamp_ms, 1795000000123u);
  EXPECT_FALSE(read->nitro_tpm);
  for (size_t i = 0; i < kNitroPcrs; ++i) {
    ASSERT_EQ(read->pcrs[i].has_value(), i < 16) << i;
    if (i < 16) {
      EXPECT_TRUE(equal(*read->pcrs[i], Bytes(48, static_cast<uint8_t>(i < 3 ? i + 1 : 0))));
    }
  }
  EXPECT_TRUE(equal(read->certificate, Bytes(100, 0x11)));
  ASSERT_EQ(read->cabundle().size(), 2u);
  EXPECT_TRUE(equal(read->cabundle()[0], Bytes(80, 0x22)));
  EXPECT_TRUE(equal(read->cabundle()[1], Bytes(90, 0x33)));
  EXPECT_FALSE(read->public_key.has_value());
  EXPECT_TRUE(equal(read->user_data.value(), Bytes(64, 9)));
  EXPECT_FALSE(read->nonce.has_value());
}

TEST(NitroDocument, OpenLengthAndAbsentFieldsMeanTheSame) {
  const Bytes stated = NitroPayload::sample().encode();
  const Bytes open = NitroPayload::sample().encode(true);
  const Bytes absent =
      NitroPayload::sample().remove("nonce").remove("public_key").remove("user_data").encode();
  const std::string expected = described(parse_nitro_payload(stated).value());
  EXPECT_EQ(described(parse_nitro_payload(open).value()), expected);
  EXPECT_EQ(described(parse_nitro_payload(absent).value()), expected);
}

TEST(NitroDocument, OfAVirtualMachineIsToldApart) {
  const Bytes pcrs = write_cbor_map({{Cbor::integer(4), Cbor::bytes(Bytes(48, 1)).encode()}});
  const Bytes payload = NitroPayload::sample().remove("pcrs").add("nitrotpm_pcrs", pcrs).encode();
  EXPECT_TRUE(parse_nitro_payload(payload)->nitro_tpm);
  EXPECT_EQ(error_of(NitroPayload::sample().add("nitrotpm_pcrs", pcrs)),
            "nitro.payload.repeated-key");
}

TEST(NitroDocument, NeedsEveryRequiredFieldOnceAndNoOther) {
  for (const char* name : {"module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"}) {
    EXPECT_EQ(error_of(NitroPayload::sample().remove(name)), "nitro.payload.missing-key") << name;
    EXPECT_EQ(error_of(with(name, cbor_null())), "cbor.kind") << name;
  }
  for (const char* name : {"public_key", "user_data", "nonce"}) {
    EXPECT_EQ(error_of(NitroPayload::sample().remove(name)), "") << name;
    EXPECT_EQ(error_of(NitroPayload::sample().add(name, cbor_null())), "nitro.payload.repeated-key")
        << name;
  }
  EXPECT_EQ(error_of(NitroPayload::sample().add("digest", Cbor::text("SHA384").encode())),
            "nitro.payload.repeated-key");
  EXPECT_EQ(error_of(NitroPayload::sample().add("Digest", Cbor::text("SHA384").encode())),
            "nitro.payload.unknown-key");
  EXPECT_EQ(error_of(NitroPayload::sample().add("", cbor_null())), "nitro.payload.unknown-key");
  EXPECT_EQ(error_of(write_cbor_map({{Cbor::integer(1), cbor_null()}})), "cbor.kind");
  EXPECT_EQ(error_of(Bytes{0xa0}), "nitro.payload.missing-key");
  EXPECT_EQ(error_of(Bytes{0x80}), "cbor.kind");
}

TEST(NitroDocument, FieldsHaveTheirTypes) {
  const Cbor number = Cbor::integer(1), text = Cbor::text("x"), bytes = Cbor::bytes(Bytes(48, 1));
  for (const char* name : {"module_id", "digest"}) {
    EXPECT_EQ(error_of(with(name, bytes)), "cbor.kind") << name;
    EXPECT_EQ(error_of(with(name, number)), "cbor.kind") << name;
  }
  for (const char* name : {"certificate", "public_key", "user_data", "nonce"}) {
    EXPECT_EQ(error_of(with(name, text)), "cbor.kind") << name;
    EXPECT_EQ(error_of(with(name, Cbor::array({bytes}))), "cbor.kind") << name;
  }
  EXPECT_EQ(error_of(with("timestamp", text)), "cbor.kind");
  EXPECT_EQ(error_of(with("timestamp", Cbor::integer(-1))), "cbor.kind");
  EXPECT_EQ(error_of(with("timestamp", from_hex("fb4279a0000000000f").value())), "cbor.kind");
  EXPECT_EQ(error_of(with("pcrs", Cbor::array({bytes}))), "cbor.kind");
  EXPECT_EQ(error_of(with("cabundle", bytes)), "cbor.kind");
  EXPECT_EQ(error_of(with("cabundle", Cbor::array({text}))), "cbor.kind");
}

TEST(NitroDocument, FieldsHaveTheirLengths) {
  constexpr std::string_view kLength = "nitro.payload.length";
  const auto of = [](size_t n) { return Cbor::bytes(Bytes(n, 7)); };
  EXPECT_EQ(error_of(with("module_id", Cbor::text(""))), kLength);
  for (const char* name : {"certificate", "public_key"}) {
    EXPECT_EQ(error_of(with(name, of(0))), kLength) << name;
    EXPECT_EQ(error_of(with(name, of(1))), "") << name;
    EXPECT_EQ(error_of(with(name, of(1024))), "") << name;
    EXPECT_EQ(error_of(with(name, of(1025))), kLength) << name;
  }
  for (const char* name : {"user_data", "nonce"}) {
    EXPECT_EQ(error_of(with(name, of(0))), "") << name;
    EXPECT_EQ(error_of(with(name, of(1024))), "") << name;
    EXPECT_EQ(error_of(with(name, of(1025))), kLength) << name;
  }
  EXPECT_EQ(error_of(with("cabundle", Cbor::array({}))), kLength);
  EXPECT_EQ(error_of(with("cabundle", Cbor::array({of(0)}))), kLength);
  EXPECT_EQ(error_of(with("cabundle", Cbor::array({of(1025)}))), kLength);
  EXPECT_EQ(error_of(with("cabundle", Cbor::array(std::vector<Cbor>(8, of(1024))))), "");
  EXPECT_EQ(error_of(with("cabundle", Cbor::array(std::vector<Cbor>(9, of(1))))), kLength);
  EXPECT_EQ(error_of(Bytes(kMaxNitroPayload + 1, 0xa0)), "nitro.payload.too-large");
}

TEST(NitroDocument, PcrsHaveKnownNumbersAndLengths) {
  const auto pcr = [](const Cbor& index, size_t length) {
    return with("pcrs", write_cbor_map({{index, Cbor::bytes(Bytes(length, 1)).encode()}}));
  };
  for (const size_t length : {32u, 48u, 64u})
    EXPECT_EQ(error_of(pcr(Cbor::integer(31), length)), "") << length;
  for (const size_t length : {0u, 31u, 33u, 47u, 49u, 63u, 65u})
    EXPECT_EQ(error_of(pcr(Cbor::integer(31), length)), "nitro.payload.pcr") << length;
  EXPECT_EQ(error_of(pcr(Cbor::integer(32), 48)), "nitro.payload.pcr");
  EXPECT_EQ(error_of(pcr(Cbor::unsigned_integer(UINT64_MAX), 48)), "nitro.payload.pcr");
  EXPECT_EQ(error_of(pcr(Cbor::integer(-1), 48)), "cbor.kind");
  EXPECT_EQ(error_of(pcr(Cbor::text("0"), 48)), "cbor.kind");
  EXPECT_EQ(error_of(with("pcrs", write_cbor_map({}))), "nitro.payload.no-pcrs");
  const Bytes one = Cbor::bytes(Bytes(48, 1)).encode();
  EXPECT_EQ(error_of(with("pcrs", write_cbor_map({{Cbor::integer(3), one},
                                                  {Cbor::integer(0), one},
                                                  {Cbor::integer(3), one}}))),
            "nitro.payload.pcr");
}

TEST(NitroDocument, EveryTruncationAndEveryMoreIsRefused) {
  for (const bool open : {false, true}) {
    const Bytes payload = NitroPayload::sample().encode(open);
    for (size_t length = 0; length < payload.size(); ++length)
      EXPECT_FALSE(parse_nitro_payload(BytesView(payload).first(length)).has_value()) << length;
    Bytes more = payload;
    more.push_back(0xf6);
    EXPECT_EQ(error_of(more), "cbor.trailing-bytes");
  }
}

TEST(NitroDocument, FlippedBitsFailOrAreSeen) {
  const Bytes payload = NitroPayload::sample().encode();
  const std::string original = described(parse_nitro_payload(payload).value());
  size_t refused = 0, seen = 0;
  for (size_t bit = 0; bit < payload.size() * 8; ++bit) {
    Bytes changed = payload;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
    const auto read = parse_nitro_payload(changed);
    if (!read.has_value()) {
      ++refused;
      continue;
    }
    EXPECT_NE(described(*read), original) << bit;
    ++seen;
  }
  std::printf("%zu flipped bits of a payload: %zu refused, %zu seen in a field\n", refused + seen,
              refused, seen);
  EXPECT_EQ(refused + seen, payload.size() * 8);
}

std::string cose_error(const Bytes& wire) {
  const auto read = parse_cose_sign1(wire);
  return read.has_value() ? "" : std::string(read.error().name());
}

TEST(CoseSign1, IsReadWithAndWithoutItsTag) {
  Bytes wire = write_cose({.payload = {1, 2, 3}});
  for (const bool tagged : {false, true}) {
    if (tagged) wire.insert(wire.begin(), 0xd2);
    const auto read = parse_cose_sign1(wire);
    ASSERT_TRUE(read.has_value()) << read.error().name();
    EXPECT_EQ(read->tagged, tagged);
    EXPECT_EQ(to_hex(read->protected_header), "a1013822");
    EXPECT_EQ(to_hex(read->payload), "010203");
    EXPECT_TRUE(equal(read->signature, Bytes(96, 0x55)));
  }
}

// RFC 9052 section 4.4: ["Signature1", protected, external data, payload].
TEST(CoseSign1, SignedBytesAreTheSigStructure) {
  const Bytes wire = write_cose({.payload = {1, 2, 3}});
  EXPECT_EQ(to_hex(cose_signed_bytes(parse_cose_sign1(wire).value())),
            "846a5369676e61747572653144a10138224043010203");
}

TEST(CoseSign1, OtherTagsAreRefused) {
  const Bytes wire = write_cose({});
  // COSE_Mac0, COSE_Encrypt0, COSE_Sign, CWT, 18 in a longer form, 18 twice, 18 around a CWT.
  for (const char* tag : {"d1", "d0", "d862", "d83d", "d812", "d2d2", "d2d83d"}) {
    Bytes tagged = from_hex(tag).value();
    append(tagged, wire);
    EXPECT_EQ(cose_error(tagged), "cose.tag") << tag;
  }
}

TEST(CoseSign1, HasFourElementsAndNothingUnprotected) {
  Bytes wire = write_cose({.payload = {1}});
  wire[0] = 0x83;
  EXPECT_EQ(cose_error(wire), "cose.elements");
  wire[0] = 0x85;
  EXPECT_EQ(cose_error(wire), "cose.elements");
  wire[0] = 0x9f;
  EXPECT_EQ(cose_error(wire), "cbor.indefinite");
  wire[0] = 0xa4;
  EXPECT_EQ(cose_error(wire), "cbor.kind");
  EXPECT_EQ(cose_error(write_cose({.unprotected = {0xa1, 0x01, 0x38, 0x22}})), "cose.unprotected");
  EXPECT_EQ(cose_error(write_cose({.unprotected = {0xbf, 0xff}})), "cose.unprotected");
  EXPECT_EQ(cose_error(write_cose({.unprotected = {0xf6}})), "cbor.kind");
  Bytes detached = {0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0, 0xf6};  // no payload: null
  append(detached, Cbor::bytes(Bytes(96)).encode());
  EXPECT_EQ(cose_error(detached), "cbor.kind");
}

TEST(CoseSign1, EveryTruncationAndEveryMoreIsRefused) {
  Bytes wire = write_cose({.payload = Bytes(50, 1)});
  for (size_t length = 0; length < wire.size(); ++length)
    EXPECT_EQ(cose_error({wire.begin(), wire.begin() + static_cast<ptrdiff_t>(length)}),
              "cbor.truncated")
        << length;
  wire.push_back(0);
  EXPECT_EQ(cose_error(wire), "cbor.trailing-bytes");
}

TEST(CoseSign1, FlippedBitsFailOrAreSeen) {
  const Bytes wire = write_cose({.payload = Bytes(50, 1)});
  const auto parts = [](const CoseSign1& m) {
    return to_hex(m.protected_header) + "|" + to_hex(m.payload) + "|" + to_hex(m.signature);
  };
  const std::string original = parts(parse_cose_sign1(wire).value());
  for (size_t bit = 0; bit < wire.size() * 8; ++bit) {
    Bytes changed = wire;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
    const auto read = parse_cose_sign1(changed);
    if (read.has_value()) {
      EXPECT_NE(parts(*read), original) << bit;
    }
  }
}

}  // namespace
}  // namespace blindai
