"""The corpus against a real server: what is refused by its form is refused by its code, and the
rest ends as the table below says, while a neighbour on another model gets the same bits all the
time.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
from attack import Attack, Bounded, Refused
from conftest import Server, identity_model, start_server
from corpus import ATTACKS

GOOD = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}
STATIC = [attack for attack in ATTACKS if isinstance(attack.expect, Refused)]
BOUNDED = [attack for attack in ATTACKS if isinstance(attack.expect, Bounded)]

MEMORY_MIB = 2048
# Workers are looked at 20 times a second: so much they may take in between.
OVERRUN_MIB = 512
CONFIG = "allow_anonymous_upload = true\nrun_time_s = 3\nload_time_s = 20\n"
OPTIONS = ["--memory", str(MEMORY_MIB), "--worker-memory", "1024"]

MALFORMED = (422, "infer.model-malformed")
FAILS = (400, "infer.run")
MEMORY = (503, "infer.job-memory")
DEADLINE = (504, "infer.deadline")
ANSWERS = (200, "")
# What the upload or the run ends in: ONNX Runtime 1.28.0 finds the faults of the models while it
# loads them, and those of indices when it meets them.
ENDS = {
    "constant-4-gib": MEMORY,
    "constants-6-x-512-mib": ANSWERS,  # one after the other
    "conv-of-another-rank": MALFORMED,
    "tree-in-a-circle": MALFORMED,
    "tfidf-out-of-range": MEMORY,
    "svm-of-wrong-sizes": MALFORMED,
    "endless-loop": DEADLINE,
    "long-product": DEADLINE,
    "regular-expression": MALFORMED,
    "regular-expression-of-states": MALFORMED,
    "loop-of-sorts": DEADLINE,
    "loop-that-doubles": MEMORY,
    "loop-of-a-growing-sequence": MEMORY,
    "sequence-of-many": MEMORY,
    "constant-of-shape": MEMORY,
    "tile": FAILS,  # it counts the elements first
    "expand": MEMORY,
    "expand-overflow": FAILS,
    "pad": MEMORY,
    "pad-negative": FAILS,
    "range": MEMORY,
    "range-of-no-step": FAILS,
    "one-hot": MEMORY,
    "window": MEMORY,
    "random": MEMORY,
    "resize": MEMORY,
    "non-zero": MEMORY,
    "outer-product": MEMORY,
    "gather": FAILS,
    "gather-elements": FAILS,
    "gather-nd": FAILS,
    "scatter-elements": FAILS,
    "scatter-nd": FAILS,
    "slice": ANSWERS,  # ONNX: what lies beyond the end is cut off
    "top-k": MALFORMED,
    "reverse-sequence": FAILS,
    "max-unpool": FAILS,
    "roi-align": FAILS,
    "col2im": FAILS,
    "compress": ANSWERS,  # what the input does not have is not chosen
    "reshape": FAILS,
    "division": FAILS,
}


class Neighbour:
    """Predicts on its own model all the time, and looks at the memory of all processes."""

    def __init__(self, server: Server) -> None:
        self.answers: list[bytes] = []
        self.most_workers_mib = 0.0
        self.most_server_mib = 0.0
        self._server = server
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            answer = self._server.infer("neighbour", GOOD)
            self.answers.append(b"%d %s" % (answer.status, answer.body))
            self._look()

    def _look(self) -> None:
        pid = self._server.process.pid
        found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
        workers = sum(map(resident_mib, found.stdout.split()))
        self.most_workers_mib = max(self.most_workers_mib, workers)
        self.most_server_mib = max(self.most_server_mib, resident_mib(str(pid)))

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()


def resident_mib(pid: str) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20
    except (OSError, IndexError):
        return 0


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    store = tmp_path_factory.mktemp("hostile") / "store"
    running = start_server(store, config=CONFIG, extra=OPTIONS)
    assert running.upload("neighbour", identity_model()).status == 201
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def neighbour(target: Server) -> Iterator[Neighbour]:
    made = Neighbour(target)
    yield made
    made.stop()


def test_the_corpus_is_whole() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(names) == len(set(names))
    assert len(STATIC) >= 60
    assert len(BOUNDED) >= 40
    assert {attack.name for attack in BOUNDED} == set(ENDS)


@pytest.mark.parametrize("attack", STATIC, ids=lambda attack: attack.name)
def test_is_refused_by_its_code(target: Server, attack: Attack) -> None:
    assert isinstance(attack.expect, Refused)
    answer = target.upload("hostile", attack.build())
    assert (answer.status, answer.code) == (422, attack.expect.code), answer.body
    assert len(answer.sentence) > 20
    assert target.request("GET", "/v1/models/hostile").status == 404


def test_a_neighbour_is_served_afterwards(target: Server) -> None:
    answer = target.infer("neighbour", GOOD)
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("attack", BOUNDED, ids=lambda attack: attack.name)
def test_ends_as_the_table_says(target: Server, neighbour: Neighbour, attack: Attack) -> None:
    made = onnx.ModelProto()
    made.ParseFromString(attack.build())
    assert sorted(attack.feeds) == sorted(given.name for given in made.graph.input)
    answer = target.upload("hostile", attack.build(), **{"blindai-replace": "true"})
    if answer.status == 201 or answer.status == 200:
        # Twice: the second one meets the worker that the first one left, or the next.
        target.infer("hostile", attack.request())
        answer = target.infer("hostile", attack.request())
    code = answer.code if answer.status >= 400 else ""
    assert (answer.status, code) == ENDS[attack.name], answer.body


def test_the_neighbour_noticed_nothing_and_memory_was_kept(
    target: Server, neighbour: Neighbour
) -> None:
    neighbour.stop()
    assert target.process.poll() is None
    assert len(neighbour.answers) > 100
    assert neighbour.answers[0].startswith(b"200 ")
    assert set(neighbour.answers) == {neighbour.answers[0]}
    assert neighbour.most_workers_mib < MEMORY_MIB + OVERRUN_MIB
    assert neighbour.most_server_mib < 256
