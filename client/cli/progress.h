// A line on a terminal that says how far a transfer is.
#pragma once

#include <chrono>
#include <ostream>
#include <string>

namespace blindai {

class Progress {
 public:
  using Clock = std::chrono::steady_clock;
  Progress(std::ostream& out, std::string what) : out_(out), what_(std::move(what)) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Written ten times a second at most, and at the end.
  void update(uint64_t done, uint64_t total, Clock::time_point now = Clock::now());
  // Removes the line.
  void clear();

 private:
  std::ostream& out_;
  const std::string what_;
  const Clock::time_point began_ = Clock::now();
  Clock::time_point shown_;
  bool visible_ = false;
};

// "Uploading x.onnx: 45.3 MB of 96.0 MB (47 %), 210.0 MB/s"
std::string progress_line(const std::string& what, uint64_t done, uint64_t total,
                          std::chrono::milliseconds elapsed);

}  // namespace blindai
