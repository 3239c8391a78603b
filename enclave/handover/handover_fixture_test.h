// What the tests of both sides share: a new server's offer, made the way HandoverTaker makes one,
// and rules under which it is accepted.
#pragma once

#include <gtest/gtest.h>

#include "enclave/handover/giver.h"
#include "enclave/tee/simulation/simulation_source.h"
#include "enclave/vault/vault_fixture.h"
#include "lib/channel/simulation_root.h"
#include "lib/crypto/crypto.h"
#include "lib/handover/release.h"
#include "tests/support/handover_offer.h"

namespace blindai::handover_fixture {

using vault_fixture::filled;
using vault_fixture::get;
using vault_fixture::kOptions;
using vault_fixture::model_bytes;
using vault_fixture::put;
using vault_fixture::seal_for;
using vault_fixture::Store;

inline constexpr Time kNow{1795000000};
inline const Sha256Digest kNewPrograms = sha256(as_bytes("new programs"));
inline const std::string kNewConfig = "max_models = 3\n";
inline const Sha256Digest kNewRelease = release_id_sgx(kNewPrograms, sha256(as_bytes(kNewConfig)));

inline Policy policy_for(const Sha256Digest& programs) {
  Policy out;
  out.sgx.emplace().mr_enclave = {programs};
  out.tcb_statuses = {TcbStatus::kUpToDate};
  out.configurations.values = {sha256(as_bytes(kNewConfig))};
  out.max_evidence_age_s = 60;
  return out;
}

// A new server on one connection.
struct Asker {
  explicit Asker(Sha256Digest measurement = kNewPrograms, SimulationFaults faults = {})
      : source(measurement, [] { return kNow; }, std::move(faults)) {
    random_bytes(exporter);
  }
  HandoverOffer offer() { return make_offer(source, key, exporter, config); }
  Bytes request() { return encode_offer(offer()).value(); }
  Result<HandedKeys> open(BytesView request, BytesView answer) const {
    ASSIGN_OR_RETURN(const HpkeSealed sealed, decode_sealed_keys(answer));
    ASSIGN_OR_RETURN(const Bytes plaintext, key.open(sealed.enc, handover_info(exporter),
                                                     handover_aad(request), sealed.text));
    return decode_handed_keys(plaintext);
  }

  ByteArray<32> exporter;
  HpkeKey key;
  std::string config = kNewConfig;
  SimulationSource source;
};

// An old server, without the network around it.
struct OldServer {
  explicit OldServer(HandoverRules with = {.to = policy_for(kNewPrograms),
                                           .from = {},
                                           .to_hash = {}})
      : rules(std::move(with)) {
    store.open();
    start();
  }
  void start(GivenRecord given = {}) {
    giver = std::make_unique<HandoverGiver>(
        *store.vault,
        HandoverGiver::Facts{.rules = rules,
                             .roots = simulation_roots(),
                             .lasts = lasts,
                             .record_name = given_record_name(seal_for()),
                             .clock = [] { return kNow; },
                             .release = [this] { ++num_released; },
                             .log = [this](std::string_view line) { log += line; }},
        std::move(given));
  }
  Outcome<HandedKeys> give(Asker& asker) {
    const Bytes request = asker.request();
    ASSIGN_OR_RETURN(const Bytes answer, giver->answer(request, asker.exporter));
    ASSIGN_OR_RETURN(HandedKeys keys, asker.open(request, answer));
    return keys;
  }
  std::string refusal(Asker& asker) {
    const auto keys = give(asker);
    return keys.has_value() ? "" : std::string(keys.error().name());
  }
  Outcome<void> confirm(const TransferId& id) {
    ASSIGN_OR_RETURN(const Bytes answer,
                     giver->answer(encode_transfer(HandoverMessage::kConfirmation, id), {}));
    ASSIGN_OR_RETURN(const TransferId found, decode_transfer(HandoverMessage::kFarewell, answer));
    EXPECT_EQ(found, id);
    return {};
  }
  GivenRecord given() {
    const auto raw =
        Vault::read_record(store.files, seal_for(), given_record_name(seal_for())).value();
    return raw.has_value() ? decode_given(*raw).value() : GivenRecord();
  }

  HandoverRules rules;
  bool lasts = true;
  std::string log;
  int num_released = 0;
  Store store;
  std::unique_ptr<HandoverGiver> giver;
};

}  // namespace blindai::handover_fixture
