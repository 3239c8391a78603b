// An input is one byte, whose lowest bit says whose log it is (0 trust domain, 1 TPM), then the
// log.
//
// Property: the views of an accepted log lie in the input, in order; every event has the digests
// that the log lists and a register that exists; bytes after the last event change nothing; replay
// follows the events, and one changed digest changes exactly its register.
#include "lib/attest/event_log.h"

#include <cstdlib>

namespace {

using blindai::BytesView;
using blindai::EventLogKind;

void require(bool condition) {
  if (!condition) std::abort();
}

const uint8_t* end_of(BytesView view) {
  return view.data() + view.size();
}

template <typename Registers>
void require_one_changed(const Registers& before, const Registers& after, size_t changed) {
  for (size_t i = 0; i < before.size(); ++i) require((before[i] == after[i]) == (i != changed));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const EventLogKind kind = (data[0] & 1) == 0 ? EventLogKind::kCc : EventLogKind::kTpm;
  const BytesView wire(data + 1, size - 1);
  auto log = blindai::parse_event_log(wire, kind);
  if (!log.has_value()) {
    require(log.error().at <= wire.size());
    return 0;
  }
  const uint8_t* at = wire.data();
  for (const blindai::LoggedEvent& event : log->events) {
    require(event.sha256.size() == (log->has_sha256 ? 32u : 0u));
    require(event.sha384.size() == (log->has_sha384 ? 48u : 0u));
    require(event.data.data() >= at && end_of(event.data) <= end_of(wire));
    for (const BytesView digest : {event.sha256, event.sha384})
      require(digest.empty() || (digest.data() >= at && end_of(digest) <= event.data.data()));
    at = end_of(event.data);
    if (event.measured())
      require(kind == EventLogKind::kTpm ? event.index < 24 : event.index >= 1 && event.index <= 4);
  }
  if (!log->events.empty()) {
    const auto trimmed =
        blindai::parse_event_log(wire.first(static_cast<size_t>(at - wire.data())), kind);
    require(trimmed.has_value() && trimmed->events.size() == log->events.size());
  }
  const auto rtmrs = blindai::replay_rtmrs(*log);
  const auto pcrs = blindai::replay_pcrs(*log);
  require(rtmrs.has_value() == (kind == EventLogKind::kCc && log->has_sha384));
  require(pcrs.has_value() == (kind == EventLogKind::kTpm && log->has_sha256));
  for (blindai::LoggedEvent& event : log->events) {
    if (!event.measured()) continue;
    blindai::Bytes changed = blindai::to_bytes(rtmrs.has_value() ? event.sha384 : event.sha256);
    if (changed.empty()) break;
    changed[0] ^= 1;
    (rtmrs.has_value() ? event.sha384 : event.sha256) = changed;
    if (rtmrs.has_value())
      require_one_changed(*rtmrs, *blindai::replay_rtmrs(*log), event.index - 1);
    if (pcrs.has_value()) require_one_changed(*pcrs, *blindai::replay_pcrs(*log), event.index);
    break;  // one is enough: replaying for each would be quadratic
  }
  return 0;
}
