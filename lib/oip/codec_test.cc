// Both directions of both sides: what the client builds the server reads, and back.
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "lib/base/byte_reader.h"
#include "lib/oip/client_codec.h"
#include "lib/oip/document.h"
#include "lib/oip/element.h"
#include "lib/oip/infer_response.h"
#include "lib/oip/test_support.h"

namespace blindai {
namespace {

using oip_test::header_of;
using oip_test::joined;
using oip_test::packed;
using oip_test::packed_strings;
using oip_test::receive;

struct Sample {
  Datatype datatype;
  int64_t count;
  Bytes data;
};

// The edges of every datatype.
std::vector<Sample> samples() {
  using F = std::numeric_limits<float>;
  using D = std::numeric_limits<double>;
  return {
      {Datatype::kBool, 3, {0, 1, 1}},
      {Datatype::kUint8, 2, packed<uint8_t>({0, 255})},
      {Datatype::kUint16, 2, packed<uint16_t>({0, 65535})},
      {Datatype::kUint32, 2, packed<uint32_t>({0, UINT32_MAX})},
      {Datatype::kUint64, 2, packed<uint64_t>({0, UINT64_MAX})},
      {Datatype::kInt8, 2, packed<int8_t>({-128, 127})},
      {Datatype::kInt16, 2, packed<int16_t>({INT16_MIN, INT16_MAX})},
      {Datatype::kInt32, 2, packed<int32_t>({INT32_MIN, INT32_MAX})},
      {Datatype::kInt64, 2, packed<int64_t>({INT64_MIN, INT64_MAX})},
      {Datatype::kFp16, 2, packed<uint16_t>({0x3c00, 0x7e00})},
      {Datatype::kBf16, 2, packed<uint16_t>({0x3f80, 0xffff})},
      {Datatype::kFp32, 6,
       packed<float>({0.0f, -0.0f, F::max(), F::lowest(), F::denorm_min(), 0.1f})},
      {Datatype::kFp64, 6,
       packed<double>({0.0, -0.0, D::max(), D::lowest(), D::denorm_min(), 0.1})},
      {Datatype::kBytes, 4,
       packed_strings({"", "plain", "\"\\/\b\f\n\r\t\x01", "\xe2\x82\xac\xf0\x9f\x98\x80"})},
  };
}

bool has_json_form(Datatype datatype) {
  return datatype != Datatype::kFp16 && datatype != Datatype::kBf16;
}

TEST(Codec, EveryDatatypeReachesTheServer) {
  for (const Sample& sample : samples()) {
    const ModelSignature signature = {{{"in", sample.datatype, {-1}}}, {}};
    for (bool binary : {true, false}) {
      if (!binary && !has_json_form(sample.datatype)) continue;
      const int64_t shape[] = {sample.count};
      const TensorRef tensor{"in", sample.datatype, shape, sample.data, binary};
      const auto body = build_infer_request({}, {&tensor, 1});
      ASSERT_TRUE(body) << body.error().sentence;
      EXPECT_EQ(body->binary_bytes, binary ? sample.data.size() : 0);
      const auto received = receive(joined(*body), header_of(*body), signature);
      ASSERT_TRUE(received) << received.error().sentence;
      EXPECT_EQ((*received)->input(0), sample.data) << name_of(sample.datatype) << binary;
    }
  }
}

TEST(Codec, EveryDatatypeReachesTheClient) {
  for (const Sample& sample : samples()) {
    for (bool binary : {true, false}) {
      if (!binary && !has_json_form(sample.datatype)) continue;
      const int64_t shape[] = {sample.count, 1};
      const TensorRef tensor{"out", sample.datatype, shape, sample.data, binary};
      const auto body = build_infer_response({"me/model", "1", "id \"7\""}, {&tensor, 1});
      ASSERT_TRUE(body) << body.error().sentence;
      const Bytes wire = joined(*body);
      const auto response = parse_infer_response(wire, header_of(*body), {});
      ASSERT_TRUE(response) << response.error().sentence;
      EXPECT_EQ(response->model_name, "me/model");
      EXPECT_EQ(response->model_version, "1");
      EXPECT_EQ(response->id, "id \"7\"");
      ASSERT_EQ(response->outputs.size(), 1u);
      EXPECT_EQ(response->outputs[0].name, "out");
      EXPECT_EQ(response->outputs[0].datatype, sample.datatype);
      EXPECT_EQ(response->outputs[0].shape, (std::vector<int64_t>{sample.count, 1}));
      EXPECT_EQ(to_bytes(response->outputs[0].data), sample.data) << name_of(sample.datatype);
    }
  }
}

TEST(Codec, MixedOutputsKeepTheirOrder) {
  const int64_t one[] = {1};
  const int64_t none[] = {0, 3};
  const Bytes a = packed<float>({1.5f});
  const Bytes b = packed<int64_t>({-2});
  const Bytes c = packed_strings({"x"});
  const TensorRef outputs[] = {{"a", Datatype::kFp32, one, a, false},
                               {"b", Datatype::kInt64, one, b, true},
                               {"none", Datatype::kFp32, none, {}, true},
                               {"c", Datatype::kBytes, one, c, true},
                               {"nil", Datatype::kInt8, none, {}, false}};
  const auto body = build_infer_response({"m", "1", ""}, outputs);
  ASSERT_TRUE(body) << body.error().sentence;
  EXPECT_EQ(
      body->json,
      R"({"model_name":"m","model_version":"1","outputs":[)"
      R"({"name":"a","datatype":"FP32","shape":[1],"data":[1.5]},)"
      R"({"name":"b","datatype":"INT64","shape":[1],"parameters":{"binary_data_size":8}},)"
      R"({"name":"none","datatype":"FP32","shape":[0,3],"parameters":{"binary_data_size":0}},)"
      R"({"name":"c","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":5}},)"
      R"({"name":"nil","datatype":"INT8","shape":[0,3],"data":[]}]})");
  ASSERT_EQ(body->binary.size(), 3u);
  EXPECT_EQ(body->binary[0].data(), b.data()) << "copied";
  const Bytes wire = joined(*body);
  auto response = parse_infer_response(wire, header_of(*body), {});
  ASSERT_TRUE(response) << response.error().sentence;
  const InferResponse moved = std::move(*response);
  EXPECT_EQ(to_bytes(moved.outputs[0].data), a);
  EXPECT_EQ(to_bytes(moved.outputs[1].data), b);
  EXPECT_EQ(to_bytes(moved.outputs[2].data), Bytes());
  EXPECT_EQ(to_bytes(moved.outputs[3].data), c);
}

TEST(BuildInferRequest, WritesWhatTritonclientWrites) {
  const int64_t shape[] = {1, 2};
  const Bytes data = packed<float>({1, 2});
  const TensorRef tensor{"x", Datatype::kFp32, shape, data};
  EXPECT_EQ(
      build_infer_request({}, {&tensor, 1})->json,
      R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}],)"
      R"("parameters":{"binary_data_output":true}})");
  const std::vector<std::string> outputs = {"y", "z\n"};
  EXPECT_EQ(
      build_infer_request({.id = "7", .outputs = outputs, .timeout_us = 5}, {&tensor, 1})->json,
      R"({"id":"7","inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}],)"
      R"("outputs":[{"name":"y","parameters":{"binary_data":true}},{"name":"z\n","parameters":{"binary_data":true}}],)"
      R"("parameters":{"timeout":5}})");
  EXPECT_EQ(build_infer_request({.binary_outputs = false}, {})->json, R"({"inputs":[]})");
  EXPECT_EQ(build_infer_request({.timeout_us = 5}, {})->json,
            R"({"inputs":[],"parameters":{"binary_data_output":true,"timeout":5}})");
}

TEST(BuildInferRequest, RefusesBytesThatDoNotFitTheShape) {
  const auto name = [](Datatype datatype, std::vector<int64_t> shape, const Bytes& data) {
    const TensorRef tensor{"x", datatype, shape, data};
    const auto body = build_infer_request({}, {&tensor, 1});
    return body ? "built" : std::string(body.error().name());
  };
  EXPECT_EQ(name(Datatype::kFp32, {1}, {0, 0, 0, 0}), "built");
  EXPECT_EQ(name(Datatype::kFp32, {1}, {0, 0, 0}), "oip.byte-count");
  EXPECT_EQ(name(Datatype::kFp32, {-1}, {0, 0, 0, 0}), "oip.byte-count");
  EXPECT_EQ(name(Datatype::kFp32, {INT64_MAX, INT64_MAX}, {}), "oip.byte-count");
  EXPECT_EQ(name(Datatype::kFp64, {int64_t{1} << 61}, {}), "oip.byte-count");
  EXPECT_EQ(name(Datatype::kBytes, {2}, {0, 0, 0, 0}), "oip.byte-count");
  EXPECT_EQ(name(Datatype::kBytes, {0}, {0, 0, 0, 0}), "oip.byte-count");
}

TEST(BuildInferResponse, WritesShortestNumbersThatAreJson) {
  const auto written = [](Datatype datatype, const Bytes& data, int64_t n) {
    const int64_t shape[] = {n};
    const TensorRef tensor{"o", datatype, shape, data, false};
    const auto body = build_infer_response({"m", "1", ""}, {&tensor, 1});
    EXPECT_TRUE(body);
    boost::json::error_code ec;
    boost::json::parse(body->json, ec);
    EXPECT_FALSE(ec) << body->json;
    const size_t from = body->json.find("\"data\":") + 7;
    return body->json.substr(from, body->json.size() - from - 3);
  };
  EXPECT_EQ(written(Datatype::kFp32, packed<float>({0.1f, 1.0f, 1e20f, -0.0f, 1e-45f}), 5),
            "[0.1,1,1e+20,-0,1e-45]");
  EXPECT_EQ(written(Datatype::kFp64, packed<double>({0.1, 1e300}), 2), "[0.1,1e+300]");
  EXPECT_EQ(written(Datatype::kBool, {0, 1, 7}, 3), "[false,true,true]");
  EXPECT_EQ(written(Datatype::kInt8, packed<int8_t>({-1}), 1), "[-1]");
}

TEST(BuildInferResponse, AdvisesBinaryForWhatJsonCannotCarry) {
  const auto name = [](Datatype datatype, const Bytes& data, bool binary) {
    const int64_t shape[] = {1};
    const TensorRef tensor{"o", datatype, shape, data, binary};
    const auto body = build_infer_response({"m", "1", ""}, {&tensor, 1});
    if (body) return std::string("built");
    EXPECT_NE(body.error().sentence.find("\"o\""), std::string::npos);
    EXPECT_EQ(body.error().sentence.find("use its binary form") != std::string::npos,
              body.error().code == Code::kInvalid);
    return std::string(body.error().name());
  };
  const Bytes nan = packed<float>({NAN});
  EXPECT_EQ(name(Datatype::kFp32, nan, true), "built");
  EXPECT_EQ(name(Datatype::kFp32, nan, false), "oip.tensor-not-finite");
  EXPECT_EQ(name(Datatype::kFp32, packed<float>({-INFINITY}), false), "oip.tensor-not-finite");
  EXPECT_EQ(name(Datatype::kFp64, packed<double>({INFINITY}), false), "oip.tensor-not-finite");
  EXPECT_EQ(name(Datatype::kFp16, {0, 0}, false), "oip.tensor-no-json");
  EXPECT_EQ(name(Datatype::kBf16, {0, 0}, false), "oip.tensor-no-json");
  EXPECT_EQ(name(Datatype::kBytes, packed_strings({"\xff"}), true), "built");
  EXPECT_EQ(name(Datatype::kBytes, packed_strings({"\xff"}), false), "oip.tensor-not-utf8");
  EXPECT_EQ(name(Datatype::kFp32, {0, 0, 0}, true), "oip.tensor-bytes");
  EXPECT_EQ(name(Datatype::kFp32, {0, 0, 0, 0, 0}, false), "oip.tensor-bytes");
  EXPECT_EQ(name(Datatype::kBytes, {9, 0, 0, 0, 'a'}, false), "oip.tensor-bytes");
  EXPECT_EQ(name(Datatype::kBytes, {0, 0, 0, 0, 'a'}, false), "oip.tensor-bytes");
}

// Random signatures and tensors; the same seeds each time.
Bytes random_data(Datatype datatype, uint64_t count, std::mt19937_64& random) {
  Bytes out;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t bits = random();
    switch (datatype) {
      case Datatype::kBool:
        put_u8(out, bits & 1);
        break;
      case Datatype::kFp32: {
        const float value = std::bit_cast<float>(static_cast<uint32_t>(bits));
        append(out, packed<float>({std::isfinite(value) ? value : 1.0f}));
        break;
      }
      case Datatype::kFp64: {
        const double value = std::bit_cast<double>(bits);
        append(out, packed<double>({std::isfinite(value) ? value : 1.0}));
        break;
      }
      case Datatype::kBytes: {
        std::string text(bits % 9, ' ');
        for (char& c : text) c = static_cast<char>(random() % 128);
        append(out, packed_strings({text}));
        break;
      }
      default:
        append(out, BytesView(packed<uint64_t>({bits})).first(element_size(datatype)));
    }
  }
  return out;
}

TEST(Codec, RandomCallsArriveUnchanged) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    std::mt19937_64 random(seed);
    ModelSignature signature;
    std::vector<std::vector<int64_t>> shapes;
    std::vector<Bytes> data;
    const size_t count = random() % 5;
    for (size_t i = 0; i < count; ++i) {
      const auto datatype = static_cast<Datatype>(random() % kNumDatatypes);
      std::vector<int64_t> shape(random() % 4);
      for (int64_t& dim : shape) dim = static_cast<int64_t>(random() % 4);
      data.push_back(random_data(datatype, *num_elements(shape, 1000), random));
      shapes.push_back(shape);
      for (int64_t& dim : shape)
        if (random() % 2 == 0) dim = -1;
      signature.inputs.push_back({"in\"" + std::to_string(i), datatype, shape});
    }
    // The client may send them in another order than the signature's.
    std::vector<size_t> order(count);
    for (size_t i = 0; i < count; ++i) order[i] = i;
    std::ranges::shuffle(order, random);
    std::vector<TensorRef> tensors;
    for (size_t i : order) {
      const TensorSpec& spec = signature.inputs[i];
      const bool binary = !has_json_form(spec.datatype) || random() % 2 == 0;
      tensors.push_back({spec.name, spec.datatype, shapes[i], data[i], binary});
    }
    const auto body = build_infer_request({}, tensors);
    ASSERT_TRUE(body) << seed << body.error().sentence;
    const auto received = receive(joined(*body), header_of(*body), signature);
    ASSERT_TRUE(received) << seed << " " << received.error().sentence << "\n" << body->json;
    for (const InputPlacement& input : (*received)->request.inputs) {
      EXPECT_EQ(input.offset % kTensorAlignment, 0u);
      EXPECT_EQ(input.shape, shapes[input.index]) << seed;
    }
    for (size_t i = 0; i < count; ++i) EXPECT_EQ((*received)->input(i), data[i]) << seed;
    // And as a response, on the way back.
    const auto answer = build_infer_response({"m", "1", ""}, tensors);
    ASSERT_TRUE(answer);
    const Bytes wire = joined(*answer);
    const auto response = parse_infer_response(wire, header_of(*answer), {});
    ASSERT_TRUE(response) << seed << response.error().sentence;
    for (size_t i = 0; i < count; ++i)
      EXPECT_EQ(to_bytes(response->outputs[i].data), data[order[i]]) << seed;
  }
}

TEST(WriteDocumentData, NeverWritesBeyondAPlace) {
  // Places that another document asked for: a fault of ours, which must not become a stray write.
  const auto name = [](Datatype datatype, std::string_view elements, size_t room) {
    const std::string json = R"({"inputs":[{"name":"x","data":)" + std::string(elements) + "}]}";
    Bytes bytes(room + 1, 0xa5);
    const ElementPlace place{datatype, std::span(bytes).first(room)};
    const auto written = write_document_data(OipMessage::kRequest, as_bytes(json), {}, {&place, 1});
    EXPECT_EQ(bytes.back(), 0xa5);
    return written ? "written" : std::string(written.error().name());
  };
  EXPECT_EQ(name(Datatype::kInt32, "[1,2]", 8), "written");
  EXPECT_EQ(name(Datatype::kInt32, "[1,2,3]", 8), "oip.data-place");
  EXPECT_EQ(name(Datatype::kInt32, "[1,2]", 7), "oip.data-place");
  EXPECT_EQ(name(Datatype::kInt32, "[\"a\"]", 8), "oip.data-place");
  EXPECT_EQ(name(Datatype::kInt32, "[true]", 8), "oip.data-place");
  EXPECT_EQ(name(Datatype::kBool, "[true]", 0), "oip.data-place");
  EXPECT_EQ(name(Datatype::kBytes, "[\"ab\"]", 6), "written");
  EXPECT_EQ(name(Datatype::kBytes, "[\"ab\"]", 5), "oip.data-place");
  EXPECT_EQ(name(Datatype::kBytes, "[\"\"]", 3), "oip.data-place");
  EXPECT_EQ(name(Datatype::kBytes, "[1]", 8), "oip.data-place");
}

// A response and a request with every part, binary and JSON.
Bytes whole_message(bool response, std::string& header) {
  static const int64_t shape[] = {2};
  static const Bytes numbers = packed<int32_t>({1, 2});
  static const Bytes strings = packed_strings({"a", "b"});
  const TensorRef tensors[] = {{"a", Datatype::kInt32, shape, numbers, false},
                               {"b", Datatype::kBytes, shape, strings, true}};
  const auto body = response ? build_infer_response({"m", "1", "7"}, tensors)
                             : build_infer_request({.id = "7"}, tensors);
  header = *header_of(*body);
  return joined(*body);
}
const ModelSignature kWhole = {{{"a", Datatype::kInt32, {2}}, {"b", Datatype::kBytes, {-1}}}, {}};

TEST(Codec, EveryTruncationIsRefused) {
  std::string header;
  const Bytes response = whole_message(true, header);
  for (size_t n = 0; n < response.size(); ++n)
    EXPECT_FALSE(parse_infer_response(BytesView(response).first(n), header, {})) << n;
  const Bytes request = whole_message(false, header);
  for (size_t n = 0; n < request.size(); ++n)
    EXPECT_FALSE(receive(BytesView(request).first(n), header, kWhole)) << n;
  // Also when the header moves along.
  for (size_t n = 0; n < request.size(); ++n)
    EXPECT_FALSE(receive(BytesView(request).first(n), std::to_string(n), kWhole)) << n;
}

TEST(Codec, EveryFlippedBitIsRefusedOrHarmless) {
  std::string header;
  for (bool response : {true, false}) {
    const Bytes good = whole_message(response, header);
    for (size_t bit = 0; bit < good.size() * 8; ++bit) {
      Bytes bad = good;
      bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1u << (bit % 8)));
      if (response) {
        const auto parsed = parse_infer_response(bad, header, {});
        if (!parsed) continue;
        for (const ResponseTensor& tensor : parsed->outputs)
          EXPECT_TRUE(has_tensor_size(tensor.datatype, tensor.shape, tensor.data.size())) << bit;
      } else {
        const auto received = receive(bad, header, kWhole);
        if (!received) continue;
        EXPECT_EQ((*received)->input(0).size(), 8u) << bit;
        EXPECT_EQ((*received)->input(1).size(), 10u) << bit;
      }
    }
  }
}

std::string outcome_of_response(std::string_view json, std::string_view binary,
                                std::optional<std::string_view> header) {
  const std::string body = std::string(json) + std::string(binary);
  const auto response = parse_infer_response(as_bytes(body), header, {});
  return response ? "accepted" : std::string(response.error().name());
}

TEST(ParseInferResponse, RefusesAHostileServersAnswers) {
  const auto json_only = [](std::string_view json) {
    return outcome_of_response(json, "", std::nullopt);
  };
  EXPECT_EQ(json_only("{}"), "oip.outputs-missing");
  EXPECT_EQ(json_only(R"({"outputs":[]})"), "accepted");
  EXPECT_EQ(json_only(R"({"inputs":1,"outputs":[]})"), "accepted");
  EXPECT_EQ(json_only(R"({"outputs":null})"), "oip.json-type");
  EXPECT_EQ(json_only(R"({"model_name":1,"outputs":[]})"), "oip.json-type");
  EXPECT_EQ(json_only(R"({"model_version":1,"outputs":[]})"), "oip.json-type");
  EXPECT_EQ(json_only(R"([])"), "oip.json-type");
  EXPECT_EQ(json_only(R"({"outputs":[1]})"), "oip.json-type");
  constexpr std::string_view kY = R"({"name":"y","datatype":"INT8","shape":[1],"data":[1]})";
  EXPECT_EQ(json_only("{\"outputs\":[" + std::string(kY) + "," + std::string(kY) + "]}"),
            "oip.output-duplicate");
  EXPECT_EQ(json_only(R"({"outputs":[{"name":"y","datatype":"INT8","shape":[1],"data":[128]}]})"),
            "oip.data-range");
  EXPECT_EQ(json_only(R"({"outputs":[{"name":"y","datatype":"INT8","shape":[1],"data":[]}]})"),
            "oip.data-count");
  EXPECT_EQ(json_only(R"({"outputs":[{"name":"y","datatype":"INT8","shape":[1]}]})"),
            "oip.data-missing");
  EXPECT_EQ(json_only(R"({"outputs":[{"datatype":"INT8","shape":[1],"data":[1]}]})"),
            "oip.field-missing");
  constexpr std::string_view kBinary =
      R"({"outputs":[{"name":"y","datatype":"BOOL","shape":[2],"parameters":{"binary_data_size":2}}]})";
  const std::string header = std::to_string(kBinary.size());
  EXPECT_EQ(outcome_of_response(kBinary, std::string_view("\0\1", 2), header), "accepted");
  EXPECT_EQ(outcome_of_response(kBinary, std::string_view("\0\2", 2), header), "oip.bool-byte");
  EXPECT_EQ(outcome_of_response(kBinary, std::string_view("\0", 1), header), "oip.binary-short");
  EXPECT_EQ(outcome_of_response(kBinary, std::string_view("\0\0\0", 3), header),
            "oip.binary-leftover");
  EXPECT_EQ(outcome_of_response(kBinary, "", std::nullopt), "oip.binary-no-header");
  EXPECT_EQ(outcome_of_response(kBinary, "", "x"), "oip.header-length");
  EXPECT_EQ(outcome_of_response(kBinary, "", "9999"), "oip.header-length");
  // Sizes that are claimed are not allocated.
  EXPECT_EQ(
      json_only(R"({"outputs":[{"name":"y","datatype":"FP64","shape":[134217728],"data":[1]}]})"),
      "oip.data-count");
  EXPECT_EQ(
      json_only(R"({"outputs":[{"name":"y","datatype":"FP64","shape":[134217729],"data":[1]}]})"),
      "oip.tensor-size");
  InferLimits small;
  small.tensor_bytes = 3;
  constexpr std::string_view kTwo =
      R"({"outputs":[{"name":"y","datatype":"INT16","shape":[1],"data":[1]},{"name":"z","datatype":"INT16","shape":[1],"data":[1]}]})";
  EXPECT_EQ(parse_infer_response(as_bytes(kTwo), std::nullopt, small).error().name(),
            "oip.tensor-size");
}

TEST(ParseErrorBody, KeepsSentenceAndName) {
  const ServerError error = parse_error_body(
      409, as_bytes(R"({"error":"The name is taken.","code":"vault.name-taken","more":[1]})"));
  EXPECT_EQ(error.code, Code::kConflict);
  EXPECT_EQ(error.sentence, "The name is taken.");
  EXPECT_EQ(error.name, "vault.name-taken");
}

TEST(ParseErrorBody, SurvivesAnyBody) {
  EXPECT_EQ(parse_error_body(503, as_bytes("<html>")).sentence,
            "The server answered with status 503 and did not say why.");
  EXPECT_EQ(parse_error_body(503, as_bytes("<html>")).code, Code::kUnavailable);
  for (std::string_view body : {"", "[]", "{}", R"({"error":1})", R"({"error":""})", R"({"error")"})
    EXPECT_NE(parse_error_body(400, as_bytes(body)).sentence, "") << body;
  const ServerError hostile =
      parse_error_body(400, as_bytes(R"({"error":"a\u001b[2J\nb","code":"Not A Name\n"})"));
  EXPECT_EQ(hostile.sentence, "a [2J b");
  EXPECT_EQ(hostile.name, "");
  const std::string longest = "{\"error\":\"" + std::string(2000, 'e') + "\"}";
  EXPECT_EQ(parse_error_body(400, as_bytes(longest)).sentence.size(), 1024u);
  const std::string huge = "{\"error\":\"" + std::string(100'000, 'e') + "\"}";
  EXPECT_NE(parse_error_body(400, as_bytes(huge)).sentence.find("did not say"), std::string::npos);
}

}  // namespace
}  // namespace blindai
