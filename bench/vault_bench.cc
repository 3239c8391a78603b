// The store at its largest, each figure beside its reference from the same run:
//   the server's start with 10,000 small models, against reading and decrypting the same headers
//   with OpenSSL alone;
//   a list of 1,000 names, against a bare TLS echo of the same sizes;
//   an upload (hash, check, seal) against `openssl speed` for AES-256-GCM and SHA-256 in sequence,
//   and the same onto this disk, against writing the same bytes without sealing;
//   the memory that an upload of 700 MB adds to the server.
// The stores are made in TMPDIR. Usage: vault_bench [--quick]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <optional>

#include "bench/echo_floor.h"
#include "enclave/vault/posix_file_layer.h"
#include "enclave/vault/store_names.h"
#include "enclave/vault/vault.h"
#include "lib/crypto/crypto.h"
#include "net/http_client.h"
#include "tests/onnx_builder.h"
#include "tests/running_server.h"
#include "tests/support/temporary_folder.h"

namespace blindai {
namespace {

constexpr uint64_t kModelLen = 700'000'000;
constexpr size_t kPieceLen = size_t{256} << 10;  // what the server hands over at once

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void row(const char* what, double value, const char* unit, double reference, const char* bar,
         bool holds) {
  std::printf("%-40s %9.1f %-5s reference %9.1f %-5s %-28s %s\n", what, value, unit, reference,
              unit, bar, holds ? "holds" : "MISSED");
}

// A store of small models, sealed for the programs in `bin` but without the waiting for the disk
// that a server does for each.
void make_store(const std::string& path, const std::string& bin, size_t count) {
  auto files = PosixFileLayer::open_folder(path).value();
  const SealFor own = seal_of_server(*files, measurement_of_programs(bin));
  const Bytes model = onnx_builder::identity(Datatype::kFp32, {1, 16});
  for (size_t i = 0; i < count; ++i) {
    ModelMetadata metadata;
    metadata.id = "account" + std::to_string(i % 100) + "/model" + std::to_string(i);
    metadata.sha256 = sha256(model);
    metadata.size = model.size();
    metadata.epoch = 1;
    metadata.signature = {.inputs = {{"x", Datatype::kFp32, {1, 16}}},
                          .outputs = {{"y", Datatype::kFp32, {1, 16}}}};
    const SealSecrets secrets = SealSecrets::fresh();
    const Sha256Digest name_hash = sha256(as_bytes(metadata.id));
    auto file = files->create(sealed_name(name_hash)).value();
    BLINDAI_CHECK(
        file->write_at(0, seal_header(secrets, own, metadata, SealHeaderEntropy::fresh()).value())
            .has_value());
    SealWriter writer(secrets, name_hash);
    BytesView rest = model;
    BLINDAI_CHECK(writer.update(rest)->empty());
    BLINDAI_CHECK(file->write_at(kSealHeaderLen, writer.finish()).has_value());
  }
}

// What no start can do without: each header read and its tag computed.
double read_and_decrypt_seconds(const std::string& store) {
  auto files = PosixFileLayer::open_folder(store).value();
  Aes256Gcm cipher(SecretKey(ByteArray<32>{1}));
  Bytes header(kSealHeaderLen);
  Bytes plain(kSealMetadataLen);
  return seconds_of([&] {
    const std::vector<std::string> names = files->list().value();
    for (const std::string& name : names) {
      if (!parse_sealed_name(name).has_value()) continue;
      BLINDAI_CHECK(files->open(name).value()->read_at(0, header).value() == header.size());
      (void)cipher.open({}, {}, BytesView(header).subspan(kSealEnvelopeLen), plain);
    }
  });
}

void start(const std::string& bin, size_t count) {
  const TemporaryFolder folder;
  const std::string store = folder / "store";
  make_store(store, bin, count);
  const double empty = seconds_of([&] { RunningServer server(bin); });
  std::optional<RunningServer> server;
  const double full =
      seconds_of([&] { server.emplace(bin, RunningServerOptions{.store = store}); });
  BLINDAI_CHECK(server->connect()->models()->size() == count);
  server.reset();
  const double floor = read_and_decrypt_seconds(store);
  const std::string what = "start with " + std::to_string(count) + " models";
  row(what.c_str(), full * 1e3, "ms", floor * 1e3, "bar 2000 ms", full < 2);
  std::printf("  the same with an empty store, and stopped again: %.1f ms\n", empty * 1e3);
}

void list(const std::string& bin, size_t count) {
  const TemporaryFolder folder;
  make_store(folder / "store", bin, count);
  const RunningServer server(bin, {.store = folder / "store"});
  const std::unique_ptr<Connection> connection = server.connect();
  const auto tls = TlsClientContext::create();
  auto raw = HttpClient::connect(server.address(), *tls, {}, nullptr).value();
  HttpClientRequest request;
  request.target = "/v1/models";
  const size_t answer_len = raw->send(request)->body.size() + 200;
  EchoFloor floor(300, answer_len);
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int round = 0; round < 30; ++round) {
    ours.push_back(seconds_of([&] { BLINDAI_CHECK(connection->models()->size() == count); }));
    theirs.push_back(std::chrono::duration<double>(floor.round_trip()).count());
  }
  std::ranges::nth_element(ours, ours.begin() + 15);
  std::ranges::nth_element(theirs, theirs.begin() + 15);
  const std::string what = "list of " + std::to_string(count) + " names, median";
  row(what.c_str(), ours[15] * 1e3, "ms", theirs[15] * 1e3, "bar 50 ms", ours[15] < 0.050);
}

// MB/s that `openssl speed` prints for this algorithm in blocks of 64 KiB.
double openssl_speed(const std::string& algorithm) {
  const std::string command =
      "openssl speed -mr -elapsed -seconds 2 -bytes 65536 -evp " + algorithm + " 2>/dev/null";
  FILE* lines = ::popen(command.c_str(), "r");
  BLINDAI_CHECK(lines != nullptr);
  char line[512];
  double speed = 0;
  while (std::fgets(line, sizeof line, lines) != nullptr)
    if (std::strncmp(line, "+F:", 3) == 0)
      speed = std::strtod(std::strrchr(line, ':') + 1, nullptr);
  ::pclose(lines);
  if (speed == 0) {
    std::fprintf(stderr, "`%s` printed no figure; install the package openssl\n", command.c_str());
    std::exit(1);
  }
  return speed / 1e6;
}

// Takes what is written and keeps the header alone: a disk that costs nothing.
class NoDisk : public FileLayer {
  class NoFile : public File {
   public:
    Result<size_t> read_at(uint64_t, std::span<uint8_t>) override { return size_t{0}; }
    Status write_at(uint64_t, BytesView) override { return {}; }
    Result<uint64_t> size() override { return uint64_t{0}; }
    Status sync() override { return {}; }
  };

 public:
  Result<std::unique_ptr<File>> open(const std::string&) override {
    return std::make_unique<NoFile>();
  }
  Result<std::unique_ptr<File>> create(const std::string&) override {
    return std::make_unique<NoFile>();
  }
  Status rename(const std::string&, const std::string&) override { return {}; }
  Status unlink(const std::string&) override { return {}; }
  Result<std::vector<std::string>> list() override { return std::vector<std::string>(); }
  Status sync_dir() override { return {}; }
};

// One upload of `bytes`, as the server does it; in seconds.
double upload_seconds(FileLayer& files, uint64_t bytes) {
  auto vault =
      Vault::open(files, {.own = {SecretKey(ByteArray<32>{1}), {}}},
                  {.max_model_bytes = bytes, .max_memory_bytes = 0}, [](const VaultEvent&) {})
          .value();
  Bytes piece(kPieceLen);
  random_bytes(std::span(piece).first(4096));
  return seconds_of([&] {
    auto upload = vault->begin_upload("m", {}).value();
    for (uint64_t done = 0; done < bytes;) {
      const uint64_t n = std::min<uint64_t>(kPieceLen, bytes - done);
      BLINDAI_CHECK(upload->write(BytesView(piece).first(static_cast<size_t>(n))).has_value());
      done += n;
    }
    BLINDAI_CHECK(upload->finish_content().has_value());
    BLINDAI_CHECK(upload->commit({}).has_value());
  });
}

double plain_write_seconds(FileLayer& files, uint64_t bytes) {
  const Bytes piece(kPieceLen, 0x5a);
  return seconds_of([&] {
    auto file = files.create("plain").value();
    for (uint64_t done = 0; done < bytes; done += kPieceLen)
      BLINDAI_CHECK(file->write_at(done, piece).has_value());
    BLINDAI_CHECK(file->sync().has_value());
  });
}

void throughput(uint64_t bytes) {
  const double megabytes = static_cast<double>(bytes) / 1e6;
  const double gcm = openssl_speed("aes-256-gcm");
  const double sha = openssl_speed("sha256");
  const double in_sequence = 1 / (1 / gcm + 1 / sha);
  NoDisk nothing;
  double best = upload_seconds(nothing, bytes);
  for (int i = 0; i < 2; ++i) best = std::min(best, upload_seconds(nothing, bytes));
  const double ours = megabytes / best;
  row("upload: hash, check, seal", ours, "MB/s", in_sequence, "bar 60 % of the reference",
      ours >= 0.6 * in_sequence);
  std::printf("  %.0f %% of openssl speed: aes-256-gcm %.0f MB/s, then sha256 %.0f MB/s\n",
              100 * ours / in_sequence, gcm, sha);
  const TemporaryFolder folder;
  auto files = PosixFileLayer::open_folder(folder / "store").value();
  const double plain = plain_write_seconds(*files, bytes);
  const double sealed = upload_seconds(*files, bytes);
  std::printf("  onto this disk, with fsync: %.1f MB/s; the same bytes unsealed %.1f MB/s\n",
              megabytes / sealed, megabytes / plain);
}

void memory(const std::string& bin, uint64_t bytes) {
  const TemporaryFolder folder;
  const std::string path = folder.write("large.onnx", onnx_builder::heavy(bytes));
  const RunningServer server(bin, {.store = folder / "store"});
  const std::unique_ptr<Connection> connection = server.connect();
  const uint64_t before = server.resident_kib();
  const double taken = seconds_of([&] {
    const auto done = connection->upload_model(path, "large", {});
    if (!done.has_value()) {
      std::fprintf(stderr, "%s\n", done.error().sentence.c_str());
      std::exit(1);
    }
  });
  const double added = static_cast<double>(server.peak_resident_kib() - before) / 1024;
  const std::string what =
      "memory added by an upload of " + std::to_string(bytes / 1'000'000) + " MB";
  row(what.c_str(), added, "MiB", static_cast<double>(before) / 1024, "bar 64 MiB", added < 64);
  std::printf("  the upload itself, over TLS and tried in a worker: %.1f s, %.1f MB/s\n", taken,
              static_cast<double>(bytes) / 1e6 / taken);
}

}  // namespace
}  // namespace blindai

int main(int argc, char** argv) {
  using namespace blindai;
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const std::string bin = BLINDAI_BINARY_DIR "/bin";
  start(bin, quick ? 1000 : 10'000);
  list(bin, 1000);
  throughput(quick ? 100'000'000 : kModelLen);
  memory(bin, quick ? 100'000'000 : kModelLen);
  return 0;
}
