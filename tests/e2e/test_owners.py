"""Owners, keys, private models and receipts: the Python package and the command line against a real
server whose measured configuration lists one key."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Server, identity_model
from owned import Owned, start_owned

import blindai
from blindai import keys

pytestmark = pytest.mark.filterwarnings("ignore::blindai.SimulationModeWarning")

ROW = np.array([[1, 2, 3, 4]], np.float32)


@pytest.fixture
def owned(start: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Owned:
    monkeypatch.delenv("BLINDAI_KEY_FILE", raising=False)
    monkeypatch.delenv("BLINDAI_API_KEY", raising=False)
    owner = keys.create(tmp_path / "owner")
    return start_owned(start, tmp_path, f'owners = ["{owner}"]\n')


def test_only_the_listed_key_uploads_and_anybody_predicts(owned: Owned) -> None:
    owned.key("stranger")
    model = owned.model()
    with owned.connect() as nobody, pytest.raises(blindai.AnonymousError):
        nobody.upload_model(model)
    with owned.connect("stranger") as stranger, pytest.raises(blindai.DeniedError) as caught:
        stranger.upload_model(model)
    assert not isinstance(caught.value, blindai.AnonymousError)
    with owned.connect("owner") as owner:
        info = owner.upload_model(model)
        assert info.receipt is not None
        assert [m.model_id for m in owner.models()] == ["m"]
    with owned.connect() as nobody:
        assert (nobody.predict("m", ROW).output[0].as_numpy() == ROW).all()
        with pytest.raises(blindai.DeniedError):
            nobody.delete_model("m")
    with owned.connect("stranger") as stranger:
        assert stranger.models() == []
        with pytest.raises(blindai.DeniedError):
            stranger.delete_model("m")


def test_a_private_model_exists_for_its_callers_alone(owned: Owned) -> None:
    caller = owned.key("caller")
    owned.key("stranger")
    with owned.connect("owner") as owner:
        owner.upload_model(owned.model(), private=True, callers=[caller])
        assert owner.access("m") == blindai.ModelAccess(True, (caller,))
        assert owner.predict("m", ROW).model_id == "m"
    with owned.connect("caller") as listed:
        assert (listed.predict("m", ROW).output[0].as_numpy() == ROW).all()
        with pytest.raises(blindai.DeniedError):
            listed.access("m")
    for other in ("stranger", None):
        with owned.connect(other) as client, pytest.raises(blindai.NotFoundError) as caught:
            client.predict("m", ROW)
        assert caught.value.id == "model.unknown"
    with owned.connect("owner") as owner:
        before = owner.model("m").receipt
        after = owner.set_access("m", private=False)
        assert before is not None
        assert after.epoch > before.epoch
        assert after.content_id == before.content_id
        assert owner.access("m") == blindai.ModelAccess(False)
    with owned.connect() as nobody:
        assert nobody.predict("m", ROW).model_id == "m"


def test_a_second_key_acts_for_its_owner_until_it_is_retired(owned: Owned) -> None:
    root = keys.public_key(owned.folder / "owner")
    second = owned.key("second")
    consent = keys.consent(root, owned.folder / "second")
    with owned.connect("owner") as owner:
        owner.upload_model(owned.model())
        listed = owner.endorse_key(*consent)
        assert listed.owner == root
        assert {key.key: key.state for key in listed.keys} == {root: "active", second: "active"}
    with owned.connect("second") as other:
        assert [m.model_id for m in other.models()] == ["m"]
        other.upload_model(owned.model("n"))
    with owned.connect("owner") as owner:
        states = {key.key: key.state for key in owner.retire_key(second).keys}
        assert states == {root: "active", second: "retired"}
        assert sorted(m.model_id for m in owner.models()) == ["m", "n"]
    with owned.connect("second") as other, pytest.raises(blindai.DeniedError) as caught:
        other.models()
    assert caught.value.id == "auth.key-retired"


def test_a_consent_for_another_owner_is_refused(owned: Owned) -> None:
    owned.key("second")
    consent = keys.consent(owned.key("another"), owned.folder / "second")
    with owned.connect("owner") as owner, pytest.raises(blindai.DeniedError) as caught:
        owner.endorse_key(*consent)
    assert caught.value.id == "auth.consent"


def test_a_receipt_tells_an_older_model(owned: Owned) -> None:
    with owned.connect("owner") as owner:
        receipt = owner.upload_model(owned.model()).receipt
        assert receipt is not None
        assert owner.model("m", receipt).receipt == receipt
        assert owner.predict("m", ROW, receipt=receipt).model_id == "m"
        newer = dataclasses.replace(receipt, epoch=receipt.epoch + 1)
        for call in (
            lambda: owner.model("m", newer),
            lambda: owner.predict("m", ROW, receipt=newer),
        ):
            with pytest.raises(blindai.ConflictError) as caught:
                call()
            assert caught.value.id == "vault.rolled-back"
        with pytest.raises(ValueError, match="not 'other'"):
            owner.model("other", receipt)
        removed = owner.delete_model("m")
        assert removed is not None
        assert removed.epoch > receipt.epoch
        assert not owner.upload_model(owned.model(), save_model=False).receipt


def test_a_taken_name_is_replaced_only_when_asked(owned: Owned) -> None:
    other = owned.folder / "other.onnx"
    other.write_bytes(identity_model("FP64"))
    with owned.connect("owner") as owner:
        first = owner.upload_model(owned.model(), "m")
        with pytest.raises(blindai.ConflictError):
            owner.upload_model(other, "m")
        second = owner.upload_model(other, "m", replace=True)
        assert second.model_hash != first.model_hash
        assert first.receipt is not None
        assert second.receipt is not None
        assert second.receipt.epoch > first.receipt.epoch


def test_the_command_line_does_the_same(owned: Owned) -> None:
    caller = owned.key("caller")
    receipt = owned.folder / "receipt"
    model = str(owned.model())
    uploaded = owned.run(
        "upload", owned.address, model, "--private", "--caller", caller,
        "--receipt", str(receipt), "--json",
    )  # fmt: skip
    assert blindai.Receipt.load(receipt).epoch == json.loads(uploaded)["epoch"]
    shown = json.loads(owned.run("access", "show", owned.address, "m", "--json"))
    assert shown == {"visibility": "private", "callers": [caller], "handover": []}
    handover = "ab" * 32
    owned.run(
        "access", "set", owned.address, "m", "--handover", handover, "--receipt", str(receipt)
    )
    shown = json.loads(owned.run("access", "show", owned.address, "m", "--json"))
    assert shown == {"visibility": "private", "callers": [caller], "handover": [handover]}
    owned.run("models", owned.address, "m", "--receipt", str(receipt))
    listed = json.loads(owned.run("keys", "list", owned.address, "--json"))
    assert listed["owner"] == keys.public_key(owned.folder / "owner")
    owned.run("models", owned.address, "--delete", "m", "--receipt", str(receipt))
    assert "model.unknown" in owned.run("models", owned.address, "m", status=5)


def test_owners_outlive_the_server(owned: Owned, start: Callable[..., Server]) -> None:
    root = keys.public_key(owned.folder / "owner")
    consent = keys.consent(root, owned.key("second") and owned.folder / "second")
    with owned.connect("owner") as owner:
        receipt = owner.upload_model(owned.model(), private=True).receipt
        owner.endorse_key(*consent)
    config = (owned.folder / "measured.toml").read_text()
    assert owned.server.stop() == 0
    again = Owned(start(owned.server.store, config=config), owned.policy, owned.folder)
    with again.connect("second") as second:
        assert second.model("m", receipt).receipt == receipt
        assert second.access("m").private
    with again.connect() as nobody, pytest.raises(blindai.NotFoundError):
        nobody.model("m")
