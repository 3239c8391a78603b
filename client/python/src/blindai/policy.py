"""What a user accepts of a server: measurements, patch levels, configurations, ages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from . import _core
from .errors import BlindAIError, InvalidError, MalformedError

__all__ = ["Policy", "PolicyLike", "load_policy"]

_PACKAGED = Path(__file__).with_name("policy.toml")


class Policy:
    """A policy, read and checked. Make one with from_file() or from_text().

    Nothing in a policy is permissive by default: a file that leaves a required field out is refused
    with a ValueError that names the field.
    """

    def __init__(self, core: _core.Policy) -> None:
        self._core = core

    @classmethod
    def from_text(cls, text: str) -> Policy:
        """TOML or JSON, told apart by the content; also the files of BlindAI 0.5 and 0.6."""
        return cls(_core.Policy.parse(text))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Policy:
        try:
            return cls.from_text(Path(path).read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            raise MalformedError(
                f"{os.fspath(path)} is not a policy: it is not UTF-8 text"
            ) from None
        except BlindAIError as error:
            raise type(error)(f"{os.fspath(path)}: {error.message}", error.id) from None

    def to_toml(self) -> str:
        return self._core.to_toml()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self._core == other._core

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Policy.from_text({self.to_toml()!r})"


PolicyLike: TypeAlias = "Policy | str | os.PathLike[str]"


def load_policy(policy: PolicyLike | None = None) -> Policy:
    """The policy given (a path, or a Policy), else the file $BLINDAI_POLICY, else the one that came
    with this package. InvalidError (a ValueError) when there is none of them.
    """
    if isinstance(policy, Policy):
        return policy
    if policy is not None:
        return Policy.from_file(policy)
    if named := os.environ.get("BLINDAI_POLICY"):
        return Policy.from_file(named)
    if _PACKAGED.exists():
        return Policy.from_file(_PACKAGED)
    raise InvalidError(
        "No policy says which servers to accept, and none came with this package. Pass policy= the "
        "path of one, or set BLINDAI_POLICY to it. `./dev build release`, run in the source that "
        "the server was built from, writes its policy to build/release/policy.toml.",
        "policy.absent",
    )
