// The command line. CLI11 stays in options.cc.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/cli/collateral.h"
#include "lib/auth/endorsement.h"
#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/oip/datatype.h"

namespace blindai {

// Which server, and what it has to prove.
struct ServerOptions {
  std::string address;
  std::string policy;  // a file; empty: load_policy()'s other places
  bool simulation = false;
  double timeout_s = 300;     // without a byte moving
  std::string key;            // a file; empty: load_api_key()'s other places
  std::string account_token;  // a file; empty: none
};

struct VerifyCommand {
  ServerOptions server;
  std::string file;        // evidence that was kept, instead of an address
  std::string save;        // where to keep the message; empty: nowhere
  std::string collateral;  // a folder; empty: none. This and what follows are for files
  std::string claims;      // a file; empty: none
  std::string tpm;         // a folder; empty: none
  std::optional<Bytes> nonce{};
  std::optional<Time> at;  // absent: now
};
struct UploadCommand {
  ServerOptions server;
  std::string file;
  std::string model_id;
  bool keep_in_memory = false;
  bool replace = false;
  bool is_private = false;
  std::vector<PublicKey> callers;
  std::string receipt;  // a file to write; empty: none
};
struct PredictCommand {
  ServerOptions server;
  std::string model_id;
  std::vector<std::string> inputs;
  std::optional<std::vector<int64_t>> shape;
  std::optional<Datatype> datatype;
  std::vector<std::string> outputs;
  std::string output_file;  // empty: standard output
  std::optional<Sha256Digest> model_hash;
  std::string receipt;  // a file to read; empty: none
};
struct ModelsCommand {
  ServerOptions server;
  std::string model_id;  // empty: all
  std::string remove;
  std::string receipt;  // a file to read, or with `remove` to write; empty: none
};
enum class KeyAction : uint8_t { kCreate, kShow, kConsent, kEndorse, kRetire, kList };
struct KeysCommand {
  KeyAction action;
  ServerOptions server;  // its address: of the last three
  std::string file;      // kCreate: to write; kShow: to read, empty for `server.key`
  bool reveal = false;   // kShow: the API key too
  PublicKey key;         // kConsent: the owner's root; kEndorse, kRetire: which
  ByteArray<kEd25519SignatureLen> consent;
};
// Shows the access rules, or changes those that are given.
struct AccessCommand {
  ServerOptions server;
  std::string model_id;
  bool change = false;
  std::optional<bool> is_private;
  std::optional<std::vector<PublicKey>> callers;
  std::optional<std::vector<ByteArray<32>>> handover;
  std::string receipt;  // a file to write; empty: none
};
struct MeasureCommand {
  std::string server_program;
  std::string worker_program;
  std::string onnxruntime;
  Tee tee = Tee::kSgx;  // kSgx, kTdx or kSnp: of which the simulation is asked for evidence
  std::vector<std::string> configurations;
  std::string policy_out;  // empty: standard output
  int64_t max_age_s = 3600;
};
struct CompletionCommand {
  std::string script;
};
// --help or --version: what to print.
struct TextCommand {
  std::string text;
};

struct CommandLine {
  std::variant<VerifyCommand, UploadCommand, PredictCommand, ModelsCommand, KeysCommand,
               AccessCommand, MeasureCommand, CollateralCommand, CompletionCommand, TextCommand>
      command;
  bool json = false;
};

// `default_address`: $BLINDAI_ADDR. Errors: kInvalid "cli.usage", with a sentence that names the
// argument. `json` is set as far as it was understood, so that the error can be told accordingly.
Outcome<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                        const std::string& default_address, bool& json);

}  // namespace blindai
