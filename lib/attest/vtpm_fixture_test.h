// For tests: a machine with a virtual TPM, as Azure's are: an HCL report, a quote that its key
// signed, and the evidence that would have vouched for it. All of it is deterministic, because
// RSASSA-PKCS1-v1_5 is.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <openssl/x509.h>

#include "lib/attest/azure_vtpm.h"
#include "lib/attest/verifier.h"
#include "lib/base/byte_reader.h"
#include "lib/crypto/crypto.h"

namespace blindai {

// A key of these tests, which protects nothing. PKCS #8, DER.
inline constexpr std::string_view kTestTpmKey =
    "MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQDkoPUR9Preyc5825nVXnYqdXP8KDa4B0m5qZQpgX8icl"
    "SQ"
    "cjKUh5RpKn81NufJYw2tY8WV4uySKlVOoJW1XiFxZCppy5nCUe3Lo1RlHro4H9jLCmk7kqCpDo4cvHzm1wITc4JJR5LR88"
    "Yv"
    "yeuXl3er0bJbOh+U8E4G57elH/mnNlgDTGvsBMJYjrF6f64IkMHne6h92l2O9u/BIHowOSNfGBZJMJhjF2i7BW1Ztt/"
    "5uAfU"
    "PDLtJJQRszdwWb/VUg1sdsgQ/"
    "HmvVhWQSD0O8qg8gZNfL9Y4yRVICBCJ6kM1l3enr6L8SnzZ9vYCS82qxct6eNMWEBwtIlI+"
    "F+GPrn79AgMBAAECggEANtGpMW8OIBE/Y4y8K/8EUlXrQ5DY3fNRaCUTE4irVTUYtbHMEvUXTsgTzEyn8w+/"
    "Hc4IeFH662kf"
    "H0U94Ej7t9aOnONmsMM4Q1WcTMq7V+2666RJazFTOHX2+UjwoeD37HYLzUpOF+1dnePKi4ST+yzCmUEshWfBLcKts/"
    "ggwki/"
    "dTsQnpgE0DaETmQAphXAraF7ZqmJmHOTlXUZWXRnORis+Ez8hAU3KQzyKH9J/01D9ySzSg5q/"
    "e9CJra0PiIPj32rRhpRipeo"
    "YOjzb8gJq8Lei80lAz1jdM19/a2fKDYStAKFMmSozp4fA8sBzefFoReTVEZTaGtIBJgg27lqeQKBgQD1/"
    "DPcKfWK9Q7tZy3A"
    "H0RXIdxTzjBX5DdDMpRFoOSuwf62MhjdkLFntDQXLHYbwvPK7XlyZB32webVKdsleuKuI9hOI+"
    "MrMteG5eaO0FhN5VRSDQl+"
    "WAtRlvUcaCRaT8K7pS1flJfkmQ2JzPOKKr/GSkbtdiknUYMWECnXp2jLgwKBgQDt79stwXZqHZ7n/"
    "8P7weZbRdThJYgyiHxL"
    "BVT/YFmgBYcDmvysTmlXPEBK6Y5FnyPYvIXp5xA955iC5AyU3aO0XRfmAXgxPrstZdbPCwiWjlzSCoGPjhK6XrkLvC/"
    "8BsB0"
    "CK34H/QZMaXq/"
    "OlkbRFEzsD991OPDu2WsgQ8ekUDfwKBgQCER8Lvs5S6zDvhyOmednH+1VOxsaDnsu9Q8KMxqmsv210JR3l9"
    "tPDiDtMwXxWIqlcGGpyDunkumGl02lRiHGpIMTiCFOR195pVjc5loH7MLPYiRaaETf6QOrjHNO3PrzLOS+"
    "5RhwwDv5a7Mv8I"
    "nyKQFKN90VwiK8BtnfWSZhGB1wKBgQClaZ9tMtbYtNj5HoUoK8eyYly5XTdPMjV+jilmFJyaM92F8yR/"
    "wU9YdymXKsFew2DP"
    "V1idoKZY8v3C2Tmp8F/TjviDTTg6vAqyZ98rNtd0m2oKF4W0wCdi62EnuF9/"
    "jU4UHMic+9HeBfb743F6AJ0FwdrHdD7h8JXZ"
    "ss5hIPuDjwKBgQCnq5u2HaQnxmVB4JWSXW3KdTyWu/"
    "jn8FZBxAeeEaoFuG1yX8fElG+oh1rR2XdnSVG9UdkkhpyUGLxa3u9S"
    "VIFqLE/HzC/obxUoORB+RxrTZa0DWe6c0Qnsj/gnzfdW6qVdw79f9yv6OXSAh9ZR4pczIiRUKYGFo0zSaauDx/JGsg==";

class TestTpm {
 public:
  TestTpm() {
    const Bytes der = from_base64(kTestTpmKey).value();
    const unsigned char* at = der.data();
    key_ = d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size()));
    EXPECT_NE(key_, nullptr);
  }
  ~TestTpm() { EVP_PKEY_free(key_); }
  TestTpm(const TestTpm&) = delete;
  TestTpm& operator=(const TestTpm&) = delete;

  RsaPublicKey public_key() const {
    return {number(OSSL_PKEY_PARAM_RSA_N), number(OSSL_PKEY_PARAM_RSA_E)};
  }
  Bytes sign(BytesView message) const {
    EVP_MD_CTX* ctx = EVP_MD_CTX_new();
    Bytes out(256);
    size_t length = out.size();
    EXPECT_EQ(EVP_DigestSignInit(ctx, nullptr, EVP_sha256(), nullptr, key_), 1);
    EXPECT_EQ(EVP_DigestSign(ctx, out.data(), &length, message.data(), message.size()), 1);
    EVP_MD_CTX_free(ctx);
    return out;
  }

 private:
  Bytes number(const char* name) const {
    BIGNUM* number = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(key_, name, &number), 1);
    Bytes out(static_cast<size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, out.data());
    BN_free(number);
    return out;
  }
  EVP_PKEY* key_;
};

inline const TestTpm& test_tpm() {
  static const TestTpm tpm;
  return tpm;
}

// The fields of a TPMS_ATTEST that tests change.
struct QuoteFields {
  uint32_t magic = 0xff544347;
  uint16_t type = 0x8018;
  Bytes nonce = to_bytes(as_bytes("a nonce of the asker"));
  std::vector<PcrSelection> selections = {{0x000b, 0x0000ffff}};
  Bytes digest = {};
};

inline Bytes quote_message(const QuoteFields& f) {
  Bytes out;
  put_u32be(out, f.magic);
  put_u16be(out, f.type);
  put_u16be(out, 4);
  append(out, as_bytes("name"));
  put_u16be(out, static_cast<uint16_t>(f.nonce.size()));
  append(out, f.nonce);
  put_u64be(out, 0x0102030405060708);
  put_u32be(out, 9);
  put_u32be(out, 10);
  put_u8(out, 1);
  put_u64be(out, 0x1112131415161718);
  put_u32be(out, static_cast<uint32_t>(f.selections.size()));
  for (const PcrSelection& s : f.selections) {
    put_u16be(out, s.hash);
    put_u8(out, 3);
    for (int i = 0; i < 3; ++i) put_u8(out, static_cast<uint8_t>(s.pcrs >> (8 * i)));
  }
  put_u16be(out, static_cast<uint16_t>(f.digest.size()));
  append(out, f.digest);
  return out;
}

inline std::vector<ByteArray<32>> test_pcrs() {
  std::vector<ByteArray<32>> out(16);
  for (size_t i = 0; i < out.size(); ++i) out[i].fill(static_cast<uint8_t>(i + 1));
  return out;
}

inline Bytes digest_of(const std::vector<ByteArray<32>>& pcrs) {
  Bytes all;
  for (const auto& pcr : pcrs) append(all, pcr);
  return to_bytes(sha256(all));
}

// A quote of PCRs 0 to 15 over QuoteFields' nonce, with a bare signature.
inline TpmQuoteEvidence test_quote(QuoteFields fields = {}) {
  TpmQuoteEvidence out;
  out.pcrs = test_pcrs();
  if (fields.digest.empty()) fields.digest = digest_of(out.pcrs);
  out.message = quote_message(fields);
  out.signature = test_tpm().sign(out.message);
  return out;
}

// Accepts test_quote(): PCR 4 by its value, the others whatever they are.
inline TpmPolicy test_tpm_policy() {
  TpmPolicy out;
  out.pcr_selection = 0x0000ffff;
  for (size_t i = 0; i < 16; ++i) out.pcrs[i].any = i != 4;
  out.pcrs[4].values = {test_pcrs()[4]};
  return out;
}

inline std::string test_runtime() {
  const RsaPublicKey key = test_tpm().public_key();
  return R"({"keys":[{"kid":"HCLAkPub","key_ops":["sign"],"kty":"RSA","e":")" +
         to_base64url(key.e) + R"(","n":")" + to_base64url(key.n) +
         R"("}],"vm-configuration":{"secure-boot":true,"tpm-enabled":true,"vmUniqueId":"VM-1"},)" +
         R"("user-data":")" + std::string(128, '0') + R"("})";
}

inline ByteArray<64> data_for(std::string_view runtime) {
  ByteArray<64> out{};
  const Sha256Digest digest = sha256(as_bytes(runtime));
  std::copy(digest.begin(), digest.end(), out.begin());
  return out;
}

inline constexpr ByteArray<48> kTestMeasurement = {0x4d, 0x45, 0x41, 0x53};

// Of an SNP guest or a trust domain, by report_type (2 or 4).
inline Bytes hcl_report(std::string_view runtime, uint32_t report_type = kHclReportSnp) {
  const bool snp = report_type == kHclReportSnp;
  Bytes report(kHclHardwareReportLen);
  const ByteArray<64> data = data_for(runtime);
  std::copy(data.begin(), data.end(), report.begin() + (snp ? 0x50 : 128));
  std::copy(kTestMeasurement.begin(), kTestMeasurement.end(), report.begin() + (snp ? 0x90 : 528));
  const auto json_size = static_cast<uint32_t>(runtime.size());
  Bytes out = to_bytes(as_bytes("HCLA"));
  put_u32le(out, 2);
  put_u32le(out, 0x4c0 + 20 + json_size);
  put_u32le(out, 2);
  put_zeros(out, 16);
  append(out, report);
  put_u32le(out, 20 + json_size);
  put_u32le(out, 1);
  put_u32le(out, report_type);
  put_u32le(out, kHclSha256);
  put_u32le(out, json_size);
  append(out, as_bytes(runtime));
  put_zeros(out, 32);
  return out;
}

// As verify() would have made it of that VM: what these tests are not about is taken as true.
inline VerifiedEvidence vouched(
    std::variant<SgxIdentity, TdxIdentity, SnpIdentity, NitroIdentity> identity,
    const ByteArray<64>& report_data) {
  constexpr CheckSpec kSpec[] = {{{"test.taken-as-true"}, Code::kUntrusted}};
  Verifier verifier(kSpec, Time{0});
  verifier.mark(0, true, "", "");
  const Verification out =
      std::move(verifier).finish(VerifiedEvidence::Facts{.identity = std::move(identity),
                                                         .tcb_status = TcbStatus::kUpToDate,
                                                         .advisories = {},
                                                         .tcb_evaluation_number = 0,
                                                         .debug = false,
                                                         .report_data = report_data,
                                                         .verified_at = Time{0},
                                                         .valid_until = Time{1},
                                                         .fresh_until = Time{1}});
  return *out.evidence();
}
inline VerifiedEvidence vouched_snp(const ByteArray<64>& report_data,
                                    const ByteArray<48>& measurement = kTestMeasurement) {
  SnpIdentity identity{};
  identity.measurement = measurement;
  return vouched(identity, report_data);
}
inline VerifiedEvidence vouched_tdx(const ByteArray<64>& report_data,
                                    const ByteArray<48>& mr_td = kTestMeasurement,
                                    const std::array<ByteArray<48>, 4>& rtmr = {}) {
  TdxIdentity identity{};
  identity.mr_td = mr_td;
  identity.rtmr = rtmr;
  return vouched(identity, report_data);
}

// Names of the checks in that state, in order, separated by spaces.
inline std::string names_in(const CheckList& list, CheckState state) {
  std::string out;
  for (const Check& c : list.checks())
    if (c.state == state) out += (out.empty() ? "" : " ") + std::string(c.name());
  return out;
}
inline std::string failures_in(const CheckList& list) {
  return names_in(list, CheckState::kFailed);
}

}  // namespace blindai
