"""Receipts: which bytes of a file somebody has been sent, and that they have it all once these cover the file.

Spans that touch are joined as they come, under the lock of the upload's row, so that a file fetched in a hundred pieces
takes as many rows as it has holes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import QuerySet
from django.utils import timezone

from core.actor import Actor, ActorKind
from transfers.models import AwaitedReceipt, FetchedSpan, Upload, UploadState
from transfers.ports import transfer_listener

logger = logging.getLogger(__name__)

# A download that nobody went on with for so long begins anew.
KEPT = timedelta(days=30)
# nginx tells at the end of an answer, however long it took.
AWAITED = timedelta(days=7)
# Of one file for one person; who fetches it in pieces at once has a few dozen.
MOST_SPANS = 1000
# Files of one answer whose receipts are written together.
AT_ONCE = 200

# What touches the new span leaves the table; the answer is all of it in one.
_JOIN = """
WITH gone AS (
    DELETE FROM transfers_fetchedspan
    WHERE upload_id = %(upload)s AND user_id = %(user)s AND is_sure
      AND (span && %(span)s::int8range OR span -|- %(span)s::int8range)
    RETURNING span
), met AS (
    SELECT span FROM gone UNION ALL SELECT %(span)s::int8range
)
SELECT lower(joined), upper(joined) FROM (SELECT range_merge(range_agg(span)) AS joined FROM met) AS one
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of an answer: ``length`` bytes of a file from ``start``, at ``offset`` in the answer's body."""

    upload_id: UUID
    offset: int
    start: int
    length: int

    def sent_of(self, sent: Sent) -> Delivered:
        """What of this piece was sent, when so much of the whole answer was."""

        def within(count: int, most: int) -> int:
            return self.start + max(0, min(count - self.offset, most))

        # The byte behind the piece is where others begin that know nothing of this one: no sign that it arrived.
        handed = within(sent.handed, self.length - 1)
        return Delivered(self.upload_id, self.start, within(sent.certain, self.length), handed, sent.began)


@dataclass(frozen=True, slots=True)
class Sent:
    """How much of an answer's body went out: ``certain`` bytes arrived, ``handed`` were given to the connection."""

    certain: int
    handed: int
    began: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """Bytes ``[start, stop)`` of a file arrived; up to ``handed`` they may have."""

    upload_id: UUID
    start: int
    stop: int
    handed: int
    began: datetime


def record(actor: Actor, stretches: Iterable[Stretch], sent: Sent) -> None:
    """Note what ``actor`` has been sent of each file; the listener is told of those they now have every byte of.

    A file that has been removed meanwhile is passed over. Once a file is whole the count begins anew.
    """
    reader = actor.user_id
    if reader is None:
        return
    # In one order for everybody: who holds several rows never waits for somebody who waits for them.
    delivered = [
        stretch.sent_of(sent)
        for stretch in sorted(stretches, key=lambda each: each.upload_id)
        if sent.handed > stretch.offset or (stretch.length == 0 and sent.certain >= stretch.offset)
    ]
    for at in range(0, len(delivered), AT_ONCE):
        _record(actor, reader, delivered[at : at + AT_ONCE])


def expect(actor: Actor, stretches: Sequence[Stretch]) -> AwaitedReceipt:
    """An answer leaves through nginx, which will tell how much of it was sent; its name there is the row's key."""
    whom = {
        "label": actor.label,
        "user": str(actor.user_id),
        "organization": str(actor.organization_id or ""),
        "membership": str(actor.membership_id or ""),
        "ip": actor.ip,
        "request": actor.request_id,
    }
    listed = [[str(each.upload_id), each.offset, each.start, each.length] for each in stretches]
    return AwaitedReceipt.objects.create(actor=whom, stretches=listed)


def arrived(receipt_id: UUID, *, certain: int, handed: int) -> bool:
    """nginx has told how much of an awaited answer was sent. Telling it again changes nothing: False."""
    with transaction.atomic():
        awaited = AwaitedReceipt.objects.select_for_update().filter(pk=receipt_id).first()
        if awaited is None:
            return False
        stretches = [Stretch(UUID(upload), *numbers) for upload, *numbers in awaited.stretches]
        record(_actor(awaited.actor), stretches, Sent(certain, handed, awaited.at))
        awaited.delete()
    return True


def forget() -> None:
    """Delete what nobody goes on with, and what nginx never told of."""
    now = timezone.now()
    FetchedSpan.objects.filter(at__lt=now - KEPT).delete()
    AwaitedReceipt.objects.filter(at__lt=now - AWAITED).delete()


def is_under_way(actor: Actor, upload: Upload) -> bool:
    """Whether ``actor`` has been sent a part of the file already and goes on with it."""
    return FetchedSpan.objects.filter(upload=upload, user=actor.user_id).exists()


@transaction.atomic
def _record(actor: Actor, reader: UUID, several: Sequence[Delivered]) -> None:
    rows = Upload.objects.select_for_update(no_key=True).order_by("pk")
    stored = {upload.pk: upload for upload in rows.filter(pk__in=[each.upload_id for each in several])}
    whole = []
    for delivered in several:
        upload = stored.get(delivered.upload_id)
        if upload is None or upload.state != UploadState.STORED:
            continue
        if (delivered.start, delivered.stop) == (0, upload.size) or _completes(reader, upload, delivered):
            whole.append(upload)
    if whole:
        FetchedSpan.objects.filter(upload__in=whole, user=reader).delete()
        transfer_listener().fetched(whole, actor=actor)


def _completes(reader: UUID, upload: Upload, delivered: Delivered) -> bool:
    """Whether this piece and those before it are every byte; where not, it is kept for those that come."""
    _confirm(reader, upload, delivered)
    covered = _join(reader, upload, delivered.start, delivered.stop) if delivered.stop > delivered.start else None
    if covered == (0, upload.size):
        return True
    theirs = FetchedSpan.objects.filter(upload=upload, user=reader)
    _note_unsure(reader, theirs, delivered)
    _forget_surplus(theirs)
    return False


def _confirm(reader: UUID, upload: Upload, delivered: Delivered) -> None:
    """Who goes on from a byte, once the line had broken, says that they have what comes before."""
    broken = FetchedSpan.objects.filter(upload=upload, user=reader, is_sure=False, at__lt=delivered.began)
    for row in broken.filter(span__startswith__lt=delivered.start, span__endswith__gte=delivered.start):
        row.delete()
        _join(reader, upload, row.span.lower, delivered.start)


def _note_unsure(reader: UUID, theirs: QuerySet[FetchedSpan], delivered: Delivered) -> None:
    """The newest break tells more than what it overlaps."""
    if delivered.handed <= delivered.stop:
        return
    span = NumericRange(delivered.stop, delivered.handed)
    theirs.filter(is_sure=False, span__overlap=span).delete()
    FetchedSpan.objects.create(upload_id=delivered.upload_id, user_id=reader, span=span, is_sure=False)


def _forget_surplus(theirs: QuerySet[FetchedSpan]) -> None:
    """Whoever fetches a byte here and there makes no row of each: the oldest count once they are fetched again."""
    surplus = theirs.order_by("-at", "-pk").values("pk")[MOST_SPANS:]
    theirs.filter(pk__in=surplus).delete()


def _join(reader: UUID, upload: Upload, start: int, stop: int) -> tuple[int, int]:
    values = {"upload": str(upload.pk), "user": str(reader), "span": f"[{start},{stop})"}
    with connection.cursor() as cursor:
        cursor.execute(_JOIN, values)
        first, end = cursor.fetchone()
    FetchedSpan.objects.create(upload=upload, user_id=reader, span=NumericRange(first, end))
    return first, end


def _actor(whom: dict[str, Any]) -> Actor:
    def key(name: str) -> UUID | None:
        return UUID(whom[name]) if whom[name] else None

    return Actor(
        kind=ActorKind.USER,
        label=whom["label"],
        user_id=key("user"),
        organization_id=key("organization"),
        membership_id=key("membership"),
        ip=whom["ip"],
        request_id=whom["request"],
    )
