#!/usr/bin/env bash
# Fetches ONNX Runtime into .cache/onnxruntime:
#   lib/libonnxruntime.so.1.28.0   the official build, one file of the PyPI wheel (no telemetry;
#                                  1.29 and later have it: never move this pin past 1.28)
#   include/onnxruntime_c_api.h    and its neighbours: C API 21, from Debian 13's libonnxruntime-dev
# Both archives are pinned by SHA-256, so where they come from does not matter; the Debian package
# is asked of the mirror that this machine's own apt uses.
# Usage: tools/fetch_onnxruntime.sh PYTHON-WITH-PIP
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:?usage: tools/fetch_onnxruntime.sh PYTHON-WITH-PIP}

version=1.28.0
wheel_sha256=a166b78ee04f3a37fa1ef82034b6a3ce96d9684e582d4d30b296de83e9998bb5
library_sha256=aa4079d18f4ea7a5f3a94d80cd4bbe0f2740436626622d64d793803a20381083
headers_deb=pool/main/o/onnxruntime/libonnxruntime-dev_1.21.0+dfsg-1_amd64.deb
headers_sha256=14f7d959d5deacbcf1504830d4189f91fc67382b399ed9ae9d3aa9c4050ced08

if [ "$(dpkg --print-architecture)" != amd64 ]; then
  echo "error: only x86-64 is pinned; this machine is $(dpkg --print-architecture)" >&2
  exit 1
fi

out=.cache/onnxruntime
mkdir -p .cache
work=$(mktemp -d .cache/onnxruntime.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lib" "$work/include" "$work/deb"

echo "onnxruntime==$version --hash=sha256:$wheel_sha256" >"$work/pin.txt"
# The same wheel whatever this machine's Python is: only the C library in it is used.
"$python" -m pip download --disable-pip-version-check --progress-bar off --no-deps \
  --require-hashes --only-binary :all: --implementation cp --python-version 3.11 --abi cp311 \
  --platform manylinux_2_28_x86_64 --dest "$work" -r "$work/pin.txt"
"$python" -m zipfile -e "$work"/onnxruntime-*.whl "$work/wheel"
mv "$work/wheel/onnxruntime/capi/libonnxruntime.so.$version" "$work/lib/"
echo "$library_sha256  $work/lib/libonnxruntime.so.$version" | sha256sum --check --quiet

# The pool is shared by all releases of Debian, so a Debian 12 mirror has Debian 13's package too.
# shellcheck disable=SC2016  # apt's own fields
mapfile -t mirrors < <(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' \
  'Created-By: Packages' | awk '$2 == "main" && !seen[$1]++ { print $1 }')
for mirror in "${mirrors[@]}"; do
  if /usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file \
    "$mirror$headers_deb" "$work/headers.deb" "SHA256:$headers_sha256"; then
    break
  fi
done
if [ ! -s "$work/headers.deb" ]; then
  echo "error: no mirror of this machine's apt sources has $headers_deb" >&2
  echo "       Add a Debian mirror with Debian 13's 'main', or pin the newer file here." >&2
  exit 1
fi
echo "$headers_sha256  $work/headers.deb" | sha256sum --check --quiet
dpkg -x "$work/headers.deb" "$work/deb"
mv "$work"/deb/usr/include/onnxruntime/*.h "$work/include/"

rm -rf "$out"
mkdir "$out"
mv "$work/lib" "$work/include" "$out/"
echo "ONNX Runtime $version in $out"
