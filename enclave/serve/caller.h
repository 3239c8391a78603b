// Who asks: made from a request's head and its connection, once per request.
//
//   no `Authorization`                 anonymous
//   `Authorization: BlindAI-Key …`     the holder of a key, proved for this connection
//   and `blindai-account: <JWT>`       and what an accepted issuer says of that key's account
//
// What does not hold is an error on every route, also on those that ask for no key: a client that
// shows a key means to be that key's holder, and must learn that it is not taken for it.
//
// What was verified stays with the connection. The next request there that says the same costs
// comparisons and no signature check; only the token's end and the key's standing are asked anew.
#pragma once

#include "enclave/serve/admission.h"
#include "enclave/serve/owners.h"
#include "lib/auth/account_token.h"
#include "net/http_server.h"

namespace blindai {

struct Caller {
  std::optional<PublicKey> key;  // proved; absent: anonymous
  PublicKey root;                // of the key's owner, when there is a key
  bool listed = false;           // the measured configuration lists the key or its root
  std::optional<AccountClaims> account;
  AccountLimits limits;  // the stricter of the token's and the configuration's
  // Whose use it is that the caller's uploads and predictions count as (usage_of()).
  std::string usage;
  std::shared_ptr<AccountUse> use;  // null when `usage` is empty
};

// The account if there is one; else the owner, where the configuration lists it; else empty, which
// is everybody without an account together: keys are free, so they make no difference.
std::string usage_of(const MeasuredConfig& config, const PublicKey& root, std::string_view account,
                     bool listed);

// That the caller's key was not retired since it was asked, as it may be while a body arrives. For
// what changes something: on the background thread, where keys are retired. Errors: kDenied
// "auth.key-retired".
Outcome<void> still_stands(const OwnerBook& owners, const Caller& caller);

// What stays with a connection.
class CallerNote final : public HttpNote {
 public:
  explicit CallerNote(RateBucket::Clock::time_point now) : bucket(now) {}

  RateBucket bucket;  // of predictions, when its caller has no account

 private:
  friend class CallerDesk;
  std::string authorization_;
  std::optional<ProvenKey> proven_;
  std::string token_;
  uint64_t generation_ = 0;
  std::shared_ptr<const Caller> caller_;
};

class CallerDesk {
 public:
  using Exporter = std::function<Result<AuthExporter>()>;

  // All outlive it. `clock` tells the time that tokens are held against.
  CallerDesk(const MeasuredConfig& config, const OwnerBook& owners, Admission& admission,
             std::function<Time()> clock);

  // Errors: kInvalid "auth.repeated"; kAnonymous "auth.account-without-key"; those of
  // parse_connection_proof(), verify_connection_proof(), parse_account_token() and
  // verify_account_token(); kDenied "auth.key-retired".
  Outcome<std::shared_ptr<const Caller>> identify(const HttpHead& head, const HttpReply& reply);
  // The same, of a connection that is not HttpServer's.
  Outcome<std::shared_ptr<const Caller>> identify(const HttpHead& head, CallerNote& note,
                                                  const Exporter& exporter);

  // The note of this connection, made when there is none.
  static std::shared_ptr<CallerNote> note_of(const HttpReply& reply);

 private:
  Outcome<std::shared_ptr<const Caller>> make(const ProvenKey& key, std::string_view token,
                                              Time now);

  const MeasuredConfig& config_;
  const OwnerBook& owners_;
  Admission& admission_;
  const std::function<Time()> clock_;
  const std::shared_ptr<const Caller> anonymous_;
};

}  // namespace blindai
