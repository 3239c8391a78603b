#include "lib/measure/measure.h"

#include <fstream>

#include "client/cli/commands.h"
#include "client/cli/tensor_file.h"
#include "lib/base/json.h"
#include "lib/channel/simulation_policy.h"
#include "lib/handover/release.h"

namespace blindai {
namespace {

Outcome<MeasuredFile> measured(std::string_view name, const std::string& path) {
  ASSIGN_OR_RETURN(const Bytes content, read_file(path));
  FileMeasurer file{std::string(name)};
  file.update(content);
  return file.finish();
}

// The default configuration is an empty text.
Outcome<std::vector<Sha256Digest>> configurations_of(const std::vector<std::string>& paths) {
  if (paths.empty()) return std::vector<Sha256Digest>{sha256({})};
  std::vector<Sha256Digest> out;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(const Bytes text, read_file(path));
    out.push_back(sha256(text));
  }
  return out;
}

struct Measurement {
  Sha256Digest digest;
  Policy policy;
  // Of each configuration, in the policy's order: what owners write into their models' access
  // rules. Only of SGX, whose registers the measurement is.
  std::vector<Sha256Digest> releases;
};

Outcome<Measurement> measure(const MeasureCommand& command) {
  static_assert(std::size(kMeasuredPrograms) == 3);
  std::vector<MeasuredFile> files;
  const std::string* paths[] = {&command.server_program, &command.worker_program,
                                &command.onnxruntime};
  for (size_t i = 0; i < std::size(paths); ++i) {
    ASSIGN_OR_RETURN(MeasuredFile file, measured(kMeasuredPrograms[i], *paths[i]));
    files.push_back(std::move(file));
  }
  Measurement out{};
  ASSIGN_OR_RETURN(out.digest, measurement_of(std::move(files)));
  ASSIGN_OR_RETURN(const std::vector<Sha256Digest> configurations,
                   configurations_of(command.configurations));
  out.policy = simulation_policy(command.tee, out.digest);
  out.policy.configurations.values = configurations;
  out.policy.max_evidence_age_s = command.max_age_s;
  if (command.tee == Tee::kSgx)
    for (const Sha256Digest& config : configurations)
      out.releases.push_back(release_id_sgx(out.digest, config));
  return out;
}

Outcome<void> write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out.good()) return {};
  return problem(Code::kUnavailable, "file.write",
                 "The file \"" + path + "\" cannot be written; check its path and permissions.");
}

std::string to_json(const Measurement& measurement) {
  std::string out =
      "{\"measurement\":" + json_quote(to_hex(measurement.digest)) + ",\"configurations\":[";
  for (const Sha256Digest& digest : measurement.policy.configurations.values)
    out += (out.back() == '[' ? "" : ",") + json_quote(to_hex(digest));
  out += "],\"releases\":[";
  for (const Sha256Digest& release : measurement.releases)
    out += (out.back() == '[' ? "" : ",") + json_quote(to_hex(release));
  return out + "],\"policy\":" + json_quote(policy_to_toml(measurement.policy)) + "}\n";
}

}  // namespace

ExitStatus run(const MeasureCommand& command, const Console& console) {
  const auto measurement = measure(command);
  if (!measurement.has_value()) return report(console, measurement.error());
  const std::string policy = policy_to_toml(measurement->policy);
  if (!command.policy_out.empty())
    if (const auto written = write(command.policy_out, policy); !written.has_value())
      return report(console, written.error());
  if (console.json) {
    console.out << to_json(*measurement);
  } else if (command.policy_out.empty()) {
    console.out << policy;
  } else {
    console.out << "measurement  " << to_hex(measurement->digest) << "\npolicy       "
                << command.policy_out << "\n";
    for (const Sha256Digest& release : measurement->releases)
      console.out << "release      " << to_hex(release) << "\n";
  }
  return ExitStatus::kOk;
}

}  // namespace blindai
