// Every route for every role: a real server, one TLS connection per role, the status and the code
// of each cell.
#include <ctime>
#include <gtest/gtest.h>

#include "lib/auth/endorsement.h"
#include "tests/access/peer.h"
#include "tests/onnx_builder.h"
#include "tests/server_process.h"

namespace blindai {
namespace {

// Who asks. The first seven differ by what they may do, the others are refused everywhere.
enum Role : size_t {
  kNobody,    // no key
  kStranger,  // a key that nobody knows
  kOther,     // another owner, listed
  kOwner,     // the models' owner, by its root key, listed
  kEndorsed,  // the same owner, by a key that the root endorsed
  kCaller,    // a key that the private model lists
  kAccount,   // an account, by a valid token, which owns other models
  kRetired,   // a key that the owner had and retired
  kExpired,   // the owner's root key with a token that has expired
  kWrongKey,  // the owner's root key with a token for another key
  kReplayed,  // the owner's proof, made for another connection
  kNumRoles,
};
constexpr const char* kRoleNames[] = {"nobody",   "stranger",  "other",   "owner",
                                      "endorsed", "caller",    "account", "retired",
                                      "expired",  "wrong key", "replayed"};
constexpr size_t kNumRefused = kNumRoles - kRetired;
constexpr const char* kRefused[kNumRefused] = {"403 auth.key-retired", "401 auth.token-expired",
                                               "401 auth.token-key", "401 auth.proof"};

// "200", or "403 auth.not-owner".
std::string told(const Reply& reply) {
  return std::to_string(reply.status) + (reply.code.empty() ? "" : " " + reply.code);
}

// What each of the first seven roles is told.
using Cells = std::array<const char*, kRetired>;

constexpr const char* kOk = "200";
constexpr const char* kNeedsKey = "401 auth.key-required";
constexpr const char* kNotListed = "403 auth.not-listed";
constexpr const char* kNotOwner = "403 auth.not-owner";
constexpr const char* kUnknown = "404 model.unknown";
constexpr const char* kTaken = "409 vault.name-taken";
constexpr const char* kHandle = "403 auth.handle";
constexpr const char* kNoSuchKey = "404 auth.key-unknown";

//                              nobody     stranger    other      owner  endorsed caller  account
constexpr Cells kEverybody = {kOk, kOk, kOk, kOk, kOk, kOk, kOk};
constexpr Cells kWithKey = {kNeedsKey, kOk, kOk, kOk, kOk, kOk, kOk};
constexpr Cells kCallsPrivate = {kUnknown, kUnknown, kUnknown, kOk, kOk, kOk, kUnknown};
constexpr Cells kChangesPublic = {kNeedsKey, kNotOwner, kNotOwner, kOk, kOk, kNotOwner, kNotOwner};
constexpr Cells kChangesPrivate = {kNeedsKey, kUnknown, kUnknown, kOk, kOk, kNotOwner, kUnknown};
constexpr Cells kUploadsAgain = {kNeedsKey, kNotListed, kTaken, kOk, kOk, kNotListed, kTaken};
constexpr Cells kUploadsOverIt = {kNeedsKey, kNotListed, kTaken, kTaken,
                                  kTaken,    kNotListed, kTaken};
constexpr Cells kReplaces = {kNeedsKey, kNotListed, kTaken, "201", "201", kNotListed, kTaken};
constexpr Cells kUploadsNew = {kNeedsKey, kNotListed, "201", "201", "201", kNotListed, "201"};
constexpr Cells kUploadsUnderHandle = {kNeedsKey, kNotListed, kHandle, kHandle,
                                       kHandle,   kNotListed, "201"};
constexpr Cells kEndorses = {kNeedsKey, kNotListed, kOk, kOk, kOk, kNotListed, kOk};
constexpr Cells kRetires = {kNeedsKey, kNoSuchKey, kNoSuchKey, kOk, kOk, kNoSuchKey, kNoSuchKey};

const Bytes& model_bytes() {
  static const Bytes kModel = onnx_builder::identity(Datatype::kFp32, {-1, 4});
  return kModel;
}
const Bytes& other_bytes() {
  static const Bytes kModel = onnx_builder::identity(Datatype::kFp32, {-1, 5});
  return kModel;
}
constexpr const char* kInfer =
    R"({"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]})";

class AccessMatrix : public testing::Test {
 protected:
  void SetUp() override {
    const std::string config = "owners = [\"" + to_text(owner_.public_key()) + "\", \"" +
                               to_text(other_.public_key()) + "\"]\ntoken_issuers = [\"" +
                               to_base64(issuer_.spki()) + "\"]\n";
    ASSERT_TRUE(server_.start(config)) << server_.log();
    proofs_ = {no_proof(),
               proof_of(stranger_),
               proof_of(other_),
               proof_of(owner_),
               proof_of(endorsed_),
               proof_of(caller_),
               proof_of(account_, token(account_)),
               proof_of(retired_),
               proof_of(owner_, token(owner_, -1000)),
               proof_of(owner_, token(account_)),
               [this](const AuthExporter& exporter) {
                 AuthExporter elsewhere = exporter;
                 elsewhere[31] ^= 1;
                 return proof_of(owner_)(elsewhere);
               }};
    for (const Peer::Proof& proof : proofs_)
      peers_.push_back(std::make_unique<Peer>(server_.address(), proof));
    for (const ApiKey* key : {&endorsed_, &retired_})
      ASSERT_EQ(told(ask(kOwner, "POST", "/v1/keys", consent(*key, owner_))), "200");
    ASSERT_EQ(told(ask(kEndorsed, "DELETE", key_path(retired_))), "200");
    restore();
  }

  // A token for the key that was issued so many seconds from now.
  std::string token(const ApiKey& key, int64_t from = 0) {
    const int64_t issued = std::time(nullptr) + from;
    return sign_account_token({.issuer = "https://accounts.example",
                               .account = "acct-7",
                               .handle = "alice",
                               .issued = {issued},
                               .expires = {issued + 900},
                               .key = key.public_key(),
                               .limits = {}},
                              issuer_);
  }
  static std::string consent(const ApiKey& key, const ApiKey& owner) {
    return endorsement_body(make_endorsement(key, owner.public_key()));
  }
  static std::string endorsement_body(const Endorsement& endorsement) {
    return "{\"key\":\"" + to_text(endorsement.key) + "\",\"consent\":\"" +
           consent_to_text(endorsement) + "\"}";
  }
  static std::string key_path(const ApiKey& key) { return "/v1/keys/" + to_text(key.public_key()); }

  template <typename... Args>
  Reply ask(Role role, Args&&... args) {
    return peers_[role]->ask(std::forward<Args>(args)...);
  }
  HttpFields private_fields() {
    return {{"blindai-visibility", "private"}, {"blindai-callers", to_text(caller_.public_key())}};
  }
  // Both models as they were at first, whatever was done to them.
  void restore() {
    const std::string access = R"({"visibility":"private","callers":[")" +
                               to_text(caller_.public_key()) + R"("],"handover":[]})";
    const HttpFields replace{{"blindai-replace", "true"}};
    ASSERT_LT(ask(kOwner, "PUT", "/v1/models/pub", model_bytes(), replace).status, 300u);
    HttpFields secret = private_fields();
    secret.emplace_back("blindai-replace", "true");
    ASSERT_LT(ask(kOwner, "PUT", "/v1/models/sec", model_bytes(), secret).status, 300u);
    ASSERT_EQ(ask(kOwner, "PUT", "/v1/models/sec/access", access).status, 200u);
    ASSERT_EQ(ask(kOwner, "PUT", "/v1/models/pub/access",
                  R"({"visibility":"public","callers":[],"handover":[]})")
                  .status,
              200u);
  }

  // One row of the table. `request`: asks as this role.
  void row(const std::string& name, const Cells& cells, const std::function<Reply(Role)>& request,
           const std::function<void(Role)>& afterwards = nullptr) {
    for (size_t i = 0; i < kNumRoles; ++i) {
      const auto role = static_cast<Role>(i);
      const char* expected = i < kRetired ? cells[i] : kRefused[i - kRetired];
      const Reply reply = request(role);
      EXPECT_EQ(told(reply), expected) << name << " as " << kRoleNames[i] << ": " << reply.body;
      EXPECT_TRUE(reply.status < 400 || reply.sentence.size() > 30) << name;
      if (reply.status < 300 && afterwards != nullptr) afterwards(role);
      ++cells_;
    }
  }
  void row(const std::string& method, const std::string& target, const Cells& cells,
           const std::string& body = "") {
    row(method + " " + target, cells, [&](Role role) { return ask(role, method, target, body); });
  }
  // The same row for both models.
  void model_row(const std::string& method, const std::string& before, const std::string& after,
                 const Cells& of_public, const Cells& of_private, const std::string& body = "") {
    row(method, before + "pub" + after, of_public, body);
    row(method, before + "sec" + after, of_private, body);
  }

  const SigningKey issuer_ = SigningKey::generate();
  const ApiKey stranger_ = key_of(1);
  const ApiKey other_ = key_of(2);
  const ApiKey owner_ = key_of(3);
  const ApiKey endorsed_ = key_of(4);
  const ApiKey caller_ = key_of(5);
  const ApiKey account_ = key_of(6);
  const ApiKey retired_ = key_of(7);
  ServerProcess server_;
  std::vector<Peer::Proof> proofs_;
  std::vector<std::unique_ptr<Peer>> peers_;
  size_t cells_ = 0;
};

TEST_F(AccessMatrix, EveryRouteForEveryRole) {
  row("GET", "/v2", kEverybody);
  row("GET", "/v2/health/live", kEverybody);
  row("GET", "/v2/health/ready", kEverybody);
  row("GET", "/v1/attestation", kEverybody);
  row("POST", "/v1/attestation", kEverybody,
      R"({"nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})");
  row("GET", "/v2/models/stats", kEverybody);
  row("POST", "/v2/repository/index", kEverybody);
  row("GET", "/v1/models", kWithKey);
  row("GET", "/v1/keys", kWithKey);

  for (const char* after : {"", "/ready", "/config", "/stats", "/versions/1"})
    model_row("GET", "/v2/models/", after, kEverybody, kCallsPrivate);
  model_row("GET", "/v1/models/", "", kEverybody, kCallsPrivate);
  model_row("POST", "/v2/models/", "/infer", kEverybody, kCallsPrivate, kInfer);
  model_row("POST", "/v2/models/", "/versions/1/infer", kEverybody, kCallsPrivate, kInfer);
  model_row("POST", "/v2/repository/models/", "/load", kEverybody, kCallsPrivate);
  model_row("POST", "/v2/repository/models/", "/unload", kChangesPublic, kChangesPrivate);
  model_row("GET", "/v1/models/", "/access", kChangesPublic, kChangesPrivate);
  row("PUT", "/v1/models/pub/access", kChangesPublic,
      R"({"visibility":"public","callers":[],"handover":[]})");
  row("PUT", "/v1/models/sec/access", kChangesPrivate,
      R"({"visibility":"private","callers":[")" + to_text(caller_.public_key()) +
          R"("],"handover":[]})");

  for (const char* name : {"/v1/models/pub", "/v1/models/sec"}) {
    const auto upload = [&](const Bytes& bytes, HttpFields fields) {
      return
          [this, name, &bytes, fields](Role role) { return ask(role, "PUT", name, bytes, fields); };
    };
    row(std::string("the same bytes: ") + name, kUploadsAgain, upload(model_bytes(), {}));
    row(std::string("other bytes: ") + name, kUploadsOverIt, upload(other_bytes(), {}));
    row(std::string("a replacement: ") + name, kReplaces,
        upload(other_bytes(), {{"blindai-replace", "true"}}), [this](Role) { restore(); });
    row(
        std::string("DELETE ") + name,
        name == std::string("/v1/models/pub") ? kChangesPublic : kChangesPrivate,
        [&](Role role) { return ask(role, "DELETE", name); }, [this](Role) { restore(); });
  }
  for (const auto& [name, cells] : {std::pair{"/v1/models/new", &kUploadsNew},
                                    std::pair{"/v1/models/alice/new", &kUploadsUnderHandle}})
    row(
        std::string("PUT ") + name, *cells,
        [&](Role role) { return ask(role, "PUT", name, model_bytes()); },
        [&](Role role) { EXPECT_EQ(told(ask(role, "DELETE", name)), "200"); });

  // Each role brings a new key that consents to belong to the role's owner.
  const ApiKey* roots[kNumRoles] = {&stranger_, &stranger_, &other_, &owner_, &owner_, &caller_,
                                    &account_,  &owner_,    &owner_, &owner_, &owner_};
  row("POST /v1/keys", kEndorses, [&](Role role) {
    return ask(role, "POST", "/v1/keys",
               consent(key_of(static_cast<uint8_t>(100 + role)), *roots[role]));
  });
  row("DELETE /v1/keys/{key}", kRetires, [&](Role role) {
    // A key of the owner that is still active: those that the owner's two keys took in.
    const auto seed = static_cast<uint8_t>(role == kEndorsed ? 100 + kOwner : 100 + kEndorsed);
    return ask(role, "DELETE", key_path(key_of(seed)));
  });
  // What is no route is none for anybody.
  for (size_t i = 0; i < kNumRoles; ++i)
    EXPECT_EQ(told(ask(static_cast<Role>(i), "GET", "/nothing")), "404 http.route");
  EXPECT_GT(cells_, 450u);
}

}  // namespace
}  // namespace blindai
