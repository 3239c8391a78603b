// Property: tensors that are read can be written as JSON, and read back with the same bytes.
#include "client/cli/tensor_json.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using blindai::Datatype;
  for (const Datatype datatype : {Datatype::kFp32, Datatype::kFp16, Datatype::kInt8,
                                  Datatype::kUint64, Datatype::kBool, Datatype::kBytes}) {
    const blindai::ModelSignature signature{
        .inputs = {{"x", datatype, {-1}}, {"s", datatype, {-1}}}, .outputs = {}};
    const auto tensors =
        blindai::tensors_from_json(blindai::as_text(blindai::BytesView(data, size)), "", signature);
    if (!tensors.has_value()) continue;
    for (const blindai::Tensor& tensor : *tensors) {
      std::string text;
      if (!blindai::append_nested(text, tensor).has_value()) std::abort();
      const blindai::ModelSignature one{.inputs = {{"x", tensor.datatype, {-1}}}, .outputs = {}};
      const auto again = blindai::tensors_from_json(text, "", one);
      if (!again.has_value() || again->front().data != tensor.data) std::abort();
    }
  }
  return 0;
}
