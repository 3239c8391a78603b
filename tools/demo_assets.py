"""Everything that the demo sends and reads, in .cache/models; what is there is not made again.

    efficientnet_lite0.onnx   the model (tools/efficientnet.py)
    pictures/                 photographs (tools/pictures.py)
    labels.txt                line k, from 0: the names of ImageNet's class k

The names are WordNet's for the 1000 synsets of ImageNet's challenge, in its order, as the package
timm (Apache-2.0) lists them. The package is pinned by SHA-256 and not installed.
"""

from __future__ import annotations

import efficientnet
import pictures
from pinned import MODELS, Wheel, sha256, write_whole

TIMM = Wheel(
    "timm",
    "1.0.31",
    "5bd50f7d0fe6d09bf9285ac2523234a1b7e6bf075c0be3e7aed09139fcb617c7",
    size_mb=2.8,
)
LABELS = MODELS / "labels.txt"
LABELS_SHA256 = "4eb3da435cf544e4a6f390f62c84cb9c9bb68cf8b14e97f8a063452382e5efd2"


def labels() -> bytes:
    """1000 lines, UTF-8: each class's synonyms, separated by ", "."""
    synsets = TIMM.read("timm/data/_info/imagenet_synsets.txt").decode().split()
    names = dict(
        line.split("\t", 1)
        for line in TIMM.read("timm/data/_info/imagenet_synset_to_lemma.txt").decode().splitlines()
    )
    return "".join(f"{names[synset]}\n" for synset in synsets).encode()


def main() -> None:
    efficientnet.make()
    pictures.make()
    if not LABELS.exists() or sha256(LABELS.read_bytes()) != LABELS_SHA256:
        data = labels()
        if sha256(data) != LABELS_SHA256:
            raise SystemExit(f"error: the labels came out as {sha256(data)}, not as pinned")
        write_whole(LABELS, data)


if __name__ == "__main__":
    main()
