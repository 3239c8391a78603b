"""Failures of the extension module as Python exceptions, and reports."""

from __future__ import annotations

import json

import pytest

import blindai
from blindai import errors
from blindai.errors import from_core
from blindai.report import Report

CODES = {
    "malformed": (blindai.MalformedError, ValueError),
    "invalid": (blindai.InvalidError, ValueError),
    "untrusted": (blindai.AttestationError, blindai.BlindAIError),
    "stale": (blindai.StaleError, blindai.BlindAIError),
    "anonymous": (blindai.AnonymousError, PermissionError),
    "denied": (blindai.DeniedError, PermissionError),
    "not found": (blindai.NotFoundError, LookupError),
    "conflict": (blindai.ConflictError, blindai.BlindAIError),
    "too large": (blindai.TooLargeError, ValueError),
    "refused": (blindai.ModelRefusedError, ValueError),
    "exhausted": (blindai.ExhaustedError, blindai.BlindAIError),
    "unavailable": (blindai.UnavailableError, ConnectionError),
    "deadline": (blindai.DeadlineError, TimeoutError),
    "no space": (blindai.NoSpaceError, blindai.BlindAIError),
    "internal": (blindai.InternalError, blindai.BlindAIError),
}


def report(*checks: dict[str, str], ok: bool = False) -> str:
    return json.dumps({"ok": ok, "simulation": True, "checks": checks, "evidence": None})


FAILED = {
    "name": "policy.measurement",
    "state": "failed",
    "expected": "aa",
    "found": "bb",
    "advice": "Check it.",
}


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_its_class_with_sentence_and_id(code: str) -> None:
    error = from_core(code, "area.reason", "Do this next.")
    ours, builtin = CODES[code]
    assert type(error) is ours
    assert isinstance(error, builtin)
    assert isinstance(error, blindai.BlindAIError)
    assert (str(error), error.message, error.id) == ("Do this next.",) * 2 + ("area.reason",)


def test_a_timeout_is_also_a_connection_error() -> None:
    assert issubclass(blindai.DeadlineError, ConnectionError)


def test_another_program_is_an_identity_error_with_both_measurements() -> None:
    error = from_core("denied", "policy.measurement", "Another.", False, report(FAILED))
    assert type(error) is blindai.IdentityError
    assert (error.expected, error.found) == ("aa", "bb")
    assert error.report is not None
    assert error.report.checks[0].advice == "Check it."
    assert "FAILED policy.measurement: Check it." in str(error.report)


@pytest.mark.parametrize(
    ("code", "error_id", "kind"),
    [
        ("denied", "policy.debug", blindai.DebugNotAllowedError),
        ("denied", "policy.tcb-status", blindai.AttestationError),
        ("malformed", "channel.certificate.der", blindai.AttestationError),
        ("untrusted", "channel.nonce", blindai.AttestationError),
        ("stale", "sgx.tcb-info.validity", blindai.StaleEvidenceError),
        ("unavailable", "net.connect", blindai.UnavailableError),
        ("invalid", "net.address", blindai.InvalidError),
    ],
)
def test_a_connection_that_cannot_be_verified_is_an_attestation_error(
    code: str, error_id: str, kind: type[Exception]
) -> None:
    assert type(from_core(code, error_id, "No.", False, report())) is kind


@pytest.mark.parametrize(
    ("code", "error_id", "kind"),
    [
        ("denied", "policy.measurement", blindai.IdentityError),
        ("untrusted", "channel.nonce", blindai.AttestationError),
        ("stale", "sgx.tcb-info.validity", blindai.StaleEvidenceError),
    ],
)
def test_so_is_a_later_call_that_verifies_again(
    code: str, error_id: str, kind: type[Exception]
) -> None:
    assert type(from_core(code, error_id, "No.")) is kind


def test_a_servers_own_answer_is_never_one() -> None:
    for code in ("denied", "stale", "malformed"):
        error = from_core(code, "policy.measurement", "No.", True)
        assert not isinstance(error, blindai.AttestationError)


def test_a_policy_that_cannot_be_read_is_not_one() -> None:
    assert type(from_core("malformed", "policy.syntax", "No.")) is blindai.MalformedError


def test_a_servers_sentence_cannot_drive_the_terminal() -> None:
    assert "\x1b" not in str(from_core("internal", "x", "a\x1b[2Jb"))


def test_every_exception_is_exported_at_the_top() -> None:
    for name in errors.__all__:
        assert getattr(blindai, name) is getattr(errors, name)


def test_a_report_shows_each_check() -> None:
    passed = {"name": "sgx.quote.signature", "state": "passed", "expected": "", "found": "valid"}
    missing = {"name": "claims.report-data", "state": "not-reached"}
    text = report(passed, FAILED, missing)
    shown = Report.from_json(text)
    assert [check.passed for check in shown.checks] == [True, False, False]
    assert shown.to_json() == text
    assert str(shown).splitlines() == [
        "NOT VERIFIED: 3 checks (simulation: proves nothing)",
        "  ok     sgx.quote.signature: valid",
        "  FAILED policy.measurement: Check it.",
        "  -      claims.report-data",
    ]
