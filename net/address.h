// "host:port" as people write it, and what the system resolves it to.
#pragma once

#include <memory>
#include <netdb.h>
#include <string>

#include "lib/base/result.h"

namespace blindai {

struct HostPort {
  std::string host;
  std::string port;  // decimal, 0 to 65535
};

// "localhost:9924", "127.0.0.1:9924", "[::1]:9924", with an optional "https://" before it; without
// a port, `default_port`. Errors: kInvalid "net.address".
Result<HostPort> parse_host_port(const std::string& text, const std::string& default_port = "");

struct AddressListDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddressListDeleter>;

// Blocking. Errors: kUnavailable "net.resolve".
Result<AddressList> resolve(const HostPort& where, bool passive);

// Whether only this machine can reach every one of these addresses (127.0.0.0/8, ::1).
bool all_loopback(const AddressList& list);

}  // namespace blindai
