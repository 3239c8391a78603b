// A real server with models that anybody may upload, callers of it, and what its operator sees.
#pragma once

#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

#include "tests/access/peer.h"
#include "tests/onnx_builder.h"
#include "tests/server_process.h"

namespace blindai {

inline constexpr size_t kMiB = 1 << 20;

// The JSON of one prediction. timeout_us 0: none.
std::string loop_request(int64_t rounds, uint64_t timeout_us = 0);  // onnx_builder::loop()
std::string product_request(int64_t n, uint64_t timeout_us = 0);    // onnx_builder::long_product()
std::string identity_request(const std::vector<int64_t>& data);     // FP32 [-1, 4]
std::string heavy_request();                                        // heavy()
std::string zeros_request(int64_t n);                               // zeros_of_shape()

class ServingTest : public testing::Test {
 protected:
  // `more`: lines of the configuration, `options` of the program.
  void start(const std::string& more = "", std::vector<std::string> options = {});
  void upload(const std::string& id, const Bytes& model);
  Reply infer(const std::string& id, const std::string& request);
  // Sends a request, and closes the connection when there is no answer after `patience`. False:
  // there was one.
  bool ask_and_leave(const std::string& method, const std::string& target, BytesView body,
                     std::chrono::milliseconds patience);
  bool infer_and_leave(const std::string& id, const std::string& request,
                       std::chrono::milliseconds patience);
  // A series without labels of the operator's listener.
  double metric(const std::string& name) const;
  bool wait_until(const std::function<bool()>& done) const;

  ServerProcess server_;
};

// Predicts with the identity model `id` until stop(), on one connection.
class Neighbour {
 public:
  Neighbour(const std::string& address, std::string id);
  ~Neighbour() { stop(); }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;
  // How many answers there were; all of them were right, or the test has failed.
  size_t stop();
  size_t answers() const { return answers_; }

 private:
  std::atomic<bool> stopped_ = false;
  std::atomic<size_t> answers_ = 0;
  std::thread thread_;
};

}  // namespace blindai
