// `blindai collateral fetch EVIDENCE`: what an auditor, or the host of a server, fetches ahead.
#pragma once

#include <string>

#include "lib/attest/evidence.h"

namespace blindai {

struct CollateralCommand {
  std::string file;      // a quote, a report, a document, or a saved attestation message
  std::string pcs;       // empty: Intel's
  std::string kds;       // empty: AMD's
  std::string cache;     // folder; empty: none
  std::string out;       // folder
  std::string ca;        // PEM; empty: the system's
  std::string product;   // of an SEV-SNP report that does not say it
  bool refresh = false;  // ask even where the cache has something fresh
};

// Whose evidence a file holds, by its bytes. Errors: kInvalid "collateral.evidence".
Outcome<Evidence> recognise_evidence(BytesView file);

}  // namespace blindai
