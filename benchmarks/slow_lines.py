"""A thousand slow senders at one node: what the upload pool needs for them, and whether anybody else notices.

Somebody opens pages, one after the other, by turns while nobody sends and while a thousand lines bring 50 KiB a second each.
Lines begin with parts of all sizes, so that from the first second on as many parts become whole, are entered and are
pushed into the store as with lines that have been sending for hours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from statistics import median, quantiles
from typing import IO, Any, cast
from urllib.parse import urlsplit

from benchmarks import people, portal, shares
from benchmarks.figures import Figure
from benchmarks.trickle import Task

SENDERS = int(os.environ.get("BENCH_SENDERS", "1000"))
BYTES_A_SECOND = 50 * 1024
PART = 16 * 1024**2
SECONDS = int(os.environ.get("BENCH_SECONDS", "25"))
TURNS = int(os.environ.get("BENCH_TURNS", "3"))
RAMP_SECONDS = 20.0
# What the kernel holds of a line runs dry, or is filled again.
SETTLE_SECONDS = 6.0
BREATH_SECONDS = 0.05
GOAL = 1.3


@dataclass
class Turn:
    """What pages took in milliseconds, who had the processors (seconds of each second), and what the lines brought."""

    pages: list[float]
    shares: dict[str, float]
    brought: int = 0

    @property
    def p95(self) -> float:
        return quantiles(self.pages, n=20)[-1]


@dataclass
class Run:
    alone: list[Turn] = field(default_factory=list)
    beside: list[Turn] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    threads: list[float] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)


def main() -> list[Figure]:
    with portal.running() as gateway:
        reader = people.Reader(gateway)
        uploads = [_new(gateway, number) for number in range(SENDERS)]
        pool = gateway.pid_of("uploads")
        before = portal.resident_mib(pool)
        run = Run()
        _watch(gateway, reader, seconds=3)
        run.alone.append(_watch(gateway, reader))
        with _lines(gateway, uploads) as lines:
            time.sleep(RAMP_SECONDS)
            for number in range(TURNS):
                lines.order("on")
                time.sleep(SETTLE_SECONDS)
                run.beside.append(_watch(gateway, reader, lines))
                run.memory.append(portal.resident_mib(pool))
                run.threads.append(float(portal.threads(pool)))
                run.told = lines.order("off")
                if number < TURNS - 1:
                    time.sleep(SETTLE_SECONDS)
                    run.alone.append(_watch(gateway, reader))
        return _figures(run, before)


def _figures(run: Run, before: float) -> list[Figure]:
    told = run.told
    rate = median(turn.brought / turn.shares["seconds"] for turn in run.beside) / 1024**2
    broken = ", ".join(f"{count} {reason}" for reason, count in told["broken"].items()) or "none broken"
    note = f"{told['open']} lines, {rate:.1f} MiB/s together, {told['parts']} parts acknowledged, {broken}"
    ratios = [beside.p95 / alone.p95 for beside, alone in zip(run.beside, run.alone, strict=True)]
    return [
        Figure("pages' p95: ratio", ratios, "×", note=note, goal=f"≤ {GOAL}"),
        Figure("pages without slow uploads", _all(run.alone), "ms", note=_shares(run.alone)),
        Figure("pages beside slow uploads", _all(run.beside), "ms", note=_shares(run.beside)),
        Figure("memory of the upload pool before", [before], "MiB"),
        Figure("memory of the upload pool with them", run.memory, "MiB"),
        Figure("threads of the upload pool with them", run.threads, "threads"),
    ]


def _all(turns: list[Turn]) -> list[float]:
    return [page for turn in turns for page in turn.pages]


def _shares(turns: list[Turn]) -> str:
    """The middle share of each kind of process, in processors."""
    kinds = (kind for kind in turns[0].shares if kind != "seconds")
    told = ((kind, median(turn.shares[kind] / turn.shares["seconds"] for turn in turns)) for kind in kinds)
    return "processors: " + ", ".join(f"{kind} {share:.2f}" for kind, share in told)


def _watch(
    gateway: portal.Portal, reader: people.Reader, lines: Lines | None = None, *, seconds: float = SECONDS
) -> Turn:
    kinds = {
        "pages": f"--bind=127.0.0.1:{gateway.port}",
        "uploads": f"--bind=127.0.0.1:{_port(gateway)}",
        "push": "--queues=push.",
        "other workers": "celery",
        "store": "weed",
        "database": "postgres",
        "redis": "redis-server",
        "senders": "benchmarks.trickle",
    }
    sent = lines.order("tell")["sent"] if lines else 0
    begun, watched = time.monotonic(), shares.Shares(kinds, root=shares.above())
    pages = reader.read(seconds=seconds, breath=BREATH_SECONDS)
    found = {"seconds": time.monotonic() - begun, **watched.so_far()}
    return Turn(pages, found, lines.order("tell")["sent"] - sent if lines else 0)


def _new(gateway: portal.Portal, number: int) -> tuple[str, int]:
    """A file of two parts, the second one of any length."""
    size = PART + PART * (number + 1) // SENDERS
    created = gateway.ask("POST", "/transfers/uploads/", {"name": f"slow-{number}.bin", "size": size})
    return str(created["id"]), size


def _port(gateway: portal.Portal) -> int:
    return int(urlsplit(gateway.run["tus_endpoint"]).port or 0)


class Lines:
    """The senders, in a process of their own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def order(self, word: str) -> dict[str, Any]:
        """See ``benchmarks.trickle``."""
        self.tell(word)
        answer: dict[str, Any] = json.loads(cast("IO[str]", self._process.stdout).readline())
        return answer

    def tell(self, line: str) -> None:
        """Send them one line; nothing is answered to the first, which is their ``Task``."""
        told = cast("IO[str]", self._process.stdin)
        told.write(f"{line}\n")
        told.flush()


@contextmanager
def _lines(gateway: portal.Portal, uploads: list[tuple[str, int]]) -> Iterator[Lines]:
    task = Task(_port(gateway), gateway.token, BYTES_A_SECOND, PART, RAMP_SECONDS, uploads)
    command = (sys.executable, "-m", "benchmarks.trickle")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        lines = Lines(process)
        lines.tell(json.dumps(asdict(task)))
        try:
            yield lines
        finally:
            process.kill()
