// Who may call a model, and to which programs its owner lets it be handed over: the body of
// /v1/models/{id}/access and two headers of an upload, as both ends write and read them.
//
//   {"visibility":"private","callers":["baipk_…"],"handover":["64 hexadecimal digits"]}
//   blindai-visibility: private
//   blindai-callers: baipk_…,baipk_…
//
// Pure.
#pragma once

#include <vector>

#include "lib/auth/public_key.h"

namespace blindai {

inline constexpr size_t kMaxAccessCallers = 64;
inline constexpr size_t kMaxAccessHandovers = 8;

struct ModelAccess {
  bool is_private = false;
  std::vector<PublicKey> callers;       // beside the owner; of a private model only
  std::vector<ByteArray<32>> handover;  // release ids (lib/handover/release.h)
  bool operator==(const ModelAccess&) const = default;
};

// "public" and "private". Errors: kMalformed "auth.visibility".
std::string_view visibility_text(bool is_private);
Result<bool> parse_visibility(std::string_view text);

// With commas, without spaces. Errors: kMalformed "auth.callers" (none, one twice, or an empty
// one), those of parse_public_key(); kTooLarge "auth.callers-count".
std::string callers_to_text(const std::vector<PublicKey>& callers);
Result<std::vector<PublicKey>> parse_callers(std::string_view text);

// Errors of check_access(), which parse_model_access() ends with: kInvalid "auth.access-public"
// (callers for a public model, which anybody may call); kMalformed "auth.callers" and
// "auth.handover" (one twice); kTooLarge "auth.callers-count", "auth.handover-count".
Status check_access(const ModelAccess& access);

std::string to_json(const ModelAccess& access);
// Strict JSON, all three members and no other. Errors: kMalformed json.*, "auth.access-layout",
// "auth.visibility", "auth.handover", and those of parse_public_key() and check_access().
Result<ModelAccess> parse_model_access(std::string_view json);

}  // namespace blindai
