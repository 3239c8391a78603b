// One prediction over a verified connection, by the Open Inference Protocol's binary form. Internal
// to client/cpp.
#pragma once

#include "client/cpp/transport.h"

namespace blindai {

// `names`: one for each input. `model_id` was checked.
Outcome<Prediction> predict_over(AttestedTransport& transport, const std::string& model_id,
                                 const std::vector<TensorView>& inputs,
                                 const std::vector<std::string_view>& names,
                                 const PredictOptions& options);

}  // namespace blindai
