#include "enclave/serve/tenancy.h"

namespace blindai {
namespace {

// Which use a stored model counts as. Configured models are nobody's.
UploadQuota::Stored stored_models(const MeasuredConfig& config, const Vault& vault) {
  return [&config, &vault](const UploadQuota::Visitor& visit) {
    for (const auto& record : vault.catalogue()) {
      std::string account;
      if (record->owner.has_value())
        account = usage_of(config, {record->owner->key}, record->owner->account, false);
      if (config.configured_model(record->id) != nullptr) account = "configuration";
      visit({.id = record->id, .account = account, .bytes = record->size});
    }
  };
}

}  // namespace

Status VaultOwnerStore::put(const PublicKey& root, BytesView record) {
  return vault_.put_record(std::string(kPrefix) + to_hex(root.bytes), record);
}

Tenancy::Tenancy(const MeasuredConfig& config, const HostLimits& host, Vault& for_vault,
                 Metrics& metrics, const std::function<Time()>& clock)
    : vault(for_vault),
      store(vault),
      owners(store, config.max_models),
      admission(config.limits, host, metrics, RateBucket::Clock::now()),
      callers(config, owners, admission, clock),
      quota(config, metrics, stored_models(config, vault)),
      uses(clock()),
      retention(config, owners, uses) {}

void Tenancy::load(const std::function<void(std::string_view kind, const Error& error)>& report) {
  const auto each = [&](std::string_view prefix, const std::function<Status(BytesView)>& take) {
    for (const std::string& name : vault.list_records(prefix)) {
      const Result<std::optional<Bytes>> record = vault.get_record(name);
      if (!record.has_value()) {
        report(prefix, record.error());
        continue;
      }
      if (!record->has_value()) continue;
      if (const Status taken = take(**record); !taken.has_value()) report(prefix, taken.error());
    }
  };
  each(VaultOwnerStore::kPrefix, [this](BytesView record) { return owners.load(record); });
  std::vector<std::string> ids;
  for (const auto& record : vault.catalogue()) ids.push_back(record->id);
  std::vector<UseEntry> all;
  each(LastUse::kRecordPrefix, [&](BytesView record) -> Status {
    ASSIGN_OR_RETURN(const std::vector<UseEntry> entries, decode_uses(record));
    all.insert(all.end(), entries.begin(), entries.end());
    return {};
  });
  uses.load(all, ids);
}

Status Tenancy::keep_uses(const std::vector<LastUse::Record>& changed) {
  for (const LastUse::Record& record : changed)
    RETURN_IF_ERROR(vault.put_record(record.name, record.bytes));
  return {};
}

}  // namespace blindai
