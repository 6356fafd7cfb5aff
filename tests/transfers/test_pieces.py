"""Ranges of parts: acknowledged piece by piece, put together at the part's home, and asked for again when they are lost."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.utils import timezone

from core.actor import Actor
from core.errors import Conflict, Invalid
from tests.transfers.conftest import PART, actor_of, make_user
from tests.transfers.piecing import CONTENT, HALF, send_range
from tests.transfers.sending import content_in_store, files_in, new_upload, push_all, random_bytes, send, sha256
from transfers import queries
from transfers.errors import (
    DigestMismatch,
    Interrupted,
    PartDiffers,
    PartsMissing,
    RangeOverlaps,
    StagingFull,
)
from transfers.models import Part, PartState, Piece, Upload, UploadState
from transfers.queries import Range
from transfers.services import cleaning, finishing, parts, pieces, room, uploads
from transfers.services.parts import Announced
from transfers.services.receiving import Entry, RangeWriter
from transfers.storage import store


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return new_upload(actor, CONTENT)


def test_ranges_that_cover_a_part_become_the_part(actor: Actor, upload: Upload, staging: Path) -> None:
    assert send_range(actor, upload, 1, HALF, PART - HALF).state == "partial"
    assert send_range(actor, upload, 1, 0, HALF).state == "staged"
    part = pieces.join(upload.id, 1)
    assert part is not None
    assert (part.size, part.sha256, part.state) == (PART, sha256(CONTENT[:PART]), PartState.STAGED)
    assert (staging / part.file).read_bytes() == CONTENT[:PART]
    assert files_in(staging) == [part.file]
    assert not Piece.objects.exists()


def test_what_is_there_of_a_part_is_told(actor: Actor, upload: Upload) -> None:
    send_range(actor, upload, 2, 10, 5)
    assert queries.ranges(upload) == [Range(2, 10, 5, sha256(CONTENT[PART + 10 : PART + 15]))]
    assert queries.progress([upload.id])[upload.id] == queries.Progress(0, 5)


class JoinedMeanwhile:
    """A worker makes part 1 whole between two of the statements that look at the ledger."""

    def __init__(self, upload: Upload, *, after: int) -> None:
        self._upload, self._after = upload, after

    def __call__(self, execute: Any, sql: str, *args: Any) -> Any:
        found = execute(sql, *args)
        if "transfers_p" in sql:
            self._after -= 1
            if self._after == 0:
                pieces.join(self._upload.id, 1)
        return found


@pytest.mark.parametrize("after", [1, 2])
def test_what_is_made_whole_while_the_ledger_is_read_is_in_it(actor: Actor, upload: Upload, after: int) -> None:
    send_range(actor, upload, 1, 0, HALF)
    send_range(actor, upload, 1, HALF, PART - HALF)
    with connection.execute_wrapper(JoinedMeanwhile(upload, after=after)):
        assert queries.contiguous_bytes(upload) == PART
    assert Part.objects.get().number == 1


@pytest.mark.parametrize("after", [1, 2])
def test_nobody_is_asked_for_what_is_made_whole_at_this_moment(actor: Actor, upload: Upload, after: int) -> None:
    send_range(actor, upload, 1, 0, HALF)
    send_range(actor, upload, 1, HALF, PART - HALF)
    with connection.execute_wrapper(JoinedMeanwhile(upload, after=after)):
        assert queries.missing_numbers(upload) == [2, 3]
    assert Part.objects.get().number == 1


def test_the_ledger_tells_what_is_made_whole_while_it_is_read(actor: Actor, upload: Upload, client: Client) -> None:
    send_range(actor, upload, 1, 0, HALF)
    send_range(actor, upload, 1, HALF, PART - HALF)
    client.force_login(upload.owner)
    with connection.execute_wrapper(JoinedMeanwhile(upload, after=1)):
        ledger = client.get(f"/transfers/uploads/{upload.id}/").json()
    assert {row["number"] for row in [*ledger["parts"], *ledger["pieces"]]} == {1}
    assert Part.objects.get().number == 1


def test_joining_again_changes_nothing(actor: Actor, upload: Upload) -> None:
    send_range(actor, upload, 3, 0, 1)
    assert pieces.join(upload.id, 3) is None
    send_range(actor, upload, 3, 1, 2)
    assert pieces.join(upload.id, 3) is not None
    assert pieces.join(upload.id, 3) is None
    assert Part.objects.get().number == 3


def test_the_same_range_again_is_acknowledged_again(actor: Actor, upload: Upload, staging: Path) -> None:
    send_range(actor, upload, 1, 0, 100)
    again = send_range(actor, upload, 1, 0, 100)
    assert (again.is_new, again.state) == (False, "partial")
    assert len(files_in(staging)) == Piece.objects.count() == 1


def test_a_range_with_other_content_is_a_changed_file(actor: Actor, upload: Upload, staging: Path) -> None:
    send_range(actor, upload, 1, 0, 100)
    with pytest.raises(PartDiffers):
        send_range(actor, upload, 1, 0, 100, content=random_bytes(len(CONTENT)))
    assert len(files_in(staging)) == Piece.objects.count() == 1


@pytest.mark.parametrize(("start", "size"), [(0, 51), (99, 2), (50, 50), (60, 10), (0, 200)])
def test_a_range_cut_differently_is_told_what_is_there(actor: Actor, upload: Upload, start: int, size: int) -> None:
    send_range(actor, upload, 1, 50, 50)
    send_range(actor, upload, 1, 300, 1)
    if (start, size) == (50, 50):
        assert not send_range(actor, upload, 1, start, size).is_new
        return
    with pytest.raises(RangeOverlaps) as refusal:
        send_range(actor, upload, 1, start, size)
    assert refusal.value.ranges == [(50, 50), (300, 1)]


@pytest.mark.parametrize(("start", "size"), [(0, 50), (100, 200), (101, 1)])
def test_a_range_beside_others_is_taken(actor: Actor, upload: Upload, start: int, size: int) -> None:
    send_range(actor, upload, 1, 50, 50)
    assert send_range(actor, upload, 1, start, size).is_new


@pytest.mark.parametrize(
    "announced",
    [{"length": 0}, {"part_length": PART - 1}, {"start": PART}, {"start": PART - 99}, {"part_length": PART + 1}],
)
def test_a_range_that_the_part_does_not_have_is_refused(
    actor: Actor, upload: Upload, announced: dict[str, object]
) -> None:
    def receive(**other: object) -> Entry:
        body = CONTENT[:100]
        said = {"number": 1, "length": 100, "sha256": sha256(body), "start": 0, "part_length": PART, **other}
        return parts.receive(actor, upload=upload, announced=Announced(**said), read=io.BytesIO(body).read)  # type: ignore[arg-type]

    with pytest.raises(Invalid) as refusal:
        receive(**announced)
    assert receive().is_new
    assert refusal.value.error_code == "wrong_length"


def test_a_range_that_changed_on_its_way_is_not_kept(actor: Actor, upload: Upload, staging: Path) -> None:
    with pytest.raises(DigestMismatch):
        send_range(actor, upload, 1, 0, 100, sha256=sha256(b""))
    with pytest.raises(Interrupted):
        send_range(actor, upload, 1, 0, 100, length=101)
    assert files_in(staging) == []
    assert not Piece.objects.exists()


def test_a_whole_part_takes_the_place_of_its_pieces(actor: Actor, upload: Upload, staging: Path) -> None:
    send_range(actor, upload, 1, 100, 100)
    part = send(actor, upload, CONTENT, 1).part
    assert queries.ranges(upload) == []
    assert pieces.join(upload.id, 1) is None
    assert files_in(staging) == [part.file]
    assert not Piece.objects.exists()


def test_a_whole_part_that_differs_from_its_pieces_is_a_changed_file(
    actor: Actor, upload: Upload, staging: Path
) -> None:
    send_range(actor, upload, 1, 100, 100)
    with pytest.raises(PartDiffers):
        send(actor, upload, random_bytes(len(CONTENT)), 1)
    assert not Part.objects.exists()
    assert len(files_in(staging)) == 1


def test_a_range_of_a_part_that_is_whole_is_acknowledged(actor: Actor, upload: Upload) -> None:
    send(actor, upload, CONTENT, 1)
    again = send_range(actor, upload, 1, 0, 100)
    assert (again.is_new, again.state) == (False, "staged")
    assert not Piece.objects.exists()


def test_a_range_of_a_whole_part_is_compared_with_it(actor: Actor, upload: Upload) -> None:
    send(actor, upload, CONTENT, 1)
    with pytest.raises(PartDiffers):
        send_range(actor, upload, 1, 0, 100, content=random_bytes(100))


@pytest.mark.parametrize("pushed", [False, True])
def test_a_range_that_comes_again_when_its_part_is_whole_is_compared_with_what_came(
    actor: Actor, upload: Upload, *, pushed: bool
) -> None:
    send_range(actor, upload, 1, 0, HALF)
    send_range(actor, upload, 1, HALF, PART - HALF)
    pieces.join(upload.id, 1)
    if pushed:
        push_all(upload)
    again = send_range(actor, upload, 1, HALF, PART - HALF)
    assert (again.is_new, again.state) == (False, "pushed" if pushed else "staged")
    with pytest.raises(PartDiffers):
        send_range(actor, upload, 1, HALF, PART - HALF, content=random_bytes(PART))


def test_a_range_of_a_part_in_the_store_that_was_cut_otherwise_is_told_that_all_is_there(
    actor: Actor, upload: Upload
) -> None:
    send(actor, upload, CONTENT, 1)
    push_all(upload)
    with pytest.raises(RangeOverlaps) as refusal:
        send_range(actor, upload, 1, 0, 100)
    assert refusal.value.ranges == [(0, PART)]


def test_an_upload_in_pieces_is_stored(actor: Actor, upload: Upload) -> None:
    for number in (1, 2):
        send_range(actor, upload, number, HALF, PART - HALF)
    with pytest.raises(PartsMissing) as refusal:
        uploads.complete(actor, upload=upload)
    assert refusal.value.numbers == [1, 2, 3]
    for number in (1, 2):
        send_range(actor, upload, number, 0, HALF)
    send(actor, upload, CONTENT, 3)
    assert uploads.complete(actor, upload=upload).state == UploadState.PUSHING
    push_all(upload)
    assert finishing.finish_upload(upload.id) is None
    for number in (1, 2):
        pieces.join(upload.id, number)
    push_all(upload)
    assert finishing.finish_upload(upload.id) is not None
    assert content_in_store(upload) == CONTENT


def test_the_offset_counts_what_is_there_without_a_gap(actor: Actor, upload: Upload) -> None:
    assert queries.contiguous_bytes(upload) == 0
    send(actor, upload, CONTENT, 2)
    send_range(actor, upload, 1, 10, 10)
    assert queries.contiguous_bytes(upload) == 0
    send_range(actor, upload, 1, 0, 10)
    assert queries.contiguous_bytes(upload) == 20
    send_range(actor, upload, 1, 20, PART - 20)
    assert queries.contiguous_bytes(upload) == 2 * PART
    send_range(actor, upload, 3, 0, 2)
    assert queries.contiguous_bytes(upload) == 2 * PART + 2
    pieces.join(upload.id, 1)
    send_range(actor, upload, 3, 2, 1)
    assert queries.contiguous_bytes(upload) == len(CONTENT)
    Part.objects.filter(number=2).update(state=PartState.MISSING)
    assert queries.contiguous_bytes(upload) == PART


def test_a_covered_part_whose_wake_up_was_lost_is_woken_by_the_sweep(actor: Actor, upload: Upload) -> None:
    send_range(actor, upload, 1, 0, HALF)
    later = timezone.now() + timedelta(minutes=1)
    with time_machine.travel(later, tick=False):
        assert pieces.wake_due() == 0
    send_range(actor, upload, 1, HALF, PART - HALF)
    assert pieces.wake_due() == 0
    with time_machine.travel(later, tick=False):
        assert pieces.wake_due() == 1
        pieces.join(upload.id, 1)
        assert pieces.wake_due() == 0


def test_the_files_of_pieces_are_no_orphans(actor: Actor, upload: Upload, staging: Path) -> None:
    send_range(actor, upload, 1, 0, 100)
    with RangeWriter(actor, upload=upload, number=2) as writer:
        writer.write(b"abandoned")
        writer.seal()
        with time_machine.travel(timezone.now() + cleaning.ORPHAN_AFTER + timedelta(minutes=1), tick=False):
            assert cleaning.remove_orphans() == 1
    assert files_in(staging) == [Piece.objects.get().file]


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_a_piece_that_is_gone_or_damaged_is_asked_for_again(
    actor: Actor, upload: Upload, staging: Path, damage: str
) -> None:
    for number in (1, 2):
        send(actor, upload, CONTENT, number)
    send_range(actor, upload, 3, 0, 1)
    send_range(actor, upload, 3, 1, 2)
    uploads.complete(actor, upload=upload)
    file = staging / Piece.objects.get(start=1).file
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(b"xx")
    assert pieces.join(upload.id, 3) is None
    upload.refresh_from_db()
    assert upload.state == UploadState.RECEIVING
    assert [(one.start, one.size) for one in queries.ranges(upload)] == [(0, 1)]
    send_range(actor, upload, 3, 1, 2)
    assert pieces.join(upload.id, 3) is not None


def test_what_was_set_aside_for_nobody_is_deleted_after_a_while(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"{pieces.ASIDE}{upload.id.hex}.stray"
    store().put_aside(key, io.BytesIO(b"abc"), size=3, sha256=sha256(b"abc"))
    cleaning.remove_stray_objects()
    assert store().size(key) == 3
    # The store's own clock cannot be turned.
    monkeypatch.setattr(pieces, "STRAY_AFTER", timedelta(0))
    cleaning.remove_stray_objects()
    assert key not in {kept.key for kept in store().objects(pieces.ASIDE)}


def test_a_lost_part_that_comes_back_changed_in_pieces_fails(actor: Actor, upload: Upload) -> None:
    part = send(actor, upload, CONTENT, 3).part
    Part.objects.filter(pk=part.pk).update(state=PartState.MISSING)
    changed = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    send_range(actor, upload, 3, 0, 1, content=changed)
    send_range(actor, upload, 3, 1, 2, content=changed)
    assert pieces.join(upload.id, 3) is None
    upload.refresh_from_db()
    assert (upload.state, upload.reason) == (UploadState.FAILED, pieces.CHANGED)


def test_a_range_for_an_ended_upload_is_refused(actor: Actor, upload: Upload, staging: Path) -> None:
    send_range(actor, upload, 1, 0, 100)
    uploads.abort(actor, upload=upload)
    with pytest.raises(Conflict) as refusal:
        send_range(actor, Upload.objects.get(pk=upload.pk), 1, 100, 100)
    assert refusal.value.error_code == "upload_ended"


def test_a_part_is_not_cut_into_a_million_pieces(actor: Actor, upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a row and a file, and each one more has all the others read."""
    monkeypatch.setattr(pieces, "MANY_OF_A_PART", 3)
    monkeypatch.setattr(pieces, "MANY_OF_AN_UPLOAD", 5)
    for start in (0, 2, 4):
        send_range(actor, upload, 1, start, 1)
    with pytest.raises(Invalid, match="at least 64 KiB") as refusal:
        send_range(actor, upload, 1, 6, 1)
    assert refusal.value.error_code == "range_too_small"
    for start in (0, 2):
        send_range(actor, upload, 2, start, 1)
    with pytest.raises(Invalid, match="at least 64 KiB"):
        send_range(actor, upload, 2, 4, 1)
    assert Piece.objects.count() == 5

    send_range(actor, upload, 1, 6, pieces.SMALLEST_OF_MANY)
    send_range(actor, upload, 2, PART - 1, 1)
    assert send(actor, upload, CONTENT, 1).part.state == PartState.STAGED


def test_unfinished_parts_of_one_person_do_not_fill_a_node(actor: Actor, settings: LazySettings) -> None:
    """They cannot be pushed: whoever left many would keep everybody from sending until they expire."""
    settings.STAGING_QUOTA_BYTES = room.SHARES * 2 * HALF
    room.forget()
    one, other = new_upload(actor, CONTENT), new_upload(actor, CONTENT)
    send_range(actor, one, 1, 0, HALF)
    send_range(actor, one, 2, 0, HALF)
    with pytest.raises(StagingFull):
        send_range(actor, other, 1, 0, HALF)
    stranger = actor_of(make_user("neighbour"))
    send_range(stranger, new_upload(stranger, CONTENT), 1, 0, HALF)

    assert send_range(actor, one, 1, HALF, PART - HALF).state == PartState.STAGED
    assert send(actor, other, CONTENT, 1).is_new
    assert pieces.join(one.id, 1) is not None
    send_range(actor, other, 2, 0, HALF)
    room.forget()
