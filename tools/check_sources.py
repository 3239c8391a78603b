"""Rules of this repository that no tool of others knows: includes by side, tests, and words."""

from __future__ import annotations

import re
from pathlib import Path

import sides

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
# What lib/ never needs: it is pure, so that every part of it can be tested and fuzzed by itself.
THREAD_HEADERS = re.compile(
    r"^(thread|mutex|shared_mutex|future|condition_variable|semaphore|latch|barrier|stop_token"
    r"|pthread\.h)$"
)
# Modules without threads, as lib/ is: the thread sanitizer's run leaves their tests out
# (tools/dev/test.sh).
THREADLESS = re.compile(
    r"^(client/cli|enclave/(config|sandbox|tee/(nitro|sgx|simulation|snp|tdx)))/(?!.*_test\.cc$)"
)
IMPURE_HEADERS = re.compile(
    r"^(fstream|iostream|filesystem|unistd\.h|fcntl\.h|poll\.h|netdb\.h"
    r"|(netinet|arpa|net|linux)/.*|sys/(socket|stat|epoll|ioctl|time|un|wait|types)\.h)$"
)
IMPURE_CALLS = re.compile(
    r"\b(system_clock|steady_clock|high_resolution_clock|clock_gettime|gettimeofday|fopen|getenv"
    r"|std::time|std::cout|std::cerr)\b"
)
IN_CC_ONLY = re.compile(r"^(openssl|boost|onnxruntime|seccomp|sqlite3|sodium)(/|\.h|_)")
ONNXRUNTIME_HOME = "enclave/worker/"

# What makes a test do less under a sanitizer.
DOES_LESS = re.compile(r"\b(kUnderSanitizer|all_mutants_wanted)\b")
SUITE = re.compile(r"^TEST(?:_F|_P)?\((\w+),")
PLAIN = re.compile(r"\bPLAIN\s+([\w\s]+)\)")

BINARY = {".bin", ".der", ".dat", ".png", ".jpg", ".onnx", ".pem", ".cbor", ".ico", ".woff2"}
# Written in parts, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
MACHINE_PATH = re.compile(r"(?<![\w.$}/*-])/(work|root|home)/\w")
HOST = re.compile(
    r"\b(deb\.debian\.org|security\.debian\.org|snapshot\.debian\.org|pypi\.org"
    r"|files\.pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|crates\.io"
    r"|proxy\.golang\.org|registry-1\.docker\.io|repo1?\.maven\.(apache\.)?org)\b".replace(
        r"\.", r"[.]"
    )
)
APT_SOURCE = re.compile(r"^\s*(deb|deb-src|URIs:)\s")


def includes(root: Path, files: list[str]) -> list[str]:
    allowed = sides.may_use(root)
    problems = []
    for file in files:
        side = sides.side_of(root, file)
        pure = side == "lib"
        lines = (root / file).read_text().splitlines()
        if file.endswith(".h") and "#pragma once" not in lines:
            problems.append(f"{file}:1: no #pragma once -> add it after the header's comment")
        for number, line in enumerate(lines, 1):
            at = f"{file}:{number}:"
            if found := INCLUDE.match(line):
                problem = _include_problem(root, file, side, allowed, found[1], found[2])
                if problem:
                    problems.append(f"{at} {problem}")
            elif pure and (call := IMPURE_CALLS.search(line.split("//")[0])):
                problems.append(
                    f"{at} {call[0]} in lib/, which has no clock, file or environment "
                    "-> let the caller pass the value"
                )
            elif file.endswith(".h") and re.match(r"\s*using namespace ", line):
                problems.append(f"{at} a header opens a namespace for all -> name what is used")
    return problems


def _include_problem(
    root: Path, file: str, side: str, allowed: dict[str, set[str]], kind: str, header: str
) -> str | None:
    of_onnxruntime = header.startswith("onnxruntime")
    if of_onnxruntime and side != "tests" and not file.startswith(ONNXRUNTIME_HOME):
        return f"{header} outside {ONNXRUNTIME_HOME} -> only the sandboxed worker sees it"
    if kind == "<":
        if THREADLESS.match(file) and THREAD_HEADERS.match(header):
            return f"<{header}> in a module without threads -> or take it out of THREADLESS"
        if side == "lib" and (IMPURE_HEADERS.match(header) or THREAD_HEADERS.match(header)):
            return f"<{header}> in lib/, which is pure -> do it in net/, enclave/ or client/"
        if file.endswith(".h") and side != "tests" and IN_CC_ONLY.match(header):
            return f"<{header}> in a header -> include it in the .cc, declare what is needed here"
        return None
    if of_onnxruntime:
        return None
    if not (root / header).is_file():
        return f'"{header}" is not a path from the root -> write it as "folder/file.h"'
    target = sides.side_of(root, header)
    if target not in allowed.get(side, set()) and side in allowed:
        may = ", ".join(sorted(allowed[side]))
        return (
            f"{side} includes {header} of {target}, and may include {may}"
            " -> see docs/ARCHITECTURE.md, link rules"
        )
    return None


def plain_suites(root: Path, files: list[str]) -> list[str]:
    """What does less under a sanitizer is run without one: its folder's CMakeLists.txt says so."""
    problems = []
    suites: dict[Path, set[str]] = {}
    for file in files:
        folder = (root / file).parent
        for line, suite in _lines_by_suite((root / file).read_text().splitlines()):
            suites.setdefault(folder, set()).add(suite)
            if DOES_LESS.search(line) and suite not in _plain(folder):
                problems.append(
                    f"{file}: {suite} does less under a sanitizer, and does not run without one "
                    "-> list it after PLAIN in CMakeLists.txt"
                )
    for folder in {(root / file).parent for file in files}:
        for suite in _plain(folder) - suites.get(folder, set()):
            where = folder.relative_to(root) / "CMakeLists.txt"
            problems.append(f"{where}: PLAIN lists {suite}, which is no suite there -> remove it")
    return sorted(set(problems))


def _plain(folder: Path) -> set[str]:
    lists = folder / "CMakeLists.txt"
    found = PLAIN.findall(lists.read_text()) if lists.is_file() else []
    return {suite for names in found for suite in names.split()}


def _lines_by_suite(lines: list[str]) -> list[tuple[str, str]]:
    """Each line with the suite whose tests it is in; what is before the first, with all of them."""
    all_suites = sorted({found[1] for line in lines if (found := SUITE.match(line))})
    out = []
    suite = None
    for line in lines:
        if found := SUITE.match(line):
            suite = found[1]
        out += [(line, of) for of in ([suite] if suite else all_suites)]
    return out


def words(root: Path, files: list[str]) -> list[str]:
    problems = []
    for file in files:
        path = root / file
        if path.suffix in BINARY or "/corpus/" in file or "/vectors/" in file:
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            at = f"{file}:{number}:"
            if found := UNFINISHED.search(line):
                problems.append(f"{at} {found[0]} -> finish it, or open an issue and drop the note")
            if found := MACHINE_PATH.search(line):
                problems.append(f"{at} {found[0]}... is one machine's path -> make it relative")
            if (found := HOST.search(line)) and not APT_SOURCE.match(line):
                problems.append(
                    f"{at} {found[0]} -> leave the registry to the machine's own configuration"
                )
    return problems
