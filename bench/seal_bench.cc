// Sealing and opening a model against what no implementation can do without: AES-256-GCM and
// SHA-256 over the same bytes, one after the other, straight from OpenSSL in the same process.
// Prints the ratios at the end; the goal for sealing is at least 0.60.
#include <algorithm>
#include <benchmark/benchmark.h>
#include <cstdio>
#include <map>
#include <memory>
#include <openssl/evp.h>

#include "lib/seal/seal_fixture.h"

namespace blindai {
namespace {

constexpr size_t kContentLen = size_t{64} << 20;
// What one read from a TLS connection gives (RFC 8446 section 5.1).
constexpr size_t kPieceLen = 16384;
constexpr size_t kRawStepLen = 65536;

const Bytes& content() {
  static const Bytes bytes = seal_fixture::content(kContentLen);
  return bytes;
}

using CipherCtx = std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)>;

// One AES-256-GCM message, encrypted in place of nothing: the output buffer is used again.
void raw_gcm(EVP_CIPHER_CTX* ctx, BytesView data, std::span<uint8_t> out, int encrypt) {
  static const uint8_t key[32] = {1};
  static const uint8_t nonce[12] = {2};
  int n = 0;
  BLINDAI_CHECK(EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), nullptr, key, nonce, encrypt) == 1);
  for (; !data.empty(); data = data.subspan(std::min(kRawStepLen, data.size())))
    BLINDAI_CHECK(EVP_CipherUpdate(ctx, out.data(), &n, data.data(),
                                   static_cast<int>(std::min(kRawStepLen, data.size()))) == 1);
}

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) *
                          static_cast<int64_t>(kContentLen));
}

void BM_RawGcmThenSha256(benchmark::State& state) {
  const CipherCtx ctx(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  Bytes out(kRawStepLen);
  for (auto _ : state) {
    raw_gcm(ctx.get(), content(), out, 1);
    benchmark::DoNotOptimize(sha256(content()));
  }
  count_bytes(state);
}

void BM_RawGcmDecrypt(benchmark::State& state) {
  const CipherCtx ctx(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  Bytes out(kRawStepLen);
  for (auto _ : state) raw_gcm(ctx.get(), content(), out, 0);
  count_bytes(state);
}

// What an upload does to its bytes, but for the disk.
void BM_HashAndSeal(benchmark::State& state) {
  const SealSecrets secrets = seal_fixture::secrets();
  for (auto _ : state) {
    SealWriter writer(secrets, sha256(as_bytes("m")));
    Sha256 hash;
    for (size_t at = 0; at < kContentLen; at += kPieceLen) {
      BytesView piece = BytesView(content()).subspan(at, kPieceLen);
      hash.update(piece);
      while (!piece.empty()) benchmark::DoNotOptimize(writer.update(piece)->data());
    }
    benchmark::DoNotOptimize(writer.finish().data());
    benchmark::DoNotOptimize(hash.finish());
  }
  count_bytes(state);
}

void BM_OpenContent(benchmark::State& state) {
  const SealSecrets secrets = seal_fixture::secrets();
  Bytes file(kSealHeaderLen);
  append(file, seal_fixture::seal_content(secrets, content(), "m"));
  seal_fixture::MemorySource source(file);
  Bytes out(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    SealReader reader(source, secrets, sha256(as_bytes("m")), kContentLen);
    while (reader.read(out).value() != 0) benchmark::DoNotOptimize(out.data());
  }
  count_bytes(state);
}

void BM_OpenHeader(benchmark::State& state) {
  const SealFor who = seal_fixture::seal_for();
  const Bytes header = seal_fixture::seal_file(seal_fixture::secrets(), who, as_bytes("model"));
  const Sha256Digest name_hash = sha256(as_bytes("alice/resnet18"));
  for (auto _ : state) benchmark::DoNotOptimize(open_seal_header(header, who, name_hash)->metadata);
}

BENCHMARK(BM_RawGcmThenSha256)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_HashAndSeal)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_RawGcmDecrypt)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_OpenContent)->Arg(16384)->Arg(1 << 20)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_OpenHeader)->Unit(benchmark::kMicrosecond);

// Keeps the best time of each benchmark, for the ratios.
class Ratios : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      const double seconds = run.cpu_accumulated_time / static_cast<double>(run.iterations);
      const auto [at, fresh] = best_.try_emplace(run.benchmark_name(), seconds);
      if (!fresh) at->second = std::min(at->second, seconds);
    }
  }
  void print(const char* ours, const char* raw) const {
    if (!best_.contains(ours) || !best_.contains(raw)) return;
    std::printf("%s reaches %.2f of the speed of %s\n", ours, best_.at(raw) / best_.at(ours), raw);
  }

 private:
  std::map<std::string, double> best_;
};

}  // namespace
}  // namespace blindai

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  blindai::Ratios ratios;
  benchmark::RunSpecifiedBenchmarks(&ratios);
  ratios.print("BM_HashAndSeal", "BM_RawGcmThenSha256");
  ratios.print("BM_OpenContent/16384", "BM_RawGcmDecrypt");
  ratios.print("BM_OpenContent/1048576", "BM_RawGcmDecrypt");
  return 0;
}
