"""Going through many uploads for a while: the next run goes on where this one stopped, and nobody is passed over."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from uuid import UUID

from django.core.cache import cache
from django.db.models import QuerySet
from redis.exceptions import RedisError

from transfers.models import Upload

logger = logging.getLogger(__name__)

PAGE = 1000
SECONDS = 10.0
KEPT_SECONDS = 3600


def each(uploads: QuerySet[Upload], *, name: str) -> Iterator[Upload]:
    """``uploads`` by their keys, for ten seconds at most.

    Where there were more, the next call with this ``name`` begins after the last one, so that those that stay what they are
    keep no others waiting. Without Redis it begins with the first.
    """
    note = f"transfers.paging.{name}"
    until = time.monotonic() + SECONDS
    after = _noted(note)
    try:
        while True:
            page = list((uploads.filter(pk__gt=after) if after else uploads).order_by("pk")[:PAGE])
            for upload in page:
                # Also past one at which the caller breaks off.
                after = upload.pk
                yield upload
                if time.monotonic() >= until:
                    return
            if len(page) < PAGE:
                after = None
                return
    finally:
        _keep(note, after)


def _noted(note: str) -> UUID | None:
    try:
        found: UUID | None = cache.get(note)
    except RedisError:
        return None
    return found


def _keep(note: str, after: UUID | None) -> None:
    try:
        if after is None:
            cache.delete(note)
        else:
            cache.set(note, after, KEPT_SECONDS)
    except RedisError:
        logger.warning("Where to go on is not kept: Redis does not answer.")
