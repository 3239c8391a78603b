"""The sides of the repository, as cmake/Sides.cmake and cmake/ThirdParty.cmake declare them."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

# Folders that belong to the side `tests`: they may use anything, and nothing uses them.
TESTING = ("tests", "fuzz", "bench", "examples")
# A target and its arguments, or a list of sources for one in the variable `tests`.
TARGET = re.compile(
    r"^\s*(?:blindai_(\w+)\(|(?:set|list)\((?:APPEND )?tests )([^)]*)\)", re.MULTILINE
)


def may_use(root: Path) -> dict[str, set[str]]:
    """For each side, the sides whose headers it may include."""
    text = (root / "cmake/Sides.cmake").read_text()
    found = re.findall(r"^set\(MAY_USE_(\w+) ([\w ]+)\)", text, re.MULTILINE)
    return {side: set(sides.split()) for side, sides in found}


def third_party(root: Path) -> dict[str, list[str]]:
    """For each third-party library, the sides that may link it."""
    text = (root / "cmake/ThirdParty.cmake").read_text()
    found = re.findall(r"^\s*third_party\((\w+) SIDES ([a-z ]+?)(?:\)| [A-Z])", text, re.MULTILINE)
    return {name: sides.split() for name, sides in found}


def is_test(root: Path, file: str) -> bool:
    """Tests, and what only tests use, may stand beside the code that they test.

    That is what ends in _test, and sources (with their headers) of test targets alone.
    """
    path = Path(file)
    stem = path.stem
    if path.parts[0] in TESTING or stem.endswith("_test") or stem.startswith("test_"):
        return True
    return str(path.with_suffix("")) in _only_in_tests(root)


def sources_of(root: Path, compiled: Path) -> list[str]:
    """The sources of ours that a compiled file has: itself, or those that CMake gathered in it."""
    if not compiled.is_relative_to(root):
        return []
    if "Unity" in compiled.parts:
        included = re.findall(r'^#include "(.+)"$', compiled.read_text(), re.MULTILINE)
        return [str(Path(source).relative_to(root)) for source in included]
    return [] if compiled.is_relative_to(root / "build") else [str(compiled.relative_to(root))]


def side_of(root: Path, file: str) -> str:
    return "tests" if is_test(root, file) else file.split("/")[0]


@cache
def _only_in_tests(root: Path) -> set[str]:
    """Sources, without their endings, that no target but tests and fuzzers is made of."""
    in_tests: set[str] = set()
    shipped: set[str] = set()
    for side in may_use(root):
        for listing in (root / side).rglob("CMakeLists.txt"):
            folder = listing.parent.relative_to(root)
            for kind, arguments in TARGET.findall(listing.read_text()):
                found = in_tests if kind in ("", "test", "fuzzer") else shipped
                for top, source in re.findall(
                    r"(\$\{PROJECT_SOURCE_DIR\}/)?([\w./-]+)\.cc\b", arguments
                ):
                    found.add(source if top else os.path.normpath(folder / source))
    return in_tests - shipped
