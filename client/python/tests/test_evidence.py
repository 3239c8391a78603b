"""Evidence by itself: a simulated platform's, kept as the seed of fuzz/verify.cc."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sample_policy

import blindai

SHARED = Path(os.environ.get("BLINDAI_SHARED", Path(__file__).parents[4] / "shared"))
VECTORS = SHARED / "vectors/snp"
SEED = Path(__file__).parents[3] / "fuzz/corpus/verify/sgx_v3"
PARTS = ("tcb_info", "tcb_info_chain", "qe_identity", "qe_identity_chain", "pck_crl", "root_ca_crl")

pytestmark = pytest.mark.filterwarnings("ignore::blindai.SimulationModeWarning")


class Seed:
    def __init__(self, folder: Path) -> None:
        raw = SEED.read_bytes()
        self.at = datetime.fromtimestamp(struct.unpack_from("<q", raw)[0], timezone.utc)
        offset = 8
        parts = []
        for _ in range(8):
            (length,) = struct.unpack_from("<I", raw, offset)
            parts.append(raw[offset + 4 : offset + 4 + length])
            offset += 4 + length
        self.quote, self.claims = parts[:2]
        self.collateral = folder
        for name, content in zip(PARTS, parts[2:], strict=True):
            (folder / name).write_bytes(content)
        measurement = hashlib.sha256(b"programs").hexdigest()
        self.policy = blindai.Policy.from_text(sample_policy.TEXT.replace("ab" * 32, measurement))

    def verify(self, evidence: bytes | None = None, **changes: object) -> blindai.Report:
        given = {
            "policy": self.policy,
            "collateral": self.collateral,
            "claims": self.claims,
            "at": self.at,
            "simulation": True,
        }
        return blindai.verify(evidence or self.quote, **{**given, **changes})  # type: ignore[arg-type]


@pytest.fixture
def seed(tmp_path: Path) -> Seed:
    return Seed(tmp_path)


def test_evidence_in_order_gives_its_report(seed: Seed) -> None:
    report = seed.verify()
    assert report.ok and report.simulation
    assert all(check.passed and check.of == "evidence" for check in report.checks)
    assert report.measurement == hashlib.sha256(b"programs").hexdigest()
    assert report.config == ""


def test_bytes_of_other_types_are_taken(seed: Seed) -> None:
    assert seed.verify(bytearray(seed.quote)).ok  # type: ignore[arg-type]
    assert seed.verify(claims=memoryview(seed.claims)).ok


def test_a_check_that_fails_is_an_attestation_error_with_the_report(seed: Seed) -> None:
    with pytest.raises(blindai.AttestationError) as caught:
        seed.verify(claims=b"others")
    assert caught.value.id == "claims.report-data"
    assert caught.value.report is not None and not caught.value.report.ok
    with pytest.raises(blindai.StaleEvidenceError):
        seed.verify(at=seed.at + timedelta(days=1000))
    with pytest.raises(blindai.IdentityError):
        seed.verify(policy=blindai.Policy.from_text(sample_policy.TEXT))
    broken = bytearray(seed.quote)
    broken[100] ^= 1
    with pytest.raises(blindai.AttestationError) as caught:
        seed.verify(bytes(broken))
    assert caught.value.id == "sgx.quote.signature"


def test_the_simulation_is_refused_unless_allowed(seed: Seed) -> None:
    with pytest.raises(blindai.AttestationError) as caught:
        seed.verify(simulation=False)
    assert caught.value.id == "client.simulation"
    with pytest.warns(blindai.SimulationModeWarning):
        seed.verify()


def test_absent_claims_and_collateral_are_named(seed: Seed) -> None:
    with pytest.raises(blindai.AttestationError, match="claims=") as caught:
        seed.verify(claims=None)
    assert caught.value.id == "evidence.claims"
    with pytest.raises(blindai.NotFoundError, match="collateral="):
        seed.verify(collateral=None)
    (seed.collateral / "pck_crl").unlink()
    with pytest.raises(blindai.NotFoundError, match="pck_crl"):
        seed.verify()


def test_what_is_no_evidence_is_said_to_be_none(seed: Seed) -> None:
    with pytest.raises(blindai.MalformedError, match="no evidence"):
        seed.verify(b"nothing")


def test_a_time_needs_its_zone(seed: Seed) -> None:
    with pytest.raises(ValueError, match="time zone"):
        seed.verify(at=datetime(2026, 1, 1))


def test_a_virtual_tpm_goes_with_an_hcl_report_alone(seed: Seed, tmp_path: Path) -> None:
    for changes in ({"tpm": tmp_path}, {"nonce": b"1"}):
        with pytest.raises(blindai.BlindAIError, match="HCL report") as caught:
            seed.verify(**changes)
        assert caught.value.id == "client.inputs"


def test_a_real_azure_machine(tmp_path: Path) -> None:
    if not VECTORS.is_dir():
        pytest.skip(f"no shared vectors at {VECTORS}")
    folder = VECTORS / "azure-milan-v3"
    pcrs = json.loads((folder / "pcrs.json").read_text())
    for name, content in {
        "vek.der": (folder / "vcek.der").read_bytes(),
        "vek_chain.pem": (VECTORS / "ca/milan-vcek.pem").read_bytes(),
        "vek_crl.der": (VECTORS / "crl/milan.der").read_bytes(),
        "quote.msg": (folder / "tpm_quote_msg.bin").read_bytes(),
        "quote.sig": (folder / "tpm_quote_sig.bin").read_bytes(),
        "pcrs.bin": bytes.fromhex("".join(pcrs)),
    }.items():
        (tmp_path / name).write_bytes(content)
    # MEASUREMENT of the report: docs/formats/snp-report.md.
    measurement = (folder / "report.bin").read_bytes()[0x90:0xC0].hex()
    policy = blindai.Policy.from_text(
        'format = "blindai-policy-1"\nconfigurations = "any"\nmax_evidence_age_s = 3600\n'
        f'[snp]\nmeasurement = ["{measurement}"]\nallow_smt = true\n'
        "min_tcb_milan = { boot_loader = 0, tee = 0, snp = 0, microcode = 0 }\n[azure]\n"
        + "".join(f'pcr{i} = ["{value}"]\n' for i, value in enumerate(pcrs))
    )

    def verify(**changes: object) -> blindai.Report:
        given = {
            "policy": policy,
            "collateral": tmp_path,
            "at": datetime(2025, 7, 1, tzinfo=timezone.utc),
            "tpm": tmp_path,
            "nonce": b"challenge",
        }
        hcl = (folder / "hcl_report.bin").read_bytes()
        return blindai.verify(hcl, **{**given, **changes})  # type: ignore[arg-type]

    report = verify()
    assert report.ok and {"policy.pcrs", "azure.runtime.binding"} <= {c.name for c in report.checks}
    with pytest.raises(blindai.AttestationError) as caught:
        verify(nonce=b"another")
    assert caught.value.id == "tpm.quote.nonce"
    for missing, named in (({"nonce": None}, "nonce="), ({"tpm": None}, "tpm=")):
        with pytest.raises(blindai.NotFoundError, match=named) as absent:
            verify(**missing)
        assert absent.value.id == "azure.files"
