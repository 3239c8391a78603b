// Takes the fields of one TOML table, each by its name and kind. Private to enclave/config.
//
//   FieldReader fields(table, "limits.");
//   fields.integer("total_bytes", out.total_bytes, 0, kMost);
//   if (auto error = fields.finish()) return std::unexpected(std::move(*error));
//
// The first error stays and later calls do nothing. A field that nobody asked for is an error of
// finish(): a misspelt restriction must not be ignored.
#pragma once

#include <cstdint>
#include <fmt/core.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "lib/base/result.h"

namespace blindai {

class FieldReader {
 public:
  // `prefix`: what names in this table are shown with. `table` outlives the reader.
  FieldReader(const toml::table& table, std::string prefix)
      : table_(table), prefix_(std::move(prefix)) {}

  // Absent fields leave `out` as it is. Errors: kInvalid "config.type", "config.value".
  void boolean(std::string_view name, bool& out);
  template <typename T>
  void integer(std::string_view name, T& out, uint64_t least, uint64_t most) {
    uint64_t value = 0;
    if (take_integer(name, value, least, most)) out = static_cast<T>(value);
  }
  void text(std::string_view name, std::string& out);
  // A list of texts, at most max_count of them.
  void texts(std::string_view name, std::vector<std::string>& out, size_t max_count);
  // The table of that name; null when it is absent.
  const toml::table* table(std::string_view name);
  // [[name]]: tables, at most max_count of them.
  std::vector<const toml::table*> tables(std::string_view name, size_t max_count);

  // For what a field says, when its text is not what it should be. `what`: a sentence after the
  // field's name ("must be …").
  void refuse(std::string_view name, std::string_view what);

  bool ok() const { return !error_.has_value(); }
  // The first error. Errors: also kInvalid "config.unknown-field".
  std::optional<Problem> finish();

 private:
  const toml::node* take(std::string_view name);
  bool take_integer(std::string_view name, uint64_t& out, uint64_t least, uint64_t most);
  void type_error(std::string_view name, std::string_view wanted);

  const toml::table& table_;
  const std::string prefix_;
  std::vector<std::string> known_;
  std::optional<Problem> error_;
};

}  // namespace blindai
