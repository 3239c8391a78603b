// AMD's products and the security version of their parts.
#pragma once

#include <cstdint>
#include <string_view>

namespace blindai {

// Processor families that SEV-SNP evidence comes from, each with a root key (ARK) of its own.
enum class SnpProduct : uint8_t { kMilan, kGenoa, kTurin };
std::string_view name_of(SnpProduct product);  // "Milan", …, as AMD's certificates spell them

// The security version numbers of a processor's parts. Only Turin has an FMC; of others it is 0.
struct SnpTcb {
  uint8_t fmc = 0;
  uint8_t boot_loader = 0;
  uint8_t tee = 0;
  uint8_t snp = 0;
  uint8_t microcode = 0;

  bool operator==(const SnpTcb&) const = default;
  // Whether no part is below the other's.
  bool reaches(const SnpTcb& floor) const {
    return fmc >= floor.fmc && boot_loader >= floor.boot_loader && tee >= floor.tee &&
           snp >= floor.snp && microcode >= floor.microcode;
  }
};

}  // namespace blindai
