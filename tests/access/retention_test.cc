// Models that nobody uses: what the real server tells of them, and when it removes them, as its
// clock goes on.
#include <algorithm>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <set>
#include <thread>
#include <utility>

#include "lib/base/time.h"
#include "lib/crypto/crypto.h"
#include "tests/access/peer.h"
#include "tests/onnx_builder.h"
#include "tests/server_process.h"

namespace blindai {
namespace {

constexpr int64_t kDay = 24 * 3600;
constexpr const char* kExpires = "blindai-model-expires";

class RetentionOfServer : public testing::Test {
 protected:
  class Call;

  void start(const std::string& config, std::vector<std::string> options = {}) {
    set_ahead(ahead_);
    options.insert(options.end(), {"--worker", BLINDAI_BINARY_DIR "/bin/blindai-worker", clock_});
    std::string owners;
    for (uint8_t seed = 1; seed <= 3; ++seed)
      owners += (seed == 1 ? "\"" : ",\"") + to_text(key_of(seed).public_key()) + "\"";
    ASSERT_TRUE(server_.start("owners = [" + owners + "]\n" + "token_issuers = [\"" +
                                  to_base64(issuer_.spki()) + "\"]\n" + config,
                              options))
        << server_.log();
    owner_ = std::make_unique<Peer>(server_.address(), proof_of(key_of(1)));
  }
  // The server's time, so far from the system's.
  void set_ahead(int64_t seconds) {
    ahead_ = seconds;
    std::ofstream(clock_ + ".new") << seconds;
    std::filesystem::rename(clock_ + ".new", clock_);
  }
  Time now() const { return {std::time(nullptr) + ahead_}; }

  void put(const std::string& id, const Bytes& model, HttpFields fields = {}) {
    const Reply reply = owner_->ask("PUT", "/v1/models/" + id, model, std::move(fields));
    EXPECT_EQ(reply.status, 201u) << reply.body;
    EXPECT_EQ(reply.field(kExpires), std::nullopt);
  }
  Reply infer(const std::string& id, Peer* peer = nullptr) {
    return (peer == nullptr ? *owner_ : *peer)
        .ask("POST", "/v2/models/" + id + "/infer",
             R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]})");
  }
  Reply look(const std::string& id) { return owner_->ask("GET", "/v1/models/" + id); }
  static bool holds(const std::function<bool()>& condition) {
    for (int i = 0; i < 2000 && !condition(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return condition();
  }
  // The server removes it by itself, some rounds from now.
  bool goes(const std::string& id) {
    return holds([&] { return look(id).code == "model.unknown"; });
  }
  size_t files() const {
    const std::filesystem::directory_iterator all(server_.folder() + "/store");
    return static_cast<size_t>(std::count_if(begin(all), end(all), [](const auto& entry) {
      return entry.path().extension() == ".sealed";
    }));
  }
  std::set<pid_t> workers() const {
    const std::string process = std::to_string(server_.pid());
    std::ifstream children("/proc/" + process + "/task/" + process + "/children");
    std::set<pid_t> out;
    for (pid_t pid = 0; children >> pid;) out.insert(pid);
    return out;
  }
  // One that is not among these; -1: there is none.
  pid_t worker_beside(const std::set<pid_t>& known) const {
    for (const pid_t pid : workers())
      if (!known.contains(pid)) return pid;
    return -1;
  }

  const Bytes model_ = onnx_builder::identity(Datatype::kFp32, {-1});
  const SigningKey issuer_ = SigningKey::generate();
  int64_t ahead_ = 0;
  ServerProcess server_{BLINDAI_BINARY_DIR "/test/blindai-server-at"};
  const std::string clock_ = server_.folder() + "/clock";
  std::unique_ptr<Peer> owner_;
};

// A prediction of one listed owner, which its model's worker does not come to answer: that is
// stopped. Without a worker, the one that is made for it is stopped as soon as it is there.
class RetentionOfServer::Call {
 public:
  Call(RetentionOfServer& test, uint8_t owner, const std::string& id, pid_t worker = -1)
      : test_(test), peer_(test.server_.address(), proof_of(key_of(owner))), worker_(worker) {
    const std::set<pid_t> known = test_.workers();
    if (worker_ > 0) ::kill(worker_, SIGSTOP);
    thread_ = std::thread([this, owner, id] {
      Peer peer(test_.server_.address(), proof_of(key_of(owner)));
      do reply_ = test_.infer(id, &peer);
      while (reply_.status == 429);  // is_under_way() was there first
    });
    if (worker_ > 0) return;
    (void)holds([&] { return (worker_ = test_.worker_beside(known)) > 0; });
    if (worker_ > 0) ::kill(worker_, SIGSTOP);
  }
  ~Call() {
    go_on();
    if (thread_.joinable()) thread_.join();
  }
  // Admitted and not answered: the same owner's next one is refused.
  bool is_under_way() {
    return worker_ > 0 && holds([this] { return test_.infer("used", &peer_).status == 429; });
  }
  void go_on() {
    if (worker_ > 0) ::kill(std::exchange(worker_, -1), SIGCONT);
  }
  const Reply& reply() {
    if (thread_.joinable()) thread_.join();
    return reply_;
  }

 private:
  RetentionOfServer& test_;
  Peer peer_;
  pid_t worker_;
  Reply reply_;
  std::thread thread_;
};

TEST_F(RetentionOfServer, WarnsOfTheUnusedModelThenRemovesIt) {
  start("[limits]\nretention_days = 30\n");
  const Time uploaded = now();
  for (const char* id : {"used", "unused", "looked-at"}) put(id, model_);
  put("passing", model_, {{"blindai-save-model", "false"}});
  EXPECT_EQ(files(), 3u);

  set_ahead(20 * kDay);
  const Reply use = infer("used");
  EXPECT_EQ(use.status, 200u) << use.body;
  EXPECT_EQ(use.field(kExpires), std::nullopt);
  EXPECT_EQ(look("unused").field(kExpires), std::nullopt);

  // The last seven days: every answer about the model tells, and a description is no use.
  set_ahead(23 * kDay + 100);
  for (const char* id : {"unused", "looked-at", "passing"}) {
    const Reply told = look(id);
    const auto end = parse_rfc3339(told.field(kExpires).value_or(""));
    ASSERT_TRUE(end.has_value()) << id;
    EXPECT_GE(*end, uploaded + 30 * kDay);
    EXPECT_LE(*end, uploaded + (30 * kDay + 100));
  }
  for (const char* target : {"/v2/models/looked-at", "/v2/models/looked-at/ready",
                             "/v2/models/looked-at/config", "/v2/models/looked-at/stats"})
    EXPECT_NE(owner_->ask("GET", target).field(kExpires), std::nullopt) << target;
  EXPECT_EQ(look("used").field(kExpires), std::nullopt);

  // The moment has come; those in memory are models like the others.
  set_ahead(30 * kDay + 100);
  for (const char* id : {"unused", "looked-at", "passing"}) {
    EXPECT_TRUE(goes(id)) << id;
    const Reply gone = infer(id);
    EXPECT_EQ(gone.status, 404u);
    EXPECT_EQ(gone.code, "model.unknown");
  }
  // The operator is told how many, once the disk has it.
  EXPECT_TRUE(holds([&] { return server_.log().contains("retention: "); }));
  EXPECT_FALSE(server_.log().contains("looked-at"));
  EXPECT_EQ(files(), 1u);
  EXPECT_TRUE(owner_->ask("GET", "/v1/models").body.contains("\"used\""));
  EXPECT_FALSE(owner_->ask("GET", "/v1/models").body.contains("unused"));
  EXPECT_EQ(owner_->ask("POST", "/v2/repository/index").body,
            R"([{"name":"used","version":"1","state":"READY"}])");

  // The name is free, and the new model's time is its own.
  put("unused", model_);
  EXPECT_EQ(infer("unused").status, 200u);
}

TEST_F(RetentionOfServer, AWarnedModelThatIsUsedStays) {
  start("[limits]\nretention_days = 4\n");
  put("called", model_);
  put("loaded", model_);
  put("uploaded", model_);
  set_ahead(2 * kDay + 100);  // half of a time shorter than 14 days
  for (const char* id : {"called", "loaded", "uploaded"})
    EXPECT_NE(look(id).field(kExpires), std::nullopt) << id;
  const Reply call = infer("called");
  EXPECT_EQ(call.status, 200u);
  EXPECT_NE(call.field(kExpires), std::nullopt);  // as it was before this use
  EXPECT_EQ(owner_->ask("POST", "/v2/repository/models/loaded/load").status, 200u);
  EXPECT_EQ(owner_->ask("PUT", "/v1/models/uploaded", model_).status, 200u);
  for (const char* id : {"called", "loaded", "uploaded"})
    EXPECT_EQ(look(id).field(kExpires), std::nullopt) << id;
  set_ahead(5 * kDay);
  put("later", model_);
  set_ahead(6 * kDay + 200);
  for (const char* id : {"called", "loaded", "uploaded"}) EXPECT_TRUE(goes(id)) << id;
  EXPECT_EQ(look("later").status, 200u);
}

TEST_F(RetentionOfServer, ARestartKeepsWhenAModelWasUsed) {
  const std::string config = "[limits]\nretention_days = 10\n";
  start(config);
  put("m", model_);
  set_ahead(6 * kDay);
  EXPECT_EQ(server_.stop(), 0);
  start(config);
  EXPECT_NE(look("m").field(kExpires), std::nullopt);
  EXPECT_EQ(infer("m").status, 200u);
  EXPECT_EQ(server_.stop(), 0);
  set_ahead(11 * kDay);
  start(config);
  EXPECT_EQ(look("m").status, 200u);
  set_ahead(17 * kDay);
  EXPECT_TRUE(goes("m"));
  EXPECT_TRUE(holds([&] { return files() == 0; }));
}

// A plan that says fewer days than the configuration, one that says none, and the configuration's
// own model.
TEST_F(RetentionOfServer, GoesByThePlanAndSparesTheConfigurationsModels) {
  std::ofstream(server_.folder() + "/fixed.onnx", std::ios::binary) << as_text(model_);
  start("[limits]\nretention_days = 30\n[[models]]\nid = \"fixed\"\nsha256 = \"" +
            to_hex(sha256(model_)) + "\"\n",
        {"--models", server_.folder()});
  const auto account = [this](uint8_t seed, const AccountLimits& limits) {
    const std::string token = token_of(seed, limits, issuer_, now());
    return std::make_unique<Peer>(server_.address(), proof_of(key_of(seed), token));
  };
  EXPECT_EQ(account(4, {.retention_days = 3})->ask("PUT", "/v1/models/three", model_).status, 201u);
  EXPECT_EQ(account(5, {})->ask("PUT", "/v1/models/thirty", model_).status, 201u);
  set_ahead(4 * kDay);
  EXPECT_TRUE(goes("three"));
  EXPECT_EQ(look("thirty").status, 200u);
  set_ahead(31 * kDay);
  EXPECT_TRUE(goes("thirty"));
  set_ahead(3000 * kDay);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(look("fixed").status, 200u);
  EXPECT_EQ(look("fixed").field(kExpires), std::nullopt);
}

TEST_F(RetentionOfServer, IsOffWhereNobodySaysDays) {
  start("");
  put("m", model_);
  set_ahead(3000 * kDay);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(look("m").status, 200u);
  EXPECT_EQ(look("m").field(kExpires), std::nullopt);
}

// The removal comes while one model runs and others are read by their workers, which are stopped
// where they are, so that it can come neither before nor after.
TEST_F(RetentionOfServer, HurtsNothingThatIsUnderWay) {
  start("[limits]\nretention_days = 1\nconcurrent_predictions = 1\n");
  put("used", model_);
  const std::set<pid_t> known = workers();
  put("running", model_);
  Call running(*this, 1, "running", worker_beside(known));
  ASSERT_TRUE(running.is_under_way());
  const Bytes large = onnx_builder::heavy(16 << 20);
  Peer second(server_.address(), proof_of(key_of(2)));
  for (const std::string id : {"forgotten", "kept"}) {
    ASSERT_EQ(second.ask("PUT", "/v1/models/" + id, large).status, 201u);
    ASSERT_EQ(second.ask("POST", "/v2/repository/models/" + id + "/unload").status, 200u);
  }
  Call forgotten(*this, 2, "forgotten");
  ASSERT_TRUE(forgotten.is_under_way());
  set_ahead(kDay / 2);
  Call kept(*this, 3, "kept");
  ASSERT_TRUE(kept.is_under_way());
  Peer nobody(server_.address(), no_proof());
  ASSERT_EQ(infer("used", &nobody).status, 200u);

  set_ahead(kDay + 100);
  EXPECT_TRUE(goes("running"));
  EXPECT_TRUE(goes("forgotten"));
  EXPECT_TRUE(holds([&] { return files() == 2; }));
  EXPECT_EQ(forgotten.reply().code, "infer.forgotten");
  EXPECT_EQ(forgotten.reply().status, 404u);
  for (Call* call : {&running, &kept}) {
    call->go_on();
    EXPECT_EQ(call->reply().status, 200u) << call->reply().body;
  }
  EXPECT_EQ(infer("used").status, 200u);
  EXPECT_EQ(server_.stop(), 0);
}

}  // namespace
}  // namespace blindai
