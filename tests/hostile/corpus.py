"""The corpus of hostile models.

    python tests/hostile/corpus.py DIRECTORY     writes each as NAME.onnx, and corpus.json; what to
                                                 send to those that are run, as NAME.request.json

ATTACKS has each by name, what it tries and what has to become of it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from attack import Attack, Bounded, Refused
from runtime_attacks import RUNTIME
from static_attacks import STATIC

ATTACKS: list[Attack] = STATIC + RUNTIME


def describe(attack: Attack, model: bytes) -> dict[str, object]:
    expect: dict[str, str]
    if isinstance(attack.expect, Refused):
        expect = {"refused": attack.expect.code}
    else:
        expect = {"bounded_by": attack.expect.by}
    sizes = {name: list(value.shape) for name, value in attack.feeds.items()}
    return {"tries": attack.tries, "bytes": len(model), "expect": expect, "feeds": sizes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    directory: Path = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    written = {}
    for attack in ATTACKS:
        model = attack.build()
        (directory / f"{attack.name}.onnx").write_bytes(model)
        if isinstance(attack.expect, Bounded):
            (directory / f"{attack.name}.request.json").write_text(json.dumps(attack.request()))
        written[attack.name] = describe(attack, model)
    (directory / "corpus.json").write_text(json.dumps(written, indent=1) + "\n")
    bounded = sum(isinstance(attack.expect, Bounded) for attack in ATTACKS)
    print(f"{len(ATTACKS)} models, {bounded} of them for limits at run time")


if __name__ == "__main__":
    main()
