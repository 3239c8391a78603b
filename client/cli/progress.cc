#include "client/cli/progress.h"

#include "client/cli/console.h"

namespace blindai {
namespace {

constexpr std::chrono::milliseconds kBetween{100};

}  // namespace

void Progress::update(uint64_t done, uint64_t total, Clock::time_point now) {
  if (visible_ && done < total && now - shown_ < kBetween) return;
  shown_ = now;
  visible_ = true;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
  // To the line's beginning, and at its end erase what a longer one left.
  out_ << '\r' << progress_line(what_, done, total, elapsed);
  if (done >= total) out_ << "; the server is checking it";
  out_ << "\x1b[K" << std::flush;
}

void Progress::clear() {
  if (visible_) out_ << "\r\x1b[K" << std::flush;
  visible_ = false;
}

std::string progress_line(const std::string& what, uint64_t done, uint64_t total,
                          std::chrono::milliseconds elapsed) {
  std::string out = what + ": " + size_text(done) + " of " + size_text(total);
  if (total > 0) out += " (" + std::to_string(static_cast<uint64_t>(100.0L * done / total)) + " %)";
  if (const auto ms = static_cast<uint64_t>(elapsed.count()); ms > 0)
    out += ", " + size_text(static_cast<uint64_t>(1000.0L * done / ms)) + "/s";
  return out;
}

}  // namespace blindai
