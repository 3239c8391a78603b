#include "lib/attest/event_log.h"

#include <algorithm>

#include "lib/base/byte_reader.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// TPM_ALG_ID.
constexpr uint16_t kSha256 = 0x000b;
constexpr uint16_t kSha384 = 0x000c;
constexpr size_t kSha1Len = 20;
constexpr uint32_t kMaxAlgorithms = 16;
constexpr std::string_view kSpecId{"Spec ID Event03\0", 16};
constexpr std::string_view kStartupLocality{"StartupLocality\0", 16};
constexpr uint32_t kFirstRtmr = 1;  // index 0 is MRTD, which no event extends
constexpr uint32_t kLastRtmr = 4;

struct Algorithm {
  uint16_t id;
  uint16_t size;
};

bool same_bytes(BytesView bytes, uint8_t value) {
  return std::ranges::all_of(bytes, [value](uint8_t b) { return b == value; });
}

bool begins_with(BytesView bytes, std::string_view text) {
  return bytes.size() >= text.size() && equal(bytes.first(text.size()), as_bytes(text));
}

class Parser {
 public:
  Parser(BytesView wire, EventLogKind kind) : wire_(wire), r_(wire) { log_.kind = kind; }

  Result<EventLog> run() && {
    RETURN_IF_ERROR(header());
    while (!ended()) {
      if (log_.events.size() == kMaxEvents)
        return fail(Code::kTooLarge, "event-log.too-large", r_.at());
      RETURN_IF_ERROR(event());
    }
    return std::move(log_);
  }

 private:
  // The first event, in the format of SHA-1 logs, so that old readers can skip it.
  Status header() {
    uint32_t index = 0;
    uint32_t type = 0;
    uint32_t size = 0;
    BytesView body;
    const bool read = r_.u32le(index) && r_.u32le(type) && type == kEventNoAction &&
                      r_.zeros(kSha1Len) && r_.u32le(size) && r_.bytes(body, size);
    if (!read || !begins_with(body, kSpecId))
      return fail(Code::kMalformed, "event-log.header", r_.at());
    ByteReader spec(body.subspan(kSpecId.size()));
    uint8_t minor = 0;
    uint8_t major = 0;
    uint32_t num_algorithms = 0;
    // platformClass, version, errata, uintnSize.
    if (!spec.skip(4) || !spec.u8(minor) || !spec.u8(major) || major != 2 || minor != 0 ||
        !spec.skip(2) || !spec.u32le(num_algorithms))
      return fail(Code::kMalformed, "event-log.header", r_.at());
    if (num_algorithms == 0 || num_algorithms > kMaxAlgorithms)
      return fail(Code::kMalformed, "event-log.algorithms", r_.at());
    for (uint32_t i = 0; i < num_algorithms; ++i) RETURN_IF_ERROR(algorithm(spec));
    uint8_t vendor_size = 0;
    if (!spec.u8(vendor_size) || !spec.skip(vendor_size) || !spec.done())
      return fail(Code::kMalformed, "event-log.header", r_.at());
    log_.has_sha256 = find(kSha256) != nullptr;
    log_.has_sha384 = find(kSha384) != nullptr;
    return {};
  }

  Status algorithm(ByteReader& spec) {
    Algorithm a{};
    if (!spec.u16le(a.id) || !spec.u16le(a.size))
      return fail(Code::kMalformed, "event-log.header", r_.at());
    const bool sized = a.id == kSha256   ? a.size == sizeof(Sha256Digest)
                       : a.id == kSha384 ? a.size == sizeof(ByteArray<48>)
                                         : a.size > 0 && a.size <= 64;
    if (!sized || find(a.id) != nullptr)
      return fail(Code::kMalformed, "event-log.algorithms", r_.at());
    algorithms_.push_back(a);
    return {};
  }

  const Algorithm* find(uint16_t id) const {
    const auto found =
        std::ranges::find_if(algorithms_, [id](const Algorithm& a) { return a.id == id; });
    return found == algorithms_.end() ? nullptr : &*found;
  }

  // Padding is looked at only where the next event cannot be one: no digests, or no such register.
  bool ended() const {
    const BytesView rest = wire_.subspan(r_.at());
    if (rest.empty()) return true;
    const uint8_t first = rest.front();
    if (first != 0 && first != 0xff) return false;
    return same_bytes(rest.first(std::min<size_t>(rest.size(), 12)), first) &&
           same_bytes(rest, first);
  }

  Status event() {
    const size_t from = r_.at();
    LoggedEvent out{};
    uint32_t num_digests = 0;
    uint32_t size = 0;
    if (!r_.u32le(out.index) || !r_.u32le(out.type) || !r_.u32le(num_digests) ||
        num_digests != algorithms_.size())
      return fail(Code::kMalformed, "event-log.event", r_.at());
    uint32_t seen = 0;
    for (uint32_t i = 0; i < num_digests; ++i) RETURN_IF_ERROR(digest(out, seen));
    if (!r_.u32le(size) || !r_.bytes(out.data, size))
      return fail(Code::kMalformed, "event-log.event", r_.at());
    const bool there = log_.kind == EventLogKind::kTpm
                           ? out.index < kNumPcrs
                           : out.index >= kFirstRtmr && out.index <= kLastRtmr;
    if (out.measured() && !there) return fail(Code::kMalformed, "event-log.index", from);
    RETURN_IF_ERROR(locality(out, from));
    log_.events.push_back(out);
    return {};
  }

  // One for each algorithm, in any order: a second one of the same leaves another one out. `seen`
  // has a bit for each of them.
  Status digest(LoggedEvent& out, uint32_t& seen) {
    uint16_t id = 0;
    BytesView bytes;
    if (!r_.u16le(id)) return fail(Code::kMalformed, "event-log.event", r_.at());
    const Algorithm* algorithm = find(id);
    if (algorithm == nullptr || !r_.bytes(bytes, algorithm->size))
      return fail(Code::kMalformed, "event-log.event", r_.at());
    const uint32_t bit = uint32_t{1} << (algorithm - algorithms_.data());
    if ((seen & bit) != 0) return fail(Code::kMalformed, "event-log.event", r_.at());
    seen |= bit;
    if (id == kSha256) out.sha256 = bytes;
    if (id == kSha384) out.sha384 = bytes;
    return {};
  }

  Status locality(const LoggedEvent& event, size_t from) {
    if (log_.kind != EventLogKind::kTpm || event.index != 0) return {};
    if (event.measured()) {
      pcr0_extended_ = true;
      return {};
    }
    if (!begins_with(event.data, kStartupLocality)) return {};
    const bool form = event.data.size() == kStartupLocality.size() + 1;
    const uint8_t value = form ? event.data.back() : 0xff;
    if (seen_locality_ || pcr0_extended_ || (value != 0 && value != 3 && value != 4))
      return fail(Code::kMalformed, "event-log.locality", from);
    seen_locality_ = true;
    log_.startup_locality = value;
    return {};
  }

  BytesView wire_;
  ByteReader r_;
  EventLog log_{};
  std::vector<Algorithm> algorithms_;
  bool seen_locality_ = false;
  bool pcr0_extended_ = false;
};

void extend(ByteArray<48>& value, BytesView digest) {
  Bytes joined = to_bytes(value);
  append(joined, digest);
  value = sha384(joined);
}

void extend(ByteArray<32>& value, BytesView digest) {
  Sha256 hash;
  hash.update(value);
  hash.update(digest);
  value = hash.finish();
}

}  // namespace

bool data_is_measured(const LoggedEvent& event) {
  if (!event.measured()) return false;
  if (!event.sha384.empty()) return equal(event.sha384, sha384(event.data));
  return equal(event.sha256, sha256(event.data));
}

Result<EventLog> parse_event_log(BytesView wire, EventLogKind kind) {
  if (wire.size() > kMaxEventLog) return fail(Code::kTooLarge, "event-log.too-large");
  return Parser(wire, kind).run();
}

Result<std::array<ByteArray<48>, 4>> replay_rtmrs(const EventLog& log) {
  if (log.kind != EventLogKind::kCc || !log.has_sha384)
    return fail(Code::kInvalid, "event-log.no-digests");
  std::array<ByteArray<48>, 4> out{};
  for (const LoggedEvent& event : log.events)
    if (event.measured()) extend(out[event.index - kFirstRtmr], event.sha384);
  return out;
}

Result<std::array<ByteArray<32>, kNumPcrs>> replay_pcrs(const EventLog& log) {
  if (log.kind != EventLogKind::kTpm || !log.has_sha256)
    return fail(Code::kInvalid, "event-log.no-digests");
  std::array<ByteArray<32>, kNumPcrs> out{};
  out[0].back() = log.startup_locality;
  std::array<bool, kNumPcrs> touched{};
  for (const LoggedEvent& event : log.events) {
    if (!event.measured()) continue;
    extend(out[event.index], event.sha256);
    touched[event.index] = true;
  }
  for (size_t i = 17; i <= 22; ++i)
    if (!touched[i]) out[i].fill(0xff);
  return out;
}

}  // namespace blindai
