"""What a soak counts while it runs, and its report."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.soak.content import MIB, PART

# Upper bounds in bytes and what they are called.
CLASSES = ((0, "0 B"), (PART, "≤ 5 MiB"), (64 * MIB, "≤ 64 MiB"), (2048 * MIB, "≤ 2 GiB"))


def class_of(size: int) -> str:
    return next((name for most, name in CLASSES if size <= most), "larger")


@dataclass
class Tally:
    """Counts of all senders together; several threads add to them."""

    killed: Counter[str] = field(default_factory=Counter)
    moments: Counter[str] = field(default_factory=Counter)
    # By door and class of size: files that were stored and found equal.
    files: Counter[tuple[str, str]] = field(default_factory=Counter)
    bytes_by_door: Counter[str] = field(default_factory=Counter)
    given_up: Counter[str] = field(default_factory=Counter)
    removed: int = 0
    packages: int = 0
    # By way: downloads that were compared to their end, and their bytes.
    fetched: Counter[str] = field(default_factory=Counter)
    fetched_bytes: Counter[str] = field(default_factory=Counter)
    taken_up: int = 0
    sent: int = 0
    acknowledged: int = 0
    asked_again: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    # How often anything went on: bytes acknowledged, a state reached, a download compared.
    moves: int = 0
    slowest: tuple[float, str] = (0.0, "")
    left_over: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def kills(self) -> int:
        return self.killed.total()

    def stored(self, door: str, size: int) -> None:
        with self._lock:
            self.files[door, class_of(size)] += 1
            self.bytes_by_door[door] += size

    def sending(self, size: int) -> None:
        """Bytes of a file were given to the line, whether they arrived or not."""
        with self._lock:
            self.sent += size

    def was_acknowledged(self, size: int) -> None:
        with self._lock:
            self.acknowledged += size

    def compared(self, way: str, size: int) -> None:
        with self._lock:
            self.fetched[way] += 1
            self.fetched_bytes[way] += size
            self.moves += 1

    def stood_still(self, seconds: float, what: str) -> None:
        with self._lock:
            self.slowest = max(self.slowest, (seconds, what))
            self.moves += 1

    def now(self) -> str:
        """One line for whoever waits."""
        return (
            f"{self.kills} kills, {self.files.total()} files, {_mib(self.acknowledged)} acknowledged, "
            f"{self.fetched.total()} downloads compared, longest standstill {self.slowest[0]:.0f} s, "
            f"{len(self.broken)} promises broken"
        )

    def __str__(self) -> str:
        lines = [
            f"{self.kills} kills in {self.seconds:.0f} s: {_listed(self.killed)}",
            f"bad moments of the store: {_listed(self.moments)}",
            f"answers that said “later”: {_listed(self.refused)}",
            "",
            *self._table(),
            "",
            f"packages delivered: {self.packages}",
            f"uploads given up half-way: {_listed(self.given_up)}",
            f"stored files removed again: {self.removed}",
            self._bytes(),
            f"acknowledged parts asked for again: {self.asked_again}",
            f"downloads compared byte by byte: {_listed(self.fetched)}, {_mib(self.fetched_bytes.total())}",
            f"downloads taken up where they broke: {self.taken_up} times",
            f"longest time an upload stood still: {self.slowest[0]:.0f} s ({self.slowest[1]})",
            f"left over after the sweeps: {'; '.join(self.left_over) or 'nothing'}",
            f"promises broken: {len(self.broken) or 'none'}",
            *(f"BROKEN: {what}" for what in self.broken),
        ]
        return "\n".join(lines)

    def _bytes(self) -> str:
        extra = self.sent - self.acknowledged
        share = 100 * extra / max(1, self.acknowledged)
        return f"acknowledged: {_mib(self.acknowledged)}; sent beyond that, at most: {_mib(extra)} ({share:.1f} %)"

    def _table(self) -> list[str]:
        names = [name for _, name in CLASSES]
        doors = sorted(self.bytes_by_door)
        head = f"{'files stored and equal':24}" + "".join(f"{name:>10}" for name in [*names, "together"])
        rows = [
            f"{door:24}"
            + "".join(f"{self.files[door, name]:>10}" for name in names)
            + f"{sum(self.files[door, name] for name in names):>10}  {_mib(self.bytes_by_door[door])}"
            for door in doors
        ]
        return [head, *rows]


@dataclass
class Progress:
    """One upload under watch: how much of it is acknowledged, and since when nothing has moved."""

    tally: Tally
    what: str
    acknowledged: int = 0
    since: float = field(default_factory=time.monotonic)
    _seen: object = None

    def acknowledge(self, size: int) -> None:
        """So many more bytes of the file are the gateway's."""
        if size > 0:
            self.acknowledged += size
            self.tally.was_acknowledged(size)
            self.moved()

    def moved(self) -> None:
        now = time.monotonic()
        self.tally.stood_still(now - self.since, self.what)
        self.since = now

    def look(self, seen: object) -> None:
        """It moved when it looks otherwise than the last time."""
        if seen != self._seen:
            self._seen = seen
            self.moved()

    @property
    def still_for(self) -> float:
        return time.monotonic() - self.since


def _mib(size: int) -> str:
    return f"{size / MIB:,.0f} MiB"


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{count} × {what}" for what, count in sorted(counted.items())) or "none"
