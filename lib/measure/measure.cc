#include "lib/measure/measure.h"

#include <algorithm>

namespace blindai {
namespace {

bool is_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

}  // namespace

Result<std::string> measurement_manifest(std::vector<MeasuredFile> files) {
  if (files.empty()) return fail(Code::kInvalid, "measure.empty");
  std::ranges::sort(files, {}, &MeasuredFile::name);
  std::string out = "blindai-measurement 1\n";
  for (size_t i = 0; i < files.size(); ++i) {
    if (!is_name(files[i].name)) return fail(Code::kInvalid, "measure.name");
    if (i > 0 && files[i - 1].name == files[i].name)
      return fail(Code::kInvalid, "measure.duplicate");
    out +=
        files[i].name + " " + std::to_string(files[i].size) + " " + to_hex(files[i].digest) + "\n";
  }
  return out;
}

Result<Sha256Digest> measurement_of(std::vector<MeasuredFile> files) {
  ASSIGN_OR_RETURN(const std::string manifest, measurement_manifest(std::move(files)));
  return sha256(as_bytes(manifest));
}

ByteArray<48> wide_measurement(const Sha256Digest& measurement) {
  ByteArray<48> out{};
  std::ranges::copy(measurement, out.begin());
  return out;
}

std::array<ByteArray<48>, 4> simulated_rtmrs() {
  const auto of = [](std::string_view text) { return wide_measurement(sha256(as_bytes(text))); };
  return {of("BlindAI simulation RTMR 0"),
          of("BlindAI simulation RTMR 1"),
          of("BlindAI simulation RTMR 2"),
          {}};
}

}  // namespace blindai
