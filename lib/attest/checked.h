// What the verifiers beside verify() give: every check by name, and what was verified only when all
// of them passed.
//
//   Checked<VerifiedTpmQuote> quote = verify_tpm_quote(…);
//   if (!quote.ok()) return std::unexpected(quote.problem());
//   use(*quote.value());
//
// As with verify(), a check that was not reached counts as failed.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "lib/attest/verify.h"

namespace blindai {

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

 private:
  friend class CheckBook;
  Checked(std::vector<Check> checks, std::optional<T> value)
      : CheckList(std::move(checks)), value_(std::move(value)) {}
  std::optional<T> value_;
};

}  // namespace blindai
