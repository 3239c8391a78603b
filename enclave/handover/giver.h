// The old server's side of a handover: answers POST /v1/handover. docs/formats/handover.md has the
// protocol, docs/adr/0007-handover.md why it is so.
//
//   offer         judged under the measured configuration's handover.to, whole store; else, by the
//                 consent of each model's owner, single models. Answered with the keys. Nothing
//                 changes yet: this server goes on as before.
//   confirmation  the new server has kept the keys. Written down first, so that it holds over a
//                 restart; then, for a whole store, this server stops for good; then answered.
//
// Threads: answer() blocks and is called on one thread (Background); the others from any.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <set>

#include "enclave/config/handover_config.h"
#include "enclave/vault/vault.h"
#include "lib/handover/judge.h"
#include "lib/handover/keys.h"

namespace blindai {

class HandoverGiver {
 public:
  struct Facts {
    HandoverRules rules;
    TrustRoots roots;         // production_roots(), or the simulation's for a simulation
    bool lasts;               // this server's own sealing key outlives its process
    std::string record_name;  // given_record_name() of the own key
    std::function<Time()> clock;
    // Lets go of the store, for a successor that has it too: called once everything was given and
    // this server changes nothing any more.
    std::function<void()> release;
    // One line for the operator.
    std::function<void(std::string_view)> log;
  };
  // `vault` outlives it. `given`: what Vault::read_record() had; never that of a whole store, with
  // which a server does not start.
  HandoverGiver(Vault& vault, Facts facts, GivenRecord given);

  // The body of the answer. `exporter`: of the connection that the request came over, under
  // kHandoverExporterLabel. Errors:
  //   handover.message.*       not a message, or not one that a new server sends
  //   the checks of judge.h    kDenied: the offer is refused
  //   kDenied handover.no-consent      no rule and no owner names this release
  //   kConflict handover.not-kept      the new server would lose the keys with its process, and
  //                                    this one would not
  //   kConflict handover.unknown-transfer
  //                            nothing was given under this id since this server started
  //   kUnavailable server.handed-over
  //                            an offer after everything was given
  //   kTooLarge handover.too-many; those of Vault
  Outcome<Bytes> answer(BytesView request, const ByteArray<32>& exporter);

  // Everything was given: from now on this server serves nobody.
  bool finished() const { return finished_; }
  // This content was given by its owner's consent: this server does not run it any more.
  bool is_given(const Sha256Digest& content_id) const;

 private:
  struct Transfer {
    TransferId id;
    bool whole;
    Sha256Digest release;
    std::vector<Sha256Digest> contents;
  };
  Outcome<Bytes> give(BytesView request, const ByteArray<32>& exporter);
  Outcome<AcceptedOffer> judge(const HandoverOffer& offer, const ByteArray<32>& exporter,
                               HandedKeys& keys);
  Outcome<std::vector<SealSecrets>> consented(const Sha256Digest& release);
  Outcome<Bytes> finish(BytesView request);
  Outcome<void> write_down(const Transfer& transfer);

  Vault& vault_;
  const Facts facts_;
  std::deque<Transfer> transfers_;  // offered and not forgotten, oldest first
  GivenRecord given_;
  mutable std::mutex mutex_;
  std::set<Sha256Digest> contents_;  // of given_, for is_given()
  std::atomic<bool> finished_ = false;
};

// What a server says that has given everything.
std::unexpected<Problem> handed_over();
std::unexpected<Problem> model_handed_over(std::string_view model_id);

}  // namespace blindai
