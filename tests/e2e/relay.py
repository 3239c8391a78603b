"""A TCP relay that can stop passing bytes on: all that a host can do to a TLS connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any


class Relay:
    """Passes TCP connections on to a server, counted from 1, until it is told otherwise."""

    # By then the peer has got the answer to its question for evidence, which is large.
    ATTESTED = 10_000

    def __init__(self, port: int) -> None:
        self.port = port
        self.refuse_from: int | None = None  # connections from this one on are closed at once
        self.mute: int | None = None  # of this one nothing comes back to its last request
        self.on_mute: Callable[[], None] = lambda: None
        self.seen: list[bytes] = []  # what the client sent, per connection
        self.sockets: list[socket.socket] = []
        self.threads: list[threading.Thread] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            number += 1
            self.seen.append(b"")
            self.sockets.append(client)
            if self.refuse_from is not None and number >= self.refuse_from:
                shut(client)
                continue
            server = socket.create_connection(("127.0.0.1", self.port))
            self.sockets.append(server)
            state = {"back": 0, "muted": False}
            for source, sink, up in [(client, server, True), (server, client, False)]:
                thread = threading.Thread(
                    target=self._pass, args=(source, sink, up, number, state), daemon=True
                )
                self.threads.append(thread)
                thread.start()

    def _pass(
        self,
        source: socket.socket,
        sink: socket.socket,
        up: bool,
        number: int,
        state: dict[str, Any],
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if up:
                    self.seen[number - 1] += data
                    if self.mute == number and state["back"] > self.ATTESTED:
                        state["muted"] = True
                        self.on_mute()
                else:
                    state["back"] += len(data)
                    if state["muted"]:
                        continue
                sink.sendall(data)
        shut(source)
        shut(sink)

    def close(self) -> None:
        shut(self.listener)
        self.accepting.join(20)
        for end in self.sockets:
            shut(end)
        for thread in self.threads:
            thread.join(20)
        for end in [self.listener, *self.sockets]:
            end.close()


def shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
