"""What clients tell of a model that is about to be removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from conftest import Server, identity_model
from owned import Clock, start_owned

pytestmark = pytest.mark.filterwarnings("ignore::blindai.SimulationModeWarning")

ROW = np.array([[1, 2, 3, 4]], np.float32)


def test_clients_tell_when_a_model_expires(start: Callable[..., Server], tmp_path: Path) -> None:
    config = "allow_anonymous_upload = true\n[limits]\nretention_days = 1\n"
    clock = Clock(tmp_path / "clock")
    clock.set_ahead(-13 * 3600)
    first = start_owned(start, tmp_path, config, clock)
    uploaded = datetime.now(timezone.utc) - timedelta(hours=13)
    for name in ("unused", "called"):
        assert first.server.upload(name, identity_model()).status == 201
    assert first.server.stop() == 0
    # Half of the day is over.
    clock.set_ahead(0)
    again = start_owned(start, tmp_path, config, clock)
    again.key("owner")

    def is_told(expires: datetime | None) -> bool:
        return expires is not None and abs(expires - uploaded - timedelta(days=1)) < timedelta(
            minutes=5
        )

    with again.connect() as client:
        unused = client.model("unused")
        assert is_told(unused.expires)
        assert client.upload_model(again.model("fresh")).expires is None
        assert client.model("fresh").expires is None
        assert all(model.expires is None for model in client.models())
        assert is_told(client.predict("called", ROW).expires)
        assert client.predict("called", ROW).expires is None
        assert client.model("called").expires is None
    assert unused.expires is not None
    text = unused.expires.strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = again.run("models", again.address, "unused")
    assert f"  expires {text}, unless it is used before\n" in shown
    assert json.loads(again.run("models", again.address, "unused", "--json"))["expires"] == text
    assert "expires" not in again.run("models", again.address, "called")
    assert "expires" not in again.run("models", again.address, "called", "--json")
    (tmp_path / "row.json").write_text("[[1,2,3,4]]")
    row = str(tmp_path / "row.json")
    predicted = json.loads(again.run("predict", again.address, "unused", row))
    assert predicted["expires"] == text
