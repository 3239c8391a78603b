// For tests: a server of the attested channel on a thread of its own, honest unless told otherwise.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "enclave/tee/simulation/simulation_source.h"
#include "lib/auth/connection_proof.h"
#include "lib/channel/claims.h"
#include "net/http_server.h"

namespace blindai {

// Each field set is one lie.
struct Lies {
  SimulationFaults platform = {};         // of the evidence and collateral
  bool certificate_of_other_key = false;  // honest evidence in the certificate of another key
  bool certificate_without_evidence = false;
  bool answers_other_nonce = false;           // an answer to an earlier question
  bool answers_for_other_connection = false;  // an answer that another connection got
  bool answers_with_certificate = false;      // the evidence without nonce and exporter
  bool answers_for_other_key = false;         // fresh evidence of another server
  bool without_collateral = false;
  bool sends_other_config = false;
  bool sends_other_receipt_key = false;
  bool sends_other_claims = false;  // claims that the evidence does not vouch for
  std::string answers_with = {};    // this text in place of the message
};

struct SeenRequest {
  std::string method;
  std::string target;
  HttpFields fields;
  Bytes body;
  AuthExporter exporter = {};  // of the connection it came on: what its proof has to be over

  // The value of a field of that name; empty where there is none.
  std::string field(std::string_view lower_case_name) const;
};

class LyingServer {
 public:
  static constexpr std::string_view kConfig = "allow_anonymous_upload = true\n";
  static Sha256Digest measurement() { return sha256(as_bytes("the programs")); }

  explicit LyingServer(Lies lies = {});
  ~LyingServer();

  const std::string& address() const { return address_; }
  // The requests so far, without those for attestation; and the number of those.
  std::vector<SeenRequest> requests() const;
  int num_questions() const { return num_questions_; }
  // Of one for attestation, which nothing of the user's may be in.
  bool question_had(std::string_view lower_case_name) const;

  // What to answer other requests with, from now on. Default: 404.
  void answer_with(HttpResponse response);

  // Cuts every connection and listens at the same address again, as the same enclave.
  void drop_connections();
  // The same as another process would: with new keys.
  void restart(Lies lies);

 private:
  class Service;
  void make_identity();
  void start(const std::string& address);
  void stop();
  std::string message_for(const ByteArray<32>& nonce, const ByteArray<32>& exporter);

  Lies lies_;
  std::unique_ptr<SimulationSource> source_;
  SigningKey tls_key_;
  SigningKey receipt_key_;
  Claims claims_;
  std::unique_ptr<TlsServerContext> tls_;

  mutable std::mutex mutex_;
  std::vector<SeenRequest> requests_;
  HttpFields question_fields_;  // of all of them
  HttpResponse response_;
  std::atomic<int> num_questions_ = 0;

  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
  std::string address_;
};

}  // namespace blindai
