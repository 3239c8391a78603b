#include "enclave/serve/caller.h"

namespace blindai {
namespace {

constexpr std::string_view kAuthorization = "authorization";
constexpr std::string_view kAccount = "blindai-account";

std::shared_ptr<const Caller> make_anonymous(const MeasuredConfig& config) {
  auto out = std::make_shared<Caller>();
  out->limits = config.limits.accounts;
  return out;
}

Outcome<void> check_expiry(const Caller& caller, Time now) {
  if (!caller.account.has_value() || now < caller.account->expires) return {};
  return problem(Code::kStale, "auth.token-expired",
                 "The account token has expired; fetch a new one.");
}

}  // namespace

std::string usage_of(const MeasuredConfig& config, const PublicKey& root, std::string_view account,
                     bool listed) {
  if (!account.empty()) return "account " + std::string(account);
  if (listed || config.lists_owner(root)) return "owner " + to_hex(root.bytes);
  return {};
}

Outcome<void> still_stands(const OwnerBook& owners, const Caller& caller) {
  if (caller.key.has_value() && owners.standing(*caller.key).retired)
    return std::unexpected(retired_key());
  return {};
}

CallerDesk::CallerDesk(const MeasuredConfig& config, const OwnerBook& owners, Admission& admission,
                       std::function<Time()> clock)
    : config_(config),
      owners_(owners),
      admission_(admission),
      clock_(std::move(clock)),
      anonymous_(make_anonymous(config)) {}

std::shared_ptr<CallerNote> CallerDesk::note_of(const HttpReply& reply) {
  // Nobody else leaves notes with these connections.
  auto note = std::static_pointer_cast<CallerNote>(reply.note());
  if (note == nullptr) {
    note = std::make_shared<CallerNote>(RateBucket::Clock::now());
    reply.leave_note(note);
  }
  return note;
}

Outcome<std::shared_ptr<const Caller>> CallerDesk::identify(const HttpHead& head,
                                                            const HttpReply& reply) {
  if (!head.field(kAuthorization).has_value() && !head.field(kAccount).has_value())
    return anonymous_;
  return identify(head, *note_of(reply), [&reply] { return reply.export_key(kAuthExporterLabel); });
}

Outcome<std::shared_ptr<const Caller>> CallerDesk::identify(const HttpHead& head, CallerNote& note,
                                                            const Exporter& exporter) {
  const std::optional<std::string_view> authorization = head.field(kAuthorization);
  const std::optional<std::string_view> token = head.field(kAccount);
  if (!authorization.has_value()) {
    if (!token.has_value()) return anonymous_;
    return problem(Code::kAnonymous, "auth.account-without-key",
                   "An account token came without the proof of its key; send Authorization: "
                   "BlindAI-Key with it, as the client libraries do.");
  }
  if (head.count(kAuthorization) > 1 || head.count(kAccount) > 1)
    return problem(Code::kInvalid, "auth.repeated",
                   "Authorization and blindai-account may each be there once.");
  const Time now = clock_();
  const bool proven = note.proven_.has_value() && note.authorization_ == *authorization;
  if (proven && note.caller_ != nullptr && note.token_ == token.value_or("") &&
      note.generation_ == owners_.generation()) {
    RETURN_IF_ERROR(check_expiry(*note.caller_, now));
    return note.caller_;
  }
  note.caller_.reset();
  if (!proven) {
    note.proven_.reset();
    ASSIGN_OR_RETURN(const ConnectionProof proof, parse_connection_proof(*authorization));
    ASSIGN_OR_RETURN(const AuthExporter ours, exporter());
    ASSIGN_OR_RETURN(note.proven_, verify_connection_proof(proof, ours));
    note.authorization_ = *authorization;
  }
  // Asked for before the standing, so that a change in between makes the next request look again.
  const uint64_t generation = owners_.generation();
  ASSIGN_OR_RETURN(note.caller_, make(*note.proven_, token.value_or(""), now));
  note.token_ = token.value_or("");
  note.generation_ = generation;
  return note.caller_;
}

Outcome<std::shared_ptr<const Caller>> CallerDesk::make(const ProvenKey& key,
                                                        std::string_view token, Time now) {
  const OwnerBook::Standing standing = owners_.standing(key.key());
  if (standing.retired) return std::unexpected(retired_key());
  auto out = std::make_shared<Caller>();
  out->key = key.key();
  out->root = standing.root;
  out->listed = config_.lists_owner(key.key()) || config_.lists_owner(standing.root);
  out->limits = config_.limits.accounts;
  if (!token.empty()) {
    ASSIGN_OR_RETURN(const AccountToken parsed, parse_account_token(token));
    ASSIGN_OR_RETURN(const VerifiedAccount account,
                     verify_account_token(parsed, config_.token_issuers, key, now));
    out->account = account.claims();
    out->limits = stricter(out->limits, out->account->limits);
  }
  out->usage = usage_of(config_, out->root,
                        out->account.has_value() ? std::string_view(out->account->account) : "",
                        out->listed);
  if (!out->usage.empty()) out->use = admission_.use_of(out->usage, RateBucket::Clock::now());
  return out;
}

}  // namespace blindai
