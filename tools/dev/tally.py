"""Adds up the reports of one ./dev test run and prints what was skipped and what
failed, each with its reason, and at last "N passed, N failed".

Usage: tally.py FOLDER
FOLDER/<suite>.junit          a pytest or check report
FOLDER/<preset>/ctest.junit   one case per test program
FOLDER/<preset>/<name>.xml    what that program, if GoogleTest, said about its own cases; also for
                              <name>.plain
Exits with 1 when anything failed, or when a suite left no report.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Tally:
    passed: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def complaint(failures: list[ET.Element]) -> str:
    """What the failures of one case say: the beginning of it, for the rest is in the log."""
    texts = [f.get("message") or f.text or "" for f in failures]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    return "\n".join(line[:200] for line in lines[:12])


def count_cases(report: Path, suite: str) -> Tally:
    """Counts the <testcase> elements of a JUnit or GoogleTest report."""
    tally = Tally()
    for case in ET.parse(report).getroot().iter("testcase"):
        name = f"{suite}: {case.get('classname', '')}.{case.get('name', '')}"
        skip = case.find("skipped")
        failures = case.findall("failure") + case.findall("error")
        if failures:
            tally.failed.append((name, complaint(failures)))
        elif skip is not None:
            reason = (skip.get("message") or "").strip().splitlines()
            tally.skipped.append((name, reason[-1] if reason else "no reason given"))
        elif case.get("status") in ("notrun", "disabled"):
            tally.skipped.append((name, case.get("status", "")))
        else:
            tally.passed += 1
    return tally


def count_preset(folder: Path) -> Tally:
    """A program with its own report counts by its cases, any other program as one."""
    tally = Tally()
    for program in ET.parse(folder / "ctest.junit").getroot().iter("testcase"):
        name = program.get("name", "")
        failed = program.find("failure") is not None
        own = folder / f"{name.removesuffix('.plain')}.xml"
        if own.exists():
            cases = count_cases(own, f"{folder.name} {name}")
            if failed and not cases.failed:
                cases.failed.append((f"{folder.name}: {name}", "after its last test, or at exit"))
            tally.add(cases)
        elif failed:
            tally.failed.append((f"{folder.name}: {name}", complaint(program.findall("failure"))))
        elif (skip := program.find("skipped")) is not None:
            reason = skip.get("message") or ""
            if reason.startswith(("SKIP_", "Disabled")):
                tally.skipped.append((f"{folder.name}: {name}", reason))
            else:  # for example a program that was not built
                tally.failed.append((f"{folder.name}: {name}", reason or "did not run"))
        else:
            tally.passed += 1
    return tally


def total(results: Path) -> Tally:
    tally = Tally()
    for entry in sorted(results.iterdir()):
        try:
            if entry.is_dir():
                tally.add(count_preset(entry))
            elif entry.suffix == ".junit":
                tally.add(count_cases(entry, entry.stem))
        except (OSError, ET.ParseError) as error:
            tally.failed.append((entry.name, f"no readable report ({error})"))
    for suite in ("python.junit", "check.junit"):
        if not (results / suite).exists():
            tally.failed.append((suite, "the suite ended before it wrote its report"))
    return tally


def main() -> int:
    tally = total(Path(sys.argv[1]))
    for name, reason in tally.skipped:
        print(f"skipped  {name}: {reason}")
    for name, why in tally.failed:
        print(f"FAILED   {name}")
        for line in why.splitlines():
            print(f"           {line}")
    line = f"{tally.passed} passed, {len(tally.failed)} failed"
    print(line + (f", {len(tally.skipped)} skipped" if tally.skipped else ""))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
