#include "tests/support/nitro_pki.h"

#include <algorithm>

#include "lib/base/der_writer.h"

namespace blindai {
namespace {

constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;
constexpr uint16_t kCaUsages = kDigitalSignature | kKeyCertSign | kCrlSign;

X509Name name_of_part(const std::string& common_name) {
  return {.common_name = common_name, .organization = "BlindAI test", .country = "ZZ"};
}

Bytes certificate(const NitroPart& part, const NitroPart& above) {
  std::vector<X509Extension> extensions = {basic_constraints(part.ca, part.path_len)};
  if (part.usages != 0) extensions.push_back(key_usage(part.usages));
  if (part.critical_extension) extensions.push_back({"1.2.3.4", true, der_null()});
  const CertificateSpec spec = {
      .serial = random_serial(),
      .issuer = name_of_part(part.issuer_name.empty() ? above.name : part.issuer_name),
      .subject = name_of_part(part.name),
      .not_before = part.from,
      .not_after = part.to,
      .extensions = std::move(extensions)};
  const Bytes spki = part.spki.value_or(nitro_test_key(part.name).spki());
  const P384Key p384 = nitro_test_key(part.signer.empty() ? above.name : part.signer);
  const SigningKey p256 = SigningKey::generate();
  Bytes der =
      write_certificate(spec, spki, part.signed_with_p256 ? issuer_of(p256) : issuer_of(p384));
  if (part.tampered) der.back() ^= 1;
  return der;
}

}  // namespace

P384Key nitro_test_key(std::string_view label) {
  const Sha256Digest low = sha256(as_bytes("BlindAI test Nitro " + std::string(label)));
  ByteArray<48> scalar{};
  std::ranges::copy(low, scalar.end() - static_cast<ptrdiff_t>(low.size()));
  Result<P384Key> key = P384Key::from_scalar(scalar);
  BLINDAI_CHECK(key.has_value());
  return *std::move(key);
}

Sha256Digest nitro_test_root() {
  return sha256(nitro_test_key("root").spki());
}

NitroPlan::NitroPlan(Time now, BytesView user_data) {
  const Time from = now + -kHour;
  chain = {
      {.name = "root", .ca = true, .usages = kCaUsages, .from = from, .to = now + 3650 * kDay},
      {.name = "region",
       .ca = true,
       .path_len = 2,
       .usages = kCaUsages,
       .from = from,
       .to = now + 20 * kDay},
      {.name = "zone",
       .ca = true,
       .path_len = 1,
       .usages = kCaUsages,
       .from = from,
       .to = now + 5 * kDay},
      {.name = "instance",
       .ca = true,
       .path_len = 0,
       .usages = kKeyCertSign,
       .from = from,
       .to = now + kDay},
      {.name = "enclave",
       .ca = false,
       .usages = kDigitalSignature | kNonRepudiation,
       .from = now + -3,
       .to = now + 3 * kHour},
  };
  payload.set("timestamp", Cbor::integer(now.seconds * 1000 + 123));
  payload.set("user_data", Cbor::bytes(user_data));
}

std::vector<Bytes> NitroPlan::certificates() const {
  std::vector<Bytes> out;
  for (size_t i = 0; i < chain.size(); ++i)
    out.push_back(certificate(chain[i], chain[i == 0 ? 0 : i - 1]));
  return out;
}

Bytes NitroPlan::document() const {
  CoseParts parts = cose;
  NitroPayload content = payload;
  if (!keep_certificates) {
    std::vector<Bytes> ders = certificates();
    content.set("certificate", Cbor::bytes(ders.back()));
    ders.pop_back();
    if (root_last) std::ranges::reverse(ders);
    std::vector<Cbor> bundle;
    for (const Bytes& der : ders) bundle.push_back(Cbor::bytes(der));
    content.set("cabundle", Cbor::array(std::move(bundle)));
  }
  parts.payload = content.encode(open_length);
  // RFC 9052 section 4.4, written out once more so that the verifier's is not its own measure.
  Bytes to_be_signed = {0x84, 0x6a};
  append(to_be_signed, as_bytes("Signature1"));
  append(to_be_signed, Cbor::bytes(parts.protected_header).encode());
  to_be_signed.push_back(0x40);
  append(to_be_signed, Cbor::bytes(parts.payload).encode());
  const ByteArray<96> raw =
      nitro_test_key(signer.empty() ? chain.back().name : signer).sign_raw(to_be_signed);
  const BytesView both(raw);
  parts.signature =
      der_signature ? der_sequence({der_unsigned(both.first(48)), der_unsigned(both.subspan(48))})
                    : to_bytes(both);
  if (tampered_signature) parts.signature.back() ^= 1;
  if (tampered) parts.payload[20] ^= 1;
  return write_cose(parts);
}

}  // namespace blindai
