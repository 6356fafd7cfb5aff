"""Receiving: contiguous bytes of one part go to the disk (``RangeWriter``), then into the ledger (``enter``).

All doors that relay bytes stand on these two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from core.actor import Actor
from core.errors import Conflict, Invalid
from transfers import queries, staging
from transfers.connections import release
from transfers.errors import DigestMismatch, PartDiffers, RangeOverlaps
from transfers.models import Door, Part, PartState, Upload, UploadState
from transfers.services import maintenance, merging, pieces, room, writers
from transfers.services.staged import stage

# The expiry of an upload slides with its progress, but not every part needs a write for it.
EXPIRY_STEP = timedelta(hours=1)


@dataclass(slots=True)
class Sealed:
    """Bytes ``[start, start + size)`` of a part, durable on this node's disk and not yet in the ledger."""

    number: int
    start: int
    size: int
    sha256: str
    file: str
    # In the store instead, where the part is put together on another node.
    storage_key: str = ""
    # Pieces in the ledger that these bytes were found to be equal to.
    equal_to: set[int] = field(default_factory=set)
    # Nothing more is taken into these bytes: it was tried.
    stays_small: bool = False
    # The ledger may name the file: nobody but the ledger decides about it from here on.
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger says of bytes after they were entered. ``is_new`` is False when they had been there already.

    ``state`` is ``partial`` while bytes of the part are missing, then ``staged`` or ``pushed``.
    """

    number: int
    start: int
    size: int
    sha256: str
    state: str
    is_new: bool
    # The row, once the part is whole.
    part: Part | None = None


class RangeWriter:
    """Bytes of part ``number`` from ``start`` on, on their way to the disk. Left without ``enter``, nothing of them stays.

    No database connection is held once it is made. Raises ``Invalid`` for bytes that the file does not have, ``Parked``
    during maintenance, and ``StagingFull`` when this node takes no more, at its making or later. ``besides`` are bytes that
    the same request has left on this node without entering them yet.
    """

    def __init__(
        self,
        actor: Actor,
        *,
        upload: Upload,
        number: int,
        start: int = 0,
        writer: UUID | None = None,
        besides: int = 0,
    ) -> None:
        self._actor = actor
        self._upload = upload
        self._writer = writer
        check_number(upload, number)
        self.number = number
        self.start = start
        self._most = upload.length_of(number) - start
        if start < 0 or self._most <= 0:
            raise Invalid(f"Part {number} has no byte {start}.", code="range_outside_part")
        maintenance.check()
        room.check(self._most + besides)
        self._file = staging.PartFile(upload.id, number)
        self._sealed: Sealed | None = None
        release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._sealed is None or not self._sealed.kept:
            self._file.discard()
            if self._sealed is not None:
                # They may have come to lie in another file.
                staging.remove(self._sealed.file)

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.size

    @property
    def room(self) -> int:
        """Bytes left up to the part's end."""
        return self._most - self._file.size

    def write(self, block: bytes | memoryview) -> None:
        """The next bytes. Raises ``ValueError`` beyond ``room``."""
        if len(block) > self.room:
            raise ValueError(f"{len(block)} bytes are more than the {self.room} left of the part.")
        self._file.write(block)

    def touch(self) -> None:
        """Sealed or not, these bytes still wait to be entered and are no orphan."""
        staging.touch(self._file.name)

    def seal(self, *, expected_sha256: str = "") -> Sealed:
        """Make what was written survive a power cut. Raises ``DigestMismatch`` where it is not what was announced."""
        sha256 = self._file.sha256
        if expected_sha256 and expected_sha256 != sha256:
            raise DigestMismatch
        self._file.seal()
        self._sealed = Sealed(self.number, self.start, self._file.size, sha256, self._file.name)
        return self._sealed

    def enter(self, *, expected_sha256: str = "", size: int | None = None) -> Entry:
        """``seal`` and ``enter`` for this one range."""
        sealed = self.seal(expected_sha256=expected_sha256)
        return enter(self._actor, upload=self._upload, sealed=[sealed], writer=self._writer, size=size)[0]


def enter(
    actor: Actor,
    *,
    upload: Upload,
    sealed: Sequence[Sealed],
    writer: UUID | None = None,
    size: int | None = None,
    leaves: bool = False,
) -> list[Entry]:
    """Enter sealed bytes into the ledger, all of them or none, and wake what goes on with them.

    ``size`` declares the length of an upload that was created without one. Where ``writer`` is given, it must still be the
    upload's, and is no more afterwards where it ``leaves``. Bytes that are there already with the same SHA-256 are
    acknowledged again. ``upload`` learns when it runs out now. Raises ``Conflict`` (the upload has ended or another request
    goes on with it), ``PartDiffers``, ``RangeOverlaps``, ``Invalid``.
    """
    while True:
        try:
            with _kept_unless_refused(sealed), transaction.atomic():
                return _Ledger(actor, upload, sealed, writer=writer, size=size).enter(leaves=leaves)
        except pieces.LookAgain as look:
            release()
            look()


def check_number(upload: Upload, number: int) -> None:
    """Raise ``Invalid`` for a part that the file does not have, as far as its size is known."""
    count = upload.part_count
    most = settings.UPLOAD_PART_LIMIT if count is None else count
    if not 1 <= number <= most:
        raise Invalid(f"This file has {most} part(s); there is no part {number}.", code="part_out_of_range")


def check_receiving(upload: Upload) -> None:
    if upload.state != UploadState.RECEIVING:
        raise Conflict(
            f"This upload is “{upload.get_state_display()}” and takes no more parts.",
            code="upload_ended",
        )


@contextmanager
def _kept_unless_refused(sealed: Sequence[Sealed]) -> Iterator[None]:
    """A commit whose answer was lost may have happened: then the files stay, to be found or swept away."""
    try:
        yield
    except (DatabaseError, InterfaceError):
        for one in sealed:
            one.kept = True
        raise
    except Exception:
        for one in sealed:
            one.kept = False
        raise


class _Ledger:
    """One transaction under the upload's row."""

    def __init__(
        self, actor: Actor, upload: Upload, sealed: Sequence[Sealed], *, writer: UUID | None, size: int | None
    ) -> None:
        self._actor = actor
        self._sealed = sealed
        self._callers = upload
        self._upload = Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
        if writer is not None and self._upload.writer != writer:
            raise Conflict("Another request goes on with this upload. Ask it how far it is.", code="another_writer")
        if size is not None:
            _declare(self._upload, size)
        numbers = {one.number for one in sealed}
        self._parts: dict[int, Part] = {
            part.number: part for part in self._upload.parts.filter(number__in=numbers) if numbers
        }
        self._pieces = list(self._upload.pieces.filter(number__in=numbers)) if numbers else []

    def enter(self, *, leaves: bool) -> list[Entry]:
        entries = [self._enter(one) for one in self._sealed]
        changes = _slid_expiry(self._upload) if any(entry.is_new for entry in entries) else {}
        if leaves:
            changes |= writers.FREE
        if changes:
            Upload.objects.filter(pk=self._upload.pk).update(**changes)
        self._callers.expires_at = changes.get("expires_at", self._upload.expires_at)
        return entries

    def _enter(self, one: Sealed) -> Entry:
        check_number(self._upload, one.number)
        length = self._upload.length_of(one.number)
        if one.start + one.size > length:
            raise Invalid(
                f"Part {one.number} has {length} bytes. Cut the file as the upload says.", code="wrong_length"
            )
        part = self._parts.get(one.number)
        is_whole = one.size == length
        if is_whole and part is not None and part.sha256 != one.sha256:
            raise PartDiffers
        if part is not None and part.state != PartState.MISSING:
            if not is_whole:
                self._compare_with(part, one)
            return _entry(one, part.state, is_new=False, part=part)
        return self._enter_part(one, part) if is_whole else self._enter_piece(one)

    def _compare_with(self, part: Part, one: Sealed) -> None:
        try:
            pieces.compare_with_part(part, start=one.start, size=one.size, sha256=one.sha256)
        except RangeOverlaps:
            # Clients of tus cannot choose how they cut: these have to pass what is there to send what was lost before it.
            if self._upload.door != Door.TUS:
                raise

    def _enter_part(self, one: Sealed, lost: Part | None) -> Entry:
        check_receiving(self._upload)
        mine = [piece for piece in self._pieces if piece.number == one.number]
        pieces.compare(self._upload, one, mine)
        part = stage(
            self._actor,
            self._upload,
            one.number,
            file=one.file,
            size=one.size,
            sha256=one.sha256,
            lost=lost,
            pieces=mine,
        )
        one.kept = True
        self._parts[one.number] = part
        return _entry(one, part.state, is_new=True, part=part)

    def _enter_piece(self, one: Sealed) -> Entry:
        mine = [piece for piece in self._pieces if piece.number == one.number]
        if self._upload.door == Door.TUS:
            merging.take_in(self._upload, one, mine)
            pieces.replace_overlapped(one, mine)
        known = pieces.find_equal(mine, start=one.start, size=one.size, sha256=one.sha256)
        if known is None:
            check_receiving(self._upload)
            pieces.check_size(self._upload, one, mine)
            room.check_share(self._upload, one, mine)
            pieces.find_home(self._upload, one, mine)
            mine.append(pieces.record(self._upload, one))
            one.kept = not one.storage_key
        self._pieces = [*(piece for piece in self._pieces if piece.number != one.number), *mine]
        state = pieces.state_of(self._upload, mine)
        if state == PartState.STAGED:
            pieces.wake_join(self._upload, one.number, mine)
        return _entry(one, state, is_new=known is None)


def _entry(one: Sealed, state: str, *, is_new: bool, part: Part | None = None) -> Entry:
    return Entry(one.number, one.start, one.size, one.sha256, state, is_new, part)


def _declare(upload: Upload, size: int) -> None:
    """The length of an upload that was created without one. It is told once."""
    if upload.size == size:
        return
    if upload.size is not None:
        raise Invalid(f"This upload has {upload.size} bytes; that cannot change any more.", code="size_declared")
    check_receiving(upload)
    if size < queries.last_byte(upload):
        raise Invalid("More bytes of this file have arrived than it is said to have.", code="size_too_small")
    upload.size = size
    Upload.objects.filter(pk=upload.pk).update(size=size)
    pieces.wake_joins(upload)


def _slid_expiry(upload: Upload) -> dict[str, Any]:
    until = timezone.now() + settings.UPLOAD_EXPIRES_AFTER
    return {"expires_at": until} if upload.expires_at < until - EXPIRY_STEP else {}
