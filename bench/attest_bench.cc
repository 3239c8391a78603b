// What verifying evidence costs, beside the signature checks that it cannot do without, and what
// parsing costs. Real quotes where ../shared has them, simulated ones otherwise; the real ones'
// claims are not known, so that one check fails, last, after all the work.
//
// Counters: floor_us, the signature checks alone (raw_signatures.h), measured in turns with the
// verification; ratio, of the two medians; signatures, how many the floor has. Of parsing: how long
// the input is, and the largest piece of memory asked for, both in bytes.
#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdlib>

#include "bench/attest_cases.h"
#include "lib/attest/cose.h"
#include "lib/attest/dcap_quote.h"
#include "lib/attest/nitro_document.h"
#include "lib/attest/snp_report.h"

namespace {

size_t largest_allocation = 0;

}  // namespace

// Every allocation of this program comes by here.
void* operator new(size_t size) {
  largest_allocation = std::max(largest_allocation, size);
  void* out = std::malloc(size);
  BLINDAI_CHECK(out != nullptr);
  return out;
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, size_t) noexcept {
  std::free(p);
}

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

template <typename Parse>
void repeat(benchmark::State& state, Parse parse) {
  for (auto _ : state) {
    auto read = parse();
    BLINDAI_CHECK(read.has_value());
    benchmark::DoNotOptimize(read);
  }
}

void parse(benchmark::State& state, const AttestCase& c) {
  largest_allocation = 0;
  switch (c.evidence.tee) {
    case Tee::kSgx:
    case Tee::kTdx:
      repeat(state, [&] { return parse_dcap_quote(c.evidence.quote); });
      break;
    case Tee::kSnp:
      repeat(state, [&] { return parse_snp_report(c.evidence.quote); });
      break;
    case Tee::kNitro:
      repeat(state,
             [&] { return parse_nitro_payload(parse_cose_sign1(c.evidence.quote)->payload); });
      break;
  }
  state.counters["input_bytes"] = static_cast<double>(c.evidence.quote.size());
  state.counters["largest_allocation"] = static_cast<double>(largest_allocation);
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
