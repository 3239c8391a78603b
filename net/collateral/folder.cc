#include "net/collateral/folder.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "net/collateral/document.h"

namespace blindai {
namespace {

namespace fs = std::filesystem;

std::unexpected<Problem> folder_problem(Code code, const std::string& path, const char* what) {
  return problem(code, "collateral.folder", "\"" + path + "\" " + what);
}

// The PCK CRL has to be signed by the CA in the quote's own chain (docs/attestation.md).
bool is_needed(const CollateralPart& part) {
  return part.name != "pck_crl_chain";
}

void add(std::string& names, std::string_view part) {
  names += (names.empty() ? "" : ", ") + collateral_file(part);
}

// Empty when there is none.
std::string find_part(const fs::path& folder, std::string_view name) {
  const std::string bare(name);
  for (const std::string& file :
       {collateral_file(name), bare, bare + ".json", bare + ".pem", bare + ".der"}) {
    std::error_code ignored;
    if (fs::is_regular_file(folder / file, ignored)) return (folder / file).string();
  }
  return {};
}

Outcome<Bytes> read_part(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  Bytes out(kMaxCollateralDocument + 1);
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  if (in.bad() || in.gcount() <= 0)
    return folder_problem(Code::kUnavailable, path,
                          "cannot be read, or is empty; check its permissions.");
  out.resize(static_cast<size_t>(in.gcount()));
  if (out.size() > kMaxCollateralDocument)
    return folder_problem(Code::kTooLarge, path,
                          "is larger than any collateral; provide what the vendor publishes.");
  return out;
}

Outcome<void> write_part(const std::string& path, BytesView content) {
  const std::string temporary = path + ".tmp";
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(content.data()),
            static_cast<std::streamsize>(content.size()));
  out.close();
  if (out.good() && std::rename(temporary.c_str(), path.c_str()) == 0) return {};
  std::remove(temporary.c_str());
  return folder_problem(Code::kUnavailable, path,
                        "cannot be written; check the folder's permissions and room.");
}

}  // namespace

std::string collateral_file(std::string_view part) {
  const std::string name(part);
  if (name.ends_with("_chain")) return name + ".pem";
  if (name.ends_with("_crl") || name == "vek") return name + ".der";
  return name + ".json";
}

std::string needed_collateral_files(Tee tee) {
  std::string out;
  for (const CollateralPart& part : collateral_parts(tee))
    if (is_needed(part)) add(out, part.name);
  return out;
}

Outcome<Collateral> read_collateral(const std::string& folder, Tee tee, Collateral known) {
  std::string missing;
  for (const CollateralPart& part : collateral_parts(tee)) {
    if (!(known.*part.member).empty()) continue;
    const std::string path = find_part(folder, part.name);
    if (!path.empty()) {
      ASSIGN_OR_RETURN(known.*part.member, read_part(path));
    } else if (is_needed(part)) {
      add(missing, part.name);
    }
  }
  if (missing.empty()) return known;
  return problem(Code::kNotFound, "collateral.missing",
                 "The folder \"" + folder + "\" lacks collateral: provide the files " + missing +
                     " in it, as the vendor publishes them; `blindai collateral fetch` gets them.");
}

Outcome<void> write_collateral(const std::string& folder, Tee tee, const Collateral& collateral) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    return folder_problem(Code::kUnavailable, folder,
                          "cannot be made; check its path and permissions.");
  for (const CollateralPart& part : collateral_parts(tee))
    RETURN_IF_ERROR(write_part((fs::path(folder) / collateral_file(part.name)).string(),
                               collateral.*part.member));
  return {};
}

}  // namespace blindai
