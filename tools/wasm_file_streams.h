// For tools/check_wasm.py alone. toml++ has a function that opens a file, which nothing of ours
// calls; Debian's libc++ for WebAssembly declares std::ifstream and does not define it.
#pragma once

#include <istream>
#include <string>

template <>
class std::basic_ifstream<char> : public std::basic_istream<char> {
 public:
  basic_ifstream();
  bool is_open() const;
  void open(const char* path, std::ios_base::openmode mode);
  void open(const std::string& path, std::ios_base::openmode mode);
  void close();
};
