#include "enclave/vault/sealing_key.h"

#include <gtest/gtest.h>

#include "enclave/vault/faulty_file_layer.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

ByteArray<32> bytes_of(const SecretKey& key) {
  return key.reveal(KeyAccess());
}

TEST(SealingKey, IsAnotherForEachSecretProgramAndSetOfRules) {
  const SecretKey root(ByteArray<32>{1});
  const SecretKey other_root(ByteArray<32>{2});
  const Sha256Digest program = sha256(as_bytes("program"));
  const Sha256Digest rules = sha256(as_bytes("rules"));
  const ByteArray<32> key = bytes_of(derive_sealing_key(root, program, rules));
  EXPECT_EQ(bytes_of(derive_sealing_key(root, program, rules)), key);
  EXPECT_NE(bytes_of(derive_sealing_key(other_root, program, rules)), key);
  EXPECT_NE(bytes_of(derive_sealing_key(root, rules, rules)), key);
  EXPECT_NE(bytes_of(derive_sealing_key(root, program, program)), key);
  EXPECT_NE(bytes_of(derive_sealing_key(root, rules, program)), key);
  // Computed with another program from the sentence in sealing_key.h.
  EXPECT_EQ(to_hex(bytes_of(derive_sealing_key(root, {}, {}))),
            "cbdbc3ccfaa45f741167abe1e73e16642f78522f6268d3e23e8f1840f353580f");
}

TEST(MomentarySealingRoot, IsAnotherAtEachStart) {
  const SealingRoot first = momentary_sealing_root();
  EXPECT_NE(bytes_of(first.secret), bytes_of(momentary_sealing_root().secret));
  EXPECT_FALSE(first.lasts);
  EXPECT_FALSE(first.insecure);
}

TEST(SimulationSealingRoot, IsMadeOnceAndNeverReplaced) {
  FaultyFileLayer files;
  const SealingRoot first = simulation_sealing_root(files).value();
  files.power_cut();
  EXPECT_EQ(simulation_sealing_root(files)->secret.reveal(KeyAccess()),
            first.secret.reveal(KeyAccess()));
  const std::string name(kInsecureKeyFile);
  EXPECT_EQ(files.names(), std::vector{name});
  for (const size_t length : {0u, 31u, 33u}) {
    files.put(name, Bytes(length));
    EXPECT_EQ(simulation_sealing_root(files).error().name(), "vault.simulation-key") << length;
    EXPECT_EQ(files.content(name), Bytes(length));
  }
}

TEST(SimulationSealingRoot, SurvivesACrashAtAnyCall) {
  for (size_t index = 0;; ++index) {
    FaultyFileLayer files;
    files.inject(FaultyFileLayer::Fault::kFromThereOn, index);
    const Result<SealingRoot> key = simulation_sealing_root(files);
    const bool reached = files.fault_reached();
    files.power_cut();
    const Result<SealingRoot> again = simulation_sealing_root(files);
    ASSERT_TRUE(again.has_value()) << index;
    if (key.has_value()) {
      EXPECT_EQ(key->secret.reveal(KeyAccess()), again->secret.reveal(KeyAccess()));
    }
    if (!reached) break;
  }
}

}  // namespace
}  // namespace blindai
