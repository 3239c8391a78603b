# shellcheck shell=bash
# ./dev test: the C++ suites (plain, then under each sanitizer), the Python suites, the checks.
# Every suite leaves a report in .cache/results; tools/dev/tally.py adds them up at the end.
# Sourced by ./dev.

RESULTS="$CACHE/results"

# The ctest names of a preset, filtered: they are also the names of the targets to build.
test_names() {
  ctest --test-dir "build/$1" -N -E "${2:-^$}" | sed -n 's/^ *Test *#[0-9]*: //p'
}

build_suite() {
  local preset=$1 leave_out=$2 names=()
  if [ "$preset" = dev ]; then
    build dev
    return
  fi
  step "configure $preset" configure "$preset" || exit
  mapfile -t names < <(test_names "$preset" "$leave_out")
  build "$preset" "${names[@]}"
}

# cpp_suite preset [names left out]: builds and runs what ctest knows. A preset that cannot be built
# leaves a folder without a report, which counts as a failure.
cpp_suite() {
  local preset=$1 leave_out=${2:-^$}
  mkdir -p "$RESULTS/$preset"
  (build_suite "$preset" "$leave_out") || return 0
  # GoogleTest writes one report per program into a folder; ctest's own report tells the rest.
  GTEST_OUTPUT="xml:$RESULTS/$preset/" step "test $preset" \
    ctest --test-dir "build/$preset" -E "$leave_out" --output-on-failure --no-tests=error \
    -j "$(nproc)" --output-junit "$RESULTS/$preset/ctest.junit" || true
}

python_suite() {
  use_python dev
  step "test python" "$PYTHON" -m pytest -q --junit-xml "$RESULTS/python.junit" || true
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
  cpp_suite dev
  python_suite
  step "check" tools/check.sh --report "$RESULTS/check.junit" || true
  if [ -z "$quick" ]; then
    cpp_suite asan
    # lib/ has no threads (tools/check.sh sees to it), so the thread sanitizer has nothing to find
    # there; its code is still built for the programs above it.
    cpp_suite tsan '^(lib-.*_test|fuzz_.*)$'
  fi
  "$PYTHON" tools/dev/tally.py "$RESULTS"
}
