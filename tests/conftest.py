"""Where the Python tests find the project's tools and the shared vectors and models."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared vectors and models: BLINDAI_SHARED, or `shared` beside the checkout."""
    folder = Path(os.environ.get("BLINDAI_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("the shared vectors and models are not here (BLINDAI_SHARED names them)")
    return folder
