#include <filesystem>
#include <fstream>
#include <iterator>

#include "client/cpp/evidence_file.h"
#include "lib/channel/attestation_message.h"

namespace blindai {
namespace {

constexpr std::string_view kEndings[] = {"", ".json", ".pem", ".der"};
// The PCK CRL has to be signed by the CA in the quote's own chain (docs/attestation.md).
constexpr std::string_view kNeverRead = "pck_crl_chain";

Outcome<Bytes> read_part(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  Bytes out(kMaxCollateralPart + 1);
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  if (in.bad() || (in.gcount() == 0 && !in.eof()))
    return problem(Code::kUnavailable, "collateral.read",
                   "The file \"" + path.string() + "\" cannot be read; check its permissions.");
  out.resize(static_cast<size_t>(in.gcount()));
  if (out.size() > kMaxCollateralPart)
    return problem(Code::kTooLarge, "collateral.read",
                   "The file \"" + path.string() + "\" is larger than any collateral; provide " +
                       "what the vendor publishes.");
  return out;
}

std::filesystem::path find_part(const std::filesystem::path& folder, std::string_view name) {
  for (const std::string_view ending : kEndings) {
    std::error_code error;
    auto path = folder / (std::string(name) + std::string(ending));
    if (std::filesystem::is_regular_file(path, error)) return path;
  }
  return {};
}

}  // namespace

Outcome<Collateral> collateral_from_folder(const std::string& folder, Tee tee) {
  Collateral out;
  std::string missing;
  for (const CollateralPart& part : collateral_parts(tee)) {
    const std::filesystem::path path = folder.empty() ? "" : find_part(folder, part.name);
    if (!path.empty()) {
      ASSIGN_OR_RETURN(out.*part.member, read_part(path));
    } else if (part.name != kNeverRead) {
      missing += (missing.empty() ? "" : ", ") + std::string(part.name);
    }
  }
  if (missing.empty()) return out;
  if (folder.empty())
    return problem(Code::kNotFound, "collateral.missing",
                   "Evidence of " + std::string(name_of(tee)) +
                       " is judged by what its vendor publishes: give a folder with the files " +
                       missing + " (--collateral DIR; collateral= in Python).");
  return problem(Code::kNotFound, "collateral.missing",
                 "The folder \"" + folder + "\" lacks collateral: provide the files " + missing +
                     " in it, as the vendor publishes them.");
}

}  // namespace blindai
