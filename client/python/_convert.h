// What the extension module's parts share: values and problems on their way to Python.
#pragma once

#include <nanobind/nanobind.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/cpp/connection.h"

namespace blindai {

// A server's text may be any bytes; a name that cannot be shown must not hide what it belongs to.
inline nanobind::str text(std::string_view bytes) {
  return nanobind::steal<nanobind::str>(
      PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "replace"));
}

// `report`: what was verified, when a connection was not made.
[[noreturn]] inline void raise(const Problem& problem, const std::string& report = {}) {
  const bool from_server = !problem.remote_code.empty();
  const nanobind::object error =
      nanobind::module_::import_("blindai.errors")
          .attr("from_core")(text(name_of(problem.code)), text(problem.name()),
                             text(problem.sentence), from_server, text(report));
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
  throw nanobind::python_error();
}

template <typename T>
T value_or_raise(Outcome<T> outcome) {
  if (!outcome.has_value()) raise(outcome.error());
  return std::move(*outcome);
}

// The memory of an object with the buffer protocol (a NumPy array), C-contiguous, borrowed.
class Buffer {
 public:
  explicit Buffer(nanobind::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_C_CONTIGUOUS) != 0)
      throw nanobind::python_error();
  }
  ~Buffer() { PyBuffer_Release(&view_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  BytesView bytes() const {
    return {static_cast<const uint8_t*>(view_.buf), static_cast<size_t>(view_.len)};
  }

 private:
  Py_buffer view_{};
};

// Tuples, as _core.pyi has them. The memory of tensors is moved, not copied.
nanobind::object to_python(const std::optional<StoredReceipt>& receipt);
nanobind::object to_python(const ModelInfo& model);
nanobind::object to_python(const OwnerKeys& keys);
nanobind::object to_python(const ModelAccess& access);
nanobind::object to_python(Prediction prediction);

// What lib/auth reads, or the exception for what it refuses.
PublicKey public_key(std::string_view key);
std::vector<PublicKey> public_keys(const std::vector<std::string>& texts);

}  // namespace blindai
