"""The simulation as each TEE that it can be: a real server and the real `blindai` beside it.

Every check of the TEE's own evidence runs, under the simulation's roots, and each refusal is by the
check that it is about.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import BUILD, DEMO_CONFIG, Server, identity_model, start_server, unverified_context

CLIENT = BUILD / "bin" / "blindai"
TEES = ["sgx", "tdx", "snp"]

# The OBJECT IDENTIFIERs in DER: 2.23.133.5.4.9 and 1.3.6.1.5.5.7.1.35.
TAGGED_EVIDENCE = bytes.fromhex("0606678105050409")
CMW = bytes.fromhex("06082b06010505070123")


def measure(tee: str, config: Path, policy: Path) -> str:
    """Writes a policy for this build as that TEE; returns its text."""
    programs = BUILD / "bin"
    command = [str(CLIENT), "measure", "--simulate", tee, "--config", str(config)]
    command += ["--server", str(programs / "blindai-server"), "--policy", str(policy)]
    command += ["--worker", str(programs / "blindai-worker")]
    command += ["--onnxruntime", str(programs / "libonnxruntime.so.1.28.0")]
    subprocess.run(command, check=True, capture_output=True)
    return policy.read_text()


@dataclass
class Simulated:
    tee: str
    server: Server
    policy: Path
    text: str  # of the policy

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def run(self, *arguments: str, policy: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(CLIENT), *arguments, "--simulation", "--policy", str(policy or self.policy)]
        return subprocess.run(command, capture_output=True, text=True)

    def verify(self, policy: Path | None = None) -> tuple[int, Any]:
        done = self.run("verify", self.address, "--json", policy=policy)
        return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module", params=TEES)
def simulated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Simulated]:
    if not CLIENT.exists():
        pytest.skip(f"{CLIENT} is not built")
    folder = tmp_path_factory.mktemp(request.param)
    server = start_server(folder / "store", extra=["--simulate", request.param])
    policy = folder / "policy.toml"
    text = measure(request.param, folder / "store.toml", policy)
    yield Simulated(request.param, server, policy, text)
    assert server.stop() == 0


def failed_checks(report: Any) -> list[str]:
    return [check["name"] for check in report["checks"] if check["state"] == "failed"]


def test_every_check_of_its_own_evidence_passes(simulated: Simulated) -> None:
    status, report = simulated.verify()
    assert status == 0, failed_checks(report)
    assert report["ok"] is True
    assert report["simulation"] is True
    assert report["evidence"]["tee"] == simulated.tee
    assert {check["state"] for check in report["checks"]} == {"passed"}
    of = {(check["of"], check["name"]) for check in report["checks"]}
    own = {"sgx": "sgx.qe.signature", "tdx": "tdx.module.identity", "snp": "snp.vek.chip"}
    for tee, name in own.items():
        for part in ("certificate", "connection"):
            assert ((part, name) in of) == (tee == simulated.tee)
    assert ("connection", "channel.exporter") in of
    # What stands for the programs, wherever the TEE has it.
    found = re.search(r"\[\"([0-9a-f]{64,96})\"\]", simulated.text[simulated.text.index("\n[") :])
    assert found
    assert report["evidence"]["measurement"] == found.group(1)


def test_the_report_for_people_names_the_tee(simulated: Simulated) -> None:
    shown = simulated.run("verify", simulated.address)
    assert shown.returncode == 0, shown.stderr
    assert re.search(rf"TEE +{simulated.tee} \(SIMULATION: protects nothing\)", shown.stdout)
    assert f"  ok       {simulated.tee}." in shown.stdout


def test_the_certificate_has_the_tees_form(simulated: Simulated) -> None:
    address = ("127.0.0.1", simulated.server.port)
    with (
        socket.create_connection(address, timeout=10) as plain,
        unverified_context().wrap_socket(plain) as tls,
    ):
        certificate = tls.getpeercert(binary_form=True)
    assert certificate is not None
    assert (CMW in certificate) == (simulated.tee == "snp")
    assert (TAGGED_EVIDENCE in certificate) == (simulated.tee != "snp")


def test_is_refused_as_anything_but_a_simulation(simulated: Simulated) -> None:
    command = [str(CLIENT), "verify", simulated.address, "--policy", str(simulated.policy)]
    refused = subprocess.run([*command, "--json"], capture_output=True, text=True)
    assert refused.returncode == 3
    assert json.loads(refused.stderr)["code"] == "client.simulation"
    root = "snp.chain.root" if simulated.tee == "snp" else f"{simulated.tee}.pck.root"
    assert root in failed_checks(json.loads(refused.stdout))


def test_is_refused_by_a_policy_without_its_section(simulated: Simulated, tmp_path: Path) -> None:
    config = simulated.server.store.parent / "store.toml"
    for other in TEES:
        if other == simulated.tee:
            continue
        policy = tmp_path / f"{other}.toml"
        measure(other, config, policy)
        status, report = simulated.verify(policy)
        assert status == 3
        assert failed_checks(report)[0] == "policy.tee", other


def change(text: str, pattern: str, replacement: str) -> str:
    changed, count = re.subn(pattern, replacement, text, count=1)
    assert count == 1, (pattern, text)
    return changed


OTHER_DIGITS = r"\g<1>0123456789abcdef"
REFUSALS = [
    (["sgx"], r"(mr_enclave = \[\")[0-9a-f]{16}", OTHER_DIGITS, "policy.measurement"),
    (["tdx"], r"(mr_td = \[\")[0-9a-f]{16}", OTHER_DIGITS, "policy.measurement"),
    (["snp"], r"(measurement = \[\")[0-9a-f]{16}", OTHER_DIGITS, "policy.measurement"),
    (TEES, r"(configurations = \[\")[0-9a-f]{16}", OTHER_DIGITS, "channel.config-accepted"),
    (["sgx", "tdx"], r"\"UpToDate\"", '"OutOfDate"', "policy.tcb-status"),
    (["sgx", "tdx"], r"number = 0", "number = 100000", "policy.evaluation-number"),
    (["sgx"], r"(\[sgx\]\n)", r"\1min_isv_svn = 1\n", "policy.svn"),
    (["tdx"], r"(rtmr1 = \[\")[0-9a-f]{16}", OTHER_DIGITS, "policy.rtmr1"),
    (["snp"], r"microcode = 219", "microcode = 220", "policy.tcb"),
    (["snp"], r"min_tcb_milan = ", "min_tcb_genoa = ", "policy.product"),
]


def test_is_refused_by_the_check_that_a_policy_narrows(
    simulated: Simulated, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    for tees, pattern, replacement, check in REFUSALS:
        if simulated.tee not in tees:
            continue
        policy.write_text(change(simulated.text, pattern, replacement))
        status, report = simulated.verify(policy)
        assert status == 3, check
        assert failed_checks(report)[0] == check
        done = simulated.run("models", simulated.address, "--json", policy=policy)
        assert done.returncode == 3, check
        assert json.loads(done.stderr)["code"] == check


def test_a_kept_message_verifies_by_itself(simulated: Simulated, tmp_path: Path) -> None:
    kept = tmp_path / "proof.json"
    assert simulated.run("verify", simulated.address, "--save", str(kept)).returncode == 0
    assert json.loads(kept.read_text())["tee"] == simulated.tee
    judged = simulated.run("verify", str(kept), "--json")
    assert judged.returncode == 0, judged.stderr
    assert json.loads(judged.stdout)["evidence"]["tee"] == simulated.tee


def test_serves_models(simulated: Simulated, tmp_path: Path) -> None:
    model, tensor = tmp_path / "same.onnx", tmp_path / "x.npy"
    model.write_bytes(identity_model())
    np.save(tensor, np.array([[1, 2, 3, 4]], np.float32))
    uploaded = simulated.run("upload", simulated.address, str(model))
    assert uploaded.returncode == 0, uploaded.stderr
    answer = simulated.run("predict", simulated.address, "same", f"x={tensor}")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["outputs"][0]["data"] == [[1, 2, 3, 4]]


def test_sgx_is_simulated_when_nothing_is_said(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    server = start()
    config, policy = tmp_path / "demo.toml", tmp_path / "policy.toml"
    config.write_text(DEMO_CONFIG)
    silent = Simulated("sgx", server, policy, measure("sgx", config, policy))
    status, report = silent.verify()
    assert status == 0, failed_checks(report)
    assert report["evidence"]["tee"] == "sgx"


@pytest.mark.parametrize("tee", ["sgx", "tdx", "snp", "nitro"])
def test_hardware_is_not_simulated(tee: str, tmp_path: Path) -> None:
    program = BUILD / "bin" / "blindai-server"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    command = [str(program), "--tee", tee, "--simulate", "sgx", "--store", str(tmp_path / "store")]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert refused.returncode == 2
    assert "--simulate" in refused.stderr
    assert not (tmp_path / "store").exists()
