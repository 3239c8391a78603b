// What the program prints, and the status it ends with.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace blindai {

// docs/cli.md lists these for users.
enum class ExitStatus : int {
  kOk = 0,
  kError = 1,        // of this side: a file, a format, a fault
  kUsage = 2,        // the command line
  kUnverified = 3,   // the server did not prove what the policy asks; nothing was sent to it
  kUnreachable = 4,  // no connection, or none in time
  kRefused = 5,      // the server answered that it will not
};
ExitStatus status_of(const Problem& problem);

struct Console {
  std::ostream& out;  // results, and with `json` nothing else
  std::ostream& err;  // errors and progress
  bool json = false;
  bool err_is_terminal = false;
};

// The problem as one line, or with console.json as {"error","code"}; both on err.
ExitStatus report(const Console& console, const Problem& problem);

// The text without control characters, so that nothing of a server's or file's can command the
// terminal. Line breaks and tabs stay when `multiline`.
std::string printable(std::string_view text, bool multiline = false);

// "45.3 MB": decimal units, as disks and networks have them.
std::string size_text(uint64_t num_bytes);

}  // namespace blindai
