"""What the demo shows: colours and progress where there is a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


class Style:
    """Colours and bars where the terminal has them."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty()
        colour = self.live and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self.codes = {"bold": "1", "dim": "2", "green": "32", "red": "31"} if colour else {}
        utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        self.full, self.empty = ("\u2588", "\u2591") if utf8 else ("#", ".")

    def __call__(self, text: str, style: str) -> str:
        code = self.codes.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if code else text

    def bar(self, fraction: float, width: int = 24) -> str:
        filled = round(max(0.0, min(1.0, fraction)) * width)
        return self.full * filled + self.empty * (width - filled)


STYLE = Style()


def say(text: str = "") -> None:
    print(text, flush=True)


@dataclass
class Clock:
    """The time of each step."""

    steps: list[tuple[str, float]] = field(default_factory=list)

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        say(f"\n{STYLE(f'{len(self.steps) + 1}. {title}', 'bold')}")
        began = time.perf_counter()
        yield
        self.steps.append((title, time.perf_counter() - began))

    def table(self) -> str:
        rows = [f"   {title:<58}{milliseconds(seconds):>12}" for title, seconds in self.steps]
        return "\n".join(rows)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


class UploadBar:
    """Progress in place on a terminal; elsewhere a line every two seconds."""

    def __init__(self) -> None:
        self.told = time.monotonic()

    def __call__(self, sent: int, total: int) -> None:
        now = time.monotonic()
        line = f"   {STYLE.bar(sent / total)} {sent / 1e6:5.1f} of {total / 1e6:.1f} MB"
        if STYLE.live and (now - self.told > 0.05 or sent == total):
            print(f"\r{line}", end="\n" if sent == total else "", flush=True)
            self.told = now
        elif not STYLE.live and (now - self.told > 2 or sent == total):
            say(line)
            self.told = now
        if sent == total:
            say("   the server checks, seals and loads it")
