# The extension module (client/python/_core.cc). Use the package, not this.
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

# name, datatype, shape
_Spec: TypeAlias = tuple[str, str, list[int]]
# model id, hash in hex, epoch, content id in hex
_Receipt: TypeAlias = tuple[str, str, int, str]
# model id, hash in hex, size in bytes, inputs, outputs, receipt, when it expires (POSIX time)
_Model: TypeAlias = tuple[str, str, int, list[_Spec], list[_Spec], _Receipt | None, int | None]
_Output: TypeAlias = tuple[str, str, list[int], npt.NDArray[np.uint8]]
# the owner's root, and each of its keys with its state
_Keys: TypeAlias = tuple[str, list[tuple[str, str]]]

version: str

class Policy:
    @staticmethod
    def parse(text: str) -> Policy: ...
    def to_toml(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...

class ApiKey:
    @staticmethod
    def generate() -> ApiKey: ...
    @staticmethod
    def parse(text: str) -> ApiKey: ...
    # "": what the environment names. None: nothing does.
    @staticmethod
    def load(path: str) -> ApiKey | None: ...
    @property
    def public_key(self) -> str: ...
    def write(self, path: str) -> None: ...
    # This key, and its consent
    def consent(self, owner: str) -> tuple[str, str]: ...

# JSON
def verify(
    file: bytes,
    policy: Policy,
    collateral_folder: str,
    claims: bytes | None,
    at: int | None,
    simulation: bool,
    tpm_folder: str,
    nonce: bytes | None,
) -> str: ...

class Connection:
    def __init__(
        self,
        address: str,
        policy: Policy,
        simulation: bool,
        connect_ms: int,
        request_ms: int,
        api_key: ApiKey | None,
        account_token: Callable[[], str] | None,
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
        replace: bool,
        private: bool,
        callers: list[str],
    ) -> _Model: ...
    # inputs: name, datatype, shape, C-contiguous memory. Returns model id, version, request id,
    # nanoseconds, the outputs with their memory as uint8 arrays, and when the model expires.
    def predict(
        self,
        model_id: str,
        inputs: Sequence[tuple[str, str, list[int], Any]],
        outputs: Sequence[str],
        model_hash: str | None,
        request_id: str,
        least_epoch: int,
    ) -> tuple[str, str, str, int, list[_Output], int | None]: ...
    def models(self) -> list[_Model]: ...
    def model(self, model_id: str, least_epoch: int) -> _Model: ...
    def delete_model(self, model_id: str) -> _Receipt | None: ...
    # private, callers, handover in hex
    def access(self, model_id: str) -> tuple[bool, list[str], list[str]]: ...
    def set_access(
        self, model_id: str, private: bool, callers: list[str], handover: list[str]
    ) -> _Receipt: ...
    def keys(self) -> _Keys: ...
    def endorse(self, key: str, consent: str) -> _Keys: ...
    def retire(self, key: str) -> _Keys: ...
