"""clang-tidy over the sources that are not tests, two at a time, and only where something changed.

A dozen sources of a module are read as one text, since most of what clang-tidy does for a file it
does for the headers; CMake says which belong together (CMAKE_UNITY_BUILD in the preset `tidy`).
They are joined rather than included, because the static analyzer looks into the main file only.
A text that passed is remembered by the hash of all that decides it: the text and the headers of
ours that it reaches, its command, .clang-tidy, and the versions of the installed packages.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import sides

QUOTED = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
# A source that only compiles a library of others: comments and its includes.
FOREIGN = re.compile(r"(?:\s*(?://[^\n]*|#include <[^>\n]+>)\n)*")
JOINED = "build/tidy/joined"


@dataclass
class Unit:
    """What clang-tidy reads at once."""

    name: str
    sources: list[str]
    flags: list[str]

    def text(self, root: Path) -> str:
        return "".join((root / source).read_text() for source in self.sources)

    def place(self, root: Path, line: int) -> str:
        """Where a line of the joined text comes from."""
        for source in self.sources:
            length = (root / source).read_text().count("\n")
            if line <= length:
                return f"{source}:{line}"
            line -= length
        return self.name


def run(root: Path) -> list[str]:
    configured = subprocess.run(
        ["cmake", "--preset", "tidy"], cwd=root, check=False, capture_output=True, text=True
    )
    if configured.returncode != 0:
        return [configured.stderr, "-> mend the CMake error above"]
    units = _units(root)
    passed = root / ".cache/tidy"
    passed.mkdir(parents=True, exist_ok=True)
    common = _common_state(root)
    stamps = {unit.name: passed / _key(root, unit, common) for unit in units}
    # The largest first, so that the last ones end together.
    todo = sorted(
        (unit for unit in units if not stamps[unit.name].exists()), key=lambda u: -len(u.sources)
    )
    problems = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = pool.map(lambda unit: (unit, _tidy(root, unit)), todo)
        for done, (unit, found) in enumerate(jobs, 1):
            print(f"    clang-tidy [{done}/{len(todo)}] {unit.name}", file=sys.stderr, flush=True)
            if found:
                problems += [found, "-> mend it, or add NOLINT(check) with its reason"]
            else:
                stamps[unit.name].touch()
    for old in set(passed.iterdir()) - set(stamps.values()):
        old.unlink()
    return problems


def _units(root: Path) -> list[Unit]:
    units = []
    for entry in json.loads((root / "build/tidy/compile_commands.json").read_text()):
        sources = sides.sources_of(root, Path(entry["file"]))
        if not sources or all(sides.is_test(root, source) for source in sources):
            continue
        if all(FOREIGN.fullmatch((root / source).read_text()) for source in sources):
            continue
        words = shlex.split(entry["command"])
        compiler = next(i for i, word in enumerate(words) if "clang++" in word)
        flags = words[compiler + 1 : words.index("-o")]
        more = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
        units.append(Unit(sources[0] + more, sources, flags))
    return units


def _common_state(root: Path) -> bytes:
    packages = subprocess.run(["dpkg-query", "-W"], check=True, capture_output=True).stdout
    return packages + (root / ".clang-tidy").read_bytes()


def _key(root: Path, unit: Unit, common: bytes) -> str:
    digest = hashlib.sha256(common + "\0".join(unit.flags).encode())
    seen = set(unit.sources)
    reached = list(unit.sources)
    while reached:
        path = root / reached.pop()
        text = path.read_text()
        digest.update(path.name.encode() + b"\0" + text.encode() + b"\0")
        for header in sorted(set(QUOTED.findall(text)) - seen):
            if (root / header).is_file():
                seen.add(header)
                reached.append(header)
    return digest.hexdigest()


def _tidy(root: Path, unit: Unit) -> str:
    file = unit.sources[0]
    if len(unit.sources) > 1:
        file = f"{JOINED}/{file.replace('/', '-')}"
        (root / JOINED).mkdir(parents=True, exist_ok=True)
        (root / file).write_text(unit.text(root))
    # No --config-file: each header's own is looked for, so that the standard library's, which have
    # none, are passed over. Naming them all took as long as everything else.
    done = subprocess.run(
        ["clang-tidy-19", "--quiet", file, "--", *unit.flags],
        cwd=root,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        return ""
    said = (done.stdout or done.stderr).rstrip()
    if len(unit.sources) == 1:
        return said
    joined = re.compile(rf"{re.escape(f'{root}/{file}')}:(\d+)")
    return joined.sub(lambda match: unit.place(root, int(match.group(1))), said)
