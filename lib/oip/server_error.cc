// parse_error_body of client_codec.h: the one small document that is read as a tree.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "lib/oip/client_codec.h"
#include "lib/oip/metadata.h"

namespace blindai {
namespace {

namespace json = boost::json;

constexpr size_t kMostBody = 64 * 1024;
constexpr size_t kMostSentence = 1024;
constexpr size_t kMostName = 64;

// For a terminal or a log: no control characters, which could move the cursor or forge a line.
std::string printable(std::string_view text) {
  std::string out;
  size_t length = std::min(text.size(), kMostSentence);
  while (length < text.size() && length > 0 && (text[length] & '\xc0') == '\x80') --length;
  for (char c : text.substr(0, length))
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return out;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMostName &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_") ==
             std::string_view::npos;
}

std::string_view text_at(const json::object& object, json::string_view key) {
  const json::value* value = object.if_contains(key);
  const json::string* text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string_view(text->data(), text->size()) : std::string_view();
}

}  // namespace

ServerError parse_error_body(unsigned status, BytesView body) {
  ServerError out{.code = code_of_status(status), .sentence = {}, .name = {}};
  if (body.size() <= kMostBody) {
    json::error_code ec;
    const json::value parsed =
        json::parse(json::string_view(as_text(body).data(), body.size()), ec);
    const json::object* object = ec ? nullptr : parsed.if_object();
    if (object != nullptr) {
      out.sentence = printable(text_at(*object, "error"));
      const std::string_view name = text_at(*object, "code");
      if (is_name(name)) out.name = name;
    }
  }
  if (out.sentence.empty())
    out.sentence =
        "The server answered with status " + std::to_string(status) + " and did not say why.";
  return out;
}

}  // namespace blindai
