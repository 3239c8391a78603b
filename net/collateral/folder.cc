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

Outcome<Bytes> read_part(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored))
    return folder_problem(Code::kNotFound, path,
                          "is missing, so the collateral is not complete; fetch it with `blindai "
                          "collateral fetch`.");
  std::ifstream in(path, std::ios::binary);
  Bytes out(kMaxCollateralDocument + 1);
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  if (in.bad() || in.gcount() <= 0)
    return folder_problem(Code::kUnavailable, path,
                          "cannot be read, or is empty; check its permissions.");
  out.resize(static_cast<size_t>(in.gcount()));
  if (out.size() > kMaxCollateralDocument)
    return folder_problem(Code::kTooLarge, path, "is larger than such a document can be.");
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

Outcome<Collateral> read_collateral(const std::string& folder, Tee tee, Collateral known) {
  for (const CollateralPart& part : collateral_parts(tee)) {
    if (!(known.*part.member).empty()) continue;
    ASSIGN_OR_RETURN(known.*part.member,
                     read_part((fs::path(folder) / collateral_file(part.name)).string()));
  }
  return known;
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
