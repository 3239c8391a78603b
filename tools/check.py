"""The checks of ./dev check: format, lint, types, rules of sources, words, WebAssembly, size.

Usage: tools/check.sh [--fix] [--report FILE.junit] [check...]
Every problem is printed as FILE:LINE: what is wrong, and what to do. Exits with 1 if there is any.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import check_sources
import check_tidy
import check_wasm
import trusted_base

ROOT = Path(__file__).resolve().parent.parent


def tracked(*patterns: str) -> list[str]:
    """The repository's files, those not yet added included, that match one of the patterns."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(f for f in set(listing.stdout.split("\0")) if f and (ROOT / f).is_file())


def tool(command: list[str], advice: str) -> list[str]:
    """Runs a tool of others; what it prints is the problem."""
    done = subprocess.run(
        command, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return [] if done.returncode == 0 else [done.stdout.rstrip(), f"-> {advice}"]


def venv(program: str) -> str:
    return str(Path(sys.executable).parent / program)


def check_format(fix: bool) -> list[str]:
    """clang-format"""
    files = tracked("*.cc", "*.h")
    how = ["-i"] if fix else ["--dry-run", "--Werror", "--ferror-limit=1"]
    problems = tool(["clang-format-19", *how, *files], "run ./dev check --fix")
    return [
        line for said in problems for line in said.splitlines() if re.match(r"\S+:\d+|->", line)
    ]


def check_includes(_: bool) -> list[str]:
    """the sides: who includes what"""
    return check_sources.includes(ROOT, tracked("*.cc", "*.h"))


def check_plain_suites(_: bool) -> list[str]:
    """what does less under a sanitizer also runs without"""
    return check_sources.plain_suites(ROOT, tracked("*_test.cc"))


def check_words(_: bool) -> list[str]:
    """no unfinished work, no machine's paths, no hosts"""
    return check_sources.words(ROOT, tracked())


def check_shell(_: bool) -> list[str]:
    """shellcheck"""
    scripts = [f for f in tracked("*.sh", ".ci/*", "deploy/*") if _is_script(f)]
    sourced = {"tools/dev/common.sh", "tools/dev/setup.sh", "tools/dev/build.sh"}
    sourced.add("tools/dev/test.sh")
    problems = tool(["shellcheck", "-x", "-a", "dev"], "mend what it says; its wiki has each code")
    alone = [f for f in scripts if f not in sourced]
    return problems + tool(["shellcheck", "-x", *alone], "mend what it says")


def _is_script(file: str) -> bool:
    with (ROOT / file).open("rb") as stream:
        return stream.readline().startswith((b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash"))


def check_python_format(fix: bool) -> list[str]:
    """ruff format"""
    how = [] if fix else ["--check"]
    return tool([venv("ruff"), "format", "--no-cache", "--quiet", *how, "."], "./dev check --fix")


def check_python_lint(fix: bool) -> list[str]:
    """ruff"""
    how = ["--fix"] if fix else []
    return tool([venv("ruff"), "check", "--no-cache", "--quiet", *how, "."], "./dev check --fix")


def check_python_types(_: bool) -> list[str]:
    """mypy --strict"""
    files = tracked("*.py", "*.pyi")
    return tool([venv("mypy"), *files], "say the type; an ignore needs its reason beside it")


def check_clang_tidy(_: bool) -> list[str]:
    """clang-tidy"""
    return check_tidy.run(ROOT)


def check_wasm_objects(_: bool) -> list[str]:
    """the verifier compiles to WebAssembly"""
    return check_wasm.run(ROOT)


CHECKS: dict[str, Callable[[bool], list[str]]] = {
    "format": check_format,
    "includes": check_includes,
    "plain": check_plain_suites,
    "words": check_words,
    "shell": check_shell,
    "python-format": check_python_format,
    "python-lint": check_python_lint,
    "python-types": check_python_types,
    "tidy": check_clang_tidy,
    "wasm": check_wasm_objects,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev check")
    parser.add_argument("--fix", action="store_true", help="mend what can be mended")
    parser.add_argument("--report", type=Path, help="also write a JUnit report")
    parser.add_argument("checks", nargs="*", metavar="check", help=", ".join(CHECKS))
    arguments = parser.parse_args()
    if unknown := set(arguments.checks) - set(CHECKS):
        parser.error(f"no check {', '.join(unknown)}; there are {', '.join(CHECKS)}")

    suite = ET.Element("testsuite", name="check")
    failed = 0
    for name in arguments.checks or CHECKS:
        began = time.monotonic()
        problems = CHECKS[name](arguments.fix)
        seconds = time.monotonic() - began
        case = ET.SubElement(suite, "testcase", classname="check", name=name, time=f"{seconds:.1f}")
        print(f"{'FAILED' if problems else 'ok    '}  {name:14} {seconds:6.1f} s", flush=True)
        if problems:
            failed += 1
            ET.SubElement(case, "failure").text = "\n".join(problems)
            print("\n".join(problems), flush=True)
    if not arguments.checks:
        print(trusted_base.report(ROOT))
    if arguments.report:
        ET.ElementTree(suite).write(arguments.report, encoding="unicode")
    print(f"{len(suite) - failed} checks passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
