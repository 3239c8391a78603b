# The folder is the trust statement; this file keeps it true.
#
# Every target is made by one of the functions below and belongs to a side, the first part of its
# path. A side may link only the sides listed for it, and only third-party libraries that
# cmake/ThirdParty.cmake declares for that side. Both rules are checked while configuring, and
# blindai_verify_links() at the end refuses any target or link that went around them.

set(BLINDAI_SIDES lib net enclave cloud client tests)
set(MAY_USE_lib lib)
set(MAY_USE_net lib net)
set(MAY_USE_enclave lib net enclave)
set(MAY_USE_cloud lib net cloud)
set(MAY_USE_client lib net client)
set(MAY_USE_tests lib net enclave cloud client tests)

function(_blindai_link target side)
  cmake_parse_arguments(A "" "" "USES;THIRD_PARTY" ${ARGN})
  set_target_properties(${target} PROPERTIES BLINDAI_SIDE ${side})
  foreach(module ${A_USES})
    string(REPLACE "/" "-" dep ${module})
    string(REGEX REPLACE "/.*" "" dep_side ${module})
    if(NOT dep_side IN_LIST MAY_USE_${side})
      message(FATAL_ERROR "${target} (side ${side}) may not use ${module} (side ${dep_side}); "
                          "allowed: ${MAY_USE_${side}}. See docs/ARCHITECTURE.md, link rules.")
    endif()
    list(APPEND libs ${dep})
  endforeach()
  foreach(name ${A_THIRD_PARTY})
    if(NOT TARGET third_party::${name})
      message(FATAL_ERROR "${target} uses the undeclared third-party library ${name}; "
                          "declare it in cmake/ThirdParty.cmake (it joins the trusted list).")
    endif()
    if(NOT side STREQUAL "tests" AND NOT side IN_LIST THIRD_PARTY_SIDES_${name})
      message(FATAL_ERROR "${target} (side ${side}) may not use ${name}; "
                          "declared for: ${THIRD_PARTY_SIDES_${name}}.")
    endif()
    list(APPEND libs third_party::${name})
  endforeach()
  target_link_libraries(${target} PUBLIC ${libs})
endfunction()

function(_blindai_common target)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_options(${target} PRIVATE ${BLINDAI_WARNINGS})
endfunction()

# blindai_module(lib/base SOURCES a.cc ... [USES lib/crypto ...] [THIRD_PARTY openssl ...])
# A static library named after its folder ("lib-base").
function(blindai_module path)
  cmake_parse_arguments(A "" "" "SOURCES;USES;THIRD_PARTY" ${ARGN})
  string(REPLACE "/" "-" target ${path})
  string(REGEX REPLACE "/.*" "" side ${path})
  if(NOT side IN_LIST BLINDAI_SIDES)
    message(FATAL_ERROR "${path}: no such side; sides are ${BLINDAI_SIDES}")
  endif()
  add_library(${target} STATIC ${A_SOURCES})
  _blindai_common(${target})
  _blindai_link(${target} ${side} USES ${A_USES} THIRD_PARTY ${A_THIRD_PARTY})
endfunction()

# blindai_program(blindai-server SIDE enclave SOURCES main.cc USES ... [THIRD_PARTY ...])
function(blindai_program target)
  cmake_parse_arguments(A "" "SIDE" "SOURCES;USES;THIRD_PARTY" ${ARGN})
  add_executable(${target} ${A_SOURCES})
  _blindai_common(${target})
  _blindai_link(${target} ${A_SIDE} USES ${A_USES} THIRD_PARTY ${A_THIRD_PARTY})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  set_property(GLOBAL APPEND PROPERTY BLINDAI_PROGRAMS ${target})
endfunction()

# Reading GoogleTest and the standard library is half of what a test's source costs the compiler, so
# with BLINDAI_TEST_PCH (the sanitizer presets) they are read once for all tests, as compiled as
# these are.
function(_blindai_test_headers)
  if(TARGET tests-headers)
    return()
  endif()
  set(source ${PROJECT_BINARY_DIR}/tests_headers.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "")
  add_library(tests-headers STATIC ${source})
  _blindai_common(tests-headers)
  _blindai_link(tests-headers tests THIRD_PARTY gtest)
  # As programs are compiled, which these are read into.
  set_target_properties(tests-headers PROPERTIES UNITY_BUILD OFF POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(tests-headers PRIVATE -fPIE ${BLINDAI_TEST_OPTIONS})
  target_precompile_headers(tests-headers PRIVATE
    <gtest/gtest.h> <algorithm> <array> <chrono> <expected> <filesystem> <fstream> <functional>
    <map> <memory> <optional> <set> <span> <string> <thread> <vector>)
endfunction()

# A test's own code runs once and is mostly GoogleTest's macros: optimising it takes longer than it
# can ever win, above all under the sanitizers. What it tests is built as the preset says.
set(BLINDAI_TEST_OPTIONS -O0)
if(BLINDAI_TEST_PCH)
  # ccache keys on the header's content.
  list(APPEND BLINDAI_TEST_OPTIONS "SHELL:-Xclang -fno-pch-timestamp")
endif()

# blindai_test(lib/base SOURCES a_test.cc ... [USES more ...] [THIRD_PARTY ...] [PLAIN suite ...])
# One GoogleTest program per module, "lib-base_test"; a ctest entry of the same name.
# PLAIN: these suites do more, or measure, where no sanitizer is; a second entry, "lib-base_test.plain",
# with the label "plain", runs them alone. ./dev test runs that one without a sanitizer, and the first
# one under the sanitizers.
function(blindai_test path)
  if(NOT BLINDAI_TESTS)
    return()
  endif()
  cmake_parse_arguments(A "" "TIMEOUT" "SOURCES;USES;THIRD_PARTY;PLAIN" ${ARGN})
  string(REPLACE "/" "-" target ${path}_test)
  add_executable(${target} ${A_SOURCES})
  _blindai_common(${target})
  _blindai_link(${target} tests USES ${path} ${A_USES} THIRD_PARTY gtest ${A_THIRD_PARTY})
  target_compile_definitions(${target} PRIVATE BLINDAI_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                               BLINDAI_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_compile_options(${target} PRIVATE ${BLINDAI_TEST_OPTIONS})
  if(BLINDAI_TEST_PCH)
    _blindai_test_headers()
    target_precompile_headers(${target} REUSE_FROM tests-headers)
  endif()
  # A test's own code costs more than its headers.
  set_target_properties(${target} PROPERTIES UNITY_BUILD_BATCH_SIZE 6)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 120)
  endif()
  add_test(NAME ${target} COMMAND ${target} --gtest_brief=1)
  # The longest first, so that none of them runs alone at the end.
  set_tests_properties(${target} PROPERTIES TIMEOUT ${A_TIMEOUT} COST ${A_TIMEOUT})
  if(A_PLAIN)
    # As they are, and with parameters.
    list(TRANSFORM A_PLAIN REPLACE "(.+)" "\\1.*:*/\\1.*")
    string(JOIN ":" filter ${A_PLAIN})
    add_test(NAME ${target}.plain COMMAND ${target} --gtest_brief=1 --gtest_filter=${filter})
    set_tests_properties(${target}.plain PROPERTIES TIMEOUT ${A_TIMEOUT} COST ${A_TIMEOUT} LABELS plain)
  endif()
endfunction()

# blindai_fuzzer(byte_reader USES lib/base)
# fuzz/<name>.cc with seeds in fuzz/corpus/<name>/. Under the preset `fuzz` a libFuzzer program
# "fuzz_<name>"; under every other preset a part of the one program that replays seeds, and a ctest
# entry of that name, which is also a target.
function(blindai_fuzzer name)
  if(NOT BLINDAI_TESTS)
    return()
  endif()
  cmake_parse_arguments(A "" "" "USES;THIRD_PARTY" ${ARGN})
  set(target fuzz_${name})
  set(source ${PROJECT_SOURCE_DIR}/fuzz/${name}.cc)
  set(places BLINDAI_SOURCE_DIR="${PROJECT_SOURCE_DIR}" BLINDAI_BINARY_DIR="${PROJECT_BINARY_DIR}")
  if(BLINDAI_FUZZ)
    add_executable(${target} ${source})
    _blindai_common(${target})
    _blindai_link(${target} tests USES ${A_USES} THIRD_PARTY ${A_THIRD_PARTY})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
    target_compile_definitions(${target} PRIVATE ${places})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    return()
  endif()
  add_library(${target}_entry OBJECT ${source})
  _blindai_common(${target}_entry)
  _blindai_link(${target}_entry tests USES ${A_USES} THIRD_PARTY ${A_THIRD_PARTY})
  target_compile_definitions(${target}_entry PRIVATE LLVMFuzzerTestOneInput=${target} ${places})
  target_compile_options(${target}_entry PRIVATE ${BLINDAI_TEST_OPTIONS})
  add_custom_target(${target} DEPENDS fuzz_replay)
  add_test(NAME ${target}
           COMMAND fuzz_replay ${name} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
  set_tests_properties(${target} PROPERTIES TIMEOUT 120)
  set_property(GLOBAL APPEND PROPERTY BLINDAI_FUZZERS ${name})
endfunction()

# fuzz_replay: every fuzzer's entry in one program, since linking each took as long as compiling it.
function(blindai_fuzz_replay)
  get_property(names GLOBAL PROPERTY BLINDAI_FUZZERS)
  if(NOT names)
    return()
  endif()
  foreach(name ${names})
    string(APPEND entries "ENTRY(${name})")
    list(APPEND parts fuzz_${name}_entry)
  endforeach()
  add_executable(fuzz_replay ${PROJECT_SOURCE_DIR}/fuzz/replay_main.cc)
  _blindai_common(fuzz_replay)
  _blindai_link(fuzz_replay tests)
  target_compile_definitions(fuzz_replay PRIVATE BLINDAI_FUZZERS=${entries})
  target_link_libraries(fuzz_replay PRIVATE ${parts})
  set_target_properties(fuzz_replay PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
endfunction()

# blindai_bench(seal_bench [SOURCES more.cc ...] USES lib/seal [THIRD_PARTY openssl])
# bench/<name>.cc and Google Benchmark, as a program in build/<preset>/bench that `dev bench` runs.
function(blindai_bench name)
  if(NOT BLINDAI_BENCH)
    return()
  endif()
  cmake_parse_arguments(A "" "" "SOURCES;USES;THIRD_PARTY" ${ARGN})
  add_executable(${name} ${PROJECT_SOURCE_DIR}/bench/${name}.cc ${A_SOURCES})
  _blindai_common(${name})
  _blindai_link(${name} tests USES ${A_USES} THIRD_PARTY benchmark ${A_THIRD_PARTY})
  target_compile_definitions(${name} PRIVATE BLINDAI_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             BLINDAI_BINARY_DIR="${PROJECT_BINARY_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
endfunction()

# blindai_python_module(_core SIDE client SOURCES _core.cc USES ...)
# A CPython extension module. nanobind's own runtime library is compiled into it: it is no target of
# ours, so it is marked foreign and left out of the link rules.
function(blindai_python_module target)
  cmake_parse_arguments(A "" "SIDE" "SOURCES;USES;THIRD_PARTY" ${ARGN})
  nanobind_add_module(${target} NB_STATIC PROTECT_STACK NOMINSIZE NB_SUPPRESS_WARNINGS
                      ${A_SOURCES})
  set_target_properties(nanobind-static-ps PROPERTIES BLINDAI_FOREIGN ON)
  _blindai_common(${target})
  _blindai_link(${target} ${A_SIDE} USES ${A_USES} THIRD_PARTY ${A_THIRD_PARTY})
  set_property(GLOBAL APPEND PROPERTY BLINDAI_PROGRAMS ${target})
endfunction()

# programs: a target that is every program and Python module, and no test.
function(blindai_programs)
  get_property(names GLOBAL PROPERTY BLINDAI_PROGRAMS)
  add_custom_target(programs DEPENDS ${names})
endfunction()

function(_blindai_targets_below dir out)
  get_property(found DIRECTORY ${dir} PROPERTY BUILDSYSTEM_TARGETS)
  get_property(children DIRECTORY ${dir} PROPERTY SUBDIRECTORIES)
  foreach(child ${children})
    _blindai_targets_below(${child} more)
    list(APPEND found ${more})
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# Refuses targets that no function above made, and links that none of them added.
function(blindai_verify_links)
  _blindai_targets_below(${PROJECT_SOURCE_DIR} targets)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "UTILITY" OR type STREQUAL "INTERFACE_LIBRARY")
      continue()
    endif()
    get_target_property(foreign ${target} BLINDAI_FOREIGN)
    if(foreign)
      continue()  # the binding generator's own runtime (client/python says why)
    endif()
    get_target_property(side ${target} BLINDAI_SIDE)
    if(NOT side)
      message(FATAL_ERROR "${target} was not made by blindai_module, _program, _test, _fuzzer or _bench")
    endif()
    get_target_property(libs ${target} LINK_LIBRARIES)
    foreach(lib ${libs})
      if(lib STREQUAL "libs-NOTFOUND" OR lib MATCHES "^third_party::")
        continue()
      endif()
      if(NOT TARGET ${lib})
        message(FATAL_ERROR "${target} links ${lib} around cmake/Sides.cmake")
      endif()
      get_target_property(foreign ${lib} BLINDAI_FOREIGN)
      if(foreign)
        continue()
      endif()
      get_target_property(dep_side ${lib} BLINDAI_SIDE)
      if(NOT dep_side IN_LIST MAY_USE_${side})
        message(FATAL_ERROR "${target} (side ${side}) may not use ${lib} (side ${dep_side})")
      endif()
    endforeach()
  endforeach()
endfunction()
