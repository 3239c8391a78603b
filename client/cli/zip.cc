#include "client/cli/zip.h"

#include <algorithm>
#include <zlib.h>

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEndRecord = 0x06054b50;
constexpr size_t kEndRecordLen = 22;
constexpr size_t kMaxComment = 65535;
constexpr uint16_t kStored = 0;
constexpr uint16_t kDeflated = 8;
constexpr uint16_t kEncryptedFlag = 1;
constexpr uint32_t kInZip64 = 0xffffffff;
// Deflate's largest expansion is 1032:1 (zlib, "Maximum Expansion Factor").
constexpr uint64_t kMaxExpansion = 1032;

constexpr Id kZipLayout{"zip.layout", "The .npz file is damaged; write it again."};
constexpr Id kDeflate{"zip.deflate", "The .npz file is damaged; write it again."};
constexpr Id kCrc{"zip.crc", "The .npz file is damaged; write it again."};
constexpr Id kMethod{"zip.method",
                     "The .npz file is packed in a way that NumPy does not use; write it with "
                     "NumPy's savez()."};
constexpr Id kEncrypted{"zip.encrypted",
                        "The .npz file is encrypted; write it without a password."};
constexpr Id kZip64{"zip.zip64",
                    "The .npz file has entries of 4 GiB or more; send the arrays as .npy files."};
constexpr Id kTooLarge{"zip.too-large",
                       "The arrays are too many or too large for one .npz file; use .npy files."};

struct CentralEntry {
  std::string name;
  uint16_t method = 0;
  uint32_t crc = 0;
  uint32_t packed_len = 0;
  uint32_t unpacked_len = 0;
  uint32_t local_offset = 0;
};

struct EndRecord {
  uint16_t num_entries = 0;
  uint32_t directory_len = 0;
  uint32_t directory_offset = 0;
};

// The last record whose comment ends exactly with the file.
Result<EndRecord> find_end(BytesView wire) {
  if (wire.size() < kEndRecordLen) return fail(Code::kMalformed, kZipLayout);
  const size_t last = wire.size() - kEndRecordLen;
  for (size_t comment = 0; comment <= std::min(last, kMaxComment); ++comment) {
    ByteReader r(wire.subspan(last - comment));
    uint32_t signature = 0;
    uint16_t disk = 0, directory_disk = 0, here = 0, comment_len = 0;
    EndRecord out;
    if (!r.u32le(signature) || signature != kEndRecord) continue;
    if (!r.u16le(disk) || !r.u16le(directory_disk) || !r.u16le(here) || !r.u16le(out.num_entries) ||
        !r.u32le(out.directory_len) || !r.u32le(out.directory_offset) || !r.u16le(comment_len) ||
        comment_len != comment)
      continue;
    if (disk != 0 || directory_disk != 0 || here != out.num_entries)
      return fail(Code::kMalformed, kZipLayout, last - comment);
    if (out.directory_offset == kInZip64) return fail(Code::kInvalid, kZip64);
    return out;
  }
  return fail(Code::kMalformed, kZipLayout, wire.size());
}

Result<CentralEntry> read_central(ByteReader& r, const ZipLimits& limits) {
  CentralEntry out;
  uint32_t signature = 0;
  uint16_t flags = 0, name_len = 0, extra_len = 0, comment_len = 0;
  BytesView name;
  // Skipped: versions made by and needed; time and date; disk, internal and external attributes.
  if (!r.u32le(signature) || signature != kCentralHeader || !r.skip(4) || !r.u16le(flags) ||
      !r.u16le(out.method) || !r.skip(4) || !r.u32le(out.crc) || !r.u32le(out.packed_len) ||
      !r.u32le(out.unpacked_len) || !r.u16le(name_len) || !r.u16le(extra_len) ||
      !r.u16le(comment_len) || !r.skip(8) || !r.u32le(out.local_offset) ||
      !r.bytes(name, name_len) || !r.skip(extra_len) || !r.skip(comment_len))
    return fail(Code::kMalformed, kZipLayout, r.at());
  if (name_len > limits.name_len) return fail(Code::kTooLarge, kTooLarge, r.at());
  if ((flags & kEncryptedFlag) != 0) return fail(Code::kInvalid, kEncrypted, r.at());
  if (out.method != kStored && out.method != kDeflated)
    return fail(Code::kInvalid, kMethod, r.at());
  if (out.packed_len == kInZip64 || out.unpacked_len == kInZip64 || out.local_offset == kInZip64)
    return fail(Code::kInvalid, kZip64, r.at());
  out.name = as_text(name);
  return out;
}

// The packed bytes: behind the local header, whose own sizes may be in a ZIP64 extra field (NumPy
// always writes one) or behind the data; the central directory's count.
Result<BytesView> packed_bytes(BytesView wire, const CentralEntry& entry) {
  ByteReader r(wire);
  uint32_t signature = 0;
  uint16_t name_len = 0, extra_len = 0;
  BytesView out;
  if (!r.skip(entry.local_offset) || !r.u32le(signature) || signature != kLocalHeader ||
      !r.skip(22) || !r.u16le(name_len) || !r.u16le(extra_len) || !r.skip(name_len) ||
      !r.skip(extra_len) || !r.bytes(out, entry.packed_len))
    return fail(Code::kMalformed, kZipLayout, r.at());
  return out;
}

Result<Bytes> inflate_all(BytesView packed, uint32_t unpacked_len) {
  if (unpacked_len > packed.size() * kMaxExpansion + kMaxExpansion)
    return fail(Code::kMalformed, kDeflate);
  Bytes out(unpacked_len);
  z_stream stream{};
  // No zlib header: a negative window size says raw deflate.
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return fail(Code::kInternal, kDeflate);
  stream.next_in = const_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  uint8_t nowhere = 0;  // zlib wants an address even for no room
  stream.next_out = out.empty() ? &nowhere : out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = inflate(&stream, Z_FINISH);
  const bool exact = stream.avail_in == 0 && stream.avail_out == 0;
  inflateEnd(&stream);
  if (result != Z_STREAM_END || !exact) return fail(Code::kMalformed, kDeflate);
  return out;
}

uint32_t crc_of(BytesView data) {
  return static_cast<uint32_t>(crc32_z(crc32_z(0, nullptr, 0), data.data(), data.size()));
}

void put_common(Bytes& out, const ZipEntry& entry) {
  put_u16le(out, 20);  // version needed: 2.0
  put_u16le(out, 0);
  put_u16le(out, kStored);
  put_u16le(out, 0);
  put_u16le(out, 0x21);  // 1980-01-01, the format's first day: the same arrays, the same file
  put_u32le(out, crc_of(entry.data));
  put_u32le(out, static_cast<uint32_t>(entry.data.size()));
  put_u32le(out, static_cast<uint32_t>(entry.data.size()));
  put_u16le(out, static_cast<uint16_t>(entry.name.size()));
  put_u16le(out, 0);
}

}  // namespace

Result<std::vector<ZipEntry>> read_zip(BytesView wire, const ZipLimits& limits) {
  ASSIGN_OR_RETURN(const EndRecord end, find_end(wire));
  if (end.num_entries > limits.num_entries) return fail(Code::kTooLarge, kTooLarge);
  if (end.directory_offset > wire.size()) return fail(Code::kMalformed, kZipLayout);
  ByteReader directory(wire.subspan(end.directory_offset));
  std::vector<ZipEntry> out;
  uint64_t total = 0;
  for (size_t i = 0; i < end.num_entries; ++i) {
    ASSIGN_OR_RETURN(const CentralEntry entry, read_central(directory, limits));
    total += entry.unpacked_len;
    if (total > limits.total_bytes) return fail(Code::kTooLarge, kTooLarge);
    ASSIGN_OR_RETURN(const BytesView packed, packed_bytes(wire, entry));
    Bytes data;
    if (entry.method == kDeflated) {
      ASSIGN_OR_RETURN(data, inflate_all(packed, entry.unpacked_len));
    } else {
      if (entry.packed_len != entry.unpacked_len) return fail(Code::kMalformed, kZipLayout);
      data = to_bytes(packed);
    }
    if (crc_of(data) != entry.crc) return fail(Code::kMalformed, kCrc);
    out.push_back({entry.name, std::move(data)});
  }
  if (directory.at() != end.directory_len)
    return fail(Code::kMalformed, kZipLayout, directory.at());
  return out;
}

Result<Bytes> write_zip(const std::vector<ZipEntry>& entries) {
  Bytes out;
  Bytes directory;
  if (entries.size() > ZipLimits{}.num_entries) return fail(Code::kTooLarge, kTooLarge);
  for (const ZipEntry& entry : entries) {
    // Room for all headers is far below the last megabyte.
    if (entry.name.size() > ZipLimits{}.name_len ||
        out.size() + entry.data.size() >= kInZip64 - (1u << 20))
      return fail(Code::kTooLarge, kTooLarge);
    const auto offset = static_cast<uint32_t>(out.size());
    put_u32le(out, kLocalHeader);
    put_common(out, entry);
    append(out, as_bytes(entry.name));
    append(out, entry.data);
    put_u32le(directory, kCentralHeader);
    put_u16le(directory, 20);
    put_common(directory, entry);
    put_zeros(directory, 10);  // comment, disk, internal and external attributes
    put_u32le(directory, offset);
    append(directory, as_bytes(entry.name));
  }
  const auto directory_offset = static_cast<uint32_t>(out.size());
  append(out, directory);
  put_u32le(out, kEndRecord);
  put_zeros(out, 4);
  put_u16le(out, static_cast<uint16_t>(entries.size()));
  put_u16le(out, static_cast<uint16_t>(entries.size()));
  put_u32le(out, static_cast<uint32_t>(directory.size()));
  put_u32le(out, directory_offset);
  put_u16le(out, 0);
  return out;
}

}  // namespace blindai
