"""Connections that do not come about: wrong arguments, no server, servers of another kind, Ctrl-C.

Those to a real server are in tests/e2e/test_python.py.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import sample_policy

import blindai


@pytest.fixture
def policy() -> blindai.Policy:
    return blindai.Policy.from_text(sample_policy.TEXT)


@contextlib.contextmanager
def listener(answer: bytes | None) -> Iterator[str]:
    """Accepts connections; answers each with the bytes and closes it, or keeps it and is silent."""
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = server.accept()
                    if answer is None:
                        kept.append(peer)
                        continue
                    with peer:
                        peer.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for peer in kept:
        peer.close()


def test_simulation_warns(policy: blindai.Policy) -> None:
    with (
        pytest.warns(blindai.SimulationModeWarning, match="development only"),
        pytest.raises(ConnectionError),
    ):
        blindai.connect("127.0.0.1:1", simulation=True, policy=policy)


def test_no_server_is_a_connection_error_that_says_what_to_do(policy: blindai.Policy) -> None:
    with pytest.raises(ConnectionError, match="check it and that the server is running"):
        blindai.Connection("127.0.0.1:1", policy=policy)


@pytest.mark.parametrize("addr", ["localhost:nonsense", "", "localhost:99999", "[::1"])
def test_a_wrong_address_is_a_value_error(addr: str, policy: blindai.Policy) -> None:
    with pytest.raises(ValueError, match="host:port"):
        blindai.Connection(addr, policy=policy)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_wrong_time_is_a_value_error(seconds: float, policy: blindai.Policy) -> None:
    with pytest.raises(ValueError, match="connect_timeout"):
        blindai.Connection("127.0.0.1:1", policy=policy, connect_timeout=seconds)


def test_a_server_that_says_nothing_is_a_timeout(policy: blindai.Policy) -> None:
    with listener(None) as addr, pytest.raises(TimeoutError):
        blindai.Connection(addr, policy=policy, connect_timeout=0.2)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(100)])
def test_a_server_of_another_kind_is_a_connection_error(
    answer: bytes, policy: blindai.Policy
) -> None:
    with listener(answer) as addr, pytest.raises(blindai.UnavailableError):
        blindai.Connection(addr, policy=policy)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, also where the tests were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_the_wait(policy: blindai.Policy) -> None:
    # Off while there is no wait to end: a late signal must not end the test run.
    waiting = threading.Event()

    def press() -> None:
        time.sleep(0.3)
        if waiting.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    with listener(None) as addr:
        thread = threading.Thread(target=press)
        thread.start()
        waiting.set()
        with pytest.raises(KeyboardInterrupt):
            blindai.Connection(addr, policy=policy, connect_timeout=60)
        waiting.clear()
        thread.join()
