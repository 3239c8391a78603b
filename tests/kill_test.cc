// The real server is killed (SIGKILL) at random moments while a real client uploads, replaces and
// deletes. After each kill every model that was acknowledged is in the store, whole, and nothing
// else is, but for the one change that was not answered yet: that is there whole or not at all. The
// server that starts next says the same.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <thread>
#include <utility>

#include "enclave/vault/posix_file_layer.h"
#include "enclave/vault/vault.h"
#include "lib/crypto/crypto.h"
#include "tests/onnx_builder.h"
#include "tests/running_server.h"
#include "tests/support/sanitizers.h"
#include "tests/support/temporary_folder.h"

namespace blindai {
namespace {

constexpr int kPoints = kUnderSanitizer ? 12 : 200;

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

using Names = std::map<std::string, Sha256Digest>;
enum class Kind : uint8_t { kUpload, kReplace, kDelete };

struct Change {
  Kind kind;
  std::string id;
  std::optional<Sha256Digest> after;  // none: deleted
};

// Models of different bytes and lengths, as files that a client uploads.
struct ModelFiles {
  explicit ModelFiles(const TemporaryFolder& folder) {
    for (const size_t bytes : {500u, 60'000u, 200'000u, 1'000'000u, 3'000'000u}) {
      const Bytes model = onnx_builder::heavy(bytes);
      paths.push_back(folder.write(std::to_string(bytes) + ".onnx", model));
      hashes.push_back(sha256(model));
    }
  }
  std::vector<std::string> paths;
  std::vector<Sha256Digest> hashes;
};

// Changes models through one connection until that breaks.
class Client {
 public:
  Client(const ModelFiles& files, uint32_t seed) : files_(files), random_(seed) {}

  // delete_first: begin with a deletion, when there is something to delete.
  void work(const RunningServer& server, bool delete_first) {
    unanswered_.reset();
    delete_first_ = delete_first;
    const auto connection = server.try_connect();
    if (!connection.has_value()) return;  // killed that early
    while (change_one(**connection)) ++answered_;
  }

  const Names& acknowledged() const { return acknowledged_; }
  const std::optional<Change>& unanswered() const { return unanswered_; }
  size_t answered() const { return answered_; }
  // Read while another thread works: how many changes have begun since work(), and how long an
  // upload takes.
  uint32_t begun() const { return begun_; }
  microseconds usual_upload() const { return microseconds(usual_upload_us_); }
  // What became of the unanswered change is known now.
  void learn(const Names& found) {
    acknowledged_ = found;
    begun_ = 0;
    unanswered_.reset();
  }

 private:
  bool change_one(Connection& connection) {
    std::string id = "m" + std::to_string(random_() % 3);
    if (delete_first_ && !acknowledged_.empty()) id = acknowledged_.begin()->first;
    const auto found = acknowledged_.find(id);
    size_t file = random_() % files_.paths.size();
    const bool may_delete = found != acknowledged_.end();
    if (may_delete && (std::exchange(delete_first_, false) || random_() % 3 == 0)) {
      ++begun_;
      unanswered_ = {Kind::kDelete, id, std::nullopt};
      const auto done = connection.delete_model(id);
      return is_answered(done.has_value() ? nullptr : &done.error());
    }
    // Other bytes than it has, or there would be nothing to do.
    if (found != acknowledged_.end() && files_.hashes[file] == found->second)
      file = (file + 1) % files_.paths.size();
    const bool replace = found != acknowledged_.end();
    unanswered_ = {replace ? Kind::kReplace : Kind::kUpload, id, files_.hashes[file]};
    UploadOptions options;
    options.replace = replace;
    ++begun_;
    const auto start = Clock::now();
    const auto done = connection.upload_model(files_.paths[file], id, options);
    const auto taken = std::chrono::duration_cast<microseconds>(Clock::now() - start).count();
    // One that was killed would have taken longer.
    usual_upload_us_ = done.has_value() ? (usual_upload_us_ + taken) / 2
                                        : std::max<int64_t>(usual_upload_us_, taken * 5 / 4);
    return is_answered(done.has_value() ? nullptr : &done.error());
  }

  bool is_answered(const Problem* problem) {
    if (problem != nullptr) {
      EXPECT_TRUE(problem->remote_code.empty()) << "the server refused: " << problem->sentence;
      return false;
    }
    if (unanswered_->after.has_value())
      acknowledged_[unanswered_->id] = *unanswered_->after;
    else
      acknowledged_.erase(unanswered_->id);
    unanswered_.reset();
    return true;
  }

  const ModelFiles& files_;
  std::mt19937 random_;
  Names acknowledged_;
  std::optional<Change> unanswered_;
  size_t answered_ = 0;
  bool delete_first_ = false;
  std::atomic<uint32_t> begun_ = 0;
  std::atomic<int64_t> usual_upload_us_ = 150'000;
};

// What lies in the store, each model read to its end.
Names read_store(const std::string& path, const Sha256Digest& measurement) {
  auto files = PosixFileLayer::open_folder(path).value();
  auto vault = Vault::open(*files, {.own = seal_of_server(*files, measurement)},
                           {.max_model_bytes = 1 << 30, .max_memory_bytes = 0},
                           [](const VaultEvent& event) {
                             EXPECT_EQ(event.kind, VaultEvent::Kind::kLeftoverRemoved)
                                 << event.file << ": " << event.error.describe();
                           })
                   .value();
  Names out;
  for (const auto& record : vault->catalogue()) {
    const OpenedModel model = vault->open_model(record->id).value();
    Sha256 hash;
    Bytes piece(65536);
    while (true) {
      const Result<size_t> n = model.reader->read(piece);
      EXPECT_TRUE(n.has_value()) << record->id << " is damaged: " << n.error().describe();
      if (!n.has_value() || *n == 0) break;
      hash.update(BytesView(piece).first(*n));
    }
    out[record->id] = hash.finish();
    EXPECT_EQ(out[record->id], record->sha256) << record->id;
  }
  return out;
}

Names listed_by(Connection& connection) {
  Names out;
  const auto models = connection.models();
  EXPECT_TRUE(models.has_value());
  if (models.has_value())
    for (const ModelInfo& model : *models) out[model.model_id] = model.model_hash;
  return out;
}

// Any moment is as good as another, but most of an upload is a worker that tries the model, and a
// deletion is short. So of three points one is anywhere, one near the end of an upload, where the
// store changes, and one within a deletion.
void wait_for_the_moment(const Client& client, int point, std::mt19937& random) {
  const auto upto = [&random](microseconds most) {
    return microseconds(std::uniform_int_distribution<int64_t>(0, most.count())(random));
  };
  const microseconds upload = client.usual_upload();
  if (point % 3 == 0) return std::this_thread::sleep_for(upto(upload * 3 / 2));
  const auto give_up = Clock::now() + std::chrono::seconds(5);
  while (client.begun() == 0 && Clock::now() < give_up)
    std::this_thread::sleep_for(microseconds(50));
  if (point % 3 == 1) return std::this_thread::sleep_for(upload * 3 / 4 + upto(upload / 2));
  std::this_thread::sleep_for(upto(std::chrono::milliseconds(kUnderSanitizer ? 100 : 20)));
}

TEST(Kill, AtRandomMomentsLosesNothingAcknowledgedAndKeepsNothingElse) {
  const uint32_t seed = std::random_device()();
  std::printf("seed %u, %d points%s\n", seed, kPoints,
              kUnderSanitizer ? " (200 without a sanitizer)" : "");
  const std::string bin = BLINDAI_BINARY_DIR "/bin";
  const TemporaryFolder folder;
  const ModelFiles files(folder);
  const std::string store = folder / "store";
  std::mt19937 random(seed);
  Client client(files, seed);
  std::map<Kind, int> killed_during;
  int not_done = 0;
  int done = 0;
  Names found;

  for (int point = 0; point < kPoints && !testing::Test::HasFailure(); ++point) {
    RunningServer server(bin, {.store = store});
    if (point % 10 == 0) {
      EXPECT_EQ(listed_by(*server.connect()), found) << "point " << point;
      for (const auto& file : std::filesystem::directory_iterator(store))
        EXPECT_NE(file.path().extension(), ".tmp") << file.path();
    }
    std::thread worker([&] { client.work(server, point % 3 == 2); });
    wait_for_the_moment(client, point, random);
    server.kill();
    worker.join();

    found = read_store(store, server.measurement());
    const std::optional<Change>& open = client.unanswered();
    Names changed = client.acknowledged();
    if (open.has_value()) {
      ++killed_during[open->kind];
      changed.erase(open->id);
      if (open->after.has_value()) changed[open->id] = *open->after;
      ++(found == changed ? done : not_done);
    }
    EXPECT_TRUE(found == client.acknowledged() || found == changed)
        << "seed " << seed << ", point " << point << ": the store is neither as acknowledged nor "
        << "with the change that was not answered";
    client.learn(found);
  }

  // What was kept is also a model that runs.
  RunningServer server(bin, {.store = store});
  const auto connection = server.connect();
  EXPECT_EQ(listed_by(*connection), found);
  const float x = 2;
  const BytesView data(reinterpret_cast<const uint8_t*>(&x), sizeof x);
  for (const auto& [id, hash] : found) {
    const auto answer = connection->predict(id, {{"x", Datatype::kFp32, {1}, data}}, {});
    ASSERT_TRUE(answer.has_value()) << id << ": " << answer.error().sentence;
    EXPECT_EQ(answer->model_hash, hash);
  }
  std::printf(
      "killed during %d uploads, %d replacements, %d deletions (%d of them done, %d not) "
      "after %zu answered changes\n",
      killed_during[Kind::kUpload], killed_during[Kind::kReplace], killed_during[Kind::kDelete],
      done, not_done, client.answered());
  if (kUnderSanitizer) return;
  for (const Kind kind : {Kind::kUpload, Kind::kReplace, Kind::kDelete})
    EXPECT_GE(killed_during[kind], 3) << static_cast<int>(kind);
  EXPECT_GE(client.answered(), 20u) << "hardly anything happened between the kills";
}

}  // namespace
}  // namespace blindai
