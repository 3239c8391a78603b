"""The corpus against a real server: what is refused by its form is refused by its code.

What only limits of time and memory can end (Bounded) is NOT run here: those limits are not in place
yet. Of these it is checked that the corpus makes them and that it has what to send to each.
"""

from __future__ import annotations

from collections.abc import Iterator

import onnx
import pytest
from attack import Attack, Bounded, Refused
from conftest import Server, identity_model, start_server
from corpus import ATTACKS

GOOD = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}
STATIC = [attack for attack in ATTACKS if isinstance(attack.expect, Refused)]
BOUNDED = [attack for attack in ATTACKS if isinstance(attack.expect, Bounded)]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_server(tmp_path_factory.mktemp("hostile") / "store")
    assert running.upload("neighbour", identity_model()).status == 201
    yield running
    assert running.stop() == 0


def test_the_corpus_is_whole() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(names) == len(set(names))
    assert len(STATIC) >= 60
    assert len(BOUNDED) >= 35
    assert {attack.expect.by for attack in BOUNDED if isinstance(attack.expect, Bounded)} == {
        "answer",
        "deadline",
        "memory",
    }


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
def test_is_made_for_limits_that_are_not_in_place_yet(attack: Attack) -> None:
    made = onnx.ModelProto()
    made.ParseFromString(attack.build())
    assert sorted(attack.feeds) == sorted(given.name for given in made.graph.input)
