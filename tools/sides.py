"""The sides of the repository, as cmake/Sides.cmake and cmake/ThirdParty.cmake declare them."""

from __future__ import annotations

import re
from pathlib import Path

# Folders that belong to the side `tests`: they may use anything, and nothing uses them.
TESTING = ("tests", "fuzz", "bench", "examples")


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


def is_test(file: str) -> bool:
    """Tests, and what only tests use, may stand beside the code that they test."""
    stem = Path(file).stem
    return file.split("/")[0] in TESTING or stem.endswith("_test") or stem.startswith("test_")


def side_of(file: str) -> str:
    return "tests" if is_test(file) else file.split("/")[0]
