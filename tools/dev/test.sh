# shellcheck shell=bash
# ./dev test: every C++ test under the address sanitizer, those with threads under the thread
# sanitizer and the suites marked PLAIN without one; the Python suites; the checks. --quick: every C++
# test without a sanitizer, Python, the checks.
# Every suite leaves a report in .cache/results; tools/dev/tally.py adds them up at the end.
# Sourced by ./dev.

RESULTS="$CACHE/results"
WITHOUT_THREADS='lib-.*_test|fuzz_.*|client-cli_test|enclave-(config|sandbox)_test'
WITHOUT_THREADS+='|enclave-tee-(nitro|sgx|simulation|snp|tdx)_test|tests-sandbox_test'

# build_suite preset [ctest's options that choose]: the names of tests are also those of targets.
# Python's tests call the programs of dev.
build_suite() {
  local preset=$1 names=()
  shift
  step "configure $preset" configure "$preset" || exit
  mapfile -t names < <(ctest --test-dir "build/$preset" -N "$@" \
    | sed -n 's/^ *Test *#[0-9]*: //; T; s/\.plain$//; p' | sort -u)
  if [ "$preset" = dev ]; then names+=(programs); fi
  build "$preset" "${names[@]}"
}

# cpp_suite preset [ctest's options that choose]: builds and runs what ctest knows. A preset that
# cannot be built leaves a folder without a report, which counts as a failure.
cpp_suite() {
  local preset=$1
  shift
  mkdir -p "$RESULTS/$preset"
  (build_suite "$preset" "$@") || return 0
  # GoogleTest writes one report per program into a folder; ctest's own report tells the rest.
  GTEST_OUTPUT="xml:$RESULTS/$preset/" step "test $preset" \
    ctest --test-dir "build/$preset" "$@" --output-on-failure --no-tests=error \
    -j "$(nproc)" --output-junit "$RESULTS/$preset/ctest.junit" || true
}

python_suite() {
  use_python dev
  step "test python" "$PYTHON" -m pytest -q -n "$(nproc)" --dist loadfile --junit-xml "$RESULTS/python.junit" || true
}

run_tests() {
  local quick=
  case "${1:-}" in
    '') ;;
    --quick) quick=yes ;;
    *) die "unknown argument $1" "./dev test [--quick]" ;;
  esac
  locked setup setup build test check
  rm -rf "$RESULTS"
  mkdir -p "$RESULTS"
  # What the address sanitizer's build runs in full need not be built and run twice.
  if [ -n "$quick" ]; then cpp_suite dev -LE plain; else cpp_suite dev -L plain; fi
  python_suite
  step "check" tools/check.sh --report "$RESULTS/check.junit" || true
  if [ -z "$quick" ]; then
    cpp_suite asan -LE plain
    # Where there are no threads (tools/check_sources.py sees to it) the thread sanitizer has nothing
    # to find; that code is still built for the programs above it. tests/sandbox is about processes.
    cpp_suite tsan -LE plain -E "^($WITHOUT_THREADS)\$"
  fi
  "$PYTHON" tools/dev/tally.py "$RESULTS"
}
