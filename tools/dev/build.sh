# shellcheck shell=bash
# Builds, and the environment in which the programs and tests run. Sourced by ./dev.

# The Python extension is built where its tests and the demo run, against the venv's nanobind.
configure() {
  local preset=$1 python=OFF
  case "$preset" in dev | release | bench) python=ON ;; esac
  cmake --preset "$preset" -DBLINDAI_PYTHON="$python" -DPython_EXECUTABLE="$PYTHON"
}

# build preset [target...]: everything by default. Ninja's own progress on a terminal.
build() {
  local preset=$1 dir=build/$1
  shift
  step "configure $preset" configure "$preset" || exit
  if [ -t 1 ]; then
    say "build $preset"
    ninja -C "$dir" "$@" || die "the build failed" "The first error above names file and line."
  else
    step "build $preset" ninja -C "$dir" "$@" || exit
  fi
}

# The Python package of this checkout with the extension module of one preset.
use_python() {
  export PYTHONPATH="$PWD/build/$1/python"
  export BLINDAI_BUILD="$PWD/build/$1"
}

fuzzer_names() {
  local program names=()
  for program in build/fuzz/fuzz/fuzz_*; do names+=("${program##*/fuzz_}"); done
  echo "${names[*]}"
}

# What is found stays in .cache/fuzz/NAME; the seeds in the repository are only read.
run_fuzzer() {
  local name=$1 seconds=$2 found="$CACHE/fuzz/$1"
  mkdir -p "$found/crashes"
  ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19 \
    step "fuzz $name for $seconds s" "build/fuzz/fuzz/fuzz_$name" -max_total_time="$seconds" \
    -artifact_prefix="$found/crashes/" -print_final_stats=1 "$found" "fuzz/corpus/$name" ||
    die "the fuzzer $name found an input" "It is the newest file in ${found#"$PWD"/}/crashes; \
add it to fuzz/corpus/$name with the fix."
}

make_wheel() {
  if [ ! -f pyproject.toml ]; then die "there is no pyproject.toml here"; fi
  rm -rf "$CACHE/wheel"
  step "build the wheel" "$PYTHON" -m pip wheel --disable-pip-version-check --no-deps \
    --no-build-isolation --wheel-dir "$CACHE/wheel" . || exit
  mkdir -p dist
  PATH="$VENV/bin:$PATH" step "repair the wheel" "$VENV/bin/auditwheel" repair \
    --wheel-dir dist "$CACHE"/wheel/*.whl || exit
  ls -l dist/*.whl
}
