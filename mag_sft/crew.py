"""A crew of threads that work off jobs over many connections, as many at a time as the line rewards.

It begins with a few and adds more only while the total rises; near the end a job that takes much longer than the others is
given to an idle hand as well, and whoever is first counts.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

import urllib3

from mag_sft.errors import BrokenOff, NotAllowed, Refusal, TransferError

FIRST_HANDS = 6
LOOK_SECONDS = 1.5
# Half as many again at a time. Where every connection has its own loss they bring half as much again, on a full line nothing.
GROWTH = 1.5
# What those that were added have to bring of their own share: less is mere noise.
WORTH = 0.3
# How long after a try in vain it is worth another one.
TRY_AGAIN_SECONDS = 20.0
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
# A job counts as stuck when it takes so many times what the others took. Only hands that would be idle take it over.
STUCK = 1.5
# A hand that needed so many times what the others did leaves the last jobs to them.
SLOW = 2.0
SLEEP = 0.2


@dataclass(frozen=True, slots=True)
class Job:
    """Bytes ``[start, start + length)`` of part ``number`` (of a download's block ``number``)."""

    number: int
    start: int
    length: int


@dataclass(slots=True)
class Hands:
    """How many connections are in use. Told the total speed now and then, it says how many there should be."""

    most: int
    now: int = FIRST_HANDS
    _speed_before: float = 0.0
    _hands_before: int = 0
    _rest_until: float = 0.0

    def __post_init__(self) -> None:
        self.now = min(self.now, self.most)

    def look(self, speed: float, clock: float) -> int:
        """``speed`` in any unit, measured since the last look; ``clock`` in seconds."""
        if self._hands_before and not self._is_worth_it(speed):
            self.now, self._hands_before = self._hands_before, 0
            self._rest_until = clock + TRY_AGAIN_SECONDS
        elif clock >= self._rest_until and self.now < self.most:
            self._speed_before, self._hands_before = speed, self.now
            self.now = min(self.most, math.ceil(self.now * GROWTH))
        else:
            self._hands_before = 0
        return self.now

    def _is_worth_it(self, speed: float) -> bool:
        return speed >= self._speed_before * (1 + (self.now / self._hands_before - 1) * WORTH)


@dataclass
class Crew:
    """Works off jobs with ``do(job, hand)``, which returns when a job is done for good and tells ``moved`` of its bytes.

    ``do`` may raise ``Refusal`` or an error of the line, which are tried again where that makes sense, and ``TransferError``,
    which ends everything. ``patience`` is for how many seconds no job at all may succeed before it is ``BrokenOff``.
    """

    do: Callable[[Job, int], None]
    most: int
    patience: float
    on_done: Callable[[Job], None] = lambda _job: None
    _lock: threading.Condition = field(default_factory=threading.Condition)
    _waiting: deque[Job] = field(default_factory=deque)
    _under_way: dict[Job, float] = field(default_factory=dict)
    _doubled: set[Job] = field(default_factory=set)
    _finished: set[Job] = field(default_factory=set)
    _took: deque[float] = field(default_factory=lambda: deque(maxlen=32))
    _slow: set[int] = field(default_factory=set)
    _allowed: int = 0
    _error: BaseException | None = None
    _last_success: float = 0.0
    _moved: int = 0

    def work(self, jobs: Iterable[Job]) -> None:
        """Return once every job is done. Raises ``TransferError``."""
        self._waiting.extend(jobs)
        if not self._waiting:
            return
        hands = Hands(self.most)
        self._allowed = hands.now
        self._last_success = time.monotonic()
        threads = [threading.Thread(target=self._hand, args=(number,), daemon=True) for number in range(self.most)]
        for thread in threads:
            thread.start()
        try:
            self._watch(hands)
        except BaseException as error:
            self._end(error)
            raise
        finally:
            self._end(None)
        if self._error is not None:
            raise self._error

    def moved(self, count: int) -> None:
        """So many bytes more have gone on the line, or come from it: how fast it is shows long before a job is done."""
        with self._lock:
            self._moved += count

    # --- The one who watches --------------------------------------------------------------------------------------

    def _watch(self, hands: Hands) -> None:
        seen, at = 0, time.monotonic()
        while not self._is_over():
            with self._lock:
                self._lock.wait(SLEEP)
                now = time.monotonic()
                if now - at >= LOOK_SECONDS:
                    self._allowed = hands.look((self._moved - seen) / (now - at), now)
                    seen, at = self._moved, now
                    self._lock.notify_all()
                if now - self._last_success > self.patience:
                    self._error = self._error or BrokenOff(
                        "The gateway has taken nothing for too long. What it has stays there: go on with “mag-sft resume”."
                    )

    def _is_over(self) -> bool:
        with self._lock:
            return self._error is not None or not (self._waiting or self._under_way)

    def _end(self, error: BaseException | None) -> None:
        with self._lock:
            self._error = self._error or error
            self._waiting.clear()
            self._under_way.clear()
            self._lock.notify_all()

    # --- Those who work -------------------------------------------------------------------------------------------

    def _hand(self, number: int) -> None:
        failures = 0
        while (job := self._take(number)) is not None:
            begun = time.monotonic()
            try:
                self.do(job, number)
            except (Refusal, urllib3.exceptions.HTTPError, OSError) as error:
                failures += 1
                if not self._give_back(job, error):
                    return
                self._pause(error, failures)
            except BaseException as error:  # noqa: BLE001 - told to whoever waits for the crew
                self._end(error)
                return
            else:
                failures = 0
                self._finish(job, number, time.monotonic() - begun)

    def _take(self, number: int) -> Job | None:
        with self._lock:
            while True:
                if self._error is not None or not (self._waiting or self._under_way):
                    return None
                if number < self._allowed and not self._leaves_it(number) and (job := self._next()) is not None:
                    self._under_way.setdefault(job, time.monotonic())
                    return job
                self._lock.wait(SLEEP)

    def _leaves_it(self, number: int) -> bool:
        """Whether it is near the end, and faster hands, which are most, will be free before this one had done another job."""
        is_near_the_end = bool(self._under_way) and len(self._waiting) < self._allowed
        return is_near_the_end and number in self._slow and 2 * len(self._slow) < self._allowed

    def _next(self) -> Job | None:
        if self._waiting:
            return self._waiting.popleft()
        if not self._took:
            return None
        stuck_before = time.monotonic() - STUCK * median(self._took)
        for job, begun in self._under_way.items():
            if begun < stuck_before and job not in self._doubled:
                self._doubled.add(job)
                return job
        return None

    def _finish(self, job: Job, number: int, seconds: float) -> None:
        with self._lock:
            is_slow = bool(self._took) and seconds > SLOW * median(self._took)
            (self._slow.add if is_slow else self._slow.discard)(number)
            if job in self._finished:
                return
            self._finished.add(job)
            self._under_way.pop(job, None)
            self._took.append(seconds)
            self._last_success = time.monotonic()
            self.on_done(job)
            self._lock.notify_all()

    def _give_back(self, job: Job, error: BaseException) -> bool:
        """Whether it makes sense to go on."""
        final = _final(error)
        if final is not None:
            self._end(final)
            return False
        with self._lock:
            if self._under_way.pop(job, None) is not None and job not in self._finished:
                self._waiting.appendleft(job)
            self._doubled.discard(job)
            self._lock.notify_all()
        return True

    def _pause(self, error: BaseException, failures: int) -> None:
        asked = error.retry_after if isinstance(error, Refusal) else None
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1))
        until = time.monotonic() + max(asked or 0, wait / 2 + random.random() * wait / 2)  # noqa: S311 - jitter
        with self._lock:
            while self._error is None and (self._waiting or self._under_way) and time.monotonic() < until:
                self._lock.wait(SLEEP)


def _final(error: BaseException) -> TransferError | None:
    if not isinstance(error, Refusal) or error.is_passing:
        return None
    if error.status in {401, 403}:
        return NotAllowed(error.sentence)
    return TransferError(error.sentence)
