// What was verified of a server, for people.   Pure.
#pragma once

#include <string>

#include "client/cpp/evidence_file.h"

namespace blindai {

// One line a check, grouped; after a failed one what was expected, what was found and what to do;
// those that were not reached as one number.
// Everything a server may have written is made printable.
std::string verify_report(const AttestedServer& server);

// The same for evidence in a file, which has no connection.
std::string file_report(const JudgedEvidence& judged);

}  // namespace blindai
