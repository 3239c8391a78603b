// Against a service on this machine that answers like a PCCS, rightly and wrongly.
#include <fstream>

#include "lib/attest/verify.h"
#include "lib/channel/claims.h"
#include "lib/channel/simulation_root.h"
#include "net/collateral/fetcher_fixture_test.h"

namespace blindai {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(FetcherTest, FetchesWhatTheVerifierAccepts) {
  publish();
  const Bytes claims(100, 7);
  SimulationSource source(measurement_, [this] { return now_; });
  const Evidence evidence = source.evidence(report_data_of(claims)).value();
  const auto collateral = fetcher()->fetch(evidence);
  ASSERT_TRUE(collateral.has_value()) << collateral.error().sentence;
  EXPECT_EQ(server_.asked(), (std::vector<std::string>{kTcb, kQe, kPckCrl, kRootCrl}));
  Policy policy;
  policy.sgx.emplace().mr_enclave = {measurement_};
  policy.tcb_statuses = {TcbStatus::kUpToDate};
  policy.configurations.any = true;
  policy.max_evidence_age_s = 3600;
  const Verification v = verify(evidence, claims, *collateral, policy, simulation_roots(), now_);
  EXPECT_TRUE(v.ok()) << v.problem().sentence;
}

TEST_F(FetcherTest, KeepsTheVendorsBytesUntouched) {
  const Collateral good = publish();
  EXPECT_TRUE(same(fetcher()->fetch(evidence()).value(), good));
}

TEST_F(FetcherTest, AcceptsTheAddressAsQuotingLibrariesAreGivenIt) {
  publish();
  FetcherOptions with = options();
  with.pcs += "/sgx/certification/v4/";
  EXPECT_TRUE(fetcher(with)->fetch(evidence()).has_value());
}

TEST_F(FetcherTest, AcceptsTheOlderNameOfTheIssuerChain) {
  const Collateral good = publish();
  change(kTcb, {.fields = {{"SGX-TCB-Info-Issuer-Chain", url_encoded(good.tcb_info_chain)}},
                .body = good.tcb_info});
  EXPECT_TRUE(same(fetcher()->fetch(evidence()).value(), good));
}

TEST_F(FetcherTest, AsksNobodyTwiceWhileWhatIsKeptIsFresh) {
  publish();
  const Evidence mine = evidence();
  const auto first = fetcher();
  ASSERT_TRUE(first->fetch(mine).has_value());
  ASSERT_TRUE(first->fetch(mine).has_value());
  now_ = now_ + (kFetcherDay - 1);
  take_down();
  const auto second = fetcher();  // another process, with the folder alone
  const auto again = second->fetch(mine);
  ASSERT_TRUE(again.has_value()) << again.error().sentence;
  EXPECT_EQ(server_.num_asked(), 4u);
  EXPECT_TRUE(reported_.empty());
}

TEST_F(FetcherTest, KeepsInMemoryWithoutAFolder) {
  publish();
  FetcherOptions with = options();
  with.cache_folder.clear();
  const auto mine = fetcher(with);
  ASSERT_TRUE(mine->fetch(evidence()).has_value());
  ASSERT_TRUE(mine->fetch(evidence()).has_value());
  EXPECT_EQ(server_.num_asked(), 4u);
}

TEST_F(FetcherTest, RefreshesAfterADayAsOneSet) {
  publish();
  const Evidence mine = evidence();
  const auto fetch = fetcher();
  ASSERT_TRUE(fetch->fetch(mine).has_value());
  now_ = now_ + kFetcherDay;
  const Collateral later = publish();
  EXPECT_TRUE(same(fetch->fetch(mine).value(), later));
  EXPECT_EQ(server_.num_asked(), 8u);
}

TEST_F(FetcherTest, RefreshesWellBeforeADocumentEnds) {
  publish();
  FetcherOptions with = options();
  with.refresh_after_s = 365 * kFetcherDay;
  const Evidence mine = evidence();
  const auto fetch = fetcher(with);
  ASSERT_TRUE(fetch->fetch(mine).has_value());
  now_ = now_ + 19 * kFetcherDay;  // documents live thirty days
  ASSERT_TRUE(fetch->fetch(mine).has_value());
  EXPECT_EQ(server_.num_asked(), 4u);
  now_ = now_ + 2 * kFetcherDay;
  publish();
  ASSERT_TRUE(fetch->fetch(mine).has_value());
  EXPECT_EQ(server_.num_asked(), 8u);
}

TEST_F(FetcherTest, AsksAgainWhenTheClockWasSetBack) {
  publish();
  const Evidence mine = evidence();
  const auto fetch = fetcher();
  ASSERT_TRUE(fetch->fetch(mine).has_value());
  now_ = now_ + -60;
  ASSERT_TRUE(fetch->fetch(mine).has_value());
  EXPECT_EQ(server_.num_asked(), 8u);
}

TEST_F(FetcherTest, ForgetsWhenToldTo) {
  publish();
  const auto fetch = fetcher();
  ASSERT_TRUE(fetch->fetch(evidence()).has_value());
  now_ = now_ + 1;
  fetch->forget_all();
  ASSERT_TRUE(fetch->fetch(evidence()).has_value());
  EXPECT_EQ(server_.num_asked(), 8u);
}

TEST_F(FetcherTest, GivesTheLastGoodSetWhileTheServiceIsDownAndItIsInForce) {
  const Collateral good = publish();
  const Evidence mine = evidence();
  const auto fetch = fetcher();
  ASSERT_TRUE(fetch->fetch(mine).has_value());
  take_down();
  now_ = now_ + 2 * kFetcherDay;
  EXPECT_TRUE(same(fetch->fetch(mine).value(), good));
  EXPECT_EQ(reported_, (std::vector<std::string>{"collateral.service"}));
  const size_t asked = server_.num_asked();
  now_ = now_ + 30;  // the service is left alone for a minute
  EXPECT_TRUE(fetch->fetch(mine).has_value());
  EXPECT_EQ(server_.num_asked(), asked);
  now_ = now_ + 31;
  EXPECT_TRUE(fetch->fetch(mine).has_value());
  EXPECT_GT(server_.num_asked(), asked);
  now_ = now_ + 30 * kFetcherDay;  // nothing is in force any more
  const auto late = fetch->fetch(mine);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().name(), "collateral.service");
}

TEST_F(FetcherTest, MixesNoNewDocumentWithKeptOnes) {
  const Collateral good = publish();
  const Evidence mine = evidence();
  const auto fetch = fetcher();
  ASSERT_TRUE(fetch->fetch(mine).has_value());
  now_ = now_ + 2 * kFetcherDay;
  publish();
  change(kRootCrl, {.status = 500});
  EXPECT_TRUE(same(fetch->fetch(mine).value(), good));
}

TEST_F(FetcherTest, RefusesDocumentsOfTwoEvaluations) {
  const Collateral published = publish();
  std::string other(as_text(published.qe_identity));
  const size_t at = other.find("\"tcbEvaluationDataNumber\":1000");
  ASSERT_NE(at, std::string::npos);
  other.replace(at, 30, "\"tcbEvaluationDataNumber\":1001");
  change(
      kQe,
      {.fields = {{"SGX-Enclave-Identity-Issuer-Chain", url_encoded(published.qe_identity_chain)}},
       .body = to_bytes(as_bytes(other))});
  const auto collateral = fetcher()->fetch(evidence());
  ASSERT_FALSE(collateral.has_value());
  EXPECT_EQ(collateral.error().name(), "collateral.evaluation");
  EXPECT_EQ(server_.num_asked(), 8u);  // once more, in case it was between two
}

TEST_F(FetcherTest, NoticesADamagedCacheAndFetchesAgain) {
  const Collateral good = publish();
  const Evidence mine = evidence();
  ASSERT_TRUE(fetcher()->fetch(mine).has_value());
  const std::vector<std::string> names = folder_.names();
  size_t damaged = 0;
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const std::string path = folder_.path() + "/" + name;
    std::string content;
    {
      std::ifstream in(path, std::ios::binary);
      content.assign(std::istreambuf_iterator<char>(in), {});
    }
    content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
    std::ofstream(path, std::ios::binary) << content;
    reported_.clear();
    const size_t asked = server_.num_asked();
    const auto again = fetcher()->fetch(mine);
    ASSERT_TRUE(again.has_value()) << again.error().sentence;
    EXPECT_TRUE(same(*again, good));
    // A bit of an index may stand for another time of fetching; all else is noticed.
    if (name.ends_with(".index")) continue;
    EXPECT_EQ(server_.num_asked(), asked + 4);
    EXPECT_FALSE(reported_.empty());
    ++damaged;
  }
  EXPECT_GE(damaged, 5u);  // four documents and at least one chain
}

struct WrongAnswer {
  const char* id;
  ReplayReply reply;
  size_t num_tries;
};

TEST_F(FetcherTest, SaysWhatIsWrongWithAnAnswer) {
  const Collateral published = publish();
  const std::string chain = url_encoded(published.tcb_info_chain);
  const HttpFields fields = {{"TCB-Info-Issuer-Chain", chain}};
  const Bytes good = published.tcb_info;
  const WrongAnswer cases[] = {
      {"collateral.not-found", {.status = 404}, 1},
      {"collateral.denied", {.status = 401}, 1},
      {"collateral.denied", {.status = 403}, 1},
      {"collateral.refused", {.status = 400}, 1},
      {"collateral.refused", {.status = 461}, 1},
      {"collateral.refused", {.status = 302, .fields = {{"location", "http://127.0.0.1:1/"}}}, 1},
      {"collateral.service", {.status = 500}, 4},
      {"collateral.service", {.status = 429}, 4},
      {"collateral.service", {.status = 200}, 1},
      {"collateral.content", {.fields = fields, .body = to_bytes(as_bytes("<html>"))}, 1},
      {"collateral.content", {.fields = fields, .body = published.qe_identity}, 1},
      {"collateral.content", {.fields = fields, .body = published.root_ca_crl}, 1},
      {"collateral.too-large", {.fields = fields, .body = Bytes(300'000, ' ')}, 1},
      {"collateral.too-large", {.fields = fields, .body = Bytes(600'000, ' ')}, 1},
      {"collateral.issuer-chain", {.body = good}, 1},
      {"collateral.issuer-chain", {.fields = {{"tcb-info-issuer-chain", "x"}}, .body = good}, 1},
      {"net.closed", {.fields = fields, .body = good, .send_at_most = 0}, 4},
      {"net.closed", {.fields = fields, .body = good, .send_at_most = 9}, 4},
      {"net.closed", {.fields = fields, .body = good, .send_at_most = good.size()}, 4},
      {"http.syntax", {.raw = "nonsense\r\n\r\n"}, 1},
      {"collateral.too-large", {.fields = {{"x", std::string(40'000, 'x')}}, .body = good}, 1},
  };
  for (const WrongAnswer& c : cases) {
    SCOPED_TRACE(std::string(c.id) + " " + std::to_string(c.reply.status));
    change(kTcb, c.reply);
    const size_t asked = server_.num_asked();
    const auto collateral = fetcher()->fetch(evidence());
    ASSERT_FALSE(collateral.has_value());
    EXPECT_EQ(collateral.error().name(), c.id);
    EXPECT_NE(collateral.error().sentence.find("127.0.0.1"), std::string::npos);
    EXPECT_GE(collateral.error().sentence.size(), 60u) << collateral.error().sentence;
    EXPECT_EQ(server_.num_asked(), asked + c.num_tries);
    std::filesystem::remove_all(folder_.path());
  }
}

TEST_F(FetcherTest, RefusesWhatIsOutOfDateAlready) {
  publish();
  const Evidence mine = evidence();
  now_ = now_ + 31 * kFetcherDay;
  const auto collateral = fetcher()->fetch(mine);
  ASSERT_FALSE(collateral.has_value());
  EXPECT_EQ(collateral.error().name(), "collateral.expired");
  EXPECT_EQ(collateral.error().code, Code::kStale);
}

TEST_F(FetcherTest, GivesUpOnASlowServiceInTime) {
  publish();
  FetcherOptions with = options();
  with.web.request_time = milliseconds(50);
  change(kTcb, {.body = Bytes(10), .before_first = milliseconds(120)});
  const auto collateral = fetcher(with)->fetch(evidence());
  ASSERT_FALSE(collateral.has_value());
  EXPECT_EQ(collateral.error().name(), "net.timeout");
  EXPECT_EQ(collateral.error().code, Code::kDeadline);
}

TEST_F(FetcherTest, SaysThatNobodyAnswersAtTheAddress) {
  FetcherOptions with = options();
  with.pcs = "http://127.0.0.1:1";
  const auto collateral = fetcher(with)->fetch(evidence());
  ASSERT_FALSE(collateral.has_value());
  EXPECT_EQ(collateral.error().name(), "net.connect");
}

TEST_F(FetcherTest, RefusesAddressesThatAreNone) {
  for (const bool of_pcs : {true, false}) {
    FetcherOptions with = options();
    (of_pcs ? with.pcs : with.kds) = "pccs.example.org";
    const auto made = CollateralFetcher::create(with, [this] { return now_; }, {});
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().name(), "net.url");
  }
}

TEST_F(FetcherTest, RefusesEvidenceThatIsNone) {
  for (const Tee tee : {Tee::kSgx, Tee::kTdx, Tee::kSnp}) {
    const auto collateral = fetcher()->fetch({tee, Bytes(100)});
    ASSERT_FALSE(collateral.has_value());
    EXPECT_EQ(collateral.error().name(), "collateral.evidence");
  }
  EXPECT_EQ(server_.num_asked(), 0u);
}

TEST_F(FetcherTest, HasNothingToFetchForNitro) {
  EXPECT_TRUE(fetcher()->fetch({Tee::kNitro, Bytes(100)}).has_value());
  EXPECT_EQ(server_.num_asked(), 0u);
}

TEST_F(FetcherTest, AsksOnlyForWhatIsNotThereYet) {
  publish();
  Collateral known;
  known.tcb_info = to_bytes(as_bytes("mine"));
  const Collateral out = fetcher()->fetch(evidence(), known).value();
  EXPECT_EQ(as_text(out.tcb_info), "mine");
  EXPECT_EQ(server_.asked(), (std::vector<std::string>{kQe, kPckCrl, kRootCrl}));
}

}  // namespace
}  // namespace blindai
