#include "enclave/handover/giver.h"

#include <algorithm>
#include <fmt/core.h>

#include "lib/crypto/crypto.h"
#include "lib/handover/release.h"

namespace blindai {
namespace {

// New servers that asked and have not confirmed. Whoever may ask may ask often; the oldest go.
constexpr size_t kMaxTransfers = 16;

}  // namespace

HandoverGiver::HandoverGiver(Vault& vault, Facts facts, GivenRecord given)
    : vault_(vault),
      facts_(std::move(facts)),
      given_(std::move(given)),
      contents_(given_.contents.begin(), given_.contents.end()) {}

bool HandoverGiver::is_given(const Sha256Digest& content_id) const {
  const std::lock_guard lock(mutex_);
  return contents_.contains(content_id);
}

Outcome<Bytes> HandoverGiver::answer(BytesView request, const ByteArray<32>& exporter) {
  ASSIGN_OR_RETURN(const HandoverMessage kind, handover_message(request));
  if (kind == HandoverMessage::kConfirmation) return finish(request);
  if (finished_) return handed_over();
  return give(request, exporter);
}

// The whole store when the configuration names this release, else what owners agreed to. Fills in
// `keys`, all but the transfer.
Outcome<AcceptedOffer> HandoverGiver::judge(const HandoverOffer& offer,
                                            const ByteArray<32>& exporter, HandedKeys& keys) {
  const Time now = facts_.clock();
  const std::optional<Policy>& to = facts_.rules.to;
  std::optional<Problem> refusal;
  if (to.has_value()) {
    Outcome<AcceptedOffer> accepted = judge_offer(offer, exporter, *to, facts_.roots, now);
    if (accepted.has_value()) {
      keys.whole = true;
      keys.keys = vault_.keys_for_handover();
      return accepted;
    }
    refusal = accepted.error();
  }
  const Policy any_program =
      policy_for_program_in(offer.evidence, to.has_value() ? *to : strictest_platform());
  Outcome<AcceptedOffer> accepted = judge_offer(offer, exporter, any_program, facts_.roots, now);
  if (!accepted.has_value()) return std::unexpected(refusal.value_or(accepted.error()));
  ASSIGN_OR_RETURN(keys.keys.contents, consented(accepted->release()));
  if (!keys.keys.contents.empty()) return accepted;
  if (refusal.has_value()) return std::unexpected(*refusal);
  return problem(Code::kDenied, "handover.no-consent",
                 fmt::format("Neither this server's configuration nor the owner of any model in it "
                             "allows a handover to the release {}; the table handover.to names "
                             "whom the whole store goes to, the access rules of a model where its "
                             "owner lets it go.",
                             to_hex(accepted->release())));
}

// Models without an owner have nobody who could agree; those in memory only are in no store.
Outcome<std::vector<SealSecrets>> HandoverGiver::consented(const Sha256Digest& release) {
  std::vector<SealSecrets> out;
  for (const auto& record : vault_.catalogue()) {
    const std::vector<Sha256Digest>& allowed = record->access.handover;
    if (!record->saved || !record->owner.has_value() ||
        std::ranges::find(allowed, release) == allowed.end())
      continue;
    Result<SealSecrets> secrets = vault_.model_key_for_handover(record->id, release);
    // Removed or changed meanwhile, or damaged, which the vault has reported: the rest goes.
    if (secrets.has_value()) out.push_back(std::move(*secrets));
    if (out.size() == kMaxHandedContents) break;
  }
  return out;
}

Outcome<Bytes> HandoverGiver::give(BytesView request, const ByteArray<32>& exporter) {
  ASSIGN_OR_RETURN(const HandoverOffer offer, decode_offer(request));
  HandedKeys keys{};
  ASSIGN_OR_RETURN(const AcceptedOffer accepted, judge(offer, exporter, keys));
  if (facts_.lasts && !offer.keeps)
    return problem(Code::kConflict, "handover.not-kept",
                   "The new server has no sealing key that outlives its process, so with it the "
                   "models would be lost, and this server has one. Run the new server where the "
                   "hardware gives it a key.");
  random_bytes(keys.transfer);
  Transfer transfer{
      .id = keys.transfer, .whole = keys.whole, .release = accepted.release(), .contents = {}};
  if (!keys.whole)
    for (const SealSecrets& one : keys.keys.contents) transfer.contents.push_back(one.content_id);
  ASSIGN_OR_RETURN(Bytes plaintext, encode_handed_keys(keys));
  const Result<HpkeSealed> sealed =
      hpke_seal(accepted.handover_key(), handover_info(exporter), handover_aad(request), plaintext);
  wipe(plaintext.data(), plaintext.size());
  if (!sealed.has_value()) return std::unexpected(sealed.error());
  if (transfers_.size() == kMaxTransfers) transfers_.pop_front();
  facts_.log(fmt::format("handover: keys of {} sent to the release {}; waiting for it to keep them",
                         transfer.whole ? std::string("the whole store")
                                        : fmt::format("{} models", transfer.contents.size()),
                         to_hex(transfer.release)));
  transfers_.push_back(std::move(transfer));
  return encode_sealed_keys(*sealed);
}

Outcome<Bytes> HandoverGiver::finish(BytesView request) {
  ASSIGN_OR_RETURN(const TransferId id, decode_transfer(HandoverMessage::kConfirmation, request));
  Bytes farewell = encode_transfer(HandoverMessage::kFarewell, id);
  // The answer to an earlier confirmation was lost.
  if (given_.transfer == id) return farewell;
  if (finished_) return handed_over();
  const auto found =
      std::ranges::find_if(transfers_, [&](const Transfer& one) { return one.id == id; });
  if (found == transfers_.end())
    return problem(Code::kConflict, "handover.unknown-transfer",
                   "This server gave no keys under that number since it started; run "
                   "`blindai-server handover` again.");
  RETURN_IF_ERROR(write_down(*found));
  facts_.log(fmt::format("handover: the release {} has kept its keys; {}", to_hex(found->release),
                         found->whole ? "this server serves nobody any more; stop it when you like"
                                      : "this server goes on with the other models"));
  return farewell;
}

// First the record: should this process end now, its next start reads there what it has promised.
Outcome<void> HandoverGiver::write_down(const Transfer& transfer) {
  GivenRecord next = given_;
  if (transfer.whole) {
    next.transfer = transfer.id;
    next.release = transfer.release;
  } else {
    next.contents.insert(next.contents.end(), transfer.contents.begin(), transfer.contents.end());
    std::ranges::sort(next.contents);
    const auto rest = std::ranges::unique(next.contents);
    next.contents.erase(rest.begin(), rest.end());
  }
  ASSIGN_OR_RETURN(const Bytes record, encode_given(next));
  RETURN_IF_ERROR(vault_.put_record(facts_.record_name, record));
  if (transfer.whole) {
    RETURN_IF_ERROR(vault_.retire());
    finished_ = true;
    facts_.release();
  }
  given_ = std::move(next);
  const std::lock_guard lock(mutex_);
  contents_ = {given_.contents.begin(), given_.contents.end()};
  return {};
}

std::unexpected<Problem> handed_over() {
  return problem(Code::kUnavailable, "server.handed-over",
                 "This server has handed all its models over to a newer one and serves nobody any "
                 "more; connect to the newer one, whose address its operator knows.");
}

std::unexpected<Problem> model_handed_over(std::string_view model_id) {
  return problem(Code::kUnavailable, "model.handed-over",
                 fmt::format("The model {} was handed over to a newer server, as its owner "
                             "allowed; call it there.",
                             model_id));
}

}  // namespace blindai
