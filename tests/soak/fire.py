"""What happens to the gateway: one of its processes is killed, or its store has a bad moment; then the next."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.soak.nodes import SecondNode
from tests.soak.store import MortalStore
from tests.soak.tally import Tally
from tests.stack import Stack, alive, descendants
from tests.transfers.faulty_store import SLOW_DOWN, CutAnswer, CutRequest, Delay, FaultyStore, Refuse, putting_parts

# Twice where most of the promises are kept.
VICTIMS = (
    *("uploads", "uploads", "push", "push", "transfers", "transfers"),
    *("redis", "postgresql", "s3", "pages", "housekeeping", "beat"),
)
# What these are made of may be killed in place of the whole: a worker of a pool, a backend of the database.
HAVE_CHILDREN = ("uploads", "pages", "postgresql")
BAD_MOMENTS: dict[str, Callable[[FaultyStore], None]] = {
    "answers 500": lambda proxy: proxy.plan(Refuse(500)),
    "answers 503": lambda proxy: proxy.plan(SLOW_DOWN),
    "takes no parts": lambda proxy: proxy.plan(Refuse(507, "InsufficientStorage"), on=putting_parts),
    "is slow": lambda proxy: proxy.plan(Delay(1.5)),
    "is very slow": lambda proxy: proxy.plan(Delay(8)),
    "breaks off bodies": lambda proxy: proxy.plan(CutRequest(after=256 * 1024), on=putting_parts),
    "breaks off answers": lambda proxy: proxy.plan(CutAnswer(after=64 * 1024)),
}
# Now and then it is quiet, since nobody's gateway burns for an hour.
CALM_AFTER, CALM_SECONDS = 100, 30.0
# Mostly a kill waits until something has moved since the last one, so that it hits a gateway at work and no corpse; not for
# ever, since what stands still may need the next one to show why.
HITS_WHAT_LIES, LONGEST_WAIT = 0.3, 15.0


@dataclass
class Fire:
    """``kills`` living processes are killed, one every ``pause`` seconds or so, some of them in a bad moment of the store."""

    stack: Stack
    store: MortalStore
    proxy: FaultyStore
    second: SecondNode | None
    draw: random.Random
    kills: int
    pause: float
    tally: Tally
    over: threading.Event = field(default_factory=threading.Event)
    _mending: threading.Timer | None = None

    def burn(self) -> None:
        done = 0
        while done < self.kills and not self.over.wait(self.pause * (0.5 + self.draw.random())):
            if self.draw.random() < 0.3:
                self._bad_moment()
            if self.draw.random() > HITS_WHAT_LIES:
                self._wait_for_work()
            if not self._kill(self.draw.choice(self._victims)):
                continue
            done += 1
            if done % CALM_AFTER == 0:
                self.over.wait(CALM_SECONDS)
        if self._mending is not None:
            self._mending.join()

    @property
    def _victims(self) -> Sequence[str]:
        return VICTIMS if self.second is None else (*VICTIMS, *self.second.names)

    def _wait_for_work(self) -> None:
        before, deadline = self.tally.moves, time.monotonic() + LONGEST_WAIT
        while self.tally.moves == before and time.monotonic() < deadline:
            if self.over.wait(0.1):
                return

    def _bad_moment(self) -> None:
        """It is over after some seconds, whatever is killed meanwhile."""
        if self._mending is not None and self._mending.is_alive():
            return
        name = self.draw.choice(sorted(BAD_MOMENTS))
        BAD_MOMENTS[name](self.proxy)
        self.tally.moments[name] += 1
        self._mending = threading.Timer(1 + 4 * self.draw.random(), self.proxy.mend)
        self._mending.start()

    def _kill(self, victim: str) -> bool:
        """Whether there was something to kill: what is just being started again is not."""
        if victim == "s3":
            killed = self.store.kill_now_and_then()
        else:
            victim, pid = self._pid_of(victim)
            killed = pid is not None and _killed(pid)
        self.tally.killed[victim] += killed
        return killed

    def _pid_of(self, victim: str) -> tuple[str, int | None]:
        with contextlib.suppress(KeyError, ValueError):
            if self.second is not None and victim in self.second.names:
                return victim, self.second.pid_of(victim)
            pid = self.stack.pid_of(victim)
            # Its number may be another process's by now.
            if pid in descendants(self.stack.pid):
                children = sorted(descendants(pid))
                if victim in HAVE_CHILDREN and children and self.draw.random() < 0.5:
                    return f"{victim}, one child", self.draw.choice(children)
                return victim, pid
        return victim, None


def _killed(pid: int) -> bool:
    if not alive(pid):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def report(tally: Tally, over: threading.Event, tell: Callable[[str], None], *, every: float = 30.0) -> None:
    """A line now and then for whoever waits."""
    begun = time.monotonic()
    while not over.wait(every):
        tell(f"{time.monotonic() - begun:6.0f} s: {tally.now()}")
