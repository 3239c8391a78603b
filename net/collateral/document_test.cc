#include "net/collateral/document.h"

#include <gtest/gtest.h>

#include "net/collateral/fetcher_fixture_test.h"

namespace blindai {
namespace {

class DocumentTest : public testing::Test {
 protected:
  SimulationSource source_{Sha256Digest{}, [] { return kFetcherNow; }};
  const Collateral collateral_ = source_.collateral().value();
};

TEST_F(DocumentTest, ReadsWhenEachEnds) {
  const Time end = kFetcherNow + 30 * kFetcherDay;
  EXPECT_EQ(expiry_of(DocumentForm::kTcbInfo, collateral_.tcb_info).value(), end);
  EXPECT_EQ(expiry_of(DocumentForm::kQeIdentity, collateral_.qe_identity).value(), end);
  EXPECT_EQ(expiry_of(DocumentForm::kIntelCrl, collateral_.pck_crl).value(), end);
  EXPECT_EQ(expiry_of(DocumentForm::kIntelCrl, collateral_.root_ca_crl).value(), end);
}

TEST_F(DocumentTest, TakesNoDocumentForAnother) {
  const Bytes documents[] = {collateral_.tcb_info, collateral_.qe_identity, collateral_.pck_crl,
                             collateral_.tcb_info_chain, Bytes()};
  const DocumentForm forms[] = {DocumentForm::kTcbInfo, DocumentForm::kQeIdentity,
                                DocumentForm::kIntelCrl};
  for (size_t i = 0; i < std::size(forms); ++i) {
    for (size_t j = 0; j < std::size(documents); ++j) {
      const auto end = expiry_of(forms[i], documents[j]);
      ASSERT_EQ(end.has_value(), i == j) << i << " " << j;
      if (end.has_value()) continue;
      EXPECT_EQ(end.error().name(), "collateral.content");
    }
  }
  for (const DocumentForm amd :
       {DocumentForm::kAmdVek, DocumentForm::kAmdChain, DocumentForm::kAmdCrl})
    for (const Bytes& document : documents)
      EXPECT_EQ(expiry_of(amd, document).error().name(), "collateral.content");
}

TEST_F(DocumentTest, RefusesEveryTruncation) {
  for (size_t n = 0; n < collateral_.tcb_info.size() - 1; ++n)
    EXPECT_FALSE(
        expiry_of(DocumentForm::kTcbInfo, BytesView(collateral_.tcb_info).first(n)).has_value());
  for (size_t n = 0; n < collateral_.pck_crl.size(); ++n)
    EXPECT_FALSE(
        expiry_of(DocumentForm::kIntelCrl, BytesView(collateral_.pck_crl).first(n)).has_value());
}

TEST_F(DocumentTest, ReadsTheEvaluationNumber) {
  EXPECT_EQ(evaluation_number_of(DocumentForm::kTcbInfo, collateral_.tcb_info).value(), 1000u);
  EXPECT_EQ(evaluation_number_of(DocumentForm::kQeIdentity, collateral_.qe_identity).value(),
            1000u);
  EXPECT_FALSE(evaluation_number_of(DocumentForm::kTcbInfo, collateral_.qe_identity).has_value());
}

TEST_F(DocumentTest, TurnsHexadecimalListsIntoDer) {
  const Bytes& der = collateral_.root_ca_crl;
  const std::string hex = to_hex(der);
  EXPECT_EQ(signed_bytes(DocumentForm::kIntelCrl, as_bytes(hex)), der);
  EXPECT_EQ(signed_bytes(DocumentForm::kIntelCrl, der), der);
  EXPECT_EQ(signed_bytes(DocumentForm::kTcbInfo, as_bytes(hex)), to_bytes(as_bytes(hex)));
  const std::string odd = hex.substr(1);
  EXPECT_EQ(signed_bytes(DocumentForm::kIntelCrl, as_bytes(odd)), to_bytes(as_bytes(odd)));
}

TEST_F(DocumentTest, DecodesAnIssuerChain) {
  const Bytes& chain = collateral_.tcb_info_chain;
  EXPECT_EQ(issuer_chain_of(url_encoded(chain)).value(), chain);
  std::string upper = url_encoded(chain);
  for (size_t at = upper.find('%'); at != std::string::npos; at = upper.find('%', at + 1))
    for (size_t i = at + 1; i < at + 3; ++i) upper[i] = static_cast<char>(::toupper(upper[i]));
  EXPECT_EQ(issuer_chain_of(upper).value(), chain);
}

TEST_F(DocumentTest, RefusesAnIssuerChainThatIsNone) {
  const std::string good = url_encoded(collateral_.tcb_info_chain);
  for (size_t n = 0; n < good.size() - 3; ++n)
    EXPECT_FALSE(issuer_chain_of(std::string_view(good).substr(0, n)).has_value()) << n;
  for (const std::string& bad :
       {std::string("%"), std::string("%4"), std::string("%zz"), good + "%", good + "%0",
        good + "%0g", good + good, std::string("a+b")}) {
    const auto chain = issuer_chain_of(bad);
    ASSERT_FALSE(chain.has_value()) << bad.substr(0, 8);
    EXPECT_EQ(chain.error().name(), "collateral.issuer-chain");
  }
}

}  // namespace
}  // namespace blindai
