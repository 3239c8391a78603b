// `blindai collateral fetch`, as a user calls it, against a service on this machine.
#include "client/cli/collateral.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <unistd.h>

#include "client/cli/commands.h"
#include "enclave/tee/simulation/simulation_source.h"
#include "lib/channel/attestation_message.h"
#include "net/collateral/folder.h"
#include "tests/support/replay_server.h"

namespace blindai {
namespace {

class CollateralCli : public testing::Test {
 protected:
  CollateralCli()
      : dir_(testing::TempDir() + "blindai_collateral_test_" + std::to_string(::getpid()) + "/"),
        source_(Sha256Digest{}, [] { return Time{std::time(nullptr)}; }),
        evidence_(source_.evidence({}).value()),
        published_(source_.collateral().value()),
        server_([this](const std::string& target) { return answer(target); }) {
    std::filesystem::create_directories(dir_);
  }
  ~CollateralCli() override { std::filesystem::remove_all(dir_); }

  ReplayReply answer(const std::string& target) const {
    const auto chain = [](const Bytes& pem) {
      std::string out;
      for (const uint8_t byte : pem) out += "%" + to_hex(BytesView(&byte, 1));
      return out;
    };
    const Collateral& c = published_;
    if (target.find("/tcb?") != target.npos)
      return {.fields = {{"TCB-Info-Issuer-Chain", chain(c.tcb_info_chain)}}, .body = c.tcb_info};
    if (target.ends_with("/qe/identity"))
      return {.fields = {{"SGX-Enclave-Identity-Issuer-Chain", chain(c.qe_identity_chain)}},
              .body = c.qe_identity};
    if (target.find("/pckcrl?") != target.npos)
      return {.fields = {{"SGX-PCK-CRL-Issuer-Chain", chain(c.pck_crl_chain)}}, .body = c.pck_crl};
    if (target.ends_with("/rootcacrl")) return {.body = c.root_ca_crl};
    return {.status = 404};
  }
  std::string write(const std::string& name, BytesView content) const {
    std::ofstream(dir_ + name, std::ios::binary) << as_text(content);
    return dir_ + name;
  }
  ExitStatus run(std::vector<std::string> arguments) {
    std::ostringstream out, err;
    arguments.insert(arguments.begin(), "collateral");
    const ExitStatus status = run_program(arguments, {.out = out, .err = err});
    out_ = out.str();
    err_ = err.str();
    return status;
  }
  void expect_all_written() {
    const auto read = read_collateral(dir_ + "out", Tee::kSgx);
    ASSERT_TRUE(read.has_value()) << read.error().sentence;
    for (const CollateralPart& part : collateral_parts(Tee::kSgx))
      EXPECT_EQ((*read).*part.member, published_.*part.member) << part.name;
  }

  const std::string dir_;
  SimulationSource source_;
  const Evidence evidence_;
  const Collateral published_;
  std::string out_;
  std::string err_;
  ReplayServer server_;
};

TEST_F(CollateralCli, WritesTheFilesOfAQuote) {
  const std::string quote = write("quote.bin", evidence_.quote);
  EXPECT_EQ(run({"fetch", quote, "--pcs", server_.url(), "--out", dir_ + "out"}), ExitStatus::kOk)
      << err_;
  expect_all_written();
  EXPECT_NE(out_.find(dir_ + "out/tcb_info.json\n"), std::string::npos) << out_;
  EXPECT_NE(out_.find("not verified"), std::string::npos) << out_;
  EXPECT_EQ(run({"fetch", quote, "--pcs", server_.url(), "--out", dir_ + "out", "--json"}),
            ExitStatus::kOk);
  EXPECT_TRUE(out_.starts_with("{\"tee\":\"sgx\",\"files\":[\"")) << out_;
}

TEST_F(CollateralCli, ReadsASavedMessage) {
  const std::string message = encode_attestation_message({.evidence = evidence_,
                                                          .claims = Bytes(10),
                                                          .collateral = published_,
                                                          .config = "",
                                                          .receipt_key_spki = Bytes(91)})
                                  .value();
  const std::string file = write("proof.json", as_bytes(message));
  EXPECT_EQ(run({"fetch", file, "--pcs", server_.url(), "--out", dir_ + "out"}), ExitStatus::kOk)
      << err_;
  expect_all_written();
}

TEST_F(CollateralCli, KeepsACacheAndRefreshesItWhenTold) {
  const std::vector<std::string> arguments = {"fetch",   write("quote.bin", evidence_.quote),
                                              "--pcs",   server_.url(),
                                              "--out",   dir_ + "out",
                                              "--cache", dir_ + "cache"};
  ASSERT_EQ(run(arguments), ExitStatus::kOk) << err_;
  ASSERT_EQ(run(arguments), ExitStatus::kOk) << err_;
  EXPECT_EQ(server_.num_asked(), 4u);
  ::sleep(1);  // times are kept in whole seconds
  std::vector<std::string> refresh = arguments;
  refresh.emplace_back("--refresh");
  ASSERT_EQ(run(refresh), ExitStatus::kOk) << err_;
  EXPECT_EQ(server_.num_asked(), 8u);
}

TEST_F(CollateralCli, SaysWhatIsWrong) {
  const std::string quote = write("quote.bin", evidence_.quote);
  const std::string out = dir_ + "out";
  EXPECT_EQ(run({"fetch", quote, "--pcs", server_.url() + "/wrong", "--out", "/dev/null/x"}),
            ExitStatus::kError);
  EXPECT_NE(err_.find("collateral.folder"), std::string::npos) << err_;
  EXPECT_EQ(run({"fetch", quote, "--pcs", "http://127.0.0.1:1", "--out", out}),
            ExitStatus::kUnreachable);
  EXPECT_EQ(run({"fetch", quote, "--pcs", "pccs", "--out", out}), ExitStatus::kUsage);
  EXPECT_NE(err_.find("net.url"), std::string::npos) << err_;
  EXPECT_EQ(run({"fetch", write("junk", Bytes(2000)), "--out", out}), ExitStatus::kError);
  EXPECT_NE(err_.find("collateral.evidence"), std::string::npos) << err_;
  EXPECT_EQ(run({"fetch", write("doc", from_hex("8443a10138").value()), "--out", out}),
            ExitStatus::kError);
  EXPECT_NE(err_.find("Nitro"), std::string::npos) << err_;
  EXPECT_EQ(run({"fetch", quote}), ExitStatus::kUsage);
  EXPECT_EQ(run({"get", quote, "--out", out}), ExitStatus::kUsage);
  EXPECT_EQ(run({"fetch", "--out", out}), ExitStatus::kUsage);
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace blindai
