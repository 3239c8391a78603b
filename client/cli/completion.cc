#include "client/cli/completion.h"

namespace blindai {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

// Inside single quotes of a shell, where only the quote itself needs care.
std::string quoted_text(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::vector<std::string> names_of(const std::vector<OptionSpec>& options) {
  std::vector<std::string> out;
  for (const OptionSpec& option : options) out.push_back(option.name);
  return out;
}

std::string bash(const std::vector<CommandSpec>& commands) {
  std::vector<std::string> names;
  std::string cases;
  for (const CommandSpec& command : commands) {
    names.push_back(command.name);
    cases += "    " + command.name + ") options='" + joined(names_of(command.options)) +
             "'; words='" + joined(command.words) + "' ;;\n";
  }
  return "# bash completion for blindai. To use it: source <(blindai completion bash)\n"
         "_blindai() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} options= words=\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W '" +
         joined(names) +
         " --help --version' -- \"$current\")\n"
         "    return\n"
         "  fi\n"
         "  case ${COMP_WORDS[1]} in\n" +
         cases +
         "  esac\n"
         "  case $current in\n"
         "    -*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\") ;;\n"
         "    *) if [ -n \"$words\" ] && [ \"$COMP_CWORD\" -eq 2 ]; then\n"
         "         mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "       else\n"
         "         mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
         "       fi ;;\n"
         "  esac\n"
         "}\n"
         "complete -o filenames -F _blindai blindai\n";
}

// In zsh's _arguments and _describe, ':' and brackets have a meaning.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh(const std::vector<CommandSpec>& commands) {
  std::string list;
  std::string cases;
  for (const CommandSpec& command : commands) {
    list += "    " + quoted_text(command.name + ":" + zsh_text(command.description)) + "\n";
    cases += "    " + command.name + ")\n      _arguments";
    for (const OptionSpec& option : command.options)
      cases += " \\\n        " + quoted_text(option.name + "[" + zsh_text(option.description) +
                                             "]" + (option.takes_value ? ":value:_files" : ""));
    cases += " \\\n        " +
             (command.words.empty()
                  ? ""
                  : quoted_text("1:word:(" + joined(command.words) + ")") + " \\\n        ") +
             quoted_text("*:file:_files") + "\n      ;;\n";
  }
  return "#compdef blindai\n"
         "# zsh completion for blindai. To use it: source <(blindai completion zsh)\n"
         "_blindai() {\n"
         "  local -a commands=(\n" +
         list +
         "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  local command=${words[2]}\n"
         "  shift words\n"
         "  (( CURRENT-- ))\n"
         "  case $command in\n" +
         cases +
         "  esac\n"
         "}\n"
         "compdef _blindai blindai\n";
}

std::string fish(const std::vector<CommandSpec>& commands) {
  std::string out = "# fish completion for blindai. To use it: blindai completion fish | source\n";
  for (const CommandSpec& command : commands) {
    out += "complete -c blindai -n __fish_use_subcommand -f -a " + command.name + " -d " +
           quoted_text(command.description) + "\n";
    const std::string when = "'__fish_seen_subcommand_from " + command.name + "'";
    for (const OptionSpec& option : command.options)
      out += "complete -c blindai -n " + when + " -l " + option.name.substr(2) +
             (option.takes_value ? " -r" : "") + " -d " + quoted_text(option.description) + "\n";
    if (!command.words.empty())
      out += "complete -c blindai -n " + when + " -a '" + joined(command.words) + "'\n";
  }
  return out;
}

}  // namespace

std::optional<std::string> completion_script(const std::string& shell,
                                             const std::vector<CommandSpec>& commands) {
  if (shell == "bash") return bash(commands);
  if (shell == "zsh") return zsh(commands);
  if (shell == "fish") return fish(commands);
  return std::nullopt;
}

}  // namespace blindai
