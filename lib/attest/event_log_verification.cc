#include <algorithm>

#include "lib/attest/check_book.h"
#include "lib/attest/event_log.h"

namespace blindai {
namespace {

constexpr CheckSpec kTdxSpecs[] = {
    {{"tdx.event-log.evidence",
      "A CC event log belongs to a trust domain, and the evidence is of another TEE."},
     Code::kUntrusted},
    {{"tdx.event-log.layout",
      "The CC event log is unreadable or cut short. Read it again, whole "
      "(/sys/firmware/acpi/tables/data/CCEL)."},
     Code::kMalformed},
    {{"tdx.event-log.algorithm",
      "The CC event log has no SHA-384 digests, without which it cannot be replayed."},
     Code::kUntrusted},
    {{"tdx.event-log.rtmr0",
      "The log of the firmware's configuration is not what was measured (RTMR 0). Do not believe "
      "the log."},
     Code::kUntrusted},
    {{"tdx.event-log.rtmr1",
      "The log of boot loader and kernel is not what was measured (RTMR 1). Do not believe the "
      "log."},
     Code::kUntrusted},
    {{"tdx.event-log.rtmr2",
      "The log of what the boot loader was told is not what was measured (RTMR 2). Do not believe "
      "the log."},
     Code::kUntrusted},
    {{"tdx.event-log.rtmr3",
      "RTMR 3 was extended by something that this log does not have, or the log has what was not "
      "measured. Do not believe the log."},
     Code::kUntrusted},
};
constexpr CheckSpec kTpmSpecs[] = {
    {{"tpm.event-log.layout",
      "The TPM's event log is unreadable or cut short. Read it again, whole "
      "(/sys/kernel/security/tpm0/binary_bios_measurements)."},
     Code::kMalformed},
    {{"tpm.event-log.algorithm",
      "The TPM's event log has no SHA-256 digests, without which it cannot be replayed."},
     Code::kUntrusted},
    {{"tpm.event-log.selection",
      "The log can be compared only with PCRs that were quoted. Select at least one of them."},
     Code::kUntrusted},
    {{"tpm.event-log.pcrs", "The log is not what the TPM measured. Do not believe the log."},
     Code::kUntrusted},
};

}  // namespace

class EventLogVerification {
 public:
  Checked<VerifiedEventLog> tdx(const VerifiedEvidence& evidence, BytesView wire) {
    CheckBook book(kTdxSpecs);
    const TdxIdentity* td = evidence.tdx();
    book.mark(0, td != nullptr, "tdx", std::string(name_of(evidence.tee())));
    auto log = read(book, 1, wire, EventLogKind::kCc);
    if (td == nullptr || !log.has_value()) return std::move(book).finish(none());
    const auto replayed = replay_rtmrs(*log);
    algorithm(book, 2, replayed.has_value(), "SHA-384");
    if (!replayed.has_value()) return std::move(book).finish(none());
    for (size_t i = 0; i < replayed->size(); ++i)
      book.mark(3 + i, (*replayed)[i] == td->rtmr[i], to_hex(td->rtmr[i]), to_hex((*replayed)[i]));
    return std::move(book).finish(only_measured(*std::move(log), ~uint32_t{0}));
  }

  Checked<VerifiedEventLog> tpm(const VerifiedTpmQuote& quote, BytesView wire, uint32_t pcrs) {
    CheckBook book(kTpmSpecs);
    auto log = read(book, 0, wire, EventLogKind::kTpm);
    if (!log.has_value()) return std::move(book).finish(none());
    const auto replayed = replay_pcrs(*log);
    const bool has = algorithm(book, 1, replayed.has_value(), "SHA-256");
    bool quoted = pcrs != 0 && pcrs >> kNumPcrs == 0;
    for (size_t i = 0; i < kNumPcrs; ++i)
      quoted = quoted && ((pcrs >> i & 1) == 0 || quote.pcr(i).has_value());
    book.mark(2, quoted, "quoted PCRs, at least one", quoted ? "quoted PCRs" : "others, or none");
    if (!has || !quoted) return std::move(book).finish(none());
    std::string expected = "the quoted values";
    std::string found = "the quoted values";
    bool same = true;
    for (size_t i = 0; i < kNumPcrs && same; ++i) {
      if ((pcrs >> i & 1) == 0 || *quote.pcr(i) == (*replayed)[i]) continue;
      same = false;
      expected = "PCR " + std::to_string(i) + " " + to_hex(*quote.pcr(i));
      found = to_hex((*replayed)[i]);
    }
    book.mark(3, same, std::move(expected), std::move(found));
    return std::move(book).finish(only_measured(*std::move(log), pcrs));
  }

 private:
  static std::optional<VerifiedEventLog> none() { return {}; }

  static std::optional<EventLog> read(CheckBook& book, size_t check, BytesView wire,
                                      EventLogKind kind) {
    auto log = parse_event_log(wire, kind);
    book.mark(check, log.has_value(), "an event log",
              std::string(log.has_value() ? "an event log" : log.error().name()));
    if (!log.has_value()) return {};
    return *std::move(log);
  }

  static bool algorithm(CheckBook& book, size_t check, bool there, const std::string& name) {
    return book.mark(check, there, name, there ? name : "other digests");
  }

  // Events of registers that were not compared, notes, which no register has, and digests that were
  // not replayed are left out: nothing vouches for them.
  static std::optional<VerifiedEventLog> only_measured(EventLog log, uint32_t registers) {
    std::erase_if(log.events, [registers](const LoggedEvent& e) {
      return !e.measured() || (registers >> e.index & 1) == 0;
    });
    for (LoggedEvent& event : log.events)
      (log.kind == EventLogKind::kCc ? event.sha256 : event.sha384) = {};
    return VerifiedEventLog(VerifiedEventLog::Passkey(), std::move(log));
  }
};

Checked<VerifiedEventLog> verify_event_log(const VerifiedEvidence& evidence, BytesView log) {
  return EventLogVerification().tdx(evidence, log);
}

Checked<VerifiedEventLog> verify_event_log(const VerifiedTpmQuote& quote, BytesView log,
                                           uint32_t pcrs) {
  return EventLogVerification().tpm(quote, log, pcrs);
}

}  // namespace blindai
