"""The demo's photographs, as files and as the tensors that EfficientNet-Lite0 takes.

The photographs ship inside scikit-image's package, pinned by SHA-256. Those chosen are free of
copyright by that package's own record (skimage/data/_fetchers.py, the docstring of each).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from pinned import MODELS, Wheel, sha256, write_whole

SCIKIT_IMAGE = Wheel(
    "scikit-image",
    "0.26.0",
    "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
    size_mb=14,
    platform=(
        *("--implementation", "cp", "--python-version", "3.11", "--abi", "cp311"),
        *("--platform", "manylinux_2_28_x86_64"),
    ),
)
FOLDER = MODELS / "pictures"


@dataclass(frozen=True)
class Photograph:
    file: str
    sha256: str
    shows: str
    rights: str


PHOTOGRAPHS = (
    Photograph(
        "camera.png",
        "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
        "a camera on its tripod",
        "CC0, Lav Varshney",
    ),
    Photograph(
        "chelsea.png",
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        "a cat",
        "CC0, Stefan van der Walt",
    ),
    Photograph(
        "coffee.png",
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        "a cup of espresso",
        "CC0, Rachel Michetti",
    ),
    Photograph(
        "rocket.jpg",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
        "a rocket at its launch",
        "public domain, SpaceX",
    ),
)

SHORT_SIDE = 256
CROP = 224


def make(folder: Path = FOLDER) -> list[Path]:
    """The photographs as files in `folder`, fetched unless they are there already."""
    paths = []
    for photograph in PHOTOGRAPHS:
        path = folder / photograph.file
        if not path.exists() or sha256(path.read_bytes()) != photograph.sha256:
            data = SCIKIT_IMAGE.read(f"skimage/data/{photograph.file}")
            if sha256(data) != photograph.sha256:
                raise SystemExit(f"error: {photograph.file} is not the file pinned in {__file__}")
            write_whole(path, data)
        paths.append(path)
    return paths


def crop(image: Image.Image) -> npt.NDArray[np.uint8]:
    """uint8 [224, 224, 3], RGB: short side to 256 (bilinear, antialiased), then the centre."""
    image = image.convert("RGB")
    scale = SHORT_SIDE / min(image.size)
    width, height = (round(side * scale) for side in image.size)
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    left, top = (width - CROP) // 2, (height - CROP) // 2
    return np.asarray(image.crop((left, top, left + CROP, top + CROP)), np.uint8)


def normalise(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """uint8 [224, 224, 3] to float32 [1, 3, 224, 224], each value (v - 127) / 128."""
    scaled = (pixels.astype(np.float32) - np.float32(127)) / np.float32(128)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


def tensor(path: Path) -> npt.NDArray[np.float32]:
    """The network's input for one picture file: float32 [1, 3, 224, 224]."""
    with Image.open(path) as image:
        return normalise(crop(image))


def main() -> None:
    for path, photograph in zip(make(), PHOTOGRAPHS, strict=True):
        print(f"{path}  {photograph.shows} ({photograph.rights})")


if __name__ == "__main__":
    main()
