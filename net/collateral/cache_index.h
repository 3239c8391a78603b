// The index of one address in a CollateralCache: which content was its last answer.
//
//   {"format":"blindai-collateral-1","url":"https://…","fetched":"2026-01-31T12:00:00Z",
//    "expires":"…","body":"<64 digits>","chain":"<64 digits>"}
//
// `chain` is left out when there is none. Strict: no other member, no repeated one.   Pure.
#pragma once

#include <optional>
#include <string>

#include "lib/base/time.h"
#include "lib/crypto/crypto.h"

namespace blindai {

inline constexpr size_t kMaxCacheIndex = 4096;
// Of an address; each of its characters may take two in the file.
inline constexpr size_t kMaxCachedUrl = 1536;

struct CacheIndex {
  std::string url;  // visible ASCII
  Time fetched;
  Time expires;
  Sha256Digest body;
  std::optional<Sha256Digest> chain;

  bool operator==(const CacheIndex&) const = default;
};

std::string write_cache_index(const CacheIndex& index);
// Errors: kTooLarge "collateral.index" for more than kMaxCacheIndex bytes, kMalformed
// "collateral.index".
Result<CacheIndex> parse_cache_index(std::string_view text);

}  // namespace blindai
