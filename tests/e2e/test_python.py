"""The Python package against a real server: what goes in comes back, and what fails says why."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from conftest import (
    BUILD,
    DEMO_CONFIG,
    DTYPES,
    SOURCE,
    Server,
    identity_model,
    make_model,
    sleepy_model,
)
from onnx import TensorProto, helper

import blindai

pytestmark = pytest.mark.filterwarnings("ignore::blindai.SimulationModeWarning")

Array = npt.NDArray[Any]


def connect(server: Server, policy: blindai.Policy) -> blindai.Connection:
    return blindai.connect(f"127.0.0.1:{server.port}", simulation=True, policy=policy)


@pytest.fixture(scope="session")
def policy(tmp_path_factory: pytest.TempPathFactory) -> blindai.Policy:
    """Accepts the programs of this build with the configuration that the tests give them."""
    programs = BUILD / "bin"
    folder = tmp_path_factory.mktemp("policy")
    config, out = folder / "config.toml", folder / "policy.toml"
    config.write_text(DEMO_CONFIG)
    command = [str(programs / "blindai"), "measure", "--config", str(config), "--policy", str(out)]
    command += ["--server", str(programs / "blindai-server")]
    command += ["--worker", str(programs / "blindai-worker")]
    command += ["--onnxruntime", str(programs / "libonnxruntime.so.1.28.0")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return blindai.Policy.from_file(out)


@pytest.fixture
def client(server: Server, policy: blindai.Policy) -> Iterator[blindai.Connection]:
    with connect(server, policy) as connection:
        yield connection


def upload(client: blindai.Connection, folder: Path, name: str, model: bytes) -> blindai.ModelInfo:
    path = folder / f"{name}.onnx"
    path.write_bytes(model)
    return client.upload_model(path)


@pytest.fixture
def identity(client: blindai.Connection, tmp_path: Path) -> Iterator[str]:
    yield upload(client, tmp_path, "py-identity", identity_model("FP32")).model_id
    if not client.closed:
        client.delete_model("py-identity")


class TestVerification:
    def test_every_check_is_reported(self, client: blindai.Connection) -> None:
        report = client.report
        assert report.ok
        assert report.simulation
        assert all(check.passed for check in report.checks)
        names = {(check.of, check.name) for check in report.checks}
        for of in ("certificate", "connection"):
            assert {(of, "policy.measurement"), (of, "channel.key")} <= names
        assert {("connection", "channel.nonce"), ("connection", "channel.exporter")} <= names
        assert json.loads(report.to_json())["ok"] is True

    def test_the_measured_configuration_is_the_one_the_server_was_given(
        self, client: blindai.Connection
    ) -> None:
        assert client.report.config == DEMO_CONFIG

    def test_another_program_is_refused_with_both_measurements(
        self, server: Server, policy: blindai.Policy, client: blindai.Connection
    ) -> None:
        other = "ab" * 32
        text = policy.to_toml().replace(client.report.measurement, other)
        with pytest.raises(blindai.IdentityError) as caught:
            connect(server, blindai.Policy.from_text(text))
        error = caught.value
        assert error.id == "policy.measurement"
        assert other in error.expected
        assert client.report.measurement in error.found
        assert error.report is not None
        assert not error.report.ok

    def test_the_simulation_is_refused_unless_asked_for(
        self, server: Server, policy: blindai.Policy
    ) -> None:
        with pytest.raises(blindai.AttestationError, match="simulation"):
            blindai.connect(f"127.0.0.1:{server.port}", policy=policy)


class TestClosed:
    def test_every_call_is_a_value_error(self, client: blindai.Connection, tmp_path: Path) -> None:
        path = tmp_path / "model.onnx"
        path.write_bytes(identity_model())
        client.close()
        client.close()
        assert client.closed
        for call in (
            lambda: client.predict("x", np.zeros(1)),
            lambda: client.upload_model(path),
            lambda: client.models(),
            lambda: client.model("x"),
            lambda: client.delete_model("x"),
        ):
            with pytest.raises(ValueError, match="closed"):
                call()

    def test_the_report_stays(self, client: blindai.Connection) -> None:
        client.close()
        assert client.report.ok


class TestUpload:
    def test_says_what_arrived(self, client: blindai.Connection, tmp_path: Path) -> None:
        model = identity_model("INT32", ["N", 4])
        info = upload(client, tmp_path, "py-upload", model)
        assert info.model_id == "py-upload"
        assert info.size == len(model)
        assert info.inputs == (blindai.TensorInfo("x", "INT32", (-1, 4)),)
        assert info.outputs == (blindai.TensorInfo("y", "INT32", (-1, 4)),)
        assert client.model("py-upload") == info
        assert info in client.models()
        client.delete_model("py-upload")
        assert info not in client.models()
        with pytest.raises(blindai.NotFoundError):
            client.model("py-upload")

    def test_tells_its_progress_to_the_end(
        self, client: blindai.Connection, tmp_path: Path
    ) -> None:
        path = tmp_path / "large.onnx"
        path.write_bytes(large_model())
        told: list[tuple[int, int]] = []
        client.upload_model(path, "py-large", save_model=False, progress=lambda *p: told.append(p))
        client.delete_model("py-large")
        size = path.stat().st_size
        assert told[-1] == (size, size)
        assert told == sorted(told)
        assert len(told) > 1

    def test_an_exception_from_progress_stops_it_without_a_trace(
        self, client: blindai.Connection, tmp_path: Path
    ) -> None:
        path = tmp_path / "large.onnx"
        path.write_bytes(large_model())

        def progress(sent: int, total: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            client.upload_model(path, "py-stopped", progress=progress)
        with pytest.raises(blindai.NotFoundError):
            client.model("py-stopped")

    def test_the_connection_cannot_be_used_from_progress(
        self, client: blindai.Connection, tmp_path: Path
    ) -> None:
        path = tmp_path / "py-inside.onnx"
        path.write_bytes(identity_model())
        with pytest.raises(ValueError, match="progress"):
            client.upload_model(path, progress=lambda *_: client.models())

    def test_a_file_that_cannot_be_read_is_pythons_own_error(
        self, client: blindai.Connection, tmp_path: Path
    ) -> None:
        with pytest.raises(FileNotFoundError):
            client.upload_model(tmp_path / "absent.onnx")
        with pytest.raises(IsADirectoryError):
            client.upload_model(tmp_path)

    def test_a_file_that_is_no_model_is_refused(
        self, client: blindai.Connection, tmp_path: Path
    ) -> None:
        with pytest.raises(blindai.ModelRefusedError) as caught:
            upload(client, tmp_path, "py-noise", bytes(range(256)) * 10)
        assert len(str(caught.value)) > 20
        assert "\x1b" not in str(caught.value)

    def test_a_taken_name_is_a_conflict(
        self, client: blindai.Connection, identity: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "other.onnx"
        path.write_bytes(identity_model("FP64"))
        with pytest.raises(blindai.ConflictError):
            client.upload_model(path, identity)


def large_model() -> bytes:
    """Weights of 4 MB, so that the file takes several writes."""
    weights = helper.make_tensor("w", TensorProto.FLOAT, [1 << 20], bytes(4 << 20), raw=True)
    return make_model(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1 << 20])],
        [weights],
    )


class TestPredict:
    @pytest.mark.parametrize("datatype", [*DTYPES, "BYTES", "BF16"])
    def test_every_datatype_comes_back(
        self, client: blindai.Connection, tmp_path: Path, datatype: str
    ) -> None:
        name = f"py-{datatype.lower()}"
        upload(client, tmp_path, name, model_of(datatype))
        sent: Any = np.arange(8).reshape(2, 4)
        if datatype == "BYTES":
            sent = np.array([["", "a", "\u20ac", "\udcff"], ["b" * 300, "\x00", "x\x00", "y"]])
            sent = sent.astype(object)
        elif datatype == "BF16":
            sent = sent.astype(np.float32) / 4
        else:
            sent = sent.astype(DTYPES[datatype][1])
        response = client.predict(name, sent, datatype)
        client.delete_model(name)
        (tensor,) = response.output
        assert (tensor.name, tensor.datatype, tensor.shape) == ("y", datatype, (2, 4))
        assert np.array_equal(tensor.as_numpy(), sent)
        assert tensor.as_numpy().dtype == sent.dtype
        assert tensor.as_flat() == sent.ravel().tolist()

    @pytest.mark.parametrize(
        "array",
        [
            np.arange(32, dtype=np.float32).reshape(4, 8)[:, ::2],
            np.arange(16, dtype=np.float32).reshape(4, 4).T,
            np.arange(8, dtype=">f4").reshape(2, 4),
            np.empty((0, 4), np.float32),
        ],
        ids=["strided", "transposed", "big-endian", "empty"],
    )
    def test_every_layout_comes_back(
        self, client: blindai.Connection, identity: str, array: Array
    ) -> None:
        assert np.array_equal(client.predict(identity, array).output[0].as_numpy(), array)

    def test_lists_and_names_work(self, client: blindai.Connection, identity: str) -> None:
        rows = [[1.0, 2.0, 3.0, 4.0]]
        for inputs in (rows, {"x": rows}, [np.array(rows, np.float32)]):
            assert client.predict(identity, inputs)["y"].as_numpy().tolist() == rows
        flat = client.predict(identity, [1, 2, 3, 4], "float32", (1, 4))
        assert flat["y"].as_numpy().tolist() == rows

    def test_several_inputs_go_by_order_or_by_name(
        self, client: blindai.Connection, tmp_path: Path
    ) -> None:
        upload(client, tmp_path, "py-minus", minus_model())
        a, b = np.array([5, 7]), np.array([1, 2])
        assert client.predict("py-minus", [a, b])["difference"].as_flat() == [4, 5]
        assert client.predict("py-minus", {"b": b, "a": a})["difference"].as_flat() == [4, 5]
        only = client.predict("py-minus", [a, b], outputs=["sum"])
        assert [(t.name, t.as_flat()) for t in only.output] == [("sum", [6, 9])]
        with pytest.raises(KeyError, match="sum"):
            only["difference"]
        with pytest.raises(ValueError, match="nothing"):
            client.predict("py-minus", [a, b], outputs=["nothing"])
        client.delete_model("py-minus")

    def test_the_answer_says_what_ran_and_how_long(
        self, client: blindai.Connection, identity: str
    ) -> None:
        response = client.predict(identity, np.zeros((1, 4), np.float32), request_id="seven")
        assert (response.model_id, response.request_id) == (identity, "seven")
        assert 0 < response.inference_time < response.request_time

    def test_a_pinned_hash_has_to_be_the_models(
        self, client: blindai.Connection, identity: str
    ) -> None:
        zeros = np.zeros((1, 4), np.float32)
        known = client.model(identity).model_hash
        assert client.predict(identity, zeros, model_hash=known).output
        with pytest.raises(blindai.ConflictError):
            client.predict(identity, zeros, model_hash="00" * 32)
        with pytest.raises(ValueError, match="64 hexadecimal"):
            client.predict(identity, zeros, model_hash="nonsense")

    @pytest.mark.parametrize(
        "tensors",
        [
            np.zeros((1, 4), np.float64),
            np.zeros(4, np.float32),
            np.zeros((1, 5), np.float32),
            {"z": np.zeros((1, 4), np.float32)},
            [np.zeros((1, 4), np.float32)] * 2,
        ],
        ids=["datatype", "rank", "dimension", "name", "number"],
    )
    def test_a_wrong_input_is_a_value_error_that_says_what_is_right(
        self, client: blindai.Connection, identity: str, tensors: Any
    ) -> None:
        with pytest.raises(ValueError, match=r"\bx\b|1 input"):
            client.predict(identity, tensors)

    def test_an_unknown_model_is_not_found(self, client: blindai.Connection) -> None:
        with pytest.raises(blindai.NotFoundError, match="py-unknown"):
            client.predict("py-unknown", np.zeros(1))

    @pytest.mark.usefixtures("interruptible")
    def test_ctrl_c_ends_the_wait_and_the_connection_goes_on(
        self, client: blindai.Connection, identity: str, tmp_path: Path
    ) -> None:
        upload(client, tmp_path, "py-long", sleepy_model())
        client.predict("py-long", np.array(1))
        thread = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            client.predict("py-long", np.array(10_000_000))
        thread.join()
        assert client.predict(identity, np.zeros((1, 4), np.float32)).output
        client.delete_model("py-long")

    def test_the_answer_is_writable_memory_of_its_own(
        self, client: blindai.Connection, identity: str
    ) -> None:
        sent = np.ones((1, 4), np.float32)
        array = client.predict(identity, sent).output[0].as_numpy()
        client.close()
        array += 1
        assert array.tolist() == [[2, 2, 2, 2]]
        assert sent.tolist() == [[1, 1, 1, 1]]


def model_of(datatype: str) -> bytes:
    if datatype != "BF16":
        return identity_model(datatype)
    return make_model(
        [helper.make_node("Identity", ["x"], ["y"])],
        [helper.make_tensor_value_info("x", TensorProto.BFLOAT16, ["N", 4])],
        [helper.make_tensor_value_info("y", TensorProto.BFLOAT16, ["N", 4])],
    )


def minus_model() -> bytes:
    def info(name: str) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.INT64, ["N"])

    return make_model(
        [
            helper.make_node("Sub", ["a", "b"], ["difference"]),
            helper.make_node("Add", ["a", "b"], ["sum"]),
        ],
        [info("a"), info("b")],
        [info("difference"), info("sum")],
    )


class TestThreads:
    def test_take_turns_on_one_connection(self, client: blindai.Connection, identity: str) -> None:
        wrong: list[object] = []

        def work(seed: int) -> None:
            try:
                for i in range(20):
                    array = np.full((1, 4), seed * 1000 + i, np.float32)
                    if not np.array_equal(client.predict(identity, array)["y"].as_numpy(), array):
                        wrong.append(array)
            except Exception as error:
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []

    def test_others_run_while_one_waits_for_an_answer(
        self, client: blindai.Connection, tmp_path: Path
    ) -> None:
        upload(client, tmp_path, "py-sleepy", sleepy_model())
        waiting = threading.Event()
        done = threading.Event()

        def work() -> None:
            waiting.set()
            client.predict("py-sleepy", np.array(20_000))
            done.set()

        thread = threading.Thread(target=work)
        thread.start()
        waiting.wait()
        ticks = 0
        while not done.is_set() and thread.is_alive():
            time.sleep(0.001)
            ticks += 1
        thread.join()
        client.delete_model("py-sleepy")
        assert done.is_set()
        assert ticks > 10


class TestEfficientNet:
    @pytest.fixture
    def shared(self) -> Path:
        folder = Path(os.environ.get("BLINDAI_SHARED", SOURCE.parent / "shared"))
        if not folder.is_dir():
            pytest.skip("the shared models are not here (BLINDAI_SHARED names their folder)")
        return folder

    @pytest.fixture
    def model(self, client: blindai.Connection, shared: Path) -> Iterator[str]:
        path = shared / "models" / "efficientnet_lite0.onnx"
        yield client.upload_model(path, "py-lite0", save_model=False).model_id
        client.delete_model("py-lite0")

    def test_answers_are_those_expected(
        self, client: blindai.Connection, model: str, shared: Path
    ) -> None:
        text = (shared / "models" / "expected" / "efficientnet_lite0.json").read_text()
        expected = json.loads(text)
        for case in expected["cases"]:
            array = array_of(case["inputs"]["input"], shared / "models")
            (tensor,) = client.predict(model, array).output
            want = case["outputs"]["output"]
            values = np.array(want["value"])
            got = tensor.as_numpy().ravel()[want["flat_index"]]
            assert tensor.shape == tuple(want["shape"])
            assert (np.abs(got - values) <= expected["atol"] + expected["rtol"] * abs(values)).all()


def array_of(spec: dict[str, Any], models: Path) -> Array:
    """An input by its recipe, as the models' README has it."""
    recipe = spec["recipe"]
    if recipe["kind"] == "file_u8_hwc_to_nchw":
        pixels = np.fromfile(models / recipe["file"], np.uint8).reshape(224, 224, 3)
        scaled = (pixels.astype(np.float32) - 127) / 128
        return np.asarray(scaled.transpose(2, 0, 1)[None])
    assert recipe["kind"] == "weyl"
    count = int(np.prod(spec["shape"]))
    u = (np.arange(1, count + 1, dtype=np.uint64) * 2654435761 % 2**32) / 2**32
    values = (2 * u - 1) * recipe["scale"] + recipe["offset"]
    return np.asarray(values.astype(np.float32).reshape(spec["shape"]))
