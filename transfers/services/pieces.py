"""Pieces: parts of which only some bytes have been acknowledged yet, and how they become whole.

Each piece lies in a file of its own on the part's home, the node of its first piece, or in the store when it came to
another node. Once they cover the part, the home puts them together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import states, wakeups
from core.actor import Actor
from core.errors import Invalid
from transfers import queries, staging
from transfers.connections import release
from transfers.errors import NoHome, PartDiffers, RangeOverlaps, StagingFull
from transfers.models import Part, PartState, Piece, Upload, UploadState
from transfers.models.upload import ENDED
from transfers.services import uploads
from transfers.services.staged import FIRST_SWEEP_AFTER, push_queue, stage
from transfers.storage import NoSuchObject, StoreError, store

logger = logging.getLogger(__name__)

JOINER = Actor.system("join parts")
CHANGED = "The file changed on its sender's disk while it was being sent. Send it again."
# Objects that are fetched and deleted again soon; nothing else lies under this name.
ASIDE = "aside/"
# Set aside by a request that died before it could say so.
STRAY_AFTER = timedelta(hours=1)
LIMIT = 1000
# A line that breaks may leave any small piece behind; a sender who cuts a part into thousands is told to stop.
SMALLEST_OF_MANY = 64 * 1024
MANY_OF_A_PART, MANY_OF_AN_UPLOAD = 1_000, 20_000
TOO_SMALL = "This part came in very many small pieces. Send at least 64 KiB of it at a time, or all that is left of it."
PARTIAL = "partial"


class Bytes(Protocol):
    """Sealed bytes of a part; see ``receiving.Sealed``."""

    number: int
    start: int
    size: int
    sha256: str
    file: str
    storage_key: str
    equal_to: set[int]


class LookAgain(Exception):
    """The ledger needs something done first that takes a disk or the store: call it outside the transaction, then retry."""

    def __init__(self, first: Callable[[], None]) -> None:
        super().__init__()
        self._first = first

    def __call__(self) -> None:
        self._first()


def compare(upload: Upload, whole: Bytes, pieces: Sequence[Piece]) -> None:
    """A whole part came where pieces of it lie: it must hold the same bytes. Raises ``LookAgain``, then ``PartDiffers``.

    The pieces stay where they are until ``join`` tidies them away.
    """
    unseen = [piece for piece in pieces if piece.pk not in whole.equal_to]
    if unseen:
        raise LookAgain(lambda: _look_into(whole, unseen))
    if pieces:
        wake_join(upload, whole.number, pieces)


def find_equal(pieces: Sequence[Piece], *, start: int, size: int, sha256: str) -> Piece | None:
    """The piece that holds these very bytes; ``None`` where nothing overlaps them.

    Raises ``PartDiffers`` where the same range came with other content and ``RangeOverlaps`` where it was cut differently.
    """
    touched = _touched(pieces, start, size)
    for piece in touched:
        if (piece.start, piece.size) == (start, size):
            if piece.sha256 != sha256:
                raise PartDiffers
            return piece
    if touched:
        raise RangeOverlaps(sorted((piece.start, piece.size) for piece in pieces))
    return None


def compare_with_part(part: Part, *, start: int, size: int, sha256: str) -> None:
    """A range came of a part that is whole: it must hold the same bytes.

    Raises ``PartDiffers``, and ``RangeOverlaps`` where that cannot be told: the part is in the store or on another node, and
    came cut in another way.
    """
    known = {(first, length): digest for first, length, digest in part.ranges or ()}.get((start, size))
    if known is None:
        if part.state != PartState.STAGED or part.node != settings.NODE_NAME:
            raise RangeOverlaps([(0, part.size)])
        try:
            known = staging.sha256_of(part.file, start=start, size=size)
        except FileNotFoundError:
            # It has just been pushed.
            raise RangeOverlaps([(0, part.size)]) from None
    if known != sha256:
        raise PartDiffers


def replace_overlapped(new: Bytes, pieces: list[Piece]) -> None:
    """For clients that cannot choose how they cut: the newest bytes take the place of what they overlap.

    The files are orphans from the commit on, and are swept away where they are not of this node.
    """
    touched = [piece for piece in _touched(pieces, new.start, new.size) if not _is_equal(piece, new)]
    if not touched:
        return
    Piece.objects.filter(pk__in=[piece.pk for piece in touched]).delete()
    for piece in touched:
        pieces.remove(piece)
        if piece.node == settings.NODE_NAME:
            transaction.on_commit(partial(staging.remove, piece.file), robust=True)


def state_of(upload: Upload, pieces: Sequence[Piece]) -> str:
    """``staged`` once the pieces cover their part, ``partial`` before."""
    whole = bool(pieces) and queries.covers(pieces, upload.length_of(pieces[0].number))
    return PartState.STAGED if whole else PARTIAL


def check_size(upload: Upload, new: Bytes, pieces: Sequence[Piece]) -> None:
    """Raise ``Invalid`` for a small range where small ones have come in great number: each is a row and a file.

    One that goes to the part's end is taken all the same.
    """
    if new.size >= SMALLEST_OF_MANY or new.start + new.size == upload.length_of(new.number):
        return
    if len(pieces) >= MANY_OF_A_PART or upload.pieces.count() >= MANY_OF_AN_UPLOAD:
        raise Invalid(TOO_SMALL, code="range_too_small")


def find_home(upload: Upload, new: Bytes, pieces: Sequence[Piece]) -> None:
    """See to it that ``new`` lies on the part's home, or in the store for it. Raises ``LookAgain`` where it does not yet."""
    home = home_of(pieces)
    if home not in ("", settings.NODE_NAME) and not new.storage_key and not queries.is_lost(home):
        raise LookAgain(lambda: _set_aside(upload, new))


def record(upload: Upload, new: Bytes) -> Piece:
    place = {"storage_key": new.storage_key} if new.storage_key else {"node": settings.NODE_NAME, "file": new.file}
    return Piece.objects.create(
        upload=upload, number=new.number, start=new.start, size=new.size, sha256=new.sha256, **place
    )


def home_of(pieces: Sequence[Piece]) -> str:
    """The node where the part is put together; empty when all its pieces lie in the store."""
    return next((piece.node for piece in sorted(pieces, key=lambda piece: piece.pk) if piece.node), "")


def wake_join(upload: Upload, number: int, pieces: Sequence[Piece]) -> None:
    queue = push_queue(home_of(pieces) or settings.NODE_NAME)
    wakeups.after_commit("transfers.tasks.join_part", str(upload.pk), str(number), queue=queue)


def wake_joins(upload: Upload) -> None:
    """The length of the upload is known now, so that its last part may be whole."""
    last = upload.part_count
    pieces = list(upload.pieces.filter(number=last)) if last else []
    if last and queries.covers(pieces, upload.length_of(last)):
        wake_join(upload, last, pieces)


def join(upload_id: UUID, number: int) -> Part | None:
    """Put the pieces of a part together on this node, its home; returns the part that is whole now.

    ``None`` when there is nothing to do: bytes are missing, it is done already or belongs to another node, to which what lies
    here is handed over. Pieces that are
    not needed any more are removed. May be called at any time, by several workers at once, and be killed anywhere; where the
    store or the disk is not to be had, the sweep comes back to it.
    """
    upload = Upload.objects.filter(pk=upload_id).exclude(state__in=ENDED).first()
    if upload is None:
        return None
    pieces = list(upload.pieces.filter(number=number).order_by("start"))
    try:
        if any(piece.node not in ("", settings.NODE_NAME) for piece in pieces):
            _hand_over(upload, number, pieces)
            return None
        return _join_and_tidy(upload, number, pieces)
    except (StoreError, StagingFull) as error:
        logger.warning("Part %d of upload %s was not put together: %s", number, upload.pk, error)
        return None


def append(file: staging.PartFile, upload: Upload, piece: Piece) -> bool:
    """Copy one piece, checked against the ledger; False for one that is gone or damaged, which is lost then.

    Raises ``StagingFull`` and ``StoreError``.
    """
    try:
        sha256 = file.copy(_blocks(upload, piece))
    except (FileNotFoundError, NoSuchObject):
        lose([piece], because="it is gone")
        return False
    if sha256 != piece.sha256:
        lose([piece], because="it is damaged")
        return False
    return True


def lose(pieces: Sequence[Piece], *, because: str) -> None:
    """These bytes are gone: their sender is asked for them again, also when the upload had been complete."""
    for piece in pieces:
        logger.warning("%s: missing, %s.", str(piece).capitalize(), because)
    with transaction.atomic():
        ids = sorted({piece.upload_id for piece in pieces})
        held = {one.id: one for one in Upload.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")}
        for piece in pieces:
            # Unless it was put elsewhere meanwhile.
            same = Piece.objects.filter(pk=piece.pk, file=piece.file, storage_key=piece.storage_key)
            gone, _ = same.delete()
            upload = held[piece.upload_id]
            if gone and upload.state == UploadState.PUSHING and queries.missing_numbers(upload):
                states.advance(
                    upload, "reopen", actor=JOINER, reason="parts are missing", completed_at=None, claimed_at=None
                )


def wake_due() -> int:
    """Parts whose pieces cover them, or are not needed any more, and whose wake-up was lost; returns how many."""
    due = queries.parts_to_join(before=timezone.now() - FIRST_SWEEP_AFTER, most=LIMIT)
    for one in due:
        for node in one.nodes or {settings.NODE_NAME}:
            queue = push_queue(node)
            # These have no row of their own that says when they were woken last: a queue that nobody reads is not filled up.
            if wakeups.waiting(queue) < LIMIT:
                wakeups.now("transfers.tasks.join_part", str(one.upload_id), str(one.number), queue=queue)
    return len(due)


def lose_node(node: str) -> int:
    """The node's disk is given up with what lies on it; returns how many pieces are missing now."""
    pieces = list(Piece.objects.filter(node=node, upload__state__in=queries.LIVE).order_by("pk")[:LIMIT])
    if pieces:
        lose(pieces, because=f"node {node} does not answer")
    return len(pieces)


def clear_store(upload: Upload) -> None:
    """Delete what lies in the store of an upload that has ended; the rows go with it. Raises ``StoreError``."""
    for piece in upload.pieces.exclude(storage_key=""):
        store(upload.bucket).delete(piece.storage_key)
        piece.delete()


def remove_stray_objects(bucket: str) -> int:
    """Delete what was set aside for a row that never came; returns how many objects."""
    before = timezone.now() - STRAY_AFTER
    found = [item.key for item in store(bucket).objects(ASIDE) if item.modified_at < before]
    named = set(Piece.objects.filter(storage_key__in=found).values_list("storage_key", flat=True))
    strays = [key for key in found if key not in named]
    for key in strays:
        store(bucket).delete(key)
    if strays:
        logger.warning("Deleted %d object(s) in %s that no piece names.", len(strays), bucket)
    return len(strays)


def _join_and_tidy(upload: Upload, number: int, pieces: Sequence[Piece]) -> Part | None:
    part = None
    if not upload.parts.filter(number=number).exclude(state=PartState.MISSING).exists():
        if upload.state not in queries.LIVE or not queries.covers(pieces, upload.length_of(number)):
            return None
        part = _join(upload, number, pieces)
        if part is None:
            return None
    _tidy(upload, pieces)
    return part


def _hand_over(upload: Upload, number: int, pieces: Sequence[Piece]) -> None:
    """A node that had been lost came back after another had become the part's home: the first one's word counts.

    What lies on this node instead is put aside for it.
    """
    if home_of(pieces) == settings.NODE_NAME:
        return
    for piece in (one for one in pieces if one.node == settings.NODE_NAME):
        key = f"{ASIDE}{piece.file}"
        same = Piece.objects.filter(pk=piece.pk, file=piece.file)
        try:
            with staging.open_part(piece.file) as body:
                store(upload.bucket).put_aside(key, body, size=piece.size, sha256=piece.sha256)
        except FileNotFoundError:
            # Unless another worker was faster.
            lose(list(same), because="it is gone")
            continue
        same.update(storage_key=key, node="", file="")
        staging.remove(piece.file)
    wake_join(upload, number, pieces)


def _look_into(whole: Bytes, pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        if staging.sha256_of(whole.file, start=piece.start, size=piece.size) != piece.sha256:
            raise PartDiffers
        whole.equal_to.add(piece.pk)


def _set_aside(upload: Upload, new: Bytes) -> None:
    key = f"{ASIDE}{new.file}"
    with staging.open_part(new.file) as body:
        try:
            store(upload.bucket).put_aside(key, body, size=new.size, sha256=new.sha256)
        except StoreError as error:
            raise NoHome from error
    new.storage_key = key


def _join(upload: Upload, number: int, pieces: Sequence[Piece]) -> Part | None:
    release()
    file = staging.PartFile(upload.id, number)
    kept = False
    try:
        for piece in pieces:
            if not append(file, upload, piece):
                return None
        file.seal()
        part = _stage(upload, number, pieces, file)
        kept = part is not None
        return part
    finally:
        if not kept:
            file.discard()


def _blocks(upload: Upload, piece: Piece) -> Iterator[bytes]:
    if piece.storage_key:
        return store(upload.bucket).read(piece.storage_key, start=0, length=piece.size)
    return staging.blocks(piece.file)


def _stage(upload: Upload, number: int, pieces: Sequence[Piece], file: staging.PartFile) -> Part | None:
    with transaction.atomic():
        current = Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
        if current.state not in queries.LIVE:
            return None
        if {piece.pk for piece in pieces} != set(current.pieces.filter(number=number).values_list("pk", flat=True)):
            return None
        known = current.parts.filter(number=number).first()
        if known is not None and known.state != PartState.MISSING:
            return None
        if known is not None and known.sha256 != file.sha256:
            uploads.fail(JOINER, upload=current, reason=CHANGED)
            return None
        return stage(
            JOINER, current, number, file=file.name, size=file.size, sha256=file.sha256, lost=known, pieces=pieces
        )


def _tidy(upload: Upload, pieces: Sequence[Piece]) -> None:
    """Remove pieces whose part is whole: their bytes first, so that the rows still tell of what could not be removed."""
    release()
    for piece in pieces:
        if piece.storage_key:
            store(upload.bucket).delete(piece.storage_key)
        else:
            staging.remove(piece.file)
    Piece.objects.filter(pk__in=[piece.pk for piece in pieces]).delete()


def _touched(pieces: Sequence[Piece], start: int, size: int) -> list[Piece]:
    return [piece for piece in pieces if piece.start < start + size and start < piece.start + piece.size]


def _is_equal(piece: Piece, new: Bytes) -> bool:
    return (piece.start, piece.size, piece.sha256) == (new.start, new.size, new.sha256)
