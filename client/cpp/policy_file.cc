#include <cstdlib>
#include <fstream>
#include <sstream>

#include "client/cpp/connection.h"

namespace blindai {
namespace {

Outcome<Policy> read_policy(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in.good())
    return problem(
        Code::kNotFound, "client.policy.open",
        "The policy file \"" + path + "\" cannot be read; check its path and permissions.");
  Outcome<Policy> policy = parse_policy(text.view());
  if (!policy.has_value())
    policy.error().sentence = "In the policy file \"" + path + "\": " + policy.error().sentence;
  return policy;
}

}  // namespace

Outcome<Policy> load_policy(const std::string& named, const std::string& beside) {
  if (!named.empty()) return read_policy(named);
  if (const char* path = std::getenv("BLINDAI_POLICY"); path != nullptr && *path != '\0')
    return read_policy(path);
  if (!beside.empty() && std::ifstream(beside).good()) return read_policy(beside);
  return problem(Code::kNotFound, "client.policy.none",
                 "No policy says which servers to accept. Name one (--policy FILE, policy= in "
                 "Python, or the environment variable BLINDAI_POLICY); its publisher or `blindai "
                 "measure`, run on programs that you built, makes one.");
}

}  // namespace blindai
