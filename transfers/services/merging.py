"""Small pieces that lie in a row become one, so that a client may append a few bytes at a time.

As in a log that is merged level by level: a byte is written again only into a piece many times as long as the one it lay in,
so that it is written a few times at most, and a part has some hundred pieces at any time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from django.conf import settings

from transfers import queries, staging
from transfers.connections import release
from transfers.errors import StagingFull
from transfers.models import Piece, Upload
from transfers.services import pieces
from transfers.services.pieces import LookAgain
from transfers.storage import StoreError

logger = logging.getLogger(__name__)

# How many are worth a merge, and how long one is that is left alone: no request waits for more than their product.
MANY = 32
LARGE = 1024**2
# How much longer than the longest of them a piece has to be that is made of them.
GROWTH = 8


class Growing(pieces.Bytes, Protocol):
    """Sealed bytes of a part that may come to hold those before them; see ``receiving.Sealed``."""

    stays_small: bool


def take_in(upload: Upload, new: Growing, there: Sequence[Piece]) -> None:
    """See to it that ``new`` holds the pieces right before it, too, where those are many.

    Raises ``LookAgain`` where it does not yet. Their rows stay until ``new`` takes their place
    (``pieces.replace_overlapped``).
    """
    if new.stays_small or new.storage_key or queries.covers([*there, new], upload.length_of(new.number)):
        return
    before = _run_before(new, there)
    before = before[: worth_merging([new.size, *(piece.size for piece in before)])]
    if before:
        raise LookAgain(lambda: _merge(upload, new, before))


def worth_merging(sizes: Sequence[int]) -> int:
    """How many of the pieces before the newest to take into it; ``sizes`` are those of pieces in a row, the newest first."""
    taken = count = total = longest = 0
    for before, size in enumerate(sizes):
        if before and size >= LARGE:
            break
        count, total, longest = count + 1, total + size, max(longest, size)
        if count >= MANY and GROWTH * longest <= total:
            # What they make together may be one of many in turn.
            taken, count, longest = before, 1, total
    return taken


def _run_before(new: Growing, there: Sequence[Piece]) -> list[Piece]:
    """The pieces that end where ``new`` begins, and so on, as far as this node reaches them; the last ones first."""
    by_end = {piece.start + piece.size: piece for piece in there}
    run: list[Piece] = []
    at = new.start
    while (piece := by_end.get(at)) and piece.node in ("", settings.NODE_NAME):
        run.append(piece)
        at = piece.start
    return run


def _merge(upload: Upload, new: Growing, before: Sequence[Piece]) -> None:
    """Where that cannot be done now, ``new`` stays what it is; a piece that is gone or damaged is lost first."""
    release()
    # A merge that is not to be had must not refuse what would be taken without it.
    new.stays_small = True
    file = None
    try:
        file = staging.PartFile(upload.id, new.number)
        if not all(pieces.append(file, upload, piece) for piece in reversed(before)):
            return
        file.copy(staging.blocks(new.file))
        file.seal()
        staging.remove(new.file)
        new.start, new.size, new.sha256, new.file = before[-1].start, file.size, file.sha256, file.name
    except (StagingFull, StoreError) as error:
        logger.warning("Pieces of part %d of upload %s were not merged: %s", new.number, upload.pk, error)
    finally:
        if file is not None and new.file != file.name:
            file.discard()
