// The names models go by: `resnet18` (global, first come) or `handle/resnet18` (an account's own).
//
// One or two segments with one '/' between them. A segment is 1 to 63 characters: ASCII letters,
// digits, '.', '_' and '-', the first a letter or a digit, without two dots in a row. Upper and
// lower case are different names. Six words that URLs put after a model's name are not segments,
// in either case: versions, infer, ready, config, stats, access. So an id is safe in a URL without
// escapes and as a relative path, and no route is ambiguous. Pure.
#pragma once

#include <string_view>

#include "lib/base/result.h"

namespace blindai {

inline constexpr size_t kMaxModelIdSegment = 63;
inline constexpr size_t kMaxModelId = 2 * kMaxModelIdSegment + 1;

// Errors, all kInvalid, with a sentence that says what is allowed: "model-id.empty" (the id or one
// of its segments), "model-id.length", "model-id.segments" (more than one '/'),
// "model-id.characters", "model-id.dots", "model-id.reserved".
Outcome<void> check_model_id(std::string_view id);

// True for the six words above, in any case.
bool is_reserved_model_word(std::string_view segment);

// The parts of an id that check_model_id accepted: "handle/resnet18" is {"handle", "resnet18"} and
// "resnet18" is {"", "resnet18"}. Borrowed from it.
struct ModelIdParts {
  std::string_view handle;
  std::string_view name;
};
ModelIdParts split_model_id(std::string_view id);

}  // namespace blindai
