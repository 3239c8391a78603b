// Property: a target that is a route names a model only by an id that the grammar accepts, and the
// same model's path, written plainly, is the same route.
//
// Input: a method, a space, a target.
#include "lib/oip/route.h"

#include <cstdlib>

#include "lib/base/bytes.h"
#include "lib/base/model_id.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace blindai;
  const std::string_view text = as_text({data, size});
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return 0;
  const auto route = parse_route(text.substr(0, space), text.substr(space + 1));
  if (!route) {
    if (route.error().sentence.empty()) std::abort();
    return 0;
  }
  if (route->version.find_first_not_of("0123456789") != std::string::npos) std::abort();
  if (route->model_id.empty()) return 0;
  if (!check_model_id(route->model_id)) std::abort();
  const auto info = parse_route("GET", "/v1/models/" + route->model_id);
  if (!info || info->endpoint != Endpoint::kModelInfo || info->model_id != route->model_id)
    std::abort();
  const auto metadata = parse_route("GET", "/v2/models/" + route->model_id);
  if (!metadata || metadata->endpoint != Endpoint::kModelMetadata ||
      metadata->model_id != route->model_id)
    std::abort();
  return 0;
}
