#include "client/cli/commands.h"
#include "client/cpp/key_file.h"
#include "lib/base/json.h"

namespace blindai {
namespace {

Outcome<std::shared_ptr<const ApiKey>> needed_key(const std::string& named) {
  ASSIGN_OR_RETURN(std::shared_ptr<const ApiKey> key, load_api_key(named));
  if (key == nullptr)
    return problem(Code::kInvalid, "client.key.none",
                   "This needs your API key: name its file with --key or BLINDAI_KEY_FILE, or make "
                   "one with \"blindai keys create FILE\".");
  return key;
}

Outcome<void> create(const KeysCommand& command, const Console& console) {
  const ApiKey key = ApiKey::generate();
  RETURN_IF_ERROR(write_key_file(command.file, key));
  const std::string name = to_text(key.public_key());
  if (console.json)
    console.out << "{\"public_key\":" << json_quote(name)
                << ",\"file\":" << json_quote(command.file) << "}\n";
  else
    console.out << "Wrote " << printable(command.file)
                << ". Whoever has this file can act as you: keep a copy where nobody else gets.\n"
                << "Public key: " << name << "\n";
  return {};
}

Outcome<void> show(const KeysCommand& command, const Console& console) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const ApiKey> key,
                   needed_key(command.file.empty() ? command.server.key : command.file));
  const std::string name = to_text(key->public_key());
  console.out << (console.json ? "{\"public_key\":" + json_quote(name) : name);
  if (command.reveal) {
    const ApiKeyText text = key->text(KeyAccess());
    const auto& letters = text.reveal(KeyAccess());
    console.out << (console.json ? ",\"api_key\":\"" : "\n");
    console.out << std::string_view(letters.data(), letters.size());
    if (console.json) console.out << "\"";
  }
  console.out << (console.json ? "}\n" : "\n");
  return {};
}

Outcome<void> consent(const KeysCommand& command, const Console& console) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const ApiKey> key, needed_key(command.server.key));
  const Endorsement endorsement = make_endorsement(*key, command.key);
  RETURN_IF_ERROR(verify_endorsement(endorsement));
  console.out << (console.json ? endorsement_to_json(endorsement)
                               : to_text(endorsement.key) + " " + consent_to_text(endorsement))
              << "\n";
  return {};
}

std::string table_of(const OwnerKeys& keys) {
  std::string out;
  for (const OwnerKey& key : keys.keys)
    out += to_text(key.key) + "  " + std::string(name_of(key.state)) +
           (key.key == keys.owner ? "  root\n" : "\n");
  return out;
}

Outcome<void> ask(const KeysCommand& command, const Console& console) {
  RETURN_IF_ERROR(needed_key(command.server.key));
  ASSIGN_OR_RETURN(const auto connection, connect(command.server, console));
  const Outcome<OwnerKeys> keys =
      command.action == KeyAction::kEndorse  ? connection->endorse(command.key, command.consent)
      : command.action == KeyAction::kRetire ? connection->retire(command.key)
                                             : connection->keys();
  if (!keys.has_value()) return std::unexpected(keys.error());
  console.out << (console.json ? to_json(*keys) + "\n" : table_of(*keys));
  return {};
}

Outcome<void> act(const KeysCommand& command, const Console& console) {
  switch (command.action) {
    case KeyAction::kCreate:
      return create(command, console);
    case KeyAction::kShow:
      return show(command, console);
    case KeyAction::kConsent:
      return consent(command, console);
    case KeyAction::kEndorse:
    case KeyAction::kRetire:
    case KeyAction::kList:
      break;
  }
  return ask(command, console);
}

}  // namespace

ExitStatus run(const KeysCommand& command, const Console& console) {
  const Outcome<void> done = act(command, console);
  return done.has_value() ? ExitStatus::kOk : report(console, done.error());
}

}  // namespace blindai
