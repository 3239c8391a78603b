#!/usr/bin/env python3
"""Our DCAP verification beside dcap-qvl's (Rust), on the same quotes, in turns, on one core.

dcap-qvl judges less (no PCEID, no roles of signers, no policy) and remembers nothing, so its one
figure stands beside both of ours: cold, with everything to be checked, and warm, with the platform
verified before. Ours come from attest_bench, which this runs; arguments are passed on to it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("BLINDAI_SHARED", ROOT.parent / "shared")) / "vectors"
BENCH = Path(os.environ.get("BLINDAI_BUILD", ROOT / "build/bench")) / "bench/attest_bench"
ROUNDS = 5
# As bench/attest_cases.cc has them: our name, the quote, its collateral and the time.
CASES = [
    (
        "sgx-real",
        "sgx/quotes/dcap-qvl-sgx_quote.bin",
        "sgx/collateral/sgx-00a067110000-202506/dcap_qvl_collateral.json",
        1751328000,
    ),
    (
        "tdx-real",
        "tdx/quotes/dcap-qvl-tdx_quote.bin",
        "tdx/collateral/tdx-b0c06f000000-202506/dcap_qvl_collateral.json",
        1751328000,
    ),
]


def microseconds(call: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times * 1e6


def ours(name: str) -> dict[str, float]:
    """The medians of one round of attest_bench, by "parse", "cold" and "warm"."""
    done = subprocess.run(
        [
            str(BENCH),
            f"--benchmark_filter=^{name}/",
            "--benchmark_min_time=0.5",
            "--benchmark_format=json",
            *sys.argv[1:],
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    out = {}
    for run in json.loads(done.stdout)["benchmarks"]:
        what = run["name"].split("/")[1]
        out[what] = float(run.get("median_us", run["real_time"]))
    return out


def compare(name: str, quote_file: Path, collateral_file: Path, at: int) -> None:
    import dcap_qvl

    quote = quote_file.read_bytes()
    collateral = dcap_qvl.QuoteCollateralV3.from_json(collateral_file.read_text())
    theirs: list[float] = []
    parse: list[float] = []
    mine: list[dict[str, float]] = []
    for _ in range(ROUNDS):  # in turns, so that both see the same machine
        theirs.append(microseconds(lambda: dcap_qvl.verify(quote, collateral, at), 500))
        parse.append(microseconds(lambda: dcap_qvl.parse_quote(quote), 5000))
        mine.append(ours(name))
    peer = sorted(theirs)[ROUNDS // 2]
    print(f"{name}: dcap-qvl {dcap_qvl.__version__} {peer:.0f} us, parsing {min(parse):.2f} us")
    for what in ("cold", "warm"):
        figure = sorted(m[what] for m in mine)[ROUNDS // 2]
        print(f"{name}: blindai {what} {figure:.0f} us: {peer / figure:.2f} times as fast")
    print(f"{name}: blindai parsing {min(m['parse'] for m in mine):.2f} us")


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for name, quote, collateral, at in CASES:
        if (SHARED / quote).exists():
            compare(name, SHARED / quote, SHARED / collateral, at)
        else:
            print(f"{name} is left out: no {quote} in {SHARED}")


if __name__ == "__main__":
    main()
