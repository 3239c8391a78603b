#include "client/cli/npy_header.h"

#include <charconv>

#include "client/cli/npy.h"

namespace blindai {
namespace {

constexpr Id kHeader{"npy.header",
                     "This is not an array that NumPy's save() wrote; write it again."};
constexpr Id kRecord{"npy.datatype",
                     "Arrays of records have no tensor form; save each field as an array."};

class Literal {
 public:
  explicit Literal(std::string_view text) : text_(text) {}

  size_t at() const { return at_; }
  bool done() {
    skip_space();
    return at_ == text_.size();
  }
  bool eat(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool eat_word(std::string_view word) {
    skip_space();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool string(std::string& out) {
    skip_space();
    if (at_ == text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return false;
    const size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) return false;
    out = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return out.find('\\') == std::string::npos;
  }
  bool integer(int64_t& out) {
    skip_space();
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), out);
    if (error != std::errc() || out < 0) return false;
    at_ += static_cast<size_t>(end - begin);
    return true;
  }
  // (), (3,), (1, 3)
  bool tuple(std::vector<int64_t>& out) {
    if (!eat('(')) return false;
    bool comma = true;
    while (!eat(')')) {
      int64_t dimension = 0;
      if (!comma || out.size() == kMaxNpyRank || !integer(dimension)) return false;
      out.push_back(dimension);
      comma = eat(',');
    }
    return out.size() != 1 || comma;
  }
  bool boolean(bool& out) {
    out = eat_word("True");
    return out || eat_word("False");
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<NpyHeader> parse_npy_header(std::string_view text) {
  Literal in(text);
  NpyHeader out;
  bool descr = false, order = false, shape = false;
  bool good = in.eat('{');
  bool comma = true;
  while (good && !in.eat('}')) {
    std::string key;
    good = comma && in.string(key) && in.eat(':');
    if (good && key == "descr" && !descr) {
      if (in.eat('[')) return fail(Code::kInvalid, kRecord, in.at());
      good = descr = in.string(out.descr);
    } else if (good && key == "fortran_order" && !order) {
      good = order = in.boolean(out.fortran_order);
    } else if (good && key == "shape" && !shape) {
      good = shape = in.tuple(out.shape);
    } else {
      good = false;
    }
    comma = in.eat(',');
  }
  if (!good || !descr || !order || !shape || !in.done())
    return fail(Code::kMalformed, kHeader, in.at());
  return out;
}

}  // namespace blindai
