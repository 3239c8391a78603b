"""Account tokens: what the Python package sends is judged by a real server that knows their issuer.

The issuer is the program openssl, so that tokens come from other code than what reads them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Server
from owned import Clock, Owned, start_owned

import blindai

pytestmark = pytest.mark.filterwarnings("ignore::blindai.SimulationModeWarning")

ROW = np.array([[1, 2, 3, 4]], np.float32)
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def raw_key(public_key: str) -> bytes:
    """docs/formats/api-key.md, written out."""
    number = 0
    for digit in public_key.removeprefix("baipk_"):
        number = number * 62 + DIGITS.index(digit)
    return number.to_bytes(36, "big")[:32]


def raw_signature(der: bytes) -> bytes:
    """r and s of an ECDSA-Sig-Value (RFC 3279 section 2.2.3), as RFC 7518 section 3.4 has them."""
    out, at = b"", 2
    for _ in range(2):
        length = der[at + 1]
        number = int.from_bytes(der[at + 2 : at + 2 + length], "big")
        out += number.to_bytes(32, "big")
        at += 2 + length
    assert at == len(der)
    return out


class Issuer:
    """docs/formats/account-token.md, written out."""

    def __init__(self, file: Path) -> None:
        self.file = file
        made = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self.openssl(*made, "-out", str(file))
        self.spki = self.openssl("pkey", "-in", str(file), "-pubout", "-outform", "DER")

    @staticmethod
    def openssl(*arguments: str, data: bytes = b"") -> bytes:
        try:
            return subprocess.run(
                ["openssl", *arguments], input=data, check=True, capture_output=True
            ).stdout
        except FileNotFoundError:
            pytest.skip("the program openssl is not there")

    def token(self, public_key: str, *, age: int = 0, lifetime: int = 900, **changed: Any) -> str:
        """A token that was issued `age` seconds ago for this key."""
        issued = int(time.time()) - age
        claims = {
            "iss": "https://accounts.example",
            "sub": "acct-7",
            "handle": "alice",
            "iat": issued,
            "exp": issued + lifetime,
            "cnf": {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw_key(public_key))}},
            **changed,
        }
        kid = base64url(hashlib.sha256(self.spki).digest())
        header = {"alg": "ES256", "typ": "JWT", "kid": kid}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = self.openssl("dgst", "-sha256", "-sign", str(self.file), data=text.encode())
        return f"{text}.{base64url(raw_signature(signature))}"


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "issuer.pem")


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


@pytest.fixture
def served(
    start: Callable[..., Server],
    tmp_path: Path,
    issuer: Issuer,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> Owned:
    monkeypatch.delenv("BLINDAI_KEY_FILE", raising=False)
    monkeypatch.delenv("BLINDAI_API_KEY", raising=False)
    spki = base64.b64encode(issuer.spki).decode()
    return start_owned(start, tmp_path, f'token_issuers = ["{spki}"]\n', clock)


def refusal(served: Owned, token: str | Callable[[], str] | None) -> blindai.BlindAIError:
    """Of an upload by the key "caller"."""
    with (
        pytest.raises(blindai.BlindAIError) as caught,
        served.connect("caller", account_token=token) as client,
    ):
        client.upload_model(served.model())
    return caught.value


def test_a_token_lets_its_key_upload(served: Owned, issuer: Issuer) -> None:
    token = issuer.token(served.key("caller"), limits={"models_per_account": 2})
    without = refusal(served, None)
    assert isinstance(without, blindai.DeniedError)
    assert without.id == "auth.not-listed"
    with served.connect("caller", account_token=token) as client:
        client.upload_model(served.model())
        # The handle is the account's, and nobody else's.
        assert client.upload_model(served.model(), "alice/m").model_id == "alice/m"
        with pytest.raises(blindai.DeniedError) as caught:
            client.upload_model(served.model(), "bob/m")
        assert caught.value.id == "auth.handle"
        # What the token allows is what the account may.
        with pytest.raises(blindai.DeniedError) as caught:
            client.upload_model(served.model(), "n")
        assert caught.value.id == "limit.models-per-account"
        assert "models_per_account = 2" in caught.value.message
        assert sorted(model.model_id for model in client.models()) == ["alice/m", "m"]
        assert client.predict("alice/m", ROW).model_id == "alice/m"
    # The models are the key's: it deletes them without a token.
    with served.connect("caller") as client:
        client.delete_model("alice/m")


def test_a_function_is_asked_for_each_token(served: Owned, issuer: Issuer) -> None:
    public = served.key("caller")
    given: list[str] = []

    def fresh() -> str:
        # About to expire, so that the next call needs another.
        given.append(issuer.token(public, age=len(given), lifetime=30))
        return given[-1]

    with served.connect("caller", account_token=fresh) as client:
        client.upload_model(served.model())
        asked = len(given)
        client.upload_model(served.model("n"))
        assert len(given) == asked + 1
    assert len(set(given)) == len(given)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"age": 901}, "auth.token-expired"),
        ({"age": -90}, "auth.token-early"),
        ({"lifetime": 901}, "auth.token-lifetime"),
    ],
)
def test_a_token_outside_its_time_is_refused(
    served: Owned, issuer: Issuer, changed: dict[str, int], code: str
) -> None:
    refused = refusal(served, issuer.token(served.key("caller"), **changed))
    assert isinstance(refused, blindai.AnonymousError)
    assert refused.id == code


def test_a_token_that_expires_during_a_connection_is_refused(
    served: Owned, issuer: Issuer, clock: Clock
) -> None:
    token = issuer.token(served.key("caller"))
    with served.connect("caller", account_token=token) as client:
        client.upload_model(served.model())
        clock.set_ahead(901)
        with pytest.raises(blindai.AnonymousError) as caught:
            client.upload_model(served.model("n"))
    assert caught.value.id == "auth.token-expired"


def test_a_token_of_another_issuer_is_refused(
    served: Owned, issuer: Issuer, tmp_path: Path
) -> None:
    public = served.key("caller")
    other = Issuer(tmp_path / "other.pem")
    assert refusal(served, other.token(public)).id == "auth.token-issuer"
    # In the name of the listed one.
    other.spki = issuer.spki
    refused = refusal(served, other.token(public))
    assert isinstance(refused, blindai.AnonymousError)
    assert refused.id == "auth.token-signature"


def test_a_token_for_another_key_is_told_before_it_is_sent(served: Owned, issuer: Issuer) -> None:
    served.key("caller")
    refused = refusal(served, issuer.token(served.key("another")))
    assert isinstance(refused, blindai.InvalidError)
    assert refused.id == "auth.token-key"
