#!/usr/bin/env bash
# Turns tools/requirements.in into tools/requirements.txt: the newest versions that fit, with the
# SHA-256 of every file, for the Pythons of Debian 12 (3.11) and Debian 13 (3.13).
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p .cache
.cache/venv/bin/python -m venv .cache/lock
.cache/lock/bin/pip install --quiet uv
{
  echo '# Made by tools/dev/lock.sh from requirements.in: every file pinned by SHA-256.'
  .cache/lock/bin/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
    --no-header --no-emit-index-url tools/requirements.in
} >.cache/lock/requirements.txt
mv .cache/lock/requirements.txt tools/requirements.txt
