"""One worker at a time puts an upload together and reads it back. A worker that is not heard of loses it to the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from threading import Event, Thread
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from transfers import queries
from transfers.connections import release as release_connection
from transfers.models import Upload

LIFETIME = timedelta(minutes=1)
BEAT_SECONDS = 10.0
# As much as the column holds; the waits have long stopped growing.
MOST_ATTEMPTS = 10_000


class NotYet(Exception):
    """There is nothing to finish: parts are missing or on their way, or somebody else has taken over."""


def take(upload_id: UUID, *, states: Sequence[str]) -> Upload | None:
    """Claim an upload in one of ``states``; ``None`` when it is in another, or another worker's."""
    claimable = Upload.objects.filter(queries.unclaimed(LIFETIME), pk=upload_id, state__in=states)
    if not claimable.update(claimed_at=timezone.now()):
        return None
    return Upload.objects.get(pk=upload_id)


def keep(upload: Upload) -> None:
    """Still at work on it. Raises ``NotYet`` when it has moved on, or was taken over."""
    now = timezone.now()
    if not _mine(upload).filter(state=upload.state).update(claimed_at=now):
        raise NotYet
    upload.claimed_at = now
    release_connection()


@contextmanager
def kept_through(upload: Upload) -> Iterator[None]:
    """Keep the claim while one call to the store takes as long as it takes."""
    with beating(partial(keep, upload)):
        yield


@contextmanager
def beating(keep: Callable[[], None]) -> Iterator[None]:
    """Call ``keep`` every ten seconds, in another thread, until it raises ``NotYet``."""
    over = Event()
    thread = Thread(target=_beat, args=(keep, over), name="claim", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def give_back(upload: Upload, **changes: Any) -> bool:
    """Work on it no more, and write ``changes`` to its row; False when it was taken over."""
    return bool(_mine(upload).update(claimed_at=None, **changes))


def failed_once_more(attempts: int) -> int:
    """The count of attempts after one that failed. A worker that was ended in the middle of one proves nothing."""
    return min(attempts + 1, MOST_ATTEMPTS)


def _beat(keep: Callable[[], None], over: Event) -> None:
    # Whoever was taken over learns of it with the next step.
    with suppress(NotYet):
        while not over.wait(BEAT_SECONDS):
            try:
                # A database that is away for a moment takes no claim.
                with suppress(DatabaseError, InterfaceError):
                    keep()
            finally:
                release_connection()


def _mine(upload: Upload) -> Any:
    return Upload.objects.filter(pk=upload.pk, claimed_at=upload.claimed_at)
