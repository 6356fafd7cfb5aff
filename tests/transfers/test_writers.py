"""The one request that may append to an upload: the newest wins, and what the old one enters afterwards is refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection

from core.actor import Actor
from core.errors import Conflict
from tests.transfers.conftest import PART, actor_of, make_user
from tests.transfers.sending import new_upload, random_bytes
from transfers.models import Part, Piece, Upload
from transfers.services import receiving, writers
from transfers.services.receiving import RangeWriter

CONTENT = random_bytes(PART)


@pytest.fixture
def actor(transactional_db: None) -> Actor:
    return actor_of(make_user("writer"))


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return new_upload(actor, CONTENT)


def ignore(_offset: int | None) -> None:
    """Comes to its end by itself."""


def writer_of(upload: Upload) -> object:
    return Upload.objects.values_list("writer", flat=True).get(pk=upload.pk)


def test_a_writer_holds_the_upload_and_lets_go_of_it(upload: Upload) -> None:
    with writers.hold(upload, stop=ignore) as me:
        assert writer_of(upload) == me
    assert writer_of(upload) is None


def test_with_its_last_bytes_a_writer_gives_the_upload_free(actor: Actor, upload: Upload) -> None:
    told = Event()
    with writers.hold(upload, stop=lambda _offset: told.set()) as me:
        with RangeWriter(actor, upload=upload, number=1, writer=me) as last:
            last.write(CONTENT)
            receiving.enter(actor, upload=upload, sealed=[last.seal()], writer=me, leaves=True)
            writers.has_left(me)
        with writers.hold(upload, stop=ignore) as newer:
            assert not told.is_set()
            assert writer_of(upload) == newer != me
    assert writer_of(upload) is None


def test_the_newest_has_the_holder_stopped_and_takes_over(upload: Upload) -> None:
    told = Event()
    holds = Event()

    def hold_until_told() -> None:
        with writers.hold(upload, stop=lambda _offset: told.set()):
            holds.set()
            assert told.wait(5)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold_until_told)
        assert holds.wait(5)
        began = time.monotonic()
        with writers.hold(upload, stop=ignore) as me:
            assert time.monotonic() - began < writers.DRAIN_SECONDS
            holder.result(5)
            assert writer_of(upload) == me


def test_what_a_passed_over_writer_brings_is_refused(
    actor: Actor, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "DRAIN_SECONDS", 0.2)
    dead = uuid4()
    Upload.objects.filter(pk=upload.pk).update(writer=dead)
    with writers.hold(upload, stop=ignore) as me:
        for writer, is_mine in ((dead, False), (me, True)):
            with RangeWriter(actor, upload=upload, number=1, writer=writer) as late:
                late.write(CONTENT)
                if is_mine:
                    assert late.enter().is_new
                    continue
                with pytest.raises(Conflict) as refusal:
                    late.enter()
                assert refusal.value.error_code == "another_writer"
    assert (Part.objects.count(), Piece.objects.count()) == (1, 0)


def test_a_holder_in_another_process_reads_the_note(upload: Upload) -> None:
    told = Event()
    with writers.hold(upload, stop=lambda _offset: told.set()) as me:
        cache.set(writers._note(me), {"offset": None}, 5)
        assert told.wait(3 * writers.WATCH_EVERY_SECONDS)


def test_of_many_that_come_at_once_each_gets_its_turn(upload: Upload) -> None:
    def take_turns(stop: Callable[[int | None], None]) -> bool:
        with writers.hold(upload, stop=stop) as me:
            is_mine = writer_of(upload) == me
        connection.close()
        return is_mine

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(take_turns, [ignore] * 8))
    assert writer_of(upload) is None


def test_whoever_has_let_go_is_not_stopped_any_more(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its line carries the request of somebody else by then, whom that would cut off."""
    told = Event()
    asked: list[str] = []

    def answered_too_late(notes: Iterable[str]) -> dict[str, dict[str, None]]:
        asked.extend(notes)
        writers._watch.remove(me)
        return {note: {"offset": None} for note in asked}

    monkeypatch.setattr(writers, "WATCH_EVERY_SECONDS", 60)
    with writers.hold(upload, stop=lambda _offset: told.set()) as me:
        monkeypatch.setattr(cache, "get_many", answered_too_late)
        writers._watch._look()
    assert asked == [writers._note(me)]
    assert not told.is_set()
