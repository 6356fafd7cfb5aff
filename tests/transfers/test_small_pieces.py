"""A client that appends a few bytes at a time: its pieces become few, each byte is written again seldom, and none is lost."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.actor import Actor
from tests.transfers.faulty_store import FaultyStore, Refuse
from tests.transfers.sending import files_in, random_bytes, sha256
from tests.transfers.test_pieces_on_nodes import OnNode, on_node
from transfers import queries
from transfers.models import Door, PartState, Piece, Upload
from transfers.services import merging, pieces, uploads
from transfers.services.receiving import Entry, RangeWriter

__all__ = ["on_node"]

MIB = 1024**2
SIZE = 20_000
CONTENT = random_bytes(SIZE)


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return uploads.create(actor, subject=uuid4(), name="log.txt", size=SIZE, door=Door.TUS)


def append(actor: Actor, upload: Upload, start: int, size: int) -> Entry:
    with RangeWriter(actor, upload=upload, number=1, start=start) as writer:
        writer.write(CONTENT[start : start + size])
        return writer.enter()


def test_a_part_that_comes_in_very_many_pieces_is_taken_to_its_end(
    actor: Actor,
    upload: Upload,
    staging: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    monkeypatch.setattr(pieces, "MANY_OF_A_PART", 45)
    most = 0
    for start in range(0, SIZE, 200):
        with django_capture_on_commit_callbacks(execute=True):
            entry = append(actor, upload, start, 200)
        most = max(most, Piece.objects.count())
        assert queries.contiguous_bytes(upload) == start + 200
        assert len(files_in(staging)) == Piece.objects.count()
    assert most < 45
    assert entry.state == PartState.STAGED
    part = pieces.join(upload.id, 1)
    assert part is not None
    assert part.sha256 == sha256(CONTENT)
    assert files_in(staging) == [part.file]


def test_what_is_damaged_of_many_is_asked_for_again(actor: Actor, upload: Upload, staging: Path) -> None:
    for start in range(merging.MANY - 1):
        append(actor, upload, start, 1)
    gone = Piece.objects.get(start=20)
    (staging / gone.file).write_bytes(b"")
    append(actor, upload, merging.MANY - 1, 1)
    assert queries.contiguous_bytes(upload) == 20
    for start in range(20, SIZE, 10_000):
        append(actor, upload, start, min(10_000, SIZE - start))
    part = pieces.join(upload.id, 1)
    assert part is not None
    assert part.sha256 == sha256(CONTENT)


def test_many_pieces_are_merged_wherever_they_came_to(
    actor: Actor,
    upload: Upload,
    staging: Path,
    on_node: OnNode,
) -> None:
    for start in range(2 * merging.MANY):
        if start % 8:
            append(actor, upload, start, 1)
        else:
            with on_node("other"):
                append(actor, upload, start, 1)
    assert Piece.objects.count() < 2 * merging.MANY
    assert queries.contiguous_bytes(upload) == 2 * merging.MANY


def test_a_merge_that_cannot_be_had_refuses_nobody(
    actor: Actor,
    upload: Upload,
    on_node: OnNode,
    faulty: FaultyStore,
) -> None:
    append(actor, upload, 0, 1)
    for start in range(1, merging.MANY - 1):
        with on_node("other"):
            append(actor, upload, start, 1)
    faulty.plan(Refuse(500, "InternalError"), on=lambda asked: asked.method == "GET")
    append(actor, upload, merging.MANY - 1, 1)
    assert Piece.objects.count() == merging.MANY


@pytest.mark.parametrize("size", [300, 4096, 64 * 1024, 300 * 1024])
def test_a_byte_is_written_again_seldom(size: int) -> None:
    there: list[int] = []
    written = most = 0
    count = 16 * MIB // size
    for _ in range(count):
        row = [size, *reversed(there)]
        taken = merging.worth_merging(row)
        del there[len(there) - taken :]
        there.append(sum(row[: taken + 1]))
        written += there[-1] if taken else 0
        most = max(most, len(there))
    assert sum(there) == count * size
    assert written <= 5 * count * size
    assert most <= 5 * merging.MANY


def test_pieces_of_any_lengths_stay_few() -> None:
    """Also where short and long ones take turns, so that no two of a kind lie side by side."""
    there: list[int] = []
    for turn in range(64 * MIB // 14_600):
        row = [(31, 3000, 33, 70_000, 1)[turn % 5], *reversed(there)]
        taken = merging.worth_merging(row)
        del there[len(there) - taken :]
        there.append(sum(row[: taken + 1]))
        assert len(there) <= 5 * merging.MANY
