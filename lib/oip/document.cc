#include "lib/oip/document.h"

#include <boost/json/basic_parser_impl.hpp>

#include "lib/oip/document_handler.h"

namespace blindai {
namespace {

namespace json = boost::json;

// `data` nested as deep as the largest rank, inside the tensor, the list and the document; and a
// little for keys that are skipped. Boost.JSON recurses no deeper than this.
constexpr size_t kMaxDepth = 40;

std::string_view view(json::string_view text) {
  return {text.data(), text.size()};
}

// Boost.JSON's names for the events, handed on to our handler.
class Events {
 public:
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;
  static constexpr size_t max_string_size = SIZE_MAX;

  explicit Events(DocumentHandler& handler) : handler_(handler) {}

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code& ec) { return checked(handler_.object_begin(), ec); }
  bool on_object_end(size_t, json::error_code& ec) { return checked(handler_.object_end(), ec); }
  bool on_array_begin(json::error_code& ec) { return checked(handler_.array_begin(), ec); }
  bool on_array_end(size_t n, json::error_code& ec) { return checked(handler_.array_end(n), ec); }
  bool on_key_part(json::string_view s, size_t, json::error_code& ec) {
    return checked(handler_.key(view(s), false), ec);
  }
  bool on_key(json::string_view s, size_t, json::error_code& ec) {
    return checked(handler_.key(view(s), true), ec);
  }
  bool on_string_part(json::string_view s, size_t n, json::error_code& ec) {
    return checked(handler_.string(view(s), n, false), ec);
  }
  bool on_string(json::string_view s, size_t n, json::error_code& ec) {
    return checked(handler_.string(view(s), n, true), ec);
  }
  // Numbers arrive whole, because the input does: except one that ends the input, which is no
  // object and is refused.
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(int64_t value, json::string_view s, json::error_code& ec) {
    NumberText number{.kind = kElementInteger, .text = view(s)};
    number.as_signed = value;
    number.negative = value < 0;
    number.as_unsigned = value < 0 ? 0 : static_cast<uint64_t>(value);
    number.rough = static_cast<double>(value);
    return checked(handler_.number(number), ec);
  }
  bool on_uint64(uint64_t value, json::string_view s, json::error_code& ec) {
    NumberText number{.kind = kElementInteger, .text = view(s)};
    number.as_unsigned = value;
    number.rough = static_cast<double>(value);
    return checked(handler_.number(number), ec);
  }
  bool on_double(double value, json::string_view s, json::error_code& ec) {
    const bool fraction = view(s).find_first_of(".eE") != std::string_view::npos;
    return checked(handler_.number({.kind = fraction ? kElementFraction : kElementHugeInteger,
                                    .text = view(s),
                                    .rough = value}),
                   ec);
  }
  bool on_bool(bool value, json::error_code& ec) { return checked(handler_.boolean(value), ec); }
  bool on_null(json::error_code& ec) { return checked(handler_.null(), ec); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  // The error code only stops the parser; what went wrong is in the handler.
  static bool checked(bool good, json::error_code& ec) {
    if (!good) ec = json::error::exception;
    return good;
  }

  DocumentHandler& handler_;
};

// True when one of the words that some writers use for numbers JSON does not have begins within a
// few characters before `at`, where the parser stopped.
bool stopped_at_not_finite(std::string_view text, size_t at) {
  for (size_t back = 0; back <= 2 && back <= at; ++back) {
    const std::string_view rest = text.substr(at - back);
    for (std::string_view word : {"NaN", "nan", "Infinity", "-Infinity", "inf", "Inf"})
      if (rest.starts_with(word)) return true;
  }
  return false;
}

Outcome<void> parse(DocumentHandler& handler, BytesView bytes) {
  const std::string_view text = as_text(bytes);
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::basic_parser<Events> parser(options, handler);
  json::error_code ec;
  const size_t read = parser.write_some(false, text.data(), text.size(), ec);
  if (handler.failure()) return std::unexpected(std::move(*handler.failure()));
  if (ec == json::error::too_deep)
    return problem(Code::kMalformed, "oip.json-depth",
                   "The JSON is nested more than " + std::to_string(kMaxDepth) + " deep.");
  if (ec == json::error::exponent_overflow)
    return problem(Code::kInvalid, "oip.data-range",
                   "A number's exponent is outside every range (at byte " + std::to_string(read) +
                       " of the JSON).");
  if (ec && stopped_at_not_finite(text, read))
    return problem(Code::kInvalid, "oip.data-range",
                   "NaN and Infinity are not JSON numbers (at byte " + std::to_string(read) +
                       "); send the tensor as binary.");
  if (ec)
    return problem(Code::kMalformed, "oip.json",
                   "The JSON is not well-formed or not UTF-8: " + ec.message() + " at byte " +
                       std::to_string(read) + ".");
  if (read != text.size())
    return problem(Code::kMalformed, "oip.json-trailing",
                   "There is more after the JSON object, at byte " + std::to_string(read) +
                       "; binary tensors need the header Inference-Header-Content-Length.");
  return {};
}

}  // namespace

Outcome<OipDocument> read_document(OipMessage message, BytesView json, const InferLimits& limits) {
  if (json.size() > limits.json_bytes)
    return problem(Code::kTooLarge, "oip.json-size",
                   "The JSON part has " + std::to_string(json.size()) + " bytes; at most " +
                       std::to_string(limits.json_bytes) +
                       " are read. Send large tensors as binary.");
  OipDocument out;
  DocumentHandler handler(message, limits, out, {});
  RETURN_IF_ERROR(parse(handler, json));
  return out;
}

Outcome<void> write_document_data(OipMessage message, BytesView json, const InferLimits& limits,
                                  std::span<const ElementPlace> places) {
  OipDocument ignored;
  DocumentHandler handler(message, limits, ignored, places);
  return parse(handler, json);
}

}  // namespace blindai
