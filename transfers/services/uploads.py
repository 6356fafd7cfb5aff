"""The life of an upload as its owner sees it: create, complete, remove."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import audit, states, wakeups
from core.actor import Actor
from core.errors import Conflict, Invalid, SignInRequired, TooLarge
from core.templatetags.ui import size as readable_size
from transfers import names, queries
from transfers.errors import PartsMissing
from transfers.models import Concat, Door, Upload, UploadState
from transfers.ports import storage_placement, transfer_listener, upload_policy
from transfers.services import allowance, maintenance
from transfers.states import UPLOAD

MIB = 1024**2
# Some room below the store's own limit of parts, for stores that count strictly.
SHARE_OF_PART_LIMIT = 0.9
COMPLETED = (UploadState.PUSHING, UploadState.VERIFYING, UploadState.STORED)


def create(
    actor: Actor,
    *,
    subject: UUID | None,
    name: str,
    size: int,
    path: str = "",
    last_modified: int | None = None,
    door: Door = Door.PARTS,
    concat: Concat = Concat.NONE,
) -> Upload:
    """A new upload of ``size`` bytes for ``subject`` (``None``: the actor's alone for a while), ready to receive parts.

    Raises ``Invalid`` for a name nobody could save under, ``TooLarge``, ``TooMany``, and ``NotAllowed`` with the policy's
    reason or for too many files without a subject.
    """
    facts: dict[str, Any] = {"last_modified": last_modified, "door": door, "concat": concat}
    # What a final upload is joined from is held already; the policy is asked for the whole once that is entered.
    held = 0 if concat == Concat.FINAL else size
    return _create(actor, subject=subject, name=name, path=path, size=size, most=size, held=held, **facts)


def create_of_unknown_size(
    actor: Actor,
    *,
    subject: UUID | None,
    name: str,
    most: int,
    path: str = "",
    last_modified: int | None = None,
    held: int | None = None,
    door: Door = Door.FORM,
    concat: Concat = Concat.NONE,
) -> Upload:
    """As ``create``, for a file whose end is not known yet and which has ``most`` bytes at most.

    The policy is asked for ``held`` bytes, or for ``most``.
    """
    held = most if held is None else held
    facts: dict[str, Any] = {"last_modified": last_modified, "door": door, "concat": concat}
    return _create(actor, subject=subject, name=name, path=path, size=None, most=most, held=held, **facts)


def complete(actor: Actor, *, upload: Upload, size: int | None = None) -> Upload:
    """Ask for an upload to be put together, now that all parts have been sent. Asking again changes nothing.

    ``size`` tells the length of a file that was created without one. Raises ``PartsMissing`` with what is still to be sent,
    ``NotAllowed`` when the policy no longer agrees, and ``Conflict`` when the upload has ended.
    """
    with transaction.atomic():
        upload = _locked(upload)
        if upload.state in COMPLETED:
            return upload
        if upload.size is None:
            upload.size = size
        if upload.size is None:
            raise Invalid("The file's size is not known yet.", code="size_unknown")
        _check_open(upload)
        # The parts of a final upload are made out of its sources' once it is complete.
        missing = queries.missing_numbers(upload) if upload.concat != Concat.FINAL else ()
        if missing:
            raise PartsMissing(missing)
        ask_policy(actor, upload=upload)
        states.advance(
            upload, "complete", actor=actor, size=upload.size, completed_at=timezone.now(), due_at=timezone.now()
        )
        if upload.concat != Concat.PARTIAL:
            transfer_listener().completed(upload)
        wakeups.after_commit("transfers.tasks.finish_upload", str(upload.id))
    return upload


def abort(actor: Actor, *, upload: Upload) -> Upload:
    """Give an upload up before it is stored, on its owner's word.

    A stored file belongs to what it was sent for, if to anything: raises ``Conflict`` then. Aborting again changes nothing.
    """
    if upload.state == UploadState.STORED and upload.subject is not None:
        raise Conflict("This file is stored already. Remove it where it is listed.", code="already_stored")
    return remove(actor, upload=upload)


def remove(actor: Actor, *, upload: Upload) -> Upload:
    """Remove an upload in any state: for the rooms above, which know whether a stored file may go.

    Its bytes are deleted after the commit, in the store and on every node. Removing again changes nothing.
    """
    with transaction.atomic():
        upload = _locked(upload)
        if not UPLOAD.permits(upload.state, "remove"):
            return upload
        states.advance(upload, "remove", actor=actor)
        if upload.concat != Concat.PARTIAL:
            transfer_listener().removed(upload)
        wakeups.after_commit("transfers.tasks.clean_up", str(upload.id))
    return upload


def fail(actor: Actor, *, upload: Upload, reason: str, action: str = "fail") -> Upload:
    """End an upload without its file, tell why, and free what it holds. ``action`` is ``fail`` or ``expire``."""
    with transaction.atomic():
        states.advance(upload, action, actor=actor, reason=reason, data={"last_error": upload.last_error})
        Upload.objects.filter(pk=upload.pk).update(reason=reason, claimed_at=None)
        upload.reason = reason
        if upload.concat != Concat.PARTIAL:
            transfer_listener().failed(upload, reason)
        wakeups.after_commit("transfers.tasks.clean_up", str(upload.id))
    return upload


def kept_from(upload: Upload, now: datetime) -> dict[str, Any]:
    """What the row says of a file that is stored from ``now``; one that is for nothing in particular is kept for a while."""
    if upload.subject is not None:
        return {"stored_at": now}
    return {"stored_at": now, "expires_at": now + settings.UPLOAD_LOOSE_LIFETIME}


def part_size_for(most: int) -> int:
    """Bytes in a part: the configured size, grown by whole MiB until the file stays well under the store's part limit."""
    parts = int(settings.UPLOAD_PART_LIMIT * SHARE_OF_PART_LIMIT)
    needed = -(-most // parts)
    return max(settings.UPLOAD_PART_BYTES, -(-needed // MIB) * MIB)


def ask_policy(actor: Actor, *, upload: Upload, size: int | None = None) -> None:
    """Raise ``NotAllowed`` where ``actor`` may no longer bring this upload, of ``size`` bytes where its own is not known.

    Needs a transaction.
    """
    size = upload.size or 0 if size is None else size
    decision = upload_policy().may_upload(actor, subject=upload.subject, name=upload.name, size=size, upload=upload)
    decision.enforce()


def _create(
    actor: Actor,
    *,
    subject: UUID | None,
    name: str,
    path: str,
    size: int | None,
    most: int,
    held: int,
    concat: Concat,
    **more: Any,
) -> Upload:
    if actor.user_id is None:
        raise SignInRequired
    allowance.check_pace(actor)
    maintenance.check()
    name, path = names.clean_name(name), names.clean_path(path)
    _check_size(most)
    upload_id = uuid4()
    with transaction.atomic():
        upload_policy().may_upload(actor, subject=subject, name=name, size=held, upload=None).enforce()
        if subject is None:
            allowance.check_loose(actor, concat=concat)
        place = storage_placement().place_for(actor, subject=subject)
        upload = Upload.objects.create(
            id=upload_id,
            owner_id=actor.user_id,
            subject=subject,
            name=name,
            path=path,
            size=size,
            part_size=part_size_for(most),
            bucket=place.bucket,
            storage_key=f"{place.prefix}uploads/{upload_id}",
            concat=concat,
            expires_at=timezone.now() + settings.UPLOAD_EXPIRES_AFTER,
            **more,
        )
        audit.record(actor, "transfers.upload.create", upload, data={"subject": str(subject or ""), "size": size})
        if concat != Concat.PARTIAL:
            transfer_listener().created(upload)
    return upload


def _check_size(size: int) -> None:
    if size < 0:
        raise Invalid(fields={"size": "A file cannot have less than no bytes."})
    if size > settings.UPLOAD_MAX_BYTES:
        most = readable_size(settings.UPLOAD_MAX_BYTES)
        raise TooLarge(f"This file is larger than the {most} that can be sent. Split it, or ask your administrator.")


def _check_open(upload: Upload) -> None:
    if upload.state != UploadState.RECEIVING:
        raise Conflict(
            f"This upload is “{upload.get_state_display()}” and takes no more parts. Send the file anew.",
            code="upload_ended",
        )


def _locked(upload: Upload) -> Upload:
    """The row as it is now, held until the transaction ends."""
    return Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
