"""What happens to the gateway: one of its processes is killed, or its store has a bad moment; then the next."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.soak.store import MortalStore
from tests.stack import Stack
from tests.transfers.faulty_store import SLOW_DOWN, Delay, FaultyStore, Refuse, putting_parts

# Twice where most of the promises are kept.
VICTIMS = (
    "uploads",
    "uploads",
    "push",
    "push",
    "transfers",
    "transfers",
    "redis",
    "postgresql",
    "s3",
    "pages",
    "housekeeping",
    "beat",
)
BAD_MOMENTS: dict[str, Callable[[FaultyStore], None]] = {
    "store answers 500": lambda proxy: proxy.plan(Refuse(500)),
    "store says slow down": lambda proxy: proxy.plan(SLOW_DOWN),
    "store takes no parts": lambda proxy: proxy.plan(Refuse(507, "InsufficientStorage"), on=putting_parts),
    "store is slow": lambda proxy: proxy.plan(Delay(1.5)),
}


@dataclass
class Fire:
    """``kills`` processes are killed, one every ``pause`` seconds or so, with bad moments of the store between them."""

    stack: Stack
    store: MortalStore
    proxy: FaultyStore
    draw: random.Random
    kills: int
    pause: float
    over: threading.Event = field(default_factory=threading.Event)
    done: Counter[str] = field(default_factory=Counter)

    def burn(self) -> None:
        for _ in range(self.kills):
            if self.over.wait(self.pause * (0.5 + self.draw.random())):
                break
            if self.draw.random() < 0.25:
                self._bad_moment()
            self._kill(self.draw.choice(VICTIMS))
        self.proxy.mend()

    def _bad_moment(self) -> None:
        name = self.draw.choice(sorted(BAD_MOMENTS))
        BAD_MOMENTS[name](self.proxy)
        self.done[name] += 1
        self.over.wait(1 + 2 * self.draw.random())
        self.proxy.mend()

    def _kill(self, victim: str) -> None:
        if victim == "s3":
            self.store.restart()
        else:
            # It may be dead already: one that is being started again has no number yet.
            with contextlib.suppress(ProcessLookupError, KeyError):
                killed = self.stack.kill(victim)
                self._wait(victim, killed)
        self.done[f"{victim} killed"] += 1

    def _wait(self, victim: str, killed: int) -> None:
        """Until it runs again, or for a while: what comes next may hit it before."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and self.stack.pid_of(victim) == killed:
            time.sleep(0.1)
