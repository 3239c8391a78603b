"""Confidential AI: send tensors to models inside verified trusted execution environments.

    import blindai

    with blindai.Connection(addr="localhost:9924") as client:
        client.upload_model("resnet18.onnx")
        response = client.predict("resnet18", pixels)
        print(response.output[0].as_numpy().argmax())

A Connection exists only after the server has proved what it runs; see Connection.report.
"""

from . import _core, keys
from .access import ModelAccess, OwnerKey, OwnerKeys, Receipt
from .connection import Connection, ModelInfo, PredictResponse, connect
from .errors import (
    AnonymousError,
    AttestationError,
    BlindAIError,
    ConflictError,
    DeadlineError,
    DebugNotAllowedError,
    DeniedError,
    ExhaustedError,
    IdentityError,
    InternalError,
    InvalidError,
    MalformedError,
    ModelRefusedError,
    NoSpaceError,
    NotFoundError,
    SimulationModeWarning,
    StaleError,
    StaleEvidenceError,
    TooLargeError,
    UnavailableError,
)
from .evidence import verify
from .policy import Policy, load_policy
from .report import Check, Report
from .tensor import Tensor, TensorInfo

__version__ = _core.version

__all__ = [
    "AnonymousError",
    "AttestationError",
    "BlindAIError",
    "Check",
    "ConflictError",
    "Connection",
    "DeadlineError",
    "DebugNotAllowedError",
    "DeniedError",
    "ExhaustedError",
    "IdentityError",
    "InternalError",
    "InvalidError",
    "MalformedError",
    "ModelAccess",
    "ModelInfo",
    "ModelRefusedError",
    "NoSpaceError",
    "NotFoundError",
    "OwnerKey",
    "OwnerKeys",
    "Policy",
    "PredictResponse",
    "Receipt",
    "Report",
    "SimulationModeWarning",
    "StaleError",
    "StaleEvidenceError",
    "Tensor",
    "TensorInfo",
    "TooLargeError",
    "UnavailableError",
    "__version__",
    "connect",
    "keys",
    "load_policy",
    "verify",
]
