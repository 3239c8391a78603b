// Scripts that make shells complete this program's command line.   Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace blindai {

struct OptionSpec {
  std::string name;  // "--policy"
  std::string description;
  bool takes_value = false;
};
struct CommandSpec {
  std::string name;  // "upload"
  std::string description;
  std::vector<OptionSpec> options;
  std::vector<std::string> words;  // what the first argument is one of, when it is no file
};

// `shell`: "bash", "zsh" or "fish"; nothing for another.
std::optional<std::string> completion_script(const std::string& shell,
                                             const std::vector<CommandSpec>& commands);

}  // namespace blindai
