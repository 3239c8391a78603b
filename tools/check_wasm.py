"""Compiles what a browser will need to WebAssembly: the verifier, the channel, and what they use.

Objects only, against OpenSSL's headers: Debian has no libcrypto for WebAssembly to link with. What
this shows is that nothing in these folders needs a socket, a file, a thread, a clock, exceptions or
a 64-bit size_t.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sides

FOLDERS = ("lib/base/", "lib/crypto/", "lib/auth/", "lib/attest/", "lib/channel/")
# Boost.JSON itself, for lib/oip, needs exceptions; nothing in FOLDERS uses it.
LEFT_OUT = {"lib/base/boost_json.cc"}
# Header-only libraries, and OpenSSL's headers, which Debian splits over two folders. The rest of
# /usr/include is not for this target.
HEADERS = ("openssl", "toml++")
SYSTEM = ["/usr/include/wasm32-wasi/c++/v1", "/usr/include/wasm32-wasi"]
TARGET = ["--target=wasm32-wasi", "-fno-exceptions", "-nostdlibinc", "-nostdinc++"]
STUB = "tools/wasm_file_streams.h"


def run(root: Path) -> list[str]:
    configured = subprocess.run(
        ["cmake", "--preset", "tidy"], cwd=root, check=False, capture_output=True, text=True
    )
    if configured.returncode != 0:
        return [configured.stderr, "-> mend the CMake error above"]
    out = root / ".cache/wasm"
    include = _headers(out / "include")
    commands: dict[str, list[str]] = {}
    compiled: set[str] = set()
    for entry in json.loads((root / "build/tidy/compile_commands.json").read_text()):
        path = Path(entry["file"])
        sources = [f for f in sides.sources_of(root, path) if not sides.is_test(root, f)]
        if sources and all(f.startswith(FOLDERS) and f not in LEFT_OUT for f in sources):
            compiled.update(sources)
            file = str(path.relative_to(root))
            commands[file] = [
                *["ccache", "clang++-19", *TARGET, *_flags(entry["command"])],
                *[word for folder in [*SYSTEM, include] for word in ("-isystem", folder)],
                *["-include", STUB],
                *["-c", file, "-o", str(out / (file.replace("/", "-") + ".o"))],
            ]
    needed = {str(f.relative_to(root)) for folder in FOLDERS for f in root.glob(f"{folder}**/*.cc")}
    needed = {f for f in needed if f not in LEFT_OUT and not sides.is_test(root, f)}
    if missing := needed - compiled:
        return [f"build/tidy/compile_commands.json does not compile {f} alone" for f in missing]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        problems = list(pool.map(lambda file: _compile(root, file, commands[file]), commands))
    return [line for found in problems for line in found]


def _compile(root: Path, file: str, command: list[str]) -> list[str]:
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    if done.returncode == 0:
        return []
    return [done.stderr.rstrip(), f"-> {file} has to compile to WebAssembly: lib/ is pure"]


def _flags(command: str) -> list[str]:
    """The project's own flags in a compile command: warnings, definitions, its include folder."""
    kept = ("-W", "-D", "-I", "-O", "-std=", "-fvisibility", "-fstack-protector")
    words = shlex.split(command)
    return [w for w in words if w.startswith(kept) and not w.startswith(("-I/usr", "-Wl,"))]


def _headers(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    multiarch = sorted(Path("/usr/include").glob("*-linux-gnu/openssl"))
    for name in HEADERS:
        own = folder / name
        own.mkdir(exist_ok=True)
        for source in [Path("/usr/include") / name, *(multiarch if name == "openssl" else [])]:
            for header in source.rglob("*"):
                link = own / header.relative_to(source)
                if header.is_dir():
                    link.mkdir(exist_ok=True)
                elif header.name == "configuration.h":
                    text = header.read_text()
                    link.write_text(text.replace("define OPENSSL_THREADS", "undef OPENSSL_THREADS"))
                elif not link.exists():
                    link.symlink_to(header)
    return str(folder)
