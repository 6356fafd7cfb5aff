"""The one request that may append to an upload. The newest wins: it has the holder stopped and takes over.

What is correct is decided by the row alone (``receiving.enter`` checks it); telling the holder only makes it prompt.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Condition, Thread
from typing import Any
from uuid import UUID, uuid4

from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError

from core.errors import Conflict
from transfers.connections import release
from transfers.models import Upload

logger = logging.getLogger(__name__)

# How long a holder has to enter what it has before it is passed over.
DRAIN_SECONDS = 3.0
LOOK_EVERY_SECONDS = 0.1
# How often a process asks whether somebody wants one of its uploads.
WATCH_EVERY_SECONDS = 0.5
# A note to a holder that has died is nobody's.
NOTE_LIFETIME_SECONDS = 30
# Others that came at the same moment and were faster.
TRIES = 20

# What stands in the row of an upload that nobody appends to.
FREE: dict[str, Any] = {"writer": None, "writer_since": None}

Stop = Callable[[int | None], None]
Check = Callable[[], None]


@contextmanager
def hold(upload: Upload, *, stop: Stop, offset: int | None = None, check: Check | None = None) -> Iterator[UUID]:
    """Be the upload's writer; yields the id that ``receiving.enter`` wants.

    Whoever was it before is told to stop and has three seconds to enter what it has; then the upload is taken over even so,
    and what it enters later is refused. ``stop`` is called, by another thread, when a newer request wants the upload, with
    the ``offset`` that this one goes on at (``None``: it only wants the holder to end). The holder should come to its end at
    once, unless it has entered more than that: then the newer one comes too late, which its ``check`` tells it by raising;
    it is asked before the holder is and while waiting. Raises ``Conflict`` where too many want the upload at one moment.
    """
    me = uuid4()
    _take(upload, me, offset, check or _nothing)
    _watch.add(me, stop)
    try:
        yield me
    finally:
        if _watch.remove(me):
            Upload.objects.filter(pk=upload.pk, writer=me).update(**FREE)


def has_left(me: UUID) -> None:
    """Its last bytes are in the ledger, and ``FREE`` with them: the next one may come before ``hold`` has ended."""
    _watch.remove(me)


def _take(upload: Upload, me: UUID, offset: int | None, check: Check) -> None:
    for _ in range(TRIES):
        if _replace(upload, None, me):
            return
        holder = _holder_of(upload)
        if holder is None:
            continue
        check()
        _watch.ask_to_stop(holder, offset)
        if _waited_in_vain(upload, holder, check) and _replace(upload, holder, me):
            return
    raise Conflict("Too many requests want to go on with this upload at once. Ask it how far it is.", code="contended")


def _replace(upload: Upload, holder: UUID | None, me: UUID) -> bool:
    return bool(Upload.objects.filter(pk=upload.pk, writer=holder).update(writer=me, writer_since=timezone.now()))


def _holder_of(upload: Upload) -> UUID | None:
    return Upload.objects.values_list("writer", flat=True).get(pk=upload.pk)


def _waited_in_vain(upload: Upload, holder: UUID, check: Check) -> bool:
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline:
        release()
        time.sleep(LOOK_EVERY_SECONDS)
        if _holder_of(upload) != holder:
            return False
        check()
    return True


class _Watch:
    """The writers of this process, and one thread that asks for all of them together whether they are to stop."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._stops: dict[UUID, Stop] = {}
        self._thread: Thread | None = None

    def add(self, holder: UUID, stop: Stop) -> None:
        with self._changed:
            self._stops[holder] = stop
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="writers", daemon=True)
                self._thread.start()
            self._changed.notify()

    def remove(self, holder: UUID) -> bool:
        """Whether it was still there."""
        with self._changed:
            return self._stops.pop(holder, None) is not None

    def ask_to_stop(self, holder: UUID, offset: int | None) -> None:
        """Wherever it runs. Without Redis, what runs elsewhere is passed over after its time."""
        if self._stop({holder: offset}):
            return
        try:
            cache.set(_note(holder), {"offset": offset}, NOTE_LIFETIME_SECONDS)
        except RedisError:
            logger.warning("A writer could not be told to stop: Redis does not answer.")

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stops)
            time.sleep(WATCH_EVERY_SECONDS)
            self._look()

    def _look(self) -> None:
        with self._changed:
            holders = {_note(holder): holder for holder in self._stops}
        try:
            noted = cache.get_many(holders)
        except RedisError:
            return
        self._stop({holders[note]: said["offset"] for note, said in noted.items()})

    def _stop(self, offsets: Mapping[UUID, int | None]) -> int:
        """Under the lock: once ``remove`` is through, the line may carry the request of somebody else."""
        with self._changed:
            held = self._stops.keys() & offsets.keys()
            for holder in held:
                self._stops[holder](offsets[holder])
        return len(held)


_watch = _Watch()


def _nothing() -> None:
    """Whoever only wants the holder to end never comes too late."""


def _note(holder: UUID) -> str:
    return f"transfers.writers.stop.{holder.hex}"
