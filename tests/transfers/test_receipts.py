"""Receipts: a file is downloaded when every byte of it has reached its reader, in however many pieces, and never before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import cast
from uuid import uuid4

import pytest
import time_machine
from django.conf import LazySettings
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import StreamingHttpResponse
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import User
from core.actor import Actor
from tests.transfers.conftest import MIB, Listener, actor_of
from tests.transfers.sending import new_upload, random_bytes, store_all
from transfers.downloads.files import file_response
from transfers.models import AwaitedReceipt, FetchedSpan, Upload
from transfers.services import receipts, uploads
from transfers.services.receipts import Sent, Stretch

CONTENT = random_bytes(3 * MIB + 5)
SIZE = len(CONTENT)


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return store_all(actor, new_upload(actor, CONTENT), CONTENT)


def answer(actor: Actor, upload: Upload, asked: str = "") -> StreamingHttpResponse:
    request = RequestFactory().get("/", headers={"Range": asked} if asked else {})
    return cast("StreamingHttpResponse", file_response(request, upload, actor=actor, filename="x"))


def fetch(actor: Actor, upload: Upload, asked: str = "") -> None:
    for _ in cast("Iterator[bytes]", answer(actor, upload, asked).streaming_content):
        pass


def hang_up(response: StreamingHttpResponse) -> None:
    """The reader is gone: the server closes the answer."""
    # What the test client does, so that the transaction of the test lives on.
    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)


def told(listener: Listener, upload: Upload) -> int:
    return listener.told.count(("fetched", upload.pk))


def spans() -> list[tuple[int, int]]:
    return sorted((row.span.lower, row.span.upper) for row in FetchedSpan.objects.filter(is_sure=True))


def sent(actor: Actor, upload: Upload, start: int, stop: int, *, certain: int | None = None) -> None:
    """As a line tells it: bytes from ``start``, handed over up to ``stop``, of which ``certain`` arrived."""
    length = (upload.size or 0) - start
    handed = stop - start
    at = Sent(handed if certain is None else certain, handed, timezone.now())
    receipts.record(actor, [Stretch(upload.pk, offset=0, start=start, length=length)], at)


def test_the_whole_file_at_once_is_a_receipt_each_time(actor: Actor, upload: Upload, listener: Listener) -> None:
    for count in (1, 2):
        fetch(actor, upload)
        assert told(listener, upload) == count
        assert spans() == []


def test_three_resumed_ranges_are_the_whole_file(actor: Actor, upload: Upload, listener: Listener) -> None:
    for asked in ("bytes=0-999999", "bytes=1000000-1999999"):
        fetch(actor, upload, asked)
        assert told(listener, upload) == 0
    assert spans() == [(0, 2_000_000)]
    fetch(actor, upload, "bytes=2000000-")
    assert (told(listener, upload), spans()) == (1, [])


def test_a_hole_of_one_byte_is_no_receipt_until_it_is_filled(actor: Actor, upload: Upload, listener: Listener) -> None:
    fetch(actor, upload, "bytes=1000-")
    fetch(actor, upload, "bytes=0-998")
    assert (told(listener, upload), spans()) == (0, [(0, 999), (1000, SIZE)])
    fetch(actor, upload, "bytes=999-999")
    assert (told(listener, upload), spans()) == (1, [])


def test_what_overlaps_counts_once(actor: Actor, upload: Upload, listener: Listener) -> None:
    for asked in ("bytes=0-10", "bytes=5-20", "bytes=100-200", "bytes=15-120"):
        fetch(actor, upload, asked)
    assert (told(listener, upload), spans()) == (0, [(0, 201)])


def test_each_person_has_spans_of_their_own(actor: Actor, upload: Upload, listener: Listener, stranger: User) -> None:
    fetch(actor, upload, "bytes=0-99")
    fetch(actor_of(stranger), upload, "bytes=100-")
    assert told(listener, upload) == 0
    fetch(actor, upload, "bytes=100-")
    assert told(listener, upload) == 1


def test_an_empty_file_is_downloaded_too(actor: Actor, listener: Listener) -> None:
    empty = store_all(actor, new_upload(actor, b""), b"")
    fetch(actor, empty)
    assert (told(listener, empty), spans()) == (1, [])


def test_a_line_that_breaks_counts_what_was_written_before(actor: Actor, upload: Upload, listener: Listener) -> None:
    response = answer(actor, upload)
    blocks = cast("Iterator[bytes]", response.streaming_content)
    first = next(blocks)
    next(blocks)
    hang_up(response)
    # The second block was handed over, and nobody knows whether its writing failed.
    assert (told(listener, upload), spans()) == (0, [(0, len(first))])
    assert FetchedSpan.objects.get(is_sure=False).span.upper == 2 * MIB


def test_a_line_that_breaks_before_its_first_block_counts_nothing(actor: Actor, upload: Upload) -> None:
    response = answer(actor, upload)
    next(cast("Iterator[bytes]", response.streaming_content))
    hang_up(response)
    assert spans() == []


def test_behind_a_proxy_that_tells_nothing_a_broken_line_counts_less(
    actor: Actor, upload: Upload, settings: LazySettings
) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    response = answer(actor, upload)
    blocks = cast("Iterator[bytes]", response.streaming_content)
    next(blocks)
    next(blocks)
    hang_up(response)
    assert spans() == []


@pytest.mark.parametrize("certain", [0, 100])
@pytest.mark.parametrize("resumed_at", [150, 200, 201])
def test_who_goes_on_says_that_they_have_what_was_handed_over(
    actor: Actor, upload: Upload, listener: Listener, resumed_at: int, certain: int
) -> None:
    """So many bytes arrived for sure, 200 were handed over when the line broke."""
    sent(actor, upload, 0, 200, certain=certain)
    sent(actor, upload, resumed_at, SIZE)
    assert told(listener, upload) == (1 if resumed_at <= 200 else 0)


def test_who_began_elsewhere_before_the_line_broke_says_nothing(
    actor: Actor, upload: Upload, listener: Listener
) -> None:
    earlier = Sent(SIZE - 150, SIZE - 150, timezone.now())
    sent(actor, upload, 0, 200, certain=100)
    receipts.record(actor, [Stretch(upload.pk, offset=0, start=150, length=SIZE - 150)], earlier)
    assert (told(listener, upload), spans()) == (0, [(0, 100), (150, SIZE)])


def test_the_next_piece_of_a_plan_says_nothing(actor: Actor, upload: Upload, listener: Listener) -> None:
    """Bytes 0-199 were asked for and broke off; whoever asks for 200- meant to, whatever became of the first piece."""
    first = Stretch(upload.pk, offset=0, start=0, length=200)
    receipts.record(actor, [first], Sent(100, 200, timezone.now()))
    sent(actor, upload, 200, SIZE)
    assert (told(listener, upload), spans()) == (0, [(0, 100), (200, SIZE)])


def test_a_file_removed_meanwhile_has_no_receipt(actor: Actor, upload: Upload, listener: Listener) -> None:
    response = answer(actor, upload)
    uploads.remove(actor, upload=upload)
    for _ in cast("Iterator[bytes]", response.streaming_content):
        pass
    assert (told(listener, upload), spans()) == (0, [])


def test_what_nobody_goes_on_with_is_forgotten(actor: Actor, upload: Upload) -> None:
    begun = timezone.now()
    fetch(actor, upload, "bytes=0-99")
    receipts.expect(actor, [Stretch(upload.pk, 0, 0, 100)])
    for after, kept in ((receipts.AWAITED, 0), (receipts.KEPT, 0)):
        model = AwaitedReceipt if after == receipts.AWAITED else FetchedSpan
        with time_machine.travel(begun + after - timedelta(minutes=1), tick=False):
            receipts.forget()
            assert model.objects.exists()
        with time_machine.travel(begun + after + timedelta(minutes=1), tick=False):
            receipts.forget()
            assert model.objects.count() == kept


# --- By nginx's word ----------------------------------------------------------------------------------------------
def test_an_awaited_receipt_counts_once(actor: Actor, upload: Upload, listener: Listener) -> None:
    awaited = receipts.expect(actor, [Stretch(upload.pk, 0, 0, SIZE)])
    assert not receipts.arrived(uuid4(), certain=SIZE, handed=SIZE)
    assert receipts.arrived(awaited.pk, certain=SIZE, handed=SIZE)
    assert not receipts.arrived(awaited.pk, certain=SIZE, handed=SIZE)
    assert told(listener, upload) == 1


def test_an_answer_of_several_files_is_a_receipt_for_each_that_came_whole(
    actor: Actor, upload: Upload, listener: Listener
) -> None:
    other = store_all(actor, new_upload(actor, b"short"), b"short")
    empty = store_all(actor, new_upload(actor, b""), b"")
    pieces = [Stretch(other.pk, 50, 0, 5), Stretch(empty.pk, 90, 0, 0), Stretch(upload.pk, 100, 0, SIZE)]
    awaited = receipts.expect(actor, pieces)
    receipts.arrived(awaited.pk, certain=100 + SIZE - 1, handed=100 + SIZE)
    assert [told(listener, each) for each in (other, empty, upload)] == [1, 1, 0]
    assert spans() == [(0, SIZE - 1)]


def test_a_byte_here_and_there_makes_no_row_of_each(
    actor: Actor, upload: Upload, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each piece that comes is held against all the others, under the lock of the file's row."""
    monkeypatch.setattr(receipts, "MOST_SPANS", 3)
    for start in (2, 4, 6, 8, 10):
        sent(actor, upload, start, start + 1, certain=1)
    assert spans() == [(6, 7), (8, 9), (10, 11)]
    fetch(actor, upload, "bytes=0-")
    assert (told(listener, upload), spans()) == (1, [])
