#include "lib/attest/nitro_verification.h"

#include "lib/attest/check_text.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

// {1: -35}: algorithm (RFC 9052 section 3.1) ES384 (RFC 9053 section 2.1), in its one encoding.
constexpr ByteArray<4> kEs384 = {0xa1, 0x01, 0x38, 0x22};
constexpr std::string_view kSha384 = "SHA384";
constexpr size_t kSha384Len = 48;
constexpr size_t kMeasuredPcrs = 3;  // 0 to 2: what the image is
constexpr size_t kReportDataLen = 64;
constexpr int64_t kMsPerSecond = 1000;

std::string valid_or_not(bool good) {
  return good ? "valid" : "invalid";
}

bool all_zero(BytesView bytes) {
  return std::ranges::all_of(bytes, [](uint8_t b) { return b == 0; });
}

std::string list_of(const std::vector<ByteArray<48>>& values) {
  std::string out;
  for (const auto& value : values) out += (out.empty() ? "" : " or ") + to_hex(value);
  return out.empty() ? "none" : out;
}

// What was found is for people, and may be as long as its sender likes.
constexpr size_t kMostShown = 64;
std::string shown(std::string_view text) {
  return text.size() <= kMostShown ? std::string(text) : number(text.size()) + " bytes of text";
}
std::string shown_hex(BytesView bytes) {
  return bytes.size() <= kMostShown ? to_hex(bytes) : number(bytes.size()) + " bytes";
}

std::string found_or_absent(const std::optional<BytesView>& value) {
  return value.has_value() ? shown_hex(*value) : "absent";
}

// Absent is another value than all accepted ones.
bool accepts(const std::vector<ByteArray<48>>& values, const std::optional<BytesView>& found) {
  return found.has_value() &&
         std::ranges::any_of(values, [&](const auto& value) { return equal(value, *found); });
}

// Seconds, rounded down: a document of this very second is not from the future.
Time made_at(const NitroDocument& document) {
  return {static_cast<int64_t>(document.timestamp_ms / kMsPerSecond)};
}

}  // namespace

Verification NitroVerification::run() && {
  if (document() && payload() && chain() && signatures()) {
    times();
    policy();
    claims();
  }
  return std::move(book_).finish(facts());
}

bool NitroVerification::document() {
  constexpr std::string_view kExpected = "one COSE_Sign1 and nothing after it";
  if (evidence_.quote.size() > kMaxNitroDocument) {
    mark(C::kDocumentLayout, false, "at most " + number(kMaxNitroDocument) + " bytes",
         number(evidence_.quote.size()));
    return false;
  }
  const Result<CoseSign1> read = parse_cose_sign1(evidence_.quote);
  mark(C::kDocumentLayout, read.has_value(), std::string(kExpected),
       std::string(read.has_value() ? kExpected : read.error().name()));
  if (!read.has_value()) return false;
  message_ = *read;
  const bool algorithm = mark(C::kDocumentAlgorithm, equal(message_->protected_header, kEs384),
                              to_hex(kEs384), shown_hex(message_->protected_header));
  const bool form = mark(C::kDocumentSignatureForm, message_->signature.size() == 96, "96 bytes",
                         number(message_->signature.size()) + " bytes");
  return algorithm && form;
}

bool NitroVerification::payload() {
  constexpr std::string_view kExpected = "an attestation document";
  const Result<NitroDocument> read = parse_nitro_payload(message_->payload);
  mark(C::kPayloadLayout, read.has_value(), std::string(kExpected),
       std::string(read.has_value() ? kExpected : read.error().name()));
  if (!read.has_value()) return false;
  document_ = *read;
  const NitroDocument& d = *document_;
  const bool kind = mark(C::kPayloadKind, !d.nitro_tpm, "pcrs of an enclave",
                         d.nitro_tpm ? "nitrotpm_pcrs" : "pcrs of an enclave");
  const bool digest =
      mark(C::kPayloadDigest, d.digest == kSha384, std::string(kSha384), shown(d.digest));
  bool lengths = true;
  std::string missing;
  for (size_t i = 0; i < kNitroPcrs; ++i) {
    lengths = lengths && (!d.pcrs[i].has_value() || d.pcrs[i]->size() == kSha384Len);
    if (i < kMeasuredPcrs && !d.pcrs[i].has_value()) missing += " " + number(i);
  }
  const bool registers =
      mark(C::kPayloadPcrs, lengths && missing.empty(), "PCR 0, 1 and 2, all of 48 bytes",
           missing.empty() ? (lengths ? "PCR 0, 1 and 2, all of 48 bytes" : "other lengths")
                           : "no PCR" + missing);
  const bool timestamp =
      mark(C::kPayloadTimestamp, d.timestamp_ms > 0, "above 0", number(d.timestamp_ms) + " ms");
  return kind && digest && registers && timestamp;
}

// Everything but the dates has to hold before a signature is checked: one costs more than all else
// together.
bool NitroVerification::chain() {
  std::vector<BytesView> ders(document_->cabundle().begin(), document_->cabundle().end());
  ders.push_back(document_->certificate);
  const std::string expected = number(ders.size()) + " certificates";
  for (const BytesView der : ders) {
    auto read = recall_.certificate(der, X509Profile::kNitro);
    if (!read.has_value()) {
      mark(C::kChainLayout, false, expected,
           std::string(read.error().name()) + " in certificate " + number(chain_.size() + 1));
      return false;
    }
    chain_.push_back(*std::move(read));
  }
  mark(C::kChainLayout, true, expected, expected);
  const bool pinned = mark(
      C::kChainRoot,
      std::ranges::find(roots_.aws_nitro, root().spki_hash()) != roots_.aws_nitro.end(),
      roots_.aws_nitro.empty() ? "none" : to_hex(roots_.aws_nitro[0]), to_hex(root().spki_hash()));

  bool named = root().names_issuer(root());
  std::string names = shown(root().common_name());
  for (size_t i = 1; i < chain_.size(); ++i) {
    named = named && chain_[i]->names_issuer(*chain_[i - 1]);
    names += " / " + shown(chain_[i]->common_name());
  }
  mark(C::kChainNames, named, "each issued by the one before", std::move(names));

  // RFC 5280 section 6.1.4: CAs that may follow, the last certificate not counted.
  bool constrained = !leaf().is_ca() && leaf().may_sign_data();
  std::string roles;
  for (size_t i = 0; i < chain_.size(); ++i) {
    roles += (i == 0 ? "" : ", ") + std::string(chain_[i]->is_ca() ? "CA" : "signer");
    if (i + 1 == chain_.size()) break;
    const uint64_t cas_below = chain_.size() - 2 - i;
    constrained =
        constrained && chain_[i]->is_ca() && chain_[i]->path_len().value_or(cas_below) >= cas_below;
    if (chain_[i]->path_len().has_value()) roles += " over " + number(*chain_[i]->path_len());
  }
  mark(C::kChainConstraints, constrained, "CAs that allow as many below them, then a signer",
       std::move(roles));

  Time from = root().not_before();
  for (const auto& c : chain_) {
    from = std::max(from, c->not_before());
    valid_until_ = std::min(valid_until_, c->not_after());
  }
  mark(C::kChainValidity, from <= book_.now() && book_.now() <= valid_until_,
       "in force at " + to_rfc3339(book_.now()),
       to_rfc3339(from) + " to " + to_rfc3339(valid_until_));
  return pinned && named && constrained;
}

// The document's own comes first, because the chain is in what it signs: altered bytes, wherever
// they are, cost one verification and not one for each certificate. Which key it was counts for
// nothing until the chain's signatures hold as well.
bool NitroVerification::signatures() {
  ByteArray<96> raw;
  std::ranges::copy(message_->signature, raw.begin());
  const bool document = verify_p384(leaf().p384_point(), cose_signed_bytes(*message_), raw);
  mark(C::kDocumentSignature, document, "valid", valid_or_not(document));
  if (!document) return false;
  bool chain = roots_.know(root().der()) || recall_.signed_by(root(), root());
  for (size_t i = 1; chain && i < chain_.size(); ++i)
    chain = recall_.signed_by(*chain_[i], *chain_[i - 1]);
  return mark(C::kChainSignatures, chain, "valid", valid_or_not(chain));
}

void NitroVerification::times() {
  const Time made = made_at(*document_);
  const Time now = book_.now();
  mark(C::kNotFromFuture, made <= now, "not after " + to_rfc3339(now), to_rfc3339(made));
  const Time good_until = made + policy_.max_evidence_age_s;
  mark(C::kPolicyAge, now <= good_until,
       "at most " + std::to_string(policy_.max_evidence_age_s) + " s old at " + to_rfc3339(now),
       "made " + to_rfc3339(made));
  valid_until_ = std::min(valid_until_, good_until);
}

// A debug enclave's registers are never extended. Any of the first three at zero is taken for it.
bool NitroVerification::debug() const {
  return std::any_of(document_->pcrs.begin(), document_->pcrs.begin() + kMeasuredPcrs,
                     [](const auto& pcr) { return pcr.has_value() && all_zero(*pcr); });
}

void NitroVerification::policy() {
  mark(C::kPolicyDebug, policy_.allow_debug || !debug(),
       policy_.allow_debug ? "debug or production" : "production",
       debug() ? "debug (PCR 0, 1 or 2 is zero)" : "production");
  if (mark(C::kPolicyTee, policy_.nitro.has_value(), "nitro",
           policy_.nitro.has_value() ? "nitro" : "none"))
    pcrs(*policy_.nitro);
}

void NitroVerification::pcrs(const NitroPolicy& accepted) {
  const auto& found = document_->pcrs;
  mark(C::kPolicyMeasurement, accepts(accepted.pcrs[0], found[0]), list_of(accepted.pcrs[0]),
       found_or_absent(found[0]));
  std::string wrong_expected, wrong_found;
  size_t judged = 0;
  for (size_t i = 1; i < kNitroPcrs; ++i) {
    if (accepted.pcrs[i].empty()) continue;
    ++judged;
    if (accepts(accepted.pcrs[i], found[i])) continue;
    const std::string name = (wrong_found.empty() ? "PCR " : "; PCR ") + number(i) + ": ";
    wrong_expected += name + list_of(accepted.pcrs[i]);
    wrong_found += name + found_or_absent(found[i]);
  }
  if (wrong_found.empty())
    mark(C::kPolicyPcrs, true, number(judged) + " more PCRs", "all as accepted");
  else
    mark(C::kPolicyPcrs, false, std::move(wrong_expected), std::move(wrong_found));
}

void NitroVerification::claims() {
  const ByteArray<64> bound = vouching_for(sha256(claims_));
  mark(C::kClaims, document_->user_data.has_value() && equal(bound, *document_->user_data),
       to_hex(bound), found_or_absent(document_->user_data));
}

std::optional<VerifiedEvidence::Facts> NitroVerification::facts() {
  if (!passed(C::kClaims)) return {};
  NitroIdentity identity;
  identity.module_id = document_->module_id;
  for (size_t i = 0; i < kNitroPcrs; ++i)
    if (document_->pcrs[i].has_value()) identity.pcrs[i] = to_bytes(*document_->pcrs[i]);
  ByteArray<kReportDataLen> report_data;
  std::ranges::copy(*document_->user_data, report_data.begin());
  return VerifiedEvidence::Facts{
      .identity = std::move(identity),
      .tcb_status = TcbStatus::kUpToDate,
      .advisories = {},
      .tcb_evaluation_number = 0,
      .debug = debug(),
      .report_data = report_data,
      .verified_at = book_.now(),
      .valid_until = valid_until_,
      .fresh_until = std::min(valid_until_, book_.now() + policy_.max_evidence_age_s)};
}

Verification verify_nitro(const Evidence& evidence, BytesView claims, const Policy& policy,
                          const TrustRoots& roots, Time now, Recall& recall) {
  return NitroVerification(evidence, claims, policy, roots, now, recall).run();
}

}  // namespace blindai
