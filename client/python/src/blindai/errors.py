"""What can go wrong, one class per kind of failure. Every message says what to do next.

All are BlindAIError. Where Python has a class people already catch for the same thing, the class
here is also that: a bad argument is a ValueError, no connection is a ConnectionError.
"""

from __future__ import annotations

from .report import Check, Report

__all__ = [
    "AnonymousError",
    "AttestationError",
    "BlindAIError",
    "ConflictError",
    "DeadlineError",
    "DebugNotAllowedError",
    "DeniedError",
    "ExhaustedError",
    "IdentityError",
    "InternalError",
    "InvalidError",
    "MalformedError",
    "ModelRefusedError",
    "NoSpaceError",
    "NotFoundError",
    "SimulationModeWarning",
    "StaleError",
    "StaleEvidenceError",
    "TooLargeError",
    "UnavailableError",
]


class SimulationModeWarning(UserWarning):
    """The connection accepts a simulated TEE, which protects nothing."""


class BlindAIError(Exception):
    """Any failure of BlindAI.

    message  the sentence for people
    id       the stable name for programs, such as "serve.unknown-model"
    """

    def __init__(self, message: str, error_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.id = error_id

    def __str__(self) -> str:
        return self.message


class MalformedError(BlindAIError, ValueError):
    """Bytes or text that are not what their format says."""


class InvalidError(BlindAIError, ValueError):
    """Well-formed, but not acceptable: a wrong name, shape, datatype or address."""


class AttestationError(BlindAIError):
    """The server did not prove that it is what the policy accepts. Nothing was sent to it.

    report    every check by name, as far as verification went; None when it was a later call that
              had to verify again
    check     the first check that failed, if one did
    expected  what that check asked for, and
    found     what it saw: unverified, for people
    """

    def __init__(self, message: str, error_id: str = "", report: Report | None = None) -> None:
        super().__init__(message, error_id)
        self.report = report
        self.check: Check | None = None
        if report is not None:
            named = (check for check in report.checks if check.name == error_id and check.failed)
            self.check = next(named, None)
        self.expected = self.check.expected if self.check is not None else ""
        self.found = self.check.found if self.check is not None else ""


class IdentityError(AttestationError):
    """A genuine TEE, but another program in it than the policy accepts."""


class DebugNotAllowedError(AttestationError):
    """The TEE is in debug mode: its operator can read its memory."""


class StaleError(BlindAIError):
    """A token, or something else that is only good for a time, is outside it."""


class StaleEvidenceError(AttestationError, StaleError):
    """Evidence, or what the vendor says of its platform, is outside its time."""


class DeniedError(BlindAIError, PermissionError):
    """The caller may not do this."""


class AnonymousError(DeniedError):
    """The caller has to say who they are first, or did not prove it."""


class NotFoundError(BlindAIError, LookupError):
    """Nothing by that name."""


class ConflictError(BlindAIError):
    """The name is taken, or the state of things does not allow it."""


class TooLargeError(BlindAIError, ValueError):
    """Over a stated limit."""


class ModelRefusedError(BlindAIError, ValueError):
    """The model is one the service does not run."""


class ExhaustedError(BlindAIError):
    """A rate or quota is used up."""


class UnavailableError(BlindAIError, ConnectionError):
    """Not now: no connection, or the server is loading, stopping or short of memory."""


class DeadlineError(BlindAIError, TimeoutError, ConnectionError):
    """The time allowed ran out."""


class NoSpaceError(BlindAIError):
    """The server's store is full."""


class InternalError(BlindAIError):
    """A fault of BlindAI's own. Please report it."""


_BY_CODE: dict[str, type[BlindAIError]] = {
    "malformed": MalformedError,
    "invalid": InvalidError,
    "untrusted": AttestationError,
    "stale": StaleError,
    "anonymous": AnonymousError,
    "denied": DeniedError,
    "not found": NotFoundError,
    "conflict": ConflictError,
    "too large": TooLargeError,
    "refused": ModelRefusedError,
    "exhausted": ExhaustedError,
    "unavailable": UnavailableError,
    "deadline": DeadlineError,
    "no space": NoSpaceError,
    "internal": InternalError,
}

_UNVERIFIED: dict[str, type[AttestationError]] = {
    "policy.measurement": IdentityError,
    "policy.signer": IdentityError,
    "policy.product": IdentityError,
    "policy.svn": IdentityError,
    "policy.debug": DebugNotAllowedError,
}


# What is wrong with the caller's own key or token is told while connecting, too.
_CALLER = ("auth.", "client.token", "json.")

# What the ids of verification begin with. A policy that cannot be read is "malformed" or "invalid".
_VERIFICATION = (
    "channel.",
    "claims.",
    "client.simulation",
    "evidence.",
    "nitro.",
    "policy.",
    "sgx.",
    "snp.",
    "tdx.",
)


def from_core(
    code: str, error_id: str, sentence: str, from_server: bool = False, report_json: str = ""
) -> BlindAIError:
    """The exception for a failure in the extension module.

    from_server: the server said it, over a verified connection. report_json: what was verified,
    when a connection was not made; a later call that has to verify again fails without one.
    """
    message = _printable(sentence)
    connecting = (
        bool(report_json)
        and code in ("malformed", "untrusted", "stale", "denied")
        and not error_id.startswith(_CALLER)
    )
    again = code in ("untrusted", "stale", "denied") and error_id.startswith(_VERIFICATION)
    if not from_server and (connecting or again):
        report = Report.from_json(report_json) if report_json else None
        kind = StaleEvidenceError if code == "stale" else AttestationError
        return _UNVERIFIED.get(error_id, kind)(message, error_id, report)
    return _BY_CODE.get(code, InternalError)(message, error_id)


def _printable(text: str) -> str:
    """Text of a server, without what would drive a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
