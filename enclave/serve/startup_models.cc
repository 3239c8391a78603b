#include "enclave/serve/startup_models.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enclave/serve/access.h"
#include "enclave/serve/models.h"

namespace blindai {
namespace {

constexpr size_t kPieceLen = 256 * 1024;

class InputFile {
 public:
  explicit InputFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~InputFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  bool is_file() const {
    struct stat st{};
    return fd_ >= 0 && ::fstat(fd_, &st) == 0 && S_ISREG(st.st_mode);
  }
  // Nothing when the file cannot be read on.
  std::optional<size_t> read(std::span<uint8_t> out) {
    ssize_t n = 0;
    do n = ::read(fd_, out.data(), out.size());
    while (n < 0 && errno == EINTR);
    if (n < 0) return std::nullopt;
    return static_cast<size_t>(n);
  }

 private:
  int fd_;
};

std::unexpected<Problem> no_file(const ConfiguredModel& model, const std::string& path) {
  return problem(Code::kNotFound, "config.model-file",
                 fmt::format("The configuration's model {} is not in the store, and its file {} "
                             "could not be read; put it there, or name its folder with --models.",
                             model.id, path));
}

AccessRules rules_of(const ConfiguredModel& model) {
  return rules_of(
      ModelAccess{.is_private = model.is_private, .callers = model.callers, .handover = {}});
}

Outcome<UploadedContent> send(Upload& upload, const ConfiguredModel& model,
                              const std::string& path) {
  InputFile file(path);
  if (!file.is_file()) return no_file(model, path);
  Bytes piece(kPieceLen);
  while (true) {
    const std::optional<size_t> n = file.read(piece);
    if (!n.has_value()) return no_file(model, path);
    if (*n == 0) break;
    RETURN_IF_ERROR(upload.write(BytesView(piece).first(*n)));
  }
  ASSIGN_OR_RETURN(UploadedContent content, upload.finish_content());
  if (content.sha256 != model.sha256)
    return problem(Code::kInvalid, "config.model-hash",
                   fmt::format("The file {} is not the configuration's model {}: its SHA-256 is "
                               "{}, and the configuration says {}. Give the right file, or correct "
                               "the configuration.",
                               path, model.id, to_hex(content.sha256), to_hex(model.sha256)));
  return content;
}

// Tries the model in a worker, which is then there for its first caller.
Outcome<ModelSignature> try_model(ServeContext& context, const Sha256Digest& content_id,
                                  std::unique_ptr<ModelReader> reader) {
  std::optional<Outcome<std::shared_ptr<Worker>>> worker;
  context.workers.get(
      content_id,
      [&reader]() -> Result<WorkerPool::Model> {
        const uint64_t size = reader->size_bytes();
        return WorkerPool::Model{model_source(std::move(reader)), size};
      },
      [&](Outcome<std::shared_ptr<Worker>> got) {
        worker = std::move(got);
        context.reactor.stop();
      });
  context.reactor.run();
  BLINDAI_CHECK(worker.has_value());
  if (!worker->has_value()) return std::unexpected(worker->error());
  return (**worker)->signature();
}

Outcome<void> load_model(ServeContext& context, const ConfiguredModel& model,
                         const std::string& path) {
  const auto stored = context.vault.find(model.id);
  if (stored != nullptr && stored->owner.has_value())
    return problem(Code::kConflict, "config.model-name",
                   fmt::format("The configuration has a model {}, but an owner's model has that "
                               "name in the store; choose another name in the configuration.",
                               model.id));
  const AccessRules rules = rules_of(model);
  if (stored != nullptr && stored->sha256 == model.sha256) {
    RETURN_IF_ERROR(context.vault.change_access(model.id, rules, stored));
    return {};
  }
  UploadTerms options;
  options.overwrite = Overwrite::kReplace;
  options.access = rules;
  ASSIGN_OR_RETURN(const std::unique_ptr<Upload> upload,
                   context.vault.begin_upload(model.id, options));
  ASSIGN_OR_RETURN(const UploadedContent content, send(*upload, model, path));
  ASSIGN_OR_RETURN(std::unique_ptr<ModelReader> reader, upload->reader());
  ASSIGN_OR_RETURN(const ModelSignature signature,
                   try_model(context, content.content_id, std::move(reader)));
  RETURN_IF_ERROR(upload->commit({.signature = signature, .created = context.clock()}));
  return {};
}

}  // namespace

Outcome<void> load_startup_models(ServeContext& context, const std::string& folder) {
  for (const ConfiguredModel& model : context.config.models)
    RETURN_IF_ERROR(load_model(context, model, folder + "/" + model.file));
  return {};
}

}  // namespace blindai
