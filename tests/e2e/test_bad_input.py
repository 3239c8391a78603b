"""Everything a client can get wrong, on purpose or not. Each gets an answer that says what to do,
and the server goes on serving others."""

from __future__ import annotations

import json
import random
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Answer, Server, identity_model

GOOD = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}


@pytest.fixture(scope="module")
def model(server: Server) -> str:
    assert server.upload("bad-input", identity_model()).status in (200, 201)
    return "bad-input"


@pytest.fixture(autouse=True)
def others_are_served(server: Server, model: str) -> Any:
    """After every bad request a good one must succeed."""
    yield
    answer = server.infer(model, GOOD)
    assert answer.status == 200, answer.body
    assert answer.json()["outputs"][0]["data"] == [1, 2, 3, 4]


def check(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.code) == (status, code), answer.body
    sentence = answer.sentence
    assert len(sentence) > 20 and sentence.endswith((".", "]")), sentence


def tensor(**changes: Any) -> dict[str, Any]:
    changed = {**GOOD["inputs"][0], **changes}
    return {"inputs": [{k: v for k, v in changed.items() if v is not None}]}


@pytest.mark.parametrize(
    ("request_json", "code"),
    [
        ({}, "oip.inputs-missing"),
        ({"inputs": []}, "oip.input-absent"),
        (tensor(name="z"), "oip.input-unknown"),
        (tensor(datatype="FP64"), "oip.datatype"),
        (tensor(datatype="FLOAT"), "oip.datatype-unknown"),
        (tensor(shape=[4]), "oip.rank"),
        (tensor(shape=[1, 5]), "oip.shape"),
        (tensor(shape=[-1, 4]), "oip.shape"),
        (tensor(data=[1, 2, 3]), "oip.data-count"),
        (tensor(data=[1, 2, 3, 4, 5]), "oip.data-count"),
        (tensor(data=[1, 2, 3, "x"]), "oip.data-type"),
        (tensor(data=None), "oip.data-missing"),
        ({"inputs": GOOD["inputs"] * 2}, "oip.input-duplicate"),
        ({**GOOD, "outputs": [{"name": "nope"}]}, "oip.output-unknown"),
    ],
)
def test_wrong_tensors(server: Server, model: str, request_json: Any, code: str) -> None:
    check(server.infer(model, request_json), 400, code)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_json_cannot_carry(server: Server, model: str, number: str) -> None:
    text = json.dumps(GOOD).replace("[1, 2, 3, 4]", f"[1, 2, 3, {number}]")
    answer = server.infer(model, text.encode())
    assert answer.status == 400
    assert answer.code in ("oip.json-not-finite", "oip.data-range"), answer.body
    assert "binary" in answer.sentence


@pytest.mark.parametrize(
    ("dimension", "status", "code"),
    [
        (2**63 - 1, 400, "oip.shape"),
        (2**62, 400, "oip.shape"),
        (2**40, 413, "oip.tensor-size"),
    ],
)
def test_shape_over_the_limit(
    server: Server, model: str, dimension: int, status: int, code: str
) -> None:
    check(server.infer(model, tensor(shape=[dimension, 4])), status, code)


def test_shape_over_the_integers(server: Server, model: str) -> None:
    text = json.dumps(GOOD).replace("[1, 4]", "[9223372036854775808, 4]")
    check(server.infer(model, text.encode()), 400, "oip.shape")


@pytest.mark.parametrize("depth", [100, 100_000])
def test_deep_nesting(server: Server, model: str, depth: int) -> None:
    text = '{"inputs":' + "[" * depth + "]" * depth + "}"
    answer = server.infer(model, text.encode())
    assert answer.status == 400 and answer.code.startswith("oip."), answer.body
    data = json.dumps(GOOD).replace("[1, 2, 3, 4]", "[" * depth + "1" + "]" * depth)
    answer = server.infer(model, data.encode())
    assert answer.status == 400 and answer.code.startswith("oip."), answer.body


def binary(size: int, values: bytes, **headers: str) -> tuple[bytes, dict[str, str]]:
    head = json.dumps(
        {
            "inputs": [
                {
                    "name": "x",
                    "shape": [1, 4],
                    "datatype": "FP32",
                    "parameters": {"binary_data_size": size},
                }
            ]
        }
    ).encode()
    return head + values, {"Inference-Header-Content-Length": str(len(head)), **headers}


def test_binary_sizes(server: Server, model: str) -> None:
    sixteen = struct.pack("<4f", 1, 2, 3, 4)
    body, headers = binary(16, sixteen)
    assert server.infer(model, body, **headers).status == 200
    for size, values in [
        (12, sixteen[:12]),
        (16, sixteen[:8]),
        (16, sixteen + b"tail"),
        (2**63, sixteen),
    ]:
        body, headers = binary(size, values)
        answer = server.infer(model, body, **headers)
        check(answer, 400, answer.code)
        assert answer.code in ("oip.byte-count", "oip.binary-short", "oip.binary-leftover")


def test_header_length_beyond_the_body(server: Server, model: str) -> None:
    body, _ = binary(16, bytes(16))
    answer = server.infer(model, body, **{"Inference-Header-Content-Length": "999999"})
    check(answer, 400, "oip.header-length")


@pytest.mark.parametrize("length", ["-1", "x", "18446744073709551616", "1.5", ""])
def test_header_length_that_is_no_number(server: Server, model: str, length: str) -> None:
    body, _ = binary(16, bytes(16))
    answer = server.infer(model, body, **{"Inference-Header-Content-Length": length})
    check(answer, 400, "oip.header-length")


def test_bodies_that_are_not_json(server: Server, model: str) -> None:
    for body in (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"inputs": 1}', b"{}trailing"):
        answer = server.infer(model, body)
        assert answer.status == 400 and answer.code.startswith("oip."), (body, answer.body)


def test_chunked_body_is_served(server: Server, model: str) -> None:
    body = json.dumps(GOOD).encode()
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[:10], body[10:]))
    reply = server.raw(
        b"POST /v2/models/%s/infer HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        b"transfer-encoding: chunked\r\n\r\n%s0\r\n\r\n" % (model.encode(), pieces)
    )
    assert reply.startswith(b"HTTP/1.1 200"), reply


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "http.route"),
        ("GET", "/v3", 404, "http.route"),
        ("GET", "/v2/models/..%2f..%2fetc", 400, "model-id.segments"),
        ("GET", "/v2/models/none", 404, "model.unknown"),
        ("POST", "/v2/models/none/infer", 404, "model.unknown"),
        ("GET", "/v1/models/none", 404, "model.unknown"),
        ("DELETE", "/v1/models/none", 404, "model.unknown"),
        ("PATCH", "/v1/models/none", 404, "http.method"),
        ("GET", "/v1/models/%zz", 400, "http.target"),
    ],
)
def test_unknown_places(server: Server, method: str, path: str, status: int, code: str) -> None:
    check(server.request(method, path), status, code)


@pytest.mark.parametrize("name", ["..", ".hidden", "a/b/c", "a b", "caf%C3%A9", "x" * 200, "infer"])
def test_names_that_cannot_be(server: Server, name: str) -> None:
    answer = server.upload(name.replace(" ", "%20"), identity_model())
    assert answer.status == 400, answer.body
    assert answer.code.startswith("model-id."), answer.body


def test_taken_name(server: Server) -> None:
    assert server.upload("taken", identity_model()).status == 201
    assert server.upload("taken", identity_model()).status == 200  # the same bytes: nothing to do
    check(server.upload("taken", identity_model("INT64")), 409, "vault.name-taken")
    assert server.request("DELETE", "/v1/models/taken").status == 200
    assert server.upload("taken", identity_model("INT64")).status == 201
    assert server.request("DELETE", "/v1/models/taken").status == 200


def test_models_that_are_not_models(server: Server) -> None:
    good = identity_model()
    rng = random.Random(7)
    cases = [b"", b"\x00", b"not a model", rng.randbytes(1000), rng.randbytes(100_000)]
    cases += [good[:n] for n in range(1, len(good), 7)]
    for index, model in enumerate(cases):
        answer = server.upload("broken", model)
        assert answer.status in (400, 422), (index, answer.body)
        assert answer.code.startswith(("model.", "worker.", "infer.", "onnx.")), answer.body
        assert len(answer.sentence) > 20
    check(server.request("GET", "/v1/models/broken"), 404, "model.unknown")
    names = [entry.name for entry in server.store.rglob("*")]
    assert not [name for name in names if name.endswith(".tmp")], names
    assert server.upload("broken", good).status == 201  # the name was never taken
    assert server.request("DELETE", "/v1/models/broken").status == 200


def test_upload_cut_short_leaves_no_trace(server: Server) -> None:
    before = sorted(entry.name for entry in server.store.rglob("*"))
    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(plain) as tls:
            tls.sendall(
                b"PUT /v1/models/cut HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000\r\n\r\n"
            )
            tls.sendall(bytes(3_000_000))
    check(server.request("GET", "/v1/models/cut"), 404, "model.unknown")
    from conftest import wait_until

    assert wait_until(lambda: sorted(e.name for e in server.store.rglob("*")) == before)
    assert server.upload("cut", identity_model()).status == 201
    assert server.request("DELETE", "/v1/models/cut").status == 200


def test_upload_larger_than_allowed(start: Callable[..., Server]) -> None:
    small = start(config="allow_anonymous_upload = true\nmax_model_bytes = 1000\n")
    check(small.upload("large", bytes(1001)), 413, "vault.model-size")
    chunks = b"".join(b"100\r\n" + bytes(256) + b"\r\n" for _ in range(5))
    reply = small.raw(
        b"PUT /v1/models/large HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        + chunks
        + b"0\r\n\r\n",
        wait=3,
    )
    assert reply.startswith(b"HTTP/1.1 413") and b"vault.model-size" in reply, reply


def test_upload_without_permission(start: Callable[..., Server]) -> None:
    closed = start(config="")
    check(closed.upload("any", identity_model()), 401, "auth.key-required")
    check(closed.request("DELETE", "/v1/models/any"), 401, "auth.key-required")


def test_pinned_model_hash(server: Server, model: str) -> None:
    found = server.request("GET", f"/v1/models/{model}").json()["model_hash"]
    assert server.infer(model, GOOD, **{"blindai-model-hash": found}).status == 200
    other = "00" * 32
    check(server.infer(model, GOOD, **{"blindai-model-hash": other}), 409, "model.hash")
    check(server.infer(model, GOOD, **{"blindai-model-hash": "zz"}), 400, "model.hash-format")


def test_plain_http_on_the_tls_port(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        plain.sendall(b"GET /v2 HTTP/1.1\r\nhost: x\r\n\r\n")
        reply = b""
        while piece := plain.recv(4096):
            reply += piece
    head, _, body = reply.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400"), reply
    assert json.loads(body)["code"] == "tls.required"
    assert "https://" in json.loads(body)["error"]


def test_tls_1_2_is_refused(server: Server) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain,
        pytest.raises(ssl.SSLError) as caught,
    ):
        context.wrap_socket(plain)
    assert "PROTOCOL_VERSION" in str(caught.value).upper().replace(" ", "_")


@pytest.mark.parametrize(
    "question",
    [b"", b"{}", b'{"nonce":"AA=="}', b'{"nonce":5}', b"[]", b'{"nonce":"' + b"A" * 5000 + b'"}'],
)
def test_attestation_questions_that_are_none(server: Server, question: bytes) -> None:
    answer = server.request("POST", "/v1/attestation", question)
    assert answer.status in (400, 413), answer.body
    assert answer.code.startswith(("channel.", "json.", "http.")), answer.body
