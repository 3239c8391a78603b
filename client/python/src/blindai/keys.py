"""API keys: who you are to a server, made and kept on this machine.

    blindai.keys.create("~/.blindai-key")              # a new file that only you can read
    client = blindai.Connection(addr, api_key=Path("~/.blindai-key").expanduser())

A key is never sent. What servers get are its public key ("baipk_...") and a signature that holds on
one connection alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, TypeAlias

from . import _core
from .errors import InvalidError

__all__ = ["ApiKeyLike", "Consent", "consent", "create", "public_key"]

# The key's text ("bai_..."), or the path of a file with it. None: the file that the variable
# BLINDAI_KEY_FILE names, else the text in BLINDAI_API_KEY.
ApiKeyLike: TypeAlias = "str | os.PathLike[str] | None"


class Consent(NamedTuple):
    """A key's agreement to belong to an owner, for Connection.endorse_key()."""

    key: str
    consent: str


def create(path: str | os.PathLike[str]) -> str:
    """Makes a key and writes it to a new file that only its owner can read. Returns the public key.

    A file that is there already is never overwritten: that is a ConflictError.
    """
    key = _core.ApiKey.generate()
    key.write(str(Path(path).expanduser()))
    return key.public_key


def public_key(api_key: ApiKeyLike = None) -> str:
    """The public half of a key: what to tell others."""
    return _needed(api_key).public_key


def consent(owner: str, api_key: ApiKeyLike = None) -> Consent:
    """Lets a key become one of an owner's, who is named by its root public key.

    Runs where the new key is; one of the owner's keys then calls Connection.endorse_key(*consent).
    """
    return Consent(*_needed(api_key).consent(owner))


def load(api_key: ApiKeyLike) -> _core.ApiKey | None:
    """None when no argument and no variable names a key: the caller is anonymous."""
    if isinstance(api_key, str):
        if os.sep in api_key:
            raise InvalidError("api_key is a key's text; for a file, pass a pathlib.Path of it")
        return _core.ApiKey.parse(api_key)
    return _core.ApiKey.load("" if api_key is None else str(Path(api_key).expanduser()))


def _needed(api_key: ApiKeyLike) -> _core.ApiKey:
    key = load(api_key)
    if key is None:
        raise InvalidError(
            "no API key: pass one, name its file in BLINDAI_KEY_FILE, or make one with "
            "blindai.keys.create(path)",
            "client.key.none",
        )
    return key
