// Each vendor's certificates are well-formed under its own profile and under no other, and a
// signature counts only by the algorithm that belongs to the issuer's key.
#include <gtest/gtest.h>

#include "lib/attest/x509.h"
#include "lib/base/der_writer.h"
#include "lib/crypto/x509_writer.h"

namespace blindai {
namespace {

constexpr X509Profile kProfiles[] = {X509Profile::kIntel, X509Profile::kAmdCa, X509Profile::kAmdVek,
                                     X509Profile::kNitro};
constexpr std::string_view kLabel = "BlindAI simulation ARK-Milan, not secret";

const RsaPssKey& rsa() {
  static const RsaPssKey key = std::move(RsaPssKey::from_label(kLabel, 149, 93).value());
  return key;
}
const P384Key& p384() {
  static const P384Key key = [] {
    ByteArray<48> scalar{};
    scalar.fill(0x42);
    return std::move(P384Key::from_scalar(scalar).value());
  }();
  return key;
}
const SigningKey& p256() {
  static const SigningKey key = SigningKey::generate();
  return key;
}

const std::vector<X509Extension> kCa = {basic_constraints(true, {}),
                                        key_usage(kKeyCertSign | kCrlSign)};
const std::vector<X509Extension> kVek = {
    {"1.3.6.1.4.1.3704.1.1", false, der_integer(0)},
    {"1.3.6.1.4.1.3704.1.3.8", false, der_integer(0xd5)},
};

Bytes make(BytesView subject, const X509Issuer& issuer, std::vector<X509Extension> extensions) {
  return write_certificate({.serial = {0},
                            .issuer = {.common_name = "root"},
                            .subject = {.common_name = "subject"},
                            .not_before = Time{1000},
                            .not_after = Time{2000},
                            .extensions = std::move(extensions)},
                           subject, issuer);
}

Bytes made_for(X509Profile profile) {
  switch (profile) {
    case X509Profile::kIntel:
      break;
    case X509Profile::kAmdCa:
      return make(rsa().spki(), issuer_of(rsa()), kCa);
    case X509Profile::kAmdVek:
      return make(p384().spki(), issuer_of(rsa()), kVek);
    case X509Profile::kNitro:
      return make(p384().spki(), issuer_of(p384()), kCa);
  }
  return make(p256().spki(), issuer_of(p256()), kCa);
}

std::string_view error_of(BytesView der, X509Profile profile) {
  const auto read = Certificate::from_der(der, profile);
  return read.has_value() ? "none" : read.error().name();
}

TEST(X509Profile, AcceptsItsOwnCertificatesAndNoOthers) {
  for (const X509Profile made : kProfiles)
    for (const X509Profile read : kProfiles)
      EXPECT_EQ(error_of(made_for(made), read), made == read ? "none" : "x509.profile")
          << static_cast<int>(made) << " read as " << static_cast<int>(read);
}

TEST(X509Profile, GivesThePointOfItsKey) {
  const auto intel = Certificate::from_der(made_for(X509Profile::kIntel), X509Profile::kIntel);
  const auto vek = Certificate::from_der(made_for(X509Profile::kAmdVek), X509Profile::kAmdVek);
  const auto ca = Certificate::from_der(made_for(X509Profile::kAmdCa), X509Profile::kAmdCa);
  EXPECT_EQ(intel->public_point(), p256().public_point());
  EXPECT_EQ(intel->p384_point(), ByteArray<96>{});
  EXPECT_EQ(vek->p384_point(), p384().public_point());
  EXPECT_EQ(vek->public_point(), ByteArray<64>{});
  EXPECT_EQ(ca->spki_hash(), sha256(rsa().spki()));
  EXPECT_FALSE(vek->is_ca());
  EXPECT_TRUE(ca->is_ca());
}

TEST(X509Profile, SignatureCountsByTheAlgorithmOfTheIssuersKeyOnly) {
  std::vector<Certificate> all;
  for (const X509Profile p : kProfiles) all.push_back(*Certificate::from_der(made_for(p), p));
  // Who signed: P-256, RSA, RSA, P-384; who holds which key: P-256, RSA, P-384, P-384.
  constexpr int kSignedBy[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 1}};
  for (size_t s = 0; s < 4; ++s)
    for (size_t i = 0; i < 4; ++i)
      EXPECT_EQ(all[s].signed_by(all[i]), kSignedBy[s][i] == 1) << s << i;
}

TEST(X509Profile, SignatureByAnotherKeyOfTheKindDoesNotHold) {
  Bytes der = made_for(X509Profile::kAmdCa);
  der.back() ^= 1;
  const auto bad = Certificate::from_der(der, X509Profile::kAmdCa);
  ASSERT_TRUE(bad.has_value());
  EXPECT_FALSE(bad->signed_by(*bad));
}

// AlgorithmIdentifier of RSASSA-PSS with this hash, salt length and, unless 0, trailer field.
Bytes pss(std::string_view hash, uint64_t salt, uint64_t trailer) {
  const Bytes algorithm = der_sequence({der_oid(hash), der_null()});
  std::vector<Bytes> fields = {
      der_context(0, algorithm),
      der_context(1, der_sequence({der_oid("1.2.840.113549.1.1.8"), algorithm})),
      der_context(2, der_integer(salt))};
  if (trailer != 0) fields.push_back(der_context(3, der_integer(trailer)));
  return der_sequence({der_oid("1.2.840.113549.1.1.10"), der_sequence(fields)});
}

TEST(X509Profile, AmdPssParametersAreTheseExactly) {
  constexpr std::string_view kSha384 = "2.16.840.1.101.3.4.2.2", kSha256 = "2.16.840.1.101.3.4.2.1";
  const auto verdict = [](Bytes algorithm) {
    X509Issuer issuer = issuer_of(rsa());
    issuer.algorithm = std::move(algorithm);
    const auto read = Certificate::from_der(make(rsa().spki(), issuer, kCa), X509Profile::kAmdCa);
    return !read.has_value()        ? std::string(read.error().name())
           : read->signed_by(*read) ? "valid"
                                    : "invalid";
  };
  EXPECT_EQ(verdict(issuer_of(rsa()).algorithm), "valid");
  EXPECT_EQ(verdict(pss(kSha384, 48, 0)), "valid");
  EXPECT_EQ(verdict(pss(kSha384, 48, 1)), "valid");  // as AMD's older certificates have it
  EXPECT_EQ(verdict(pss(kSha384, 48, 2)), "x509.profile");
  EXPECT_EQ(verdict(pss(kSha384, 32, 0)), "x509.profile");
  EXPECT_EQ(verdict(pss(kSha256, 48, 0)), "x509.profile");
  EXPECT_EQ(verdict(der_sequence({der_oid("1.2.840.113549.1.1.10")})), "x509.profile");
  // sha384WithRSAEncryption, that is, PKCS #1 v1.5
  EXPECT_EQ(verdict(der_sequence({der_oid("1.2.840.113549.1.1.12"), der_null()})), "x509.profile");
}

TEST(X509Profile, VekIsNoCaAndSaysNothingOfKeyUsage) {
  std::vector<X509Extension> extensions = kVek;
  extensions.push_back(basic_constraints(true, {}));
  EXPECT_EQ(error_of(make(p384().spki(), issuer_of(rsa()), extensions), X509Profile::kAmdVek),
            "x509.profile");
  extensions.back() = key_usage(kDigitalSignature);
  EXPECT_EQ(error_of(make(p384().spki(), issuer_of(rsa()), extensions), X509Profile::kAmdVek),
            "x509.profile");
  extensions.back() = {"1.3.6.1.4.1.3704.1.4", true, Bytes(64, 1)};  // critical
  EXPECT_EQ(error_of(make(p384().spki(), issuer_of(rsa()), extensions), X509Profile::kAmdVek),
            "x509.profile");
  extensions.back() = kVek.front();  // twice
  EXPECT_EQ(error_of(make(p384().spki(), issuer_of(rsa()), extensions), X509Profile::kAmdVek),
            "x509.profile");
}

TEST(X509Profile, OthersNeedBasicConstraints) {
  const std::vector<X509Extension> none = {key_usage(kKeyCertSign)};
  EXPECT_EQ(error_of(make(rsa().spki(), issuer_of(rsa()), none), X509Profile::kAmdCa),
            "x509.profile");
  EXPECT_EQ(error_of(make(p384().spki(), issuer_of(p384()), none), X509Profile::kNitro),
            "x509.profile");
}

TEST(X509Profile, ExtensionIsFoundByItsOid) {
  const auto vek = Certificate::from_der(made_for(X509Profile::kAmdVek), X509Profile::kAmdVek);
  ASSERT_TRUE(vek->extension("1.3.6.1.4.1.3704.1.3.8").has_value());
  EXPECT_EQ(to_hex(*vek->extension("1.3.6.1.4.1.3704.1.3.8")), "020200d5");
  EXPECT_FALSE(vek->extension("1.3.6.1.4.1.3704.1.3").has_value());
  EXPECT_FALSE(vek->extension("1.3.6.1.4.1.3704.1.4").has_value());
}

TEST(X509Profile, CrlIsSignedByItsIssuersAlgorithm) {
  const CrlSpec spec = {.issuer = {.common_name = "subject"},
                        .this_update = Time{1000},
                        .next_update = Time{2000},
                        .number = 1,
                        .revoked = {{0}, {7}}};
  const Bytes of_rsa = write_crl(spec, issuer_of(rsa())),
              of_p384 = write_crl(spec, issuer_of(p384()));
  const auto ark = Certificate::from_der(made_for(X509Profile::kAmdCa), X509Profile::kAmdCa);
  const auto vek = Certificate::from_der(made_for(X509Profile::kAmdVek), X509Profile::kAmdVek);
  const auto nitro = Certificate::from_der(made_for(X509Profile::kNitro), X509Profile::kNitro);
  const auto amd = Crl::from_der(of_rsa, X509Profile::kAmdCa);
  ASSERT_TRUE(amd.has_value());
  EXPECT_TRUE(amd->names_issuer(*ark));
  EXPECT_TRUE(amd->signed_by(*ark));
  EXPECT_FALSE(amd->signed_by(*vek));
  EXPECT_TRUE(amd->lists(*vek));  // serial number 0
  const auto aws = Crl::from_der(of_p384, X509Profile::kNitro);
  ASSERT_TRUE(aws.has_value());
  EXPECT_TRUE(aws->signed_by(*nitro));
  EXPECT_FALSE(aws->signed_by(*ark));
  EXPECT_EQ(Crl::from_der(of_rsa, X509Profile::kNitro).error().name(), "x509.crl");
  EXPECT_EQ(Crl::from_der(of_rsa).error().name(), "x509.crl");
  EXPECT_EQ(Crl::from_der(of_p384, X509Profile::kAmdCa).error().name(), "x509.crl");
}

TEST(X509Profile, ChainInPemIsReadUnderOneProfile) {
  const std::string one = to_pem("CERTIFICATE", made_for(X509Profile::kAmdCa));
  const auto chain = parse_pem_chain(as_bytes(one + one), X509Profile::kAmdCa);
  ASSERT_TRUE(chain.has_value());
  EXPECT_EQ(chain->size(), 2u);
  EXPECT_EQ(parse_pem_chain(as_bytes(one)).error().name(), "x509.profile");
}

// A flipped bit makes another certificate: refused when read, or its signature no longer holds. The
// second copy of the algorithm, outside what is signed, has two forms, and no bit leads from one to
// the other.
TEST(X509Profile, FlippedBitsAndTruncationsAreRefused) {
  const Bytes good = made_for(X509Profile::kAmdVek);
  const auto ark = Certificate::from_der(made_for(X509Profile::kAmdCa), X509Profile::kAmdCa);
  size_t tried = 0;
  for (size_t bit = 0; bit < 8 * good.size(); ++bit, ++tried) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1u << (bit % 8)));
    const auto read = Certificate::from_der(bad, X509Profile::kAmdVek);
    EXPECT_FALSE(read.has_value() && read->signed_by(*ark)) << bit;
  }
  for (size_t n = 0; n < good.size(); ++n, ++tried)
    EXPECT_EQ(error_of(BytesView(good).first(n), X509Profile::kAmdVek), "x509.der") << n;
  std::printf("%zu mutants of a VEK certificate, all refused\n", tried);
}

}  // namespace
}  // namespace blindai
