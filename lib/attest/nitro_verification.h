// The judging of one AWS Nitro document. Private to lib/attest.
#pragma once

#include <algorithm>
#include <vector>

#include "lib/attest/judging.h"
#include "lib/attest/nitro_checks.h"
#include "lib/attest/nitro_document.h"
#include "lib/attest/recall.h"
#include "lib/attest/x509.h"

namespace blindai {

// Every method marks the checks it is named for; what a failure takes away from later ones, it
// leaves unmarked. Reads like the list in docs/attestation-nitro.md.
class NitroVerification : Judging<NitroCheck> {
 public:
  NitroVerification(const Evidence& evidence, BytesView claims, const Policy& policy,
                    const TrustRoots& roots, Time now, Recall& recall)
      : Judging(nitro_check_specs(), now),
        evidence_(evidence),
        claims_(claims),
        policy_(policy),
        roots_(roots),
        recall_(recall) {}

  Verification run() &&;

 private:
  using C = NitroCheck;

  bool document();
  bool payload();
  bool chain();
  bool signatures();
  void times();
  void policy();
  void pcrs(const NitroPolicy& accepted);
  void claims();
  bool debug() const;
  std::optional<VerifiedEvidence::Facts> facts();

  const Certificate& root() const { return *chain_.front(); }
  const Certificate& leaf() const { return *chain_.back(); }

  const Evidence& evidence_;
  BytesView claims_;
  const Policy& policy_;
  const TrustRoots& roots_;
  Recall& recall_;

  std::optional<CoseSign1> message_;
  std::optional<NitroDocument> document_;
  std::vector<std::shared_ptr<const Certificate>>
      chain_;  // root first, the document's certificate last
};

}  // namespace blindai
