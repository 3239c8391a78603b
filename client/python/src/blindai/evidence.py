"""Evidence that somebody kept, or that came another way than over a connection of ours."""

from __future__ import annotations

import os
import warnings
from datetime import datetime

from . import _core
from .errors import SimulationModeWarning
from .policy import PolicyLike, load_policy
from .report import Report

__all__ = ["verify"]


def verify(
    evidence: bytes | bytearray | memoryview,
    policy: PolicyLike | None = None,
    *,
    collateral: str | os.PathLike[str] | None = None,
    claims: bytes | bytearray | memoryview | None = None,
    at: datetime | None = None,
    simulation: bool = False,
    tpm: str | os.PathLike[str] | None = None,
    nonce: bytes | bytearray | memoryview | None = None,
) -> Report:
    """Judges evidence by itself, as `blindai verify FILE` does; see docs/cli.md.

    evidence    an SGX or TDX quote, an SEV-SNP report, a Nitro document, an attested certificate
                (PEM or DER), an Azure HCL report or an attestation message that
                `blindai verify ADDR --save FILE` kept
    policy      what is accepted, as for Connection
    collateral  a folder with what the vendor publishes about the platform, a file for each part
    claims      the bytes whose SHA-256 a quote, report or document has to carry
    at          when, with a time zone (else now): everything is judged at that time
    simulation  accept evidence of the simulation, which proves nothing
    tpm         of an Azure HCL report alone: a folder with what its virtual TPM quoted, quote.msg,
                quote.sig, pcrs.bin and, of a trust domain, td_quote.bin
    nonce       the same: the bytes that the quote was asked for with

    Returns the report only when every check passed. AttestationError, with the report, when one
    failed; NotFoundError for collateral that is missing, with the names of the files to provide.
    """
    if at is not None and at.tzinfo is None:
        raise ValueError("at needs a time zone: datetime(..., tzinfo=timezone.utc)")
    loaded = load_policy(policy)
    if simulation:
        warnings.warn(
            "simulation=True: evidence of the simulation is accepted, which proves nothing",
            SimulationModeWarning,
            stacklevel=2,
        )
    text = _core.verify(
        bytes(evidence),
        loaded._core,
        "" if collateral is None else os.fspath(collateral),
        None if claims is None else bytes(claims),
        None if at is None else int(at.timestamp()),
        simulation,
        "" if tpm is None else os.fspath(tpm),
        None if nonce is None else bytes(nonce),
    )
    return Report.from_json(text)
