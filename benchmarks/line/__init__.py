"""A long, lossy line on one machine: two network namespaces joined by ``wanlink.c``, a relay with delay, loss and a rate.

Needs root, ``/dev/net/tun``, ``gcc``, ``iproute2`` and ``util-linux``; no kernel module for emulation. The near end is
``10.99.0.1``, the far end ``10.99.0.2``; nothing of it leaves the two namespaces. It carries 4 Gbit/s and keeps to the round
trip within 0.3 ms and to the loss within 0.05 points.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SOURCE = Path(__file__).with_name("wanlink.c")
NEAR, FAR = "10.99.0.1", "10.99.0.2"
QUEUE_MS = 50
READY_SECONDS = 20


class Impossible(Exception):
    """This machine cannot emulate a line; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Round trip in milliseconds, loss in percent and rate in Mbit/s, the last two in each direction."""

    round_trip: float
    loss: float
    rate: float

    def __str__(self) -> str:
        return f"{self.round_trip:g} ms, {self.loss:g} %, {self.rate:g} Mbit/s"


class Line:
    """A line for as long as the context lasts. ``near`` and ``far`` stand before a command to run it at that end.

    Begin with the widest line when it is to ``become`` others: what it can hold is laid out at the start.
    """

    def __init__(self, profile: Profile, *, seed: int = 1) -> None:
        self._profile = profile
        self._seed = seed
        tag = f"{os.getpid()}-{seed}"
        self._names = (f"line-near-{tag}", f"line-far-{tag}")
        self._relay: subprocess.Popen[bytes] | None = None
        self.counters: dict[str, Any] = {}

    @property
    def near(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self._names[0])

    @property
    def far(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self._names[1])

    def __enter__(self) -> Self:
        check()
        self._folder = Path(tempfile.mkdtemp(prefix="mag-line-"))
        ready = self._folder / "ready"
        profile = self._profile
        options = {
            "delay": profile.round_trip / 2,
            "loss": profile.loss,
            "rate": profile.rate,
            "queue": QUEUE_MS,
            "seed": self._seed,
            "ready": ready,
            "stats": self._folder / "counters",
            "change": self._folder / "change",
        }
        given = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        self._relay = subprocess.Popen((_built(), *given, "--die-with-parent", *self._names), start_new_session=True)
        deadline = time.monotonic() + READY_SECONDS
        while not ready.exists():
            if self._relay.poll() is not None or time.monotonic() > deadline:
                self._end()
                raise Impossible("The line did not come up; its words are above.")
            time.sleep(0.02)
        for end in (self.near, self.far):
            # One run must not learn from the one before.
            subprocess.run((*end, "sysctl", "-qw", "net.ipv4.tcp_no_metrics_save=1"), check=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def become(self, profile: Profile) -> None:
        """Another line from now on, while nothing travels."""
        if self._relay is None:
            raise Impossible("The line is not up.")
        change = self._folder / "change"
        change.write_text(f"{profile.round_trip / 2} {profile.loss} {profile.rate}\n")
        self._relay.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + READY_SECONDS
        while change.exists():
            if time.monotonic() > deadline:
                raise Impossible("The line does not change.")
            time.sleep(0.02)

    def prefer(self, end: Sequence[str], congestion: str = "") -> None:
        """Congestion control of the connections that one end begins or accepts from now on; without a name the system's.

        By its route: the setting of a namespace takes only what the machine allows to everybody, and a route goes before it.
        The end that leaves the choice to its programs gets none.
        """
        source = NEAR if tuple(end) == self.near else FAR
        options = f"10.99.0.0/24 dev wan0 proto kernel scope link src {source}".split()
        chosen = ("congctl", congestion) if congestion else ()
        subprocess.run((*end, "ip", "route", "replace", *options, *chosen), check=True)

    def congestion(self, end: Sequence[str]) -> set[str]:
        """What the connections at one end, over the line, are really sent with now."""
        sockets = subprocess.run(
            (*end, "ss", "-Htin", "state", "established", "dst", "10.99.0.0/24"),
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()
        return {words[0] for line in sockets if line.startswith((" ", "\t")) and (words := line.split())}

    def sysctl(self, end: Sequence[str], **values: str) -> None:
        for name, value in values.items():
            subprocess.run((*end, "sysctl", "-qw", f"{name.replace('__', '.')}={value}"), check=True)

    def setting(self, end: Sequence[str], name: str) -> str:
        asked = (*end, "sysctl", "-n", name.replace("__", "."))
        return " ".join(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split())

    def start(
        self, end: Sequence[str], *command: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """A command at one end, which dies with us."""
        return subprocess.Popen(("setpriv", "--pdeathsig", "TERM", *end, *command), env=environment)

    @contextmanager
    def talk(self, end: Sequence[str], *command: str) -> Iterator[subprocess.Popen[str]]:
        """A command at one end with lines to and from it; it ends with the context at the latest."""
        with subprocess.Popen(
            ("setpriv", "--pdeathsig", "TERM", *end, *command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                yield process
                process.communicate(timeout=READY_SECONDS)
            finally:
                if process.poll() is None:
                    process.terminate()

    def _end(self) -> None:
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.send_signal(signal.SIGTERM)
            relay.wait(timeout=30)
        counters = self._folder / "counters"
        if counters.exists():
            self.counters = json.loads(counters.read_text())
        shutil.rmtree(self._folder, ignore_errors=True)


def check() -> None:
    """Raise ``Impossible`` with what is missing."""
    missing = [name for name in ("ip", "ss", "gcc", "setpriv", "sysctl") if not shutil.which(name)]
    if missing:
        raise Impossible(
            f"Missing programs: {', '.join(missing)}. On Debian: apt-get install iproute2 gcc procps util-linux"
        )
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        raise Impossible("A line takes root and /dev/net/tun.")


def _built() -> str:
    """The compiled relay, kept under its source's digest."""
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    program = Path(tempfile.gettempdir()) / f"mag-wanlink-{os.getuid()}-{digest}"
    if not program.exists():
        draft = program.with_suffix(f".{os.getpid()}")
        subprocess.run(("gcc", "-O2", "-Wall", "-o", str(draft), str(SOURCE), "-lpthread"), check=True)
        draft.rename(program)
    return str(program)
