// Owners of what OpenSSL makes, by the function that frees it:
//
//   const Owned<EVP_MD_CTX_free> ctx(EVP_MD_CTX_new());
//
// Private to lib/crypto. OpenSSL's own headers are included by those who own something of it.
#pragma once

#include <memory>

namespace blindai {

template <auto Free>
struct FreedWith {
  template <typename T>
  void operator()(T* p) const {
    Free(p);
  }
};

// void free(T*)
template <typename T>
T freed_by(void (*)(T*));

template <auto Free>
using Owned = std::unique_ptr<decltype(freed_by(Free)), FreedWith<Free>>;

}  // namespace blindai
