// For tests: the table of certificates that an SEV-SNP host sends (docs/formats).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/base/byte_reader.h"

namespace blindai {

inline const std::string kVcekGuid = "63da758d-e664-4564-adc5-f4b93be8accd";
inline const std::string kVlekGuid = "a8074bc2-a25a-483e-aae6-39c045a0b8a1";
inline const std::string kAskGuid = "4ab7b379-bbac-4fe4-a02f-05aef327c782";
inline const std::string kArkGuid = "c0b406a4-a803-4952-9743-3fb6014cd0ae";

inline Bytes make_certificate_table(const std::vector<std::pair<std::string, Bytes>>& entries) {
  Bytes out;
  uint32_t offset = static_cast<uint32_t>((entries.size() + 1) * 24);
  for (const auto& [guid, certificate] : entries) {
    std::string digits = guid;
    std::erase(digits, '-');
    append(out, from_hex(digits).value());
    put_u32le(out, offset);
    put_u32le(out, static_cast<uint32_t>(certificate.size()));
    offset += static_cast<uint32_t>(certificate.size());
  }
  put_zeros(out, 24);
  for (const auto& [guid, certificate] : entries) append(out, certificate);
  return out;
}

// A report of version 2 in its form alone: nothing in it is signed.
inline Bytes make_snp_report(BytesView report_data, uint32_t vmpl, bool vlek = false) {
  Bytes out(1184);
  out[0] = 2;
  out[0x0a] = 0x02;  // policy bit 17, which must be one
  out[0x30] = static_cast<uint8_t>(vmpl);
  out[0x34] = 1;  // ECDSA P-384
  out[0x48] = vlek ? 1u << 2 : 0;
  std::copy(report_data.begin(), report_data.end(), out.begin() + 0x50);
  out[0x1a0] = 1;  // chip id
  return out;
}

}  // namespace blindai
