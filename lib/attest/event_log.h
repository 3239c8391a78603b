// Logs of what a machine measured while it booted: the CC event log of a trust domain (ACPI table
// CCEL) and the event log of a TPM, which have one format. Parser, replay, and comparison with
// registers that somebody vouches for. docs/formats/event-log.md has the byte tables. Source: TCG
// "PC Client Platform Firmware Profile" (PFP), sections 10.2.1, 10.2.2 and 10.4.5.1 (crypto-agile
// log, Specification ID event), 10.4.5.3 (StartupLocality); UEFI 2.10, section 38 (confidential
// computing; register numbers of TDX in 38.4.1).
//
// A log is unverified until its replay gives registers that evidence vouches for. Even then only
// the digests are vouched for: what `data` says is true if data_is_measured(), and for other events
// by rules of their type.   Pure.
#pragma once

#include "lib/attest/tpm_quote.h"
#include "lib/attest/verify.h"

namespace blindai {

inline constexpr size_t kMaxEventLog = 4 << 20;
inline constexpr size_t kMaxEvents = 16384;
inline constexpr uint32_t kEventNoAction = 3;  // EV_NO_ACTION: logged, not measured

// Whose log it is, which says what `index` counts.
enum class EventLogKind : uint8_t {
  kCc,   // 1 to 4: RTMR 0 to 3 of a trust domain
  kTpm,  // 0 to 23: PCRs
};

// One event after the first. Views borrow from the input.
struct LoggedEvent {
  uint32_t index;
  uint32_t type;     // EV_…
  BytesView sha256;  // 32 bytes; empty when the log has no such digest
  BytesView sha384;  // 48 bytes; likewise
  BytesView data;

  // Measured into its register. False for notes (EV_NO_ACTION), which nothing vouches for.
  bool measured() const { return type != kEventNoAction; }
};

// True when a digest of the event is the hash of its data itself, so that the log's data are as
// good as its digest. Types such as EV_EFI_BOOT_SERVICES_APPLICATION digest something else.
bool data_is_measured(const LoggedEvent& event);

struct EventLog {
  EventLogKind kind;
  bool has_sha256;  // the Specification ID event lists the algorithm: every event has the digest
  bool has_sha384;
  std::vector<LoggedEvent> events;  // in order, without the Specification ID event
  // Of a TPM's log: the locality in which it was started, 0, 3 or 4 (StartupLocality event).
  uint8_t startup_locality = 0;
};

// The log ends with the input, or where nothing but FFh or nothing but 00h follows, as in the
// memory that the ACPI table names. Errors: kTooLarge "event-log.too-large" (over 4 MiB or 16384
// events); kMalformed, with the offset, "event-log.header" (no crypto-agile Specification ID
// event), "event-log.algorithms" (none, too many, twice the same, or one whose stated size is
// wrong), "event-log.event" (cut short, or not one digest per listed algorithm), "event-log.index"
// (a register that does not exist), "event-log.locality" (StartupLocality twice, after PCR 0 was
// extended, or of no known value).
Result<EventLog> parse_event_log(BytesView wire, EventLogKind kind);

// The registers that the events give, by register = hash(register ‖ digest). Errors: kInvalid
// "event-log.no-digests" when the log has no digests of that algorithm, or is of the other kind.
Result<std::array<ByteArray<48>, 4>> replay_rtmrs(const EventLog& log);
// SHA-256. PCRs start as zeros, PCR 0 with the startup locality in its last byte; 17 to 22, which a
// dynamic launch resets, as ones while no event is in them.
Result<std::array<ByteArray<32>, kNumPcrs>> replay_pcrs(const EventLog& log);

// A log whose replay gave what verified evidence vouches for. Borrows from the log's bytes.
class VerifiedEventLog {
 public:
  // Passkey: only the verifiers can name a value of it.
  class Passkey {
    Passkey() = default;
    friend class EventLogVerification;
  };
  VerifiedEventLog(Passkey, EventLog log) : log_(std::move(log)) {}

  // Those that were measured into the registers that were compared, in order, each with the one
  // digest that was replayed.
  std::span<const LoggedEvent> events() const { return log_.events; }

 private:
  EventLog log_;
};

// The log of the trust domain that `evidence` is of. Checks, in order:
//   tdx.event-log.evidence    the evidence is a trust domain's
//   tdx.event-log.layout      a complete crypto-agile log
//   tdx.event-log.algorithm   every event has a SHA-384 digest
//   tdx.event-log.rtmr0 … 3   replaying it gives the evidence's register
Checked<VerifiedEventLog> verify_event_log(const VerifiedEvidence& evidence, BytesView log);

// The log of the machine whose TPM made `quote`. Only the PCRs in `pcrs` (bit i: PCR i) are
// compared, and only their events come out: those that firmware extends (0 to 7), since an
// operating system goes on extending others without this log. At least one. Checks, in order:
//   tpm.event-log.layout      a complete crypto-agile log
//   tpm.event-log.algorithm   every event has a SHA-256 digest
//   tpm.event-log.selection   `pcrs` are among those quoted
//   tpm.event-log.pcrs        replaying it gives their quoted values
Checked<VerifiedEventLog> verify_event_log(const VerifiedTpmQuote& quote, BytesView log,
                                           uint32_t pcrs);

}  // namespace blindai
