// Collateral as a folder of files, one a part: what `blindai collateral fetch` writes, and what a
// host puts beside its server.
//
// tcb_info.json, tcb_info_chain.pem, qe_identity.json, qe_identity_chain.pem, pck_crl.der,
// pck_crl_chain.pem, root_ca_crl.der; vek.der, vek_chain.pem, vek_crl.der.
#pragma once

#include <string>

#include "lib/attest/evidence.h"

namespace blindai {

// The file of a part of that name (collateral_parts).
std::string collateral_file(std::string_view part);

// Parts that `known` has already stay. Errors: kNotFound "collateral.folder" (a part has no file),
// kTooLarge "collateral.folder" (more than kMaxCollateralDocument); kUnavailable.
Outcome<Collateral> read_collateral(const std::string& folder, Tee tee, Collateral known = {});

// Makes the folder when it is missing; a file is replaced at once or not at all. Errors:
// kUnavailable "collateral.folder".
Outcome<void> write_collateral(const std::string& folder, Tee tee, const Collateral& collateral);

}  // namespace blindai
