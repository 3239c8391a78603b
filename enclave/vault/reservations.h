// Which upload has which name. Only one upload at a time may be on its way to a name; this is where
// the others are refused, and where one that is too slow loses it.
//
// An upload keeps its name while it is younger than kNameGrace or its bytes so far make at least
// kNameBytesPerSecond since it began, and then for kFinishGrace while its model is tried. After
// that it still goes on, but whoever asks for the name gets it, and its next step fails. So a name
// costs a client that only pretends to upload as much bandwidth as an upload, and no timer runs.
// Not thread-safe: VaultState::mutex guards it and every entry.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace blindai {

inline constexpr std::chrono::seconds kNameGrace{60};
inline constexpr uint64_t kNameBytesPerSecond = uint64_t{128} << 10;
inline constexpr std::chrono::seconds kFinishGrace{600};

class Reservations {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class Stage : uint8_t {
    kContent,   // bytes are awaited
    kFinished,  // all are there, since `since`
    kCertain,   // being committed: nobody can take the name
    kLost,      // somebody else took the name
  };
  struct Entry {
    Stage stage = Stage::kContent;
    TimePoint since;
    uint64_t bytes = 0;
  };

  // Null when another has the name and keeps it.
  std::shared_ptr<Entry> take(const std::string& id, TimePoint now);
  // Nothing when the name was lost before.
  void give_back(const std::string& id, const std::shared_ptr<Entry>& entry);

 private:
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_;
};

}  // namespace blindai
