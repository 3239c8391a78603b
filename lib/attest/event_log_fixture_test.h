// For tests: event logs, written as firmware writes them.
#pragma once

#include "lib/attest/event_log.h"
#include "lib/base/byte_reader.h"
#include "lib/crypto/crypto.h"

namespace blindai {

inline constexpr uint32_t kSeparator = 4;  // EV_SEPARATOR

// TPM_ALG_ID, and the length of its digests.
struct Algorithm {
  uint16_t id;
  uint16_t size;
};
inline constexpr Algorithm kSha1{4, 20};
inline constexpr Algorithm kSha256{0xb, 32};
inline constexpr Algorithm kSha384{0xc, 48};

// Writes a log whose events digest their own data.
class LogWriter {
 public:
  explicit LogWriter(std::vector<Algorithm> algorithms) : algorithms_(std::move(algorithms)) {
    Bytes spec = to_bytes(as_bytes(std::string_view("Spec ID Event03\0", 16)));
    put_u32le(spec, 0);
    append(spec, Bytes{0, 2, 0, 2});
    put_u32le(spec, static_cast<uint32_t>(algorithms_.size()));
    for (const Algorithm& a : algorithms_) {
      put_u16le(spec, a.id);
      put_u16le(spec, a.size);
    }
    put_u8(spec, 3);
    append(spec, as_bytes("abc"));
    put_u32le(out, 0);
    put_u32le(out, kEventNoAction);
    put_zeros(out, 20);
    put_u32le(out, static_cast<uint32_t>(spec.size()));
    append(out, spec);
  }

  LogWriter& add(uint32_t index, uint32_t type, BytesView data) {
    put_u32le(out, index);
    put_u32le(out, type);
    put_u32le(out, static_cast<uint32_t>(algorithms_.size()));
    for (const Algorithm& a : algorithms_) {
      put_u16le(out, a.id);
      append(out, a.size == 32   ? to_bytes(sha256(data))
                  : a.size == 48 ? to_bytes(sha384(data))
                                 : Bytes(a.size));
    }
    put_u32le(out, static_cast<uint32_t>(data.size()));
    append(out, data);
    return *this;
  }
  LogWriter& add(uint32_t index, uint32_t type, std::string_view data) {
    return add(index, type, as_bytes(data));
  }
  LogWriter& locality(uint8_t value) {
    Bytes data = to_bytes(as_bytes(std::string_view("StartupLocality\0", 16)));
    data.push_back(value);
    return add(0, kEventNoAction, data);
  }

  Bytes out;

 private:
  std::vector<Algorithm> algorithms_;
};

// Of a trust domain, with RTMR 0 to 2 extended.
inline Bytes cc_log() {
  return LogWriter({kSha384})
      .add(1, 0x80000001, "variable")
      .add(0xffffffff, kEventNoAction, "a note")
      .add(2, kSeparator, "loader")
      .add(3, 0xd, "command line")
      .add(1, kSeparator, "done")
      .out;
}

// Of a TPM that was started in locality 3, with PCR 0 and 7 extended.
inline Bytes tpm_log() {
  return LogWriter({kSha1, kSha256, kSha384})
      .locality(3)
      .add(0, 8, "version")
      .add(7, 0x80000001, "secure boot")
      .add(0, kSeparator, "done")
      .out;
}

}  // namespace blindai
