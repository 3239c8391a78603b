// A model of 700 MB into a vault on disk and out again: how fast, and how much memory it takes, as
// the growth of the process's peak resident set. The store is made in TMPDIR.
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <filesystem>
#include <sys/resource.h>

#include "enclave/vault/posix_file_layer.h"
#include "enclave/vault/vault.h"

namespace blindai {
namespace {

constexpr uint64_t kModelLen = 700'000'000;
constexpr size_t kPieceLen = 16384;

double peak_kib() {
  struct rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss);
}

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "vault-bench-XXXXXX").string();
    BLINDAI_CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void BM_UploadAndReadBack(benchmark::State& state) {
  const Folder folder;
  auto files = PosixFileLayer::open_folder(folder.path()).value();
  SealFor seal_for{SecretKey(ByteArray<32>{1}), {}};
  auto vault =
      Vault::open(*files, {.own = std::move(seal_for)},
                  {.max_model_bytes = kModelLen, .max_memory_bytes = 0}, [](const VaultEvent&) {})
          .value();
  const Bytes piece(kPieceLen, 0x5a);
  const double before = peak_kib();
  for (auto _ : state) {
    auto upload = vault->begin_upload("m", {}).value();
    for (uint64_t done = 0; done < kModelLen;) {
      const uint64_t n = std::min<uint64_t>(kPieceLen, kModelLen - done);
      BLINDAI_CHECK(upload->write(BytesView(piece).first(static_cast<size_t>(n))).has_value());
      done += n;
    }
    BLINDAI_CHECK(upload->finish_content().has_value());
    BLINDAI_CHECK(upload->commit({}).has_value());
    const OpenedModel model = vault->open_model("m").value();
    Bytes out(kPieceLen);
    while (model.reader->read(out).value() != 0) benchmark::DoNotOptimize(out.data());
    state.PauseTiming();
    BLINDAI_CHECK(vault->remove("m").has_value());
    state.ResumeTiming();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) *
                          static_cast<int64_t>(kModelLen));
  state.counters["peak_growth_KiB"] = peak_kib() - before;
}
BENCHMARK(BM_UploadAndReadBack)->Unit(benchmark::kMillisecond)->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace blindai

BENCHMARK_MAIN();
