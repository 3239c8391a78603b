// Reads the JSON a server answers /v1 requests with. Internal to client/cpp. Pure.
//
// The server is attested, but whose programs a policy accepts is its user's choice: what it sends
// is parsed like any other input.
#pragma once

#include "client/cpp/connection.h"

namespace blindai {

inline constexpr Id kUnknownAnswer{"server.answer",
                                   "The server's answer is not what this client understands; "
                                   "update the older of the two."};

// {"model_id","model_hash","size","inputs":[{"name","datatype","shape"}…],"outputs":[…]}, and with
// them, both or neither, "epoch" and "content_id" of a receipt; other members are passed over.
// Errors: kMalformed "server.answer".
Outcome<ModelInfo> parse_model(std::string_view body);
// {"models":[…]}. Errors: kMalformed "server.answer".
Outcome<std::vector<ModelInfo>> parse_models(std::string_view body);

// The field blindai-model-expires; nothing where it is absent. Errors: kMalformed "server.answer"
// for a time that is none, or before 1970.
Outcome<std::optional<Time>> parse_expiry(std::optional<std::string_view> field);

// A receipt among other members; nothing in an empty body, or for a model that has none. Errors:
// kMalformed "server.answer".
Outcome<std::optional<StoredReceipt>> parse_receipt(std::string_view body);
// As lib/auth has them. Errors: kMalformed "server.answer".
Outcome<ModelAccess> parse_access(std::string_view body);
Outcome<OwnerKeys> parse_keys(std::string_view body);

// The problem that a status other than success and its body, {"error","code"}, stand for: id
// "server.refused", the server's sentence, and its code as remote_code. A body of another form
// still gives one, by its status.
Problem problem_of(unsigned status, BytesView body);

}  // namespace blindai
