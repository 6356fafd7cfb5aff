"""Creating uploads as tus clients ask for them: whole files, partial ones, final ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import IntegrityError, transaction

from core.actor import Actor
from core.errors import Conflict, SignInRequired, TooLarge
from transfers.models import Concat, Door, TusResource, Upload
from transfers.services import uploads
from transfers.services.tus import concatenation
from transfers.services.tus.facts import FileFacts

# Parts of a file of yet unknown length are larger, since their number is limited: 562 GiB at the default.
DEFERRED_PARTS = 4
BEYOND = "These are more bytes than the upload has left. What was announced at its creation cannot grow."
NOT_THE_SAME = "This Idempotency-Key was used for another upload. Use a new key for each file."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asks for. ``length`` in bytes is ``None`` where it comes later; ``metadata`` and ``concat_said`` are the
    headers as received; ``sources`` are the keys of the partial uploads that a final one is joined from, in order.
    """

    length: int | None
    facts: FileFacts = field(default_factory=FileFacts)
    metadata: str = ""
    concat: Concat = Concat.NONE
    concat_said: str = ""
    sources: Sequence[str] = ()
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class Created:
    """``is_new`` is False for the answer to a repeated request of the same ``Idempotency-Key``."""

    resource: TusResource
    is_new: bool


def create(actor: Actor, *, wanted: Wanted) -> Created:
    """The resource that ``wanted`` describes; one without bytes to wait for is complete at once.

    Raises ``Invalid`` for a name nobody could save under, ``TooLarge``, ``NotAllowed`` with the policy's reason, and
    ``Conflict`` for a key that was used for something else.
    """
    digest = _digest(actor, wanted)
    if known := _known(digest, wanted):
        return Created(known, is_new=False)
    try:
        with transaction.atomic():
            return Created(_create(actor, wanted, digest), is_new=True)
    except IntegrityError:
        # The same request, twice at the same moment.
        known = _known(digest, wanted)
        if known is None:
            raise
        return Created(known, is_new=False)


def check_body(wanted: Wanted, length: int | None) -> None:
    """Refuse a first body that is longer than the file, before anything is created."""
    most = most_of_deferred() if wanted.length is None else wanted.length
    if length is not None and length > most:
        raise TooLarge(BEYOND)


def most_of_deferred() -> int:
    """The largest file, in bytes, whose length is told after its first byte."""
    parts = int(settings.UPLOAD_PART_LIMIT * uploads.SHARE_OF_PART_LIMIT)
    return min(settings.UPLOAD_MAX_BYTES, settings.UPLOAD_PART_BYTES * DEFERRED_PARTS * parts)


def most_of(upload: Upload) -> int:
    """How many bytes this upload can come to have."""
    if upload.size is not None:
        return upload.size
    parts = int(settings.UPLOAD_PART_LIMIT * uploads.SHARE_OF_PART_LIMIT)
    return min(settings.UPLOAD_MAX_BYTES, upload.part_size * parts)


def _create(actor: Actor, wanted: Wanted, digest: str) -> TusResource:
    upload = concatenation.begin(actor, wanted.sources, wanted.facts) if wanted.sources else _begin(actor, wanted)
    resource = TusResource.objects.create(
        upload=upload,
        metadata=wanted.metadata,
        concat=wanted.concat_said,
        deferred=wanted.length is None and not wanted.sources,
        asked_with=digest,
    )
    if upload.size == 0 and upload.concat != Concat.FINAL:
        resource.upload = uploads.complete(actor, upload=upload)
    return resource


def _begin(actor: Actor, wanted: Wanted) -> Upload:
    facts = wanted.facts
    if wanted.length is None:
        return uploads.create_of_unknown_size(
            actor,
            subject=facts.subject,
            name=facts.name,
            path=facts.path,
            last_modified=facts.last_modified,
            most=most_of_deferred(),
            held=0,
            door=Door.TUS,
            concat=wanted.concat,
        )
    return uploads.create(
        actor,
        subject=facts.subject,
        name=facts.name,
        path=facts.path,
        size=wanted.length,
        last_modified=facts.last_modified,
        door=Door.TUS,
        concat=wanted.concat,
    )


def _digest(actor: Actor, wanted: Wanted) -> str:
    if not wanted.idempotency_key:
        return ""
    if actor.user_id is None:
        raise SignInRequired
    return hashlib.sha256(f"{actor.user_id} {wanted.idempotency_key}".encode()).hexdigest()


def _known(digest: str, wanted: Wanted) -> TusResource | None:
    if not digest:
        return None
    known = TusResource.objects.select_related("upload").filter(asked_with=digest).first()
    if known is None:
        return None
    said = (known.metadata, known.concat, known.deferred)
    deferred = wanted.length is None and not wanted.sources
    if said != (wanted.metadata, wanted.concat_said, deferred) or wanted.length not in {None, known.upload.size}:
        raise Conflict(NOT_THE_SAME, code="idempotency_key_reused")
    return known
