"""Rows of parts that lie whole and durable in a staging folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from core import states, wakeups
from core.actor import Actor
from transfers.models import Door, Part, Piece, Upload

# How long a wake-up may take before the sweep sends another one.
FIRST_SWEEP_AFTER = timedelta(seconds=30)
MOST_RANGES = 64


def push_queue(node: str) -> str:
    """The queue that the push workers of ``node`` read."""
    return f"push.{node}"


def stage(
    actor: Actor,
    upload: Upload,
    number: int,
    *,
    file: str,
    size: int,
    sha256: str,
    lost: Part | None,
    pieces: Sequence[Piece] = (),
) -> Part:
    """Enter a part that lies in ``file`` of this node, in place of the ``lost`` one if there is one; its push is woken.

    ``pieces`` are what had come of it before.
    """
    now = timezone.now()
    facts: dict[str, Any] = {
        "node": settings.NODE_NAME,
        "file": file,
        "ranges": _ranges(upload, pieces),
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


def _ranges(upload: Upload, pieces: Sequence[Piece]) -> list[list[int | str]] | None:
    """Only at the parts door is a range sent again as it was; who cuts very small is told to look at the ledger instead."""
    if upload.door != Door.PARTS or not 0 < len(pieces) <= MOST_RANGES:
        return None
    return [[piece.start, piece.size, piece.sha256] for piece in pieces]
