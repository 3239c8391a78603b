# shellcheck shell=bash
# What every part of ./dev shares: where things are, how progress and failures are told.
# Sourced by ./dev and tools/dev/*.sh, which have changed to the root of the repository.

CACHE="$PWD/.cache"
VENV="$CACHE/venv"
PYTHON="$VENV/bin/python"
LOGS="$CACHE/logs"
# What was compiled in one checkout is not compiled again in another (-ffile-prefix-map keeps the
# folder out of what is built).
export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
# Without this it keeps nothing that was compiled with a precompiled header. Nothing here depends on
# the time of compiling or on macros that a header does not use.
export CCACHE_SLOPPINESS=pch_defines,time_macros

say() { printf '==> %s\n' "$*"; }

# die "what is wrong" ["what to do"]
die() {
  printf 'error: %s\n' "$1" >&2
  if [ $# -gt 1 ]; then printf '       %s\n' "$2" >&2; fi
  exit 1
}

# step "what" command...
# Runs a command with its output in a log. Tells what is done and how long it took; meanwhile the
# log's last line, in place on a terminal and every 15 seconds elsewhere. The log's end is shown
# when the command fails, and its status returned.
step() {
  local title=$1 began=$SECONDS log status=0 worker last told=0 width
  shift
  mkdir -p "$LOGS"
  log="$LOGS/$(printf '%s' "$title" | tr -cs 'A-Za-z0-9' '-').log"
  printf '==> %s\n' "$title"
  "$@" >"$log" 2>&1 </dev/null &
  worker=$!
  # shellcheck disable=SC2064  # the id of this very command
  trap "kill $worker 2>/dev/null; exit 130" INT TERM
  while kill -0 "$worker" 2>/dev/null; do
    if [ -t 1 ]; then
      width=$(($(tput cols 2>/dev/null || echo 80) - 12))
      last=$(tail -c 400 "$log" | tr '\r' '\n' | tail -n 1 | tr -d '\000-\037' | cut -c "1-$width")
      printf '\r\033[K    %3d s  %s' $((SECONDS - began)) "$last"
    elif [ $((SECONDS - began - told)) -ge 15 ]; then
      told=$((SECONDS - began))
      last=$(tail -c 400 "$log" | tr '\r' '\n' | tail -n 1 | tr -d '\000-\037' | cut -c 1-100)
      printf '    %3d s  %s\n' "$told" "$last"
    fi
    sleep 0.2
  done
  wait "$worker" || status=$?
  trap - INT TERM
  if [ -t 1 ]; then printf '\r\033[K'; fi
  if [ "$status" -ne 0 ]; then
    tail -n 60 "$log" >&2
    printf 'error: "%s" failed (status %d) after %d s; the whole log: %s\n' \
      "$title" "$status" $((SECONDS - began)) "${log#"$PWD"/}" >&2
    return "$status"
  fi
  if [ $((SECONDS - began)) -ge 2 ]; then printf '    done in %d s\n' $((SECONDS - began)); fi
}

# locked name command... : one at a time per checkout, so that two ./dev never install together.
locked() {
  local name=$1
  shift
  mkdir -p "$CACHE"
  (
    flock 9
    "$@"
  ) 9>"$CACHE/.$name.lock"
}
