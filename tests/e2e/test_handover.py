"""Upgrade without losing models: an old server hands over to a new one with other programs.

The new programs are a copy of the old ones with one byte appended to the server, so that their
measurement is another. What is between the two servers, where a test puts something there, is a
TCP relay that can stop passing bytes on: all that the host of the machines can do.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import (
    BUILD,
    DEMO_CONFIG,
    Server,
    identity_model,
    sleepy_model,
    wait_until,
)
from relay import Relay

ONE = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}


def measurement_of(build: Path) -> str:
    """docs/formats/measurement.md, written out."""
    text = "blindai-measurement 1\n"
    for name, file in [
        ("blindai-server", "blindai-server"),
        ("blindai-worker", "blindai-worker"),
        ("libonnxruntime", "libonnxruntime.so.1.28.0"),
    ]:
        content = (build / "bin" / file).read_bytes()
        text += f"{name} {len(content)} {hashlib.sha256(content).hexdigest()}\n"
    return hashlib.sha256(text.encode()).hexdigest()


def rules(name: str, measurement: str, configurations: str) -> str:
    return (
        f"[handover.{name}]\n"
        'format = "blindai-policy-1"\n'
        'tcb_statuses = ["UpToDate"]\n'
        "advisories = []\n"
        f"configurations = {configurations}\n"
        "min_tcb_evaluation_number = 17\n"
        "max_evidence_age_s = 3600\n"
        f"[handover.{name}.sgx]\n"
        f'mr_enclave = ["{measurement}"]\n'
    )


class Pair:
    """An old and a new release, and the configurations that let one follow the other."""

    def __init__(self, folder: Path) -> None:
        self.old = BUILD
        self.new = folder / "new"
        shutil.copytree(BUILD / "bin", self.new / "bin")
        with (self.new / "bin" / "blindai-server").open("ab") as program:
            program.write(b"\0")
        self.old_measurement = measurement_of(self.old)
        self.new_measurement = measurement_of(self.new)
        assert self.old_measurement != self.new_measurement
        self.new_config = DEMO_CONFIG + rules("from", self.old_measurement, '"any"')
        self.old_config = DEMO_CONFIG + rules(
            "to", self.new_measurement, f'["{self.hash_of(self.new_config)}"]'
        )

    @staticmethod
    def hash_of(config: str) -> str:
        return hashlib.sha256(config.encode()).hexdigest()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    if not (BUILD / "bin" / "blindai-server").exists():
        pytest.skip("blindai-server is not built")
    return Pair(tmp_path_factory.mktemp("releases"))


def hand_over(
    pair: Pair, store: Path, address: str, config: str | None = None, build: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """A handover that is to fail: the new server ends by itself."""
    config_file = store.parent / f"{store.name}-failing.toml"
    config_file.write_text(pair.new_config if config is None else config)
    return subprocess.run(
        [
            str((build or pair.new) / "bin" / "blindai-server"),
            *["handover", "--from", address, "--tee", "simulation", "--listen", "127.0.0.1:0"],
            *["--store", str(store), "--config", str(config_file)],
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )


def address_of(server: Server) -> str:
    return f"127.0.0.1:{server.port}"


def expect_works(server: Server, *models: str) -> None:
    for model in models:
        answer = server.infer(model, ONE)
        assert answer.status == 200, (model, answer.body)
        assert answer.json()["outputs"][0]["data"] == [1, 2, 3, 4]


def expect_finished(server: Server) -> None:
    """Everything but what shows that the process runs is refused."""
    assert server.request("GET", "/v2/health/live").status == 200
    for method, path in [
        ("GET", "/v2/health/ready"),
        ("GET", "/v2"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/first"),
        ("PUT", "/v1/models/late"),
        ("DELETE", "/v1/models/first"),
        ("POST", "/v2/models/first/infer"),
        ("POST", "/v2/repository/index"),
    ]:
        answer = server.request(method, path, b"{}" if method in ("PUT", "POST") else None)
        assert (answer.status, answer.code) == (503, "server.handed-over"), (path, answer.body)


@pytest.mark.parametrize("shared", [True, False])
def test_old_and_new_models_work_afterwards(
    start: Callable[..., Server], tmp_path: Path, pair: Pair, shared: bool
) -> None:
    old_store = tmp_path / "store"
    old = start(old_store, config=pair.old_config)
    assert old.upload("first", identity_model()).status == 201
    described = old.request("GET", "/v1/models/first").json()

    new_store = old_store if shared else tmp_path / "other"
    if not shared:
        shutil.copytree(old_store, new_store)
        (new_store / "insecure-simulation-key").unlink()  # as on another machine
    handover = ["handover", "--from", address_of(old)]
    new = start(new_store, config=pair.new_config, build=pair.new, extra=handover)
    assert new.request("GET", "/v1/models/first").json() == described
    assert new.upload("second", identity_model(shape=[1, 4])).status == 201
    expect_works(new, "first", "second")
    expect_finished(old)
    assert old.stop() == 0

    # The old programs start on their store no more, and say why.
    again = hand_over(pair, old_store, "127.0.0.1:1", config=pair.old_config, build=pair.old)
    assert again.returncode == 1
    assert "was handed over to the release" in again.stderr, again.stderr

    # The new ones do: by themselves, and with the same command line although the old one is gone.
    assert new.stop() == 0
    for extra in ([], handover):
        new = start(new_store, config=pair.new_config, build=pair.new, extra=extra)
        expect_works(new, "first", "second")
        assert new.stop() == 0


def test_other_programs_cannot_open_the_store(
    start: Callable[..., Server], tmp_path: Path, pair: Pair
) -> None:
    """What the handover is for: in the simulation too the key is the measurement's."""
    store = tmp_path / "store"
    old = start(store)
    assert old.upload("first", identity_model()).status == 201
    assert old.stop() == 0
    new = start(store, build=pair.new)
    assert new.request("GET", "/v1/models/first").code == "model.unknown"
    assert new.upload("first", identity_model()).code == "vault.name-held"
    assert new.stop() == 0
    # Nor do the same programs with other rules of handing over.
    changed = start(store, config=pair.old_config)
    assert changed.request("GET", "/v1/models/first").code == "model.unknown"
    assert changed.stop() == 0
    back = start(store)
    expect_works(back, "first")


def test_running_requests_finish(start: Callable[..., Server], tmp_path: Path, pair: Pair) -> None:
    old = start(tmp_path / "store", config=pair.old_config)
    assert old.upload("sleepy", sleepy_model()).status == 201
    request = {"inputs": [{"name": "rounds", "shape": [], "datatype": "INT64", "data": [6_000]}]}
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(old.infer("sleepy", request)))
    thread.start()
    assert wait_until(
        lambda: Path(f"/proc/{old.process.pid}/task/{old.process.pid}/children").read_text() != ""
    )
    extra = ["handover", "--from", address_of(old)]
    start(tmp_path / "store", config=pair.new_config, build=pair.new, extra=extra)
    assert wait_until(lambda: old.request("GET", "/v2").status == 503)
    thread.join()
    assert answers[0].status == 200, answers[0].body


def test_refusals(start: Callable[..., Server], tmp_path: Path, pair: Pair) -> None:
    old = start(tmp_path / "store", config=pair.old_config)
    assert old.upload("first", identity_model()).status == 201
    here = address_of(old)

    def refused(config: str, build: Path | None = None) -> str:
        ended = hand_over(pair, tmp_path / "new", here, config=config, build=build)
        assert ended.returncode == 1, ended.stderr
        return ended.stderr

    # The old server does not know the configuration, or the programs, of the new one.
    assert "hands over to no server with the configuration" in refused(pair.new_config + "\n")
    other = tmp_path / "programs"
    shutil.copytree(pair.new / "bin", other / "bin")
    with (other / "bin" / "blindai-server").open("ab") as program:
        program.write(b"\1")
    assert "policy.measurement" in refused(pair.new_config, other)
    # The new server does not know the old one's programs, or accepts nobody at all.
    wrong = DEMO_CONFIG + rules("from", pair.new_measurement, '"any"')
    assert "policy.measurement" in refused(wrong)
    wrong = DEMO_CONFIG + rules("from", pair.old_measurement, f'["{"0" * 64}"]')
    assert "channel.config-accepted" in refused(wrong)
    assert "handover.from" in refused(DEMO_CONFIG)
    expect_works(old, "first")

    # Nobody is named at all.
    closed = start(tmp_path / "closed")
    ended = hand_over(pair, tmp_path / "new", address_of(closed))
    assert ended.returncode == 1
    assert "nor the owner of any model" in ended.stderr, ended.stderr


def test_raw_requests_are_refused_by_name(
    start: Callable[..., Server], tmp_path: Path, pair: Pair
) -> None:
    old = start(tmp_path / "store", config=pair.old_config)
    head = b"\x89BAIHO\r\n\x01"
    for body, status, code in [
        (b"", 400, "handover.message.layout"),
        (head + b"\x01", 400, "handover.message.layout"),
        (head + b"\x04" + bytes(32), 400, "handover.message.layout"),
        (head[:-1] + b"\x02" + b"\x01", 400, "handover.message.version"),
        (head + b"\x03" + bytes(32), 409, "handover.unknown-transfer"),
        (head + b"\x01\x00\x01" + bytes(4 * 10), 403, "sgx.quote.layout"),
        (bytes(2 * 1024 * 1024 + 1), 413, "http.body-too-large"),
    ]:
        answer = old.request("POST", "/v1/handover", body)
        assert (answer.status, answer.code) == (status, code), answer.body
    assert old.request("GET", "/v1/handover").code == "http.method"
    assert old.request("GET", "/v2/health/ready").status == 200


@pytest.fixture
def relayed(
    start: Callable[..., Server], tmp_path: Path, pair: Pair
) -> Iterator[tuple[Server, Relay]]:
    old = start(tmp_path / "store", config=pair.old_config)
    assert old.upload("first", identity_model()).status == 201
    relay = Relay(old.port)
    yield old, relay
    relay.close()


def restart_old(start: Callable[..., Server], tmp_path: Path, pair: Pair) -> Server:
    return start(tmp_path / "store", config=pair.old_config)


def start_new(
    start: Callable[..., Server], store: Path, pair: Pair, address: str | None = None
) -> Server:
    extra = [] if address is None else ["handover", "--from", address]
    return start(store, config=pair.new_config, build=pair.new, extra=extra)


def start_fails(pair: Pair, store: Path, *extra: str) -> str:
    config_file = store.parent / "failing.toml"
    config_file.write_text(pair.new_config)
    ended = subprocess.run(
        [
            *[str(pair.new / "bin" / "blindai-server"), "--tee", "simulation"],
            *["--listen", "127.0.0.1:0", "--store", str(store), "--config", str(config_file)],
            *extra,
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1, ended.stderr
    return ended.stderr


def test_keys_that_do_not_arrive_change_nothing(
    start: Callable[..., Server], tmp_path: Path, pair: Pair, relayed: tuple[Server, Relay]
) -> None:
    old, relay = relayed
    relay.mute = 1
    # The old one dies with its answer under way.
    relay.on_mute = old.process.kill
    assert hand_over(pair, tmp_path / "store", relay.address).returncode == 1
    old.close()
    old = restart_old(start, tmp_path, pair)
    expect_works(old, "first")
    new = start_new(start, tmp_path / "store", pair, address_of(old))
    expect_works(new, "first")


def test_new_server_that_dies_before_it_confirms(
    start: Callable[..., Server], tmp_path: Path, pair: Pair, relayed: tuple[Server, Relay]
) -> None:
    old, relay = relayed
    relay.refuse_from = 2
    assert hand_over(pair, tmp_path / "store", relay.address).returncode == 1
    # It has the keys, and does not use them while the old server goes on.
    expect_works(old, "first")
    assert old.upload("second", identity_model()).status == 201
    assert "Another server is using this store" in start_fails(pair, tmp_path / "store")
    # The same transfer is completed later: one connection, to confirm.
    relay.refuse_from = None
    before = len(relay.seen)
    new = start_new(start, tmp_path / "store", pair, relay.address)
    assert len(relay.seen) == before + 1
    expect_works(new, "first", "second")
    expect_finished(old)


def test_new_server_whose_old_one_forgot(
    start: Callable[..., Server], tmp_path: Path, pair: Pair, relayed: tuple[Server, Relay]
) -> None:
    old, relay = relayed
    relay.refuse_from = 2
    assert hand_over(pair, tmp_path / "store", relay.address).returncode == 1
    old.process.kill()
    old.close()
    old = restart_old(start, tmp_path, pair)
    expect_works(old, "first")
    new = start_new(start, tmp_path / "store", pair, address_of(old))
    expect_works(new, "first")
    expect_finished(old)


def test_old_server_that_dies_before_it_wrote_down_that_it_stops(
    start: Callable[..., Server], tmp_path: Path, pair: Pair, relayed: tuple[Server, Relay]
) -> None:
    old, relay = relayed
    relay.mute = 2
    stopped = threading.Event()

    def kill() -> None:  # called before the confirmation is passed on
        old.process.kill()
        old.process.wait()
        stopped.set()

    relay.on_mute = kill
    assert hand_over(pair, tmp_path / "store", relay.address).returncode == 1
    assert stopped.wait(10)  # the relay may still be in kill()
    assert "has not confirmed that it stopped" in start_fails(pair, tmp_path / "store")
    # Either it comes back and serves ...
    old = restart_old(start, tmp_path, pair)
    expect_works(old, "first")
    assert old.stop() == 0
    # ... or it never does, and the operator says so.
    new = start(
        tmp_path / "store", config=pair.new_config, build=pair.new, extra=["--old-server-is-gone"]
    )
    expect_works(new, "first")


@pytest.mark.parametrize("shared", [True, False])
def test_farewell_that_is_lost(
    start: Callable[..., Server],
    tmp_path: Path,
    pair: Pair,
    relayed: tuple[Server, Relay],
    shared: bool,
) -> None:
    old, relay = relayed
    store = tmp_path / "store" if shared else tmp_path / "other"
    relay.mute = 2
    config_file = tmp_path / "cut.toml"
    config_file.write_text(pair.new_config)
    cut = subprocess.Popen(
        [
            *[str(pair.new / "bin" / "blindai-server"), "handover", "--from", relay.address],
            *["--tee", "simulation", "--listen", "127.0.0.1:0"],
            *["--store", str(store), "--config", str(config_file)],
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert wait_until(lambda: old.request("GET", "/v2").status == 503)
    cut.kill()  # it waits for a farewell that does not come
    cut.wait()
    if shared:
        # The old one dies too: its record in the store speaks for it.
        old.process.kill()
        old.close()
        new = start_new(start, store, pair)
    else:
        assert "has not confirmed that it stopped" in start_fails(pair, store)
        for file in (tmp_path / "store").glob("*.sealed"):
            shutil.copy(file, store)
        new = start_new(start, store, pair, address_of(old))
        expect_finished(old)
    expect_works(new, "first")


def test_a_stranger_is_told_nothing(tmp_path: Path, pair: Pair) -> None:
    """Who ends TLS in the place of the old server gets no offer to look at or to show elsewhere."""
    certificate = tmp_path / "relay.pem"
    made = subprocess.run(
        [
            *["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
            *["-nodes", "-subj", "/CN=relay", "-keyout", str(certificate), "-out", "-"],
        ],
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        pytest.skip("the program openssl is not there")
    certificate.write_text(certificate.read_text() + made.stdout)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    got: list[bytes] = []

    def serve() -> None:
        plain, _ = listener.accept()
        try:
            with context.wrap_socket(plain, server_side=True) as tls:
                got.append(tls.recv(65536))
        except (OSError, ssl.SSLError):
            got.append(b"")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ended = hand_over(pair, tmp_path / "new", f"127.0.0.1:{listener.getsockname()[1]}")
    thread.join(20)
    listener.close()
    assert ended.returncode == 1
    # The new server asked nothing of a peer whose certificate proves nothing.
    assert got == [b""], got
    assert "channel.certificate" in ended.stderr or "evidence" in ended.stderr, ended.stderr
    assert not list((tmp_path / "new").glob("*.record"))


def test_release_that_the_server_prints(tmp_path: Path, pair: Pair) -> None:
    """What owners write into their models' access rules can be computed beforehand."""
    config_file = tmp_path / "printed.toml"
    config_file.write_text(pair.new_config)
    process = subprocess.Popen(
        [
            *[str(pair.new / "bin" / "blindai-server"), "--tee", "simulation"],
            *["--listen", "127.0.0.1:0", "--store", str(tmp_path / "s")],
            *["--config", str(config_file)],
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(4)]
    process.terminate()
    process.wait(timeout=60)
    process.stdout.close()
    found = re.search(r"release +([0-9a-f]{64})", "".join(lines))
    assert found, lines
    text = b"blindai-release-v1\0sgx\0" + bytes.fromhex(pair.new_measurement)
    text += bytes.fromhex(pair.hash_of(pair.new_config))
    assert found.group(1) == hashlib.sha256(text).hexdigest()
