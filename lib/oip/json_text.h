// Writes JSON (RFC 8259) without a tree in between: replies are built for every request, and their
// form is fixed. Reading JSON is Boost.JSON's work.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"

namespace blindai {

// "text" with quotation marks, escaped. Text that is not UTF-8 is written with '?' for each byte
// above 127, so that the reply stays JSON.
void append_json_string(std::string& out, std::string_view text);

// Shortest decimal form that reads back as the same value. The float must be finite.
void append_json_number(std::string& out, int64_t value);
void append_json_number(std::string& out, uint64_t value);
void append_json_number(std::string& out, float value);
void append_json_number(std::string& out, double value);

// [1,3,224,224]
void append_json_shape(std::string& out, std::span<const int64_t> shape);
std::string shape_text(std::span<const int64_t> shape);

// "name" for a sentence: at most 64 bytes of it, without control characters.
std::string quoted(std::string_view name);

}  // namespace blindai
