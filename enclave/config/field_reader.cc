#include "enclave/config/field_reader.h"

#include <algorithm>

namespace blindai {

const toml::node* FieldReader::take(std::string_view name) {
  known_.emplace_back(name);
  return error_.has_value() ? nullptr : table_.get(name);
}

void FieldReader::type_error(std::string_view name, std::string_view wanted) {
  error_ = Problem(Code::kInvalid, "config.type",
                   fmt::format("The configuration's {}{} must be {}.", prefix_, name, wanted));
}

void FieldReader::refuse(std::string_view name, std::string_view what) {
  if (error_.has_value()) return;
  error_ = Problem(Code::kInvalid, "config.value",
                   fmt::format("The configuration's {}{} {}", prefix_, name, what));
}

void FieldReader::boolean(std::string_view name, bool& out) {
  const toml::node* node = take(name);
  if (node == nullptr) return;
  if (!node->is_boolean()) return type_error(name, "true or false");
  out = node->value_or(out);
}

bool FieldReader::take_integer(std::string_view name, uint64_t& out, uint64_t least,
                               uint64_t most) {
  const toml::node* node = take(name);
  if (node == nullptr) return false;
  if (!node->is_integer()) {
    type_error(name, "a whole number");
    return false;
  }
  const int64_t value = node->value_or(int64_t{-1});
  if (value < 0 || static_cast<uint64_t>(value) < least || static_cast<uint64_t>(value) > most) {
    refuse(name, fmt::format("must be from {} to {}.", least, most));
    return false;
  }
  out = static_cast<uint64_t>(value);
  return true;
}

void FieldReader::text(std::string_view name, std::string& out) {
  const toml::node* node = take(name);
  if (node == nullptr) return;
  if (!node->is_string()) return type_error(name, "a text in quotation marks");
  out = node->value_or(std::string());
}

void FieldReader::texts(std::string_view name, std::vector<std::string>& out, size_t max_count) {
  const toml::node* node = take(name);
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr) return type_error(name, "a list of texts, as in [\"…\", \"…\"]");
  if (list->size() > max_count)
    return refuse(name,
                  fmt::format("has {} entries; at most {} are taken.", list->size(), max_count));
  out.clear();
  for (const toml::node& entry : *list) {
    if (!entry.is_string()) return type_error(name, "a list of texts, as in [\"…\", \"…\"]");
    out.push_back(entry.value_or(std::string()));
  }
}

const toml::table* FieldReader::table(std::string_view name) {
  const toml::node* node = take(name);
  if (node == nullptr) return nullptr;
  if (node->is_table()) return node->as_table();
  type_error(name, fmt::format("a table, which begins with [{}]", name));
  return nullptr;
}

std::vector<const toml::table*> FieldReader::tables(std::string_view name, size_t max_count) {
  std::vector<const toml::table*> out;
  const toml::node* node = take(name);
  if (node == nullptr) return out;
  const toml::array* list = node->as_array();
  const std::string wanted = fmt::format("tables, which begin with [[{}]] each", name);
  if (list == nullptr) {
    type_error(name, wanted);
    return out;
  }
  if (list->size() > max_count) {
    refuse(name, fmt::format("has {} entries; at most {} are taken.", list->size(), max_count));
    return out;
  }
  for (const toml::node& entry : *list) {
    if (!entry.is_table()) {
      type_error(name, wanted);
      return {};
    }
    out.push_back(entry.as_table());
  }
  return out;
}

std::optional<Problem> FieldReader::finish() {
  if (error_.has_value()) return error_;
  for (const auto& [key, value] : table_)
    if (std::ranges::find(known_, key.str()) == known_.end())
      return Problem(Code::kInvalid, "config.unknown-field",
                     fmt::format("The configuration has no field \"{}{}\"; remove it or correct "
                                 "its name (docs/configuration.md lists them).",
                                 prefix_, key.str()));
  return std::nullopt;
}

}  // namespace blindai
