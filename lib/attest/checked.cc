#include "lib/attest/checked.h"

#include <algorithm>

#include "lib/attest/check_book.h"

namespace blindai {

std::string_view name_of(CheckState state) {
  switch (state) {
    case CheckState::kNotReached:
      return "not-reached";
    case CheckState::kPassed:
      return "passed";
    case CheckState::kFailed:
      return "failed";
  }
  return "not-reached";
}

const Check* CheckList::first_failure() const {
  const auto found = std::find_if(checks_.begin(), checks_.end(),
                                  [](const Check& c) { return c.state == CheckState::kFailed; });
  return found == checks_.end() ? nullptr : &*found;
}

const Check* CheckList::find(std::string_view name) const {
  const auto found = std::find_if(checks_.begin(), checks_.end(),
                                  [name](const Check& c) { return c.name() == name; });
  return found == checks_.end() ? nullptr : &*found;
}

Problem CheckList::problem() const {
  const Check* failed = first_failure();
  BLINDAI_CHECK(failed != nullptr);
  std::string sentence = failed->id.advice;
  sentence += " (expected ";
  sentence += failed->expected;
  sentence += ", found ";
  sentence += failed->found;
  sentence += ") [";
  sentence += failed->id.text;
  sentence += "]";
  return Problem(failed->code, failed->id, std::move(sentence));
}

size_t CheckBook::append(std::span<const CheckSpec> specs) {
  const size_t first = checks_.size();
  checks_.reserve(first + specs.size());
  for (const CheckSpec& spec : specs)
    checks_.push_back({spec.id, spec.code, CheckState::kNotReached, {}, {}});
  return first;
}

bool CheckBook::mark(size_t index, bool passed, std::string expected, std::string found) {
  Check& check = checks_[index];
  BLINDAI_CHECK(check.state == CheckState::kNotReached);
  check.state = passed ? CheckState::kPassed : CheckState::kFailed;
  check.expected = std::move(expected);
  check.found = std::move(found);
  return passed;
}

bool CheckBook::all_passed() const {
  return std::all_of(checks_.begin(), checks_.end(),
                     [](const Check& c) { return c.state == CheckState::kPassed; });
}

}  // namespace blindai
