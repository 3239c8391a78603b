#include "client/cli/console.h"

#include <algorithm>
#include <cstdio>

#include "lib/base/bytes.h"
#include "lib/base/json.h"

namespace blindai {

ExitStatus status_of(const Problem& problem) {
  const std::string_view id = problem.id.text;
  if (id == "server.refused" || id == "vault.rolled-back") return ExitStatus::kRefused;
  if (id.starts_with("cli.")) return ExitStatus::kUsage;
  // What a vendor's service answers is no server's proof, whatever is wrong with it.
  if (id.starts_with("collateral."))
    return id == "collateral.service" ? ExitStatus::kUnreachable : ExitStatus::kError;
  if (id == "net.url") return ExitStatus::kUsage;
  if (id == "tls.roots") return ExitStatus::kError;
  if (id.starts_with("net.") || id.starts_with("tls.")) return ExitStatus::kUnreachable;
  // A policy's check of a server is kDenied; what is wrong with a policy's file is not.
  constexpr std::string_view kJudging[] = {"sgx.",     "tdx.",      "snp.",   "nitro.",
                                           "channel.", "evidence.", "claims."};
  const bool judged =
      std::ranges::any_of(kJudging, [id](std::string_view area) { return id.starts_with(area); }) ||
      id == "client.attestation-message" ||
      (id.starts_with("policy.") && problem.code == Code::kDenied);
  if (judged || problem.code == Code::kUntrusted || problem.code == Code::kStale)
    return ExitStatus::kUnverified;
  return ExitStatus::kError;
}

ExitStatus report(const Console& console, const Problem& problem) {
  if (console.json) {
    console.err << "{\"error\":" << json_quote(problem.sentence)
                << ",\"code\":" << json_quote(problem.name()) << "}\n";
  } else {
    console.err << "blindai: " << printable(problem.sentence);
    const std::string tag = "[" + std::string(problem.name());
    if (problem.sentence.find(tag) == std::string::npos) console.err << " " << tag << "]";
    console.err << "\n";
  }
  return status_of(problem);
}

std::string printable(std::string_view text, bool multiline) {
  // The C1 controls, U+0080 to U+009F, command some terminals too; in UTF-8 they are C2 80 to C2
  // 9F.
  const bool utf8 = is_utf8(as_bytes(text));
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 =
        c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (multiline && (c == '\n' || c == '\t')) {
      out += text[i];
    } else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8)) {
      out += '?';
    } else if (c1) {
      out += '?';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string size_text(uint64_t num_bytes) {
  if (num_bytes < 1000) return std::to_string(num_bytes) + " bytes";
  constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double size = static_cast<double>(num_bytes) / 1000;
  size_t unit = 0;
  while (size >= 999.95) {
    size /= 1000;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", size, kUnits[unit]);
  return text;
}

}  // namespace blindai
