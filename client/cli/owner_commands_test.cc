// Keys, access rules and receipts on the command line, against a server in this process.
#include <sys/stat.h>

#include "client/cli/cli_fixture_test.h"
#include "client/cli/npy.h"
#include "client/cpp/key_file.h"
#include "lib/auth/account_token.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

const std::string kOwnedHash(64, 'a');

std::string model_json(uint64_t epoch) {
  return R"({"model_id":"m","model_hash":")" + kOwnedHash + R"(","size":5,"epoch":)" +
         std::to_string(epoch) + R"(,"content_id":")" + std::string(64, 'c') +
         R"(","inputs":[],"outputs":[]})";
}
std::string receipt_json(uint64_t epoch) {
  return R"({"model_id":"m","model_hash":")" + kOwnedHash + R"(","epoch":)" +
         std::to_string(epoch) + R"(,"content_id":")" + std::string(64, 'c') + "\"}";
}

class CliOwner : public Cli {
 protected:
  // A new key file; its public key.
  std::string make_key(const std::string& name) {
    EXPECT_EQ(run({"keys", "create", dir_ + name}), ExitStatus::kOk) << err_;
    return to_text(read_key_file(dir_ + name)->public_key());
  }
  std::string proven_key(const SeenRequest& request) {
    const auto proof = parse_connection_proof(request.field("authorization"));
    if (!proof.has_value()) return std::string(proof.error().name());
    const auto key = verify_connection_proof(*proof, request.exporter);
    return key.has_value() ? to_text(key->key()) : std::string(key.error().name());
  }
};

TEST_F(CliOwner, CreatesAKeyThatNobodyElseReads) {
  const std::string name = make_key("key");
  EXPECT_NE(out_.find("Public key: " + name + "\n"), std::string::npos) << out_;
  const std::string secret = read("key").substr(0, kApiKeyTextLen);
  EXPECT_EQ(out_.find(secret), std::string::npos);
  struct stat status{};
  ASSERT_EQ(::stat((dir_ + "key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(run({"keys", "create", dir_ + "key"}), ExitStatus::kError);
  EXPECT_NE(err_.find("client.key.exists"), std::string::npos) << err_;
  EXPECT_EQ(read("key").substr(0, kApiKeyTextLen), secret);
  EXPECT_EQ(run({"keys", "create", dir_ + "second", "--json"}), ExitStatus::kOk);
  EXPECT_EQ(JsonDocument::parse(out_)->root()["public_key"].string().value(),
            to_text(read_key_file(dir_ + "second")->public_key()));
}

TEST_F(CliOwner, ShowsThePublicKeyAndTheOtherOnlyWhenAsked) {
  const std::string name = make_key("key");
  const std::string secret = read("key").substr(0, kApiKeyTextLen);
  EXPECT_EQ(run({"keys", "show", dir_ + "key"}), ExitStatus::kOk);
  EXPECT_EQ(out_, name + "\n");
  EXPECT_EQ(run({"keys", "show", "--key", dir_ + "key", "--reveal"}), ExitStatus::kOk);
  EXPECT_EQ(out_, name + "\n" + secret + "\n");
  EXPECT_EQ(run({"keys", "show", dir_ + "key", "--json", "--reveal"}), ExitStatus::kOk);
  EXPECT_EQ(JsonDocument::parse(out_)->root()["api_key"].string().value(), secret);
  EXPECT_EQ(run({"keys", "show"}), ExitStatus::kError);
  EXPECT_NE(err_.find("client.key.none"), std::string::npos) << err_;
  ::setenv("BLINDAI_API_KEY", secret.c_str(), 1);
  EXPECT_EQ(run({"keys", "show"}), ExitStatus::kOk);
  EXPECT_EQ(out_, name + "\n");
  ::unsetenv("BLINDAI_API_KEY");
}

TEST_F(CliOwner, ConsentsEndorsesRetiresAndLists) {
  LyingServer server;
  const std::string owner = make_key("key");
  const std::string second = make_key("second");
  EXPECT_EQ(run({"keys", "consent", "--owner", owner, "--key", dir_ + "second"}), ExitStatus::kOk);
  const std::string consent = out_.substr(out_.find(' ') + 1, 86);
  EXPECT_EQ(out_, second + " " + consent + "\n");
  EXPECT_EQ(run({"keys", "consent", "--owner", owner, "--key", dir_ + "key"}), ExitStatus::kError);
  EXPECT_NE(err_.find("auth.endorse-self"), std::string::npos) << err_;

  const OwnerKeys list{parse_public_key(owner).value(),
                       {{parse_public_key(owner).value(), KeyState::kActive},
                        {parse_public_key(second).value(), KeyState::kRetired}}};
  server.answer_with(reply(200, to_json(list)));
  EXPECT_EQ(
      run_simulated({"keys", "endorse", server.address(), second, consent, "--key", dir_ + "key"}),
      ExitStatus::kOk)
      << err_;
  EXPECT_EQ(out_, owner + "  active  root\n" + second + "  retired\n");
  EXPECT_EQ(proven_key(server.requests().back()), owner);
  const auto sent = parse_endorsement(as_text(server.requests().back().body), list.owner);
  EXPECT_TRUE(verify_endorsement(sent.value()).has_value());
  EXPECT_EQ(run_simulated({"keys", "retire", server.address(), second, "--key", dir_ + "key"}),
            ExitStatus::kOk);
  EXPECT_EQ(server.requests().back().method, "DELETE");
  EXPECT_EQ(run_simulated({"keys", "list", server.address(), "--key", dir_ + "key", "--json"}),
            ExitStatus::kOk);
  EXPECT_EQ(out_, to_json(list) + "\n");
  EXPECT_EQ(run_simulated({"keys", "list", server.address()}), ExitStatus::kError);
  EXPECT_NE(err_.find("client.key.none"), std::string::npos) << err_;
}

TEST_F(CliOwner, TellsATypoBeforeAnythingIsSent) {
  const LyingServer server;
  make_key("key");
  std::string text = read("key");
  text[30] = text[30] == 'a' ? 'b' : 'a';
  write("typo", text);
  EXPECT_EQ(run_simulated({"models", server.address(), "--key", dir_ + "typo"}),
            ExitStatus::kError);
  EXPECT_NE(err_.find("[auth.key-checksum]"), std::string::npos) << err_;
  EXPECT_EQ(err_.find(text.substr(4, 12)), std::string::npos) << "the error quotes the key";
  EXPECT_EQ(server.num_questions(), 0);
}

TEST_F(CliOwner, SendsTheTokenOfAFile) {
  LyingServer server;
  server.answer_with(reply(200, R"({"models":[]})"));
  const std::string name = make_key("key");
  AccountClaims claims;
  claims.issuer = claims.account = claims.handle = "a";
  claims.issued = now_of_system();
  claims.expires = claims.issued + kMaxTokenLifetimeSeconds;
  claims.key = parse_public_key(name).value();
  const std::string token = sign_account_token(claims, SigningKey::generate());
  write("token", token + "\n");
  EXPECT_EQ(run_simulated({"models", server.address(), "--key", dir_ + "key", "--account-token",
                           dir_ + "token"}),
            ExitStatus::kOk)
      << err_;
  EXPECT_EQ(server.requests().back().field("blindai-account"), token);
  EXPECT_EQ(run_simulated({"models", server.address(), "--account-token", dir_ + "token"}),
            ExitStatus::kError);
  EXPECT_NE(err_.find("client.token-without-key"), std::string::npos) << err_;
}

TEST_F(CliOwner, ShowsAndChangesAccess) {
  LyingServer server;
  const std::string name = make_key("key");
  const std::string caller = make_key("caller");
  ByteArray<32> measurement;
  measurement.fill(0xbb);
  const ModelAccess before{true, {parse_public_key(name).value()}, {measurement}};
  server.answer_with(reply(200, to_json(before)));
  EXPECT_EQ(run_simulated({"access", "show", server.address(), "m", "--key", dir_ + "key"}),
            ExitStatus::kOk)
      << err_;
  EXPECT_EQ(out_, "m\n  visibility  private\n  caller      " + name + "\n  handover    " +
                      std::string(64, 'b') + "\n");
  EXPECT_EQ(run_simulated({"access", "show", server.address(), "m", "--json"}), ExitStatus::kOk);
  EXPECT_EQ(out_, to_json(before) + "\n");
  // One answer for both requests of a change: rules, and as a receipt it is none.
  EXPECT_EQ(run_simulated({"access", "set", server.address(), "m", "--caller", caller}),
            ExitStatus::kError);
  EXPECT_EQ(server.requests().back().method, "PUT");
  const ModelAccess sent = parse_model_access(as_text(server.requests().back().body)).value();
  EXPECT_TRUE(sent.is_private);
  EXPECT_EQ(to_text(sent.callers.at(0)), caller);
  EXPECT_EQ(sent.handover, before.handover) << "what was not named was changed";
  EXPECT_EQ(run_simulated({"access", "set", server.address(), "m", "--public", "--no-handover"}),
            ExitStatus::kError);
  EXPECT_EQ(as_text(server.requests().back().body), to_json(ModelAccess{}));
}

TEST_F(CliOwner, KeepsReceiptsAndHoldsModelsAgainstThem) {
  LyingServer server;
  const std::string file = write("m.onnx", "onnx");
  const std::string receipt = dir_ + "receipt";
  server.answer_with(reply(200, model_json(4)));
  EXPECT_EQ(run_simulated({"upload", server.address(), file, "--receipt", receipt, "--json"}),
            ExitStatus::kOk)
      << err_;
  EXPECT_EQ(out_, model_json(4) + "\n");
  EXPECT_EQ(read("receipt"), receipt_json(4) + "\n");
  EXPECT_EQ(run_simulated({"models", server.address(), "m", "--receipt", receipt}),
            ExitStatus::kOk);
  EXPECT_NE(out_.find("  epoch   4\n"), std::string::npos) << out_;
  EXPECT_EQ(server.requests().back().field("blindai-least-epoch"), "4");
  server.answer_with(reply(200, model_json(3)));
  EXPECT_EQ(run_simulated({"models", server.address(), "m", "--receipt", receipt}),
            ExitStatus::kRefused);
  EXPECT_NE(err_.find("[vault.rolled-back]"), std::string::npos) << err_;
  EXPECT_EQ(run_simulated({"upload", server.address(), file, "--receipt", receipt}),
            ExitStatus::kRefused);
  EXPECT_NE(err_.find("[vault.rolled-back]"), std::string::npos) << err_;
  EXPECT_EQ(read("receipt"), receipt_json(4) + "\n");
  const Bytes data(4);
  const Tensor tensor{.name = "x", .datatype = Datatype::kFp32, .shape = {1}, .data = data};
  const std::string npy = write("x.npy", as_text(write_npy(tensor).value()));
  EXPECT_NE(run_simulated({"predict", server.address(), "m", "x=" + npy, "--receipt", receipt}),
            ExitStatus::kOk);
  EXPECT_EQ(server.requests().back().field("blindai-least-epoch"), "4");
  server.answer_with(reply(200, receipt_json(5)));
  EXPECT_EQ(run_simulated({"models", server.address(), "--delete", "m", "--receipt", receipt}),
            ExitStatus::kOk)
      << err_;
  EXPECT_EQ(read("receipt"), receipt_json(5) + "\n");
  const size_t sent = server.requests().size();
  EXPECT_EQ(run_simulated({"models", server.address(), "other", "--receipt", receipt}),
            ExitStatus::kError);
  EXPECT_NE(err_.find("client.receipt.other"), std::string::npos) << err_;
  EXPECT_EQ(server.requests().size(), sent);
}

TEST_F(CliOwner, UploadsPrivately) {
  LyingServer server;
  server.answer_with(reply(201, model_json(1)));
  const std::string name = make_key("key");
  const std::string caller = make_key("caller");
  EXPECT_EQ(run_simulated({"upload", server.address(), write("m.onnx", "onnx"), "--key",
                           dir_ + "key", "--private", "--caller", caller}),
            ExitStatus::kOk)
      << err_;
  EXPECT_EQ(proven_key(server.requests().back()), name);
  EXPECT_EQ(server.requests().back().field("blindai-visibility"), "private");
  EXPECT_EQ(server.requests().back().field("blindai-callers"), caller);
}

}  // namespace
}  // namespace blindai
