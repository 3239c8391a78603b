"""What was verified of a server before anything was sent to it, or of evidence by itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["Check", "Report"]


@dataclass(frozen=True)
class Check:
    """One check of the verification. expected and found are short texts for people.

    of  what was judged: "certificate" (evidence in the TLS certificate), "connection" (evidence
        made now, for this connection) or "evidence" (what verify() was given)
    """

    name: str
    state: str
    of: str = ""
    expected: str = ""
    found: str = ""
    advice: str = ""

    @property
    def passed(self) -> bool:
        return self.state == "passed"

    @property
    def failed(self) -> bool:
        return self.state == "failed"


@dataclass(frozen=True)
class Report:
    """Every check by name, in the order in which they were judged.

    simulation  a simulated TEE was accepted: nothing here protects anybody
    evidence    what was found true (tee, measurement, tcb_status, ...); empty unless ok
    config      the server's measured configuration, as its operator wrote it; empty for evidence
                that came without one
    """

    ok: bool
    simulation: bool
    checks: tuple[Check, ...]
    evidence: dict[str, Any]
    config: str
    _json: str

    @classmethod
    def from_json(cls, text: str) -> Report:
        raw = json.loads(text)
        checks = tuple(
            Check(
                check["name"],
                check["state"],
                check.get("of", ""),
                check.get("expected", ""),
                check.get("found", ""),
                check.get("advice", ""),
            )
            for check in raw["checks"]
        )
        return cls(
            raw["ok"], raw["simulation"], checks, raw["evidence"] or {}, raw.get("config", ""), text
        )

    @property
    def measurement(self) -> str:
        """What names the program that runs there, in hex (MRENCLAVE for SGX)."""
        return str(self.evidence.get("measurement", ""))

    def to_json(self) -> str:
        """As `blindai verify --json` prints it."""
        return self._json

    def __str__(self) -> str:
        lines = [f"{'verified' if self.ok else 'NOT VERIFIED'}: {len(self.checks)} checks"]
        if self.simulation:
            lines[0] += " (simulation: proves nothing)"
        for check in self.checks:
            mark = {"passed": "ok    ", "failed": "FAILED"}.get(check.state, "-     ")
            detail = check.found if check.passed else check.advice
            lines.append(f"  {mark} {check.name}{': ' + detail if detail else ''}")
        return "\n".join(lines)
