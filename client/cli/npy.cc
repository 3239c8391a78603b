#include "client/cli/npy.h"

#include <algorithm>

#include "client/cli/npy_header.h"
#include "lib/base/byte_reader.h"

namespace blindai {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr uint64_t kMaxNpyElements = uint64_t{1} << 40;
constexpr Id kNpyLayout{
    "npy.layout", "The .npy file is damaged or does not hold exactly one array; save it again."};
constexpr Id kText{"npy.text", "The array holds text that is not Unicode; save it again."};

struct NumpyType {
  std::string_view descr;
  Datatype datatype;
};
// '|' and '<' are the same for single bytes.
constexpr NumpyType kTypes[] = {
    {"|b1", Datatype::kBool},   {"|u1", Datatype::kUint8},  {"<u2", Datatype::kUint16},
    {"<u4", Datatype::kUint32}, {"<u8", Datatype::kUint64}, {"|i1", Datatype::kInt8},
    {"<i2", Datatype::kInt16},  {"<i4", Datatype::kInt32},  {"<i8", Datatype::kInt64},
    {"<f2", Datatype::kFp16},   {"<f4", Datatype::kFp32},   {"<f8", Datatype::kFp64},
};

Problem unsupported(const std::string& descr) {
  std::string advice = "convert it with astype()";
  if (descr.starts_with('>')) advice = "convert it with astype(a.dtype.newbyteorder('<'))";
  if (descr.find('O') != std::string::npos)
    advice = "it holds Python objects; convert it to a fixed type with astype()";
  return Problem(
      Code::kInvalid, "npy.datatype",
      "The array's type \"" + descr.substr(0, 32) + "\" has no tensor form; " + advice + ".");
}

void put_string(Bytes& out, BytesView text) {
  put_u32le(out, static_cast<uint32_t>(text.size()));
  append(out, text);
}

bool put_utf8(Bytes& out, uint32_t c) {
  const auto byte = [&out](uint32_t value) { out.push_back(static_cast<uint8_t>(value)); };
  if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return false;
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xc0 | (c >> 6));
    byte(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    byte(0xe0 | (c >> 12));
    byte(0x80 | ((c >> 6) & 0x3f));
    byte(0x80 | (c & 0x3f));
  } else {
    byte(0xf0 | (c >> 18));
    byte(0x80 | ((c >> 12) & 0x3f));
    byte(0x80 | ((c >> 6) & 0x3f));
    byte(0x80 | (c & 0x3f));
  }
  return true;
}

// Strings of a fixed width, padded with zeros: 'S' of bytes, 'U' of 4-byte code points.
Status read_strings(ByteReader& r, uint64_t count, uint64_t width, bool unicode, Bytes& out) {
  const uint64_t stride = width * (unicode ? 4 : 1);
  // Without this, a header could ask for any number of empty strings from no bytes at all.
  if (stride == 0 ? count > kMaxNpyHeader : count != r.remaining() / stride)
    return fail(Code::kMalformed, kNpyLayout, r.at());
  Bytes text;
  for (uint64_t i = 0; i < count; ++i) {
    BytesView raw;
    if (!r.bytes(raw, stride)) return fail(Code::kMalformed, kNpyLayout, r.at());
    text.clear();
    if (unicode) {
      ByteReader points(raw);
      size_t kept = 0;
      for (uint32_t c = 0; points.u32le(c);) {
        if (!put_utf8(text, c)) return fail(Code::kMalformed, kText, r.at());
        if (c != 0) kept = text.size();
      }
      text.resize(kept);
    } else {
      const auto last = std::find_if(raw.rbegin(), raw.rend(), [](uint8_t b) { return b != 0; });
      text.assign(raw.begin(), last.base());
    }
    put_string(out, text);
  }
  return {};
}

// "<U12": kind and width.
bool string_width(const std::string& descr, bool& unicode, uint64_t& width) {
  if (descr.size() < 3 || descr.size() > 10) return false;
  unicode = descr.starts_with("<U");
  if (!unicode && !descr.starts_with("|S")) return false;
  width = 0;
  for (const char c : descr.substr(2)) {
    if (c < '0' || c > '9') return false;
    width = width * 10 + static_cast<uint64_t>(c - '0');
  }
  return true;
}

// The elements of a BYTES tensor. False when `data` is not exactly `count` of them.
bool split_strings(BytesView data, uint64_t count, std::vector<BytesView>& out) {
  ByteReader r(data);
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t length = 0;
    BytesView text;
    if (!r.u32le(length) || !r.bytes(text, length)) return false;
    out.push_back(text);
  }
  return r.done();
}

Bytes with_header(const std::string& descr, const std::vector<int64_t>& shape) {
  std::string text = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (";
  for (const int64_t d : shape) text += std::to_string(d) + (shape.size() == 1 ? "," : ", ");
  if (shape.size() > 1) text.resize(text.size() - 2);
  text += "), }";
  // Data begins at a multiple of 64, as NumPy has it.
  const size_t fixed = kMagic.size() + 4;
  text.append(63 - (fixed + text.size()) % 64, ' ');
  text += '\n';
  Bytes out = to_bytes(as_bytes(kMagic));
  put_u8(out, 1);
  put_u8(out, 0);
  put_u16le(out, static_cast<uint16_t>(text.size()));
  append(out, as_bytes(text));
  return out;
}

Outcome<Bytes> write_strings(const Tensor& tensor, uint64_t count) {
  std::vector<BytesView> strings;
  if (!split_strings(tensor.data, count, strings))
    return problem(Code::kMalformed, "npy.size", "The tensor's strings do not fit its shape.");
  size_t width = 1;
  for (const BytesView& text : strings) {
    width = std::max(width, text.size());
    if (!text.empty() && text.back() == 0)
      return problem(Code::kInvalid, "npy.string",
                     "A string ends in a zero byte, which NumPy's files cannot hold; write .json "
                     "instead.");
  }
  if (width * count > kMaxNpyElements)
    return problem(Code::kInvalid, "npy.size", "The strings are too long; write .json instead.");
  Bytes out = with_header("|S" + std::to_string(width), tensor.shape);
  for (const BytesView& text : strings) {
    append(out, text);
    put_zeros(out, width - text.size());
  }
  return out;
}

}  // namespace

Outcome<Tensor> read_npy(BytesView wire) {
  ByteReader r(wire);
  BytesView magic;
  uint8_t major = 0, minor = 0;
  if (!r.bytes(magic, kMagic.size()) || as_text(magic) != kMagic || !r.u8(major) || !r.u8(minor))
    return std::unexpected(Error{Code::kMalformed, kNpyLayout, r.at()});
  if (major < 1 || major > 3 || minor != 0)
    return problem(Code::kInvalid, "npy.version",
                   "The .npy file has a version this program does not know; save it with NumPy's "
                   "save().");
  uint16_t short_length = 0;
  uint32_t length = 0;
  BytesView text;
  const bool read = major == 1 ? r.u16le(short_length) : r.u32le(length);
  if (major == 1) length = short_length;
  if (!read || length > kMaxNpyHeader || !r.bytes(text, length))
    return std::unexpected(Error{Code::kMalformed, kNpyLayout, r.at()});
  ASSIGN_OR_RETURN(NpyHeader header, parse_npy_header(as_text(text)));
  if (header.fortran_order && header.shape.size() > 1)
    return problem(Code::kInvalid, "npy.fortran-order",
                   "The array is in Fortran order; save np.ascontiguousarray(a) instead.");
  const std::optional<uint64_t> count = num_elements(header.shape, kMaxNpyElements);
  if (!count.has_value()) return std::unexpected(Error{Code::kMalformed, kNpyLayout, r.at()});

  Tensor out{
      .name = {}, .datatype = Datatype::kBytes, .shape = std::move(header.shape), .data = {}};
  bool unicode = false;
  uint64_t width = 0;
  if (string_width(header.descr, unicode, width)) {
    RETURN_IF_ERROR(read_strings(r, *count, width, unicode, out.data));
  } else {
    if (header.descr == "<b1" || header.descr == "<u1" || header.descr == "<i1")
      header.descr[0] = '|';
    const auto* type = std::ranges::find(kTypes, header.descr, &NumpyType::descr);
    if (type == std::end(kTypes)) return std::unexpected(unsupported(header.descr));
    out.datatype = type->datatype;
    BytesView data;
    if (!r.bytes(data, *count * element_size(out.datatype)))
      return std::unexpected(Error{Code::kMalformed, kNpyLayout, r.at()});
    out.data = to_bytes(data);
  }
  if (!r.done()) return std::unexpected(Error{Code::kMalformed, kNpyLayout, r.at()});
  return out;
}

Outcome<Bytes> write_npy(const Tensor& tensor) {
  const std::optional<uint64_t> count = num_elements(tensor.shape, kMaxNpyElements);
  if (!count.has_value() || tensor.shape.size() > kMaxNpyRank)
    return problem(Code::kInvalid, "npy.size", "The tensor's shape is too large for a .npy file.");
  if (tensor.datatype == Datatype::kBytes) return write_strings(tensor, *count);
  if (tensor.data.size() != *count * element_size(tensor.datatype))
    return problem(Code::kMalformed, "npy.size", "The tensor's bytes do not fit its shape.");
  if (tensor.datatype == Datatype::kBf16) {
    Bytes out = with_header("<f4", tensor.shape);
    ByteReader r(tensor.data);
    for (uint16_t bits = 0; r.u16le(bits);) put_u32le(out, static_cast<uint32_t>(bits) << 16);
    return out;
  }
  const auto* type = std::ranges::find(kTypes, tensor.datatype, &NumpyType::datatype);
  Bytes out = with_header(std::string(type->descr), tensor.shape);
  append(out, tensor.data);
  return out;
}

}  // namespace blindai
