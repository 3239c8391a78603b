// One element of a tensor, to and from JSON. Internal to tensor_json.   Pure.
#pragma once

#include "lib/base/byte_reader.h"
#include "lib/base/json.h"
#include "lib/oip/datatype.h"

namespace blindai {

// Appends the element's bytes. Errors: kInvalid "tensor.element".
Status append_element(Bytes& out, Datatype datatype, const JsonValue& value);

// Reads one element and appends its JSON. False when the bytes end before it does.
bool append_json_element(std::string& out, Datatype datatype, ByteReader& in);

}  // namespace blindai
