#include "enclave/tee/snp/certificate_table.h"

#include <algorithm>

#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

using Guid = ByteArray<16>;

constexpr Guid kVcek = {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                        0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};
constexpr Guid kVlek = {0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e,
                        0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1};
constexpr Guid kAsk = {0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4,
                       0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82};
constexpr Guid kArk = {0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52,
                       0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae};

struct Entry {
  Guid guid;
  uint32_t offset;
  uint32_t length;
};

bool is_last(const Entry& entry) {
  return entry.guid == Guid{} && entry.offset == 0 && entry.length == 0;
}

BytesView CertificateTable::* member_of(const Guid& guid) {
  if (guid == kVcek) return &CertificateTable::vcek;
  if (guid == kVlek) return &CertificateTable::vlek;
  if (guid == kAsk) return &CertificateTable::ask;
  if (guid == kArk) return &CertificateTable::ark;
  return nullptr;
}

void append_pem(Bytes& out, BytesView der) {
  constexpr size_t kLineLen = 64;  // RFC 7468 section 2
  const std::string text = to_base64(der);
  append(out, as_bytes("-----BEGIN CERTIFICATE-----\n"));
  for (size_t at = 0; at < text.size(); at += kLineLen) {
    append(out, as_bytes(std::string_view(text).substr(at, kLineLen)));
    out.push_back('\n');
  }
  append(out, as_bytes("-----END CERTIFICATE-----\n"));
}

}  // namespace

Result<CertificateTable> parse_certificate_table(BytesView wire) {
  if (wire.size() > kMaxCertificateTable)
    return fail(Code::kTooLarge, "snp.certificates.too-large");
  std::array<Entry, kMaxCertificateEntries> entries;
  size_t num_entries = 0;
  ByteReader r(wire);
  while (true) {
    Entry entry{};
    if (!r.array(entry.guid) || !r.u32le(entry.offset) || !r.u32le(entry.length))
      return fail(Code::kMalformed, "snp.certificates.layout", r.at());
    if (is_last(entry)) break;
    if (num_entries == entries.size()) return fail(Code::kTooLarge, "snp.certificates.too-large");
    entries[num_entries++] = entry;
  }
  const size_t head = r.at();
  CertificateTable out{};
  for (const Entry& entry : std::span(entries).first(num_entries)) {
    const uint64_t end = uint64_t{entry.offset} + entry.length;
    if (entry.length == 0 || entry.offset < head || end > wire.size())
      return fail(Code::kMalformed, "snp.certificates.layout", entry.offset);
    BytesView CertificateTable::* const member = member_of(entry.guid);
    if (member == nullptr) continue;
    if (!(out.*member).empty())
      return fail(Code::kMalformed, "snp.certificates.repeated", entry.offset);
    out.*member = wire.subspan(entry.offset, entry.length);
  }
  return out;
}

Bytes chain_of(const CertificateTable& table) {
  Bytes out;
  if (table.ask.empty() || table.ark.empty()) return out;
  append_pem(out, table.ask);
  append_pem(out, table.ark);
  return out;
}

}  // namespace blindai
