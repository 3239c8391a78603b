// The address of a web service: "https://host[:port][/path]", as people write it.
#pragma once

#include <string>
#include <string_view>

#include "net/address.h"

namespace blindai {

struct Url {
  bool tls = true;   // "https"; false for "http"
  HostPort where;    // the port is filled in: 443 or 80
  std::string path;  // "" or "/a/b", without a slash at the end

  // host, and port unless it is the scheme's own: what a Host field says.
  std::string authority() const;
  // The whole, with `target` (which begins with a slash) after the path.
  std::string text(std::string_view target = "") const;
};

// At most 1024 characters: visible ASCII, no user name, query or fragment. Slashes at the end are
// dropped. Errors: kInvalid "net.url".
Result<Url> parse_url(std::string_view text);

}  // namespace blindai
