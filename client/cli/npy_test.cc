#include "client/cli/npy.h"

#include <gtest/gtest.h>

#include "client/cli/npy_header.h"
#include "client/cli/npz.h"
#include "client/cli/zip.h"
#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

// A file as numpy.save of NumPy 2.4.6 writes it: its header padded to 128 bytes, then the elements.
Bytes numpy_file(std::string header, std::string_view hex_data) {
  header.resize(117, ' ');
  header += '\n';
  Bytes out = from_hex("934e554d505901007600").value();
  append(out, as_bytes(header));
  append(out, from_hex(hex_data).value());
  return out;
}

const Bytes kFloats = numpy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }",
                                 "0000c03f000000c00000000000004040");

std::string error_of(const Bytes& wire) {
  const auto tensor = read_npy(wire);
  return tensor.has_value() ? "" : std::string(tensor.error().name());
}

TEST(Npy, ReadsWhatNumpyWrites) {
  const Tensor floats = read_npy(kFloats).value();
  EXPECT_EQ(floats.datatype, Datatype::kFp32);
  EXPECT_EQ(floats.shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(to_hex(floats.data), "0000c03f000000c00000000000004040");
  const Tensor scalar =
      read_npy(
          numpy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", "0000000000000440"))
          .value();
  EXPECT_EQ(scalar.datatype, Datatype::kFp64);
  EXPECT_TRUE(scalar.shape.empty());
  const Tensor flags =
      read_npy(numpy_file("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", "0100"))
          .value();
  EXPECT_EQ(flags.datatype, Datatype::kBool);
  EXPECT_EQ(flags.shape, std::vector<int64_t>{2});
}

TEST(Npy, ReadsTextAsBytesElements) {
  // np.array(["é", "abc"]) and np.array([b"ab", b""])
  const Tensor text =
      read_npy(numpy_file("{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }",
                          "e90000000000000000000000610000006200000063000000"))
          .value();
  EXPECT_EQ(text.datatype, Datatype::kBytes);
  EXPECT_EQ(to_hex(text.data), "02000000c3a903000000616263");
  const Tensor bytes =
      read_npy(numpy_file("{'descr': '|S2', 'fortran_order': False, 'shape': (2,), }", "61620000"))
          .value();
  EXPECT_EQ(to_hex(bytes.data), "02000000616200000000");
}

TEST(Npy, ReadsVersions2And3) {
  for (const uint8_t version : {uint8_t{2}, uint8_t{3}}) {
    Bytes wire = kFloats;
    wire[6] = version;
    wire.insert(wire.begin() + 10, {0, 0});
    EXPECT_EQ(error_of(wire), "") << int{version};
  }
  Bytes wire = kFloats;
  wire[6] = 4;
  EXPECT_EQ(error_of(wire), "npy.version");
}

TEST(Npy, RefusesWhatHasNoTensorForm) {
  const std::string tail = ", 'fortran_order': False, 'shape': (1,), }";
  EXPECT_EQ(error_of(numpy_file("{'descr': '>i4'" + tail, "00000001")), "npy.datatype");
  EXPECT_EQ(error_of(numpy_file("{'descr': '|O'" + tail, "00000001")), "npy.datatype");
  EXPECT_EQ(error_of(numpy_file("{'descr': '<c8'" + tail, "0000000000000001")), "npy.datatype");
  EXPECT_EQ(error_of(numpy_file("{'descr': '>U1'" + tail, "00000001")), "npy.datatype");
  EXPECT_EQ(error_of(numpy_file("{'descr': [('a', '<i4')]" + tail, "00000000")), "npy.datatype");
  EXPECT_EQ(error_of(numpy_file("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }",
                                "010004000200050003000600")),
            "npy.fortran-order");
  EXPECT_EQ(error_of(numpy_file("{'descr': '<U1'" + tail, "00d80000")), "npy.text");
}

TEST(Npy, RefusesSizesThatDoNotFit) {
  Bytes longer = kFloats;
  longer.push_back(0);
  EXPECT_EQ(error_of(longer), "npy.layout");
  const auto shaped = [](const std::string& descr, const std::string& shape) {
    return error_of(
        numpy_file("{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }",
                   "0000000000000000"));
  };
  EXPECT_EQ(shaped("<f4", "(2,)"), "");
  EXPECT_EQ(shaped("<f4", "(3,)"), "npy.layout");
  EXPECT_EQ(shaped("<f4", "(4611686018427387905,)"), "npy.layout");
  EXPECT_EQ(shaped("<f4", "(1099511627776, 1099511627776)"), "npy.layout");
  EXPECT_EQ(shaped("|S0", "(1000000000,)"), "npy.layout");
  EXPECT_EQ(shaped("|S99999999", "(1,)"), "npy.layout");
}

TEST(Npy, RefusesEveryTruncation) {
  for (size_t n = 0; n < kFloats.size(); ++n)
    EXPECT_FALSE(read_npy(BytesView(kFloats).first(n)).has_value()) << n;
}

TEST(Npy, SurvivesEveryFlippedBit) {
  const Tensor good = read_npy(kFloats).value();
  for (size_t bit = 0; bit < kFloats.size() * 8; ++bit) {
    Bytes changed = kFloats;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
    const auto tensor = read_npy(changed);
    // In the elements every flip shows; in the header it is refused or is another array.
    if (bit / 8 >= 128) {
      ASSERT_TRUE(tensor.has_value()) << bit;
      EXPECT_NE(tensor->data, good.data) << bit;
    } else if (tensor.has_value()) {
      EXPECT_EQ(tensor->data.size(), good.data.size()) << bit;
    }
  }
}

TEST(Npy, HeaderIsExactlyThreeKeys) {
  EXPECT_TRUE(parse_npy_header("{'descr':'<f4','shape':(3,),'fortran_order':True}\n").has_value());
  for (const std::string_view text :
       {"", "{}", "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}",
        "{'descr': '<f4' 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': false, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3 4)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': ()} x"}) {
    const auto header = parse_npy_header(text);
    ASSERT_FALSE(header.has_value()) << text;
    EXPECT_EQ(header.error().name(), "npy.header") << text;
  }
}

TEST(Npy, WritesWhatItReads) {
  EXPECT_EQ(write_npy(read_npy(kFloats).value()).value(), kFloats);
  const Tensor strings{.name = "s",
                       .datatype = Datatype::kBytes,
                       .shape = {2},
                       .data = from_hex("02000000616200000000").value()};
  EXPECT_EQ(read_npy(write_npy(strings).value()).value().data, strings.data);
  // 1.5 in bfloat16 and in float32.
  const Tensor brain{.name = "b", .datatype = Datatype::kBf16, .shape = {1}, .data = {0xc0, 0x3f}};
  const Tensor widened = read_npy(write_npy(brain).value()).value();
  EXPECT_EQ(widened.datatype, Datatype::kFp32);
  EXPECT_EQ(to_hex(widened.data), "0000c03f");
}

TEST(Npy, DoesNotWriteWhatTheFormatCannotHold) {
  Tensor tensor{.name = "s",
                .datatype = Datatype::kBytes,
                .shape = {1},
                .data = from_hex("020000006100").value()};
  EXPECT_EQ(write_npy(tensor).error().name(), "npy.string");
  tensor.data.pop_back();
  EXPECT_EQ(write_npy(tensor).error().name(), "npy.size");
  tensor = {.name = "x", .datatype = Datatype::kFp32, .shape = {2}, .data = Bytes(7)};
  EXPECT_EQ(write_npy(tensor).error().name(), "npy.size");
}

// np.savez_compressed(f, x=np.array([1, 2], '<i2'), y=np.array([[0.5]], '<f4')); NumPy 2.4.6.
constexpr char kDeflated[] =
    "504b0304140000000800000021009d32853a480000008400000005001400782e6e707901001000840000000000"
    "000048000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369a4aea3a09e965f54529498"
    "179f5f94920a12774bcc294e058a17672416a402f91a463a9a3a0ab50a14002e4606260600504b030414000000"
    "080000002100b7eb96d84a0000008400000005001400792e6e70790100100084000000000000004a0000000000"
    "00009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f54529498179f5f94920a1277"
    "4bcc294e058a17672416a402f91a863a0a869a3a0ab50a64032e0606067b00504b010214031400000008000000"
    "21009d32853a4800000084000000050000000000000000000000800100000000782e6e7079504b010214031400"
    "0000080000002100b7eb96d84a0000008400000005000000000000000000000080017f000000792e6e7079504b"
    "0506000000000200020066000000000100000000";
// np.savez(f, x=np.array([1, 2], '<i2')).
constexpr char kStored[] =
    "504b0304140000000000000021009d32853a840000008400000005001400782e6e707901001000840000000000"
    "00008400000000000000934e554d5059010076007b276465736372273a20273c6932272c2027666f727472616e"
    "5f6f72646572273a2046616c73652c20277368617065273a2028322c292c207d20202020202020202020202020"
    "202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020"
    "20200a01000200504b01021403140000000000000021009d32853a840000008400000005000000000000000000"
    "0000800100000000782e6e7079504b0506000000000100010033000000bb0000000000";

Bytes deflated() {
  return from_hex(kDeflated).value();
}

TEST(Npz, ReadsWhatNumpyWrites) {
  const auto arrays = read_npz(deflated()).value();
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(arrays[0].name, "x");
  EXPECT_EQ(arrays[0].datatype, Datatype::kInt16);
  EXPECT_EQ(to_hex(arrays[0].data), "01000200");
  EXPECT_EQ(arrays[1].name, "y");
  EXPECT_EQ(arrays[1].shape, (std::vector<int64_t>{1, 1}));
  EXPECT_EQ(to_hex(arrays[1].data), "0000003f");
  EXPECT_EQ(to_hex(read_npz(from_hex(kStored).value()).value().front().data), "01000200");
}

TEST(Npz, WritesWhatItReads) {
  const auto arrays = read_npz(deflated()).value();
  const auto again = read_npz(write_npz(arrays).value()).value();
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[1].name, "y");
  EXPECT_EQ(again[1].data, arrays[1].data);
  Tensor climbing = arrays[0];
  climbing.name = "../x";
  EXPECT_EQ(write_npz({climbing}).error().name(), "npz.name");
  EXPECT_EQ(write_npz({arrays[0], arrays[0]}).error().name(), "npz.name");
}

TEST(Npz, RefusesEntriesThatAreNoArrays) {
  const Bytes npy = kFloats;
  const auto error_of_entries = [](const std::vector<ZipEntry>& entries) {
    return std::string(read_npz(write_zip(entries).value()).error().name());
  };
  EXPECT_EQ(error_of_entries({}), "npz.empty");
  EXPECT_EQ(error_of_entries({{"x.txt", npy}}), "npz.entry");
  EXPECT_EQ(error_of_entries({{".npy", npy}}), "npz.entry");
  EXPECT_EQ(error_of_entries({{"x.npy", npy}, {"x.npy", npy}}), "npz.entry");
  EXPECT_EQ(error_of_entries({{"x.npy", Bytes(3)}}), "npy.layout");
}

TEST(Zip, RefusesEveryTruncation) {
  const Bytes wire = deflated();
  for (size_t n = 0; n < wire.size(); ++n)
    EXPECT_FALSE(read_zip(BytesView(wire).first(n)).has_value()) << n;
}

TEST(Zip, FlippedBitsNeverGiveOtherData) {
  const Bytes wire = deflated();
  const auto good = read_zip(wire).value();
  for (size_t bit = 0; bit < wire.size() * 8; ++bit) {
    Bytes changed = wire;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
    const auto entries = read_zip(changed);
    if (!entries.has_value()) continue;
    // Names, dates and the like are under no checksum; content is.
    ASSERT_EQ(entries->size(), good.size()) << bit;
    for (size_t i = 0; i < good.size(); ++i) EXPECT_EQ((*entries)[i].data, good[i].data) << bit;
  }
}

// The archive with one 32-bit field of the first central entry changed.
std::string error_with_field(size_t offset_in_entry, uint32_t value) {
  Bytes wire = deflated();
  const size_t directory = wire.size() - 22 - 0x66;
  for (size_t i = 0; i < 4; ++i)
    wire[directory + offset_in_entry + i] = static_cast<uint8_t>(value >> (8 * i));
  const auto entries = read_zip(wire);
  return entries.has_value() ? "" : std::string(entries.error().name());
}

TEST(Zip, RefusesLyingSizes) {
  EXPECT_EQ(error_with_field(20, 1), "zip.deflate");           // packed
  EXPECT_EQ(error_with_field(24, 0x83), "zip.deflate");        // unpacked, too short
  EXPECT_EQ(error_with_field(24, 0x85), "zip.deflate");        // too long
  EXPECT_EQ(error_with_field(24, 0x70000000), "zip.deflate");  // more than deflate can give
  EXPECT_EQ(error_with_field(24, 0xffffffff), "zip.zip64");
  EXPECT_EQ(error_with_field(16, 0), "zip.crc");
  EXPECT_EQ(error_with_field(42, 5), "zip.layout");  // where the entry is
  EXPECT_EQ(error_with_field(42, 0x7fffffff), "zip.layout");
  EXPECT_EQ(error_with_field(8, 0x00080001), "zip.encrypted");
  EXPECT_EQ(error_with_field(8, 0x00090000), "zip.method");
}

TEST(Zip, KeepsToItsLimits) {
  const Bytes wire = deflated();
  EXPECT_EQ(read_zip(wire, {.num_entries = 1}).error().name(), "zip.too-large");
  EXPECT_EQ(read_zip(wire, {.name_len = 4}).error().name(), "zip.too-large");
  EXPECT_EQ(read_zip(wire, {.total_bytes = 200}).error().name(), "zip.too-large");
  EXPECT_TRUE(read_zip(wire, {.num_entries = 2, .name_len = 5, .total_bytes = 264}).has_value());
}

TEST(Zip, AllowsACommentAtTheEnd) {
  Bytes wire = deflated();
  wire[wire.size() - 2] = 3;
  append(wire, as_bytes("abc"));
  EXPECT_TRUE(read_zip(wire).has_value());
  wire.push_back(0);
  EXPECT_EQ(read_zip(wire).error().name(), "zip.layout");
}

}  // namespace
}  // namespace blindai
