"""Archives on their way out: what the store is asked ahead, what a broken line leaves, what is noted meanwhile."""

from __future__ import annotations

import io
import logging
import time
import zipfile
from collections.abc import Iterator
from typing import cast

import pytest
from django.core.signals import request_finished
from django.db import OperationalError, close_old_connections
from django.http import StreamingHttpResponse
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from core.actor import Actor
from tests.transfers import faulty_store
from tests.transfers.conftest import MIB, PART, Listener
from tests.transfers.faulty_store import FaultyStore
from tests.transfers.sending import new_upload, random_bytes, store_all
from transfers.downloads import ahead, sending
from transfers.downloads.archives import zip_response
from transfers.models import Upload
from transfers.storage import StoreUnavailable

CONTENTS = {"first": random_bytes(300_000), "empty": b"", **{f"{n}.txt": random_bytes(10 + n) for n in range(12)}}


@pytest.fixture
def uploads(actor: Actor) -> list[Upload]:
    return [store_all(actor, new_upload(actor, content, name=name), content) for name, content in CONTENTS.items()]


def answer(actor: Actor, uploads: list[Upload], asked: str = "") -> StreamingHttpResponse:
    request = RequestFactory().get("/", headers={"Range": asked} if asked else {})
    return cast("StreamingHttpResponse", zip_response(request, uploads, actor=actor, filename="x.zip"))


def blocks_of(response: StreamingHttpResponse) -> Iterator[bytes]:
    return cast("Iterator[bytes]", response.streaming_content)


def hang_up(response: StreamingHttpResponse) -> None:
    """What the test client does, so that the transaction of the test lives on."""
    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)


def told(listener: Listener) -> list[object]:
    return [upload_id for name, upload_id in listener.told if name == "fetched"]


def requests(faulty: FaultyStore, *, at_least: int = 0) -> int:
    """How many requests for bytes have reached the store; what was sent a moment ago may still be on its way."""
    deadline = time.monotonic() + 30
    while (count := sum(map(faulty_store.reading, faulty.asked))) < at_least and time.monotonic() < deadline:
        time.sleep(0.01)
    return count


def test_everything_arrives_with_a_request_a_file_and_no_query(
    faulty: FaultyStore,
    actor: Actor,
    uploads: list[Upload],
    listener: Listener,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    faulty.asked.clear()
    response = answer(actor, uploads)
    taken = []
    with django_assert_num_queries(0):
        for block in blocks_of(response):
            taken.append(block)
            if sum(map(len, taken)) == int(response["Content-Length"]):
                break
    with zipfile.ZipFile(io.BytesIO(b"".join(taken))) as archive:
        assert {name: archive.read(name) for name in CONTENTS} == CONTENTS
    assert requests(faulty) == len(CONTENTS) - 1
    assert list(blocks_of(response)) == []
    assert sorted(told(listener), key=str) == sorted((upload.pk for upload in uploads), key=str)


def test_the_store_is_asked_ahead_for_few_files(faulty: FaultyStore, actor: Actor, uploads: list[Upload]) -> None:
    faulty.asked.clear()
    response = answer(actor, uploads)
    next(blocks_of(response))
    assert requests(faulty, at_least=1 + ahead.FILES) == 1 + ahead.FILES
    hang_up(response)


def test_the_store_is_asked_ahead_for_few_bytes(faulty: FaultyStore, actor: Actor) -> None:
    large = random_bytes(PART)
    several = [store_all(actor, new_upload(actor, large, name=f"{n}"), large) for n in range(3)]
    faulty.asked.clear()
    response = answer(actor, several)
    blocks = blocks_of(response)
    next(blocks)
    assert requests(faulty) == 1
    taken = 0
    while taken < PART - MIB:
        taken += len(next(blocks))
    assert requests(faulty, at_least=2) == 2
    hang_up(response)


@pytest.mark.parametrize("after", [0, 5])
def test_what_the_store_breaks_off_ahead_is_asked_for_again(
    faulty: FaultyStore, actor: Actor, uploads: list[Upload], after: int, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.plan(faulty_store.CutAnswer(after=after), on=faulty_store.reading, times=5)
    with caplog.at_level(logging.WARNING):
        body = b"".join(blocks_of(answer(actor, uploads)))
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
    assert caplog.text.count("taken up again") == 5


def test_a_store_that_stays_away_ends_the_answer_and_what_arrived_counts(
    faulty: FaultyStore, actor: Actor, uploads: list[Upload], listener: Listener
) -> None:
    response = answer(actor, uploads)
    blocks = blocks_of(response)
    whole = next(blocks)
    faulty.plan(faulty_store.Refuse(503), on=faulty_store.reading)
    with pytest.raises(StoreUnavailable, match="503"):
        for block in blocks:
            whole += block
    assert len(whole) < int(response["Content-Length"])
    assert set(told(listener)) < {upload.pk for upload in uploads}
    assert uploads[0].pk in told(listener)


def kinds_of_boundary(whole: bytes) -> dict[str, int]:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        second, last = archive.getinfo("0.txt"), archive.getinfo("11.txt")
        return {
            "first byte": 1,
            "first file's header": 20,
            "within the first file": 100_000,
            "at a header": second.header_offset,
            "between header and bytes": second.header_offset + 30 + len("0.txt") + len(second.extra),
            "within the last file": archive.getinfo("SHA256SUMS").header_offset - last.file_size + 3,
            "within the digests": archive.start_dir - 10,
            "at the directory": archive.start_dir,
            "within the directory": archive.start_dir + 70,
            "last byte": len(whole) - 1,
        }


def test_a_line_that_broke_anywhere_is_gone_on_with_and_counts(
    actor: Actor, uploads: list[Upload], listener: Listener
) -> None:
    whole = b"".join(blocks_of(answer(actor, uploads)))
    everything = sorted((upload.pk for upload in uploads), key=str)
    for kind, at in kinds_of_boundary(whole).items():
        listener.told.clear()
        first = b"".join(blocks_of(answer(actor, uploads, f"bytes=0-{at - 1}")))
        rest = b"".join(blocks_of(answer(actor, uploads, f"bytes={at}-")))
        assert first + rest == whole, kind
        fetched = sorted(told(listener), key=str)
        # A file of no bytes has arrived with whichever answer passes it: with both, at its very place.
        assert sorted(set(fetched), key=str) == everything, kind
        assert len(fetched) - len(everything) in {0, 1}, kind


def test_files_that_are_over_are_noted_while_the_archive_lasts(
    actor: Actor, uploads: list[Upload], listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = random_bytes(2 * MIB)
    several = [*uploads[:3], store_all(actor, new_upload(actor, large, name="large"), large)]
    monkeypatch.setattr(sending, "NOTED_EVERY_SECONDS", 0)
    response = answer(actor, several)
    blocks = blocks_of(response)
    while len(next(blocks)) < MIB:
        pass
    next(blocks)
    assert set(told(listener)) == {upload.pk for upload in several[:3]}
    assert list(blocks) != []
    assert sorted(told(listener), key=str) == sorted((upload.pk for upload in several), key=str)


def test_receipts_that_cannot_be_written_meanwhile_are_written_at_the_end(
    actor: Actor, uploads: list[Upload], listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = random_bytes(2 * MIB)
    several = [*uploads[:3], store_all(actor, new_upload(actor, large, name="large"), large)]
    monkeypatch.setattr(sending, "NOTED_EVERY_SECONDS", 0)
    blocks = blocks_of(answer(actor, several))
    with monkeypatch.context() as away:
        away.setattr(listener, "fetched", _refuses)
        while len(next(blocks)) < MIB:
            pass
        next(blocks)
    assert told(listener) == []
    assert list(blocks) != []
    assert sorted(told(listener), key=str) == sorted((upload.pk for upload in several), key=str)


def _refuses(*_: object, **__: object) -> None:
    raise OperationalError
