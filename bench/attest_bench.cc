// What verifying evidence costs, beside the signature checks that it cannot do without, and what
// parsing costs. Real quotes where ../shared has them, simulated ones otherwise; the real ones'
// claims are not known, so that one check fails, last, after all the work.
//
// Counters: floor_us, the signature checks alone (raw_signatures.h), measured in turns with the
// verification; ratio, of the two medians; signatures, how many the floor has.
#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>

#include "bench/attest_cases.h"
#include "lib/attest/dcap_quote.h"

namespace blindai {
namespace {

double median(std::vector<double>& of) {
  const auto middle = of.begin() + static_cast<ptrdiff_t>(of.size() / 2);
  std::nth_element(of.begin(), middle, of.end());
  return *middle;
}

template <typename F>
double seconds_of(F f) {
  const auto began = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

template <typename Verify>
void beside(benchmark::State& state, const RawSignatures& floor, Verify verify) {
  std::vector<double> whole;
  std::vector<double> alone;
  for (auto _ : state) {
    alone.push_back(seconds_of([&] { floor.check(); }));
    whole.push_back(seconds_of(verify));
    state.SetIterationTime(whole.back());
  }
  const double least = median(alone);
  state.counters["floor_us"] = least * 1e6;
  state.counters["median_us"] = median(whole) * 1e6;
  state.counters["ratio"] = median(whole) / least;
  state.counters["signatures"] = static_cast<double>(floor.count());
}

void cold(benchmark::State& state, const AttestCase& c) {
  beside(state, c.all, [&] {
    const Verification v = verify(c.evidence, c.claims, c.collateral, c.policy, c.roots, c.now);
    BLINDAI_CHECK(c.is_as_expected(v));
  });
}

void warm(benchmark::State& state, const AttestCase& c) {
  VerificationCache cache;
  (void)verify(c.evidence, c.claims, c.collateral, c.policy, c.roots, c.now, cache);
  beside(state, c.last, [&] {
    const Verification v =
        verify(c.evidence, c.claims, c.collateral, c.policy, c.roots, c.now, cache);
    BLINDAI_CHECK(c.is_as_expected(v));
  });
}

void parse(benchmark::State& state, const AttestCase& c) {
  for (auto _ : state) {
    auto quote = parse_dcap_quote(c.evidence.quote);
    benchmark::DoNotOptimize(quote);
  }
}

}  // namespace
}  // namespace blindai

int main(int argc, char** argv) {
  static const std::vector<blindai::AttestCase> cases = blindai::attest_cases();
  for (const blindai::AttestCase& c : cases) {
    const auto add = [&](const char* what, auto function) {
      return benchmark::RegisterBenchmark((c.name + "/" + what).c_str(),
                                          [&c, function](benchmark::State& s) { function(s, c); });
    };
    add("parse", blindai::parse)->Unit(benchmark::kMicrosecond);
    add("cold", blindai::cold)->UseManualTime()->Unit(benchmark::kMicrosecond);
    add("warm", blindai::warm)->UseManualTime()->Unit(benchmark::kMicrosecond);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
