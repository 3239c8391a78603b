// ZIP archives, as far as .npz files go: stored and deflated entries, no encryption, below 4 GiB.
// Source   APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.   Pure; zlib does deflate and CRC-32.
#pragma once

#include <string>
#include <vector>

#include "lib/base/bytes.h"

namespace blindai {

struct ZipEntry {
  std::string name;
  Bytes data;
};

struct ZipLimits {
  size_t num_entries = 256;
  size_t name_len = 256;
  uint64_t total_bytes = uint64_t{4} << 30;  // of all entries, unpacked
};

// Every entry of the central directory. Sizes are held against the limits, and against the most
// that deflate can expand, before anything is allocated. Errors: kMalformed "zip.layout",
// "zip.deflate", "zip.crc"; kInvalid "zip.method", "zip.encrypted", "zip.zip64"; kTooLarge
// "zip.too-large".
Result<std::vector<ZipEntry>> read_zip(BytesView wire, const ZipLimits& limits = {});

// Stored, not compressed. Errors: kTooLarge "zip.too-large" for 4 GiB and more.
Result<Bytes> write_zip(const std::vector<ZipEntry>& entries);

}  // namespace blindai
