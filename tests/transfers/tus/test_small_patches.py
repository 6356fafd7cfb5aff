"""A client that appends a few bytes at a time, as one that follows a log does."""

from __future__ import annotations

import hashlib

from tests.transfers.sending import random_bytes
from tests.transfers.tus.speaking import Speaker, upload_at, work_off
from transfers.models import Piece, UploadState
from transfers.services import merging

CONTENT = random_bytes(3000)


def test_small_patches_become_few_pieces_and_the_file(tus: Speaker) -> None:
    path = tus.create(len(CONTENT))
    offset = 0
    while offset < len(CONTENT):
        size = (1, 50, 25, 30)[offset % 4]
        answer = tus.patch(path, offset, CONTENT[offset : offset + size])
        offset = min(offset + size, len(CONTENT))
        assert (answer.status, answer.offset) == (204, offset)
        assert Piece.objects.filter(upload=upload_at(path)).count() <= 2 * merging.MANY
    stored = work_off(upload_at(path))
    assert (stored.state, stored.sha256) == (UploadState.STORED, hashlib.sha256(CONTENT).hexdigest())
