#include "client/cli/tensor_json.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "client/cli/half.h"

namespace blindai {
namespace {

ModelSignature signature(Datatype datatype) {
  return {.inputs = {{"x", datatype, {-1, -1}}, {"s", Datatype::kBytes, {-1}}}, .outputs = {}};
}

std::string error_of(std::string_view text, Datatype datatype = Datatype::kFp32,
                     const std::string& name = "") {
  const auto tensors = tensors_from_json(text, name, signature(datatype));
  return tensors.has_value() ? "" : std::string(tensors.error().name());
}

Tensor first(std::string_view text, Datatype datatype = Datatype::kFp32) {
  auto tensors = tensors_from_json(text, "", signature(datatype));
  EXPECT_TRUE(tensors.has_value()) << text << ": " << tensors.error().sentence;
  return std::move(tensors->front());
}

std::string nested(const Tensor& tensor) {
  std::string out;
  const auto done = append_nested(out, tensor);
  return done.has_value() ? out : std::string(done.error().name());
}

TEST(TensorJson, ReadsNestedArrays) {
  const Tensor tensor = first("[[1.5, -2], [0, 3e0]]");
  EXPECT_EQ(tensor.name, "x");
  EXPECT_EQ(tensor.shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(to_hex(tensor.data), "0000c03f000000c00000000000004040");
  EXPECT_TRUE(first("7", Datatype::kInt8).shape.empty());
  EXPECT_EQ(first("[[],[]]").shape, (std::vector<int64_t>{2, 0}));
}

TEST(TensorJson, ReadsInputsByName) {
  const auto tensors = tensors_from_json(R"({"s": ["é", {"base64": "/w=="}], "x": [[1]]})", "",
                                         signature(Datatype::kInt16))
                           .value();
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[0].name, "s");
  EXPECT_EQ(to_hex(tensors[0].data), "02000000c3a901000000ff");
  EXPECT_EQ(tensors[1].datatype, Datatype::kInt16);
  EXPECT_EQ(tensors_from_json("[[1]]", "s", signature(Datatype::kInt16)).error().name(),
            "tensor.element");
}

TEST(TensorJson, ReadsTheProtocolsForm) {
  const Tensor tensor =
      first(R"({"inputs":[{"name":"x","datatype":"INT32","shape":[2,1],"data":[1,-2]}],"id":"7"})");
  EXPECT_EQ(tensor.datatype, Datatype::kInt32);
  EXPECT_EQ(tensor.shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(to_hex(tensor.data), "01000000feffffff");
  EXPECT_EQ(error_of(R"({"inputs":[{"name":"x","shape":[3],"data":[1,2]}]})"), "tensor.shape");
  EXPECT_EQ(error_of(R"({"inputs":[{"name":"x","shape":2,"data":[1,2]}]})"), "tensor.shape");
  EXPECT_EQ(error_of(R"({"inputs":[{"name":"y","shape":[2],"data":[1,2]}]})"), "tensor.input");
  EXPECT_EQ(error_of(R"({"inputs":[{"name":"x","datatype":"FP31","data":[1,2]}]})"), "tensor.form");
  std::string ones = "[1";
  for (int i = 0; i < 32; ++i) ones += ",1";
  EXPECT_EQ(error_of(R"({"inputs":[{"name":"x","shape":)" + ones + R"(],"data":[1]}]})"),
            "tensor.shape");
}

TEST(TensorJson, RefusesWhatIsNoTensor) {
  EXPECT_EQ(error_of("[[1,2],[3]]"), "tensor.ragged");
  EXPECT_EQ(error_of("[[1,2],3]"), "tensor.ragged");
  EXPECT_EQ(error_of("[1,[2]]"), "tensor.ragged");
  EXPECT_EQ(error_of("[[1,2],[3,[4]]]"), "tensor.ragged");
  EXPECT_EQ(error_of("{}"), "tensor.form");
  EXPECT_EQ(error_of("[{}]"), "tensor.form");
  EXPECT_EQ(error_of(R"({"y":[1]})"), "tensor.input");
  EXPECT_EQ(error_of(R"({"x":[1]})", Datatype::kFp32, "x"), "tensor.form");
  EXPECT_EQ(error_of("[1,"), "json.syntax");
  EXPECT_EQ(error_of(std::string(100000, '[')), "json.too-large");
}

TEST(TensorJson, HoldsElementsAgainstTheirDatatype) {
  const std::pair<Datatype, std::vector<std::string>> good[] = {
      {Datatype::kBool, {"true", "false"}},
      {Datatype::kUint8, {"0", "255"}},
      {Datatype::kInt8, {"-128", "127"}},
      {Datatype::kUint64, {"18446744073709551615"}},
      {Datatype::kInt64, {"-9223372036854775808"}},
      {Datatype::kFp16, {"65504", "\"NaN\"", "1e-30"}},
      {Datatype::kBf16, {"3e38", "\"-Infinity\""}},
      {Datatype::kFp32, {"3.4e38", "1e-50", "1e-400", "\"Infinity\""}},
      {Datatype::kFp64, {"1e308", "1e-400"}},
      {Datatype::kBytes, {"\"\"", "{\"base64\":\"\"}"}},
  };
  for (const auto& [datatype, values] : good)
    for (const std::string& value : values)
      EXPECT_EQ(error_of("[" + value + "]", datatype), "") << name_of(datatype) << " " << value;
  const std::pair<Datatype, std::vector<std::string>> bad[] = {
      {Datatype::kBool, {"1", "\"true\"", "null"}},
      {Datatype::kUint8, {"256", "-1", "1.0", "1e1", "\"1\"", "true"}},
      {Datatype::kInt8, {"-129", "128"}},
      {Datatype::kUint64, {"18446744073709551616"}},
      {Datatype::kFp16, {"65520", "1e400"}},
      {Datatype::kBf16, {"3.4e38"}},
      {Datatype::kFp32, {"3.5e38", "1e400", "\"nan\"", "true", "null"}},
      {Datatype::kFp64, {"1e309", "-1e309"}},
      {Datatype::kBytes, {"1", "{\"base64\":\"=\"}", "null"}},
  };
  for (const auto& [datatype, values] : bad)
    for (const std::string& value : values)
      EXPECT_EQ(error_of("[" + value + "]", datatype), "tensor.element")
          << name_of(datatype) << " " << value;
}

TEST(TensorJson, WritesWhatReadsBackTheSame) {
  const std::pair<Datatype, const char*> cases[] = {
      {Datatype::kBool, "[[true,false],[false,true]]"},
      {Datatype::kInt8, "[-128,127]"},
      {Datatype::kUint16, "[[65535],[0]]"},
      {Datatype::kInt16, "[-32768]"},
      {Datatype::kUint32, "[4294967295]"},
      {Datatype::kInt32, "[-2147483648]"},
      {Datatype::kUint64, "[18446744073709551615]"},
      {Datatype::kInt64, "[-9223372036854775808]"},
      {Datatype::kFp16, "[65504,-0,0.33325195,\"NaN\",\"-Infinity\"]"},
      {Datatype::kBf16, "[1.5,\"Infinity\"]"},
      {Datatype::kFp32, "[0.1,-0,1e-45,3.4028235e+38]"},
      {Datatype::kFp64, "[0.1,2.2250738585072014e-308]"},
      {Datatype::kBytes, "[\"a\\\"b\",{\"base64\":\"/w==\"},\"\"]"},
      {Datatype::kFp32, "2.5"},
  };
  for (const auto& [datatype, text] : cases) EXPECT_EQ(nested(first(text, datatype)), text);
}

TEST(TensorJson, DoesNotWriteBytesThatDoNotFit) {
  Tensor tensor{.name = "x", .datatype = Datatype::kFp32, .shape = {2}, .data = Bytes(7)};
  EXPECT_EQ(nested(tensor), "tensor.shape");
  tensor.shape = {int64_t{1} << 40, int64_t{1} << 40};
  EXPECT_EQ(nested(tensor), "tensor.shape");
  tensor = {.name = "x", .datatype = Datatype::kBytes, .shape = {1}, .data = {5, 0, 0, 0, 'a'}};
  EXPECT_EQ(nested(tensor), "tensor.shape");
  tensor = {.name = "x", .datatype = Datatype::kBytes, .shape = {1}, .data = {0, 0, 0, 0, 'a'}};
  EXPECT_EQ(nested(tensor), "tensor.shape");
  tensor = {.name = "x", .datatype = Datatype::kFp32, .shape = {0, 3}, .data = {}};
  EXPECT_EQ(nested(tensor), "[]");
}

TEST(Half, KeepsEveryValueBothWays) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const bool nan = (bits & 0x7c00) == 0x7c00 && (bits & 0x3ff) != 0;
    EXPECT_EQ(std::isnan(from_half(half)), nan) << bits;
    if (!nan) {
      EXPECT_EQ(to_half(from_half(half)), half) << bits;
    }
    if (!std::isnan(from_bfloat16(half))) {
      EXPECT_EQ(to_bfloat16(from_bfloat16(half)), half) << bits;
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(to_half(1.0f + 0x1p-11f), 0x3c00);             // a tie, to even
  EXPECT_EQ(to_half(1.0f + 3 * 0x1p-11f), 0x3c02);         // a tie, to even
  EXPECT_EQ(to_half(1.0f + 0x1p-11f + 0x1p-20f), 0x3c01);  // above it
  EXPECT_EQ(to_half(65519.0f), 0x7bff);
  EXPECT_EQ(to_half(65520.0f), 0x7c00);
  EXPECT_EQ(to_half(-0x1p-25f), 0x8000);  // a tie with zero
  EXPECT_EQ(to_half(0x1.8p-25f), 0x0001);
  EXPECT_EQ(to_half(0x1.ffcp-15f), 0x0400);  // a tie, up into the normal numbers
  EXPECT_EQ(to_bfloat16(1.0f + 0x1p-8f), 0x3f80);
  EXPECT_EQ(to_bfloat16(1.0f + 3 * 0x1p-8f), 0x3f82);
  EXPECT_EQ(to_bfloat16(std::numeric_limits<float>::max()), 0x7f80);
}

}  // namespace
}  // namespace blindai
