#include "lib/oip/route.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

TEST(Route, FindsEveryPlace) {
  struct Row {
    const char* method;
    const char* target;
    Endpoint endpoint;
    const char* model_id;
    const char* version;
  };
  const Row rows[] = {
      {"GET", "/v2", Endpoint::kServerMetadata, "", ""},
      {"GET", "/v2/health/live", Endpoint::kServerLive, "", ""},
      {"GET", "/v2/health/ready", Endpoint::kServerReady, "", ""},
      {"GET", "/v2/models/stats", Endpoint::kAllStatistics, "", ""},
      {"GET", "/v2/models/m", Endpoint::kModelMetadata, "m", ""},
      {"GET", "/v2/models/h/m", Endpoint::kModelMetadata, "h/m", ""},
      {"GET", "/v2/models/h%2Fm/versions/12", Endpoint::kModelMetadata, "h/m", "12"},
      {"GET", "/v2/models/m/ready", Endpoint::kModelReady, "m", ""},
      {"GET", "/v2/models/h/m/versions/1/ready", Endpoint::kModelReady, "h/m", "1"},
      {"GET", "/v2/models/m/config", Endpoint::kModelConfig, "m", ""},
      {"GET", "/v2/models/m/stats", Endpoint::kStatistics, "m", ""},
      {"POST", "/v2/models/m/infer?x=y", Endpoint::kInfer, "m", ""},
      {"POST", "/v2/models/m/versions/1/infer", Endpoint::kInfer, "m", "1"},
      {"POST", "/v2/repository/index", Endpoint::kRepositoryIndex, "", ""},
      {"POST", "/v2/repository/models/h/m/load", Endpoint::kRepositoryLoad, "h/m", ""},
      {"POST", "/v2/repository/models/m/unload", Endpoint::kRepositoryUnload, "m", ""},
      {"PUT", "/v1/models/h/m", Endpoint::kUpload, "h/m", ""},
      {"GET", "/v1/models/m", Endpoint::kModelInfo, "m", ""},
      {"DELETE", "/v1/models/m", Endpoint::kDelete, "m", ""},
      {"GET", "/v1/models", Endpoint::kModelList, "", ""},
      {"GET", "/v1/models/h/m/access", Endpoint::kAccess, "h/m", ""},
      {"PUT", "/v1/models/m/access", Endpoint::kChangeAccess, "m", ""},
      {"GET", "/v1/keys", Endpoint::kKeys, "", ""},
      {"POST", "/v1/keys", Endpoint::kEndorse, "", ""},
      {"DELETE", "/v1/keys/baipk_1", Endpoint::kRetire, "", ""},
      {"GET", "/v1/attestation", Endpoint::kEvidence, "", ""},
      {"POST", "/v1/attestation", Endpoint::kFreshEvidence, "", ""},
      {"POST", "/v1/handover", Endpoint::kHandover, "", ""},
  };
  for (const Row& row : rows) {
    const Outcome<Route> route = parse_route(row.method, row.target);
    ASSERT_TRUE(route.has_value()) << row.target << ": " << route.error().sentence;
    EXPECT_EQ(route->endpoint, row.endpoint) << row.target;
    EXPECT_EQ(route->model_id, row.model_id) << row.target;
    EXPECT_EQ(route->version, row.version) << row.target;
  }
}

TEST(Route, HandsOnTheKeyThatIsToBeRetired) {
  EXPECT_EQ(parse_route("DELETE", "/v1/keys/baipk_%31?x")->key, "baipk_1");
  EXPECT_EQ(parse_route("GET", "/v1/keys")->key, "");
}

TEST(Route, RefusesTheRestByName) {
  struct Row {
    const char* method;
    const char* target;
    const char* id;
  };
  const std::string long_target = "/v2/models/" + std::string(1024, 'x');
  const Row rows[] = {
      {"GET", "", "http.route"},
      {"GET", "/", "http.route"},
      {"GET", "/v3", "http.route"},
      {"GET", "*", "http.route"},
      {"GET", "/v2/nothing", "http.route"},
      {"POST", "/v2", "http.method"},
      {"PATCH", "/v1/models/m", "http.method"},
      {"GET", "/v2/models/m/infer", "http.method"},
      {"DELETE", "/v1/attestation", "http.method"},
      {"GET", "/v2/models/%", "http.target"},
      {"GET", "/v2/models/%zz", "http.target"},
      {"GET", "/v2/models/%ff", "http.target"},
      {"GET", "/v2/models/a%00b", "http.target"},
      {"GET", long_target.c_str(), "http.target"},
      {"GET", "/v2/models/../secret", "model-id.characters"},
      {"GET", "/v2/models/..%2f..%2fetc", "model-id.segments"},
      {"GET", "/v2/models/a/b/c", "model-id.segments"},
      {"GET", "/v2/models//", "model-id.empty"},
      {"GET", "/v1/models/", "model-id.empty"},
      {"PUT", "/v1/models/infer", "model-id.reserved"},
      {"PUT", "/v1/models/access", "model-id.reserved"},
      {"DELETE", "/v1/models/m/access", "http.method"},
      {"DELETE", "/v1/keys", "http.method"},
      {"DELETE", "/v1/keys/", "http.route"},
      {"PUT", "/v1/keys/baipk_1", "http.method"},
      {"GET", "/v2/models/m/versions/", "http.version"},
      {"GET", "/v2/models/m/versions/x", "http.version"},
      {"GET", "/v2/models/m/versions/1234567890", "http.version"},
  };
  for (const Row& row : rows) {
    const Outcome<Route> route = parse_route(row.method, row.target);
    ASSERT_FALSE(route.has_value()) << row.target;
    EXPECT_EQ(route.error().name(), row.id) << row.target;
    EXPECT_FALSE(route.error().sentence.empty()) << row.target;
  }
}

}  // namespace
}  // namespace blindai
