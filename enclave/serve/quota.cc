#include "enclave/serve/quota.h"

#include <fmt/core.h>

namespace blindai {

UploadQuota::UploadQuota(const MeasuredConfig& config, Metrics& metrics, Stored stored)
    : config_(config), metrics_(metrics), stored_(std::move(stored)) {}

UploadQuota::Room::~Room() {
  quota_.rooms_.erase(place_);
  quota_.counted_ = false;
}

void UploadQuota::count_stored() {
  if (counted_) return;
  counted_ = true;
  accounts_.clear();
  all_ = {};
  for (Room* room : rooms_) room->replaced_ = 0;
  stored_([this](const StoredModel& model) {
    bool replaced = false;
    for (Room* room : rooms_) {
      if (room->request_.id != model.id) continue;
      room->replaced_ = model.bytes;
      replaced = true;
    }
    if (replaced) return;
    all_.add(model.bytes);
    auto account = accounts_.find(model.account);
    if (account == accounts_.end())
      account = accounts_.emplace(std::string(model.account), Count()).first;
    account->second.add(model.bytes);
  });
}

UploadQuota::Use UploadQuota::use_beside(const Room& room) {
  count_stored();
  Use out{.account = {}, .all = all_};
  if (const auto found = accounts_.find(room.request_.account); found != accounts_.end())
    out.account = found->second;
  for (const Room* other : rooms_) {
    if (other == &room) continue;
    out.all.add(other->needed());
    if (other->request_.account == room.request_.account) out.account.add(other->needed());
  }
  return out;
}

std::unexpected<Problem> UploadQuota::refuse(LimitKind limit, Code code, Id id,
                                             std::string sentence) const {
  metrics_.refused_by(limit);
  return problem(code, id, std::move(sentence));
}

Outcome<void> UploadQuota::check_counts(const Room& room, const Use& beside) const {
  if (beside.all.models >= config_.max_models)
    return refuse(LimitKind::kMaxModels, Code::kNoSpace, "vault.num-models",
                  fmt::format("This server keeps at most {} models (max_models = {}) and has as "
                              "many; one has to be deleted first.",
                              config_.max_models, config_.max_models));
  const auto most = room.request_.limits.models_per_account;
  if (most.has_value() && beside.account.models >= *most)
    return refuse(LimitKind::kModelsPerAccount, Code::kDenied, "limit.models-per-account",
                  fmt::format("Your account may keep at most {} models here (models_per_account = "
                              "{}) and has {}; delete one first.",
                              *most, *most, beside.account.models));
  return {};
}

Outcome<void> UploadQuota::check_bytes(const Room& room, const Use& beside) const {
  const AccountLimits& limits = room.request_.limits;
  const uint64_t needed = room.needed();
  if (room.bytes_ > config_.max_model_bytes)
    return refuse(LimitKind::kBytesPerModel, Code::kTooLarge, "vault.model-size",
                  fmt::format("A model may have at most {} bytes on this server (max_model_bytes = "
                              "{}), and this one has at least {}.",
                              config_.max_model_bytes, config_.max_model_bytes, room.bytes_));
  if (const auto most = limits.bytes_per_model; most.has_value() && room.bytes_ > *most)
    return refuse(LimitKind::kBytesPerModel, Code::kTooLarge, "limit.bytes-per-model",
                  fmt::format("A model of your account may have at most {} bytes (bytes_per_model "
                              "= {}), and this one has at least {}.",
                              *most, *most, room.bytes_));
  if (const auto most = limits.bytes_per_account;
      most.has_value() && (needed > *most || beside.account.bytes > *most - needed))
    return refuse(LimitKind::kBytesPerAccount, Code::kDenied, "limit.bytes-per-account",
                  fmt::format("The models of your account may have at most {} bytes together "
                              "(bytes_per_account = {}); the others have {}, and this one has at "
                              "least {}. Delete one first.",
                              *most, *most, beside.account.bytes, needed));
  if (const auto most = config_.limits.total_bytes;
      most.has_value() && (needed > *most || beside.all.bytes > *most - needed))
    return refuse(LimitKind::kTotalBytes, Code::kNoSpace, "limit.total-bytes",
                  fmt::format("All models on this server may have at most {} bytes together "
                              "(total_bytes = {}), and this one does not fit beside the others; "
                              "try another server, or ask this one's operator.",
                              *most, *most));
  return {};
}

Outcome<std::unique_ptr<UploadQuota::Room>> UploadQuota::begin(Request request) {
  std::unique_ptr<Room> room(new Room(*this, std::move(request)));
  room->place_ = rooms_.insert(rooms_.end(), room.get());
  counted_ = false;
  const Use beside = use_beside(*room);
  RETURN_IF_ERROR(check_counts(*room, beside));
  RETURN_IF_ERROR(check_bytes(*room, beside));
  return room;
}

bool UploadQuota::is_uploading(const std::function<bool(const Request&)>& which) const {
  return std::ranges::any_of(rooms_, [&](const Room* room) { return which(room->request_); });
}

Outcome<void> UploadQuota::Room::grow_to(uint64_t bytes) {
  if (bytes <= bytes_) return {};
  bytes_ = bytes;
  return quota_.check_bytes(*this, quota_.use_beside(*this));
}

}  // namespace blindai
