#include "enclave/app/options.h"

#include <gtest/gtest.h>
#include <vector>

namespace blindai {
namespace {

ParsedOptions parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "blindai-server");
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  return parse_options(static_cast<int>(raw.size()), raw.data(), "0");
}

TEST(Options, NameEachTee) {
  for (const char* tee : {"sgx", "tdx", "snp", "nitro", "simulation"}) {
    const ParsedOptions options = parse({"--tee", tee, "--store", "s"});
    EXPECT_FALSE(options.exit);
    EXPECT_EQ(options.hints.tee, tee);
  }
}

TEST(Options, HaveNoTeeByDefaultAndKnowNoOther) {
  EXPECT_EQ(parse({"--store", "s"}).status, 2);
  for (const char* tee : {"", "SGX", "auto", "none", "sev"})
    EXPECT_EQ(parse({"--tee", tee, "--store", "s"}).status, 2) << tee;
}

TEST(Options, SayWhichTeeIsSimulated) {
  EXPECT_EQ(parse({"--tee", "simulation", "--store", "s"}).hints.simulate, "sgx");
  for (const char* tee : {"sgx", "tdx", "snp"}) {
    const ParsedOptions options = parse({"--tee", "simulation", "--simulate", tee, "--store", "s"});
    EXPECT_FALSE(options.exit) << tee;
    EXPECT_EQ(options.hints.simulate, tee);
  }
  for (const char* tee : {"", "SGX", "nitro", "simulation"})
    EXPECT_EQ(parse({"--tee", "simulation", "--simulate", tee, "--store", "s"}).status, 2) << tee;
}

TEST(Options, SimulateNothingOnHardware) {
  for (const char* tee : {"sgx", "tdx", "snp", "nitro"})
    for (const char* simulated : {"sgx", "tdx", "snp"}) {
      const ParsedOptions options = parse({"--tee", tee, "--simulate", simulated, "--store", "s"});
      EXPECT_TRUE(options.exit) << tee << " " << simulated;
      EXPECT_EQ(options.status, 2) << tee << " " << simulated;
    }
}

TEST(Options, SayWhereCollateralComesFrom) {
  const ParsedOptions options =
      parse({"--tee", "snp", "--store", "s", "--pcs", "http://pccs", "--kds", "http://kds",
             "--collateral-cache", "c", "--vmpl", "2"});
  ASSERT_FALSE(options.exit);
  EXPECT_EQ(options.hints.pcs, "http://pccs");
  EXPECT_EQ(options.hints.kds, "http://kds");
  EXPECT_EQ(options.hints.collateral_cache, "c");
  EXPECT_EQ(options.hints.vmpl, 2u);
  EXPECT_EQ(parse({"--tee", "snp", "--store", "s", "--vmpl", "4"}).status, 2);
  EXPECT_EQ(parse({"--tee", "snp", "--store", "s", "--collateral", "/no/folder"}).status, 2);
  EXPECT_FALSE(parse({"--tee", "snp", "--store", "s"}).hints.vmpl.has_value());
}

TEST(Options, TakeOverOnlyWhenToldFromWhom) {
  const ParsedOptions plain = parse({"--tee", "simulation", "--store", "s"});
  EXPECT_EQ(plain.hints.handover_from, "");
  EXPECT_FALSE(plain.hints.old_server_is_gone);
  const ParsedOptions handover =
      parse({"handover", "--from", "old:9924", "--tee", "simulation", "--store", "s"});
  EXPECT_FALSE(handover.exit);
  EXPECT_EQ(handover.hints.handover_from, "old:9924");
  EXPECT_EQ(handover.hints.store, "s");
  EXPECT_EQ(parse({"handover", "--tee", "simulation", "--store", "s"}).status, 2);
  EXPECT_EQ(parse({"--from", "old:9924", "--tee", "simulation", "--store", "s"}).status, 2);
  EXPECT_TRUE(parse({"--tee", "simulation", "--store", "s", "--old-server-is-gone"})
                  .hints.old_server_is_gone);
}

TEST(Options, CheckTheSandboxWithoutAServer) {
  EXPECT_FALSE(parse({"--tee", "simulation", "--store", "s"}).hints.check_sandbox);
  const ParsedOptions alone = parse({"--check-sandbox"});
  EXPECT_FALSE(alone.exit);
  EXPECT_TRUE(alone.hints.check_sandbox);
  EXPECT_EQ(parse({"--tee", "simulation"}).status, 2);
  EXPECT_EQ(parse({}).status, 2);
  EXPECT_EQ(parse({"--check-sandbox", "--cgroup", "/"}).hints.cgroup, "/");
  EXPECT_EQ(parse({"--check-sandbox", "--cgroup", "/no/folder"}).status, 2);
}

TEST(Options, SayWhereMetricsAreAnswered) {
  const ParsedOptions none = parse({"--tee", "simulation", "--store", "s"});
  EXPECT_TRUE(none.hints.metrics.empty());
  EXPECT_FALSE(none.hints.metrics_anywhere);
  const ParsedOptions both = parse(
      {"--tee", "simulation", "--store", "s", "--metrics", "0.0.0.0:9925", "--metrics-anywhere"});
  EXPECT_EQ(both.hints.metrics, "0.0.0.0:9925");
  EXPECT_TRUE(both.hints.metrics_anywhere);
  EXPECT_EQ(parse({"--tee", "simulation", "--store", "s", "--metrics-anywhere"}).status, 2);
}

}  // namespace
}  // namespace blindai
