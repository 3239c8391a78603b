#include "lib/base/model_id.h"

#include <algorithm>
#include <array>

namespace blindai {
namespace {

constexpr std::string_view kAllowed =
    "A model's name is 1 to 63 letters, digits, '.', '_' or '-', beginning with a letter or digit; "
    "an account's own model is handle/name.";

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The id itself is quoted only where its characters have already been checked.
std::unexpected<Problem> refuse(Id id, std::string sentence) {
  sentence += ' ';
  sentence += kAllowed;
  return problem(Code::kInvalid, id, std::move(sentence));
}

Outcome<void> check_segment(std::string_view segment) {
  if (segment.empty())
    return refuse("model-id.empty", "The model's name, or a part of it, is empty.");
  if (segment.size() > kMaxModelIdSegment)
    return refuse("model-id.length", "The model's name has a part of " +
                                         std::to_string(segment.size()) + " characters.");
  if (!is_letter_or_digit(segment.front()) || !std::ranges::all_of(segment, [](char c) {
        return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
      }))
    return refuse("model-id.characters", "The model's name has a character that is not allowed.");
  if (segment.contains(".."))
    return refuse("model-id.dots", "The model's name has two dots in a row.");
  if (is_reserved_model_word(segment))
    return refuse("model-id.reserved", "\"" + std::string(segment) +
                                           "\" has a meaning in URLs and cannot name a model.");
  return {};
}

}  // namespace

bool is_reserved_model_word(std::string_view segment) {
  static constexpr std::array<std::string_view, 6> kWords = {"versions", "infer", "ready",
                                                             "config",   "stats", "access"};
  return std::ranges::any_of(kWords, [&](std::string_view word) {
    return std::ranges::equal(word, segment, [](char reserved, char c) {
      return c == reserved || (c >= 'A' && c <= 'Z' && c - 'A' + 'a' == reserved);
    });
  });
}

Outcome<void> check_model_id(std::string_view id) {
  if (std::ranges::count(id, '/') > 1)
    return refuse("model-id.segments", "The model's name has more than one '/'.");
  const size_t slash = id.find('/');
  if (slash == std::string_view::npos) return check_segment(id);
  RETURN_IF_ERROR(check_segment(id.substr(0, slash)));
  return check_segment(id.substr(slash + 1));
}

ModelIdParts split_model_id(std::string_view id) {
  const size_t slash = id.find('/');
  if (slash == std::string_view::npos) return {{}, id};
  return {id.substr(0, slash), id.substr(slash + 1)};
}

}  // namespace blindai
