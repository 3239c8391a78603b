"""Rows of different clients are never joined into one batch.

With dynamic quantisation one row's values set the scale of all rows beside it, so that a joined
batch shows in the bits. Two models: one made here, and the real one among the model assets, which
is skipped by name where that is not there.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SOURCE, Server, make_model
from onnx import TensorProto, helper

SHARED = Path(os.environ.get("BLINDAI_SHARED", SOURCE.parent / "shared"))
RAWI = SHARED / "models" / "rawi_v3_int8.onnx"
ROUNDS = 40


def quantised_model() -> bytes:
    """x FP32 [N, 4] -> y, the same as far as 256 steps between the batch's extremes allow."""
    return make_model(
        [
            helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]),
            helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"]),
        ],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])],
    )


def ask(server: Server, model: str, names: tuple[str, str], rows: np.ndarray[Any, Any]) -> bytes:
    """The one output, as binary. names: of the input and of that output."""
    datatype = {"f": "FP32", "i": "INT64"}[rows.dtype.kind]
    head = json.dumps(
        {
            "inputs": [
                {
                    "name": names[0],
                    "shape": list(rows.shape),
                    "datatype": datatype,
                    "parameters": {"binary_data_size": rows.nbytes},
                }
            ],
            "outputs": [{"name": names[1], "parameters": {"binary_data": True}}],
        }
    ).encode()
    fields = {"Inference-Header-Content-Length": str(len(head))}
    answer = server.infer(model, head + rows.tobytes(), **fields)
    assert answer.status == 200, answer.body
    return answer.body[int(answer.headers["inference-header-content-length"]) :]


def stays_the_same_beside_another(
    server: Server,
    model: str,
    names: tuple[str, str],
    one: np.ndarray[Any, Any],
    other: np.ndarray[Any, Any],
) -> None:
    alone = [ask(server, model, names, rows) for rows in (one, other)]
    together: list[list[bytes]] = [[], []]

    def client(index: int, rows: np.ndarray[Any, Any]) -> None:
        together[index] = [ask(server, model, names, rows) for _ in range(ROUNDS)]

    threads = [threading.Thread(target=client, args=pair) for pair in enumerate((one, other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index in range(2):
        assert len(together[index]) == ROUNDS
        assert set(together[index]) == {alone[index]}
    # The test would notice: in one batch the bits are others.
    joined = ask(server, model, names, np.concatenate([one, other]))
    assert len(joined) == len(alone[0]) + len(alone[1])
    assert joined != alone[0] + alone[1]


def test_a_small_row_keeps_its_scale_beside_a_large_one(server: Server) -> None:
    assert server.upload("rows", quantised_model()).status == 201
    small = np.array([[0.1, 0.2, 0.3, 0.4]], np.float32)
    large = np.array([[100.0, -100.0, 7.0, 1e4]], np.float32)
    stays_the_same_beside_another(server, "rows", ("x", "y"), small, large)


def test_a_real_model_with_dynamic_quantisation(server: Server) -> None:
    if not RAWI.exists():
        pytest.skip("rawi_v3_int8.onnx is not among the model assets")
    assert server.upload("rawi", RAWI.read_bytes()).status == 201
    random = np.random.default_rng(1)
    one, other = (random.integers(1, 30, (1, 24)).astype(np.int64) for _ in range(2))
    stays_the_same_beside_another(server, "rawi", ("input", "value"), one, other)
