#!/usr/bin/env bash
# Everything about the sources that a tool can check; ./dev check runs it.
#   tools/check.sh [--fix] [--report FILE.junit] [check...]
# --fix lets the formatters and linters mend what they can. Names of checks: tools/check.py.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -x .cache/venv/bin/python ]; then
  echo "error: the tools are not installed; run ./dev setup" >&2
  exit 1
fi
exec .cache/venv/bin/python tools/check.py "$@"
