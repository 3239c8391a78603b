#include "client/python/_keys.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>

#include "client/cpp/connection.h"
#include "client/cpp/key_file.h"
#include "lib/auth/endorsement.h"

namespace nb = nanobind;

namespace blindai {
namespace {

template <typename T>
T read(Result<T> parsed) {
  if (!parsed.has_value()) raise(Problem(parsed.error()));
  return *std::move(parsed);
}

PyApiKey generate() {
  return {std::make_shared<const ApiKey>(ApiKey::generate())};
}

PyApiKey parse(std::string_view text) {
  return {std::make_shared<const ApiKey>(read(ApiKey::parse(text)))};
}

// Nothing where neither a path nor the environment names a key.
std::optional<PyApiKey> load(const std::string& path) {
  auto key = value_or_raise(load_api_key(path));
  if (key == nullptr) return std::nullopt;
  return PyApiKey{std::move(key)};
}

void write(const PyApiKey& key, const std::string& path) {
  const Outcome<void> done = write_key_file(path, *key.key);
  if (!done.has_value()) raise(done.error());
}

// The key that consents, and the consent.
std::tuple<std::string, std::string> consent(const PyApiKey& key, std::string_view owner) {
  const Endorsement made = make_endorsement(*key.key, read(parse_public_key(owner)));
  const auto good = verify_endorsement(made);
  if (!good.has_value()) raise(Problem(good.error()));
  return {to_text(made.key), consent_to_text(made)};
}

}  // namespace

void bind_keys(nb::module_& m) {
  using namespace nb::literals;
  nb::class_<PyApiKey>(m, "ApiKey")
      .def_static("generate", &generate)
      .def_static("parse", &parse, "text"_a)
      .def_static("load", &load, "path"_a)
      .def_prop_ro("public_key",
                   [](const PyApiKey& self) { return to_text(self.key->public_key()); })
      .def("write", &write, "path"_a)
      .def("consent", &consent, "owner"_a);
}

}  // namespace blindai
