#include "enclave/handover/heritage.h"

#include <fmt/core.h>

#include "enclave/vault/vault.h"

namespace blindai {
namespace {

std::string counted(const HandedKeys& keys) {
  return keys.whole
             ? fmt::format("a whole store, sealed for {} release(s)", keys.keys.programs.size())
             : fmt::format("{} model(s)", keys.keys.contents.size());
}

// That the old server is not reached, or says itself that it has nothing left to give.
bool is_over(const Problem& problem) {
  return problem.name() == "server.handed-over" || problem.name().starts_with("net.") ||
         problem.name().starts_with("tls.");
}

class Heritage {
 public:
  explicit Heritage(const HeritageFacts& facts) : facts_(facts) {}

  Outcome<InheritedKeys> keys() {
    RETURN_IF_ERROR(read());
    bool taken = false;
    if (record_.pending.has_value()) {
      ASSIGN_OR_RETURN(taken, complete());
    }
    if (facts_.taker != nullptr && !taken) RETURN_IF_ERROR(take_over());
    return std::move(record_.kept);
  }

 private:
  Outcome<void> read() {
    ASSIGN_OR_RETURN(
        std::optional<Bytes> raw,
        Vault::read_record(facts_.files, facts_.own, inherited_record_name(facts_.own)));
    if (!raw.has_value()) return {};
    Result<InheritedRecord> record = decode_inherited(*raw);
    wipe(raw->data(), raw->size());
    if (!record.has_value()) return std::unexpected(record.error());
    record_ = std::move(*record);
    return {};
  }

  Outcome<void> write() {
    if (!facts_.lasts) return {};
    ASSIGN_OR_RETURN(Bytes raw, encode_inherited(record_));
    const Status written =
        Vault::write_record(facts_.files, facts_.own, inherited_record_name(facts_.own), raw);
    wipe(raw.data(), raw.size());
    RETURN_IF_ERROR(written);
    return {};
  }

  Outcome<void> settle(std::string_view how) {
    facts_.log(fmt::format("handover: {} taken over ({})", counted(*record_.pending), how));
    record_.settle();
    return write();
  }

  bool old_server_wrote_it_down() const {
    for (const SealFor& program : record_.pending->keys.programs) {
      const auto raw = Vault::read_record(facts_.files, program, given_record_name(program));
      if (!raw.has_value() || !raw->has_value()) continue;
      const Result<GivenRecord> given = decode_given(**raw);
      if (given.has_value() && given->transfer == record_.pending->transfer) return true;
    }
    return false;
  }

  // A handover that was interrupted. False when there is nothing left of it.
  Outcome<bool> complete() {
    if (old_server_wrote_it_down()) {
      RETURN_IF_ERROR(settle("the old server's record in this store says so"));
      return true;
    }
    if (facts_.taker != nullptr) {
      const Outcome<void> confirmed = facts_.taker->confirm(record_.pending->transfer);
      if (confirmed.has_value()) {
        RETURN_IF_ERROR(settle("the old server said farewell"));
        return true;
      }
      if (confirmed.error().name() == "handover.unknown-transfer") {
        record_.pending.reset();
        return false;
      }
      if (!facts_.old_server_is_gone) return std::unexpected(confirmed.error());
    }
    if (facts_.old_server_is_gone) {
      RETURN_IF_ERROR(settle("UNCONFIRMED: the operator says that the old server is gone"));
      return true;
    }
    return problem(
        Code::kConflict, "handover.unconfirmed",
        "This store has keys of an older server that has not confirmed that it stopped. Run "
        "`blindai-server handover --from HOST:PORT` again with that server running; or, if it will "
        "never run again, start with --old-server-is-gone.");
  }

  Outcome<void> take_over() {
    Outcome<HandedKeys> handed = facts_.taker->ask();
    if (!handed.has_value()) {
      const bool has_some = !record_.kept.programs.empty() || !record_.kept.contents.empty();
      if (!has_some || !is_over(handed.error())) return std::unexpected(handed.error());
      // Started again with the same command line, after a handover that worked.
      facts_.log("handover: nothing more to take over, going on with what was: " +
                 handed.error().sentence);
      return {};
    }
    record_.pending = std::move(*handed);
    RETURN_IF_ERROR(write());
    RETURN_IF_ERROR(facts_.taker->confirm(record_.pending->transfer));
    return settle("the old server said farewell");
  }

  const HeritageFacts& facts_;
  InheritedRecord record_;
};

}  // namespace

Outcome<InheritedKeys> inherited_keys(const HeritageFacts& facts) {
  return Heritage(facts).keys();
}

Outcome<GivenRecord> given_so_far(FileLayer& files, const SealFor& own) {
  ASSIGN_OR_RETURN(const std::optional<Bytes> raw,
                   Vault::read_record(files, own, given_record_name(own)));
  if (!raw.has_value()) return GivenRecord();
  ASSIGN_OR_RETURN(GivenRecord given, decode_given(*raw));
  if (!given.transfer.has_value()) return given;
  return problem(Code::kUnavailable, "server.handed-over",
                 fmt::format("This store was handed over to the release {}, and these programs "
                             "start on it no more: start that release, or give these an empty "
                             "store.",
                             to_hex(given.release)));
}

}  // namespace blindai
