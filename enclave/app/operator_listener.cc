#include "enclave/app/operator_listener.h"

#include "net/address.h"
#include "net/http_server.h"

namespace blindai {
namespace {

std::unexpected<Problem> of_option(const Error& error) {
  return problem(error.code, error.id, "--metrics: " + error.describe());
}

}  // namespace

Outcome<int> listen_for_operator(const std::string& address, bool anywhere) {
  const Result<HostPort> where = parse_host_port(address);
  if (!where.has_value()) return of_option(where.error());
  const Result<AddressList> list = resolve(*where, /*passive=*/true);
  if (!list.has_value()) return of_option(list.error());
  if (!anywhere && !all_loopback(*list))
    return problem(Code::kInvalid, "app.metrics-address",
                   "Other machines could reach --metrics " + address +
                       ". Give an address of this machine alone, such as 127.0.0.1:9925, or add "
                       "--metrics-anywhere.");
  const Result<int> fd = listen_on(address);
  if (!fd.has_value()) return of_option(fd.error());
  return *fd;
}

}  // namespace blindai
