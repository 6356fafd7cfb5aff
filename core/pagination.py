"""Keyset pagination: page 1,000 costs what page 1 costs, and a row that arrives meanwhile moves nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils.timezone import is_aware

M = TypeVar("M", bound=Model)
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Some rows, and the cursors of the pages beside them (empty where there is none)."""

    rows: Sequence[M]
    next_cursor: str
    is_first: bool


def paginate(queryset: QuerySet[M], *, cursor: str = "", size: int = PAGE_SIZE, by: str = "created_at") -> Page[M]:
    """Newest first by ``by`` (a timestamp, ties broken by ``id``), starting after ``cursor``; a bad cursor starts anew."""
    rows_after = queryset.order_by(f"-{by}", "-id")
    start = _decode(cursor)
    if start:
        moment, key = start
        rows_after = rows_after.filter(Q(**{f"{by}__lt": moment}) | Q(**{by: moment, "id__lt": key}))
    rows = list(rows_after[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows=rows, next_cursor=_encode(rows[-1], by) if more else "", is_first=not start)


def _encode(row: Model, by: str) -> str:
    text = json.dumps([getattr(row, by).isoformat(), str(row.pk)])
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _decode(cursor: str) -> tuple[datetime, UUID] | None:
    try:
        moment, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        written, key = datetime.fromisoformat(moment), UUID(key)
        # At either end of the calendar there are moments that the calendar of UTC does not hold.
        return (written.astimezone(UTC), key) if is_aware(written) else None
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
