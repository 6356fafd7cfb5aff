"""Rows of parts that lie whole and durable in a staging folder."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from core import states, wakeups
from core.actor import Actor
from transfers.models import Part, Upload

# How long a wake-up may take before the sweep sends another one.
FIRST_SWEEP_AFTER = timedelta(seconds=30)


def push_queue(node: str) -> str:
    """The queue that the push workers of ``node`` read."""
    return f"push.{node}"


def stage(actor: Actor, upload: Upload, number: int, *, file: str, size: int, sha256: str, lost: Part | None) -> Part:
    """Enter a part that lies in ``file`` of this node, in place of the ``lost`` one if there is one; its push is woken."""
    now = timezone.now()
    facts: dict[str, Any] = {
        "node": settings.NODE_NAME,
        "file": file,
        "staged_at": now,
        "due_at": now + FIRST_SWEEP_AFTER,
    }
    if lost is None:
        part = Part.objects.create(upload=upload, number=number, size=size, sha256=sha256, **facts)
    else:
        fresh: dict[str, Any] = {"etag": "", "pushed_at": None, "claimed_at": None, "attempts": 0, "last_error": ""}
        part = states.advance(lost, "stage_again", actor=actor, **facts, **fresh)
    wakeups.after_commit("transfers.tasks.push_part", str(part.id), queue=push_queue(part.node))
    return part
