"""What one hostile model is, what it tries, and what has to become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Refused:
    """The upload is refused before ONNX Runtime sees the model: 422 with this code."""

    code: str


@dataclass(frozen=True)
class Bounded:
    """The check takes the model: a limit ends it, while it is loaded or run.

    by: what has to end it. "answer": it answers or fails by itself, quickly and within bounds;
    "deadline": the time limit; "memory": the memory limit.
    """

    by: str


DATATYPES = {"f": "FP32", "i": "INT64", "b": "BOOL", "O": "BYTES"}


@dataclass(frozen=True)
class Attack:
    name: str
    tries: str
    expect: Refused | Bounded
    build: Callable[[], bytes]
    # What to send to the model once it is loaded, by input.
    feeds: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """What to send, in the Open Inference Protocol's JSON."""
        return {
            "inputs": [
                {
                    "name": name,
                    "shape": list(value.shape),
                    "datatype": DATATYPES[value.dtype.kind],
                    "data": value.flatten().tolist(),
                }
                for name, value in self.feeds.items()
            ]
        }
