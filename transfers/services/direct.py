"""The direct door: parts go from the browser straight into the store, each to an address that takes nothing but it.

Nothing of what a sender says about such a part is believed: it is ``promised`` when it gets its address, and what the store
lists decides at the end. The address is signed for its exact length and SHA-256, and the file is read back like any other.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import states
from core.actor import Actor
from core.errors import Conflict, Invalid, Unavailable
from transfers.connections import release
from transfers.errors import PartDiffers
from transfers.models import Door, Part, PartState, Upload, UploadState
from transfers.services import maintenance, pushing, uploads
from transfers.storage import NoSuchMultipart, Presigned, StoredPart, StoreError, store

logger = logging.getLogger(__name__)

Held = dict[int, list[StoredPart]]
RECONCILER = Actor.system("reconcile direct upload")


@dataclass(frozen=True, slots=True)
class Promise:
    """A part that its sender is about to bring to the store; SHA-256 in hexadecimal."""

    number: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where parts go, by number; ``present`` are the numbers of those that the store holds already."""

    by_number: Mapping[int, Presigned]
    present: Sequence[int]


def door_for(wish: Door | None) -> Door:
    """The door of a new upload: as wished for, else as the settings say; the relay where browsers cannot reach the store."""
    wanted = wish or Door(settings.UPLOAD_DOOR)
    return wanted if settings.S3_PUBLIC_ENDPOINT_URL else Door.PARTS


def promise(actor: Actor, *, upload: Upload, parts: Sequence[Promise]) -> Addresses:
    """An address in the store for each of these parts, good for ``settings.UPLOAD_ADDRESS_LIFETIME``; the first begin the
    multipart upload.

    A part that was promised before and that the store holds by now gets none: it need not be sent again. Raises ``Invalid``
    for a part that the file does not have, ``PartDiffers`` for one that was promised with other content, ``NotAllowed`` when
    the policy no longer agrees, ``Conflict`` for an upload that takes no parts here, ``Parked`` and ``Unavailable``.
    """
    maintenance.check()
    _check(upload, parts)
    try:
        _look_for(upload, parts)
        multipart_id = pushing.multipart_of(upload)
    except StoreError as error:
        logger.warning("No addresses for parts of upload %s: %s", upload.id, error)
        raise Unavailable("The file's storage is not answering. Nothing was lost: try again in a minute.") from error
    present = _enter(actor, upload, parts, multipart_id=multipart_id)
    return Addresses(
        by_number={each.number: _address(upload, each, multipart_id) for each in parts if each.number not in present},
        present=sorted(present),
    )


def reconcile(upload: Upload) -> None:
    """Compare what the store holds with what was promised, for an upload whose sender says that it is complete.

    Parts that are there, as long and with the SHA-256 they were promised with (where the store tells it), are pushed from
    here on; any other is missing, and its sender is asked for it again. May be called again at any time. Raises
    ``StoreError`` when the store cannot say.
    """
    release()
    try:
        held = _held(upload)
    except NoSuchMultipart:
        _lost(upload)
        return
    with transaction.atomic():
        if _locked(upload).state != UploadState.PUSHING:
            return
        lost = _confirm(upload, held)
        if lost:
            pushing.lose(lost, because="the store does not hold it")


def _check(upload: Upload, parts: Sequence[Promise]) -> None:
    if upload.door != Door.DIRECT:
        raise Conflict("The parts of this upload come to the gateway, not to the store.", code="wrong_door")
    _check_receiving(upload)
    for each in parts:
        if not 1 <= each.number <= (upload.part_count or 0):
            raise Invalid(
                f"This file has {upload.part_count or 0} part(s); there is no part {each.number}.",
                code="part_out_of_range",
            )


def _check_receiving(upload: Upload) -> None:
    if upload.state != UploadState.RECEIVING:
        raise Conflict(
            f"This upload is “{upload.get_state_display()}” and takes no more parts.",
            code="upload_ended",
        )


def _look_for(upload: Upload, parts: Sequence[Promise]) -> None:
    """A sender who asks for an address again comes back after a break: confirm whatever has come to the store meanwhile."""
    numbers = [each.number for each in parts]
    if not upload.parts.filter(number__in=numbers, state=PartState.PROMISED).exists():
        return
    release()
    try:
        held = _held(upload)
    except NoSuchMultipart:
        _lost(upload)
        upload.multipart_id = ""
        return
    with transaction.atomic():
        if _locked(upload).state == UploadState.RECEIVING:
            _confirm(upload, held)


def _enter(actor: Actor, upload: Upload, parts: Sequence[Promise], *, multipart_id: str) -> set[int]:
    """Write the promises into the ledger; returns the numbers that are in the store already."""
    with transaction.atomic():
        current = _locked(upload)
        _check_receiving(current)
        if current.multipart_id != multipart_id:
            raise Unavailable("The store has lost what was begun there. Try again.", retry_after=1)
        uploads.ask_policy(actor, upload=current)
        known = {part.number: part for part in current.parts.filter(number__in=[each.number for each in parts])}
        if any(each.number in known and known[each.number].sha256 != each.sha256 for each in parts):
            raise PartDiffers
        new = [each for each in parts if each.number not in known]
        Part.objects.bulk_create(
            Part(
                upload=current,
                number=each.number,
                size=current.length_of(each.number),
                sha256=each.sha256,
                state=PartState.PROMISED,
            )
            for each in new
        )
        for part in known.values():
            if part.state == PartState.MISSING:
                states.advance(part, "promise_again", actor=actor, etag="", pushed_at=None, last_error="")
        Upload.objects.filter(pk=current.pk).update(expires_at=timezone.now() + settings.UPLOAD_EXPIRES_AFTER)
    return {number for number, part in known.items() if part.state == PartState.PUSHED}


def _address(upload: Upload, promised: Promise, multipart_id: str) -> Presigned:
    return store(upload.bucket).presign_part(
        upload.storage_key,
        multipart_id,
        promised.number,
        size=upload.length_of(promised.number),
        sha256=promised.sha256,
        lifetime=settings.UPLOAD_ADDRESS_LIFETIME,
    )


def _held(upload: Upload) -> Held:
    if not upload.multipart_id:
        raise NoSuchMultipart("none was begun")
    held: Held = defaultdict(list)
    for part in store(upload.bucket).parts(upload.storage_key, upload.multipart_id):
        held[part.number].append(part)
    return held


def _found(part: Part, held: Held) -> StoredPart | None:
    """This very part at the store. Some stores list a part that came twice twice."""
    fitting = (
        each for each in held.get(part.number, ()) if each.size == part.size and each.sha256 in {"", part.sha256}
    )
    return next(fitting, None)


def _confirm(upload: Upload, held: Held) -> list[Part]:
    """Take those parts of the ledger for pushed that are at the store; returns the others. Needs the upload's row held."""
    absent = []
    for part in upload.parts.exclude(state=PartState.MISSING):
        found = _found(part, held)
        if found is None:
            absent.append(part)
        elif part.state == PartState.PROMISED:
            states.advance(part, "confirm", actor=RECONCILER, etag=found.etag, pushed_at=timezone.now())
        elif part.etag not in {each.etag for each in held[part.number]}:
            # The same bytes came once more by an address that still lived, and the store names them anew.
            Part.objects.filter(pk=part.pk, state=PartState.PUSHED).update(etag=found.etag)
    return absent


def _lost(upload: Upload) -> None:
    """The store does not know the multipart upload: it has made the object of it, or it has lost every part."""
    promised = list(upload.parts.filter(state=PartState.PROMISED))
    if not promised:
        return
    with transaction.atomic():
        pushing.forget_multipart(upload)
        pushing.lose(promised, because="the store has lost the multipart upload")


def _locked(upload: Upload) -> Upload:
    return Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
