"""A server whose measured configuration says who may upload, and clients of it with keys."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import BUILD, Server, identity_model

import blindai
from blindai import keys


@dataclass
class Owned:
    """The server, the policy that accepts it, and a folder with keys."""

    server: Server
    policy: Path
    folder: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def connect(self, key: str | None = None, **options: Any) -> blindai.Connection:
        api_key = None if key is None else self.folder / key
        return blindai.connect(
            self.address, simulation=True, policy=self.policy, api_key=api_key, **options
        )

    def key(self, name: str) -> str:
        """A new key file of that name; its public key."""
        return keys.create(self.folder / name)

    def model(self, name: str = "m") -> Path:
        path = self.folder / f"{name}.onnx"
        path.write_bytes(identity_model())
        return path

    def run(self, *arguments: str, status: int = 0) -> str:
        """The command line with the owner's key."""
        command = [str(BUILD / "bin" / "blindai"), *arguments]
        if "create" not in arguments:
            command += ["--policy", str(self.policy), "--simulation"]
            command += ["--key", str(self.folder / "owner")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr


class Clock:
    """Of a server that goes by it: tests/access/server_at.cc."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set_ahead(0)

    def set_ahead(self, seconds: int) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(self.file)


def start_owned(
    start: Callable[..., Server],
    folder: Path,
    config: str,
    clock: Clock | None = None,
) -> Owned:
    """Starts the server over folder/store, and measures it for the policy."""
    written, policy = folder / "measured.toml", folder / "policy.toml"
    written.write_text(config)
    programs = BUILD / "bin"
    program, extra = programs / "blindai-server", []
    if clock is not None:
        program = BUILD / "test" / "blindai-server-at"
        extra = ["--worker", str(programs / "blindai-worker"), str(clock.file)]
    server = start(folder / "store", config=config, program=program, extra=extra)
    command = [str(programs / "blindai"), "measure", "--config", str(written)]
    command += ["--policy", str(policy), "--server", str(program)]
    command += ["--worker", str(programs / "blindai-worker")]
    command += ["--onnxruntime", str(programs / "libonnxruntime.so.1.28.0")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return Owned(server, policy, folder)
