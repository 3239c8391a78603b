// Errors as values, for every side of the project.
//
//   Result<Quote> parse_quote(std::span<const uint8_t> wire) {
//     ByteReader r(wire);
//     Quote out;
//     if (!r.u16le(out.version)) return fail(Code::kMalformed, "sgx.quote.header", r.at());
//     return out;
//   }
//
// An Id is made at compile time, so no secret and no text of an attacker can travel in an Error.
// Our code does not throw; adapters around libraries that do catch at the call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace blindai {

// What went wrong, as far as a caller may branch on it. Drives the HTTP status (enclave/serve), the
// exit status (client/cli) and the exception class (client/python).
enum class Code : uint8_t {
  kMalformed,    // the bytes are not what their format says              400
  kInvalid,      // well-formed, but not acceptable to this call          400
  kUntrusted,    // evidence or a signature does not hold                 never sent by a server
  kStale,        // evidence, collateral or a token is outside its time   401
  kAnonymous,    // the caller has to say who they are first              401
  kDenied,       // the caller may not do this                            403
  kNotFound,     // nothing by that name                                  404
  kConflict,     // the name is taken, or the state does not allow it     409
  kTooLarge,     // over a stated limit                                   413
  kRefused,      // the model is one the service does not run             422
  kExhausted,    // a rate or quota is used up                            429
  kUnavailable,  // not now: loading, stopping, no memory, no connection  503
  kDeadline,     // the time allowed ran out                              504
  kNoSpace,      // the store is full                                     507
  kInternal,     // a fault of ours                                       500
};
std::string_view name_of(Code code);

// The stable name of one failure ("sgx.quote.header"): area, then reason, in lower case. `advice`
// is the sentence a person is shown; it says what to do next.
struct Id {
  template <size_t N>
  consteval Id(const char (&id)[N]) : text(id), advice("") {}  // NOLINT: literals convert
  template <size_t N, size_t M>
  consteval Id(const char (&id)[N], const char (&what_to_do)[M]) : text(id), advice(what_to_do) {}
  const char* text;
  const char* advice;
};

// `at` is a byte offset into the input, where that helps. It stays 0 for failures on decrypted
// data.
struct [[nodiscard]] Error {
  Code code;
  Id id;
  uint64_t at = 0;

  std::string_view name() const { return id.text; }
  // One line for a log or a terminal: the advice when there is some, the id and the offset.
  std::string describe() const;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Code code, Id id, uint64_t at = 0) {
  return std::unexpected(Error{code, id, at});
}

// An error told to a person, at the edge (HTTP reply, terminal, Python exception). Unlike an Error
// it carries text made at run time. The text may quote names, shapes and sizes that the receiver
// sent or may see; never tensor data, keys or anything of another caller.
struct [[nodiscard]] Problem {
  Code code;
  Id id;
  std::string sentence;
  // In a client, when a server said it: the server's own "area.reason"; `id` is then one of the
  // client's, and name() answers this. Empty for problems of this side.
  std::string remote_code = {};

  Problem(Code c, Id i, std::string s) : code(c), id(i), sentence(std::move(s)) {}
  Problem(const Error& e)  // NOLINT: an Error is a Problem without particulars
      : code(e.code), id(e.id), sentence(e.describe()) {}
  std::string_view name() const {
    return remote_code.empty() ? std::string_view(id.text) : std::string_view(remote_code);
  }
};

template <typename T>
using Outcome = std::expected<T, Problem>;

inline std::unexpected<Problem> problem(Code code, Id id, std::string sentence) {
  return std::unexpected(Problem(code, id, std::move(sentence)));
}

// An invariant of ours was broken: say where and abort. Never for input.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace blindai

#define BLINDAI_CHECK(condition)                               \
  do {                                                         \
    if (!(condition)) [[unlikely]]                             \
      ::blindai::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)

#define BLINDAI_CONCAT_INNER(a, b) a##b
#define BLINDAI_CONCAT(a, b) BLINDAI_CONCAT_INNER(a, b)

// RETURN_IF_ERROR(status_or_result_expression);
#define RETURN_IF_ERROR(expression)                              \
  do {                                                           \
    if (auto try_result = (expression); !try_result.has_value()) \
      return std::unexpected(std::move(try_result).error());     \
  } while (false)

// ASSIGN_OR_RETURN(auto quote, parse_quote(wire));
#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_AS(BLINDAI_CONCAT(try_result_, __LINE__), declaration, expression)
#define ASSIGN_OR_RETURN_AS(name, declaration, expression)                \
  auto name = (expression);                                               \
  if (!name.has_value()) return std::unexpected(std::move(name).error()); \
  declaration = std::move(*name)
