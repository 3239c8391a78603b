#include "client/python/_convert.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;

namespace blindai {
namespace {

nb::list to_python(const std::vector<TensorSpec>& specs) {
  nb::list out;
  for (const TensorSpec& spec : specs)
    out.append(nb::make_tuple(text(spec.name), text(name_of(spec.datatype)), spec.shape));
  return out;
}

// In seconds since 1970.
nb::object to_python(const std::optional<Time>& time) {
  return time.has_value() ? nb::cast(time->seconds) : nb::none();
}

// A writable uint8 array that owns the bytes.
nb::object array_of(Bytes bytes) {
  auto owned = std::make_unique<Bytes>(std::move(bytes));
  Bytes* data = owned.get();
  const nb::capsule owner(owned.release(), [](void* p) noexcept { delete static_cast<Bytes*>(p); });
  return nb::cast(
      nb::ndarray<nb::numpy, uint8_t, nb::ndim<1>>(data->data(), {data->size()}, owner));
}

}  // namespace

nb::object to_python(const std::optional<StoredReceipt>& receipt) {
  if (!receipt.has_value()) return nb::none();
  return nb::make_tuple(text(receipt->model_id), to_hex(receipt->model_hash), receipt->epoch,
                        to_hex(receipt->content_id));
}

nb::object to_python(const ModelInfo& model) {
  return nb::make_tuple(text(model.model_id), to_hex(model.model_hash), model.size,
                        to_python(model.signature.inputs), to_python(model.signature.outputs),
                        to_python(model.receipt), to_python(model.expires));
}

nb::object to_python(const OwnerKeys& keys) {
  nb::list out;
  for (const OwnerKey& key : keys.keys)
    out.append(nb::make_tuple(to_text(key.key), text(name_of(key.state))));
  return nb::make_tuple(to_text(keys.owner), out);
}

nb::object to_python(const ModelAccess& access) {
  nb::list callers;
  for (const PublicKey& key : access.callers) callers.append(to_text(key));
  nb::list handover;
  for (const ByteArray<32>& to : access.handover) handover.append(to_hex(to));
  return nb::make_tuple(access.is_private, callers, handover);
}

PublicKey public_key(std::string_view key) {
  return value_or_raise(Outcome<PublicKey>(parse_public_key(key)));
}

std::vector<PublicKey> public_keys(const std::vector<std::string>& texts) {
  std::vector<PublicKey> out;
  for (const std::string& key : texts) out.push_back(public_key(key));
  return out;
}

nb::object to_python(Prediction prediction) {
  nb::list outputs;
  for (Tensor& tensor : prediction.outputs)
    outputs.append(nb::make_tuple(text(tensor.name), text(name_of(tensor.datatype)), tensor.shape,
                                  array_of(std::move(tensor.data))));
  return nb::make_tuple(text(prediction.model_id), text(prediction.model_version),
                        text(prediction.request_id), prediction.inference_time.count(), outputs,
                        to_python(prediction.expires));
}

}  // namespace blindai
