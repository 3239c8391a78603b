// Secrets: wiped when they die, unprintable, not copied by accident, compared in constant time.
#pragma once

#include <type_traits>

#include "lib/base/bytes.h"

namespace blindai {

// Overwrites n bytes so that the compiler cannot leave it out.
void wipe(void* data, size_t n);

// True when both have the same length and bytes. The time depends on the lengths alone.
bool equal_secret(BytesView a, BytesView b);

// Passed to reveal(), so that one search for "KeyAccess" lists every place that touches a key.
struct KeyAccess {
  explicit KeyAccess() = default;
};

// A fixed-size secret such as ByteArray<32>.
//   Secret<ByteArray<32>> key(std::move(raw));     // wipes `raw`
//   encrypt(key.reveal(KeyAccess()));
template <typename T>
class Secret {
  static_assert(std::is_trivially_copyable_v<T>, "a secret must be plain bytes to be wiped");

 public:
  Secret() : value_{} {}
  explicit Secret(T&& value) : value_(value) { wipe(&value, sizeof value); }
  Secret(Secret&& other) noexcept : value_(other.value_) { wipe(&other.value_, sizeof(T)); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      value_ = other.value_;
      wipe(&other.value_, sizeof(T));
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(&value_, sizeof(T)); }

  // Copies are made on purpose, by name.
  Secret duplicate(KeyAccess) const {
    T copy = value_;
    return Secret(std::move(copy));
  }
  T& reveal(KeyAccess) { return value_; }
  const T& reveal(KeyAccess) const { return value_; }

 private:
  T value_;
};

using SecretKey = Secret<ByteArray<32>>;

}  // namespace blindai
