#include "lib/oip/metadata.h"

#include <gtest/gtest.h>

namespace blindai {
namespace {

ModelDescription example() {
  ModelDescription out{.model_id = "h/m",
                       .model_hash = {},
                       .size = 123,
                       .saved = true,
                       .epoch = 7,
                       .content_id = {},
                       .signature = {}};
  out.content_id[31] = 0xcd;
  out.model_hash[0] = 0xab;
  out.signature.inputs = {{"in \"put\"", Datatype::kFp32, {-1, 3}}, {"s", Datatype::kBytes, {}}};
  out.signature.outputs = {{"out", Datatype::kBf16, {1, 0}}};
  return out;
}

TEST(Metadata, ServerNamesItsExtensions) {
  EXPECT_EQ(server_metadata_json("1.2.3"),
            R"({"name":"blindai","version":"1.2.3","extensions":["binary_tensor_data",)"
            R"("model_configuration","model_repository","statistics","blindai_upload",)"
            R"("blindai_attestation"]})");
}

TEST(Metadata, ModelHasTheProtocolsFields) {
  EXPECT_EQ(model_metadata_json(example()),
            R"({"name":"h/m","versions":["1"],"platform":"onnxruntime_onnx","inputs":[)"
            R"({"name":"in \"put\"","datatype":"FP32","shape":[-1,3]},)"
            R"({"name":"s","datatype":"BYTES","shape":[]}],)"
            R"("outputs":[{"name":"out","datatype":"BF16","shape":[1,0]}]})");
  EXPECT_EQ(model_ready_json("m", true), R"({"name":"m","ready":true})");
}

TEST(Metadata, ConfigurationUsesTritonsTypeNames) {
  const std::string text = model_config_json(example());
  EXPECT_NE(text.find(R"("data_type":"TYPE_FP32","dims":[-1,3])"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("data_type":"TYPE_STRING","dims":[])"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("max_batch_size":0)"), std::string::npos) << text;
}

TEST(Metadata, StatisticsHaveEverySum) {
  ModelStatistics statistics;
  statistics.success.add(5);
  statistics.success.add(6);
  statistics.last_inference_ms = 99;
  const std::string text = statistics_json({{"m", statistics}});
  EXPECT_NE(text.find(R"("last_inference":99,"inference_count":2)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("success":{"count":2,"ns":11})"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("cache_miss":{"count":0,"ns":0})"), std::string::npos) << text;
}

TEST(Metadata, RepositoryIndexListsReadyModels) {
  EXPECT_EQ(repository_index_json({"a"}), R"([{"name":"a","version":"1","state":"READY"}])");
  EXPECT_EQ(repository_index_json({}), "[]");
}

TEST(ModelDescription, RoundTripsAloneAndInAList) {
  const ModelDescription model = example();
  const ModelDescription read =
      parse_model_description(as_bytes(model_description_json(model))).value();
  EXPECT_EQ(read.model_id, model.model_id);
  EXPECT_EQ(read.model_hash, model.model_hash);
  EXPECT_EQ(read.size, model.size);
  EXPECT_EQ(read.epoch, 7u);
  EXPECT_EQ(read.content_id, model.content_id);
  EXPECT_EQ(read.signature, model.signature);
  EXPECT_EQ(parse_model_list(as_bytes(model_list_json({model, model})))->size(), 2u);
}

TEST(ModelDescription, HasNoReceiptOfWhatIsInMemoryOnly) {
  ModelDescription passing = example();
  passing.saved = false;
  const std::string text = model_description_json(passing);
  EXPECT_EQ(text.find("epoch"), std::string::npos) << text;
  EXPECT_EQ(text.find("content_id"), std::string::npos) << text;
  EXPECT_EQ(parse_model_description(as_bytes(text))->epoch, 0u);
  std::string saved_without = text;
  saved_without.replace(saved_without.find("false"), 5, "true");
  EXPECT_FALSE(parse_model_description(as_bytes(saved_without)).has_value());
}

TEST(ModelDescription, RefusesEveryTruncationAndWrongTypes) {
  const std::string text = model_description_json(example());
  for (size_t n = 0; n < text.size(); ++n)
    EXPECT_EQ(parse_model_description(as_bytes(std::string_view(text).substr(0, n))).error().name(),
              "oip.description");
  for (const char* bad :
       {"[]", "{}", R"({"models":1})", R"({"models":[1]})",
        R"({"model_id":1,"model_hash":"","size":1,"saved":true,"inputs":[],"outputs":[]})"}) {
    EXPECT_FALSE(parse_model_description(as_bytes(bad)).has_value()) << bad;
    EXPECT_FALSE(parse_model_list(as_bytes(bad)).has_value()) << bad;
  }
}

TEST(ErrorJson, QuotesTheSentence) {
  EXPECT_EQ(error_json(Problem(Code::kNotFound, "a.b", "No \"x\".")),
            R"({"error":"No \"x\".","code":"a.b"})");
  EXPECT_EQ(http_status(Code::kConflict), 409u);
  EXPECT_EQ(http_status(Code::kNoSpace), 507u);
}

}  // namespace
}  // namespace blindai
