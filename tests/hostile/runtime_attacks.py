"""Models that are well-formed and bounded in the file, and hostile when they are loaded or run.

The check takes them: only a deadline, a memory limit or the sandbox can end them. `by` says which.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from attack import Attack, Bounded
from onnx import TensorProto, helper

FLOAT, INT64, BOOL, STRING = (
    TensorProto.FLOAT,
    TensorProto.INT64,
    TensorProto.BOOL,
    TensorProto.STRING,
)
Shape = list[int | str] | None


def info(name: str, element: int = FLOAT, shape: Shape = None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, element, shape)


def i64(name: str, *values: int) -> onnx.TensorProto:
    return helper.make_tensor(name, INT64, [len(values)], values)


def f32(name: str, *values: float, shape: list[int] | None = None) -> onnx.TensorProto:
    return helper.make_tensor(name, FLOAT, shape if shape is not None else [len(values)], values)


def model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    weights: list[onnx.TensorProto] | None = None,
    ml: bool = False,
    opset: int = 18,
) -> bytes:
    graph = helper.make_graph(nodes, "g", inputs, outputs, weights or [])
    opsets = [helper.make_opsetid("", opset)]
    if ml:
        opsets.append(helper.make_opsetid("ai.onnx.ml", 3))
    made = helper.make_model(graph, opset_imports=opsets)
    made.ir_version = 8
    return bytes(made.SerializeToString())


def one(op: str, inputs: dict[str, tuple[int, Any]], out: int = FLOAT, **attributes: Any) -> bytes:
    """A model of one node, whose inputs are the model's: by name their type and example."""
    made = [
        info(name, element, [f"{name}{i}" for i in range(np.ndim(example))])
        for name, (element, example) in inputs.items()
    ]
    return model([helper.make_node(op, list(inputs), ["y"], **attributes)], made, [info("y", out)])


def feeds(inputs: dict[str, tuple[int, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    kinds: dict[int, Any] = {FLOAT: np.float32, INT64: np.int64, BOOL: np.bool_, STRING: np.object_}
    return {name: np.array(example, kinds[element]) for name, (element, example) in inputs.items()}


def operator(
    name: str, tries: str, by: str, op: str, inputs: dict[str, tuple[int, Any]], **more: Any
) -> Attack:
    return Attack(name, tries, Bounded(by), lambda: one(op, inputs, **more), feeds(inputs))


def folded(name: str, times: int, elements: int) -> Attack:
    """No inputs: the loader may evaluate it."""
    nodes = [helper.make_node("ConstantOfShape", ["n"], [f"c{i}"]) for i in range(times)]
    nodes += [helper.make_node("ReduceMax", [f"c{i}"], [f"r{i}"], keepdims=0) for i in range(times)]
    nodes.append(helper.make_node("Sum", [f"r{i}" for i in range(times)], ["y"]))
    tries = f"has {times} x {4 * elements >> 20} MiB made while it is loaded"
    return Attack(
        name, tries, Bounded("memory"), lambda: model(nodes, [], [info("y")], [i64("n", elements)])
    )


def loop(
    name: str,
    tries: str,
    by: str,
    body: list[onnx.NodeProto],
    state: onnx.TensorProto,
    rounds: int = 2**62,
) -> Attack:
    """body makes "next" from "now"; runs for as long as "n" says."""
    inner = helper.make_graph(
        [helper.make_node("Identity", ["go_in"], ["go_out"]), *body],
        "body",
        [info("i", INT64, []), info("go_in", BOOL, []), info("now")],
        [info("go_out", BOOL, []), info("next")],
    )
    outer = [
        helper.make_node("Loop", ["n", "", "start"], ["end"], body=inner),
        helper.make_node("ReduceMax", ["end"], ["y"], keepdims=0),
    ]
    state.name = "start"
    return Attack(
        name,
        tries,
        Bounded(by),
        lambda: model(outer, [info("n", INT64, [])], [info("y")], [state]),
        {"n": np.array(rounds, np.int64)},
    )


def growing_sequence() -> bytes:
    sequence = helper.make_tensor_sequence_value_info
    inner = helper.make_graph(
        [
            helper.make_node("Identity", ["go_in"], ["go_out"]),
            helper.make_node("SequenceInsert", ["now", "block"], ["next"]),
        ],
        "body",
        [info("i", INT64, []), info("go_in", BOOL, []), sequence("now", FLOAT, None)],
        [info("go_out", BOOL, []), sequence("next", FLOAT, None)],
    )
    nodes = [
        helper.make_node("SequenceEmpty", [], ["start"]),
        helper.make_node("ConstantOfShape", ["size"], ["block"]),
        helper.make_node("Loop", ["n", "", "start"], ["end"], body=inner),
        helper.make_node("SequenceLength", ["end"], ["y"]),
    ]
    return model(nodes, [info("n", INT64, [])], [info("y", INT64, [])], [i64("size", 2**20)])


def many_sequences() -> bytes:
    nodes = [
        helper.make_node("ConstantOfShape", ["n"], ["block"]),
        helper.make_node("Identity", ["block"], ["other"]),
        helper.make_node("SequenceConstruct", ["block"] + ["other"] * 500, ["all"]),
        helper.make_node("ConcatFromSequence", ["all"], ["joined"], axis=0),
        helper.make_node("ReduceMax", ["joined"], ["y"], keepdims=0),
    ]
    return model(nodes, [info("n", INT64, [1])], [info("y")])


def long_product() -> bytes:
    nodes = [
        helper.make_node("ConstantOfShape", ["n"], ["m"]),
        helper.make_node("MatMul", ["m", "m"], ["p"]),
        helper.make_node("ReduceMax", ["p"], ["y"], keepdims=0),
    ]
    return model(nodes, [info("n", INT64, [2])], [info("y")])


def conv_of_other_rank() -> bytes:
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
    weight = f32("w", *([0.0] * 16), shape=[1, 1, 2, 2, 2, 2])
    return model(nodes, [info("x", FLOAT, [1, 1, 4, 4])], [info("y")], [weight], opset=11)


def cyclic_tree() -> bytes:
    attributes: dict[str, Any] = {
        "n_targets": 1,
        "nodes_treeids": [0, 0],
        "nodes_nodeids": [0, 1],
        "nodes_featureids": [0, 0],
        "nodes_modes": ["BRANCH_LEQ", "BRANCH_LEQ"],
        "nodes_values": [0.0, 0.0],
        "nodes_truenodeids": [1, 0],
        "nodes_falsenodeids": [1, 0],
        "target_ids": [0],
        "target_nodeids": [0],
        "target_treeids": [0],
        "target_weights": [1.0],
    }
    tree = helper.make_node(
        "TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", **attributes
    )
    return model([tree], [info("x", FLOAT, [1, 1])], [info("y")], ml=True)


def tfidf_out_of_range() -> bytes:
    node = helper.make_node(
        "TfIdfVectorizer",
        ["x"],
        ["y"],
        mode="TF",
        min_gram_length=1,
        max_gram_length=1,
        max_skip_count=0,
        ngram_counts=[0],
        ngram_indexes=[2**40],
        pool_int64s=[1],
    )
    return model([node], [info("x", INT64, [1])], [info("y")])


def svm_of_wrong_sizes() -> bytes:
    node = helper.make_node(
        "SVMRegressor",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        coefficients=[1.0],
        kernel_params=[0.0, 0.0, 0.0],
        kernel_type="RBF",
        n_supports=2**31,
        rho=[0.0],
        support_vectors=[1.0],
    )
    return model([node], [info("x", FLOAT, [1, 4])], [info("y")], ml=True)


HUGE = 2**33
ROWS = [0.0] * 8

LOADING = [
    folded("constant-4-gib", 1, 2**30),
    folded("constants-6-x-512-mib", 6, 2**27),
    Attack(
        "conv-of-another-rank",
        "reads beyond a list while shapes are inferred (onnxruntime #28731)",
        Bounded("answer"),
        conv_of_other_rank,
        {"x": np.zeros((1, 1, 4, 4), np.float32)},
    ),
    Attack(
        "tree-in-a-circle",
        "a decision tree whose nodes lead to each other",
        Bounded("deadline"),
        cyclic_tree,
        {"x": np.zeros((1, 1), np.float32)},
    ),
    Attack(
        "tfidf-out-of-range",
        "writes to the place 2^40 of its output",
        Bounded("answer"),
        tfidf_out_of_range,
        {"x": np.ones(1, np.int64)},
    ),
    Attack(
        "svm-of-wrong-sizes",
        "reads 2^31 support vectors of which there is one",
        Bounded("answer"),
        svm_of_wrong_sizes,
        {"x": np.zeros((1, 4), np.float32)},
    ),
]

TIME = [
    loop(
        "endless-loop",
        "never ends, though it can be stopped between two nodes",
        "deadline",
        [helper.make_node("Identity", ["now"], ["next"])],
        f32("s", 1.0),
    ),
    Attack(
        "long-product",
        "one matrix product of many seconds, which cannot be stopped",
        Bounded("deadline"),
        long_product,
        {"n": np.full(2, 8_000, np.int64)},
    ),
    operator(
        "regular-expression",
        "a pattern that takes exponential time where it is matched by trying",
        "answer",
        "RegexFullMatch",
        {"x": (STRING, ["a" * 100_000 + "b"])},
        out=BOOL,
        pattern="(a*)*" * 20 + "c",
    ),
    operator(
        "regular-expression-of-states",
        "a pattern that becomes very many states",
        "answer",
        "RegexFullMatch",
        {"x": (STRING, ["a" * 10_000])},
        out=BOOL,
        pattern="((a{1,100}){1,100}){1,100}",
    ),
    loop(
        "loop-of-sorts",
        "sorts a million numbers for ever",
        "deadline",
        [
            helper.make_node("Constant", [], ["k"], value=i64("k", 1_000_000)),
            helper.make_node("TopK", ["now", "k"], ["next", "order"]),
        ],
        helper.make_tensor("s", FLOAT, [1_000_000], bytes(4_000_000), raw=True),
    ),
]

MEMORY = [
    loop(
        "loop-that-doubles",
        "a state twice as long each round",
        "memory",
        [helper.make_node("Concat", ["now", "now"], ["next"], axis=0)],
        f32("s", 1.0),
    ),
    Attack(
        "loop-of-a-growing-sequence",
        "a sequence with 4 MiB more each round",
        Bounded("memory"),
        growing_sequence,
        {"n": np.array(2**62, np.int64)},
    ),
    Attack(
        "sequence-of-many",
        "500 times the same tensor, joined",
        Bounded("memory"),
        many_sequences,
        {"n": np.array([2**24], np.int64)},
    ),
    operator(
        "constant-of-shape",
        "32 GiB of zeros by a shape of 8 bytes",
        "memory",
        "ConstantOfShape",
        {"n": (INT64, [HUGE])},
    ),
    operator(
        "tile", "2^33 times one", "memory", "Tile", {"x": (FLOAT, [1.0]), "n": (INT64, [HUGE])}
    ),
    operator(
        "expand", "2^33 times one", "memory", "Expand", {"x": (FLOAT, [1.0]), "n": (INT64, [HUGE])}
    ),
    operator(
        "expand-overflow",
        "2^62 * 4 elements are none",
        "memory",
        "Expand",
        {"x": (FLOAT, [1.0]), "n": (INT64, [2**62, 4])},
    ),
    operator(
        "pad",
        "2^33 zeros before one",
        "memory",
        "Pad",
        {"x": (FLOAT, [1.0]), "n": (INT64, [HUGE, 0])},
    ),
    operator(
        "pad-negative",
        "takes away more than there is",
        "answer",
        "Pad",
        {"x": (FLOAT, [1.0]), "n": (INT64, [-5, -5])},
    ),
    operator(
        "range",
        "2^33 numbers",
        "memory",
        "Range",
        {"a": (INT64, 0), "b": (INT64, HUGE), "c": (INT64, 1)},
        out=INT64,
    ),
    operator(
        "range-of-no-step",
        "steps of nothing to an end",
        "answer",
        "Range",
        {"a": (INT64, 0), "b": (INT64, 1), "c": (INT64, 0)},
        out=INT64,
    ),
    operator(
        "one-hot",
        "a depth of 2^40",
        "memory",
        "OneHot",
        {"x": (INT64, [0]), "depth": (INT64, [2**40]), "v": (FLOAT, [0.0, 1.0])},
    ),
    operator("window", "a window of 2^33", "memory", "HannWindow", {"n": (INT64, HUGE)}),
    operator(
        "random",
        "2^33 random numbers",
        "memory",
        "RandomUniform",
        {},
        shape=[2**33],
    ),
    Attack(
        "resize",
        "a picture 100,000 times as wide and as high",
        Bounded("memory"),
        lambda: model(
            [helper.make_node("Resize", ["x", "", "s"], ["y"], mode="nearest")],
            [info("x", FLOAT, [1, 1, 1, 1]), info("s", FLOAT, [4])],
            [info("y")],
        ),
        {
            "x": np.zeros((1, 1, 1, 1), np.float32),
            "s": np.array([1, 1, 1e5, 1e5], np.float32),
        },
    ),
    Attack(
        "non-zero",
        "64 bytes for each of many bytes",
        Bounded("memory"),
        lambda: model(
            [
                helper.make_node(
                    "ConstantOfShape", ["n"], ["c"], value=helper.make_tensor("v", BOOL, [1], [1])
                ),
                helper.make_node("NonZero", ["c"], ["y"]),
            ],
            [info("n", INT64, [8])],
            [info("y", INT64)],
        ),
        {"n": np.array([2**27, 1, 1, 1, 1, 1, 1, 1], np.int64)},
    ),
    Attack(
        "outer-product",
        "an output of the square of its inputs' sizes",
        Bounded("memory"),
        lambda: model(
            [
                helper.make_node("ConstantOfShape", ["n"], ["c"]),
                helper.make_node("Einsum", ["c", "c"], ["y"], equation="i,j->ij"),
            ],
            [info("n", INT64, [1])],
            [info("y")],
        ),
        {"n": np.array([2**18], np.int64)},
    ),
]

PLACES = [
    operator(
        "gather",
        "element 2^40 of 8",
        "answer",
        "Gather",
        {"x": (FLOAT, ROWS), "i": (INT64, [2**40])},
    ),
    operator(
        "gather-elements",
        "element -2^40 of 8",
        "answer",
        "GatherElements",
        {"x": (FLOAT, ROWS), "i": (INT64, [-(2**40)])},
    ),
    operator(
        "gather-nd",
        "element 2^62 of 8",
        "answer",
        "GatherND",
        {"x": (FLOAT, ROWS), "i": (INT64, [[2**62]])},
    ),
    operator(
        "scatter-elements",
        "writes element 2^40 of 8",
        "answer",
        "ScatterElements",
        {"x": (FLOAT, ROWS), "i": (INT64, [2**40]), "u": (FLOAT, [1.0])},
    ),
    operator(
        "scatter-nd",
        "writes element -2^40 of 8",
        "answer",
        "ScatterND",
        {"x": (FLOAT, ROWS), "i": (INT64, [[-(2**40)]]), "u": (FLOAT, [1.0])},
    ),
    operator(
        "slice",
        "from -2^63 to 2^63 - 1 in steps of -2^63",
        "answer",
        "Slice",
        {
            "x": (FLOAT, ROWS),
            "a": (INT64, [-(2**63)]),
            "b": (INT64, [2**63 - 1]),
            "c": (INT64, [0]),
            "d": (INT64, [-(2**63)]),
        },
    ),
    operator(
        "top-k",
        "the 2^40 largest of 8",
        "answer",
        "TopK",
        {"x": (FLOAT, ROWS), "k": (INT64, [2**40])},
    ),
    operator(
        "reverse-sequence",
        "a length of 2^40 within 8",
        "answer",
        "ReverseSequence",
        {"x": (FLOAT, [ROWS] * 2), "n": (INT64, [2**40] * 8)},
    ),
    operator(
        "max-unpool",
        "writes to the place 2^40",
        "answer",
        "MaxUnpool",
        {"x": (FLOAT, [[[1.0]]]), "i": (INT64, [[[2**40]]])},
        kernel_shape=[2],
    ),
    operator(
        "roi-align",
        "the picture 2^40 of one",
        "answer",
        "RoiAlign",
        {
            "x": (FLOAT, [[[[1.0]]]]),
            "r": (FLOAT, [[0.0, 0.0, 1.0, 1.0]]),
            "b": (INT64, [2**40]),
        },
    ),
    operator(
        "col2im",
        "a picture larger than its columns",
        "answer",
        "Col2Im",
        {"x": (FLOAT, [[[1.0]]]), "n": (INT64, [1000, 1000]), "b": (INT64, [1, 1])},
    ),
    operator(
        "compress",
        "more choices than elements",
        "answer",
        "Compress",
        {"x": (FLOAT, ROWS), "c": (BOOL, [True] * 1000)},
        axis=0,
    ),
    operator(
        "reshape",
        "8 elements as 2^62 * 4 of them",
        "answer",
        "Reshape",
        {"x": (FLOAT, ROWS), "n": (INT64, [2**62, 4])},
    ),
    operator(
        "division",
        "the smallest number by -1",
        "answer",
        "Div",
        {"a": (INT64, [-(2**63), 1]), "b": (INT64, [-1, 0])},
        out=INT64,
    ),
]

RUNTIME = LOADING + TIME + MEMORY + PLACES
