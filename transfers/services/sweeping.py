"""Sweeps: what a lost message or a dead worker left lying is found in the rows and woken again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from core import wakeups
from core.actor import Actor
from core.errors import DomainError
from transfers import queries
from transfers.models import Concat, Node, Part, PartState, Upload, UploadState
from transfers.models.upload import ENDED
from transfers.services import cleaning, finishing, maintenance, news, paging, pieces, pushing, uploads
from transfers.services.staged import push_queue
from transfers.services.tus import completing, concatenation

logger = logging.getLogger(__name__)

SWEEPER = Actor.system("upload sweep")
# What has been woken is not woken again before this, so that a busy worker's queue does not fill with repeats.
REST = timedelta(minutes=1)
LIMIT = 1000
UNUSED = "The file was not put to any use in time, so it was deleted. Send it again if it is still needed."
EXPIRED = "The file was not sent to its end in time, and what had arrived was deleted. Send it again."


def sweep() -> int:
    """Wake a worker for everything that is due, expire what is overdue, ask the nodes; returns how many were woken."""
    woken = sum(_done(step) for step in (wake_pushes, pieces.wake_due, wake_finishes, wake_clean_ups))
    ends = (completing.settle_left_over, concatenation.remove_forgotten, expire_overdue, expire_loose)
    for step in (*ends, news.tell_of_others):
        _done(step)
    ask_nodes()
    return woken


def wake_pushes() -> int:
    """Parts that lie in staging past their time: their first wake-up was lost, or a try failed, or a worker died."""
    now = timezone.now()
    due = Part.objects.filter(
        queries.unclaimed(pushing.CLAIM_LIFETIME),
        state=PartState.STAGED,
        due_at__lte=now,
        upload__state__in=queries.LIVE,
    )
    with transaction.atomic():
        # Whoever waits for rows while holding others must take them in one order; nobody waits here.
        free = due.order_by("due_at").select_for_update(skip_locked=True, no_key=True, of=("self",))
        rows = list(free.values_list("id", "node")[:LIMIT])
        Part.objects.filter(id__in=[part_id for part_id, _ in rows]).update(due_at=now + REST)
    for part_id, node in rows:
        wakeups.now("transfers.tasks.push_part", str(part_id), queue=push_queue(node))
    return len(rows)


def wake_finishes() -> int:
    """Uploads that could be put together or verified and that nobody works on."""
    now = timezone.now()
    free = queries.unclaimed(finishing.CLAIM_LIFETIME)
    due = Q(due_at=None) | Q(due_at__lte=now)
    assembling = queries.ready_to_assemble().filter(free, due)
    # A partial upload lies in the store like this until a final one takes it.
    verifying = Upload.objects.filter(free, due, state=UploadState.VERIFYING).exclude(concat=Concat.PARTIAL)
    ids = [*assembling.values_list("id", flat=True)[:LIMIT], *verifying.values_list("id", flat=True)[:LIMIT]]
    with transaction.atomic():
        # Whoever waits for rows while holding others must take them in one order; nobody waits here.
        rows = Upload.objects.filter(free, id__in=ids).order_by("pk").select_for_update(skip_locked=True, no_key=True)
        taken = list(rows.values_list("id", flat=True))
        Upload.objects.filter(id__in=taken).update(due_at=now + REST)
    for upload_id in taken:
        wakeups.now("transfers.tasks.finish_upload", str(upload_id))
    return len(taken)


def wake_clean_ups() -> int:
    """Uploads that ended without a file and still hold something."""
    free = queries.unclaimed(finishing.CLAIM_LIFETIME)
    ids = list(Upload.objects.filter(free, state__in=ENDED, cleaned_at=None).values_list("id", flat=True)[:LIMIT])
    for upload_id in ids:
        wakeups.now("transfers.tasks.clean_up", str(upload_id))
    return len(ids)


def expire_overdue() -> int:
    """End uploads whose sender has not been heard of for ``settings.UPLOAD_EXPIRES_AFTER``; returns how many.

    Senders that are told to wait for the end of a maintenance are waited for, too.
    """
    if maintenance.is_on():
        return 0
    overdue = Upload.objects.filter(state=UploadState.RECEIVING, expires_at__lte=timezone.now())
    return sum(_expire(upload, EXPIRED) for upload in paging.each(overdue, name="overdue"))


def expire_loose() -> int:
    """Delete stored files that are for nothing in particular once their time is over; returns how many.

    One that was put to some use meanwhile stays, and so do partial uploads, whose end is decided where they are joined.
    """
    loose = Upload.objects.filter(state=UploadState.STORED, subject=None, expires_at__lte=timezone.now())
    overdue = loose.exclude(concat=Concat.PARTIAL)
    return sum(_expire(upload, UNUSED) for upload in paging.each(overdue, name="loose"))


def ask_nodes() -> None:
    """Ask each node for a sign of life. One that stays silent is lost, and its parts are missing.

    A question that could not be asked, because the broker does not answer, does not count.
    """
    names = queries.node_names()
    Node.objects.bulk_create([Node(name=name) for name in sorted(names)], ignore_conflicts=True)
    for node in Node.objects.filter(Q(name__in=names) | Q(name=settings.NODE_NAME)):
        if node.unanswered >= queries.NODE_LOST_AFTER:
            # What has been asked already waits in its queue, should it come back.
            _give_up(node)
        elif wakeups.now("transfers.tasks.tidy_node", queue=push_queue(node.name)):
            Node.objects.filter(pk=node.pk).update(unanswered=F("unanswered") + 1)


def answer() -> None:
    """This node is alive: called by its own worker, whose being there is the answer."""
    Node.objects.update_or_create(name=settings.NODE_NAME, defaults={"unanswered": 0, "seen_at": timezone.now()})
    cleaning.remove_orphans()


def _give_up(node: Node) -> None:
    parts = list(Part.objects.filter(node=node.name, state=PartState.STAGED, upload__state__in=queries.LIVE)[:LIMIT])
    if parts:
        logger.error("Node %s does not answer; %d part(s) on it are given up.", node.name, len(parts))
        pushing.lose(parts, because=f"node {node.name} does not answer")
    pieces.lose_node(node.name)


def _done(step: Callable[[], int]) -> int:
    """One step that breaks must not keep the others from being done."""
    try:
        return step()
    except Exception:  # whatever it is: it is told, and tried again with the next sweep
        logger.exception("%s broke off; it is tried again with the next sweep.", step.__name__)
        return 0


def _expire(upload: Upload, reason: str) -> bool:
    try:
        with transaction.atomic():
            current = Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
            has_moved = (current.state, current.subject) != (upload.state, upload.subject)
            if has_moved or current.expires_at > timezone.now():
                return False
            uploads.fail(SWEEPER, upload=current, reason=reason, action="expire")
    except DomainError as refusal:
        # The next one shall not wait for whatever this one belongs to.
        logger.warning("Upload %s was not expired: %s", upload.pk, refusal)
        return False
    return True
