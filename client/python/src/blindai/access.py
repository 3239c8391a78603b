"""Who owns models and who may call them, and what an owner keeps of a change."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import MalformedError

__all__ = ["ModelAccess", "OwnerKey", "OwnerKeys", "Receipt"]


@dataclass(frozen=True)
class OwnerKey:
    """One of an owner's public keys. state: "active" or "retired"."""

    key: str
    state: str


@dataclass(frozen=True)
class OwnerKeys:
    """An owner, named by its root public key, and every key it has had."""

    owner: str
    keys: tuple[OwnerKey, ...]


@dataclass(frozen=True)
class ModelAccess:
    """private: only the owner and the callers (public keys) may call the model. handover:
    measurements of programs to which the server may hand it over, in hex."""

    private: bool
    callers: tuple[str, ...] = ()
    handover: tuple[str, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """What to keep of the newest change to a model.

    Passed to predict() and model() later, it makes an older model an error: a host can put a
    server's store back to an older copy without opening anything in it.
    """

    model_id: str
    model_hash: str
    epoch: int
    content_id: str

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Receipt:
        """What to_json() gave, or `blindai upload --receipt` wrote."""
        try:
            fields = json.loads(text)
            out = cls(**fields)
        except (TypeError, ValueError):
            out = None
        if (
            out is None
            or not all(isinstance(t, str) for t in (out.model_id, out.model_hash, out.content_id))
            or type(out.epoch) is not int
            or out.epoch < 1
        ):
            raise MalformedError(
                "a receipt has model_id, model_hash, epoch and content_id, as the server gave them",
                "auth.receipt-layout",
            )
        return out

    def save(self, path: str | os.PathLike[str]) -> None:
        """Replaces the file at once or not at all."""
        beside = Path(f"{os.fspath(path)}.new")
        beside.write_text(self.to_json() + "\n", encoding="ascii")
        beside.replace(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Receipt:
        return cls.from_json(Path(path).read_text(encoding="utf-8"))
