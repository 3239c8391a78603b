// What the verifiers of all TEEs mark their checks with. Private to lib/attest.
#pragma once

#include <algorithm>

#include "lib/attest/check_text.h"
#include "lib/attest/verifier.h"
#include "lib/base/time.h"
#include "lib/crypto/crypto.h"

namespace blindai {

// The form in which evidence of every TEE vouches for bytes: their SHA-256, then 32 zeros.
inline ByteArray<64> vouching_for(const Sha256Digest& digest) {
  ByteArray<64> out{};
  std::ranges::copy(digest, out.begin());
  return out;
}

// One verification, its checks named by the enumeration C.
template <typename C>
class Judging {
 protected:
  // `index`: where each check stands in `specs`, 0xff for none; empty: in the enumeration's order.
  Judging(std::span<const CheckSpec> specs, Time now, std::span<const uint8_t> index = {})
      : book_(specs, now), index_(index), in_force_now_("in force at " + to_rfc3339(now)) {}

  bool mark(C check, bool passed, std::string expected, std::string found) {
    return book_.mark(index_of(check), passed, std::move(expected), std::move(found));
  }
  bool passed(C check) const { return book_.passed(index_of(check)); }
  // Of a yes or no: what is found is `good` or `bad`, what is expected `good`.
  bool holds(C check, bool yes, std::string_view good, std::string_view bad) {
    return mark(check, yes, std::string(good), std::string(yes ? good : bad));
  }
  bool in_force(C check, Time from, Time to) {
    valid_until_ = std::min(valid_until_, to);
    return mark(check, from <= book_.now() && book_.now() <= to, in_force_now_,
                to_rfc3339(from) + " to " + to_rfc3339(to));
  }
  // Parses into a std::optional or a pointer; a failure is marked with its id.
  template <typename T, typename Out>
  bool parsed(C check, Result<T> result, Out& out, std::string_view expected) {
    const bool good = result.has_value();
    mark(check, good, std::string(expected), std::string(good ? expected : result.error().name()));
    if (good) out = *std::move(result);
    return good;
  }

  Verifier book_;
  Time valid_until_{INT64_MAX};  // of everything that was in_force()

 private:
  size_t index_of(C check) const {
    const auto at = static_cast<size_t>(check);
    if (index_.empty()) return at;
    BLINDAI_CHECK(index_[at] != 0xff);
    return index_[at];
  }

  std::span<const uint8_t> index_;
  std::string in_force_now_;
};

}  // namespace blindai
