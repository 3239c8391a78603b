"""A real blindai-server for every test that asks for one, and a raw HTTPS peer to talk to it.

The peer is Python's own ssl module without any attestation: these tests play clients that send what
no client of ours would.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BLINDAI_BUILD", SOURCE / "build" / "dev"))
DEMO_CONFIG = "allow_anonymous_upload = true\n"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json()["code"])

    @property
    def sentence(self) -> str:
        return str(self.json()["error"])


def unverified_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@dataclass
class Server:
    process: subprocess.Popen[str]
    port: int
    store: Path
    log: list[str] = field(default_factory=list)

    def connect(self, timeout: float = 60) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=timeout, context=unverified_context()
        )

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        connection = self.connect()
        try:
            connection.request(method, path, body=body, headers=headers or {})
            reply = connection.getresponse()
            fields = {name.lower(): value for name, value in reply.getheaders()}
            return Answer(reply.status, fields, reply.read())
        finally:
            connection.close()

    def raw(self, data: bytes, wait: float = 10) -> bytes:
        """Sends bytes inside TLS as they are; returns all that comes until the server closes."""
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=wait) as plain,
            unverified_context().wrap_socket(plain) as tls,
        ):
            received = b""
            with contextlib.suppress(TimeoutError, ssl.SSLError, ConnectionError):
                tls.sendall(data)
                while piece := tls.recv(65536):
                    received += piece
            return received

    def upload(self, name: str, model: bytes, **headers: str) -> Answer:
        return self.request("PUT", f"/v1/models/{name}", model, headers)

    def infer(self, name: str, request: Any, **headers: str) -> Answer:
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        return self.request("POST", f"/v2/models/{name}/infer", body, headers)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.close()

    def close(self) -> int:
        status = self.process.wait(timeout=60)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    def resident_kib(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found.group(1))


def start_server(
    store: Path,
    config: str = DEMO_CONFIG,
    build: Path = BUILD,
    extra: list[str] | None = None,
    program: Path | None = None,
) -> Server:
    program = program or build / "bin" / "blindai-server"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    config_file = store.parent / f"{store.name}.toml"
    config_file.write_text(config)
    command = [str(program), "--tee", "simulation", "--listen", "127.0.0.1:0"]
    # Tests upload bad models on purpose, one after the other.
    command += ["--refusal-pause", "0"]
    command += ["--store", str(store), "--config", str(config_file), *(extra or [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=None, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"listening on 127\.0\.0\.1:(\d+)", line)
        if found:
            return Server(process, int(found.group(1)), store)
    raise AssertionError(f"the server ended with {process.wait()} before it listened")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers that end with the test."""
    running: list[Server] = []

    def starter(store: Path | None = None, **options: Any) -> Server:
        server = start_server(store or tmp_path / "store", **options)
        running.append(server)
        return server

    yield starter
    for server in running:
        if server.process.poll() is None:
            server.process.kill()
        server.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that leave it as they found it; it must stop cleanly at the end."""
    running = start_server(tmp_path_factory.mktemp("shared") / "store")
    yield running
    assert running.stop() == 0


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, also where the tests were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


DTYPES = {
    "BOOL": (TensorProto.BOOL, np.bool_),
    "UINT8": (TensorProto.UINT8, np.uint8),
    "UINT16": (TensorProto.UINT16, np.uint16),
    "UINT32": (TensorProto.UINT32, np.uint32),
    "UINT64": (TensorProto.UINT64, np.uint64),
    "INT8": (TensorProto.INT8, np.int8),
    "INT16": (TensorProto.INT16, np.int16),
    "INT32": (TensorProto.INT32, np.int32),
    "INT64": (TensorProto.INT64, np.int64),
    "FP16": (TensorProto.FLOAT16, np.float16),
    "FP32": (TensorProto.FLOAT, np.float32),
    "FP64": (TensorProto.DOUBLE, np.float64),
}


def make_model(
    nodes: list[Any], inputs: list[Any], outputs: list[Any], initializers: list[Any] | None = None
) -> bytes:
    graph = helper.make_graph(nodes, "graph", inputs, outputs, initializers or [])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return bytes(model.SerializeToString())


def identity_model(datatype: str = "FP32", shape: list[Any] | None = None) -> bytes:
    element: Any = TensorProto.STRING if datatype == "BYTES" else DTYPES[datatype][0]
    dims: list[Any] = ["N", 4] if shape is None else shape
    return make_model(
        [helper.make_node("Identity", ["x"], ["y"])],
        [helper.make_tensor_value_info("x", element, dims)],
        [helper.make_tensor_value_info("y", element, dims)],
    )


def sleepy_model() -> bytes:
    """Runs for as many loop rounds as its input says: each multiplies two 128x128 matrices."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["condition"], ["condition_out"]),
            helper.make_node("MatMul", ["state", "state"], ["product"]),
            helper.make_node("Mul", ["product", "zero"], ["state_out"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("condition", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, [128, 128]),
        ],
        [
            helper.make_tensor_value_info("condition_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state_out", TensorProto.FLOAT, [128, 128]),
        ],
    )
    return make_model(
        [
            helper.make_node("Loop", ["rounds", "", "start"], ["end"], body=body),
            helper.make_node("ReduceSum", ["end"], ["y"], keepdims=0),
        ],
        [helper.make_tensor_value_info("rounds", TensorProto.INT64, [])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [])],
        [
            onnx.numpy_helper.from_array(np.ones((128, 128), np.float32), "start"),
            onnx.numpy_helper.from_array(np.zeros((), np.float32), "zero"),
        ],
    )


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def pytest_configure(config: pytest.Config) -> None:
    if sys.version_info < (3, 11):
        raise pytest.UsageError("Python 3.11 or later is needed (Debian 12 has it)")
