"""Where a policy comes from, and what happens when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import sample_policy

import blindai


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(sample_policy.TEXT, encoding="utf-8")
    return path


def test_a_policy_is_read_and_written(path: Path) -> None:
    policy = blindai.Policy.from_file(path)
    assert "ab" * 32 in policy.to_toml()
    assert blindai.Policy.from_text(policy.to_toml()) == policy


def test_one_that_cannot_be_read_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("nonsense", encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.toml"):
        blindai.Policy.from_file(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ValueError, match="not UTF-8"):
        blindai.Policy.from_file(path)
    with pytest.raises(FileNotFoundError):
        blindai.Policy.from_file(tmp_path / "absent.toml")


def test_a_policy_is_the_one_given_else_the_one_the_variable_names(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = blindai.Policy.from_file(path)
    monkeypatch.setenv("BLINDAI_POLICY", str(tmp_path / "absent.toml"))
    assert blindai.load_policy(policy) is policy
    assert blindai.load_policy(str(path)) == policy
    with pytest.raises(FileNotFoundError):
        blindai.load_policy()
    monkeypatch.setenv("BLINDAI_POLICY", str(path))
    assert blindai.load_policy() == policy


def test_a_policy_is_else_the_one_beside_the_package_else_an_error_says_how_to_get_one(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BLINDAI_POLICY", raising=False)
    monkeypatch.setattr("blindai.policy._PACKAGED", path)
    assert blindai.load_policy() == blindai.Policy.from_file(path)
    monkeypatch.setattr("blindai.policy._PACKAGED", tmp_path / "absent.toml")
    with pytest.raises(blindai.InvalidError, match="BLINDAI_POLICY"):
        blindai.load_policy()
