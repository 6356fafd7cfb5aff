"""Maintenance: nothing new is received and uploads are parked, while what has arrived goes on into the store."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core import audit
from core.actor import Actor
from core.policies import Decision
from transfers import policies
from transfers.errors import Parked
from transfers.models import Maintenance, Upload, UploadState

# How long a process goes by what it saw last: so much later than the row everybody is parked, or goes on.
BELIEVED_SECONDS = 2.0
BATCH = 1000
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=5)
WORDS = "The gateway is being maintained. Nothing was lost: your upload goes on by itself afterwards."


@dataclass(slots=True)
class _Seen:
    maintenance: Maintenance | None = None
    until: float = float("-inf")


_seen = _Seen()


def begin(actor: Actor, *, message: str = "", until: datetime | None = None) -> Maintenance:
    """Park all uploads, or change what is said of a maintenance that is on. ``message`` is what senders are told.

    Raises ``NotAllowed`` for anybody but the operator's staff and the gateway's own commands.
    """
    _may(actor).enforce()
    with transaction.atomic():
        current, is_new = Maintenance.objects.select_for_update().get_or_create(
            pk=1, defaults={"message": message, "until": until, "begun_by_id": actor.user_id}
        )
        if not is_new:
            current.message, current.until = message, until
            current.save(update_fields=["message", "until"])
        told = {"message": message, "until": until.isoformat() if until else ""}
        audit.record(actor, "transfers.maintenance.begin", current, data=told)
    forget()
    return current


def end(actor: Actor) -> timedelta:
    """Let uploads go on, each with the time it had left; returns how long they were parked. Ending twice changes nothing."""
    _may(actor).enforce()
    with transaction.atomic():
        current = Maintenance.objects.select_for_update().first()
        if current is None:
            return timedelta()
        lasted = timezone.now() - current.since
        _slide(lasted)
        audit.record(actor, "transfers.maintenance.end", current, data={"seconds": int(lasted.total_seconds())})
        current.delete()
    forget()
    return lasted


def current() -> Maintenance | None:
    """The maintenance that is on, as this process saw it at most two seconds ago."""
    if time.monotonic() > _seen.until:
        _seen.maintenance = Maintenance.objects.first()
        _seen.until = time.monotonic() + BELIEVED_SECONDS
    return _seen.maintenance


def is_on() -> bool:
    return current() is not None


def check() -> None:
    """Raise ``Parked`` while nothing may be begun or received."""
    maintenance = current()
    if maintenance is not None:
        raise Parked(maintenance.message or WORDS, retry_after=_wait(maintenance))


def forget() -> None:
    """Look at the row again with the next request."""
    _seen.until = float("-inf")


def _may(actor: Actor) -> Decision:
    return policies.can_maintain(actor)


def _slide(lasted: timedelta) -> None:
    """In the order of their keys, as whoever takes several uploads does."""
    keys = list(Upload.objects.filter(state=UploadState.RECEIVING).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        batch = Upload.objects.filter(pk__in=keys[start : start + BATCH], state=UploadState.RECEIVING)
        held = list(batch.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        Upload.objects.filter(pk__in=held).update(expires_at=F("expires_at") + lasted)


def _wait(maintenance: Maintenance) -> int:
    left = maintenance.until - timezone.now() if maintenance.until else SHORTEST_WAIT
    return int(min(max(left, SHORTEST_WAIT), LONGEST_WAIT).total_seconds())
