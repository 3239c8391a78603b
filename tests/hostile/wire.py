"""Protobuf's wire format by hand, for what no writer of it would write."""

from __future__ import annotations


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


# Fields of ModelProto and GraphProto.
IR_VERSION, PRODUCER, MODEL_VERSION, GRAPH, OPSET = 1, 2, 5, 7, 8
NODE, INITIALIZER, INPUT, OUTPUT = 1, 5, 11, 12


def opset(version: int = 17, domain: bytes = b"") -> bytes:
    return text(OPSET, text(1, domain) + number(2, version))


def value(name: bytes, element: int = 1, dims: tuple[int, ...] = (1,)) -> bytes:
    shape = b"".join(text(1, number(1, dim)) for dim in dims)
    return text(1, name) + text(2, text(1, number(1, element) + text(2, shape)))


def node(op: bytes, inputs: list[bytes], outputs: list[bytes], more: bytes = b"") -> bytes:
    made = b"".join(text(1, name) for name in inputs) + b"".join(text(2, n) for n in outputs)
    return made + text(4, op) + more


def tensor(name: bytes, element: int, dims: list[int], more: bytes = b"") -> bytes:
    return b"".join(number(1, dim) for dim in dims) + number(2, element) + text(8, name) + more


def graph(more: bytes = b"", identity: bytes | None = None) -> bytes:
    """x -> y, the same, with further fields of the graph."""
    first = node(b"Identity", [b"x"], [b"y"]) if identity is None else identity
    return text(NODE, first) + more + text(INPUT, value(b"x")) + text(OUTPUT, value(b"y"))


def model(body: bytes | None = None, more: bytes = b"", opsets: bytes | None = None) -> bytes:
    inner = graph() if body is None else body
    end = opset() if opsets is None else opsets
    return number(IR_VERSION, 8) + text(GRAPH, inner) + more + end


def with_weight(weight: bytes) -> bytes:
    return model(graph(text(INITIALIZER, weight)))


def with_attribute(attribute: bytes) -> bytes:
    return model(graph(identity=node(b"Identity", [b"x"], [b"y"], text(5, attribute))))
