// The seeds of fuzz/event_log.cc, tpm_quote.cc and azure_vtpm.cc are what the fixtures write, and
// so can be made again.
#include "lib/attest/dcap_vectors_test.h"
#include "lib/attest/event_log_fixture_test.h"
#include "lib/attest/vtpm_fixture_test.h"

namespace blindai {
namespace {

Bytes seed(const char* name) {
  return read_all(std::filesystem::path(BLINDAI_SOURCE_DIR) / "fuzz/corpus" / name);
}

Bytes log_seed(uint8_t kind, BytesView log) {
  Bytes out = {kind};
  append(out, log);
  return out;
}

Bytes azure_seed(uint32_t report_type) {
  const TpmQuoteEvidence quote = test_quote();
  Bytes out;
  for (const Bytes& part : {hcl_report(test_runtime(), report_type), quote.message, quote.signature,
                            QuoteFields().nonce}) {
    put_u32le(out, static_cast<uint32_t>(part.size()));
    append(out, part);
  }
  for (const auto& pcr : quote.pcrs) append(out, pcr);
  return out;
}

TEST(VtpmSeeds, AreWhatTheFixturesWrite) {
  Bytes padded = cc_log();
  padded.insert(padded.end(), 40, 0xff);
  EXPECT_EQ(seed("event_log/trust_domain"), log_seed(0, padded));
  EXPECT_EQ(seed("event_log/tpm"), log_seed(1, tpm_log()));
  EXPECT_EQ(seed("tpm_quote/pcrs"), test_quote().message);
  EXPECT_EQ(seed("azure_vtpm/snp"), azure_seed(kHclReportSnp));
  EXPECT_EQ(seed("azure_vtpm/tdx"), azure_seed(kHclReportTdx));
}

}  // namespace
}  // namespace blindai
