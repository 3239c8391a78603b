"""Models that must not reach ONNX Runtime, by the code of their refusal.

The first ones are those that were tried on ONNX Runtime and did what they say.
"""

from __future__ import annotations

import struct

import numpy as np
import onnx
import wire
from attack import Attack, Refused
from onnx import TensorProto, helper

FLOAT = TensorProto.FLOAT


def info(
    name: str, element: int = FLOAT, shape: list[int | str] | None = None
) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, element, [1] if shape is None else shape)


def build(nodes: list[onnx.NodeProto], **more: list[onnx.TensorProto]) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "g", [info("x")], [info("y")], more.get("initializer", []))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return made


def external(location: str, offset: int | None = None) -> bytes:
    weight = TensorProto(name="w", data_type=TensorProto.UINT8, dims=[16])
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=location)
    if offset is not None:
        weight.external_data.add(key="offset", value=str(offset))
    made = build([helper.make_node("Cast", ["w"], ["y"], to=FLOAT)], initializer=[weight])
    return bytes(made.SerializeToString())


def nested_functions(doublings: int) -> bytes:
    """Function k calls function k - 1 twice: inlined, 2^doublings nodes."""
    made = build([helper.make_node(f"f{doublings}", ["x"], ["y"], domain="bomb")])
    made.opset_import.append(helper.make_opsetid("bomb", 1))
    for level in range(doublings + 1):
        body = [helper.make_node("Neg", ["a"], ["b"])]
        if level > 0:
            calls = [("a", "m"), ("m", "b")]
            body = [helper.make_node(f"f{level - 1}", [a], [b], domain="bomb") for a, b in calls]
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("bomb", 1)]
        made.functions.append(helper.make_function("bomb", f"f{level}", ["a"], ["b"], body, opsets))
    return bytes(made.SerializeToString())


def chain(length: int) -> bytes:
    names = ["x", *(f"v{i}" for i in range(length - 1)), "y"]
    made = build([helper.make_node("Neg", [names[i]], [names[i + 1]]) for i in range(length)])
    return bytes(made.SerializeToString())


def nested_ifs(depth: int) -> bytes:
    branch = wire.node(b"Identity", [b"x"], [b"b0"])
    graph = wire.text(wire.NODE, branch) + wire.text(wire.OUTPUT, wire.text(1, b"b0"))
    for level in range(1, depth + 1):
        attribute = wire.text(1, b"then_branch") + wire.text(6, graph) + wire.number(20, 5)
        made = b"b%d" % level if level < depth else b"y"
        branch = wire.node(b"If", [b"go"], [made], wire.text(5, attribute))
        graph = wire.text(wire.NODE, branch) + wire.text(wire.OUTPUT, wire.text(1, made))
    go = wire.text(wire.INPUT, wire.value(b"go", 9, ()))
    return wire.model(graph + go + wire.text(wire.INPUT, wire.value(b"x")))


def loop_body(body: bytes) -> bytes:
    attribute = wire.text(1, b"body") + wire.text(6, body) + wire.number(20, 5)
    loop = wire.node(b"Loop", [b"n", b"go", b"x"], [b"y"], wire.text(5, attribute))
    inputs = wire.text(wire.INPUT, wire.value(b"n", 7, ()))
    inputs += wire.text(wire.INPUT, wire.value(b"go", 9, ()))
    return wire.model(wire.graph(inputs, identity=loop))


def of_domain(domain: bytes, op: bytes) -> bytes:
    first = wire.node(op, [b"x"], [b"y"], wire.text(7, domain))
    return wire.model(wire.graph(identity=first), opsets=wire.opset() + wire.opset(1, domain))


def typed(type_proto: bytes) -> bytes:
    return wire.model(
        wire.graph(wire.text(wire.INPUT, wire.text(1, b"z") + wire.text(2, type_proto)))
    )


def nested_types(depth: int) -> bytes:
    out = wire.text(1, wire.number(1, 1))
    for _ in range(depth):
        out = wire.text(4, wire.text(1, out))
    return typed(out)


def nodes(*some: bytes) -> bytes:
    body = b"".join(wire.text(wire.NODE, one) for one in some)
    return wire.model(
        body + wire.text(wire.INPUT, wire.value(b"x")) + wire.text(wire.OUTPUT, wire.value(b"y"))
    )


def raw(data: bytes) -> bytes:
    return wire.text(9, data)


def weight(name: str = "w") -> onnx.TensorProto:
    return onnx.numpy_helper.from_array(np.ones(1, np.float32), name)


ONE = raw(struct.pack("<f", 1))
PATH = "reads a file of the machine: "
BOMB = "unfolds into far more memory than the file has: "
MERGE = "means one thing to a checker and another to protobuf: "
SIZE = "reads beyond a tensor's data: "
HANG = "makes the loader never end: "


def attack(name: str, tries: str, code: str, model: bytes) -> Attack:
    return Attack(name, tries, Refused(code), lambda: model)


# Large ones are made when they are asked for.
def large(name: str, tries: str, code: str, unit: bytes, times: int, place: str) -> Attack:
    def made() -> bytes:
        many = unit * times
        if place == "node":
            return nodes(wire.node(b"Identity", [b"x"], [b"y"], many))
        if place == "weight":
            return wire.with_weight(many)
        if place == "packed":
            return wire.with_weight(wire.tensor(b"w", 7, [times], wire.text(7, many)))
        if place == "shape":
            return typed(wire.text(1, wire.text(2, many)))
        return wire.model(wire.graph(many))

    return Attack(name, tries, Refused(code), made)


PATHS = [
    attack(f"external-{name}", PATH + where, "model.external-data", external(where))
    for name, where in [
        ("parent", "../../../../etc/passwd"),
        ("absolute", "/etc/passwd"),
        ("proc", "/proc/self/environ"),
        ("working-directory", "etc/debian_version"),
        ("hard-link", "weights.bin"),
        ("dot", "./././weights.bin"),
        ("url", "file:///etc/passwd"),
        ("empty", ""),
    ]
]
PATHS += [
    attack(
        "external-memory",
        "reads this process's own memory by the mark for tensors that lie there already",
        "model.external-data",
        external("*/_ORT_MEM_ADDR_/*", 4096),
    ),
    attack(
        "external-in-attribute",
        PATH + "from a Constant's value",
        "model.external-data",
        wire.with_attribute(
            wire.text(1, b"value")
            + wire.text(5, wire.tensor(b"", 1, [1], wire.number(14, 1)))
            + wire.number(20, 4)
        ),
    ),
    attack(
        "external-in-loop",
        PATH + "from a graph within a graph",
        "model.external-data",
        loop_body(wire.text(wire.INITIALIZER, wire.tensor(b"w", 1, [1], wire.number(14, 1)))),
    ),
    attack(
        "external-2-to-the-32-plus-1",
        MERGE + "data_location 2^32 + 1 is cut to EXTERNAL",
        "model.external-data",
        wire.with_weight(wire.tensor(b"w", 1, [1], ONE + wire.number(14, 2**32 + 1))),
    ),
    attack(
        "ep-context",
        "an operator that loads compiled code from a path",
        "model.operator",
        of_domain(b"com.microsoft", b"EPContext"),
    ),
    attack(
        "python-operator",
        "an operator that runs code outside the model",
        "model.operator",
        of_domain(b"com.microsoft", b"PythonOp"),
    ),
    attack(
        "custom-library",
        "an operator of a library that the server would have to load",
        "model.domain",
        of_domain(b"ai.onnx.contrib", b"StringSplit"),
    ),
    attack(
        "aten",
        "an operator of another framework",
        "model.domain",
        of_domain(b"org.pytorch.aten", b"ATen"),
    ),
    attack(
        "internal-layout",
        "an operator that ONNX Runtime makes for itself and does not check",
        "model.domain",
        of_domain(b"com.microsoft.nchwc", b"Conv"),
    ),
]

BOMBS = [
    Attack(
        f"functions-2-to-the-{n}",
        BOMB + "functions that call each other twice",
        Refused("model.functions"),
        lambda n=n: nested_functions(n),  # type: ignore[misc]
    )
    for n in (14, 16, 30)
]
BOMBS += [
    Attack(
        "nodes-200000",
        HANG + "more nodes than ONNX Runtime orders in reasonable time",
        Refused("model.nodes"),
        lambda: chain(200_000),
    ),
    attack("if-nesting-40", HANG + "graphs 40 deep", "model.nesting", nested_ifs(40)),
    attack("if-nesting-2000", "overflows the reader's stack", "model.nesting", nested_ifs(2000)),
    attack(
        "type-nesting-2000", "overflows the reader's stack", "model.nesting", nested_types(2000)
    ),
    attack(
        "sparse-initializer",
        BOMB + "one value in 2^31 places",
        "model.sparse",
        wire.model(wire.graph(wire.text(15, wire.number(3, 2**31)))),
    ),
    attack(
        "sparse-attribute",
        BOMB + "one value in 2^31 places",
        "model.sparse",
        wire.with_attribute(
            wire.text(1, b"sparse_value")
            + wire.text(22, wire.number(3, 2**31))
            + wire.number(20, 11)
        ),
    ),
    attack(
        "beam-search",
        HANG + "a decoder within one node",
        "model.operator",
        of_domain(b"com.microsoft", b"BeamSearch"),
    ),
    large(
        "attributes", BOMB + "empty attributes", "model.attributes", b"\x2a\x00", 600_000, "node"
    ),
    large("inputs", BOMB + "empty names", "model.values", b"\x0a\x00", 1_100_000, "node"),
    large("strings", BOMB + "empty strings", "model.strings", b"\x32\x00", 4_200_000, "weight"),
    large("dimensions", BOMB + "empty dimensions", "model.parts", b"\x0a\x00", 2_100_000, "shape"),
    large(
        "properties", BOMB + "empty properties", "model.parts", b"\x82\x01\x00", 2_100_000, "graph"
    ),
    large(
        "initializers",
        BOMB + "tensors of nothing",
        "model.initializers",
        b"\x2a\x00",
        70_000,
        "graph",
    ),
    large(
        "packed-numbers",
        BOMB + "numbers of one byte",
        "model.listed-numbers",
        b"\0",
        2**26 + 1,
        "packed",
    ),
]

WIRE = [
    attack("empty", "no model at all", "model.size", b""),
    attack("text", "no model at all", "model.wire-type", b"not a model"),
    attack("zeros", "no model at all", "model.unknown-field", bytes(1000)),
    attack(
        "varint-of-11-bytes",
        MERGE + "readers disagree where it ends",
        "model.varint",
        wire.model(more=b"\x28" + b"\x80" * 10 + b"\x01"),
    ),
    attack(
        "varint-of-70-bits",
        MERGE + "the highest bits are dropped",
        "model.varint",
        wire.model(more=b"\x28" + b"\xff" * 9 + b"\x7f"),
    ),
    attack(
        "overlong-length",
        MERGE + "a length in more bytes than it needs",
        "model.varint",
        wire.model(more=b"\x12\x81\x00a"),
    ),
    attack("group", "a group, which is skipped", "model.group", wire.model(more=b"\x13\x14")),
    attack("group-open", "a group without an end", "model.group", wire.model(more=b"\x13")),
    attack(
        "wire-type-7", "a type that does not exist", "model.wire-type", wire.model(more=b"\x17")
    ),
    attack(
        "wire-type-of-another",
        MERGE + "the graph as a number is skipped",
        "model.wire-type",
        wire.model(more=wire.number(14, 1)),
    ),
    attack(
        "unknown-field",
        MERGE + "what is not known is kept and ignored",
        "model.unknown-field",
        wire.model(more=wire.text(1000, b"hidden")),
    ),
    attack(
        "length-2-to-the-63",
        SIZE + "a length that overflows when it is added",
        "model.truncated",
        wire.model(more=b"\x12" + b"\xff" * 8 + b"\x7f"),
    ),
    attack(
        "two-graphs",
        MERGE + "a second graph is merged into the first",
        "model.repeated-field",
        wire.model(more=wire.text(wire.GRAPH, wire.text(wire.INITIALIZER, b""))),
    ),
    attack(
        "two-raw-data",
        MERGE + "the last raw_data counts",
        "model.repeated-field",
        wire.with_weight(wire.tensor(b"w", 1, [100], raw(bytes(400)) + ONE)),
    ),
    attack(
        "two-members-of-a-choice",
        MERGE + "the last type counts",
        "model.repeated-field",
        typed(wire.text(1, wire.number(1, 1)) + wire.text(4, wire.text(1, wire.text(1, b"")))),
    ),
    attack(
        "data-type-2-to-the-32-plus-1",
        MERGE + "data_type is cut to FLOAT",
        "model.number-range",
        wire.with_weight(wire.tensor(b"w", 2**32 + 1, [1], ONE)),
    ),
    attack(
        "malformed-packed",
        SIZE + "packed numbers that end within one",
        "model.truncated",
        wire.with_weight(wire.tensor(b"w", 7, [2], wire.text(7, b"\x01\x80"))),
    ),
    attack(
        "packed-half-float",
        SIZE + "packed floats that end within one",
        "model.packed-data",
        wire.with_weight(wire.tensor(b"w", 1, [1], wire.text(4, b"abc"))),
    ),
    attack(
        "name-not-utf-8",
        "text that breaks whoever prints it",
        "model.utf8",
        nodes(wire.node(b"Neg", [b"x"], [b"\xff\xfe"])),
    ),
    attack(
        "name-of-1-mb",
        "text that fills logs",
        "model.text-length",
        nodes(wire.node(b"Neg", [b"x"], [b"n" * 2**20])),
    ),
    attack(
        "name-with-zero-byte",
        MERGE + "C's strings end there",
        "model.name",
        nodes(wire.node(b"Neg", [b"x"], [b"y\0z"])),
    ),
]

NUMBERS = [
    attack(
        "dims-overflow",
        SIZE + "2^62 * 4 elements are none",
        "model.dims",
        wire.with_weight(wire.tensor(b"w", 1, [2**62, 4], raw(b""))),
    ),
    attack(
        "dims-overflow-behind-zero",
        SIZE + "a zero hides the overflow",
        "model.dims",
        wire.with_weight(wire.tensor(b"w", 1, [0, 2**40, 2**40], raw(b""))),
    ),
    attack(
        "dims-negative",
        SIZE + "two negative dimensions have a positive product",
        "model.dims",
        wire.with_weight(wire.tensor(b"w", 1, [-2, -2], raw(bytes(16)))),
    ),
    attack(
        "dims-33",
        SIZE + "more dimensions than fixed arrays hold",
        "model.dims",
        wire.with_weight(wire.tensor(b"w", 1, [1] * 33, ONE)),
    ),
    attack(
        "raw-data-short",
        SIZE + "1000 elements, 4 bytes",
        "model.tensor-size",
        wire.with_weight(wire.tensor(b"w", 1, [1000], ONE)),
    ),
    attack(
        "raw-data-long",
        "hides data behind a tensor",
        "model.tensor-size",
        wire.with_weight(wire.tensor(b"w", 1, [1], raw(bytes(4000)))),
    ),
    attack(
        "int4-short",
        SIZE + "half bytes are counted wrongly",
        "model.tensor-size",
        wire.with_weight(wire.tensor(b"w", 22, [9], raw(bytes(4)))),
    ),
    attack(
        "strings-2-to-the-31",
        BOMB + "a tensor of 2^31 strings without any",
        "model.tensor-size",
        wire.with_weight(wire.tensor(b"w", 8, [2**31])),
    ),
    attack(
        "data-in-two-places",
        MERGE + "raw_data or float_data",
        "model.tensor-size",
        wire.with_weight(wire.tensor(b"w", 1, [1], ONE + wire.text(4, bytes(4)))),
    ),
    attack(
        "bool-of-255",
        "booleans that are neither true nor false",
        "model.bool-value",
        wire.with_weight(wire.tensor(b"w", 9, [1], raw(b"\xff"))),
    ),
    attack(
        "element-type-99",
        "reads beyond a table of types",
        "model.tensor-type",
        wire.with_weight(wire.tensor(b"w", 99, [1], ONE)),
    ),
    attack(
        "segment",
        "a tensor in pieces, of which no reader keeps count",
        "model.tensor-segment",
        wire.with_weight(wire.tensor(b"w", 1, [1], ONE + wire.text(3, wire.number(2, 2**40)))),
    ),
    attack(
        "opaque-type", "a type of a library", "model.type", typed(wire.text(7, wire.text(1, b"a")))
    ),
]

GRAPHS = [
    attack(
        "self-cycle",
        HANG + "a node that waits for itself",
        "model.order",
        nodes(wire.node(b"Add", [b"x", b"y"], [b"y"])),
    ),
    attack(
        "cycle",
        HANG + "two nodes that wait for each other",
        "model.order",
        nodes(wire.node(b"Add", [b"x", b"z"], [b"y"]), wire.node(b"Neg", [b"y"], [b"z"])),
    ),
    attack(
        "self-referencing-subgraph",
        HANG + "a Loop's body uses the Loop's result",
        "model.order",
        loop_body(
            wire.text(wire.NODE, wire.node(b"Neg", [b"y"], [b"inner"]))
            + wire.text(wire.OUTPUT, wire.value(b"inner"))
        ),
    ),
    attack(
        "two-initializers-of-one-name",
        MERGE + "the last one counts",
        "model.duplicate-name",
        build(
            [helper.make_node("Add", ["x", "w"], ["y"])], initializer=[weight(), weight()]
        ).SerializeToString(),
    ),
    attack(
        "output-of-two-nodes",
        MERGE + "one of them counts",
        "model.duplicate-name",
        nodes(wire.node(b"Neg", [b"x"], [b"y"]), wire.node(b"Abs", [b"x"], [b"y"])),
    ),
    attack(
        "shadowed-name",
        MERGE + "a body's own value or that of the graph around",
        "model.duplicate-name",
        loop_body(wire.text(wire.INPUT, wire.value(b"x"))),
    ),
    attack(
        "undefined-input",
        "uses what nothing makes",
        "model.undefined-name",
        nodes(wire.node(b"Add", [b"x", b"nothing"], [b"y"])),
    ),
    attack(
        "graph-where-none-belongs",
        HANG + "a graph that is built and never checked",
        "model.subgraph-operator",
        wire.with_attribute(wire.text(1, b"g") + wire.text(6, b"") + wire.number(20, 5)),
    ),
    attack(
        "list-of-graphs",
        HANG + "graphs that are built and never checked",
        "model.subgraph-operator",
        wire.with_attribute(wire.text(1, b"g") + wire.text(11, b"") * 9 + wire.number(20, 10)),
    ),
    attack(
        "attribute-of-two-types",
        MERGE + "a number by its type, a graph by its field",
        "model.attribute",
        wire.with_attribute(
            wire.text(1, b"a") + wire.number(3, 1) + wire.text(6, b"") + wire.number(20, 2)
        ),
    ),
    attack(
        "attribute-twice",
        MERGE + "the first one or the last counts",
        "model.duplicate-name",
        nodes(
            wire.node(
                b"Flatten",
                [b"x"],
                [b"y"],
                wire.text(5, wire.text(1, b"axis") + wire.number(3, 0) + wire.number(20, 2)) * 2,
            )
        ),
    ),
    attack(
        "reference-attribute",
        "an attribute of a function that is not there",
        "model.reference-attribute",
        wire.with_attribute(wire.text(1, b"a") + wire.text(21, b"b") + wire.number(20, 2)),
    ),
    attack(
        "training",
        "a second graph beside the first",
        "model.training",
        wire.model(more=wire.text(20, b"")),
    ),
    attack(
        "devices",
        "places nodes on other devices",
        "model.devices",
        wire.model(more=wire.text(26, wire.text(1, b"gpu"))),
    ),
    attack(
        "overload",
        "calls a function by another name",
        "model.functions",
        nodes(wire.node(b"Neg", [b"x"], [b"y"], wire.text(8, b"other"))),
    ),
    attack("no-graph", "a model of nothing", "model.no-graph", wire.number(1, 8) + wire.opset()),
    attack(
        "opset-1000", "operators of the future", "model.opset", wire.model(opsets=wire.opset(1000))
    ),
    attack("opset-missing", "operators of no set", "model.opset", wire.model(opsets=b"")),
    attack(
        "opset-twice",
        MERGE + "one domain by both of its names",
        "model.opset",
        wire.model(opsets=wire.opset() + wire.opset(9, b"ai.onnx")),
    ),
    attack(
        "ir-version-99",
        "a format of the future",
        "model.ir-version",
        wire.number(1, 99) + wire.text(wire.GRAPH, wire.graph()) + wire.opset(),
    ),
]

STATIC = PATHS + BOMBS + WIRE + NUMBERS + GRAPHS
