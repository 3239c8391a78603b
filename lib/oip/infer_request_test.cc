#include "lib/oip/infer_request.h"

#include <gtest/gtest.h>

#include "lib/oip/test_support.h"

namespace blindai {
namespace {

using oip_test::outcome_of;
using oip_test::packed;
using oip_test::packed_strings;
using oip_test::receive;

const ModelSignature kOne = {{{"x", Datatype::kFp32, {-1, 2}}}, {{"y", Datatype::kFp32, {-1, 2}}}};
const ModelSignature kTwo = {{{"a", Datatype::kInt32, {2}}, {"b", Datatype::kBytes, {-1}}},
                             {{"p", Datatype::kFp32, {1}}, {"q", Datatype::kInt64, {1}}}};

// A request for kOne with this in its input object, after the name.
std::string one(std::string_view rest) {
  return R"({"inputs":[{"name":"x",)" + std::string(rest) + "}]}";
}
std::string data(std::string_view shape, std::string_view elements) {
  return one(R"("datatype":"FP32","shape":)" + std::string(shape) + R"(,"data":)" +
             std::string(elements));
}
// One input of this datatype and fixed shape [n] with `elements` as JSON.
std::string outcome_as(Datatype datatype, int64_t n, std::string_view elements) {
  const ModelSignature signature = {{{"x", datatype, {n}}}, {}};
  return outcome_of(one("\"datatype\":\"" + std::string(name_of(datatype)) + "\",\"shape\":[" +
                        std::to_string(n) + "],\"data\":" + std::string(elements)),
                    signature);
}
Bytes bytes_as(Datatype datatype, int64_t n, std::string_view elements) {
  const ModelSignature signature = {{{"x", datatype, {n}}}, {}};
  const auto received =
      receive(as_bytes(one("\"datatype\":\"" + std::string(name_of(datatype)) + "\",\"shape\":[" +
                           std::to_string(n) + "],\"data\":" + std::string(elements))),
              std::nullopt, signature);
  if (!received) {
    ADD_FAILURE() << received.error().sentence;
    return {};
  }
  return (*received)->input(0);
}

TEST(InferRequest, ReadsWhatTritonclientSendsWithoutOutputs) {
  const std::string json =
      R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}],)"
      R"("parameters":{"binary_data_output":true}})";
  const Bytes tensor = packed<float>({1.5f, -2.25f});
  const std::string header = std::to_string(json.size());
  Bytes body = to_bytes(as_bytes(json));
  append(body, tensor);
  const auto received = receive(body, header, kOne);
  ASSERT_TRUE(received) << received.error().sentence;
  EXPECT_EQ((*received)->input(0), tensor);
  const InferRequest& request = (*received)->request;
  EXPECT_EQ(request.inputs[0].shape, (std::vector<int64_t>{1, 2}));
  EXPECT_TRUE(request.inputs[0].binary);
  ASSERT_EQ(request.outputs.size(), 1u);
  EXPECT_TRUE(request.outputs[0].binary);
}

TEST(InferRequest, ReadsWhatTritonclientSendsWithOutputs) {
  const std::string json =
      R"({"id":"7","inputs":[{"name":"b","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":6}},)"
      R"({"name":"a","shape":[2],"datatype":"INT32","parameters":{"binary_data_size":8}}],)"
      R"("outputs":[{"name":"q","parameters":{"binary_data":true}},{"name":"p","parameters":{"binary_data":false}}],)"
      R"("parameters":{"timeout":5000,"priority":2}})";
  Bytes body = to_bytes(as_bytes(json));
  append(body, packed_strings({"hi"}));
  append(body, packed<int32_t>({3, -4}));
  const auto received = receive(body, std::to_string(json.size()), kTwo);
  ASSERT_TRUE(received) << received.error().sentence;
  const InferRequest& request = (*received)->request;
  EXPECT_EQ(request.id, "7");
  EXPECT_EQ(request.timeout_us, 5000u);
  EXPECT_EQ(request.priority, 2u);
  EXPECT_EQ((*received)->input(0), packed<int32_t>({3, -4}));
  EXPECT_EQ((*received)->input(1), packed_strings({"hi"}));
  ASSERT_EQ(request.outputs.size(), 2u);
  EXPECT_EQ(request.outputs[0].index, 1u);
  EXPECT_TRUE(request.outputs[0].binary);
  EXPECT_EQ(request.outputs[1].index, 0u);
  EXPECT_FALSE(request.outputs[1].binary);
}

TEST(InferRequest, PlacesInputsOnAlignedOffsetsWithoutOverlap) {
  const std::string json =
      R"({"inputs":[{"name":"b","shape":[3],"datatype":"BYTES","data":["","\u00e8","long enough to cross no line"]},)"
      R"({"name":"a","shape":[2],"datatype":"INT32","parameters":{"binary_data_size":8}}]})";
  const auto request = parse_infer_request(as_bytes(json), 8, kTwo, {});
  ASSERT_TRUE(request) << request.error().sentence;
  EXPECT_EQ(request->inputs[0].offset, 0u);
  EXPECT_EQ(request->inputs[0].length, 3 * 4 + 0 + 2 + 28u);
  EXPECT_EQ(request->inputs[1].offset, 64u);
  EXPECT_EQ(request->inputs[1].body_offset, 0u);
  EXPECT_EQ(request->area_bytes, 128u);
  EXPECT_EQ(request->binary_bytes, 8u);
}

TEST(InferRequest, DataMayBeFlatOrNestedAsTheShapeIs) {
  const ModelSignature signature = {{{"x", Datatype::kFp32, {-1, -1, -1}}}, {}};
  const auto outcome = [&](std::string_view shape, std::string_view elements) {
    return outcome_of(data(shape, elements), signature);
  };
  EXPECT_EQ(outcome("[2,1,2]", "[1,2,3,4]"), "accepted");
  EXPECT_EQ(outcome("[2,1,2]", "[[[1,2]],[[3,4]]]"), "accepted");
  EXPECT_EQ(outcome("[0,1,2]", "[]"), "accepted");
  EXPECT_EQ(outcome("[2,0,2]", "[[],[]]"), "accepted");
  EXPECT_EQ(outcome("[2,1,0]", "[[[]],[[]]]"), "accepted");
  EXPECT_EQ(outcome("[2,1,2]", "[[1,2],[3,4]]"), "oip.data-count");
  EXPECT_EQ(outcome("[2,1,2]", "[[[1],[2]],[[3],[4]]]"), "oip.data-count");
  EXPECT_EQ(outcome("[2,1,2]", "[[[1,2]],[[3],[4]]]"), "oip.data-count");
  EXPECT_EQ(outcome("[2,1,2]", "[[[1,2]],3,4]"), "oip.data-count");
  EXPECT_EQ(outcome("[2,1,2]", "[1,2,3]"), "oip.data-count");
  EXPECT_EQ(outcome("[2,1,2]", "[1,2,3,4,5]"), "oip.data-count");
  EXPECT_EQ(outcome("[2,1,2]", "[[[[1,2]],[[3,4]]]]"), "oip.data-count");
  EXPECT_EQ(outcome("[2,0,2]", "[[],[],[]]"), "oip.data-count");
  EXPECT_EQ(outcome("[0,1,2]", "[[]]"), "oip.data-count");
  EXPECT_EQ(outcome("[2,1,2]", "4"), "oip.data-count");
}

TEST(InferRequest, AScalarIsABareElementOrAListOfOne) {
  const ModelSignature signature = {{{"x", Datatype::kFp32, {}}}, {}};
  const auto bare = receive(as_bytes(data("[]", "0.5")), std::nullopt, signature);
  ASSERT_TRUE(bare) << bare.error().sentence;
  EXPECT_EQ((*bare)->input(0), packed<float>({0.5f}));
  const auto list = receive(as_bytes(data("[]", "[0.5]")), std::nullopt, signature);
  ASSERT_TRUE(list) << list.error().sentence;
  EXPECT_EQ((*list)->input(0), packed<float>({0.5f}));
  EXPECT_EQ(outcome_of(data("[]", "[[0.5]]"), signature), "oip.data-count");
  const ModelSignature text = {{{"x", Datatype::kBytes, {}}}, {}};
  const auto string =
      receive(as_bytes(one(R"("datatype":"BYTES","shape":[],"data":"hi")")), std::nullopt, text);
  ASSERT_TRUE(string) << string.error().sentence;
  EXPECT_EQ((*string)->input(0), packed_strings({"hi"}));
}

TEST(InferRequest, KeysMayComeInAnyOrderAndEscaped) {
  const auto received = receive(
      as_bytes(
          R"({"outputs":[],"inputs":[{"data":[1,2],"sh\u0061pe":[1,2],"datatype":"FP32","n\u0061me":"\u0078"}],"id":"\u00e9"})"),
      std::nullopt, kOne);
  ASSERT_TRUE(received) << received.error().sentence;
  EXPECT_EQ((*received)->input(0), packed<float>({1, 2}));
  EXPECT_EQ((*received)->request.id, "\xc3\xa9");
  EXPECT_EQ((*received)->request.outputs.size(), 1u);
}

TEST(InferRequest, SkipsKeysTheProtocolDoesNotName) {
  EXPECT_EQ(
      outcome_of(R"({"x":{"inputs":[1,{"inputs":null}]},"inputs":[{"name":"x","hint":[{}],)"
                 R"("shape":[1,2],"datatype":"FP32","data":[1,2],"parameters":{"a":{"b":[]}}}],)"
                 R"("parameters":{"sequence_id":3,"c":[[]],"headers":{}},"y":[[],{"z":1}],)"
                 R"("outputs":[{"name":"y","hint":"h","parameters":{"d":null}}]})",
                 kOne),
      "accepted");
  EXPECT_EQ(outcome_of(R"({"id":null,"outputs":null,"parameters":null,"inputs":[{"name":"x",)"
                       R"("shape":[1,2],"datatype":"FP32","data":[1,2],"parameters":null}]})",
                       kOne),
            "accepted");
}

TEST(InferRequest, OutputsFollowTheRequestUnlessTheySayOtherwise) {
  const auto binary = [](std::string_view outputs, std::string_view parameters) {
    const std::string json =
        R"({"inputs":[{"name":"a","shape":[2],"datatype":"INT32","data":[1,2]},)"
        R"({"name":"b","shape":[0],"datatype":"BYTES","data":[]}])" +
        std::string(outputs) + std::string(parameters) + "}";
    const auto request = parse_infer_request(as_bytes(json), std::nullopt, kTwo, {});
    EXPECT_TRUE(request);
    std::string out;
    for (const RequestedOutput& output : request->outputs)
      out += std::to_string(output.index) + (output.binary ? "b" : "j");
    return out;
  };
  constexpr std::string_view kOn = R"(,"parameters":{"binary_data_output":true})";
  EXPECT_EQ(binary("", ""), "0j1j");
  EXPECT_EQ(binary("", kOn), "0b1b");
  EXPECT_EQ(binary(R"(,"outputs":[])", kOn), "0b1b");
  EXPECT_EQ(binary(R"(,"outputs":[{"name":"q"}])", kOn), "1b");
  EXPECT_EQ(
      binary(R"(,"outputs":[{"name":"q","parameters":{"binary_data":false}},{"name":"p"}])", kOn),
      "1j0b");
  EXPECT_EQ(
      binary(R"(,"outputs":[{"name":"q","parameters":{"binary_data":true,"classification":0}}])",
             ""),
      "1b");
}

TEST(InferRequest, RefusesWhatTheModelDoesNotTake) {
  constexpr std::string_view kGood = R"("datatype":"FP32","shape":[1,2],"data":[1,2])";
  EXPECT_EQ(outcome_of(one(kGood), kOne), "accepted");
  EXPECT_EQ(outcome_of("{}", kOne), "oip.inputs-missing");
  EXPECT_EQ(outcome_of(R"({"inputs":[]})", kOne), "oip.input-absent");
  EXPECT_EQ(
      outcome_of(R"({"inputs":[{"name":"z","datatype":"FP32","shape":[1],"data":[1]}]})", kOne),
      "oip.input-unknown");
  EXPECT_EQ(outcome_of(R"({"inputs":[{"name":"x",)" + std::string(kGood) + R"(},{"name":"x",)" +
                           std::string(kGood) + "}]}",
                       kOne),
            "oip.input-duplicate");
  EXPECT_EQ(outcome_of(one(R"("datatype":"FP64","shape":[1,2],"data":[1,2])"), kOne),
            "oip.datatype");
  EXPECT_EQ(outcome_of(one(R"("datatype":"FLOAT","shape":[1,2],"data":[1,2])"), kOne),
            "oip.datatype-unknown");
  EXPECT_EQ(outcome_of(data("[2]", "[1,2]"), kOne), "oip.rank");
  EXPECT_EQ(outcome_of(data("[1,2,1]", "[1,2]"), kOne), "oip.rank");
  EXPECT_EQ(outcome_of(data("[1,3]", "[1,2,3]"), kOne), "oip.shape");
  EXPECT_EQ(outcome_of(data("[1,0]", "[]"), kOne), "oip.shape");
  constexpr std::string_view kInput =
      R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[1,2]}],"outputs":)";
  EXPECT_EQ(outcome_of(std::string(kInput) + R"([{"name":"z"}]})", kOne), "oip.output-unknown");
  EXPECT_EQ(outcome_of(std::string(kInput) + R"([{"name":"y"},{"name":"y"}]})", kOne),
            "oip.output-duplicate");
  EXPECT_EQ(outcome_of(std::string(kInput) + R"([{"parameters":{}}]})", kOne), "oip.field-missing");
  EXPECT_EQ(outcome_of(std::string(kInput) + R"([{"name":"y","parameters":{"classification":3}}]})",
                       kOne),
            "oip.classification");
  EXPECT_EQ(outcome_of(std::string(kInput) +
                           R"([{"name":"y","parameters":{"shared_memory_region":"r"}}]})",
                       kOne),
            "oip.shared-memory");
}

TEST(InferRequest, RefusesIncompleteAndContradictoryInputs) {
  EXPECT_EQ(outcome_of(R"({"inputs":[{"datatype":"FP32","shape":[1,2],"data":[1,2]}]})", kOne),
            "oip.field-missing");
  EXPECT_EQ(outcome_of(one(R"("shape":[1,2],"data":[1,2])"), kOne), "oip.field-missing");
  EXPECT_EQ(outcome_of(one(R"("datatype":"FP32","data":[1,2])"), kOne), "oip.field-missing");
  EXPECT_EQ(outcome_of(one(R"("datatype":"FP32","shape":[1,2])"), kOne), "oip.data-missing");
  EXPECT_EQ(
      outcome_of(
          one(R"("datatype":"FP32","shape":[1,2],"data":[1,2],"parameters":{"binary_data_size":8})"),
          "12345678", kOne),
      "oip.data-twice");
  EXPECT_EQ(outcome_of(
                one(R"("datatype":"FP32","shape":[1,2],"parameters":{"shared_memory_region":"r"})"),
                kOne),
            "oip.shared-memory");
}

TEST(InferRequest, RefusesHostileShapes) {
  EXPECT_EQ(outcome_of(data("[-1,2]", "[1,2]"), kOne), "oip.shape");
  EXPECT_EQ(outcome_of(data("[9223372036854775808,2]", "[1,2]"), kOne), "oip.shape");
  EXPECT_EQ(outcome_of(data("[99999999999999999999999,2]", "[1,2]"), kOne), "oip.shape");
  EXPECT_EQ(outcome_of(data("[1.0,2]", "[1,2]"), kOne), "oip.json-type");
  EXPECT_EQ(outcome_of(data("[9223372036854775807,2]", "[1,2]"), kOne), "oip.shape");
  const ModelSignature free = {{{"x", Datatype::kFp32, {-1, -1}}}, {}};
  EXPECT_EQ(outcome_of(data("[9223372036854775807,9223372036854775807]", "[]"), free), "oip.shape");
  EXPECT_EQ(outcome_of(data("[1073741824,1]", "[]"), free), "oip.tensor-size");
  EXPECT_EQ(outcome_of(data("[4294967296,4294967296]", "[]"), free), "oip.shape");
  EXPECT_EQ(outcome_of(data("[0,9223372036854775807]", "[]"), free), "oip.shape");
  std::string deep = "[1";
  for (int i = 0; i < 32; ++i) deep += ",1";
  EXPECT_EQ(outcome_of(data(deep + "]", "[1]"), free), "oip.rank-limit");
}

TEST(InferRequest, RefusesByteCountsThatDoNotFit) {
  const auto binary = [](std::string_view size, std::string_view bytes) {
    return outcome_of(one(R"("datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":)" +
                          std::string(size) + "}"),
                      bytes, kOne);
  };
  EXPECT_EQ(binary("8", "12345678"), "accepted");
  EXPECT_EQ(binary("7", "1234567"), "oip.byte-count");
  EXPECT_EQ(binary("9", "123456789"), "oip.byte-count");
  EXPECT_EQ(binary("0", ""), "oip.byte-count");
  EXPECT_EQ(binary("18446744073709551615", "12345678"), "oip.byte-count");
  EXPECT_EQ(binary("8", "1234567"), "oip.binary-short");
  EXPECT_EQ(binary("8", ""), "oip.binary-short");
  EXPECT_EQ(binary("8", "123456789"), "oip.binary-leftover");
  EXPECT_EQ(binary("-8", "12345678"), "oip.json-type");
  EXPECT_EQ(binary("8.0", "12345678"), "oip.json-type");
  EXPECT_EQ(outcome_of(data("[1,2]", "[1,2]"), "x", kOne), "oip.binary-leftover");
  EXPECT_EQ(outcome_of(data("[1,2]", "[1,2]"), "", kOne), "accepted");
  EXPECT_EQ(
      outcome_of(one(R"("datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8})"),
                 kOne),
      "oip.binary-no-header");
}

TEST(InferRequest, ChecksStringsAndBooleansInBinary) {
  const ModelSignature strings = {{{"x", Datatype::kBytes, {-1}}}, {}};
  const auto outcome = [&](int n, const Bytes& bytes) {
    return outcome_of(
        one("\"datatype\":\"BYTES\",\"shape\":[" + std::to_string(n) +
            "],\"parameters\":{\"binary_data_size\":" + std::to_string(bytes.size()) + "}"),
        as_text(bytes), strings);
  };
  EXPECT_EQ(outcome(2, packed_strings({"a", ""})), "accepted");
  EXPECT_EQ(outcome(0, {}), "accepted");
  EXPECT_EQ(outcome(0, {0, 0, 0, 0}), "oip.byte-count");
  EXPECT_EQ(outcome(1, packed_strings({"a", ""})), "oip.bytes-layout");
  EXPECT_EQ(outcome(3, packed_strings({"a", "", "bc"})), "accepted");
  EXPECT_EQ(outcome(3, packed_strings({"a", ""})), "oip.byte-count");
  EXPECT_EQ(outcome(1, {0xff, 0xff, 0xff, 0xff, 'a'}), "oip.bytes-layout");
  EXPECT_EQ(outcome(1, {2, 0, 0, 0, 'a'}), "oip.bytes-layout");
  EXPECT_EQ(outcome(1, {0, 0, 0, 0, 'a'}), "oip.bytes-layout");
  const ModelSignature flags = {{{"x", Datatype::kBool, {2}}}, {}};
  constexpr std::string_view kFlags =
      R"({"inputs":[{"name":"x","datatype":"BOOL","shape":[2],"parameters":{"binary_data_size":2}}]})";
  EXPECT_EQ(outcome_of(kFlags, std::string_view("\0\1", 2), flags), "accepted");
  EXPECT_EQ(outcome_of(kFlags, std::string_view("\0\2", 2), flags), "oip.bool-byte");
}

TEST(InferRequest, IntegersKeepToTheirRange) {
  EXPECT_EQ(bytes_as(Datatype::kUint8, 2, "[0,255]"), packed<uint8_t>({0, 255}));
  EXPECT_EQ(bytes_as(Datatype::kInt8, 2, "[-128,127]"), packed<int8_t>({-128, 127}));
  EXPECT_EQ(bytes_as(Datatype::kUint16, 2, "[0,65535]"), packed<uint16_t>({0, 65535}));
  EXPECT_EQ(bytes_as(Datatype::kInt16, 2, "[-32768,32767]"), packed<int16_t>({-32768, 32767}));
  EXPECT_EQ(bytes_as(Datatype::kUint32, 2, "[0,4294967295]"), packed<uint32_t>({0, 4294967295u}));
  EXPECT_EQ(bytes_as(Datatype::kInt32, 2, "[-2147483648,2147483647]"),
            packed<int32_t>({INT32_MIN, INT32_MAX}));
  EXPECT_EQ(bytes_as(Datatype::kUint64, 2, "[-0,18446744073709551615]"),
            packed<uint64_t>({0, UINT64_MAX}));
  EXPECT_EQ(bytes_as(Datatype::kInt64, 2, "[-9223372036854775808,9223372036854775807]"),
            packed<int64_t>({INT64_MIN, INT64_MAX}));
  EXPECT_EQ(bytes_as(Datatype::kBool, 2, "[true,false]"), packed<uint8_t>({1, 0}));
  for (auto [datatype, element] :
       std::vector<std::pair<Datatype, std::string>>{{Datatype::kUint8, "256"},
                                                     {Datatype::kUint8, "-1"},
                                                     {Datatype::kInt8, "128"},
                                                     {Datatype::kInt8, "-129"},
                                                     {Datatype::kUint16, "65536"},
                                                     {Datatype::kInt16, "32768"},
                                                     {Datatype::kUint32, "4294967296"},
                                                     {Datatype::kInt32, "2147483648"},
                                                     {Datatype::kInt32, "-2147483649"},
                                                     {Datatype::kUint64, "18446744073709551616"},
                                                     {Datatype::kUint64, "-1"},
                                                     {Datatype::kInt64, "9223372036854775808"},
                                                     {Datatype::kInt64, "-9223372036854775809"}})
    EXPECT_EQ(outcome_as(datatype, 2, "[1," + element + "]"), "oip.data-range")
        << name_of(datatype) << " " << element;
  for (std::string_view element : {"1.0", "1e2", "0.5", "true", "\"1\""})
    EXPECT_EQ(outcome_as(Datatype::kInt32, 1, "[" + std::string(element) + "]"), "oip.data-type")
        << element;
  EXPECT_EQ(outcome_as(Datatype::kBool, 1, "[1]"), "oip.data-type");
  EXPECT_EQ(outcome_as(Datatype::kFp32, 1, "[true]"), "oip.data-type");
  EXPECT_EQ(outcome_as(Datatype::kFp32, 1, "[\"1\"]"), "oip.data-type");
  EXPECT_EQ(outcome_as(Datatype::kBytes, 1, "[1]"), "oip.data-type");
  EXPECT_EQ(outcome_as(Datatype::kFp32, 1, "[null]"), "oip.data-element");
  EXPECT_EQ(outcome_as(Datatype::kFp32, 1, "[{}]"), "oip.data-element");
  EXPECT_EQ(outcome_as(Datatype::kFp32, 1, "{}"), "oip.data-element");
  EXPECT_EQ(outcome_as(Datatype::kFp32, 1, "null"), "oip.data-element");
  EXPECT_EQ(outcome_as(Datatype::kFp16, 1, "[1]"), "oip.data-no-json");
  EXPECT_EQ(outcome_as(Datatype::kBf16, 1, "[1]"), "oip.data-no-json");
}

TEST(InferRequest, DecimalsRoundOnceToTheirDatatype) {
  EXPECT_EQ(bytes_as(Datatype::kFp32, 3, "[0.1,1e-45,-0]"), packed<float>({0.1f, 1e-45f, -0.0f}));
  // Halfway between two floats when read as a double first; just above it in truth.
  EXPECT_EQ(bytes_as(Datatype::kFp32, 1, "[1.00000005960464477539062500000001]"),
            packed<float>({1.00000012f}));
  EXPECT_EQ(bytes_as(Datatype::kFp64, 2, "[1.7976931348623157e308,4.9e-324]"),
            packed<double>({1.7976931348623157e308, 4.9e-324}));
  // A number that simple conversions get wrong in the last place.
  EXPECT_EQ(bytes_as(Datatype::kFp64, 1, "[9007199254740993]"),
            packed<double>({9007199254740992.0}));
  EXPECT_EQ(bytes_as(Datatype::kFp64, 1, "[0.1e-5]"), packed<double>({0.1e-5}));
  EXPECT_EQ(bytes_as(Datatype::kFp64, 1, "[123456789012345678901234567890]"),
            packed<double>({123456789012345678901234567890.0}));
  EXPECT_EQ(bytes_as(Datatype::kFp32, 2, "[1e-60,-1e-60]"), packed<float>({0.0f, -0.0f}));
  EXPECT_EQ(bytes_as(Datatype::kFp64, 2, "[1e-999,-1e-999]"), packed<double>({0.0, -0.0}));
}

TEST(InferRequest, NumbersBeyondEveryFloatAreRefusedWithAdvice) {
  EXPECT_EQ(outcome_as(Datatype::kFp32, 1, "[1e39]"), "oip.data-range");
  EXPECT_EQ(outcome_as(Datatype::kFp32, 1, "[3.4028236e38]"), "oip.data-range");
  EXPECT_EQ(outcome_as(Datatype::kFp64, 1, "[1e999]"), "oip.data-range");
  EXPECT_EQ(outcome_as(Datatype::kFp64, 1, "[-1e309]"), "oip.data-range");
  EXPECT_EQ(outcome_as(Datatype::kFp64, 1, "[1e99999999999]"), "oip.data-range");
  const auto received = receive(as_bytes(data("[1,2]", "[1,1e39]")), std::nullopt, kOne);
  ASSERT_FALSE(received);
  EXPECT_NE(received.error().sentence.find("send the tensor as binary"), std::string::npos);
  EXPECT_EQ(received.error().sentence.find("1e39"), std::string::npos) << "quotes an element";
}

TEST(InferRequest, WordsForNonFiniteNumbersAreRefusedWithAdvice) {
  for (std::string_view word : {"NaN", "Infinity", "-Infinity", "nan", "inf"}) {
    const auto received =
        receive(as_bytes(data("[1,2]", "[1," + std::string(word) + "]")), std::nullopt, kOne);
    ASSERT_FALSE(received) << word;
    EXPECT_EQ(received.error().name(), "oip.data-range") << word;
    EXPECT_NE(received.error().sentence.find("binary"), std::string::npos);
  }
}

TEST(InferRequest, StringsAreUtf8AndKeptToTheByte) {
  EXPECT_EQ(bytes_as(Datatype::kBytes, 3, R"(["a\n\u0000b","\ud83d\ude00",""])"),
            packed_strings({std::string("a\n\0b", 4), "\xf0\x9f\x98\x80", ""}));
  // Long ones reach the reader in pieces.
  const std::string plain(10'000, 'x');
  EXPECT_EQ(bytes_as(Datatype::kBytes, 2, "[\"" + plain + "\",\"\\t" + plain + "\"]"),
            packed_strings({plain, "\t" + plain}));
  EXPECT_EQ(outcome_as(Datatype::kBytes, 1, "[\"\xff\"]"), "oip.json");
  EXPECT_EQ(outcome_as(Datatype::kBytes, 1, "[\"\\ud800\"]"), "oip.json");
}

TEST(InferRequest, RefusesWhatIsNotAJsonObject) {
  for (std::string_view json : {"", " ", "{", "{\"inputs\":[", "{\"inputs\":[{\"name\":\"x\"",
                                "{'inputs':[]}", "{\"inputs\":[],}", "{\"inputs\":[] // all\n}",
                                "{\"a\":01}", "{\"a\":1.}", "{\"a\":+1}", "{\"a\":\"\n\"}"})
    EXPECT_EQ(outcome_of(json, kOne), "oip.json") << json;
  for (std::string_view json : {"[]", "1", "-1.5", "\"inputs\"", "null", "true"})
    EXPECT_EQ(outcome_of(json, kOne), "oip.json-type") << json;
  EXPECT_EQ(outcome_of(R"({"inputs":[]}{)", kOne), "oip.json-trailing");
}

TEST(InferRequest, RefusesWrongTypes) {
  for (std::string_view json : {R"({"id":1})",
                                R"({"inputs":{}})",
                                R"({"inputs":1})",
                                R"({"inputs":null})",
                                R"({"inputs":[1]})",
                                R"({"inputs":[[]]})",
                                R"({"inputs":["x"]})",
                                R"({"inputs":[null]})",
                                R"({"inputs":[true]})",
                                R"({"outputs":{}})",
                                R"({"outputs":["y"]})",
                                R"({"outputs":[[]]})",
                                R"({"parameters":[]})",
                                R"({"parameters":1})",
                                R"({"parameters":{"timeout":"1"}})",
                                R"({"parameters":{"timeout":-1}})",
                                R"({"parameters":{"timeout":1.5}})",
                                R"({"parameters":{"timeout":true}})",
                                R"({"parameters":{"timeout":null}})",
                                R"({"parameters":{"timeout":[]}})",
                                R"({"parameters":{"priority":{}}})",
                                R"({"parameters":{"binary_data_output":1}})",
                                R"({"inputs":[{"name":1}]})",
                                R"({"inputs":[{"name":["x"]}]})",
                                R"({"inputs":[{"name":null}]})",
                                R"({"inputs":[{"datatype":true}]})",
                                R"({"inputs":[{"shape":1}]})",
                                R"({"inputs":[{"shape":"1"}]})",
                                R"({"inputs":[{"shape":{}}]})",
                                R"({"inputs":[{"shape":["1"]}]})",
                                R"({"inputs":[{"shape":[null]}]})",
                                R"({"inputs":[{"shape":[true]}]})",
                                R"({"inputs":[{"shape":[[1]]}]})",
                                R"({"inputs":[{"shape":[{}]}]})",
                                R"({"inputs":[{"parameters":1}]})",
                                R"({"inputs":[{"parameters":{"binary_data_size":"8"}}]})",
                                R"({"outputs":[{"name":1}]})",
                                R"({"outputs":[{"parameters":[]}]})",
                                R"({"outputs":[{"parameters":{"binary_data":1}}]})",
                                R"({"outputs":[{"parameters":{"classification":"1"}}]})"})
    EXPECT_EQ(outcome_of(json, kOne), "oip.json-type") << json;
}

TEST(InferRequest, RefusesNamesGivenTwice) {
  for (std::string_view json :
       {R"({"id":"a","id":"a"})", R"({"inputs":[],"inputs":[]})",
        R"({"parameters":{},"parameters":{}})", R"({"parameters":{"timeout":1,"timeout":1}})",
        R"({"inputs":[{"name":"x","n\u0061me":"x"}]})", R"({"inputs":[{"data":[],"data":[]}]})",
        R"({"inputs":[{"data":1,"data":1}]})", R"({"inputs":[{"shape":[],"shape":[]}]})",
        R"({"inputs":[{"parameters":{"binary_data_size":8,"binary_data_size":8}}]})",
        R"({"outputs":[],"outputs":[]})", R"({"outputs":[{"name":"y","name":"y"}]})",
        R"({"outputs":[{"parameters":{"binary_data":true,"binary_data":true}}]})"})
    EXPECT_EQ(outcome_of(json, kOne), "oip.duplicate-key") << json;
}

TEST(InferRequest, RefusesReservedParameters) {
  EXPECT_EQ(outcome_of(R"({"parameters":{"triton_enable_empty_final_response":true}})", kOne),
            "oip.parameter-reserved");
}

TEST(InferRequest, CapsDepth) {
  for (const char* open : {"[", "{\"a\":"}) {
    std::string deep = "{\"a\":";
    for (int i = 0; i < 100'000; ++i) deep += open;
    EXPECT_EQ(outcome_of(deep, kOne), "oip.json-depth");
  }
  std::string data_depth;
  for (int i = 0; i < 100'000; ++i) data_depth += '[';
  EXPECT_EQ(outcome_of(data("[1,2]", data_depth), kOne), "oip.json-depth");
  // The largest rank still nests.
  const ModelSignature signature = {{{"x", Datatype::kFp32, std::vector<int64_t>(32, 1)}}, {}};
  std::string shape = "[1";
  for (int i = 1; i < 32; ++i) shape += ",1";
  EXPECT_EQ(
      outcome_of(data(shape + "]", std::string(32, '[') + "7" + std::string(32, ']')), signature),
      "accepted");
}

TEST(InferRequest, KeepsToItsLimits) {
  InferLimits limits;
  limits.json_bytes = 200;
  limits.num_tensors = 2;
  limits.rank = 2;
  limits.string_bytes = 4;
  limits.tensor_bytes = 16;
  const auto outcome = [&](std::string_view json) { return outcome_of(json, kOne, limits); };
  EXPECT_EQ(outcome(data("[2,2]", "[1,2,3,4]")), "accepted");
  EXPECT_EQ(outcome(data("[3,2]", "[1,2,3,4,5,6]")), "oip.tensor-size");
  EXPECT_EQ(outcome(data("[1,1,1]", "[1]")), "oip.rank-limit");
  EXPECT_EQ(outcome(R"({"id":"12345"})"), "oip.string-length");
  EXPECT_EQ(outcome(R"({"inputs":[{"name":"\u00e8\u00e8x"}]})"), "oip.string-length");
  EXPECT_EQ(outcome(R"({"inputs":[{"name":")" + std::string(100, 'x') + R"("}]})"),
            "oip.string-length");
  EXPECT_EQ(outcome(R"({"inputs":[{},{},{}]})"), "oip.num-tensors");
  EXPECT_EQ(outcome(R"({"outputs":[{},{},{}]})"), "oip.num-tensors");
  EXPECT_EQ(outcome(std::string(201, ' ')), "oip.json-size");
  EXPECT_EQ(split_body(std::nullopt, 201, limits).error().name(), "oip.json-size");
  EXPECT_EQ(split_body("201", 300, limits).error().name(), "oip.json-size");
  EXPECT_EQ(split_body("200", 217, limits).error().name(), "oip.tensor-size");
  // Together over the limit, though each is below it.
  const ModelSignature two = {{{"a", Datatype::kUint8, {-1}}, {"b", Datatype::kUint8, {-1}}}, {}};
  limits.tensor_bytes = 64;
  limits.string_bytes = 100;
  limits.json_bytes = 1000;
  const std::string json =
      R"({"inputs":[{"name":"a","datatype":"UINT8","shape":[60],"parameters":{"binary_data_size":60}},)"
      R"({"name":"b","datatype":"UINT8","shape":[4],"parameters":{"binary_data_size":4}}]})";
  EXPECT_EQ(outcome_of(json, std::string(64, 'x'), two, limits), "oip.tensor-size");
  // Strings count with their lengths.
  const ModelSignature strings = {{{"x", Datatype::kBytes, {-1}}}, {}};
  EXPECT_EQ(
      outcome_of(one(R"("datatype":"BYTES","shape":[1],"data":[")" + std::string(61, 'x') + "\"]"),
                 strings, limits),
      "oip.tensor-size");
}

TEST(InferRequest, NeverQuotesAnElement) {
  for (std::string_view elements :
       {"[31337,\"x\"]", "[31337]", "[31337,31337,31337]", "[[31337],2]", "[31337,null]",
        "[31337,NaN]", "[1,31337e300]", "[\"31337\",1]"}) {
    const auto received = receive(as_bytes(data("[1,2]", elements)), std::nullopt, kOne);
    ASSERT_FALSE(received) << elements;
    EXPECT_EQ(received.error().sentence.find("31337"), std::string::npos)
        << received.error().sentence;
  }
}

TEST(InferRequest, NamesInSentencesAreClippedAndPrintable) {
  const std::string json = R"({"inputs":[{"name":"\u001b[2J)" + std::string(200, 'n') +
                           R"(","datatype":"FP32","shape":[1],"data":[1]}]})";
  const auto received = receive(as_bytes(json), std::nullopt, kOne);
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().name(), "oip.input-unknown");
  EXPECT_EQ(received.error().sentence.find('\x1b'), std::string::npos);
  EXPECT_LT(received.error().sentence.size(), 200u);
}

TEST(SplitBody, TellsTheFormsApart) {
  const auto whole = split_body(std::nullopt, 10, {});
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->json_len, 10u);
  EXPECT_EQ(whole->binary_len, std::nullopt);
  EXPECT_FALSE(whole->raw);
  const auto two = split_body("4", 10, {});
  ASSERT_TRUE(two);
  EXPECT_EQ(two->json_len, 4u);
  EXPECT_EQ(two->binary_len, 6u);
  const auto raw = split_body("0", 10, {});
  ASSERT_TRUE(raw);
  EXPECT_TRUE(raw->raw);
  EXPECT_EQ(split_body("11", 10, {}).error().name(), "oip.header-length");
  EXPECT_EQ(split_body("18446744073709551615", 10, {}).error().name(), "oip.header-length");
  for (std::string_view value : {"", "-1", "+1", " 1", "1 ", "0x1", "1,2", "18446744073709551616"})
    EXPECT_EQ(split_body(value, 10, {}).error().name(), "oip.header-length") << value;
}

TEST(RawRequest, TakesOneInputWithAtMostOneVaryingDimension) {
  const Bytes body = packed<float>({1, 2, 3, 4});
  const auto received = receive(body, "0", kOne);
  ASSERT_TRUE(received) << received.error().sentence;
  EXPECT_EQ((*received)->request.inputs[0].shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ((*received)->input(0), body);
  EXPECT_TRUE((*received)->request.outputs[0].binary);
  const ModelSignature fixed = {{{"x", Datatype::kFp32, {4}}}, {}};
  EXPECT_TRUE(receive(body, "0", fixed));
}

TEST(RawRequest, RefusesWhatItCannotTell) {
  const auto name = [](const ModelSignature& signature, uint64_t length) {
    const auto request = parse_raw_request(length, signature, {});
    return request ? "accepted" : std::string(request.error().name());
  };
  EXPECT_EQ(name(kTwo, 8), "oip.raw-inputs");
  EXPECT_EQ(name({}, 8), "oip.raw-inputs");
  EXPECT_EQ(name({{{"x", Datatype::kBytes, {1}}}, {}}, 8), "oip.raw-datatype");
  EXPECT_EQ(name({{{"x", Datatype::kFp32, {-1, -1}}}, {}}, 8), "oip.raw-shape");
  EXPECT_EQ(name({{{"x", Datatype::kFp32, {-1, 0}}}, {}}, 0), "oip.raw-shape");
  EXPECT_EQ(name(kOne, 12), "oip.raw-shape");
  EXPECT_EQ(name(kOne, 0), "accepted");
  EXPECT_EQ(name({{{"x", Datatype::kFp32, {3}}}, {}}, 16), "oip.byte-count");
  EXPECT_EQ(name(kOne, 2ull << 30), "oip.tensor-size");
  EXPECT_EQ(name({{{"x", Datatype::kUint8, {2}}}, {}}, UINT64_MAX), "oip.byte-count");
}

}  // namespace
}  // namespace blindai
