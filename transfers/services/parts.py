"""The parts door: one part or a range of it, announced with its length and SHA-256, from a line into the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.actor import Actor
from core.errors import Conflict, Invalid
from transfers.connections import release
from transfers.errors import DigestMismatch, Interrupted, LengthRequired, PartDiffers
from transfers.models import Door, Part, PartState, Upload
from transfers.services import pieces
from transfers.services.receiving import Entry, RangeWriter, check_number, check_receiving

BLOCK = 1024**2
# A promised part has no bytes here that a repeat could be told to be equal to; a tus upload has one writer at a time.
ELSEWHERE = (Door.DIRECT, Door.TUS)

Read = Callable[[int], bytes | memoryview]


@dataclass(frozen=True, slots=True)
class Announced:
    """What a sender says of its bytes before they come: ``length`` of them (``None`` where it did not say), their SHA-256 in
    hexadecimal, and where they begin in the part. ``part_length`` is what the sender takes for the length of the whole part,
    where it sends a range of it.
    """

    number: int
    length: int | None
    sha256: str
    start: int = 0
    part_length: int | None = None


def announced_in_file(upload: Upload, *, start: int, length: int | None, file_length: int, sha256: str) -> Announced:
    """What a sender says who counts within the file: which part these bytes are of, and where they begin in it.

    Raises ``Invalid`` where the file has no such bytes or has another length, and ``Conflict`` at the wrong door.
    """
    _check_door(upload)
    if upload.size != file_length:
        raise Invalid(f"This file has {upload.size} bytes, not {file_length}.", code="wrong_length")
    if start >= file_length:
        raise Invalid(f"This file has no byte {start}.", code="part_out_of_range")
    index, offset = divmod(start, upload.part_size)
    number = index + 1
    return Announced(number=number, length=length, sha256=sha256, start=offset, part_length=upload.length_of(number))


def receive(actor: Actor, *, upload: Upload, announced: Announced, read: Read) -> Entry:
    """Take a part or a range from ``read`` (at most as many bytes as asked for, none at the end) and enter it.

    Returns once the bytes would survive a power cut. What is there with the same SHA-256 is read, compared and dropped.
    Nothing of a refused or broken body is kept. No database connection is held while reading. Raises ``LengthRequired``,
    ``Invalid``, ``PartDiffers``, ``RangeOverlaps``, ``StagingFull``, ``Interrupted``, ``DigestMismatch`` or ``Conflict``.
    """
    _check_door(upload)
    length = _check(upload, announced)
    known = _known(upload, announced, length)
    if known is not None:
        _compare(announced, length, read)
        return known
    check_receiving(upload)
    with RangeWriter(actor, upload=upload, number=announced.number, start=announced.start) as writer:
        for block in _blocks(length, read):
            writer.write(block)
        return writer.enter(expected_sha256=announced.sha256)


def _check_door(upload: Upload) -> None:
    if upload.door in ELSEWHERE:
        raise Conflict("The bytes of this upload do not come here: send them where it was begun.", code="wrong_door")


def _check(upload: Upload, announced: Announced) -> int:
    """The length of the body, which is sure to fit."""
    check_number(upload, announced.number)
    if announced.length is None:
        raise LengthRequired
    whole = upload.length_of(announced.number)
    said = announced.length if announced.part_length is None else announced.part_length
    if said != whole:
        raise Invalid(
            f"Part {announced.number} has {whole} bytes, not {said}. Cut the file as the upload says.",
            code="wrong_length",
        )
    if not 0 < announced.length <= whole - announced.start:
        raise Invalid(
            f"{announced.length} bytes from byte {announced.start} of part {announced.number} do not lie in its {whole}"
            " bytes. Cut the file as the upload says.",
            code="wrong_length",
        )
    return announced.length


def _known(upload: Upload, announced: Announced, length: int) -> Entry | None:
    """What the ledger has of these very bytes. Raises where it has others in their place."""
    part = upload.parts.filter(number=announced.number).first()
    is_whole = length == upload.length_of(announced.number)
    if part is not None and is_whole and part.sha256 != announced.sha256:
        raise PartDiffers
    if part is not None and part.state != PartState.MISSING:
        if not is_whole:
            pieces.compare_with_part(part, start=announced.start, size=length, sha256=announced.sha256)
        return _entry(announced, length, part)
    if is_whole:
        return None
    mine = list(upload.pieces.filter(number=announced.number))
    known = pieces.find_equal(mine, start=announced.start, size=length, sha256=announced.sha256)
    if known is None:
        return None
    return Entry(known.number, known.start, known.size, known.sha256, pieces.state_of(upload, mine), is_new=False)


def _entry(announced: Announced, length: int, part: Part) -> Entry:
    return Entry(part.number, announced.start, length, announced.sha256, part.state, is_new=False, part=part)


def _compare(announced: Announced, length: int, read: Read) -> None:
    """Read repeated bytes to their end, so that the answer is about them and the line is free for the next."""
    release()
    digest = hashlib.sha256()
    for block in _blocks(length, read):
        digest.update(block)
    if digest.hexdigest() != announced.sha256:
        raise DigestMismatch


def _blocks(length: int, read: Read) -> Iterator[bytes | memoryview]:
    """Exactly ``length`` bytes. Raises ``Interrupted`` where fewer come."""
    left = length
    while left:
        block = read(min(BLOCK, left))
        if not block:
            raise Interrupted
        yield block
        left -= len(block)
    # What was lent for the last block is free while the disk is waited for.
    read(0)
