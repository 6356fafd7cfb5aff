"""Back-pressure: what one node's staging folder takes before its push worker has to catch up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Lock
from typing import Protocol

from django.conf import settings

from transfers import queries
from transfers.errors import StagingFull
from transfers.models import Piece, Upload

# Another process of this node may fill the folder meanwhile: the quota is exact to what arrives in this time.
LOOK_AGAIN_SECONDS = 1.0
# One person's unfinished parts take at most this part of the folder.
SHARES = 4


class Bytes(queries.HasPlace, Protocol):
    """Sealed bytes of a part; see ``receiving.Sealed``."""

    number: int


class _Room:
    """How much this node takes, as far as this process knows."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._left = 0
        self._until = 0.0

    def take(self, length: int) -> bool:
        """Whether there is sure to be room without looking."""
        with self._lock:
            if length > self._left or time.monotonic() > self._until:
                return False
            self._left -= length
            return True

    def remember(self, left: int) -> None:
        with self._lock:
            self._left, self._until = left, time.monotonic() + LOOK_AGAIN_SECONDS


_room = _Room()


def check(length: int) -> None:
    """Raise ``StagingFull`` unless ``length`` bytes may be left on this node.

    They may not where the quota would be passed, and nothing may where nobody empties the folder. That there is room is
    believed for a second; that there is none is looked at each time.
    """
    if _room.take(length):
        return
    node = settings.NODE_NAME
    left = settings.STAGING_QUOTA_BYTES - queries.staged_bytes(node) - length
    if left < 0 or queries.is_lost(node):
        raise StagingFull
    _room.remember(left)


def check_share(upload: Upload, new: Bytes, pieces: Sequence[Piece]) -> None:
    """Raise ``StagingFull`` where the unfinished parts of one person take their share of this node.

    Those cannot be pushed, and would keep the folder full until their uploads expire. What makes a part whole is taken.
    """
    if queries.covers([*pieces, new], upload.length_of(new.number)):
        return
    theirs = queries.unfinished_bytes(settings.NODE_NAME, owner_id=upload.owner_id)
    if theirs + new.size > settings.STAGING_QUOTA_BYTES // SHARES:
        raise StagingFull


def forget() -> None:
    """Look at the folder's ledger again with the next bytes."""
    _room.remember(0)
