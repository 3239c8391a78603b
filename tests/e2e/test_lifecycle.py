"""A server's life: what it keeps over a restart, how it stops, what it takes in memory."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from conftest import (
    BUILD,
    DTYPES,
    Server,
    identity_model,
    make_model,
    sleepy_model,
    unverified_context,
    wait_until,
)
from onnx import TensorProto, helper

ONE = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}


def workers_of(server: Server) -> list[int]:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def test_models_survive_a_restart(start: Callable[..., Server], tmp_path: Path) -> None:
    first = start(tmp_path / "kept")
    assert first.upload("kept", identity_model()).status == 201
    assert (
        first.upload("passing", identity_model(), **{"blindai-save-model": "false"}).status == 201
    )
    description = first.request("GET", "/v1/models/kept").json()
    assert first.stop() == 0
    second = start(tmp_path / "kept")
    assert second.request("GET", "/v1/models/kept").json() == description
    assert second.request("GET", "/v1/models/passing").code == "model.unknown"
    assert second.infer("kept", ONE).json()["outputs"][0]["data"] == [1, 2, 3, 4]


def test_sigterm_finishes_running_requests(start: Callable[..., Server]) -> None:
    server = start()
    assert server.upload("sleepy", sleepy_model()).status == 201
    request = {"inputs": [{"name": "rounds", "shape": [], "datatype": "INT64", "data": [3_000]}]}
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(server.infer("sleepy", request)))
    thread.start()
    time.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    assert wait_until(lambda: refused(server.port))
    thread.join()
    assert answers[0].status == 200, answers[0].body
    assert server.close() == 0


def refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_goes_on_when_nobody_reads_what_it_prints(tmp_path: Path) -> None:
    program = BUILD / "bin" / "blindai-server"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = tmp_path / "config.toml"
    config.write_text("allow_anonymous_upload = true\n")
    process = subprocess.Popen(
        [
            *[str(program), "--tee", "simulation", "--listen", f"127.0.0.1:{port}"],
            *["--store", str(tmp_path / "store"), "--config", str(config)],
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    # Both gone before the server has printed anything.
    process.stdout.close()
    process.stderr.close()
    server = Server(process, port, tmp_path / "store")
    try:
        assert wait_until(lambda: not refused(port) or process.poll() is not None)
        assert server.upload("m", identity_model()).status == 201
        assert server.infer("m", ONE).status == 200
        # A worker's end is worth a line in the log.
        os.kill(workers_of(server)[0], signal.SIGKILL)
        assert wait_until(lambda: workers_of(server) == [])
        assert server.infer("m", ONE).status == 200
        assert server.stop() == 0
    finally:
        process.kill()
        process.wait()


def test_deadline_ends_a_run_and_others_notice_nothing(start: Callable[..., Server]) -> None:
    server = start(config="allow_anonymous_upload = true\nrun_time_s = 1\n")
    assert server.upload("sleepy", sleepy_model()).status == 201
    assert server.upload("quick", identity_model()).status == 201
    endless = {"inputs": [{"name": "rounds", "shape": [], "datatype": "INT64", "data": [2**60]}]}
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(server.infer("sleepy", endless)))
    thread.start()
    while thread.is_alive():
        assert server.infer("quick", ONE).status == 200
    assert (answers[0].status, answers[0].code) == (504, "infer.deadline"), answers[0].body
    short = {"inputs": [{"name": "rounds", "shape": [], "datatype": "INT64", "data": [1]}]}
    assert server.infer("sleepy", short).status == 200


def test_killed_worker_is_replaced(start: Callable[..., Server]) -> None:
    server = start()
    assert server.upload("m", identity_model()).status == 201
    assert server.infer("m", ONE).status == 200
    workers = workers_of(server)
    assert len(workers) == 1
    os.kill(workers[0], signal.SIGKILL)
    assert wait_until(lambda: workers[0] not in workers_of(server))
    assert server.infer("m", ONE).status == 200


@pytest.mark.parametrize("datatype", [*DTYPES, "BYTES"])
@pytest.mark.parametrize("shape", [[2, 3], [], [0, 2]])
def test_every_datatype_in_binary(server: Server, datatype: str, shape: list[int]) -> None:
    name = f"dt-{datatype.lower()}-{len(shape)}-{0 in shape}"
    declared = [f"d{i}" for i in range(len(shape))]
    assert server.upload(name, identity_model(datatype, declared)).status == 201
    count = int(np.prod(shape))
    if datatype == "BYTES":
        data = b"".join(len(s).to_bytes(4, "little") + s for s in [b"a\x00\xffb"] * count)
    else:
        data = np.arange(count).astype(DTYPES[datatype][1]).tobytes()
    tensor: dict[str, Any] = {"name": "x", "shape": shape, "datatype": datatype}
    tensor["parameters"] = {"binary_data_size": len(data)}
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    answer = server.infer(name, head + data, **{"inference-header-content-length": str(len(head))})
    assert answer.status == 200, answer.body
    json_length = int(answer.headers["inference-header-content-length"])
    described = json.loads(answer.body[:json_length])["outputs"][0]
    assert (described["shape"], described["datatype"]) == (shape, datatype)
    assert answer.body[json_length:] == data
    assert server.request("DELETE", f"/v1/models/{name}").status == 200


def large_model(megabytes: int) -> bytes:
    """A MatMul with one weight of that size."""
    rows = megabytes * 1024 * 1024 // 4 // 1024
    weight = np.zeros((rows, 1024), np.float32)
    return make_model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, rows])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1024])],
        [onnx.numpy_helper.from_array(weight, "w")],
    )


def test_700_mb_upload_leaves_the_server_small(start: Callable[..., Server]) -> None:
    server = start(extra=["--memory", "8000"])
    before = server.resident_kib()
    model = large_model(700)
    peak = before
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, server.resident_kib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        answer = server.upload("large", model)
    finally:
        done.set()
        watcher.join()
    assert answer.status == 201, answer.body
    assert peak - before < 64 * 1024, f"{before} KiB before, {peak} KiB at the most"


def test_altered_program_is_refused(start: Callable[..., Server], tmp_path: Path) -> None:
    client = BUILD / "bin" / "blindai"
    if not client.exists():
        pytest.skip(f"{client} is not built")
    programs = tmp_path / "build" / "bin"
    shutil.copytree(BUILD / "bin", programs)
    server = start(build=tmp_path / "build")
    policy = tmp_path / "policy.toml"
    measured = [str(client), "measure", "--server", str(programs / "blindai-server")]
    measured += ["--worker", str(programs / "blindai-worker"), "--policy", str(policy)]
    measured += ["--onnxruntime", str(programs / "libonnxruntime.so.1.28.0")]
    measured += ["--config", str(server.store.parent / "store.toml")]
    subprocess.run(measured, check=True, capture_output=True)
    address = f"127.0.0.1:{server.port}"
    verify = [str(client), "verify", address, "--policy", str(policy), "--json"]
    good = subprocess.run([*verify, "--simulation"], capture_output=True, text=True)
    assert good.returncode == 0, good.stdout
    assert json.loads(good.stdout)["ok"] is True

    without = subprocess.run(verify, capture_output=True, text=True)
    assert without.returncode == 3
    assert "simulation" in without.stdout + without.stderr

    assert server.stop() == 0
    with (programs / "blindai-worker").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))
    altered = start(tmp_path / "other", build=tmp_path / "build")
    verify[2] = f"127.0.0.1:{altered.port}"
    bad = subprocess.run([*verify, "--simulation"], capture_output=True, text=True)
    assert bad.returncode == 3
    failed = [c["name"] for c in json.loads(bad.stdout)["checks"] if c["state"] == "failed"]
    assert "policy.measurement" in failed, bad.stdout


def test_metadata_in_the_protocols_form(server: Server) -> None:
    assert server.upload("h/meta", identity_model()).status == 201
    assert server.request("GET", "/v2/health/live").status == 200
    assert server.request("GET", "/v2/health/ready").status == 200
    metadata = server.request("GET", "/v2/models/h/meta").json()
    assert metadata["platform"] == "onnxruntime_onnx"
    assert metadata["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}]
    config = server.request("GET", "/v2/models/h/meta/config").json()
    assert config["input"][0] == {"name": "x", "data_type": "TYPE_FP32", "dims": [-1, 4]}
    assert server.infer("h/meta", ONE).status == 200
    statistics = server.request("GET", "/v2/models/h/meta/stats").json()["model_stats"][0]
    assert statistics["inference_count"] == 1
    assert statistics["inference_stats"]["compute_infer"]["ns"] > 0
    index = server.request("POST", "/v2/repository/index").json()
    assert {"name": "h/meta", "version": "1", "state": "READY"} in index
    assert server.request("POST", "/v2/repository/models/h/meta/unload", b"{}").status == 200
    assert server.request("POST", "/v2/repository/models/h/meta/load", b"{}").status == 200
    assert server.request("DELETE", "/v1/models/h/meta").status == 200


def test_unmodified_tritonclient(server: Server) -> None:
    triton = pytest.importorskip("tritonclient.http", reason="tritonclient is not installed")
    assert server.upload("triton", identity_model()).status == 201
    client = triton.InferenceServerClient(
        f"127.0.0.1:{server.port}",
        ssl=True,
        ssl_context_factory=unverified_context,
        insecure=True,
    )
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("triton")
    assert client.get_server_metadata()["name"] == "blindai"
    assert client.get_model_metadata("triton", "1")["name"] == "triton"
    assert client.get_model_config("triton")["max_batch_size"] == 0
    assert any(model["name"] == "triton" for model in client.get_model_repository_index())
    values = np.arange(8, dtype=np.float32).reshape(2, 4)
    for binary in (True, False):
        tensor = triton.InferInput("x", [2, 4], "FP32")
        tensor.set_data_from_numpy(values, binary_data=binary)
        outputs = [triton.InferRequestedOutput("y", binary_data=binary)]
        result = client.infer("triton", [tensor], outputs=outputs, request_id="7")
        assert np.array_equal(result.as_numpy("y"), values)
        assert result.get_response()["id"] == "7"
    with pytest.raises(Exception, match="no model absent"):
        client.get_model_metadata("absent")
    client.close()
    assert server.request("DELETE", "/v1/models/triton").status == 200
