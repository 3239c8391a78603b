// Documents kept on disk, named by what they are: a file's name is the SHA-256 of its content, so a
// damaged or exchanged one is noticed when it is read. Beside them one small index per address says
// which content was its last answer. docs/collateral.md has the layout.
//
// The folder may be shared by several processes and lost at any time; nothing in it is trusted.
// Thread-compatible.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "lib/base/bytes.h"
#include "lib/base/time.h"

namespace blindai {

struct CachedDocument {
  Bytes body;
  Bytes chain;  // the issuer chain that came with it, PEM; empty for none
  Time fetched;
  Time expires;  // by its own word; a hint

  bool operator==(const CachedDocument&) const = default;
};

class CollateralCache {
 public:
  // What was found damaged and set right, for a log.
  using Report = std::function<void(const Problem&)>;

  // Makes the folder (mode 0700) when it is missing. Errors: kUnavailable "collateral.cache".
  static Outcome<CollateralCache> open(const std::string& folder, Report report);
  ~CollateralCache();
  CollateralCache(CollateralCache&& other) noexcept;
  CollateralCache& operator=(CollateralCache&& other) = delete;

  // The last answer of this address. Nothing when there is none, when another process keeps the
  // folder to itself, or when it is damaged: then it is reported and forgotten.
  std::optional<CachedDocument> find(const std::string& url);
  // On return the document is on the disk, or the folder is as it was. Content that no index names
  // any more is removed. Errors: kNoSpace, kUnavailable "collateral.cache".
  Outcome<void> store(const std::string& url, const CachedDocument& document);

 private:
  CollateralCache(int fd, std::string folder, Report report);

  std::optional<CachedDocument> find_locked(const std::string& url);
  Outcome<void> store_locked(const std::string& url, const CachedDocument& document);
  std::optional<Bytes> content(const Sha256Digest& hash);
  Outcome<void> write(const std::string& name, BytesView content);
  void forget(const std::string& name, const char* reason);
  void sweep();

  int fd_;  // of the folder; -1 when moved from
  std::string folder_;
  Report report_;
};

}  // namespace blindai
