// An Azure confidential VM's evidence, kept as files: the HCL report, and the virtual TPM's quote
// beside it. Private to client/cpp.
#pragma once

#include "client/cpp/evidence_file.h"

namespace blindai {

// The collateral of a folder, or an error that names the files to provide.
Outcome<Collateral> collateral_of(const EvidenceInputs& inputs, Tee tee);

// Errors: as verify_evidence_file(); kNotFound "azure.files" for a file or nonce that is not given;
// those of verify_azure_vm().
Outcome<void> judge_azure(BytesView hcl_report, const EvidenceInputs& inputs, JudgedEvidence& seen);

}  // namespace blindai
