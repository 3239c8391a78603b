# Every third-party library, what it is for, and the sides that may use it. A library named here for
# lib, net or enclave is part of the trusted computing base; `dev check` prints the list.

function(third_party name)
  cmake_parse_arguments(A "" "" "SIDES;LIBS;DEFINES" ${ARGN})
  add_library(third_party_${name} INTERFACE)
  add_library(third_party::${name} ALIAS third_party_${name})
  target_link_libraries(third_party_${name} INTERFACE ${A_LIBS})
  target_compile_definitions(third_party_${name} INTERFACE ${A_DEFINES})
  set(THIRD_PARTY_SIDES_${name} ${A_SIDES} PARENT_SCOPE)
  set_property(GLOBAL APPEND PROPERTY BLINDAI_THIRD_PARTY "${name}: ${A_SIDES}")
endfunction()

find_package(OpenSSL 3.0 REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(PkgConfig REQUIRED)

# TLS 1.3, hashes, signatures, X.509.
third_party(openssl SIDES lib net LIBS OpenSSL::SSL OpenSSL::Crypto)
# The thread sanitizer does not understand fences, which Asio adds around what its own lock already
# orders.
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
  set(asio_without_fences BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
# Asio's reactor and Beast's HTTP/1.1 parser, both header-only.
third_party(boost SIDES net LIBS Boost::headers
            DEFINES BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                    BOOST_ASIO_NO_DEPRECATED ${asio_without_fences})
# Boost.JSON, header-only; compiled once in lib/base/boost_json.cc.
third_party(json SIDES lib net enclave client cloud LIBS Boost::headers)
third_party(threads SIDES net enclave client cloud LIBS Threads::Threads)
# TOML: the measured configuration and the client's policy files. Header-only.
third_party(toml SIDES lib enclave client cloud LIBS "" DEFINES TOML_EXCEPTIONS=0)
third_party(cli11 SIDES enclave client cloud LIBS "")
# Deflate and CRC-32 of NumPy's .npz files.
find_package(ZLIB REQUIRED)
third_party(zlib SIDES client LIBS ZLIB::ZLIB)
third_party(dl SIDES enclave LIBS ${CMAKE_DL_LIBS})
if(BLINDAI_SERVER)
  find_package(fmt REQUIRED)
  find_package(spdlog REQUIRED)
  pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
  third_party(spdlog SIDES enclave cloud LIBS spdlog::spdlog fmt::fmt)
  # Counters and histograms for the operator, and their text form: the core alone, no HTTP server.
  pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)
  third_party(prometheus SIDES enclave cloud LIBS PkgConfig::PROMETHEUS)
  third_party(seccomp SIDES enclave LIBS PkgConfig::SECCOMP)
  # ONNX Runtime's C API headers only; the library is opened at run time by the worker.
  third_party(onnxruntime SIDES enclave LIBS "")
  target_include_directories(third_party_onnxruntime SYSTEM INTERFACE ${BLINDAI_ORT_INCLUDE})
endif()
if(BLINDAI_TESTS)
  find_package(GTest REQUIRED)
  third_party(gtest SIDES tests LIBS GTest::gtest GTest::gtest_main GTest::gmock)
endif()
if(BLINDAI_BENCH)
  find_package(benchmark REQUIRED)
  third_party(benchmark SIDES tests LIBS benchmark::benchmark)
endif()
