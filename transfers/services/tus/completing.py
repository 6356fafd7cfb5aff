"""A tus upload completes by itself once every byte is there: the protocol has no word for it."""

from __future__ import annotations

from itertools import chain
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Subquery, Sum
from django.utils import timezone

from core.actor import Actor, ActorKind
from core.errors import DomainError
from transfers import queries
from transfers.errors import PartsMissing
from transfers.models import Concat, Door, Part, PartState, Upload, UploadState
from transfers.services import maintenance, paging, uploads


def offset_of(upload: Upload) -> int:
    """How many bytes from the start of the file would survive a power cut: what a PATCH may go on with."""
    if upload.state == UploadState.RECEIVING:
        return queries.contiguous_bytes(upload)
    return upload.size or 0


def is_whole(upload: Upload, offset: int) -> bool:
    """Whether every byte is here and nobody has asked for its completion yet."""
    return upload.state == UploadState.RECEIVING and upload.size == offset


def has_run_out(upload: Upload) -> bool:
    """Whether its time is over, also before the sweep has seen it. During maintenance, time stands still."""
    is_late = upload.state == UploadState.RECEIVING and upload.expires_at <= timezone.now()
    return is_late and not maintenance.is_on()


def complete(actor: Actor, *, upload: Upload) -> Upload:
    """Complete an upload of which every byte is here.

    Where parts are still being joined from their pieces, only the policy is asked, and ``settle`` follows. Raises what
    ``uploads.complete`` refuses with; the bytes stay, and asking again may succeed.
    """
    try:
        return uploads.complete(actor, upload=upload)
    except PartsMissing:
        with transaction.atomic():
            uploads.ask_policy(actor, upload=upload)
        return upload


def settle(upload_id: UUID) -> bool:
    """Complete an upload whose last bytes have become a part without its client waiting for it; True when that was done."""
    upload = Upload.objects.select_related("owner").get(pk=upload_id)
    if upload.door != Door.TUS or upload.state != UploadState.RECEIVING or upload.size is None:
        return False
    owner = Actor(kind=ActorKind.USER, label=upload.owner.get_username(), user_id=upload.owner_id)
    try:
        return complete(owner, upload=upload).state != UploadState.RECEIVING
    except DomainError:
        # Its client is told when it asks for the offset; without one, the upload expires.
        return False


def settle_left_over() -> int:
    """Complete what a process that died between a file's last byte and its completion left open; returns how many."""
    last = (F("upload__size") - 1) / F("upload__part_size") + 1
    held = Part.objects.exclude(state=PartState.MISSING).filter(upload=OuterRef("pk")).order_by().values("upload")
    left_open = Upload.objects.filter(door=Door.TUS, state=UploadState.RECEIVING, expires_at__gt=timezone.now())
    # Bytes come in order: only where the last part is there is it worth adding them up.
    ending = left_open.filter(Exists(Part.objects.filter(upload=OuterRef("pk"), number=last)))
    whole = ending.filter(size=Subquery(held.annotate(sum=Sum("size")).values("sum")))
    finals = left_open.filter(concat=Concat.FINAL)
    # What the policy refuses stays as it is, however often it is asked.
    left = chain(paging.each(whole, name="whole"), paging.each(finals, name="finals"))
    return sum(settle(upload.pk) for upload in left)
