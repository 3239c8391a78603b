#include "client/cli/owner_options.h"

#include <CLI/CLI.hpp>

namespace blindai {
namespace {

struct ActionForm {
  const char* name;
  KeyAction action;
  bool asks_server;
  size_t least;
  size_t most;
  const char* form;
};
constexpr ActionForm kActions[] = {
    {"create", KeyAction::kCreate, false, 1, 1, "create FILE"},
    {"show", KeyAction::kShow, false, 0, 1, "show [FILE]"},
    {"consent", KeyAction::kConsent, false, 0, 0, "consent --owner KEY"},
    {"endorse", KeyAction::kEndorse, true, 2, 2, "endorse [ADDR] KEY CONSENT"},
    {"retire", KeyAction::kRetire, true, 1, 1, "retire [ADDR] KEY"},
    {"list", KeyAction::kList, true, 0, 0, "list [ADDR]"},
};

template <typename T>
Outcome<T> argument(Result<T> parsed) {
  if (!parsed.has_value()) return std::unexpected(usage(Problem(parsed.error()).sentence));
  return *std::move(parsed);
}

}  // namespace

std::vector<std::string> key_actions() {
  std::vector<std::string> out;
  for (const ActionForm& form : kActions) out.emplace_back(form.name);
  return out;
}

void add_owner_commands(CLI::App& app, RawOptions& raw) {
  CLI::App* keys = add_command(
      app, raw, "keys", "Make and show API keys; add keys to an owner and retire them",
      "create|show|consent|endorse|retire|list ...",
      "create FILE; show [FILE]; consent --owner KEY; endorse [ADDR] KEY CONSENT; "
      "retire [ADDR] KEY; list [ADDR]",
      "  blindai keys create ~/.blindai-key\n"
      "  blindai keys show ~/.blindai-key\n"
      "  blindai keys consent --owner baipk_... --key second-key    (where the new key is)\n"
      "  blindai keys endorse ai.example.org:9924 baipk_... CONSENT --key ~/.blindai-key\n"
      "  blindai keys retire ai.example.org:9924 baipk_... --key second-key\n"
      "  blindai keys list ai.example.org:9924 --key ~/.blindai-key");
  add_server_options(*keys, raw);
  add_caller_options(*keys, raw);
  keys->add_option("--owner", raw.owner, "consent: the public key that names the owner, its root")
      ->type_name("KEY");
  keys->add_flag("--reveal", raw.reveal, "show: print the API key itself, too");

  CLI::App* access = add_command(
      app, raw, "access", "Show or change who may call a model of yours", "show|set [ADDR] MODEL",
      "show or set; the server; the model",
      "  blindai access show ai.example.org:9924 hospital/triage --key key\n"
      "  blindai access set ai.example.org:9924 triage --private --caller baipk_... --key key\n"
      "  blindai access set ai.example.org:9924 triage --handover 64-digits --key key");
  add_server_options(*access, raw);
  add_caller_options(*access, raw);
  access->add_flag("--public", raw.make_public, "Anybody may call it");
  access->add_flag("--private", raw.make_private, "Only you and the callers may call it");
  add_list_option(*access, "--caller", raw.callers, "KEY",
                  "A public key that may call it, in place of those so far; may be repeated");
  add_list_option(*access, "--handover", raw.handovers, "MEASUREMENT",
                  "Programs that the server may hand it over to, in place of those so far; may be "
                  "repeated");
  access->add_flag("--no-handover", raw.no_handover, "To none");
  access->add_option("--receipt", raw.receipt, "set: keep the change's receipt")->type_name("FILE");
}

Outcome<std::vector<PublicKey>> public_keys_of(const std::vector<std::string>& texts,
                                               const char* option) {
  std::vector<PublicKey> out;
  for (const std::string& text : texts) {
    const auto key = parse_public_key(text);
    if (!key.has_value())
      return std::unexpected(
          usage(std::string("In ") + option + ": " + Problem(key.error()).sentence));
    out.push_back(*key);
  }
  return out;
}

Outcome<CommandLine> keys_command(RawOptions& raw, const std::string& default_address) {
  const std::string name = raw.arguments.empty() ? "" : raw.arguments.front();
  const auto* const form =
      std::ranges::find_if(kActions, [&](const ActionForm& f) { return f.name == name; });
  if (form == std::end(kActions))
    return std::unexpected(
        usage("First comes create, show, consent, endorse, retire or list; see --help."));
  raw.arguments.erase(raw.arguments.begin());
  KeysCommand out{.action = form->action,
                  .server = raw.server,
                  .file = {},
                  .reveal = raw.reveal,
                  .key = {},
                  .consent = {}};
  if (form->asks_server) {
    ASSIGN_OR_RETURN(out.server.address, take_address(raw, default_address));
  }
  RETURN_IF_ERROR(expect_arguments(raw, form->least, form->most, form->form));
  if (raw.reveal && out.action != KeyAction::kShow)
    return std::unexpected(usage("--reveal goes with `show`."));
  if (raw.owner.empty() == (out.action == KeyAction::kConsent))
    return std::unexpected(usage("--owner goes with `consent`, which needs it."));
  switch (out.action) {
    case KeyAction::kCreate:
    case KeyAction::kShow:
      if (!raw.arguments.empty()) out.file = raw.arguments.front();
      break;
    case KeyAction::kConsent: {
      ASSIGN_OR_RETURN(out.key, argument(parse_public_key(raw.owner)));
      break;
    }
    case KeyAction::kEndorse: {
      ASSIGN_OR_RETURN(out.consent, argument(parse_consent(raw.arguments.back())));
      ASSIGN_OR_RETURN(out.key, argument(parse_public_key(raw.arguments.front())));
      break;
    }
    case KeyAction::kRetire: {
      ASSIGN_OR_RETURN(out.key, argument(parse_public_key(raw.arguments.front())));
      break;
    }
    case KeyAction::kList:
      break;
  }
  return CommandLine{out, raw.json};
}

Outcome<CommandLine> access_command(RawOptions& raw, const std::string& default_address) {
  const std::string action = raw.arguments.empty() ? "" : raw.arguments.front();
  if (action != "show" && action != "set")
    return std::unexpected(usage("First comes show or set; see --help."));
  raw.arguments.erase(raw.arguments.begin());
  AccessCommand out{.server = raw.server,
                    .model_id = {},
                    .change = action == "set",
                    .is_private = {},
                    .callers = {},
                    .handover = {},
                    .receipt = raw.receipt};
  ASSIGN_OR_RETURN(out.server.address, take_address(raw, default_address));
  RETURN_IF_ERROR(expect_arguments(raw, 1, 1, "show|set [ADDR] MODEL"));
  out.model_id = raw.arguments.front();
  if (raw.make_public && raw.make_private)
    return std::unexpected(usage("A model is --public or --private, not both."));
  if (raw.make_public && !raw.callers.empty())
    return std::unexpected(usage("Anybody may call a public model; leave --caller out."));
  if (raw.no_handover && !raw.handovers.empty())
    return std::unexpected(usage("Give either --handover or --no-handover, not both."));
  if (raw.make_public || raw.make_private) out.is_private = raw.make_private;
  if (!raw.callers.empty()) {
    ASSIGN_OR_RETURN(out.callers, public_keys_of(raw.callers, "--caller"));
  }
  if (raw.no_handover || !raw.handovers.empty()) out.handover.emplace();
  for (const std::string& text : raw.handovers) {
    const auto measurement = array_from_hex<32>(text);
    if (!measurement.has_value())
      return std::unexpected(
          usage("--handover is 64 hexadecimal digits: the measurement that "
                "`blindai measure` prints."));
    out.handover->push_back(*measurement);
  }
  const bool changes =
      out.is_private.has_value() || out.callers.has_value() || out.handover.has_value();
  if (changes != out.change)
    return std::unexpected(usage(out.change ? "Say what to set: --public, --private, --caller, "
                                              "--handover or --no-handover."
                                            : "To change the access rules, write `set`."));
  if (!out.change && !out.receipt.empty())
    return std::unexpected(usage("--receipt goes with `set`."));
  return CommandLine{out, raw.json};
}

}  // namespace blindai
