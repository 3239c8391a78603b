#include "enclave/handover/giver.h"

#include "enclave/handover/handover_fixture_test.h"

namespace blindai {
namespace {

using namespace handover_fixture;  // NOLINT(google-build-using-namespace): the file is about it

// The successor's keys open the store as it is.
void expect_opens(OldServer& old, HandedKeys keys, const std::vector<std::string>& ids) {
  Vault* const before = old.store.vault.get();
  const auto vault =
      Vault::open(old.store.files, {.own = seal_for(7, 99), .inherited = std::move(keys.keys)},
                  kOptions, [](const VaultEvent&) {})
          .value();
  EXPECT_NE(vault.get(), before);
  std::vector<std::string> found;
  for (const auto& record : vault->catalogue()) {
    found.push_back(record->id);
    EXPECT_TRUE(get(*vault, record->id).has_value()) << record->id;
  }
  EXPECT_EQ(found, ids);
}

ModelOwner owner() {
  return {.key = filled<32>(0x0a), .account = "alice"};
}

AccessRules consent(std::vector<Sha256Digest> releases) {
  AccessRules out;
  out.handover = std::move(releases);
  return out;
}

TEST(HandoverGiver, GivesTheWholeStoreToWhomItsConfigurationNames) {
  OldServer old;
  ASSERT_TRUE(put(*old.store.vault, "a", model_bytes(1)).has_value());
  ASSERT_TRUE(put(*old.store.vault, "b", model_bytes(2)).has_value());
  Asker asker;
  HandedKeys keys = old.give(asker).value();
  EXPECT_TRUE(keys.whole);
  const TransferId transfer = keys.transfer;
  // Nothing has changed yet.
  EXPECT_FALSE(old.giver->finished());
  EXPECT_EQ(old.num_released, 0);
  ASSERT_TRUE(put(*old.store.vault, "late", model_bytes(3)).has_value());
  EXPECT_EQ(old.given().transfer, std::nullopt);

  ASSERT_TRUE(old.confirm(transfer).has_value());
  EXPECT_TRUE(old.giver->finished());
  EXPECT_EQ(old.given().transfer, transfer);
  EXPECT_EQ(old.given().release, kNewRelease);
  EXPECT_EQ(put(*old.store.vault, "too-late", model_bytes(4)).error().name(), "server.handed-over");
  expect_opens(old, std::move(keys), {"a", "b", "late"});
  EXPECT_EQ(old.num_released, 1);
  // An answer that was lost is given again; nobody else gets anything.
  EXPECT_TRUE(old.confirm(transfer).has_value());
  EXPECT_EQ(old.confirm(TransferId{1}).error().name(), "server.handed-over");
  Asker second;
  EXPECT_EQ(old.refusal(second), "server.handed-over");
}

TEST(HandoverGiver, RefusesByTheCheckThatFailed) {
  OldServer old;
  ASSERT_TRUE(put(*old.store.vault, "a", model_bytes(1)).has_value());
  Asker other(sha256(as_bytes("other programs")));
  EXPECT_EQ(old.refusal(other), "policy.measurement");
  SimulationFaults outdated;
  outdated.at_older_tcb_level = true;
  Asker stale(kNewPrograms, outdated);
  EXPECT_EQ(old.refusal(stale), "policy.tcb-status");
  Asker configured;
  configured.config = "max_models = 4\n";
  EXPECT_EQ(old.refusal(configured), "handover.config-accepted");

  Asker asker;
  HandoverOffer bare = asker.offer();
  bare.collateral = {};
  const auto error_of = [&](const Bytes& request, const ByteArray<32>& exporter) {
    const auto answer = old.giver->answer(request, exporter);
    return answer.has_value() ? "" : std::string(answer.error().name());
  };
  EXPECT_EQ(error_of(encode_offer(bare).value(), asker.exporter), "sgx.root-crl.layout");
  // The same bytes on another connection.
  const Bytes request = asker.request();
  EXPECT_EQ(error_of(request, Asker().exporter), "handover.exporter");
  EXPECT_EQ(error_of(request, asker.exporter), "");
  EXPECT_EQ(error_of({}, asker.exporter), "handover.message.layout");
  EXPECT_EQ(error_of(encode_transfer(HandoverMessage::kFarewell, {}), asker.exporter),
            "handover.message.layout");
  EXPECT_FALSE(old.giver->finished());
}

TEST(HandoverGiver, KnowsNoProgramsOfHardwareInTheSimulationNorTheOtherWayRound) {
  OldServer old;
  old.giver = std::make_unique<HandoverGiver>(
      *old.store.vault,
      HandoverGiver::Facts{.rules = old.rules,
                           .roots = production_roots(),
                           .lasts = true,
                           .record_name = given_record_name(seal_for()),
                           .clock = [] { return kNow; },
                           .release = [] {},
                           .log = [](std::string_view) {}},
      GivenRecord());
  Asker asker;
  EXPECT_EQ(old.refusal(asker), "sgx.pck.root");
}

TEST(HandoverGiver, OpensItsKeysToTheReceiverOfThisOfferAlone) {
  OldServer old;
  Asker asker;
  const Bytes request = asker.request();
  const Bytes answer = old.giver->answer(request, asker.exporter).value();
  EXPECT_TRUE(asker.open(request, answer).has_value());
  Asker other;
  other.exporter = asker.exporter;
  EXPECT_EQ(other.open(request, answer).error().name(), "crypto.hpke.open");
  EXPECT_EQ(asker.open(asker.request(), answer).has_value(), asker.request() == request);
  random_bytes(asker.exporter);
  EXPECT_EQ(asker.open(request, answer).error().name(), "crypto.hpke.open");
}

TEST(HandoverGiver, GivesSingleModelsByTheirOwnersConsentAndGoesOn) {
  OldServer old{HandoverRules()};
  Vault& vault = *old.store.vault;
  const AccessRules allowed = consent({filled<32>(1), kNewRelease});
  const AccessRules others = consent({filled<32>(1)});
  ASSERT_TRUE(put(vault, "yes", model_bytes(1), {.owner = owner(), .access = allowed}).has_value());
  ASSERT_TRUE(put(vault, "no", model_bytes(2), {.owner = owner(), .access = others}).has_value());
  // Nobody's: nobody could agree.
  ASSERT_TRUE(put(vault, "nobodys", model_bytes(3), {.access = allowed}).has_value());
  ASSERT_TRUE(
      put(vault, "passing", model_bytes(4), {.save = false, .owner = owner(), .access = allowed})
          .has_value());
  Asker asker;
  HandedKeys keys = old.give(asker).value();
  EXPECT_FALSE(keys.whole);
  ASSERT_TRUE(old.confirm(keys.transfer).has_value());
  EXPECT_FALSE(old.giver->finished());
  EXPECT_EQ(old.num_released, 0);
  EXPECT_TRUE(old.giver->is_given(vault.find("yes")->content_id));
  EXPECT_FALSE(old.giver->is_given(vault.find("no")->content_id));
  EXPECT_EQ(old.given().contents, (std::vector{vault.find("yes")->content_id}));
  EXPECT_TRUE(put(vault, "new", model_bytes(5)).has_value());
  EXPECT_TRUE(old.confirm(keys.transfer).has_value()) << "an answer that was lost";
  // Its next start knows.
  const GivenRecord given = old.given();
  old.start(given);
  EXPECT_TRUE(old.giver->is_given(vault.find("yes")->content_id));
  EXPECT_EQ(old.confirm(keys.transfer).error().name(), "handover.unknown-transfer");
  expect_opens(old, std::move(keys), {"yes"});
}

TEST(HandoverGiver, AsksForAConsentThatNamesProgramAndConfiguration) {
  OldServer old{HandoverRules()};
  Vault& vault = *old.store.vault;
  ASSERT_TRUE(put(vault, "m", model_bytes(1),
                  {.owner = owner(), .access = consent({kNewPrograms, kNewRelease})})
                  .has_value());
  Asker same;
  EXPECT_EQ(old.refusal(same), "");
  Asker configured;
  configured.config = "max_models = 4\n";
  EXPECT_EQ(old.refusal(configured), "handover.no-consent");
  Asker other(sha256(as_bytes("other programs")));
  EXPECT_EQ(old.refusal(other), "handover.no-consent");
  // Consent is to the program, never to a platform in bad order or to a debugger.
  SimulationFaults outdated;
  outdated.at_older_tcb_level = true;
  Asker stale(kNewPrograms, outdated);
  EXPECT_EQ(old.refusal(stale), "policy.tcb-status");
  SimulationFaults debug;
  debug.debug = true;
  Asker debugged(kNewPrograms, debug);
  EXPECT_EQ(old.refusal(debugged), "policy.debug");
}

// With rules for somebody else, consent still counts, and the refusal is that of the rules.
TEST(HandoverGiver, HearsOwnersBesideItsConfiguration) {
  OldServer old(
      HandoverRules{.to = policy_for(sha256(as_bytes("another"))), .from = {}, .to_hash = {}});
  Asker asker;
  EXPECT_EQ(old.refusal(asker), "policy.measurement");
  ASSERT_TRUE(put(*old.store.vault, "m", model_bytes(1),
                  {.owner = owner(), .access = consent({kNewRelease})})
                  .has_value());
  const auto keys = old.give(asker);
  ASSERT_TRUE(keys.has_value()) << keys.error().sentence;
  EXPECT_FALSE(keys->whole);
}

TEST(HandoverGiver, GivesNothingThatTheNewServerWouldLoseWithItsProcess) {
  OldServer old;
  Asker asker;
  HandoverOffer passing = asker.offer();
  passing.keeps = false;
  const Bytes request = encode_offer(passing).value();
  EXPECT_EQ(old.giver->answer(request, asker.exporter).error().name(), "handover.not-kept");
  old.lasts = false;  // no worse off than before
  old.start();
  EXPECT_TRUE(old.giver->answer(request, asker.exporter).has_value());
}

// Whatever call of the disk fails, either this server goes on, or its record says that it stopped.
TEST(HandoverGiver, StopsOnlyOnceThatIsWrittenDown) {
  for (size_t index = 0;; ++index) {
    OldServer old;
    ASSERT_TRUE(put(*old.store.vault, "a", model_bytes(1)).has_value());
    Asker asker;
    const HandedKeys keys = old.give(asker).value();
    old.store.files.inject(FaultyFileLayer::Fault::kFromThereOn, index);
    const auto confirmed = old.confirm(keys.transfer);
    const bool reached = old.store.files.fault_reached();
    EXPECT_EQ(confirmed.has_value(), old.giver->finished()) << index;
    old.store.files.power_cut();
    const bool written = old.given().transfer.has_value();
    if (confirmed.has_value()) {
      EXPECT_TRUE(written) << index;
    }
    if (!reached) {
      EXPECT_TRUE(confirmed.has_value());
      break;
    }
  }
}

TEST(HandoverGiver, RemembersSixteenThatHaveNotConfirmed) {
  OldServer old;
  Asker asker;
  const TransferId first = old.give(asker)->transfer;
  TransferId last{};
  for (int i = 0; i < 16; ++i) last = old.give(asker)->transfer;
  EXPECT_EQ(old.confirm(first).error().name(), "handover.unknown-transfer");
  EXPECT_TRUE(old.confirm(last).has_value());
}

}  // namespace
}  // namespace blindai
