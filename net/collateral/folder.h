// Collateral as a folder of files, one a part: what `blindai collateral fetch` writes, what a host
// puts beside its server, and what `blindai verify FILE --collateral` reads.
//
// tcb_info.json, tcb_info_chain.pem, qe_identity.json, qe_identity_chain.pem, pck_crl.der,
// pck_crl_chain.pem, root_ca_crl.der; vek.der, vek_chain.pem, vek_crl.der.
#pragma once

#include <string>

#include "lib/attest/evidence.h"

namespace blindai {

// The file of a part of that name (collateral_parts).
std::string collateral_file(std::string_view part);

// The files that evidence of this TEE cannot be judged without, "tcb_info.json, …"; empty for
// kNitro, which brings its own. pck_crl_chain is none of them: no check reads it.
std::string needed_collateral_files(Tee tee);

// Parts that `known` has already stay; pck_crl_chain may be absent. A file may also have the part's
// bare name or another of the endings above. Errors: kNotFound "collateral.missing", with the names
// of all files to provide; "collateral.folder": kTooLarge (over kMaxCollateralDocument),
// kUnavailable (unreadable, or empty).
Outcome<Collateral> read_collateral(const std::string& folder, Tee tee, Collateral known = {});

// Makes the folder when it is missing; a file is replaced at once or not at all. Errors:
// kUnavailable "collateral.folder".
Outcome<void> write_collateral(const std::string& folder, Tee tee, const Collateral& collateral);

}  // namespace blindai
