# The extension module (client/python/_core.cc). Use the package, not this.
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

# name, datatype, shape
_Spec: TypeAlias = tuple[str, str, list[int]]
# model id, hash in hex, size in bytes, inputs, outputs
_Model: TypeAlias = tuple[str, str, int, list[_Spec], list[_Spec]]

version: str

class Policy:
    @staticmethod
    def parse(text: str) -> Policy: ...
    def to_toml(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...

# JSON
def verify(
    file: bytes,
    policy: Policy,
    collateral_folder: str,
    claims: bytes | None,
    at: int | None,
    simulation: bool,
) -> str: ...

class Connection:
    def __init__(
        self, address: str, policy: Policy, simulation: bool, connect_ms: int, request_ms: int
    ) -> None: ...
    def close(self) -> None: ...
    # JSON
    def report(self) -> str: ...
    def upload_model(
        self,
        path: str,
        model_id: str,
        save_model: bool,
        progress: Callable[[int, int], object] | None,
    ) -> _Model: ...
    # inputs: name, datatype, shape, C-contiguous memory. Returns model id, version, request id,
    # nanoseconds, and the outputs with their memory as uint8 arrays.
    def predict(
        self,
        model_id: str,
        inputs: Sequence[tuple[str, str, list[int], Any]],
        outputs: Sequence[str],
        model_hash: str | None,
        request_id: str,
    ) -> tuple[str, str, str, int, list[tuple[str, str, list[int], npt.NDArray[np.uint8]]]]: ...
    def models(self) -> list[_Model]: ...
    def model(self, model_id: str) -> _Model: ...
    def delete_model(self, model_id: str) -> None: ...
