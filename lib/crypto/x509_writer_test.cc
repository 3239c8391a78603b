#include "lib/crypto/x509_writer.h"

#include <gtest/gtest.h>
#include <memory>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace blindai {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* p) const {
    Free(p);
  }
};
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;

X509Ptr read_certificate_der(const Bytes& der) {
  const unsigned char* at = der.data();
  X509Ptr out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  EXPECT_EQ(at, der.data() + der.size());
  return out;
}

CrlPtr read_crl_der(const Bytes& der) {
  const unsigned char* at = der.data();
  CrlPtr out(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  EXPECT_EQ(at, der.data() + der.size());
  return out;
}

constexpr Time kNow{1750330571};

class X509Writer : public testing::Test {
 protected:
  Bytes root() const {
    return write_certificate(
        {.serial = {1},
         .issuer = root_name,
         .subject = root_name,
         .not_before = kNow + -100,
         .not_after = kNow + 100,
         .extensions = {basic_constraints(true, 1), key_usage(kKeyCertSign | kCrlSign),
                        subject_key_id(root_key)}},
        root_key, root_key);
  }
  Bytes leaf() const {
    return write_certificate(
        {.serial = Bytes(20, 0x7f),
         .issuer = root_name,
         .subject = {.common_name = "leaf"},
         .not_before = kNow + -3,
         .not_after = kNow + 3,
         .extensions = {basic_constraints(false, {}), key_usage(kDigitalSignature),
                        authority_key_id(root_key)}},
        leaf_key, root_key);
  }
  Bytes crl(std::vector<Bytes> revoked) const {
    return write_crl({.issuer = root_name,
                      .this_update = kNow + -5,
                      .next_update = kNow + 5,
                      .number = 7,
                      .revoked = std::move(revoked)},
                     root_key);
  }
  // OpenSSL's own judgement of root, leaf and CRL at `when`, every strictness on.
  int judged(const Bytes& leaf_der, const Bytes& crl_der, Time when) const {
    X509Ptr root_x = read_certificate_der(root()), leaf_x = read_certificate_der(leaf_der);
    CrlPtr crl_x = read_crl_der(crl_der);
    StorePtr store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), root_x.get());
    X509_STORE_add_crl(store.get(), crl_x.get());
    StoreCtxPtr context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), leaf_x.get(), nullptr);
    X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_X509_STRICT);
    X509_STORE_CTX_set_time(context.get(), 0, when.seconds);
    return X509_verify_cert(context.get()) == 1 ? X509_V_OK
                                                : X509_STORE_CTX_get_error(context.get());
  }

  const X509Name root_name = {
      .common_name = "root", .organization = "o", .locality = "l", .state = "CA", .country = "US"};
  const SigningKey root_key = SigningKey::generate();
  const SigningKey leaf_key = SigningKey::generate();
};

TEST_F(X509Writer, WritesAChainThatOpenSslAccepts) {
  EXPECT_EQ(judged(leaf(), crl({}), kNow), X509_V_OK);
}

TEST_F(X509Writer, WritesTheGivenTimes) {
  EXPECT_EQ(judged(leaf(), crl({}), kNow + 4), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(judged(leaf(), crl({}), kNow + 6), X509_V_ERR_CRL_HAS_EXPIRED);
  EXPECT_EQ(judged(leaf(), crl({}), kNow + -6), X509_V_ERR_CRL_NOT_YET_VALID);
}

TEST_F(X509Writer, RevokesBySerialNumber) {
  EXPECT_EQ(judged(leaf(), crl({Bytes(20, 0x7f)}), kNow), X509_V_ERR_CERT_REVOKED);
  EXPECT_EQ(judged(leaf(), crl({Bytes(20, 0x7e)}), kNow), X509_V_OK);
}

TEST_F(X509Writer, WritesNamesUsagesAndKeys) {
  const X509Ptr x = read_certificate_der(leaf());
  char text[200];
  X509_NAME_oneline(X509_get_issuer_name(x.get()), text, sizeof text);
  EXPECT_STREQ(text, "/CN=root/O=o/L=l/ST=CA/C=US");
  EXPECT_EQ(X509_get_key_usage(x.get()), uint32_t{KU_DIGITAL_SIGNATURE});
  EXPECT_EQ(X509_get_key_usage(read_certificate_der(root()).get()),
            uint32_t{KU_KEY_CERT_SIGN | KU_CRL_SIGN});
  unsigned char* spki = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x.get()), &spki);
  ASSERT_GT(length, 0);
  EXPECT_EQ(Bytes(spki, spki + length), leaf_key.spki());
  OPENSSL_free(spki);
}

TEST_F(X509Writer, SerialNumbersArePositiveAndDiffer) {
  const Bytes a = random_serial(), b = random_serial();
  EXPECT_EQ(a.size(), 16u);
  EXPECT_EQ(a[0] & 0xc0, 0x40);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace blindai
