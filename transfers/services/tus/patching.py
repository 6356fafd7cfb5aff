"""Appending to a tus upload: a body is cut into parts on the way, and what arrived of a broken one is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from core.actor import Actor
from core.errors import Conflict, TooLarge
from transfers import queries
from transfers.connections import release
from transfers.errors import Interrupted
from transfers.models import Concat, Upload, UploadState
from transfers.models.upload import ENDED
from transfers.services import receiving, uploads, writers
from transfers.services.tus import completing, creating
from transfers.services.tus.checksums import Checksum
from transfers.services.tus.cutting import Cutter, Source
from transfers.services.tus.errors import Ended, FinalTakesNoBytes, Malformed, OffsetDiffers, Superseded
from transfers.services.tus.turns import Turn


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a client says of the bytes it sends: where they begin, their checksum, the file's length if it tells it now."""

    offset: int
    length: int | None = None
    checksum: Checksum | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """The upload after a request that appended to it, and the offset that the next one goes on with."""

    upload: Upload
    offset: int


def append(actor: Actor, *, upload: Upload, chunk: Chunk, body: Source) -> Appended:
    """Take the bytes of ``body`` and complete the upload with its last one.

    Of a body that breaks off, every byte that arrived is kept; with a checksum, all of them or none. The newest request
    wins: whoever is appending is told to stop first, unless it has got further than ``chunk`` begins. Raises
    ``OffsetDiffers``, ``Ended``, ``FinalTakesNoBytes``, ``Malformed``, ``TooLarge``, ``ChecksumDiffers``, ``Interrupted``,
    ``Superseded``, ``Unavailable``, and what the policy says against a file that is whole.
    """
    if upload.concat == Concat.FINAL:
        raise FinalTakesNoBytes
    if upload.state != UploadState.RECEIVING:
        return _append_nothing(upload, chunk, body)
    turn = Turn(offset=chunk.offset, stop=body.stop)

    def check() -> None:
        upload.refresh_from_db()
        if upload.state == UploadState.RECEIVING:
            _check_offset(upload, chunk, at_least=True)

    with (
        _superseded_if(turn),
        writers.hold(upload, stop=turn.end, offset=chunk.offset, check=check) as writer,
    ):
        upload.refresh_from_db()
        if upload.state != UploadState.RECEIVING:
            return _append_nothing(upload, chunk, body)
        reach = _check_offset(upload, chunk)
        appended = _append(actor, upload, chunk, body, writer=writer, turn=turn)
        # More is there only after bytes before it had been lost.
        is_end = appended.offset == upload.size or appended.offset < reach.furthest
        return _settled(actor, upload) if is_end else appended


def offset_after_drain(upload: Upload) -> int:
    """The offset that the next PATCH may go on with: whoever is appending stops first, and what it had is counted."""
    if upload.writer is not None and upload.state == UploadState.RECEIVING:
        try:
            with writers.hold(upload, stop=_nothing):
                upload.refresh_from_db()
                return completing.offset_of(upload)
        except Conflict:
            # Somebody newer goes on with it at this moment; what is durable now is no lie.
            upload.refresh_from_db()
    return completing.offset_of(upload)


def check_body(upload: Upload, chunk: Chunk, length: int | None) -> None:
    """Refuse what can be refused before a byte is read: a length that is too long, too short, or told a second time."""
    most = creating.most_of(upload)
    if chunk.length is not None:
        if upload.size is not None and (chunk.length != upload.size or not upload.tus.deferred):
            raise Malformed("The length of this upload is known and cannot change.", code="length_known")
        if chunk.length > most:
            raise TooLarge(creating.BEYOND)
        if chunk.length < chunk.offset:
            raise Malformed(
                "More bytes of this file have arrived than Upload-Length says it has.", code="length_too_small"
            )
        most = chunk.length
    if length is not None and chunk.offset + length > most:
        raise TooLarge(creating.BEYOND)


def _append_nothing(upload: Upload, chunk: Chunk, body: Source) -> Appended:
    if upload.state in ENDED:
        raise Ended(upload.reason)
    if chunk.offset != upload.size:
        raise OffsetDiffers(upload.size or 0)
    release()
    if body.length or body.read(1):
        raise TooLarge(creating.BEYOND)
    return Appended(upload, chunk.offset)


def _append(actor: Actor, upload: Upload, chunk: Chunk, body: Source, *, writer: UUID, turn: Turn) -> Appended:
    check_body(upload, chunk, body.length)
    _ask_policy_of_deferred(actor, upload, chunk, body)
    if chunk.length is not None:
        receiving.enter(actor, upload=upload, sealed=[], writer=writer, size=chunk.length)
        upload.refresh_from_db()
    cutter = Cutter(actor, upload=upload, start=chunk.offset, checksum=chunk.checksum, writer=writer, turn=turn)
    try:
        cutter.take(body)
    except Interrupted:
        if chunk.checksum is None:
            cutter.keep()
        raise
    finally:
        cutter.close()
    return Appended(upload, cutter.at)


def _settled(actor: Actor, upload: Upload) -> Appended:
    upload.refresh_from_db()
    offset = completing.offset_of(upload)
    if completing.is_whole(upload, offset):
        upload = completing.complete(actor, upload=upload)
    return Appended(upload, offset)


def _check_offset(upload: Upload, chunk: Chunk, *, at_least: bool = False) -> queries.Reach:
    reach = queries.reach(upload)
    if chunk.offset < reach.contiguous or (chunk.offset > reach.contiguous and not at_least):
        raise OffsetDiffers(reach.contiguous)
    return reach


def _ask_policy_of_deferred(actor: Actor, upload: Upload, chunk: Chunk, body: Source) -> None:
    """A file of unknown length has been promised no room: ask for what it comes to now."""
    if upload.size is None:
        size = chunk.length if chunk.length is not None else chunk.offset + (body.length or 0)
        with transaction.atomic():
            uploads.ask_policy(actor, upload=upload, size=size)


@contextmanager
def _superseded_if(turn: Turn) -> Iterator[None]:
    """A body that we broke off ourselves is no fault of its line."""
    try:
        yield
    except (Interrupted, Conflict) as error:
        if turn.is_over or error.error_code == "another_writer":
            raise Superseded from error
        if error.error_code == "upload_ended":
            raise Ended from error
        raise


def _nothing(_offset: int | None) -> None:
    """There is nobody to tell: who asks for the offset sends no body."""
