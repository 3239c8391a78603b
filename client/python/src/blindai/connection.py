"""A verified connection to a BlindAI server."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from . import _core
from .errors import SimulationModeWarning
from .policy import PolicyLike, load_policy
from .report import Report
from .tensor import Tensor, TensorInfo, TensorLike, translate

__all__ = ["Connection", "ModelInfo", "PredictResponse", "connect"]

# Bytes sent so far, and in all.
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class ModelInfo:
    """A model on the server. model_hash: SHA-256 of its ONNX file, in hex; size: of that file, in
    bytes."""

    model_id: str
    model_hash: str
    size: int
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]


@dataclass(frozen=True)
class PredictResponse:
    """What a model answered.

    output          the tensors, in the model's order
    inference_time  the model's own run time, in milliseconds, as the server measured it
    request_time    from the call to the answer, in milliseconds, as measured here
    """

    output: list[Tensor]
    model_id: str
    model_version: str = ""
    request_id: str = ""
    inference_time: float = 0.0
    request_time: float = 0.0
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
    ) -> None:
        if simulation:
            warnings.warn(
                "simulation=True accepts a server without a TEE: whoever runs it can read models "
                "and data. Use it for development only.",
                SimulationModeWarning,
                stacklevel=2,
            )
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
    ) -> ModelInfo:
        """Sends an ONNX file. The file is streamed, so it may be larger than memory.

        model_id    the name to predict under; the file's name without its ending by default
        save_model  False: kept in the server's memory only, gone when it stops
        progress    called with the bytes sent so far and in all; an exception from it, or Ctrl-C,
                    stops the upload
        """
        path = Path(model)
        with path.open("rb"):  # its own error (FileNotFoundError, ...) when it cannot be read
            pass
        name = path.stem if model_id is None else model_id
        return _model_info(self._core.upload_model(os.fspath(path), name, save_model, progress))

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
    ) -> PredictResponse:
        """Runs a model on tensors.

        tensors     a NumPy array, a torch tensor, or nested lists: the only input; a list of
                    arrays: several in the model's order; a dict of any of them: by name
        dtype       of nested lists ("float32", np.int64, torch.bfloat16, ...); without it integers
                    are INT64 and fractions FP32. A list or dict of them for several inputs
        shape       of nested lists, where it is not theirs
        outputs     names of those wanted; all by default
        model_hash  another model under that name is then an error, not an answer
        """
        inputs = [
            (t.name, t.datatype, list(t.shape), t.data) for t in translate(tensors, dtype, shape)
        ]
        began = time.perf_counter()
        answered_id, version, answered_request, run_ns, tensors_out = self._core.predict(
            model_id, inputs, list(outputs), model_hash, request_id
        )
        request_time = (time.perf_counter() - began) * 1e3
        return PredictResponse(
            [Tensor(*tensor) for tensor in tensors_out],
            answered_id,
            version,
            answered_request,
            run_ns / 1e6,
            request_time,
        )

    def models(self) -> list[ModelInfo]:
        """The models that this caller may see."""
        return [_model_info(model) for model in self._core.models()]

    def model(self, model_id: str) -> ModelInfo:
        """One model; NotFoundError when there is none of that name."""
        return _model_info(self._core.model(model_id))

    def delete_model(self, model_id: str) -> None:
        self._core.delete_model(model_id)

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


def _model_info(raw: tuple[str, str, int, Any, Any]) -> ModelInfo:
    model_id, model_hash, size, inputs, outputs = raw
    return ModelInfo(model_id, model_hash, size, _infos(inputs), _infos(outputs))


def _infos(specs: Sequence[tuple[str, str, Sequence[int]]]) -> tuple[TensorInfo, ...]:
    return tuple(TensorInfo(name, datatype, tuple(shape)) for name, datatype, shape in specs)


def _milliseconds(seconds: float, what: str) -> int:
    # What poll() takes: at most 2^31 - 1.
    if not 0 < seconds <= 2_000_000:
        raise ValueError(f"{what} has to be a number of seconds above 0 and up to 2000000")
    return max(1, round(seconds * 1000))
