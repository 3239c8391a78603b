"""API keys, and what is told of them before anything is sent."""

from __future__ import annotations

import base64
import json
import stat
import time
from pathlib import Path

import pytest
import sample_policy

import blindai
from blindai import keys

# The seed of RFC 8032 section 7.1, TEST 1: docs/formats/api-key.md.
KEY = "bai_2oxdNbih3IE1y20UTdjoH18ZJIfuCgcSJ9wrk1Bs0dzxu4upg"
PUBLIC = "baipk_3rPPbsStjdVu1RryUN6Gk3XUEu7DUJfK7GaacPuI7zohpLCQP"
PUBLIC_X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
# Nothing listens there.
NOWHERE = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def no_key_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BLINDAI_KEY_FILE", raising=False)
    monkeypatch.delenv("BLINDAI_API_KEY", raising=False)


@pytest.fixture
def policy() -> blindai.Policy:
    return blindai.Policy.from_text(sample_policy.TEXT)


def token(x: str = PUBLIC_X) -> str:
    """Of the right form, and signed by nobody: whether it holds is the server's to say."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    now = int(time.time())
    claims = {
        "iss": "https://accounts.example",
        "sub": "acct-7",
        "handle": "alice",
        "iat": now,
        "exp": now + 900,
        "cnf": {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}},
    }
    signature = base64.urlsafe_b64encode(bytes(64)).decode().rstrip("=")
    return f"{part({'alg': 'ES256', 'typ': 'JWT'})}.{part(claims)}.{signature}"


def test_a_key_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    public = keys.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text().strip()
    assert text.startswith("bai_")
    assert len(text) == 53
    assert keys.public_key(path) == keys.public_key(text) == public
    with pytest.raises(blindai.ConflictError, match="lost for good") as caught:
        keys.create(path)
    assert caught.value.id == "client.key.exists"
    assert path.read_text().strip() == text


def test_public_key_is_the_documented_one() -> None:
    assert keys.public_key(KEY) == PUBLIC


def test_the_environment_names_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(blindai.InvalidError) as caught:
        keys.public_key()
    assert caught.value.id == "client.key.none"
    monkeypatch.setenv("BLINDAI_API_KEY", KEY)
    assert keys.public_key() == PUBLIC
    other = keys.create(tmp_path / "key")
    monkeypatch.setenv("BLINDAI_KEY_FILE", str(tmp_path / "key"))
    assert keys.public_key() == other


def test_a_consent_to_oneself_or_to_a_typo_is_refused() -> None:
    with pytest.raises(blindai.InvalidError) as caught:
        keys.consent(PUBLIC, KEY)
    assert caught.value.id == "auth.endorse-self"
    with pytest.raises(blindai.MalformedError) as caught_public:
        keys.consent(PUBLIC[:-1] + "x", KEY)
    assert caught_public.value.id == "auth.key-checksum"


def test_a_consent_names_the_key_that_gives_it(tmp_path: Path) -> None:
    owner = keys.create(tmp_path / "owner")
    given = keys.consent(owner, KEY)
    assert given.key == PUBLIC
    assert len(given.consent) == 86
    assert given == keys.consent(owner, KEY)  # Ed25519 is deterministic


@pytest.mark.parametrize(
    ("api_key", "error_id"),
    [
        (KEY[:-1] + "x", "auth.key-checksum"),
        (KEY[:-1], "auth.key-length"),
        (KEY[:-1] + "-", "auth.key-characters"),
        ("sk-123", "auth.key-prefix"),
        ("", "auth.key-prefix"),
        (PUBLIC, "auth.key-public"),
    ],
)
def test_a_typo_is_told_before_any_network(
    api_key: str, error_id: str, policy: blindai.Policy
) -> None:
    with pytest.raises(blindai.MalformedError) as caught:
        blindai.Connection(NOWHERE, policy=policy, api_key=api_key)
    assert caught.value.id == error_id
    if len(api_key) > 10:
        assert api_key[4:] not in str(caught.value)


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path, policy: blindai.Policy) -> None:
    with pytest.raises(blindai.NotFoundError, match="absent"):
        blindai.Connection(NOWHERE, policy=policy, api_key=tmp_path / "absent")


def test_a_path_as_text_is_told_apart_from_a_key(tmp_path: Path, policy: blindai.Policy) -> None:
    keys.create(tmp_path / "key")
    with pytest.raises(blindai.InvalidError, match="pathlib"):
        blindai.Connection(NOWHERE, policy=policy, api_key=str(tmp_path / "key"))


def test_with_a_good_key_and_token_the_network_is_next(policy: blindai.Policy) -> None:
    for account_token in (None, token(), token):
        with pytest.raises(ConnectionError):
            blindai.Connection(NOWHERE, policy=policy, api_key=KEY, account_token=account_token)


def test_a_wrong_token_is_told_before_any_network(policy: blindai.Policy, tmp_path: Path) -> None:
    def refusal(account_token: object, api_key: str | None = KEY) -> blindai.BlindAIError:
        with pytest.raises(blindai.BlindAIError) as caught:
            blindai.Connection(
                NOWHERE,
                policy=policy,
                api_key=api_key,
                account_token=account_token,  # type: ignore[arg-type]
            )
        assert not isinstance(caught.value, (blindai.AttestationError, ConnectionError))
        return caught.value

    assert refusal("no token").id == "auth.token-layout"
    assert refusal(token(), None).id == "client.token-without-key"
    assert refusal(lambda: 7).id == "client.token.text"
    text = keys.create(tmp_path / "other") and (tmp_path / "other").read_text().strip()
    assert refusal(token(), text).id == "auth.token-key"


def test_what_the_token_function_raises_comes_through(policy: blindai.Policy) -> None:
    def fetch() -> str:
        raise LookupError("the vault is closed")

    with pytest.raises(LookupError, match="the vault is closed"):
        blindai.Connection(NOWHERE, policy=policy, api_key=KEY, account_token=fetch)


def test_receipts_are_kept_and_read(tmp_path: Path) -> None:
    receipt = blindai.Receipt("a/m", "0" * 64, 7, "f" * 64)
    receipt.save(tmp_path / "receipt")
    assert blindai.Receipt.load(tmp_path / "receipt") == receipt
    assert [path.name for path in tmp_path.iterdir()] == ["receipt"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"model_id":"m","model_hash":"","epoch":true,"content_id":""}',
        '{"model_id":"m","model_hash":"","epoch":0,"content_id":""}',
        '{"model_id":"m","model_hash":"","epoch":1}',
        '{"model_id":1,"model_hash":"","epoch":1,"content_id":""}',
        '{"model_id":"m","model_hash":"","epoch":1,"content_id":"","more":1}',
    ],
)
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(blindai.MalformedError) as caught:
        blindai.Receipt.from_json(text)
    assert caught.value.id == "auth.receipt-layout"
