// Property: an address that is read is written in one form, and that form is read as the same.
#include "net/url.h"

#include <cstdlib>

#include "lib/base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto url = blindai::parse_url(blindai::as_text({data, size}));
  if (!url.has_value()) return 0;
  const auto again = blindai::parse_url(url->text());
  if (!again.has_value() || again->text() != url->text() || again->tls != url->tls ||
      again->where.host != url->where.host || again->path != url->path)
    std::abort();
  for (const char c : url->text("/x"))
    if (c <= ' ' || c >= 0x7f) std::abort();
  return 0;
}
