// A verified connection to a BlindAI server: upload models, send tensors, get tensors back.
//
//   ConnectOptions options{.policy = policy};
//   auto connection = Connection::connect("ai.example.org:9924", options);
//   if (!connection) return report(connection.error());
//   auto prediction = (*connection)->predict("resnet18", {{"input", Datatype::kFp32, {1, 3, 224,
//   224}, pixels}});
//
// connect() returns only after the server has proved what it runs: evidence in its certificate and
// fresh evidence over a nonce of ours and this TLS connection both satisfied the policy
// (lib/attest, lib/channel). Until then nothing of the user's is sent. There is no way to skip it.
// Blocking. Thread-compatible: one caller at a time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/attest/policy.h"
#include "lib/attest/verify.h"
#include "lib/auth/api_key.h"
#include "lib/auth/model_access.h"
#include "lib/auth/owner_keys.h"
#include "lib/auth/stored_receipt.h"
#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/oip/datatype.h"

namespace blindai {

// Gives an account token (lib/auth/account_token.h) for the caller's API key. They live 15 minutes,
// so it is asked when connecting and again before one expires; what it answers with an error ends
// the call.
using AccountTokenSource = std::function<Outcome<std::string>()>;

struct ConnectOptions {
  Policy policy;  // what is accepted; the default accepts nothing
  // Accept evidence of the simulation, which proves nothing: for development. Every check runs all
  // the same, under the simulation's test root instead of the vendors'.
  bool simulation = false;
  std::chrono::milliseconds connect_time{10'000};
  std::chrono::milliseconds request_time{300'000};
  // Asked while a call waits, after every signal and a few times a second; true ends the call with
  // kUnavailable "net.interrupted". Must live as long as the connection.
  std::function<bool()> interrupted = {};
  // Who the caller is: every request on a verified connection then carries a signature that holds
  // on that connection alone. The key itself is never sent. Null: anonymous.
  std::shared_ptr<const ApiKey> api_key = {};
  AccountTokenSource account_token = {};  // only with api_key
};

// Row-major, packed, little-endian; BYTES as the Open Inference Protocol's binary form has it.
struct TensorView {
  std::string name;  // may be empty: the model's input at this position
  Datatype datatype;
  std::vector<int64_t> shape;
  BytesView data;  // borrowed until predict() returns
};

struct Tensor {
  std::string name;
  Datatype datatype;
  std::vector<int64_t> shape;
  Bytes data;
};

struct PredictOptions {
  std::vector<std::string> outputs;        // empty: all
  std::optional<Sha256Digest> model_hash;  // another model under that name is then an error
  uint64_t least_epoch = 0;                // of a receipt: an older model is then an error
  std::string request_id;                  // echoed
};

struct Prediction {
  std::string model_id;
  std::string model_version;
  std::string request_id;
  Sha256Digest model_hash;  // of the model that ran
  std::vector<Tensor> outputs;
  std::chrono::nanoseconds inference_time{0};  // the model's own run time, as the server reports it
  // When it would have been removed without this use; absent: not within days.
  std::optional<Time> expires = {};
};

struct ModelInfo {
  std::string model_id;
  Sha256Digest model_hash;
  uint64_t size = 0;  // bytes of the ONNX file
  ModelSignature signature;
  std::optional<StoredReceipt> receipt = {};  // absent for a model in the server's memory only
  // It is removed then unless it is used before. Absent: not within days, and in models(), which
  // does not ask it.
  std::optional<Time> expires = {};
};

struct UploadOptions {
  bool save_model = true;  // false: kept in the server's memory only, gone when it stops
  // Bytes sent so far, and in all.
  std::function<void(uint64_t, uint64_t)> progress;
  // Asked before each piece of the file; true ends the upload with kUnavailable
  // "client.upload.stopped", and the server keeps nothing.
  std::function<bool()> stop = {};
  bool replace = false;  // take the place of another model of the caller's under that name
  // Private: only the owner and `callers` may call the model, or know of it.
  bool is_private = false;
  std::vector<PublicKey> callers = {};
};

// What was verified before the connection was handed out, check by check.
struct AttestedServer {
  Verification certificate;  // of the evidence in the TLS certificate
  Verification fresh;        // of the evidence over our nonce and this connection
  std::vector<Check>
      certificate_channel;     // the certificate's claims: key, configuration, receipt key
  std::vector<Check> channel;  // the fresh claims: the same, and nonce and exporter
  std::string config;          // the measured configuration, whose hash is in the claims
  Bytes receipt_key;           // SPKI, whose hash is in the claims
  std::string message;  // the server's attestation message as it came, to keep beside results
  bool simulation = false;

  // True when every check of all four lists passed.
  bool ok() const;
};
// {"ok":…,"simulation":…,"checks":[{"of":"certificate"|"connection","name","state","expected",
// "found","advice"}…],"evidence":{…}|null,"config":…,"config_hash":…}: what `blindai verify --json`
// prints. "evidence" is the fresh one.
std::string to_json(const AttestedServer& server);

class Connection {
 public:
  // Errors: kInvalid "client.token-without-key", and those of options.account_token and its tokens,
  // before any network; those of HttpClient::connect; of lib/attest and lib/channel, by the id of
  // the first check that failed; kUntrusted "client.simulation" when the server runs the simulation
  // and options.simulation is off (and kUntrusted by check id the other way round);
  // "client.attestation-message" for an answer that is no JSON.
  // `failed`, when given, receives what was verified up to the failure, so that it can be shown.
  static Outcome<std::unique_ptr<Connection>> connect(const std::string& address,
                                                      const ConnectOptions& options,
                                                      AttestedServer* failed = nullptr);
  virtual ~Connection() = default;

  // What was verified last. A call below may verify again: when the policy's max_evidence_age_s has
  // passed, or when the server closed the connection and another TLS key answers at its address.
  virtual const AttestedServer& server() const = 0;

  // Every call below, beside its own errors:
  //   net.*, tls.*          after one more try on a new verified connection, when the server closed
  //                         an idle one before it answered
  //   those of connect()    when the server has to be verified again and does not hold any more
  //   "server.refused"      what the server answered: its code by HTTP status, its sentence, and
  //   its
  //                         own "area.reason" in Problem::remote_code, which name() returns
  //   kMalformed "server.answer", "oip.*"  an answer that is not what the interface says

  // The file is streamed; memory does not grow with it. Errors: kInvalid "model-id.*"; kNotFound
  // "client.file.open"; kInvalid "client.file.kind", "client.file.empty", "net.body-short" (it
  // shrank meanwhile); those of check_access().
  virtual Outcome<ModelInfo> upload_model(const std::string& path, const std::string& model_id,
                                          const UploadOptions& options) = 0;
  // Inputs are sent from where they are, uncopied. Each output is copied once, into memory of its
  // own that is aligned for every datatype. Errors: kInvalid "model-id.*", "client.input.position".
  virtual Outcome<Prediction> predict(const std::string& model_id,
                                      const std::vector<TensorView>& inputs,
                                      const PredictOptions& options) = 0;
  // The caller's own; without a key, those that have no owner.
  virtual Outcome<std::vector<ModelInfo>> models() = 0;
  // `least_epoch`: of a receipt. Errors: kConflict "vault.rolled-back" for an older model, or one
  // of which the server does not say how old it is.
  virtual Outcome<ModelInfo> model(const std::string& model_id, uint64_t least_epoch = 0) = 0;
  // A receipt of the deletion, where the server keeps any.
  virtual Outcome<std::optional<StoredReceipt>> delete_model(const std::string& model_id) = 0;

  // Of a model that the caller owns. set_access() replaces all of it; errors: those of
  // check_access().
  virtual Outcome<ModelAccess> access(const std::string& model_id) = 0;
  virtual Outcome<StoredReceipt> set_access(const std::string& model_id,
                                            const ModelAccess& access) = 0;

  // The keys of the owner that the caller's key belongs to: each answers with the whole list.
  // endorse() adds `key`, which consented (lib/auth/endorsement.h).
  virtual Outcome<OwnerKeys> keys() = 0;
  virtual Outcome<OwnerKeys> endorse(const PublicKey& key,
                                     const ByteArray<kEd25519SignatureLen>& consent) = 0;
  virtual Outcome<OwnerKeys> retire(const PublicKey& key) = 0;
};

// Of the operating system's clock.
Time now_of_system();

// The policy of a program: the file `named`, when that is not empty; else $BLINDAI_POLICY; else the
// file `beside` (one shipped with the program), when there is one.
// Errors: kNotFound "client.policy.none", "client.policy.open"; policy.* for what is in the file.
Outcome<Policy> load_policy(const std::string& named, const std::string& beside = "");

}  // namespace blindai
