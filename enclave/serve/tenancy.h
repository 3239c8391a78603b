// Who owns what here, how much each may use and when a model was used last: the parts that every
// route asks, wired together over one vault.
#pragma once

#include "enclave/serve/caller.h"
#include "enclave/serve/last_use.h"
#include "enclave/serve/quota.h"
#include "enclave/serve/retention.h"
#include "enclave/vault/vault.h"

namespace blindai {

// Owner records as records of the vault: "owner/" and the root key in hexadecimal.
class VaultOwnerStore final : public OwnerStore {
 public:
  static constexpr std::string_view kPrefix = "owner/";
  explicit VaultOwnerStore(Vault& vault) : vault_(vault) {}
  Status put(const PublicKey& root, BytesView record) override;

 private:
  Vault& vault_;
};

struct Tenancy {
  // All outlive it. `clock` tells the time.
  Tenancy(const MeasuredConfig& config, const HostLimits& host, Vault& vault, Metrics& metrics,
          const std::function<Time()>& clock);
  Tenancy(const Tenancy&) = delete;
  Tenancy& operator=(const Tenancy&) = delete;

  // Reads the records of owners and uses; blocks. A record that is damaged is left out and told to
  // `report`, by its kind and not by whose it is: the log is outside the enclave.
  void load(const std::function<void(std::string_view kind, const Error& error)>& report);
  // Writes the uses that changed; blocks.
  Status keep_uses(const std::vector<LastUse::Record>& changed);

  Vault& vault;
  VaultOwnerStore store;
  OwnerBook owners;
  Admission admission;
  CallerDesk callers;
  UploadQuota quota;
  LastUse uses;
  Retention retention;
};

}  // namespace blindai
