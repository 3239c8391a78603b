// Which sanitizer a test is built with: they keep shadow memory and freed blocks, so figures of
// resident memory mean nothing under them. gcc and clang say it in different ways.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define BLINDAI_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLINDAI_ADDRESS_SANITIZER 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define BLINDAI_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BLINDAI_THREAD_SANITIZER 1
#endif
#endif

namespace blindai {

#if defined(BLINDAI_ADDRESS_SANITIZER)
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif
#if defined(BLINDAI_THREAD_SANITIZER)
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif
inline constexpr bool kUnderSanitizer = kAddressSanitizer || kThreadSanitizer;

}  // namespace blindai
