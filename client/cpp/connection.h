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
#include "lib/base/bytes.h"
#include "lib/base/result.h"
#include "lib/oip/datatype.h"

namespace blindai {

struct ConnectOptions {
  Policy policy;  // what is accepted; the default accepts nothing
  // Accept evidence of the simulation, which proves nothing: for development. Every check runs all
  // the same, under the simulation's test root instead of the vendors'.
  bool simulation = false;
  std::chrono::milliseconds connect_time{10'000};
  std::chrono::milliseconds request_time{300'000};
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
  std::string request_id;                  // echoed
};

struct Prediction {
  std::string model_id;
  std::string model_version;
  std::string request_id;
  std::vector<Tensor> outputs;
  std::chrono::nanoseconds inference_time{0};  // the model's own run time, as the server reports it
};

struct ModelInfo {
  std::string model_id;
  Sha256Digest model_hash;
  uint64_t size = 0;  // bytes of the ONNX file
  ModelSignature signature;
};

struct UploadOptions {
  bool save_model = true;  // false: kept in the server's memory only, gone when it stops
  // Bytes sent so far, and in all.
  std::function<void(uint64_t, uint64_t)> progress;
};

// What was verified before the connection was handed out.
struct AttestedServer {
  Verification certificate;    // of the evidence in the TLS certificate
  Verification fresh;          // of the evidence over our nonce and this connection
  std::vector<Check> channel;  // key, configuration, nonce, exporter, receipt key
  std::string config;          // the measured configuration, whose hash is in the claims
  Bytes receipt_key;           // SPKI, whose hash is in the claims
  bool simulation = false;
};
// {"ok":…,"simulation":…,"checks":[…],"evidence":{…}}: what `blindai verify --json` prints.
std::string to_json(const AttestedServer& server);

class Connection {
 public:
  // Errors: those of HttpClient::connect; of lib/attest and lib/channel, by the id of the first
  // check that failed; kUntrusted "client.simulation" when the server runs the simulation and
  // options.simulation is off (and kUntrusted by check id the other way round).
  // `failed`, when given, receives what was verified up to the failure, so that it can be shown.
  static Outcome<std::unique_ptr<Connection>> connect(const std::string& address,
                                                      const ConnectOptions& options,
                                                      AttestedServer* failed = nullptr);
  virtual ~Connection() = default;

  virtual const AttestedServer& server() const = 0;

  // The file is streamed. Errors of the server come back with its code and sentence.
  virtual Outcome<ModelInfo> upload_model(const std::string& path, const std::string& model_id,
                                          const UploadOptions& options) = 0;
  virtual Outcome<Prediction> predict(const std::string& model_id,
                                      const std::vector<TensorView>& inputs,
                                      const PredictOptions& options) = 0;
  virtual Outcome<std::vector<ModelInfo>> models() = 0;
  virtual Outcome<ModelInfo> model(const std::string& model_id) = 0;
  virtual Outcome<void> delete_model(const std::string& model_id) = 0;
};

// The policy a program uses when none is named: $BLINDAI_POLICY, else `beside` (a file shipped with
// the program), else an error that says how to get one.
Outcome<Policy> load_policy(const std::string& path);

}  // namespace blindai
