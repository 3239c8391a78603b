#include "client/cli/options.h"

#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>

#include "client/cli/completion.h"
#include "client/cli/console.h"
#include "client/cli/progress.h"
#include "lib/auth/api_key.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

CommandLine parse(const std::vector<std::string>& arguments, const std::string& address = "") {
  bool json = false;
  auto out = parse_command_line(arguments, address, json);
  EXPECT_TRUE(out.has_value()) << out.error().sentence;
  return std::move(*out);
}

std::string refusal(const std::vector<std::string>& arguments, const std::string& address = "") {
  bool json = false;
  const auto out = parse_command_line(arguments, address, json);
  if (out.has_value()) return "";
  EXPECT_EQ(out.error().name(), "cli.usage");
  EXPECT_EQ(status_of(out.error()), ExitStatus::kUsage);
  return out.error().sentence;
}

TEST(CommandLine, TakesTheAddressFirstOrFromTheEnvironment) {
  const auto given = std::get<ModelsCommand>(parse({"models", "host:1"}, "other:2").command);
  EXPECT_EQ(given.server.address, "host:1");
  EXPECT_EQ(given.model_id, "");
  const auto implied = std::get<ModelsCommand>(parse({"models", "a/b"}, "other:2").command);
  EXPECT_EQ(implied.server.address, "other:2");
  EXPECT_EQ(implied.model_id, "a/b");
  EXPECT_NE(refusal({"models", "a/b"}).find("BLINDAI_ADDR"), std::string::npos);
  EXPECT_NE(refusal({"upload", "host:1"}).find("[ADDR] FILE"), std::string::npos);
}

TEST(CommandLine, ReadsVerifyOfAFile) {
  const std::string file = testing::TempDir() + "blindai_options_evidence";
  std::ofstream(file) << "x";
  const auto command = std::get<VerifyCommand>(
      parse({"verify", file, "--collateral", "c", "--claims", "d", "--at", "2026-03-01T00:00:00Z"})
          .command);
  EXPECT_EQ(command.file, file);
  EXPECT_EQ(command.collateral, "c");
  EXPECT_EQ(command.claims, "d");
  EXPECT_EQ(command.at, parse_rfc3339("2026-03-01T00:00:00Z").value());
  EXPECT_FALSE(std::get<VerifyCommand>(parse({"verify", file}).command).at.has_value());
  EXPECT_NE(refusal({"verify", file, "--at", "yesterday"}).find("--at"), std::string::npos);
  EXPECT_NE(refusal({"verify", file, "--save", "s"}).find("--save"), std::string::npos);
  for (const char* option : {"--collateral", "--claims", "--at"})
    EXPECT_NE(refusal({"verify", "host:1", option, "2026-03-01T00:00:00Z"}).find(option),
              std::string::npos);
  std::remove(file.c_str());
}

TEST(CommandLine, ReadsPredict) {
  const std::string hash = to_hex(sha256({}));
  const auto line =
      parse({"predict", "host:1",       "m",         "x=a.npy",      "b.raw", "--shape",
             "1,3",     "--datatype",   "FP32",      "--only",       "y",     "--only",
             "z",       "--output",     "o.npz",     "--model-hash", hash,    "--policy",
             "p.toml",  "--simulation", "--timeout", "2.5",          "--json"});
  EXPECT_TRUE(line.json);
  const auto& command = std::get<PredictCommand>(line.command);
  EXPECT_EQ(command.model_id, "m");
  EXPECT_EQ(command.inputs, (std::vector<std::string>{"x=a.npy", "b.raw"}));
  EXPECT_EQ(command.shape, (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(command.datatype, Datatype::kFp32);
  EXPECT_EQ(command.outputs, (std::vector<std::string>{"y", "z"}));
  EXPECT_EQ(command.output_file, "o.npz");
  EXPECT_EQ(to_hex(command.model_hash.value()), hash);
  EXPECT_EQ(command.server.policy, "p.toml");
  EXPECT_TRUE(command.server.simulation);
  EXPECT_EQ(command.server.timeout_s, 2.5);
}

TEST(CommandLine, OptionsDoNotSwallowArguments) {
  const auto command =
      std::get<PredictCommand>(parse({"predict", "host:1", "--only", "y", "m", "a.npy"}).command);
  EXPECT_EQ(command.outputs, std::vector<std::string>{"y"});
  EXPECT_EQ(command.model_id, "m");
  const auto measure =
      std::get<MeasureCommand>(parse({"measure", "--config", "a", "--config", "b", "--server", "s",
                                      "--worker", "w", "--onnxruntime", "o", "--policy", "p"})
                                   .command);
  EXPECT_EQ(measure.configurations, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(measure.policy_out, "p");
}

TEST(CommandLine, NamesAnUploadAfterItsFile) {
  EXPECT_EQ(std::get<UploadCommand>(parse({"upload", "h:1", "dir/resnet.onnx"}).command).model_id,
            "resnet");
  const auto command =
      std::get<UploadCommand>(parse({"upload", "h:1", "f", "--id", "a/b", "--no-save"}).command);
  EXPECT_EQ(command.model_id, "a/b");
  EXPECT_TRUE(command.keep_in_memory);
}

TEST(CommandLine, TellsFilesFromAddresses) {
  const std::string path = testing::TempDir() + "options_test:1.json";
  std::ofstream(path) << "{}";
  const auto command = std::get<VerifyCommand>(parse({"verify", path}, "h:1").command);
  EXPECT_EQ(command.file, path);
  EXPECT_EQ(command.server.address, "");
  std::remove(path.c_str());
  EXPECT_EQ(std::get<VerifyCommand>(parse({"verify", "h:1"}).command).server.address, "h:1");
  EXPECT_EQ(std::get<VerifyCommand>(parse({"verify"}, "h:2").command).server.address, "h:2");
  EXPECT_NE(refusal({"verify", "nowhere"}).find("neither"), std::string::npos);
  EXPECT_NE(refusal({"verify", "h:1", "--nonce", "00"}).find("for files"), std::string::npos);
  EXPECT_NE(refusal({"verify", "h:1", "--tpm", "dir"}).find("for files"), std::string::npos);
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
  EXPECT_NE(refusal({}), "");
  EXPECT_NE(refusal({"frobnicate"}), "");
  EXPECT_NE(refusal({"models", "h:1", "--frobnicate"}), "");
  EXPECT_NE(refusal({"models", "h:1", "a", "b"}), "");
  EXPECT_NE(refusal({"models", "h:1", "a", "--delete", "b"}), "");
  EXPECT_NE(refusal({"models", "h:1", "--timeout", "0"}), "");
  EXPECT_NE(refusal({"predict", "h:1", "m"}), "");
  EXPECT_NE(refusal({"predict", "h:1", "m", "f", "--datatype", "FLOAT"}), "");
  EXPECT_NE(refusal({"predict", "h:1", "m", "f", "--model-hash", "12"}), "");
  EXPECT_NE(refusal({"measure", "--server", "s"}), "");
  EXPECT_NE(refusal({"completion", "tcsh"}), "");
  bool json = false;
  EXPECT_EQ(
      parse_command_line({"predict", "h:1", "m", "f", "--shape", "1,,2"}, "", json).error().name(),
      "raw.shape");
}

TEST(CommandLine, ReadsKeys) {
  const PublicKey key = ApiKey::generate().public_key();
  const ApiKey second = ApiKey::generate();
  const std::string name = to_text(key);
  const Endorsement consent = make_endorsement(second, key);
  const auto keys = [](const std::vector<std::string>& arguments) {
    return std::get<KeysCommand>(parse(arguments).command);
  };
  EXPECT_EQ(keys({"keys", "create", "f"}).file, "f");
  EXPECT_EQ(keys({"keys", "show"}).file, "");
  EXPECT_TRUE(keys({"keys", "show", "f", "--reveal"}).reveal);
  EXPECT_EQ(keys({"keys", "consent", "--owner", name}).key, key);
  const auto endorse = keys({"keys", "endorse", "h:1", to_text(second.public_key()),
                             consent_to_text(consent), "--key", "f", "--account-token", "t"});
  EXPECT_EQ(endorse.action, KeyAction::kEndorse);
  EXPECT_EQ(endorse.server.address, "h:1");
  EXPECT_EQ(endorse.server.key, "f");
  EXPECT_EQ(endorse.server.account_token, "t");
  EXPECT_EQ(endorse.key, second.public_key());
  EXPECT_EQ(endorse.consent, consent.consent);
  EXPECT_EQ(keys({"keys", "retire", "h:1", name}).key, key);
  EXPECT_EQ(keys({"keys", "list", "h:1"}).action, KeyAction::kList);
  EXPECT_NE(refusal({"keys"}).find("create, show"), std::string::npos);
  EXPECT_NE(refusal({"keys", "make", "f"}).find("create, show"), std::string::npos);
  EXPECT_NE(refusal({"keys", "create"}).find("create FILE"), std::string::npos);
  EXPECT_NE(refusal({"keys", "create", "f", "g"}).find("create FILE"), std::string::npos);
  EXPECT_NE(refusal({"keys", "create", "f", "--reveal"}).find("--reveal"), std::string::npos);
  EXPECT_NE(refusal({"keys", "consent"}).find("--owner"), std::string::npos);
  EXPECT_NE(refusal({"keys", "list", "h:1", "--owner", name}).find("--owner"), std::string::npos);
  EXPECT_NE(refusal({"keys", "list"}).find("BLINDAI_ADDR"), std::string::npos);
  std::string typo = name;
  typo.back() = typo.back() == 'x' ? 'y' : 'x';
  EXPECT_NE(refusal({"keys", "retire", "h:1", typo}).find("auth.key-checksum"), std::string::npos);
  EXPECT_NE(refusal({"keys", "endorse", "h:1", name, "x"}).find("auth.consent-layout"),
            std::string::npos);
}

TEST(CommandLine, ReadsAccess) {
  const std::string name = to_text(ApiKey::generate().public_key());
  const std::string measurement(64, 'a');
  const auto access = [](const std::vector<std::string>& arguments) {
    return std::get<AccessCommand>(parse(arguments).command);
  };
  EXPECT_FALSE(access({"access", "show", "h:1", "a/m"}).change);
  EXPECT_EQ(access({"access", "show", "h:1", "a/m"}).model_id, "a/m");
  const auto all = access({"access", "set", "h:1", "m", "--private", "--caller", name, "--handover",
                           measurement, "--receipt", "r"});
  EXPECT_TRUE(all.change);
  EXPECT_EQ(all.is_private, true);
  EXPECT_EQ(to_text(all.callers.value().front()), name);
  EXPECT_EQ(to_hex(all.handover.value().front()), measurement);
  EXPECT_EQ(all.receipt, "r");
  const auto open = access({"access", "set", "h:1", "m", "--public", "--no-handover"});
  EXPECT_EQ(open.is_private, false);
  EXPECT_FALSE(open.callers.has_value());
  EXPECT_TRUE(open.handover.value().empty());
  const auto some = access({"access", "set", "h:1", "m", "--caller", name});
  EXPECT_FALSE(some.is_private.has_value());
  EXPECT_FALSE(some.handover.has_value());
  EXPECT_NE(refusal({"access", "h:1", "m"}).find("show or set"), std::string::npos);
  EXPECT_NE(refusal({"access", "show", "h:1"}).find("MODEL"), std::string::npos);
  EXPECT_NE(refusal({"access", "set", "h:1", "m"}).find("Say what"), std::string::npos);
  EXPECT_NE(refusal({"access", "show", "h:1", "m", "--public"}).find("`set`"), std::string::npos);
  EXPECT_NE(refusal({"access", "set", "h:1", "m", "--public", "--private"}), "");
  EXPECT_NE(refusal({"access", "set", "h:1", "m", "--public", "--caller", name}), "");
  EXPECT_NE(refusal({"access", "set", "h:1", "m", "--no-handover", "--handover", measurement}), "");
  EXPECT_NE(refusal({"access", "set", "h:1", "m", "--handover", "12"}).find("64"),
            std::string::npos);
  EXPECT_NE(refusal({"access", "set", "h:1", "m", "--caller", "x"}).find("auth.key-prefix"),
            std::string::npos);
}

TEST(CommandLine, ReadsWhoMayCallAnUpload) {
  const std::string name = to_text(ApiKey::generate().public_key());
  const auto upload = std::get<UploadCommand>(
      parse({"upload", "h:1", "f", "--private", "--caller", name, "--receipt", "r"}).command);
  EXPECT_TRUE(upload.is_private);
  EXPECT_FALSE(upload.replace);
  EXPECT_TRUE(std::get<UploadCommand>(parse({"upload", "h:1", "f", "--replace"}).command).replace);
  EXPECT_EQ(to_text(upload.callers.front()), name);
  EXPECT_EQ(upload.receipt, "r");
  EXPECT_NE(refusal({"upload", "h:1", "f", "--caller", name}).find("--private"), std::string::npos);
  EXPECT_NE(refusal({"upload", "h:1", "f", "--no-save", "--receipt", "r"}).find("--receipt"),
            std::string::npos);
  EXPECT_NE(refusal({"models", "h:1", "--receipt", "r"}).find("name it"), std::string::npos);
}

TEST(CommandLine, HelpShowsExamplesForEachCommand) {
  EXPECT_NE(std::get<TextCommand>(parse({"--help"}).command).text.find("Exit status"),
            std::string::npos);
  for (const std::string name :
       {"verify", "upload", "predict", "models", "keys", "access", "measure", "completion"}) {
    const std::string text = std::get<TextCommand>(parse({name, "--help"}).command).text;
    EXPECT_NE(text.find("Usage: blindai " + name), std::string::npos) << text;
    EXPECT_NE(text.find("Examples:\n"), std::string::npos) << text;
    EXPECT_NE(text.find("--json"), std::string::npos) << text;
  }
  EXPECT_EQ(std::get<TextCommand>(parse({"--version"}).command).text,
            "blindai " BLINDAI_VERSION "\n");
}

// What the shell thinks of the script, where the machine has that shell.
void expect_accepted(const std::string& shell) {
  const std::string script =
      std::get<CompletionCommand>(parse({"completion", shell}).command).script;
  for (const char* word : {"verify", "upload", "predict", "models", "measure", "simulation"})
    EXPECT_NE(script.find(word), std::string::npos) << shell << " " << word;
  if (std::system(("command -v " + shell + " > /dev/null 2>&1").c_str()) != 0)
    GTEST_SKIP() << shell << " is not installed; its reading of the script is not tried";
  const std::string path = testing::TempDir() + "options_test_completion";
  std::ofstream(path) << script;
  EXPECT_EQ(std::system((shell + " -n " + path).c_str()), 0) << script;
  std::remove(path.c_str());
}

TEST(Completion, IsAcceptedByBash) {
  expect_accepted("bash");
}
TEST(Completion, IsAcceptedByZsh) {
  expect_accepted("zsh");
}
TEST(Completion, IsAcceptedByFish) {
  expect_accepted("fish");
}

TEST(Completion, CompletesCommandsAndOptionsInBash) {
  const std::string path = testing::TempDir() + "options_test_bash";
  const std::string out = path + ".out";
  std::ofstream(path)
      << std::get<CompletionCommand>(parse({"completion", "bash"}).command).script
      << "COMP_WORDS=(blindai up); COMP_CWORD=1; _blindai; echo \"${COMPREPLY[@]}\"\n"
      << "COMP_WORDS=(blindai models --de); COMP_CWORD=2; _blindai; "
         "echo \"${COMPREPLY[@]}\"\n"
      << "COMP_WORDS=(blindai keys c); COMP_CWORD=2; _blindai; echo \"${COMPREPLY[@]}\"\n";
  ASSERT_EQ(std::system(("bash " + path + " > " + out).c_str()), 0);
  std::ifstream in(out);
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(line, "upload");
  std::getline(in, line);
  EXPECT_EQ(line, "--delete");
  std::getline(in, line);
  EXPECT_EQ(line, "create consent");
  std::remove(path.c_str());
  std::remove(out.c_str());
}

TEST(Completion, QuotesWhatShellsWouldRead) {
  const std::vector<CommandSpec> commands = {{"c", "it's [a]: b", {{"--o", "$(x) 'y'", true}}, {}}};
  EXPECT_NE(completion_script("zsh", commands)->find("'c:it'\\''s \\[a\\]\\: b'"),
            std::string::npos);
  EXPECT_NE(completion_script("fish", commands)->find("-l o -r -d '$(x) '\\''y'\\'''"),
            std::string::npos);
  EXPECT_FALSE(completion_script("tcsh", commands).has_value());
}

TEST(Console, ShowsNothingThatCommandsATerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\n\x7f"), "a?[2Jb??");
  EXPECT_EQ(printable("a\tb\nc\r", true), "a\tb\nc?");
  EXPECT_EQ(printable("caf\xc3\xa9 \xc2\x9b"
                      "1m"),
            "caf\xc3\xa9 ?1m");
  EXPECT_EQ(printable("\xff\x9b"), "??");
}

TEST(Console, GivesEveryKindOfProblemItsStatus) {
  EXPECT_EQ(status_of(Problem(Code::kUntrusted, "channel.key", "")), ExitStatus::kUnverified);
  EXPECT_EQ(status_of(Problem(Code::kMalformed, "sgx.quote.layout", "")), ExitStatus::kUnverified);
  EXPECT_EQ(status_of(Problem(Code::kDenied, "policy.measurement", "")), ExitStatus::kUnverified);
  EXPECT_EQ(status_of(Problem(Code::kUnavailable, "net.connect", "")), ExitStatus::kUnreachable);
  EXPECT_EQ(status_of(Problem(Code::kDenied, "server.refused", "")), ExitStatus::kRefused);
  EXPECT_EQ(status_of(Problem(Code::kConflict, "vault.rolled-back", "")), ExitStatus::kRefused);
  EXPECT_EQ(status_of(Problem(Code::kNotFound, "file.open", "")), ExitStatus::kError);
  EXPECT_EQ(status_of(Problem(Code::kMalformed, "auth.key-checksum", "")), ExitStatus::kError);
  EXPECT_EQ(status_of(Problem(Code::kInvalid, "policy.missing", "")), ExitStatus::kError);
}

TEST(Console, SizesAreDecimal) {
  EXPECT_EQ(size_text(0), "0 bytes");
  EXPECT_EQ(size_text(999), "999 bytes");
  EXPECT_EQ(size_text(1000), "1.0 kB");
  EXPECT_EQ(size_text(45'300'000), "45.3 MB");
  EXPECT_EQ(size_text(999'999), "1.0 MB");
  EXPECT_EQ(size_text(UINT64_MAX), "18.4 EB");
}

TEST(Progress, SaysHowFarAndHowFast) {
  EXPECT_EQ(progress_line("Uploading x", 45'300'000, 90'600'000, std::chrono::milliseconds(500)),
            "Uploading x: 45.3 MB of 90.6 MB (50 %), 90.6 MB/s");
  EXPECT_EQ(progress_line("x", 0, 0, std::chrono::milliseconds(0)), "x: 0 bytes of 0 bytes");
}

}  // namespace
}  // namespace blindai
