// A connection without TLS, for documents that are signed themselves and asked of a machine nearby
// (net/collateral). Nothing of a user's goes through one.
#pragma once

#include "net/stream.h"

namespace blindai {

// `fd` is non-blocking and connected, or being connected.
class PlainSocket final : public Stream {
 public:
  explicit PlainSocket(int fd) : fd_(fd) {}

  IoStatus handshake() override { return IoStatus::kOk; }
  IoResult read(std::span<uint8_t> out) override;
  IoResult write(BytesView data) override;
  void close_notify() override {}
  Error failure() const override;

 private:
  int fd_;
};

}  // namespace blindai
