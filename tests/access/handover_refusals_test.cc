// A handover that one side refuses: the other is a real server process, which stays as it was.
//
// A relay between two servers sees TLS alone; here it has an offer in clear, as if TLS were broken,
// and it is of no use to it.
#include <ctime>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>

#include "enclave/tee/simulation/simulation_source.h"
#include "lib/channel/simulation_root.h"
#include "lib/crypto/crypto.h"
#include "lib/handover/claims.h"
#include "lib/handover/message.h"
#include "tests/access/peer.h"
#include "tests/onnx_builder.h"
#include "tests/server_process.h"
#include "tests/support/handover_offer.h"
#include "tests/support/lying_server.h"

namespace blindai {
namespace {

constexpr std::string_view kRefusedInfer =
    R"({"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]})";

Time now() {
  return {std::time(nullptr)};
}

std::string rules(const std::string& name, const Sha256Digest& programs,
                  const std::string& configurations) {
  return "[handover." + name +
         "]\nformat = \"blindai-policy-1\"\ntcb_statuses = [\"UpToDate\"]\nadvisories = []\n"
         "configurations = " +
         configurations + "\nmin_tcb_evaluation_number = 1\nmax_evidence_age_s = 3600\n[handover." +
         name + ".sgx]\nmr_enclave = [\"" + to_hex(programs) + "\"]\n";
}

using Files = std::map<std::string, std::string>;

Files files_of(const ServerProcess& server) {
  Files out;
  for (const auto& file : std::filesystem::directory_iterator(server.folder() + "/store")) {
    std::ifstream in(file.path(), std::ios::binary);
    out[file.path().filename()] = {std::istreambuf_iterator<char>(in), {}};
  }
  return out;
}

// The old server is real, the new one is the test.
class HandoverToTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(old_.start("allow_anonymous_upload = true\n" +
                           rules("to", programs_, "[\"" + to_hex(config_hash_) + "\"]")))
        << old_.log();
    Peer nobody(old_.address(), no_proof());
    ASSERT_EQ(nobody.ask("PUT", "/v1/models/m", model_).status, 201u);
    before_ = files_of(old_);
  }
  std::unique_ptr<HttpClient> connect() {
    return HttpClient::connect(old_.address(), *tls_, {}, nullptr).value();
  }
  HandoverOffer offer_for(HttpClient& http) {
    return make_offer(source_, key_, http.tls().export_key(kHandoverExporterLabel).value(),
                      config_);
  }
  static Reply send(HttpClient& http, const Bytes& message) {
    return reply_of(
        http.send({.method = "POST", .target = "/v1/handover", .fields = {}, .body = {message}})
            .value());
  }
  void expect_unchanged() {
    EXPECT_EQ(files_of(old_), before_);
    Peer nobody(old_.address(), no_proof());
    EXPECT_EQ(nobody.ask("GET", "/v2/health/ready").status, 200u);
    EXPECT_EQ(nobody.ask("POST", "/v2/models/m/infer", std::string(kRefusedInfer)).status, 200u);
  }

  const Sha256Digest programs_ = sha256(as_bytes("new programs"));
  const std::string config_ = "max_models = 3\n";
  const Sha256Digest config_hash_ = sha256(as_bytes(config_));
  const Bytes model_ = onnx_builder::identity(Datatype::kFp32, {-1, 4});
  const std::unique_ptr<TlsClientContext> tls_ = TlsClientContext::create();
  const HpkeKey key_;
  SimulationSource source_{programs_, now};
  ServerProcess old_;
  Files before_;
};

TEST_F(HandoverToTest, IsRefusedWithoutAnyPartOfTheCollateral) {
  // pck_crl_chain is not among them: no check reads it (docs/collateral.md).
  const std::pair<Bytes Collateral::*, const char*> checks[] = {
      {&Collateral::tcb_info, "sgx.tcb-info.envelope"},
      {&Collateral::tcb_info_chain, "sgx.tcb-info.chain"},
      {&Collateral::qe_identity, "sgx.qe-identity.envelope"},
      {&Collateral::qe_identity_chain, "sgx.qe-identity.chain"},
      {&Collateral::pck_crl, "sgx.pck-crl.layout"},
      {&Collateral::root_ca_crl, "sgx.root-crl.layout"}};
  ASSERT_EQ(collateral_parts(Tee::kSgx).size(), std::size(checks) + 1);
  for (const auto& [part, check] : checks) {
    const auto http = connect();
    HandoverOffer offer = offer_for(*http);
    (offer.collateral.*part).clear();
    const Reply reply = send(*http, encode_offer(offer).value());
    EXPECT_EQ(reply.status, 403u) << reply.body;
    EXPECT_EQ(reply.code, check);
  }
  expect_unchanged();
  // Nothing else was wrong with the offers.
  const auto http = connect();
  EXPECT_EQ(send(*http, encode_offer(offer_for(*http)).value()).status, 200u);
  expect_unchanged();
}

TEST_F(HandoverToTest, IsRefusedToWhoShowsAnOfferOfAnotherConnection) {
  const auto honest = connect();
  const Bytes offer = encode_offer(offer_for(*honest)).value();
  // Before the new server's own, at the same time as it, and after it.
  const auto relay = connect();
  const auto refused = [&](HttpClient& http) {
    const Reply reply = send(http, offer);
    EXPECT_EQ(reply.status, 403u) << reply.body;
    EXPECT_EQ(reply.code, "handover.exporter");
  };
  refused(*relay);
  EXPECT_EQ(send(*honest, offer).status, 200u);
  refused(*relay);
  refused(*connect());
  expect_unchanged();
}

// The new server is real, the old one is the test.
class HandoverFromTest : public testing::Test {
 protected:
  // The handover fails, and leaves the new server as if it had not been tried.
  std::string refusal(const LyingServer& old) {
    const std::string config =
        "allow_anonymous_upload = true\n" + rules("from", LyingServer::measurement(), "\"any\"");
    ServerProcess made;
    EXPECT_TRUE(made.start(config)) << made.log();
    Peer nobody(made.address(), no_proof());
    EXPECT_EQ(nobody.ask("PUT", "/v1/models/own", model_).status, 201u);
    EXPECT_EQ(made.stop(), 0);
    const Files before = files_of(made);
    EXPECT_FALSE(made.start(config, {"handover", "--from", old.address()}));
    EXPECT_EQ(files_of(made), before);
    const std::string log = made.log();
    EXPECT_TRUE(made.start(config)) << made.log();
    Peer again(made.address(), no_proof());
    EXPECT_EQ(again.ask("POST", "/v2/models/own/infer", std::string(kRefusedInfer)).status, 200u);
    return log;
  }
  const Bytes model_ = onnx_builder::identity(Datatype::kFp32, {-1, 4});
};

TEST_F(HandoverFromTest, IsNotAskedWithoutTheOldServersCollateral) {
  const LyingServer old({.without_collateral = true});
  EXPECT_TRUE(refusal(old).contains("sgx.root-crl.layout"));
  EXPECT_TRUE(old.requests().empty());  // it got no offer
}

TEST_F(HandoverFromTest, IsAskedWhenNothingIsMissing) {
  const LyingServer old;
  EXPECT_TRUE(refusal(old).contains("The old server says: There is no such model"));
  const std::vector<SeenRequest> requests = old.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].target, "/v1/handover");
}

}  // namespace
}  // namespace blindai
