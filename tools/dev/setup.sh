# shellcheck shell=bash
# ./dev setup: what is missing and nothing else. Three parts, each skipped when there:
#   Debian packages   tools/packages-debian.txt, by group
#   .cache/venv       tools/requirements.txt, pinned by SHA-256
#   .cache/onnxruntime   tools/fetch_onnxruntime.sh, pinned by SHA-256
# Sourced by ./dev after common.sh.

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo --preserve-env=DEBIAN_FRONTEND,http_proxy,https_proxy "$@"
  else
    die "packages are missing and neither root nor sudo is there" \
      "As root: apt-get install $*"
  fi
}

# Lines of tools/packages-debian.txt, without the group, that have no installed package.
missing_packages() {
  awk -v groups=" $* " '
    FNR == NR { if ($2 == "installed") there[$1]; next }
    /^#/ || NF < 2 || !index(groups, " " $1 " ") { next }
    { n = split($2, names, "|"); for (i = 1; i <= n; ++i) if (names[i] in there) next
      if (!seen[$2]++) print $2 }
  ' <(dpkg-query -W -f '${Package} ${db:Status-Status}\n') tools/packages-debian.txt
}

first_known() {
  local name
  for name in ${1//|/ }; do
    if apt-cache show --no-all-versions "$name" >/dev/null 2>&1; then
      printf '%s\n' "$name"
      return
    fi
  done
  die "Debian package $1 is unknown here" \
    "This needs Debian 12 or 13 with its 'main' archive; see tools/packages-debian.txt."
}

setup_packages() {
  local missing names=() line
  if ! command -v dpkg-query >/dev/null; then
    die "this is not a Debian system" "Use Debian 12 or 13, for example in a container."
  fi
  missing=$(missing_packages "$@")
  if [ -z "$missing" ]; then return; fi
  export DEBIAN_FRONTEND=noninteractive
  as_root true
  step "apt-get update" as_root apt-get -q update || exit
  while read -r line; do
    names+=("$(first_known "$line")") || exit
  done <<<"$missing"
  step "install ${#names[@]} Debian packages ($*)" \
    as_root apt-get -q -y --no-install-recommends install "${names[@]}" || exit
}

# The name of Debian's own Python: a version manager's `python3` may lack what Debian's build has.
debian_python() {
  if [ -x /usr/bin/python3 ]; then echo /usr/bin/python3; else command -v python3; fi
}

make_venv() {
  local python
  python=$(debian_python)
  rm -rf "$VENV"
  "$python" -m venv "$VENV"
  "$PYTHON" -m pip install --disable-pip-version-check --require-hashes --only-binary :all: \
    --no-compile --progress-bar off -r tools/requirements.txt
}

setup_venv() {
  local stamp="$VENV/.stamp" want
  want=$(sha256sum tools/requirements.txt | cut -d ' ' -f 1)
  if [ -x "$PYTHON" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then return; fi
  step "make .cache/venv (tools/requirements.txt, pinned by hash)" make_venv || exit
  echo "$want" >"$stamp"
}

setup_onnxruntime() {
  local stamp="$CACHE/onnxruntime/.stamp" want
  want=$(sha256sum tools/fetch_onnxruntime.sh | cut -d ' ' -f 1)
  if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then return; fi
  step "fetch ONNX Runtime 1.28.0 and its headers" tools/fetch_onnxruntime.sh "$PYTHON" || exit
  echo "$want" >"$stamp"
}

# setup group... : Debian packages of the groups, the venv, ONNX Runtime.
setup() {
  setup_packages "$@"
  setup_venv
  setup_onnxruntime
}
