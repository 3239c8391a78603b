"""How large is what a user has to trust: lines of code by side, and the libraries of each.

Lines of code are lines with something besides blanks and comments, tests left out.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import sides

TRUSTED = ("lib", "net", "enclave")
_TOKEN = re.compile(r'R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


def lines_of_code(text: str) -> int:
    # Strings stay, so that "//" in one does not hide the rest of its line.
    stripped = _TOKEN.sub(lambda m: m[0] if m[0][0] in '"R' else "\n" * m[0].count("\n"), text)
    return sum(1 for line in stripped.splitlines() if line.strip())


def count(root: Path) -> dict[str, int]:
    """Lines of code by module (lib/base, enclave/tee/sgx, ...) of the trusted sides."""
    patterns = [f"{side}/*.{kind}" for side in TRUSTED for kind in ("cc", "h")]
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *patterns],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    modules: dict[str, int] = {}
    for file in sorted(set(listing.stdout.split())):
        if not sides.is_test(root, file) and (root / file).is_file():
            module = str(Path(file).parent)
            modules[module] = modules.get(module, 0) + lines_of_code((root / file).read_text())
    return modules


def report(root: Path) -> str:
    modules = count(root)
    out = [f"Trusted base: {sum(modules.values())} lines of code of ours"]
    libraries = sides.third_party(root)
    for side in TRUSTED:
        mine = {m: n for m, n in modules.items() if m.split("/")[0] == side}
        theirs = ", ".join(n for n, used_by in libraries.items() if side in used_by)
        out.append(f"  {side:8} {sum(mine.values()):6}   libraries: {theirs or 'none'}")
        if len(mine) > 1:
            out += [f"    {module[len(side) + 1 :]:18} {n:6}" for module, n in mine.items()]
    outside = {n: s for n, s in libraries.items() if not set(s) & set(TRUSTED)}
    if outside:
        out.append("Outside it: " + ", ".join(f"{n} ({' '.join(s)})" for n, s in outside.items()))
    return "\n".join(out)
