#include "lib/channel/legacy_certificate.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "lib/attest/dcap_vectors_test.h"
#include "lib/base/byte_reader.h"
#include "lib/base/der_writer.h"
#include "lib/channel/certificate.h"
#include "lib/channel/claims.h"
#include "lib/channel/tagged_evidence.h"
#include "lib/crypto/x509_writer.h"
#include "tests/support/nitro_writer.h"

namespace blindai {
namespace {

constexpr char kGramine[] = "0.6.9.42.840.113741.1337.6";
constexpr char kSgxSdk[] = "1.2.840.113741.1.13.1";
constexpr char kCommon[] = "2.23.133.5.4.9";

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;

Bytes legacy_quote(uint16_t version, uint32_t tee_type) {
  Bytes out;
  put_u16le(out, version);
  put_u16le(out, 2);
  put_u32le(out, tee_type);
  append(out, Bytes(500, 0x5a));
  return out;
}

KeyPtr key_on(const char* curve) {
  return {EVP_EC_gen(curve), EVP_PKEY_free};
}

// A certificate of a key that the project's own writer does not have.
Bytes certificate(EVP_PKEY* subject, EVP_PKEY* signer,
                  const std::vector<std::pair<std::string, Bytes>>& extensions,
                  const EVP_MD* digest = EVP_sha256()) {
  const X509Ptr x(X509_new(), X509_free);
  X509_set_version(x.get(), X509_VERSION_3);
  X509_time_adj_ex(X509_getm_notBefore(x.get()), 0, 0, nullptr);
  X509_time_adj_ex(X509_getm_notAfter(x.get()), 1, 0, nullptr);
  X509_set_pubkey(x.get(), subject);
  for (const auto& [dotted, content] : extensions) {
    const std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> oid(
        OBJ_txt2obj(dotted.c_str(), 1), ASN1_OBJECT_free);
    const std::unique_ptr<ASN1_OCTET_STRING, decltype(&ASN1_OCTET_STRING_free)> value(
        ASN1_OCTET_STRING_new(), ASN1_OCTET_STRING_free);
    ASN1_OCTET_STRING_set(value.get(), content.data(), static_cast<int>(content.size()));
    X509_EXTENSION* extension = X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, value.get());
    X509_add_ext(x.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  EXPECT_GT(X509_sign(x.get(), signer, digest), 0);
  unsigned char* raw = nullptr;
  const int length = i2d_X509(x.get(), &raw);
  EXPECT_GT(length, 0);
  const Bytes out(raw, raw + length);
  OPENSSL_free(raw);
  return out;
}

Bytes spki_of(EVP_PKEY* key) {
  unsigned char* raw = nullptr;
  const int length = i2d_PUBKEY(key, &raw);
  EXPECT_GT(length, 0);
  const Bytes out(raw, raw + length);
  OPENSSL_free(raw);
  return out;
}

Bytes spki_in(const Bytes& der) {
  const unsigned char* at = der.data();
  const X509Ptr x(d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free);
  return spki_of(X509_get0_pubkey(x.get()));
}

std::string error_of(const Bytes& der) {
  const auto read = read_legacy_certificate(der);
  return read.has_value() ? "" : std::string(read.error().name());
}
std::string error_with(const std::vector<std::pair<std::string, Bytes>>& extensions) {
  const KeyPtr key = key_on("P-256");
  return error_of(certificate(key.get(), key.get(), extensions));
}

// subjectAltName with these dNSNames.
std::pair<std::string, Bytes> names(const std::vector<std::string>& dns) {
  std::vector<Bytes> parts;
  for (const std::string& name : dns) parts.push_back(der_context_primitive(2, as_bytes(name)));
  return {"2.5.29.17", der_sequence(parts)};
}

TEST(LegacyCertificate, GivesTheQuoteAndTheKey) {
  for (const char* curve : {"P-256", "P-384"}) {
    const KeyPtr key = key_on(curve);
    for (const auto& [oid, form] :
         {std::pair(kGramine, LegacyForm::kGramine), std::pair(kSgxSdk, LegacyForm::kSgxSdk)}) {
      const auto read =
          read_legacy_certificate(certificate(key.get(), key.get(), {{oid, legacy_quote(3, 0)}}));
      ASSERT_TRUE(read.has_value()) << read.error().name();
      EXPECT_EQ(read->form, form);
      EXPECT_EQ(read->spki, spki_of(key.get()));
      EXPECT_EQ(read->evidence.tee, Tee::kSgx);
      EXPECT_EQ(read->evidence.quote, legacy_quote(3, 0));
      EXPECT_EQ(read->bound, read->spki);
    }
    const auto tdx = read_legacy_certificate(
        certificate(key.get(), key.get(), {{kGramine, legacy_quote(4, 0x81)}}));
    EXPECT_EQ(tdx->evidence.tee, Tee::kTdx);
  }
}

TEST(LegacyCertificate, TheOidIsTheMisencodedOne) {
  const KeyPtr key = key_on("P-256");
  const Bytes der = certificate(key.get(), key.get(), {{kGramine, legacy_quote(3, 0)}});
  const Bytes oid = from_hex("060b06092a864886f84d8a3906").value();
  EXPECT_NE(std::search(der.begin(), der.end(), oid.begin(), oid.end()), der.end());
  EXPECT_EQ(error_with({{"1.2.840.113741.1337.6", legacy_quote(3, 0)}}),
            "channel.legacy.no-evidence");
}

TEST(LegacyCertificate, TheCommonFormAloneIsNone) {
  EXPECT_EQ(error_with({{kCommon, encode_tagged_evidence(legacy_quote(3, 0), {})}}),
            "channel.legacy.no-evidence");
  EXPECT_EQ(error_with({}), "channel.legacy.no-evidence");
}

// The SGX SDK shows one quote in both; Gramine makes another one for its own form.
TEST(LegacyCertificate, TheCommonFormBesideSaysWhatTheSdksQuoteBinds) {
  const KeyPtr key = key_on("P-384");
  const Bytes spki = spki_of(key.get());
  const Bytes claims = {0xa0};
  const auto bound = [&](const char* oid, const Bytes& beside) {
    const auto read = read_legacy_certificate(
        certificate(key.get(), key.get(), {{oid, legacy_quote(3, 0)}, {kCommon, beside}}));
    return read.has_value() ? to_hex(read->bound) : std::string(read.error().name());
  };
  EXPECT_EQ(bound(kSgxSdk, encode_tagged_evidence(legacy_quote(3, 0), claims)), "a0");
  EXPECT_EQ(bound(kSgxSdk, encode_tagged_evidence(legacy_quote(5, 0), claims)), to_hex(spki));
  EXPECT_EQ(bound(kGramine, encode_tagged_evidence(legacy_quote(3, 0), claims)), to_hex(spki));
  EXPECT_EQ(bound(kGramine, {1}), to_hex(spki));
  EXPECT_EQ(bound(kSgxSdk, {1}), "channel.certificate.evidence-layout");
  EXPECT_EQ(bound(kSgxSdk, encode_tagged_evidence(legacy_quote(3, 0), Bytes(kMaxClaims + 1))),
            "channel.certificate.size");
}

TEST(LegacyCertificate, TwoFormsAreRefused) {
  constexpr std::string_view kTwice = "channel.legacy.evidence-twice";
  EXPECT_EQ(error_with({{kGramine, legacy_quote(3, 0)}, {kSgxSdk, legacy_quote(3, 0)}}), kTwice);
  EXPECT_EQ(error_with({{kGramine, legacy_quote(3, 0)}, {kGramine, legacy_quote(3, 0)}}), kTwice);
  EXPECT_EQ(error_with({{kSgxSdk, legacy_quote(3, 0)}, names({std::string(64, '0') + ".x"})}),
            kTwice);
  EXPECT_EQ(error_with({names({std::string(64, '0') + ".x", std::string(66, '0')})}), kTwice);
}

// A PCK certificate has the SGX SDK's OID, with another content.
TEST(LegacyCertificate, WhatIsNoQuoteIsRefused) {
  EXPECT_EQ(error_with({{kSgxSdk, der_sequence({der_integer(1), der_integer(2)})}}),
            "channel.certificate.evidence-kind");
  EXPECT_EQ(error_with({{kSgxSdk, {}}}), "channel.certificate.evidence-layout");
  EXPECT_EQ(error_with({{kGramine, legacy_quote(3, 0x81)}}), "channel.certificate.evidence-kind");
  EXPECT_EQ(error_with({{kGramine, Bytes(kMaxEvidence + 1, 3)}}), "channel.certificate.size");
}

TEST(LegacyCertificate, OtherKeysAndSignaturesAreRefused) {
  const KeyPtr p256 = key_on("P-256"), other = key_on("P-256"), p521 = key_on("P-521");
  EXPECT_EQ(error_of(certificate(p256.get(), other.get(), {{kGramine, legacy_quote(3, 0)}})),
            "channel.certificate.signature");
  EXPECT_EQ(error_of(certificate(p521.get(), p521.get(), {{kGramine, legacy_quote(3, 0)}})),
            "channel.certificate.key");
  EXPECT_EQ(
      error_of(certificate(p256.get(), p256.get(), {{kGramine, legacy_quote(3, 0)}}, EVP_sha512())),
      "channel.certificate.signature");
}

TEST(LegacyCertificate, IsNoCertificateOfOurs) {
  const SigningKey key = SigningKey::generate();
  for (const Tee tee : {Tee::kSgx, Tee::kNitro}) {
    const Bytes ours =
        make_certificate(key, {tee, legacy_quote(3, 0)}, {}, Time{0}, Time{1}).value();
    EXPECT_EQ(error_of(ours), "channel.legacy.no-evidence");
  }
  const KeyPtr theirs = key_on("P-256");
  for (const char* oid : {kGramine, kSgxSdk})
    EXPECT_EQ(read_certificate(certificate(theirs.get(), theirs.get(), {{oid, legacy_quote(3, 0)}}))
                  .error()
                  .name(),
              "channel.certificate.evidence-kind");
  const Bytes name = certificate(theirs.get(), theirs.get(), {names({std::string(64, '0')})});
  EXPECT_EQ(read_certificate(name).error().name(), "channel.certificate.no-evidence");
}

TEST(LegacyCertificate, ADocumentStandsInFrontOfAHostName) {
  const KeyPtr key = key_on("P-384"), authority = key_on("P-256");
  const Bytes document(100, 0x84);
  const auto read = read_legacy_certificate(
      certificate(key.get(), authority.get(),
                  {names({"server.example", to_hex(document) + ".server.example"})}));
  ASSERT_TRUE(read.has_value()) << read.error().name();
  EXPECT_EQ(read->form, LegacyForm::kNitroName);
  EXPECT_EQ(read->evidence.tee, Tee::kNitro);
  EXPECT_EQ(read->evidence.quote, document);
  EXPECT_EQ(read->spki, spki_of(key.get()));
  EXPECT_EQ(error_with({names({"server.example", std::string(63, '0') + ".example"})}),
            "channel.legacy.no-evidence");
  EXPECT_EQ(error_with({names({std::string(64, 'x') + ".example"})}), "channel.legacy.name");
  EXPECT_EQ(error_with({names({std::string(65, '0') + ".example"})}), "channel.legacy.name");
}

TEST(LegacyCertificate, EveryTruncationIsRefused) {
  const KeyPtr key = key_on("P-256");
  for (const char* oid : {kGramine, kSgxSdk}) {
    const Bytes der = certificate(key.get(), key.get(), {{oid, legacy_quote(3, 0)}});
    for (size_t length = 0; length < der.size(); ++length)
      EXPECT_EQ(error_of(Bytes(der.begin(), der.begin() + static_cast<ptrdiff_t>(length))),
                "channel.certificate.der")
          << length;
  }
}

TEST(LegacyCertificate, EveryFlippedBitIsRefused) {
  const KeyPtr key = key_on("P-256");
  const Bytes der = certificate(key.get(), key.get(), {{kGramine, legacy_quote(3, 0)}});
  for (size_t bit = 0; bit < der.size() * 8; ++bit) {
    Bytes changed = der;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_NE(error_of(changed), "") << bit;
  }
}

TEST(LegacyCertificate, ADocumentsKeyIsCompared) {
  const Bytes spki = SigningKey::generate().spki(), other = SigningKey::generate().spki();
  const auto document = [](NitroPayload payload) {
    return write_cose({.payload = payload.encode()});
  };
  const Bytes named = document(NitroPayload::sample().set("user_data", Cbor::bytes(spki)));
  EXPECT_EQ(check_document_key(named, spki).state, CheckState::kPassed);
  EXPECT_EQ(check_document_key(named, spki).name(), "legacy.document-key");
  EXPECT_EQ(check_document_key(named, other).state, CheckState::kFailed);
  EXPECT_EQ(check_document_key(document(NitroPayload::sample()), spki).state, CheckState::kFailed);
  EXPECT_EQ(check_document_key({}, spki).state, CheckState::kFailed);
}

// Evervault's certificates: a document in a name, and a document beside the certificate.
TEST(LegacyCertificate, EvervaultsAreRead) {
  const std::filesystem::path nitro = vectors_of(Tee::kNitro);
  if (!std::filesystem::exists(nitro))
    GTEST_SKIP() << "no shared vectors: no real certificate with a Nitro document was read";
  const Bytes der = read_all(nitro / "evervault-ratls-cert.der");
  const Bytes document = read_all(nitro / "evervault-ratls-2023.cbor");
  const auto read = read_legacy_certificate(der);
  ASSERT_TRUE(read.has_value()) << read.error().name();
  EXPECT_EQ(read->form, LegacyForm::kNitroName);
  EXPECT_EQ(read->evidence.quote, document);
  EXPECT_EQ(read->spki, spki_in(der));
  EXPECT_EQ(check_document_key(document, read->spki).state, CheckState::kPassed);

  const Bytes other = read_all(nitro / "evervault-valid-certificate.der");
  EXPECT_EQ(error_of(other), "channel.legacy.no-evidence");
  const Bytes beside = read_all(nitro / "evervault-2023-zero-pcrs.cbor");
  EXPECT_EQ(check_document_key(beside, spki_in(other)).state, CheckState::kPassed);
  // "nitro-ratls-wrong-cert" of the vectors.
  EXPECT_EQ(check_document_key(document, spki_in(other)).state, CheckState::kFailed);
  EXPECT_EQ(check_document_key(beside, read->spki).state, CheckState::kFailed);
}

// The certificates of CCC-Attestation/interoperable-ra-tls, interoperability-tests/*.pem. They
// belong into vectors/ratls.
TEST(LegacyCertificate, ThoseOfTheInteroperabilityTestsAreRead) {
  const std::filesystem::path ratls = vectors_of(Tee::kSgx).parent_path() / "ratls";
  if (!std::filesystem::exists(ratls))
    GTEST_SKIP() << "no vectors/ratls: no real certificate of Gramine or the SGX SDK was read";
  const auto load = [&ratls](std::string_view name) {
    std::string text(as_text(read_all(ratls / name)));
    const size_t from = text.find("-----BEGIN CERTIFICATE-----") + 27;
    std::string base64 = text.substr(from, text.find("-----END") - from);
    std::erase_if(base64, [](char c) { return c == '\n' || c == '\r'; });
    return from_base64(base64).value();
  };
  for (const auto& [file, form] : {std::pair("gramine-cert.pem", LegacyForm::kGramine),
                                   std::pair("intel-sgxsdk-cert.pem", LegacyForm::kSgxSdk)}) {
    const Bytes der = load(file);
    const auto read = read_legacy_certificate(der);
    ASSERT_TRUE(read.has_value()) << file << " " << read.error().name();
    EXPECT_EQ(read->form, form);
    EXPECT_EQ(read->evidence.tee, Tee::kSgx);
    // report_data of the quote, which nobody has verified here.
    const BytesView report_data = BytesView(read->evidence.quote).subspan(48 + 320, 64);
    ByteArray<64> expected{};
    std::ranges::copy(sha256(read->bound), expected.begin());
    EXPECT_EQ(to_hex(report_data), to_hex(expected)) << file;
    EXPECT_EQ(read->bound == read->spki, form == LegacyForm::kGramine);
    // Both carry the common form as well.
    EXPECT_EQ(read_certificate(der).error().name(), "channel.certificate.evidence-twice");
  }
  const auto common = read_certificate(load("rats-tls-cert.pem"));
  ASSERT_TRUE(common.has_value()) << common.error().name();
  EXPECT_EQ(common->evidence.tee, Tee::kSgx);
}

}  // namespace
}  // namespace blindai
