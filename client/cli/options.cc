#include "client/cli/options.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>

#include "client/cli/collateral_options.h"
#include "client/cli/completion.h"
#include "client/cli/owner_options.h"
#include "client/cli/raw_options.h"
#include "client/cli/tensor_file.h"

namespace blindai {
namespace {

constexpr char kOverview[] =
    "Confidential AI: send a model or a tensor to a server only after it has proved what it runs.\n"
    "ADDR is host:port; without it, the environment variable BLINDAI_ADDR.";
constexpr char kExitStatuses[] =
    "Exit status: 0 done, 1 error, 2 wrong command line, 3 the server is not verified (nothing "
    "was\n"
    "sent to it), 4 no connection, 5 refused by the server.\n"
    "`blindai COMMAND --help` shows examples.";

Outcome<CommandLine> verify_command(RawOptions& raw, const std::string& default_address) {
  VerifyCommand out{.server = raw.server,
                    .file = {},
                    .save = raw.save,
                    .collateral = raw.collateral,
                    .claims = raw.claims,
                    .tpm = raw.tpm,
                    .at = {}};
  RETURN_IF_ERROR(expect_arguments(raw, 0, 1, "[ADDR|FILE]"));
  const bool is_file = !raw.arguments.empty() && (raw.arguments.front() == "-" ||
                                                  std::filesystem::exists(raw.arguments.front()));
  if (is_file) {
    out.file = raw.arguments.front();
  } else {
    if (!raw.arguments.empty() && !looks_like_address(raw.arguments.front()))
      return std::unexpected(
          usage("\"" + raw.arguments.front() + "\" is neither host:port nor a file; correct it."));
    ASSIGN_OR_RETURN(out.server.address, take_address(raw, default_address));
    if (!raw.collateral.empty() || !raw.claims.empty() || !raw.at.empty() || !raw.tpm.empty() ||
        !raw.nonce.empty())
      return std::unexpected(usage(
          "--collateral, --claims, --tpm, --nonce and --at are for files: a server sends what "
          "its evidence needs, and is judged now."));
  }
  if (is_file && !raw.save.empty())
    return std::unexpected(usage("--save keeps what a server sends; a file is kept already."));
  if (!raw.at.empty()) {
    const auto at = parse_rfc3339(raw.at);
    if (!at.has_value())
      return std::unexpected(usage("--at is a time in UTC, such as 2026-03-01T00:00:00Z."));
    out.at = *at;
  }
  if (!raw.nonce.empty()) {
    auto nonce = from_hex(raw.nonce);
    if (!nonce.has_value() || nonce->empty())
      return std::unexpected(usage("--nonce is the TPM quote's nonce in hexadecimal digits."));
    out.nonce = *std::move(nonce);
  }
  return CommandLine{out, raw.json};
}

Outcome<CommandLine> upload_command(RawOptions& raw, const std::string& default_address) {
  UploadCommand out{.server = raw.server,
                    .file = {},
                    .model_id = raw.id,
                    .keep_in_memory = raw.no_save,
                    .replace = raw.replace,
                    .is_private = raw.make_private,
                    .callers = {},
                    .receipt = raw.receipt};
  ASSIGN_OR_RETURN(out.server.address, take_address(raw, default_address));
  RETURN_IF_ERROR(expect_arguments(raw, 1, 1, "[ADDR] FILE"));
  out.file = raw.arguments.front();
  if (out.model_id.empty()) out.model_id = std::filesystem::path(out.file).stem().string();
  ASSIGN_OR_RETURN(out.callers, public_keys_of(raw.callers, "--caller"));
  if (!out.callers.empty() && !out.is_private)
    return std::unexpected(usage("--caller is for private models; write --private as well."));
  if (out.keep_in_memory && !out.receipt.empty())
    return std::unexpected(usage("--no-save keeps nothing that a --receipt could be about."));
  return CommandLine{out, raw.json};
}

Outcome<CommandLine> predict_command(RawOptions& raw, const CLI::App& app,
                                     const std::string& default_address) {
  PredictCommand out{.server = raw.server,
                     .model_id = {},
                     .inputs = {},
                     .shape = {},
                     .datatype = {},
                     .outputs = raw.only,
                     .output_file = raw.output,
                     .model_hash = {},
                     .receipt = raw.receipt};
  ASSIGN_OR_RETURN(out.server.address, take_address(raw, default_address));
  RETURN_IF_ERROR(expect_arguments(raw, 2, SIZE_MAX, "[ADDR] MODEL INPUT..."));
  out.model_id = raw.arguments.front();
  out.inputs.assign(raw.arguments.begin() + 1, raw.arguments.end());
  if (app.count("--shape") > 0) {
    ASSIGN_OR_RETURN(out.shape, parse_shape(raw.shape));
  }
  if (!raw.datatype.empty()) {
    out.datatype = datatype_from_name(raw.datatype);
    if (!out.datatype.has_value())
      return std::unexpected(usage("\"" + raw.datatype +
                                   "\" is no datatype; give BOOL, UINT8 to UINT64, INT8 to INT64, "
                                   "FP16, BF16, FP32, FP64 or BYTES."));
  }
  if (!raw.model_hash.empty()) {
    const auto hash = array_from_hex<32>(raw.model_hash);
    if (!hash.has_value())
      return std::unexpected(usage("--model-hash is 64 hexadecimal digits, as sha256sum prints."));
    out.model_hash = *hash;
  }
  return CommandLine{out, raw.json};
}

Outcome<CommandLine> models_command(RawOptions& raw, const std::string& default_address) {
  ModelsCommand out{
      .server = raw.server, .model_id = {}, .remove = raw.remove, .receipt = raw.receipt};
  ASSIGN_OR_RETURN(out.server.address, take_address(raw, default_address));
  RETURN_IF_ERROR(expect_arguments(raw, 0, 1, "[ADDR] [MODEL]"));
  if (!raw.arguments.empty()) out.model_id = raw.arguments.front();
  if (!out.model_id.empty() && !out.remove.empty())
    return std::unexpected(usage("Give either a model to show or --delete, not both."));
  if (!out.receipt.empty() && out.model_id.empty() && out.remove.empty())
    return std::unexpected(usage("A --receipt is about one model; name it."));
  return CommandLine{out, raw.json};
}

// The option lets no other TEE through.
CommandLine measure_command(RawOptions& raw) {
  if (raw.simulate == name_of(Tee::kTdx)) raw.measure.tee = Tee::kTdx;
  if (raw.simulate == name_of(Tee::kSnp)) raw.measure.tee = Tee::kSnp;
  return {raw.measure, raw.json};
}

Outcome<CommandLine> collateral_command(RawOptions& raw) {
  RETURN_IF_ERROR(expect_arguments(raw, 2, 2, "fetch EVIDENCE"));
  if (raw.arguments.front() != "fetch")
    return std::unexpected(usage("\"" + raw.arguments.front() + "\" is unknown; write `fetch`."));
  raw.fetch.file = raw.arguments.back();
  return CommandLine{raw.fetch, raw.json};
}

// Positional arguments are one list to CLI11, since the first may be left out; their form is in the
// option's text, and the usage line shows that.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    if (app->get_parent() == nullptr) return CLI::Formatter::make_usage(app, std::move(name));
    std::string out = "\nUsage: blindai " + app->get_name();
    for (const CLI::Option* option : app->get_options())
      if (option->get_positional()) out += " " + option->get_option_text();
    return out + " [OPTIONS]\n";
  }
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    return is_positional ? "" : CLI::Formatter::make_option_name(option, is_positional);
  }
};

void add_commands(CLI::App& app, RawOptions& raw) {
  CLI::App* verify = add_command(
      app, raw, "verify", "Show what a server proves of itself, check by check", "[ADDR|FILE]",
      "The server; or a file: a message that --save kept, an SGX or TDX quote, an SEV-SNP report, "
      "a Nitro document, an Azure HCL report or an attested certificate",
      "  blindai verify ai.example.org:9924 --policy policy.toml\n"
      "  blindai verify localhost:9924 --simulation --policy policy.toml --save proof.json\n"
      "  blindai verify proof.json --simulation --policy policy.toml\n"
      "  blindai verify quote.bin --policy policy.toml --collateral collateral/ --claims "
      "claims.bin");
  add_server_options(*verify, raw);
  verify->add_option("--save", raw.save, "Keep the server's attestation message")
      ->type_name("FILE");
  verify
      ->add_option(
          "--collateral", raw.collateral,
          "What the vendor publishes about the platform of a FILE's evidence: a folder with "
          "tcb_info, tcb_info_chain, qe_identity, qe_identity_chain, pck_crl and "
          "root_ca_crl (SGX, TDX) or vek, vek_chain and vek_crl (SEV-SNP)")
      ->type_name("DIR");
  verify
      ->add_option("--claims", raw.claims,
                   "The bytes whose SHA-256 a FILE's evidence has to carry in report_data")
      ->type_name("FILE");
  verify
      ->add_option("--tpm", raw.tpm,
                   "The virtual TPM's quote beside an Azure HCL report: a folder with quote.msg, "
                   "quote.sig, pcrs.bin and, of a trust domain, td_quote.bin")
      ->type_name("DIR");
  verify->add_option("--nonce", raw.nonce, "The nonce that this quote was asked for with")
      ->type_name("HEX");
  verify->add_option("--at", raw.at, "Judge a FILE at this time (else now)")->type_name("TIME");

  CLI::App* upload =
      add_command(app, raw, "upload", "Send an ONNX model to a server", "[ADDR] FILE",
                  "The server, and an ONNX file",
                  "  blindai upload ai.example.org:9924 resnet18.onnx\n"
                  "  blindai upload ai.example.org:9924 model.onnx --id hospital/triage --no-save\n"
                  "  blindai upload ai.example.org:9924 model.onnx --key key --private --caller "
                  "baipk_... --receipt model.receipt");
  add_server_options(*upload, raw);
  add_caller_options(*upload, raw);
  upload->add_option("--id", raw.id, "The model's name there (else the file's)")->type_name("ID");
  upload->add_flag("--no-save", raw.no_save,
                   "Keep it in the server's memory only, until the server stops");
  upload->add_flag("--replace", raw.replace, "In place of another model of yours of that name");
  upload->add_flag("--private", raw.make_private, "Only you and the callers may call it");
  add_list_option(*upload, "--caller", raw.callers, "KEY",
                  "A public key that may call it; may be repeated");
  upload
      ->add_option("--receipt", raw.receipt,
                   "Keep what shows later that the server's copy is not an older one")
      ->type_name("FILE");

  CLI::App* predict = add_command(
      app, raw, "predict", "Run a model on tensors", "[ADDR] MODEL INPUT...",
      "The server, the model, and a file for each input: FILE or NAME=FILE; .npy, .npz, .json or "
      "raw; - is standard input",
      "  blindai predict ai.example.org:9924 resnet18 image.npy\n"
      "  blindai predict ai.example.org:9924 bert ids=ids.npy mask=mask.npy --output out.npz\n"
      "  blindai predict ai.example.org:9924 lite0 pixels.raw --shape 1,3,224,224 --datatype FP32\n"
      "  echo '[[5.1, 3.5, 1.4, 0.2]]' | blindai predict ai.example.org:9924 iris -");
  add_server_options(*predict, raw);
  add_caller_options(*predict, raw);
  predict->add_option("--shape", raw.shape, "Of raw inputs, with commas")->type_name("N,N,...");
  predict->add_option("--datatype", raw.datatype, "Of raw inputs")->type_name("TYPE");
  add_list_option(*predict, "--only", raw.only, "NAME",
                  "An output to ask for (else all); may be repeated");
  predict
      ->add_option("--output", raw.output,
                   "Where the outputs go: .npy, .npz, .json or raw (else JSON to standard output)")
      ->type_name("FILE");
  predict->add_option("--model-hash", raw.model_hash, "Refuse any other model of that name")
      ->type_name("SHA256");
  predict->add_option("--receipt", raw.receipt, "Refuse an older model than this receipt's")
      ->type_name("FILE");

  CLI::App* models = add_command(app, raw, "models", "List, show or delete models",
                                 "[ADDR] [MODEL]", "The server, and a model to show (else all)",
                                 "  blindai models ai.example.org:9924\n"
                                 "  blindai models ai.example.org:9924 resnet18\n"
                                 "  blindai models ai.example.org:9924 --delete resnet18");
  add_server_options(*models, raw);
  add_caller_options(*models, raw);
  models->add_option("--delete", raw.remove, "Delete this model")->type_name("ID");
  models
      ->add_option("--receipt", raw.receipt,
                   "Refuse to show an older model than this receipt's; with --delete, keep the "
                   "deletion's there")
      ->type_name("FILE");

  add_owner_commands(app, raw);

  CLI::App* measure = add_command(
      app, raw, "measure", "Measure server programs and write a policy that accepts them", "", "",
      "  blindai measure --server bin/blindai-server --worker bin/blindai-worker \\\n"
      "    --onnxruntime lib/libonnxruntime.so.1.28.0 --config server.toml --policy policy.toml");
  const auto required = [&](const char* name, std::string& to, const char* description) {
    measure->add_option(name, to, description)->type_name("PATH")->required();
  };
  required("--server", raw.measure.server_program, "The program blindai-server");
  required("--worker", raw.measure.worker_program, "The program blindai-worker");
  required("--onnxruntime", raw.measure.onnxruntime, "The library libonnxruntime.so");
  add_list_option(*measure, "--config", raw.measure.configurations, "FILE",
                  "A server configuration to accept (else only the default one); may be repeated");
  measure
      ->add_option("--simulate", raw.simulate,
                   "The TEE that the server simulates: sgx, tdx or snp (sgx)")
      ->type_name("TEE")
      ->check(CLI::IsMember({"sgx", "tdx", "snp"}));
  measure->add_option("--policy", raw.measure.policy_out, "Where to write (else standard output)")
      ->type_name("FILE");
  measure
      ->add_option("--max-age", raw.measure.max_age_s, "How long one proof may be relied on (3600)")
      ->type_name("SECONDS")
      ->check(CLI::Range(int64_t{1}, int64_t{365} * 86400));

  CLI::App* collateral = add_command(
      app, raw, "collateral", "Fetch what a vendor publishes about evidence's platform",
      "fetch EVIDENCE", "A quote, a report, or a message that `verify --save` kept",
      "  blindai collateral fetch quote.bin --out collateral\n"
      "  blindai collateral fetch proof.json --pcs https://pccs.example.org:8081 --cache cache "
      "--out collateral");
  add_collateral_options(*collateral, raw.fetch);

  add_command(app, raw, "completion", "Print a completion script for a shell", "bash|zsh|fish",
              "The shell",
              "  source <(blindai completion bash)\n"
              "  blindai completion fish > ~/.config/fish/completions/blindai.fish");
}

std::vector<CommandSpec> specs_of(CLI::App& app) {
  std::vector<CommandSpec> out;
  for (const CLI::App* command : app.get_subcommands({})) {
    CommandSpec spec{command->get_name(), command->get_description(), {}, {}};
    for (const CLI::Option* option : command->get_options())
      for (const std::string& name : option->get_lnames())
        spec.options.push_back(
            {"--" + name, option->get_description(), option->get_items_expected_max() > 0});
    if (spec.name == "completion") spec.words = {"bash", "zsh", "fish"};
    if (spec.name == "collateral") spec.words = {"fetch"};
    if (spec.name == "keys") spec.words = key_actions();
    if (spec.name == "access") spec.words = {"show", "set"};
    out.push_back(std::move(spec));
  }
  return out;
}

Outcome<CommandLine> completion_command(RawOptions& raw, CLI::App& app) {
  const std::string shell = raw.arguments.size() == 1 ? raw.arguments.front() : "";
  const auto script = completion_script(shell, specs_of(app));
  if (!script.has_value()) return std::unexpected(usage("The argument is bash, zsh or fish."));
  return CommandLine{CompletionCommand{*script}, raw.json};
}

// CLI11 throws; here it ends.
Outcome<std::string> parse(CLI::App& app, std::vector<std::string> arguments) {
  std::ranges::reverse(arguments);
  try {
    app.parse(std::move(arguments));
    return std::string();
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    return chosen.empty() ? app.help() : chosen.front()->help();
  } catch (const CLI::CallForVersion&) {
    return "blindai " BLINDAI_VERSION "\n";
  } catch (const CLI::Error& error) {
    return std::unexpected(usage(std::string(error.what()) + "; see --help."));
  }
}

}  // namespace

Outcome<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                        const std::string& default_address, bool& json) {
  RawOptions raw;
  CLI::App app(kOverview, "blindai");
  app.footer(kExitStatuses);
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_version_flag("--version", "blindai " BLINDAI_VERSION);
  app.require_subcommand(1);
  add_commands(app, raw);
  const Outcome<std::string> text = parse(app, arguments);
  json = raw.json;
  if (!text.has_value()) return std::unexpected(text.error());
  if (!text->empty()) return CommandLine{TextCommand{*text}, raw.json};
  const CLI::App& command = *app.get_subcommands().front();
  const std::string name = command.get_name();
  if (name == "verify") return verify_command(raw, default_address);
  if (name == "upload") return upload_command(raw, default_address);
  if (name == "predict") return predict_command(raw, command, default_address);
  if (name == "models") return models_command(raw, default_address);
  if (name == "keys") return keys_command(raw, default_address);
  if (name == "access") return access_command(raw, default_address);
  if (name == "collateral") return collateral_command(raw);
  if (name == "completion") return completion_command(raw, app);
  return measure_command(raw);
}

}  // namespace blindai
