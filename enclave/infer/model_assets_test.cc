// Real models against results computed elsewhere: the shared model assets, when they are there.
// Recipes and tolerances: the README.md beside those models.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>

#include <boost/json.hpp>

#include "enclave/infer/worker_fixture.h"
#include "lib/crypto/crypto.h"

namespace blindai {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

fs::path models_folder() {
  const char* shared = std::getenv("BLINDAI_SHARED");
  return fs::path(shared != nullptr ? shared : BLINDAI_SOURCE_DIR "/../shared") / "models";
}

Bytes file_bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// u(i) of the recipes: a sequence that any language can make.
double weyl(size_t i) {
  return static_cast<double>(static_cast<uint32_t>((i + 1) * 2654435761ULL)) / 4294967296.0;
}

template <typename T>
void put(Bytes& out, T value) {
  const auto* raw = reinterpret_cast<const uint8_t*>(&value);
  out.insert(out.end(), raw, raw + sizeof value);
}

void put_element(Bytes& out, std::string_view dtype, double value) {
  if (dtype == "float32") {
    put(out, static_cast<float>(value));
  } else if (dtype == "int64") {
    put(out, static_cast<int64_t>(value));
  } else if (dtype == "int32") {
    put(out, static_cast<int32_t>(value));
  } else if (dtype == "uint8" || dtype == "bool") {
    put(out, static_cast<uint8_t>(value));
  } else {
    ADD_FAILURE() << "unknown dtype " << dtype;
  }
}

double number(const json::value& value) {
  return value.is_bool() ? (value.get_bool() ? 1 : 0) : value.to_number<double>();
}

using Earlier = std::map<std::string, Bytes>;  // "case/output": its bytes

Bytes pixels(const std::string& file) {
  const Bytes raw = file_bytes(models_folder() / file);
  const size_t area = raw.size() / 3;
  Bytes out;
  for (size_t channel = 0; channel < 3; ++channel)
    for (size_t i = 0; i < area; ++i)
      put(out, static_cast<float>((static_cast<double>(raw[i * 3 + channel]) - 127) / 128));
  return out;
}

Bytes made(const json::object& input, const Earlier& earlier) {
  const json::object& recipe = input.at("recipe").as_object();
  const std::string kind(recipe.at("kind").as_string());
  const std::string dtype(input.at("dtype").as_string());
  size_t count = 1;
  for (const json::value& dim : input.at("shape").as_array()) count *= dim.to_number<size_t>();
  if (kind == "file_raw")
    return file_bytes(models_folder() / std::string(recipe.at("file").as_string()));
  if (kind == "file_u8_hwc_to_nchw") return pixels(std::string(recipe.at("file").as_string()));
  if (kind == "output_of")
    return earlier.at(std::string(recipe.at("case").as_string()) + "/" +
                      std::string(recipe.at("output").as_string()));
  Bytes out;
  for (size_t i = 0; i < count; ++i) {
    double value = 0;
    if (kind == "weyl") {
      value = (2 * weyl(i) - 1) * number(recipe.at("scale")) + number(recipe.at("offset"));
    } else if (kind == "weyl_int") {
      const double low = number(recipe.at("low"));
      value = low + std::floor(weyl(i) * (number(recipe.at("high")) - low));
    } else if (kind == "values") {
      value = number(recipe.at("values").as_array().at(i));
    } else {
      EXPECT_TRUE(kind == "zeros" || kind == "ones") << kind;
      value = kind == "ones" ? 1 : 0;
    }
    put_element(out, dtype, value);
  }
  return out;
}

double element(const RunResult::Output& output, size_t i) {
  if (output.datatype == Datatype::kBool) return output.data[i];
  float value = 0;
  EXPECT_EQ(output.datatype, Datatype::kFp32);
  std::memcpy(&value, output.data.data() + 4 * i, 4);
  return value;
}

void expect_near(double got, double want, const json::object& model, const std::string& where) {
  const double allowed = number(model.at("atol")) + number(model.at("rtol")) * std::abs(want);
  EXPECT_LE(std::abs(got - want), allowed) << where << ": got " << got << ", expected " << want;
}

void check_output(const RunResult::Output& got, const json::object& want, const json::object& model,
                  const std::string& where) {
  std::vector<int64_t> shape;
  for (const json::value& dim : want.at("shape").as_array()) shape.push_back(dim.as_int64());
  ASSERT_EQ(got.shape, shape) << where;
  if (const json::value* all = want.if_contains("all")) {
    const json::array& values = all->as_array();
    for (size_t i = 0; i < values.size(); ++i)
      expect_near(element(got, i), number(values[i]), model, where);
    return;
  }
  const json::array& index = want.at("flat_index").as_array();
  const json::array& value = want.at("value").as_array();
  ASSERT_FALSE(index.empty()) << where;
  for (size_t i = 0; i < index.size(); ++i)
    expect_near(element(got, index[i].to_number<size_t>()), number(value[i]), model, where);
}

class ModelAssets : public WorkerTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void check_case(Worker& worker, const json::object& model, const json::object& one,
                  Earlier& earlier) {
    const std::string name(one.at("name").as_string());
    std::vector<TestInput> inputs;
    for (const TensorSpec& spec : worker.signature().inputs) {
      const json::object& input = one.at("inputs").as_object().at(spec.name).as_object();
      TestInput made_input;
      for (const json::value& dim : input.at("shape").as_array())
        made_input.shape.push_back(dim.as_int64());
      made_input.data = made(input, earlier);
      if (input.at("recipe").as_object().at("kind") != "output_of") {
        EXPECT_EQ(to_hex(sha256(made_input.data)), input.at("sha256").as_string()) << spec.name;
      }
      inputs.push_back(std::move(made_input));
    }
    auto result = run(worker, inputs);
    ASSERT_TRUE(result.has_value()) << name << ": " << result.error().sentence;
    for (const RunResult::Output& output : result->outputs) {
      const std::string& output_name = worker.signature().outputs[output.index].name;
      earlier[name + "/" + output_name] = to_bytes(output.data);
      const auto* want = one.at("outputs").as_object().if_contains(output_name);
      ASSERT_NE(want, nullptr) << output_name;
      check_output(output, want->as_object(), model, name + "/" + output_name);
    }
  }
};

TEST_P(ModelAssets, GiveTheExpectedResults) {
  const fs::path folder = models_folder();
  const fs::path file = folder / (std::string(GetParam()) + ".onnx");
  const fs::path expected = folder / "expected" / (std::string(GetParam()) + ".json");
  if (!fs::exists(file) || !fs::exists(expected))
    GTEST_SKIP() << "no shared model assets: " << GetParam() << " is not checked";
  const Bytes text = file_bytes(expected);
  const json::value parsed = json::parse(as_text(text));
  const json::object& model = parsed.as_object();
  auto worker = started(file_bytes(file));
  ASSERT_TRUE(worker->serving());
  Earlier earlier;
  for (const json::value& one : model.at("cases").as_array())
    check_case(*worker, model, one.as_object(), earlier);
  EXPECT_FALSE(earlier.empty());
}

INSTANTIATE_TEST_SUITE_P(All, ModelAssets,
                         ::testing::Values("efficientnet_lite0", "efficientnet_lite0_u8",
                                           "magika_v3_3", "minilm_l6_v2_int8", "name_encoder_gru",
                                           "ppocr_cls_v2", "rawi_v3_int8", "silero_vad"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace blindai
