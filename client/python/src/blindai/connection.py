"""A verified connection to a BlindAI server."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

from . import _core
from .access import ModelAccess, OwnerKey, OwnerKeys, Receipt
from .errors import SimulationModeWarning
from .keys import ApiKeyLike
from .keys import load as load_key
from .policy import PolicyLike, load_policy
from .report import Report
from .tensor import Tensor, TensorInfo, TensorLike, translate

__all__ = ["Connection", "ModelInfo", "PredictResponse", "connect"]

# Bytes sent so far, and in all.
Progress = Callable[[int, int], object]
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# A token's text, or what gives a fresh one whenever one is needed.
AccountToken = str | Callable[[], str]


@dataclass(frozen=True)
class ModelInfo:
    """A model on the server. model_hash: SHA-256 of its ONNX file, in hex; size: of that file, in
    bytes; receipt: what to keep of it, None for a model in the server's memory only; expires: it is
    removed then unless it is used before, None when that is not within days. models() does not tell
    it."""

    model_id: str
    model_hash: str
    size: int
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    receipt: Receipt | None = None
    expires: datetime | None = None


@dataclass(frozen=True)
class PredictResponse:
    """What a model answered.

    output          the tensors, in the model's order
    inference_time  the model's own run time, in milliseconds, as the server measured it
    request_time    from the call to the answer, in milliseconds, as measured here
    expires         when the model would have been removed without this use; None: not within days
    """

    output: list[Tensor]
    model_id: str
    model_version: str = ""
    request_id: str = ""
    inference_time: float = 0.0
    request_time: float = 0.0
    expires: datetime | None = None
    _by_name: dict[str, Tensor] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {tensor.name: tensor for tensor in self.output})

    def __getitem__(self, name: str) -> Tensor:
        """The output of that name."""
        if name not in self._by_name:
            raise KeyError(f"no output {name!r}; there are: {', '.join(self._by_name)}")
        return self._by_name[name]


class Connection:
    """Connects, and verifies the server before anything is sent to it.

        with blindai.Connection(addr="ai.example.org:9924") as client:
            client.upload_model("resnet18.onnx")
            response = client.predict("resnet18", pixels)
            response.output[0].as_numpy()

    addr             "host:port"
    simulation       accept a simulated TEE, which protects nothing: for development. Every check
                     still runs, under the simulation's test root.
    policy           what is accepted: a path, or a Policy. Without one: the file that the variable
                     BLINDAI_POLICY names, else the one that came with this package.
    connect_timeout  seconds, for reaching the server
    request_timeout  seconds, for each answer
    api_key          who you are: the key's text, or a pathlib.Path of its file (blindai.keys makes
                     one). Without it: the file that the variable BLINDAI_KEY_FILE names, else the
                     text in BLINDAI_API_KEY, else nobody in particular. The key is never sent.
    account_token    of your account, for that key: its text, or a function that returns a fresh
                     one, since tokens live 15 minutes

    Raises AttestationError (IdentityError, ...) when the server is not what the policy accepts, and
    ConnectionError when there is no reaching it. Threads may share a connection; their calls take
    turns.
    """

    def __init__(
        self,
        addr: str = "localhost:9924",
        simulation: bool = False,
        policy: PolicyLike | None = None,
        *,
        connect_timeout: float = 10.0,
        request_timeout: float = 300.0,
        api_key: ApiKeyLike = None,
        account_token: AccountToken | None = None,
    ) -> None:
        if simulation:
            warnings.warn(
                "simulation=True accepts a server without a TEE: whoever runs it can read models "
                "and data. Use it for development only.",
                SimulationModeWarning,
                stacklevel=2,
            )
        key = load_key(api_key)
        token = (lambda: account_token) if isinstance(account_token, str) else account_token
        self.addr = addr
        self.simulation_mode = simulation
        self.policy = load_policy(policy)
        self.closed = True
        self._core = _core.Connection(
            addr,
            self.policy._core,
            simulation,
            _milliseconds(connect_timeout, "connect_timeout"),
            _milliseconds(request_timeout, "request_timeout"),
            key,
            token,
        )
        self.closed = False

    @property
    def report(self) -> Report:
        """What was verified last: when connecting, or later when evidence had become too old."""
        return Report.from_json(self._core.report())

    def upload_model(
        self,
        model: str | os.PathLike[str],
        model_id: str | None = None,
        save_model: bool = True,
        progress: Progress | None = None,
        *,
        replace: bool = False,
        private: bool = False,
        callers: Sequence[str] = (),
    ) -> ModelInfo:
        """Sends an ONNX file. The file is streamed, so it may be larger than memory.

        model_id    the name to predict under; the file's name without its ending by default
        save_model  False: kept in the server's memory only, gone when it stops
        progress    called with the bytes sent so far and in all; an exception from it, or Ctrl-C,
                    stops the upload
        replace     take the place of another model of yours of that name
        private     only its owner and the callers may call it, or know of it
        callers     public keys ("baipk_...") that may call a private model
        """
        path = Path(model)
        with path.open("rb"):  # its own error (FileNotFoundError, ...) when it cannot be read
            pass
        name = path.stem if model_id is None else model_id
        return _model_info(
            self._core.upload_model(
                os.fspath(path), name, save_model, progress, replace, private, list(callers)
            )
        )

    def predict(
        self,
        model_id: str,
        tensors: TensorLike,
        dtype: Any = None,
        shape: Any = None,
        *,
        outputs: Sequence[str] = (),
        model_hash: str | None = None,
        request_id: str = "",
        receipt: Receipt | None = None,
    ) -> PredictResponse:
        """Runs a model on tensors.

        tensors     a NumPy array, a torch tensor, or nested lists: the only input; a list of
                    arrays: several in the model's order; a dict of any of them: by name
        dtype       of nested lists ("float32", np.int64, torch.bfloat16, ...); without it integers
                    are INT64 and fractions FP32. A list or dict of them for several inputs
        shape       of nested lists, where it is not theirs
        outputs     names of those wanted; all by default
        model_hash  another model under that name is then an error, not an answer
        receipt     an older model than this receipt's is then a ConflictError
        """
        inputs = [
            (t.name, t.datatype, list(t.shape), t.data) for t in translate(tensors, dtype, shape)
        ]
        began = time.perf_counter()
        answered_id, version, answered_request, run_ns, tensors_out, expires = self._core.predict(
            model_id, inputs, list(outputs), model_hash, request_id, _epoch(receipt, model_id)
        )
        request_time = (time.perf_counter() - began) * 1e3
        return PredictResponse(
            [Tensor(*tensor) for tensor in tensors_out],
            answered_id,
            version,
            answered_request,
            run_ns / 1e6,
            request_time,
            _time(expires),
        )

    def models(self) -> list[ModelInfo]:
        """Your models; without an API key, those that nobody owns."""
        return [_model_info(model) for model in self._core.models()]

    def model(self, model_id: str, receipt: Receipt | None = None) -> ModelInfo:
        """One model; NotFoundError when there is none of that name.

        receipt  an older model than this receipt's is then a ConflictError
        """
        return _model_info(self._core.model(model_id, _epoch(receipt, model_id)))

    def delete_model(self, model_id: str) -> Receipt | None:
        """Returns the deletion's receipt, where the server keeps any."""
        return _receipt(self._core.delete_model(model_id))

    def access(self, model_id: str) -> ModelAccess:
        """Who may call a model of yours."""
        private, callers, handover = self._core.access(model_id)
        return ModelAccess(private, tuple(callers), tuple(handover))

    def set_access(
        self,
        model_id: str,
        *,
        private: bool | None = None,
        callers: Sequence[str] | None = None,
        handover: Sequence[str] | None = None,
    ) -> Receipt:
        """Changes who may call a model of yours; what is not given stays.

        private   False: anybody may call it, and its callers are forgotten
        callers   public keys, in place of those so far
        handover  measurements (hex) to which the server may hand it over, in place of those so far
        """
        now = self.access(model_id)
        private = now.private if private is None else private
        if callers is None:
            callers = now.callers if private else ()
        handover = now.handover if handover is None else handover
        raw = self._core.set_access(model_id, private, list(callers), list(handover))
        return Receipt(*raw)

    def keys(self) -> OwnerKeys:
        """The keys of the owner that yours belongs to."""
        return _owner_keys(self._core.keys())

    def endorse_key(self, key: str, consent: str) -> OwnerKeys:
        """Adds a key to your owner; both come from blindai.keys.consent(), run where the key is."""
        return _owner_keys(self._core.endorse(key, consent))

    def retire_key(self, key: str) -> OwnerKeys:
        """Takes all rights from one of your owner's keys, for good."""
        return _owner_keys(self._core.retire(key))

    def close(self) -> None:
        """Later calls raise ValueError. Closing twice is fine."""
        self._core.close()
        self.closed = True

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else "simulation" if self.simulation_mode else "verified"
        return f"<blindai.Connection to {self.addr}, {state}>"


connect = Connection


def _model_info(raw: tuple[str, str, int, Any, Any, Any, int | None]) -> ModelInfo:
    model_id, model_hash, size, inputs, outputs, receipt, expires = raw
    return ModelInfo(
        model_id,
        model_hash,
        size,
        _infos(inputs),
        _infos(outputs),
        _receipt(receipt),
        _time(expires),
    )


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else _EPOCH + timedelta(seconds=seconds)


def _receipt(raw: tuple[str, str, int, str] | None) -> Receipt | None:
    return None if raw is None else Receipt(*raw)


def _owner_keys(raw: tuple[str, list[tuple[str, str]]]) -> OwnerKeys:
    owner, keys = raw
    return OwnerKeys(owner, tuple(OwnerKey(*key) for key in keys))


def _epoch(receipt: Receipt | None, model_id: str) -> int:
    if receipt is None:
        return 0
    if receipt.model_id != model_id:
        raise ValueError(f"the receipt is about {receipt.model_id!r}, not {model_id!r}")
    return receipt.epoch


def _infos(specs: Sequence[tuple[str, str, Sequence[int]]]) -> tuple[TensorInfo, ...]:
    return tuple(TensorInfo(name, datatype, tuple(shape)) for name, datatype, shape in specs)


def _milliseconds(seconds: float, what: str) -> int:
    # What poll() takes: at most 2^31 - 1.
    if not 0 < seconds <= 2_000_000:
        raise ValueError(f"{what} has to be a number of seconds above 0 and up to 2000000")
    return max(1, round(seconds * 1000))
