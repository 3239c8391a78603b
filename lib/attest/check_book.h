// The book of checks that the verifiers write into. Private to lib/attest.
#pragma once

#include <algorithm>

#include "lib/attest/checked.h"

namespace blindai {

struct CheckSpec {
  Id id;
  Code code;  // of a failure
};

// Starts with every check "not reached". A value comes out only if each of them was marked passed,
// so a check that is forgotten refuses.
class CheckBook {
 public:
  explicit CheckBook(std::span<const CheckSpec> specs) { append(specs); }

  // Adds checks after those that there are. The index of the first new one.
  size_t append(std::span<const CheckSpec> specs);
  // Marks check `index`; gives `passed` back. A check is marked once.
  bool mark(size_t index, bool passed, std::string expected, std::string found);
  bool passed(size_t index) const { return checks_[index].state == CheckState::kPassed; }
  bool all_passed() const;

  // `value` is kept when every check passed, and dropped otherwise.
  template <typename T>
  Checked<T> finish(std::optional<T> value) && {
    const bool all = all_passed();
    if (!all) value.reset();
    Checked<T> out(std::move(checks_), std::move(value));
    // Nothing failed and yet not everything was judged: that would be a fault of ours.
    BLINDAI_CHECK(all == (out.first_failure() == nullptr) && all == out.ok());
    return out;
  }

 private:
  std::vector<Check> checks_;
};

}  // namespace blindai
