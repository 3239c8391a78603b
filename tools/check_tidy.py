"""clang-tidy over the sources that are not tests, two at a time, and only where something changed.

A file that passed is remembered by the hash of all that decides it: the file and the headers of
ours that it reaches, its command, .clang-tidy, and the versions of the installed packages.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sides

QUOTED = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def run(root: Path) -> list[str]:
    configured = subprocess.run(
        ["cmake", "--preset", "tidy"], cwd=root, check=False, capture_output=True, text=True
    )
    if configured.returncode != 0:
        return [configured.stderr, "-> mend the CMake error above"]
    commands: dict[str, str] = {}
    for entry in json.loads((root / "build/tidy/compile_commands.json").read_text()):
        path = Path(entry["file"])
        if path.is_relative_to(root) and not path.is_relative_to(root / "build"):
            file = str(path.relative_to(root))
            if not sides.is_test(root, file):
                commands[file] = entry["command"]

    passed = root / ".cache/tidy"
    passed.mkdir(parents=True, exist_ok=True)
    common = _common_state(root)
    stamps = {f: passed / _key(root, f, command, common) for f, command in commands.items()}
    todo = sorted(file for file, stamp in stamps.items() if not stamp.exists())
    problems = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = pool.map(lambda file: (file, _tidy(root, file)), todo)
        for done, (file, found) in enumerate(jobs, 1):
            print(f"    clang-tidy [{done}/{len(todo)}] {file}", file=sys.stderr, flush=True)
            if found:
                problems += [found, f"-> mend {file}, or add NOLINT(check) with its reason"]
            else:
                stamps[file].touch()
    for old in set(passed.iterdir()) - set(stamps.values()):
        old.unlink()
    return problems


def _common_state(root: Path) -> bytes:
    packages = subprocess.run(["dpkg-query", "-W"], check=True, capture_output=True).stdout
    return packages + (root / ".clang-tidy").read_bytes()


def _key(root: Path, file: str, command: str, common: bytes) -> str:
    digest = hashlib.sha256(common + command.encode())
    seen = {file}
    reached = [file]
    while reached:
        path = root / reached.pop()
        text = path.read_text()
        digest.update(path.name.encode() + b"\0" + text.encode() + b"\0")
        for header in sorted(set(QUOTED.findall(text)) - seen):
            if (root / header).is_file():
                seen.add(header)
                reached.append(header)
    return digest.hexdigest()


def _tidy(root: Path, file: str) -> str:
    done = subprocess.run(
        ["clang-tidy-19", "-p", "build/tidy", "--quiet", file],
        cwd=root,
        check=False,
        capture_output=True,
        text=True,
    )
    return "" if done.returncode == 0 else (done.stdout or done.stderr).rstrip()
