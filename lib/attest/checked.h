// What every verifier gives: each check by name, and what was verified only when all of them
// passed.
//
//   Checked<VerifiedTpmQuote> quote = verify_tpm_quote(…);
//   if (!quote.ok()) return std::unexpected(quote.problem());
//   use(*quote.value());
//
// A check that was not reached counts as failed.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace blindai {

enum class CheckState : uint8_t {
  kNotReached,  // an earlier failure took away what this check needs; as good as failed
  kPassed,
  kFailed,
};
std::string_view name_of(CheckState state);  // "not-reached", "passed", "failed"

// One check. `id.text` is its stable name ("sgx.quote.signature"), `id.advice` what a person can do
// about a failure. `expected` and `found` are short texts for people; what they quote is
// unverified.
struct Check {
  Id id;
  Code code;  // of a failure: kMalformed, kUntrusted, kStale or kDenied
  CheckState state = CheckState::kNotReached;
  std::string expected;
  std::string found;

  std::string_view name() const { return id.text; }
};

class CheckList {
 public:
  // In the order in which they are judged; always the same ones.
  std::span<const Check> checks() const { return checks_; }
  // The first check that failed, in that order. Null when none did.
  const Check* first_failure() const;
  // By name; null when there is no such check.
  const Check* find(std::string_view name) const;
  // The first failure as an error for a person: its code and id, and a sentence with what was
  // expected and found. Requires that one failed.
  Problem problem() const;

 protected:
  explicit CheckList(std::vector<Check> checks) : checks_(std::move(checks)) {}

 private:
  std::vector<Check> checks_;
};

template <typename T>
class Checked : public CheckList {
 public:
  // True when every check passed.
  bool ok() const { return value_.has_value(); }
  // Null unless ok().
  const T* value() const { return value_.has_value() ? &*value_ : nullptr; }

 protected:
  friend class CheckBook;
  Checked(std::vector<Check> checks, std::optional<T> value)
      : CheckList(std::move(checks)), value_(std::move(value)) {}

 private:
  std::optional<T> value_;
};

}  // namespace blindai
