#include "lib/channel/certificate.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <openssl/x509.h>

#include "lib/base/byte_reader.h"
#include "lib/base/cbor.h"
#include "lib/channel/claims.h"
#include "lib/channel/cmw.h"
#include "lib/crypto/x509_writer.h"

namespace blindai {
namespace {

constexpr Time kFrom{1750000000}, kTo{1760000000};

// A quote's header, enough to tell the TEE, and bytes after it.
Bytes quote(uint16_t version, uint32_t tee_type, size_t more = 1000) {
  Bytes out;
  put_u16le(out, version);
  put_u16le(out, 2);
  put_u32le(out, tee_type);
  append(out, Bytes(more, 0x5a));
  return out;
}

X509Extension evidence_extension(BytesView content, bool critical = false) {
  return {"2.23.133.5.4.9", critical, to_bytes(content)};
}

Bytes tagged(const Bytes& evidence, uint64_t tag = 60000) {
  return Cbor::tagged(tag, Cbor::array({Cbor::bytes(evidence), Cbor::bytes(Bytes(100, 1))}))
      .encode();
}

Bytes certificate_with(const SigningKey& key, std::vector<X509Extension> extensions) {
  return write_certificate({.serial = {1},
                            .issuer = {.common_name = "x"},
                            .subject = {.common_name = "x"},
                            .not_before = kFrom,
                            .not_after = kTo,
                            .extensions = std::move(extensions)},
                           key, key);
}

std::string error_of(std::vector<X509Extension> extensions) {
  const SigningKey key = SigningKey::generate();
  const auto read = read_certificate(certificate_with(key, std::move(extensions)));
  return read.has_value() ? "" : std::string(read.error().name());
}

TEST(Certificate, CarriesEvidenceAndClaimsOfItsKey) {
  const struct {
    Tee tee;
    Bytes quote;
  } kinds[] = {{Tee::kSgx, quote(3, 0)},         {Tee::kSgx, quote(5, 0)},
               {Tee::kTdx, quote(4, 0x81)},      {Tee::kSnp, Bytes(1184, 0x5a)},
               {Tee::kNitro, Bytes(4500, 0x84)}, {Tee::kNitro, Bytes(kMaxEvidence, 0x84)}};
  for (const auto& kind : kinds) {
    const SigningKey key = SigningKey::generate();
    const Bytes claims(200, 7);
    const Result<Bytes> der = make_certificate(key, {kind.tee, kind.quote}, claims, kFrom, kTo);
    ASSERT_TRUE(der.has_value());
    const auto read = read_certificate(*der);
    ASSERT_TRUE(read.has_value()) << read.error().name();
    EXPECT_EQ(read->spki, key.spki());
    EXPECT_EQ(read->evidence.tee, kind.tee);
    EXPECT_EQ(read->evidence.quote, kind.quote);
    EXPECT_EQ(read->claims, claims);
  }
}

TEST(Certificate, HasAnotherSerialNumberEachTime) {
  const SigningKey key = SigningKey::generate();
  const Evidence evidence{Tee::kSgx, quote(3, 0)};
  // The serial number is at the same place in both: after two SEQUENCE heads and the version.
  const Bytes a = make_certificate(key, evidence, {}, kFrom, kTo).value();
  const Bytes b = make_certificate(key, evidence, {}, kFrom, kTo).value();
  EXPECT_FALSE(equal(BytesView(a).subspan(13, 18), BytesView(b).subspan(13, 18)));
}

TEST(Certificate, IsNotMadeWithOversizedEvidenceOrClaims) {
  const SigningKey key = SigningKey::generate();
  for (const Tee tee : {Tee::kSgx, Tee::kTdx, Tee::kSnp, Tee::kNitro})
    EXPECT_EQ(make_certificate(key, {tee, Bytes(kMaxEvidence + 1)}, {}, kFrom, kTo).error().name(),
              "channel.certificate.size");
  const Evidence evidence{Tee::kSgx, quote(3, 0)};
  EXPECT_TRUE(make_certificate(key, evidence, Bytes(kMaxClaims), kFrom, kTo).has_value());
  EXPECT_EQ(make_certificate(key, evidence, Bytes(kMaxClaims + 1), kFrom, kTo).error().name(),
            "channel.certificate.size");
}

TEST(Certificate, WithoutEvidenceIsRefused) {
  EXPECT_EQ(error_of({basic_constraints(false, {})}), "channel.certificate.no-evidence");
}

TEST(Certificate, WithTwoEvidencesIsRefused) {
  const X509Extension one = evidence_extension(tagged(quote(3, 0)));
  EXPECT_EQ(error_of({one}), "");
  EXPECT_EQ(error_of({one, one}), "channel.certificate.evidence-twice");
  // CMW, Gramine's and the SGX SDK's form.
  for (const char* oid :
       {"1.3.6.1.5.5.7.1.35", "0.6.9.42.840.113741.1337.6", "1.2.840.113741.1.13.1"}) {
    const X509Extension other = {oid, false, Bytes{0x04, 0x00}};
    EXPECT_EQ(error_of({one, other}), "channel.certificate.evidence-twice") << oid;
    EXPECT_EQ(error_of({other, one}), "channel.certificate.evidence-twice") << oid;
  }
}

TEST(Certificate, WithEvidenceThatIsNotReadHereIsRefused) {
  EXPECT_EQ(error_of({{"0.6.9.42.840.113741.1337.6", false, quote(3, 0)}}),
            "channel.certificate.evidence-kind");
  EXPECT_EQ(error_of({{"1.2.840.113741.1.13.1", false, quote(3, 0)}}),
            "channel.certificate.evidence-kind");
  EXPECT_EQ(error_of({evidence_extension(tagged(quote(3, 0x81)))}),
            "channel.certificate.evidence-kind");
  EXPECT_EQ(error_of({evidence_extension(tagged(quote(2, 0)))}),
            "channel.certificate.evidence-kind");
  EXPECT_EQ(error_of({evidence_extension(tagged(quote(4, 0x80)))}),
            "channel.certificate.evidence-kind");
}

TEST(Certificate, WithAnotherLayoutOfEvidenceIsRefused) {
  EXPECT_EQ(error_of({evidence_extension(tagged(quote(3, 0), 60001))}),
            "channel.certificate.evidence-layout");
  EXPECT_EQ(error_of({evidence_extension(tagged(Bytes{3, 0, 2, 0}))}),
            "channel.certificate.evidence-layout");
  const Cbor bytes = Cbor::bytes(quote(3, 0));
  EXPECT_EQ(error_of({evidence_extension(Cbor::tagged(60000, bytes).encode())}),
            "channel.certificate.evidence-layout");
  EXPECT_EQ(error_of({evidence_extension(Cbor::tagged(60000, Cbor::array({bytes})).encode())}),
            "channel.certificate.evidence-layout");
  EXPECT_EQ(error_of({evidence_extension(
                Cbor::tagged(60000, Cbor::array({bytes, Cbor::text("claims")})).encode())}),
            "channel.certificate.evidence-layout");
  Bytes padded = tagged(quote(3, 0));
  padded.push_back(0);
  EXPECT_EQ(error_of({evidence_extension(padded)}), "cbor.trailing-bytes");
  EXPECT_EQ(error_of({evidence_extension({})}), "cbor.truncated");
  EXPECT_EQ(error_of({evidence_extension(tagged(quote(3, 0, kMaxEvidence)))}),
            "channel.certificate.size");
}

TEST(Certificate, WithACmwThatIsNotReadIsRefused) {
  EXPECT_EQ(error_of({{"1.3.6.1.5.5.7.1.35", false, encode_cmw({Tee::kSnp, Bytes(9)}, {})}}), "");
  EXPECT_EQ(error_of({{"1.3.6.1.5.5.7.1.35", true, encode_cmw({Tee::kSnp, Bytes(9)}, {})}}), "");
  EXPECT_EQ(error_of({{"1.3.6.1.5.5.7.1.35", false, Bytes{0x04, 0x00}}}), "cbor.truncated");
  EXPECT_EQ(error_of({{"1.3.6.1.5.5.7.1.35", false, {}}}), "channel.cmw.choice");
  EXPECT_EQ(error_of({{"1.3.6.1.5.5.7.1.35", false,
                       encode_cmw({Tee::kNitro, Bytes(kMaxEvidence + 1)}, {})}}),
            "channel.certificate.size");
  EXPECT_EQ(error_of({{"1.3.6.1.5.5.7.1.35", false,
                       encode_cmw({Tee::kNitro, Bytes(9)}, Bytes(kMaxClaims + 1))}}),
            "channel.certificate.size");
}

TEST(Certificate, WithACriticalExtensionNotUnderstoodIsRefused) {
  const Bytes content = tagged(quote(3, 0));
  EXPECT_EQ(error_of({evidence_extension(content, true)}), "");
  EXPECT_EQ(error_of({evidence_extension(content), {"1.2.3.4", false, Bytes{5, 0}}}), "");
  EXPECT_EQ(error_of({evidence_extension(content), {"1.2.3.4", true, Bytes{5, 0}}}),
            "channel.certificate.critical");
}

TEST(Certificate, SignedByAnotherKeyIsRefused) {
  const SigningKey key = SigningKey::generate(), other = SigningKey::generate();
  const Bytes der = write_certificate({.serial = {1},
                                       .issuer = {.common_name = "x"},
                                       .subject = {.common_name = "x"},
                                       .not_before = kFrom,
                                       .not_after = kTo,
                                       .extensions = {evidence_extension(tagged(quote(3, 0)))}},
                                      key, other);
  EXPECT_EQ(read_certificate(der).error().name(), "channel.certificate.signature");
}

// A self-signed certificate of a key that SigningKey cannot make.
Bytes certificate_of(EVP_PKEY* key) {
  const std::unique_ptr<X509, decltype(&X509_free)> x(X509_new(), X509_free);
  X509_set_version(x.get(), X509_VERSION_3);
  X509_time_adj_ex(X509_getm_notBefore(x.get()), 0, 0, nullptr);
  X509_time_adj_ex(X509_getm_notAfter(x.get()), 1, 0, nullptr);
  X509_set_pubkey(x.get(), key);
  const Bytes content = tagged(quote(3, 0));
  const std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> oid(
      OBJ_txt2obj("2.23.133.5.4.9", 1), ASN1_OBJECT_free);
  const std::unique_ptr<ASN1_OCTET_STRING, decltype(&ASN1_OCTET_STRING_free)> value(
      ASN1_OCTET_STRING_new(), ASN1_OCTET_STRING_free);
  ASN1_OCTET_STRING_set(value.get(), content.data(), static_cast<int>(content.size()));
  X509_EXTENSION* extension = X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, value.get());
  X509_add_ext(x.get(), extension, -1);
  X509_EXTENSION_free(extension);
  EXPECT_GT(X509_sign(x.get(), key, EVP_sha256()), 0);
  unsigned char* raw = nullptr;
  const int length = i2d_X509(x.get(), &raw);
  EXPECT_GT(length, 0);
  const Bytes out(raw, raw + length);
  OPENSSL_free(raw);
  return out;
}

TEST(Certificate, OfAnotherKindOfKeyIsRefused) {
  const auto error = [](EVP_PKEY* generated) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(generated, EVP_PKEY_free);
    const auto read = read_certificate(certificate_of(key.get()));
    return read.has_value() ? "" : std::string(read.error().name());
  };
  EXPECT_EQ(error(EVP_EC_gen("P-256")), "");
  EXPECT_EQ(error(EVP_EC_gen("P-384")), "channel.certificate.key");
  EXPECT_EQ(error(EVP_EC_gen("secp256k1")), "channel.certificate.key");
  EXPECT_EQ(error(EVP_RSA_gen(2048)), "channel.certificate.key");
}

TEST(Certificate, OversizedOrTrailingBytesAreRefused) {
  EXPECT_EQ(read_certificate(Bytes(kMaxCertificate + 1, 0x30)).error().name(),
            "channel.certificate.size");
  const SigningKey key = SigningKey::generate();
  Bytes der = make_certificate(key, {Tee::kSgx, quote(3, 0)}, {}, kFrom, kTo).value();
  der.push_back(0);
  EXPECT_EQ(read_certificate(der).error().name(), "channel.certificate.der");
}

TEST(Certificate, EveryTruncationIsRefused) {
  const SigningKey key = SigningKey::generate();
  for (const Tee tee : {Tee::kSgx, Tee::kSnp}) {
    const Bytes der = make_certificate(key, {tee, quote(3, 0)}, {}, kFrom, kTo).value();
    for (size_t length = 0; length < der.size(); ++length)
      EXPECT_EQ(read_certificate(BytesView(der).first(length)).error().name(),
                "channel.certificate.der")
          << length;
  }
}

TEST(Certificate, EveryFlippedBitIsRefused) {
  const SigningKey key = SigningKey::generate();
  for (const Tee tee : {Tee::kSgx, Tee::kNitro}) {
    const Bytes der = make_certificate(key, {tee, quote(3, 0, 32)}, {}, kFrom, kTo).value();
    for (size_t bit = 0; bit < der.size() * 8; ++bit) {
      Bytes changed = der;
      changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
      EXPECT_FALSE(read_certificate(changed).has_value()) << bit;
    }
  }
}

}  // namespace
}  // namespace blindai
