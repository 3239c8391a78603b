#!/usr/bin/env python3
"""What each model of tests/hostile costs a well-behaved caller on another model.

Writes the corpus into a folder of its own and runs neighbours_bench on it, which prints for each
model the caller's p99 while it is uploaded and run again and again, beside its p99 before and
after.
Arguments, which `./dev bench` hands to every benchmark, change nothing here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = Path(os.environ.get("BLINDAI_BUILD", ROOT / "build/bench")) / "bench/neighbours_bench"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="blindai-corpus-") as folder:
        corpus = ROOT / "tests/hostile/corpus.py"
        subprocess.run([sys.executable, str(corpus), folder], check=True)
        return subprocess.run([str(BENCH), "--attacks", folder]).returncode


if __name__ == "__main__":
    sys.exit(main())
