#include "enclave/config/measured_config.h"

#include <algorithm>
#include <sstream>

#include <toml++/toml.h>

#include "enclave/config/field_reader.h"
#include "lib/base/model_id.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

constexpr size_t kMaxTextLen = 64 * 1024;
// What the text has room for is the real limit; these make the sentences better.
constexpr size_t kMaxOwners = 1000;
constexpr size_t kMaxIssuers = 16;
constexpr size_t kMaxModels = 256;
constexpr size_t kMaxModelCallers = 64;
constexpr size_t kMaxFileName = 255;
constexpr uint64_t kMaxBytes = (uint64_t{1} << 53) - 1;
constexpr uint64_t kMaxCount = 1'000'000'000;

void read_keys(FieldReader& fields, std::string_view name, std::vector<PublicKey>& out,
               size_t max_count) {
  std::vector<std::string> texts;
  fields.texts(name, texts, max_count);
  for (size_t i = 0; i < texts.size() && fields.ok(); ++i) {
    const Result<PublicKey> key = parse_public_key(texts[i]);
    if (!key.has_value())
      fields.refuse(
          name, fmt::format("has no public key at place {}: {}", i + 1, key.error().describe()));
    else if (std::ranges::find(out, *key) != out.end())
      fields.refuse(name, fmt::format("lists the key at place {} twice.", i + 1));
    else
      out.push_back(*key);
  }
}

void read_issuers(FieldReader& fields, std::vector<TokenIssuer>& out) {
  constexpr std::string_view kName = "token_issuers";
  std::vector<std::string> texts;
  fields.texts(kName, texts, kMaxIssuers);
  for (size_t i = 0; i < texts.size() && fields.ok(); ++i) {
    Result<TokenIssuer> issuer = parse_token_issuer(texts[i]);
    if (!issuer.has_value())
      fields.refuse(kName,
                    fmt::format("has no key at place {}: {}", i + 1, issuer.error().describe()));
    else if (std::ranges::find(out, *issuer) != out.end())
      fields.refuse(kName, fmt::format("lists the key at place {} twice.", i + 1));
    else
      out.push_back(std::move(*issuer));
  }
}

Outcome<ConfiguredLimits> read_limits(const toml::table& table) {
  ConfiguredLimits out;
  FieldReader fields(table, "limits.");
  for (const LimitField& field : limit_fields())
    fields.integer(field.name, out.accounts.*field.value, 0, field.max);
  fields.integer("total_bytes", out.total_bytes, 0, kMaxBytes);
  fields.integer("anonymous_predictions_per_minute", out.anonymous_predictions_per_minute, 0,
                 kMaxCount);
  if (std::optional<Problem> error = fields.finish()) return std::unexpected(std::move(*error));
  return out;
}

// One component of a path, so that the folder is the host's and nothing leads out of it.
bool is_file_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxFileName && text != "." && text != ".." &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '/'; });
}

Outcome<ConfiguredModel> read_model(const toml::table& table, size_t place) {
  ConfiguredModel out;
  FieldReader fields(table, fmt::format("models[{}].", place));
  std::string sha256;
  std::string visibility = "public";
  fields.text("id", out.id);
  fields.text("sha256", sha256);
  fields.text("file", out.file);
  fields.text("visibility", visibility);
  read_keys(fields, "callers", out.callers, kMaxModelCallers);
  if (const Outcome<void> id = check_model_id(out.id); !id.has_value())
    fields.refuse("id", fmt::format("cannot be a model's name: {}", id.error().sentence));
  if (out.file.empty()) out.file = std::string(split_model_id(out.id).name) + ".onnx";
  if (!is_file_name(out.file))
    fields.refuse("file", "must be the name of a file, without folders.");
  const Result<Sha256Digest> digest = array_from_hex<32>(sha256);
  if (!digest.has_value()) fields.refuse("sha256", "must be 64 hexadecimal digits.");
  if (visibility != "public" && visibility != "private")
    fields.refuse("visibility", "must be \"public\" or \"private\".");
  out.is_private = visibility == "private";
  if (!out.is_private && !out.callers.empty())
    fields.refuse("callers",
                  "restrict nobody while visibility is \"public\"; make it \"private\".");
  if (std::optional<Problem> error = fields.finish()) return std::unexpected(std::move(*error));
  out.sha256 = *digest;
  return out;
}

void read_sandbox(FieldReader& fields, SandboxLevel& out) {
  std::string text(name_of(out));
  fields.text("require_sandbox", text);
  if (!parse_sandbox_level(text, out))
    fields.refuse("require_sandbox", "must be \"basic\" or \"full\".");
}

Outcome<void> read_tables(FieldReader& fields, MeasuredConfig& out) {
  std::ostringstream handover;
  if (const toml::table* table = fields.table("handover"); table != nullptr) handover << *table;
  ASSIGN_OR_RETURN(out.handover, parse_handover_rules(handover.str()));
  if (const toml::table* limits = fields.table("limits"); limits != nullptr) {
    ASSIGN_OR_RETURN(out.limits, read_limits(*limits));
  }
  for (const toml::table* table : fields.tables("models", kMaxModels)) {
    ASSIGN_OR_RETURN(ConfiguredModel model, read_model(*table, out.models.size() + 1));
    if (out.configured_model(model.id) != nullptr)
      fields.refuse("models", fmt::format("lists {} twice.", model.id));
    out.models.push_back(std::move(model));
  }
  return {};
}

}  // namespace

bool MeasuredConfig::lists_owner(const PublicKey& key) const {
  return std::ranges::find(owners, key) != owners.end();
}

const ConfiguredModel* MeasuredConfig::configured_model(std::string_view id) const {
  const auto found = std::ranges::find(models, id, &ConfiguredModel::id);
  return found == models.end() ? nullptr : &*found;
}

Outcome<MeasuredConfig> parse_measured_config(std::string_view text) {
  if (text.size() > kMaxTextLen)
    return problem(Code::kMalformed, "config.syntax",
                   "The configuration is not a TOML file of at most 64 KiB.");
  // lib/attest/policy_fields.cc says what toml++ makes of other characters.
  if (!all_ascii(as_bytes(text)))
    return problem(Code::kMalformed, "config.syntax",
                   "The configuration has characters beyond ASCII. Write it in ASCII, comments "
                   "too.");
  toml::parse_result parsed = toml::parse(text);
  if (!parsed)
    return problem(Code::kMalformed, "config.syntax",
                   fmt::format("The configuration is not well-formed TOML: line {}: {}.",
                               parsed.error().source().begin.line, parsed.error().description()));
  MeasuredConfig out;
  auto run_time_s = static_cast<uint64_t>(out.run_time.count());
  auto load_time_s = static_cast<uint64_t>(out.load_time.count());
  FieldReader fields(parsed.table(), "");
  fields.boolean("allow_anonymous_upload", out.allow_anonymous_upload);
  read_keys(fields, "owners", out.owners, kMaxOwners);
  read_issuers(fields, out.token_issuers);
  fields.integer("max_model_bytes", out.max_model_bytes, 1, uint64_t{2} << 30);
  fields.integer("max_unsaved_bytes", out.max_unsaved_bytes, 0, kMaxBytes);
  fields.integer("max_tensor_bytes", out.max_tensor_bytes, 1, uint64_t{8} << 30);
  fields.integer("run_time_s", run_time_s, 1, 86'400);
  fields.integer("load_time_s", load_time_s, 1, 86'400);
  fields.integer("max_models", out.max_models, 1, 1'000'000);
  read_sandbox(fields, out.require_sandbox);
  RETURN_IF_ERROR(read_tables(fields, out));
  if (std::optional<Problem> error = fields.finish()) return std::unexpected(std::move(*error));
  out.run_time = std::chrono::seconds(run_time_s);
  out.load_time = std::chrono::seconds(load_time_s);
  out.text = text;
  out.hash = sha256(as_bytes(text));
  return out;
}

}  // namespace blindai
