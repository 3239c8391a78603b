#include "enclave/config/measured_config.h"

#include <algorithm>
#include <fmt/core.h>
#include <optional>
#include <sstream>
#include <vector>

#include <toml++/toml.h>

#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr size_t kMaxTextLen = 64 * 1024;

class FieldReader {
 public:
  explicit FieldReader(const toml::table& table) : table_(table) {}

  void boolean(std::string_view name, bool& out) {
    const toml::node* node = take(name);
    if (node == nullptr) return;
    if (!node->is_boolean()) return type_error(name, "true or false");
    out = node->value_or(out);
  }

  template <typename T>
  void integer(std::string_view name, T& out, int64_t least, int64_t most) {
    const toml::node* node = take(name);
    if (node == nullptr) return;
    if (!node->is_integer()) return type_error(name, "a whole number");
    const int64_t value = node->value_or(int64_t{0});
    if (value < least || value > most) {
      error_ =
          Problem(Code::kInvalid, "config.value",
                  fmt::format("The configuration's {} must be from {} to {}.", name, least, most));
      return;
    }
    out = static_cast<T>(value);
  }

  // A table, as TOML of its own; empty when it is absent.
  void table(std::string_view name, std::string& out) {
    const toml::node* node = take(name);
    if (node == nullptr) return;
    if (!node->is_table()) return type_error(name, "a table");
    std::ostringstream text;
    text << *node->as_table();
    out = text.str();
  }

  // After all fields: the first error, or a field that nobody asked for. A misspelt restriction
  // must not be ignored.
  std::optional<Problem> finish() {
    if (error_.has_value()) return error_;
    for (const auto& [key, value] : table_)
      if (std::find(known_.begin(), known_.end(), key.str()) == known_.end())
        return Problem(Code::kInvalid, "config.unknown-field",
                       fmt::format("The configuration has no field \"{}\"; remove it or correct "
                                   "its name (docs/configuration.md lists them).",
                                   key.str()));
    return std::nullopt;
  }

 private:
  const toml::node* take(std::string_view name) {
    known_.push_back(name);
    return error_.has_value() ? nullptr : table_.get(name);
  }
  void type_error(std::string_view name, std::string_view wanted) {
    error_ = Problem(Code::kInvalid, "config.type",
                     fmt::format("The configuration's {} must be {}.", name, wanted));
  }

  const toml::table& table_;
  std::vector<std::string_view> known_;
  std::optional<Problem> error_;
};

}  // namespace

Outcome<MeasuredConfig> parse_measured_config(std::string_view text) {
  if (text.size() > kMaxTextLen)
    return problem(Code::kMalformed, "config.syntax",
                   "The configuration is not a TOML file of at most 64 KiB.");
  // lib/attest/policy_fields.cc says what toml++ makes of other characters.
  if (!all_ascii(as_bytes(text)))
    return problem(Code::kMalformed, "config.syntax",
                   "The configuration has characters beyond ASCII. Write it in ASCII, comments "
                   "too.");
  toml::parse_result parsed = toml::parse(text);
  if (!parsed)
    return problem(Code::kMalformed, "config.syntax",
                   fmt::format("The configuration is not well-formed TOML: line {}: {}.",
                               parsed.error().source().begin.line, parsed.error().description()));
  MeasuredConfig out;
  int64_t run_time_s = out.run_time.count();
  int64_t load_time_s = out.load_time.count();
  FieldReader fields(parsed.table());
  fields.boolean("allow_anonymous_upload", out.allow_anonymous_upload);
  fields.integer("max_model_bytes", out.max_model_bytes, 1, int64_t{2} << 30);
  fields.integer("max_tensor_bytes", out.max_tensor_bytes, 1, int64_t{8} << 30);
  fields.integer("run_time_s", run_time_s, 1, 86'400);
  fields.integer("load_time_s", load_time_s, 1, 86'400);
  fields.integer("max_models", out.max_models, 1, 1'000'000);
  std::string handover;
  fields.table("handover", handover);
  if (std::optional<Problem> error = fields.finish()) return std::unexpected(std::move(*error));
  out.run_time = std::chrono::seconds(run_time_s);
  out.load_time = std::chrono::seconds(load_time_s);
  ASSIGN_OR_RETURN(out.handover, parse_handover_rules(handover));
  out.text = text;
  out.hash = sha256(as_bytes(text));
  return out;
}

}  // namespace blindai
