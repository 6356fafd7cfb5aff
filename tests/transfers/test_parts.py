"""Receiving parts: what is acknowledged is on the disk and in the ledger, and nothing else is anywhere."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import redis
from django.conf import LazySettings
from django.db import connection

from core.actor import Actor
from core.errors import Conflict, Invalid
from tests.transfers.conftest import PART, actor_of, make_user
from tests.transfers.sending import files_in, new_upload, piece, random_bytes, send, send_all, sha256
from transfers.errors import DigestMismatch, Interrupted, LengthRequired, PartDiffers, StagingFull
from transfers.models import Door, Node, Part, PartState, Upload
from transfers.queries import NODE_LOST_AFTER
from transfers.services import parts, pushing, uploads
from transfers.services.parts import Announced
from transfers.services.receiving import Entry

CONTENT = random_bytes(2 * PART + 3)


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return new_upload(actor, CONTENT)


def receive(actor: Actor, upload: Upload, body: bytes, **announced: object) -> Entry:
    said = {"number": 3, "length": len(body), "sha256": sha256(body), **announced}
    return parts.receive(actor, upload=upload, announced=Announced(**said), read=io.BytesIO(body).read)  # type: ignore[arg-type]


def test_an_acknowledged_part_is_on_the_disk_and_in_the_ledger(actor: Actor, upload: Upload, staging: Path) -> None:
    received = send(actor, upload, CONTENT, 1)
    assert received.is_new
    part = Part.objects.get()
    assert (part.number, part.size, part.sha256, part.state, part.node) == (
        1,
        PART,
        sha256(CONTENT[:PART]),
        "staged",
        "here",
    )
    assert (staging / part.file).read_bytes() == CONTENT[:PART]
    assert files_in(staging) == [part.file]


def test_parts_come_in_any_order(actor: Actor, upload: Upload) -> None:
    for number in (3, 1, 2):
        send(actor, upload, CONTENT, number)
    assert [part.size for part in upload.parts.order_by("number")] == [PART, PART, 3]


def test_its_node_is_woken_while_the_rest_is_arriving(
    actor: Actor, upload: Upload, queues: redis.Redis, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        send(actor, upload, CONTENT, 1)
    assert queues.llen("push.here") == 1


def test_bytes_are_durable_before_the_ledger_says_so(
    actor: Actor, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []

    def noted(name: str, real: Callable[[int], None]) -> Callable[[int], None]:
        def call(descriptor: int) -> None:
            events.append(f"{name} {Part.objects.count()}")
            real(descriptor)

        return call

    monkeypatch.setattr(os, "fdatasync", noted("fdatasync", os.fdatasync))
    monkeypatch.setattr(os, "fsync", noted("fsync", os.fsync))
    send(actor, upload, CONTENT, 1)
    assert events == ["fdatasync 0", "fsync 0"]
    assert Part.objects.count() == 1


def test_the_same_part_again_is_acknowledged_again(actor: Actor, upload: Upload, staging: Path) -> None:
    first = send(actor, upload, CONTENT, 1)
    again = send(actor, upload, CONTENT, 1)
    assert (again.is_new, again.part.pk) == (False, first.part.pk)
    assert len(files_in(staging)) == 1


def test_the_same_part_again_is_acknowledged_after_completion(actor: Actor, upload: Upload) -> None:
    send_all(actor, upload, CONTENT)
    uploads.complete(actor, upload=upload)
    assert not send(actor, Upload.objects.get(pk=upload.pk), CONTENT, 1).is_new


def test_a_file_that_changed_on_its_disk_is_noticed(actor: Actor, upload: Upload, staging: Path) -> None:
    send(actor, upload, CONTENT, 1)
    with pytest.raises(PartDiffers):
        send(actor, upload, random_bytes(len(CONTENT)), 1)
    assert Part.objects.get().sha256 == sha256(CONTENT[:PART])
    assert len(files_in(staging)) == 1


@pytest.mark.parametrize("number", [0, -1, 4, 10**18])
def test_a_part_out_of_range_is_refused(actor: Actor, upload: Upload, number: int) -> None:
    with pytest.raises(Invalid, match=r"has 3 part\(s\)") as refusal:
        receive(actor, upload, b"abc", number=number)
    assert refusal.value.error_code == "part_out_of_range"


def test_an_empty_file_has_no_part(actor: Actor) -> None:
    with pytest.raises(Invalid, match=r"has 0 part\(s\)"):
        receive(actor, new_upload(actor, b""), b"", number=1)


@pytest.mark.parametrize("length", [0, 2, 4, PART])
def test_another_length_is_refused_before_a_byte_is_read(actor: Actor, upload: Upload, length: int) -> None:
    def read(size: int) -> bytes:
        raise AssertionError("The body was read.")

    announced = Announced(number=3, length=length, sha256=sha256(b"abc"))
    with pytest.raises(Invalid, match="has 3 bytes") as refusal:
        parts.receive(actor, upload=upload, announced=announced, read=read)
    assert refusal.value.error_code == "wrong_length"


def test_a_part_without_a_length_is_refused(actor: Actor, upload: Upload) -> None:
    with pytest.raises(LengthRequired):
        receive(actor, upload, b"abc", length=None)


def test_a_part_that_changed_on_its_way_is_refused_and_not_kept(actor: Actor, upload: Upload, staging: Path) -> None:
    with pytest.raises(DigestMismatch):
        receive(actor, upload, b"abc", sha256=sha256(b"abd"))
    assert not Part.objects.exists()
    assert files_in(staging) == []
    assert receive(actor, upload, CONTENT[-3:]).is_new


def test_a_repeat_that_changed_on_its_way_is_refused_too(actor: Actor, upload: Upload) -> None:
    send(actor, upload, CONTENT, 3)
    with pytest.raises(DigestMismatch):
        receive(actor, upload, b"abd", sha256=sha256(CONTENT[-3:]))


def test_a_line_that_breaks_leaves_nothing(actor: Actor, upload: Upload, staging: Path) -> None:
    body = piece(upload, CONTENT, 1)
    announced = Announced(number=1, length=len(body), sha256=sha256(body))
    with pytest.raises(Interrupted):
        parts.receive(actor, upload=upload, announced=announced, read=io.BytesIO(body[:-1]).read)
    assert not Part.objects.exists()
    assert files_in(staging) == []


@pytest.mark.parametrize("call", ["write", "fdatasync", "open"])
def test_a_full_disk_asks_to_come_back(
    actor: Actor, upload: Upload, staging: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    send(actor, upload, CONTENT, 1)

    def full(*args: object, **kwargs: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(StagingFull) as refusal:
        patch.setattr(os, call, full)
        send(actor, upload, CONTENT, 2)
    assert refusal.value.headers == {"Retry-After": "5"}
    assert len(files_in(staging)) == 1
    assert send(actor, upload, CONTENT, 2).is_new


def test_the_staging_quota_holds_parts_back_until_they_are_pushed(
    actor: Actor, upload: Upload, settings: LazySettings
) -> None:
    settings.STAGING_QUOTA_BYTES = PART
    first = send(actor, upload, CONTENT, 1)
    with pytest.raises(StagingFull):
        send(actor, upload, CONTENT, 2)
    pushing.push_part(first.part.id)
    assert send(actor, upload, CONTENT, 2).is_new


def test_a_node_whose_push_worker_is_silent_takes_no_more(actor: Actor, upload: Upload) -> None:
    node = Node.objects.create(name="here", unanswered=NODE_LOST_AFTER)
    with pytest.raises(StagingFull):
        send(actor, upload, CONTENT, 1)
    Node.objects.filter(pk=node.pk).update(unanswered=NODE_LOST_AFTER - 1)
    assert send(actor, upload, CONTENT, 1).is_new


def test_a_lost_part_is_taken_again_if_it_is_the_same(actor: Actor, upload: Upload, staging: Path) -> None:
    part = send(actor, upload, CONTENT, 1).part
    (staging / part.file).unlink()
    pushing.push_part(part.id)
    assert Part.objects.get().state == PartState.MISSING
    with pytest.raises(PartDiffers):
        send(actor, upload, random_bytes(len(CONTENT)), 1)
    assert send(actor, upload, CONTENT, 1).is_new
    assert Part.objects.get().state == PartState.STAGED
    assert pushing.push_part(part.id)


def test_an_upload_that_ends_while_a_part_arrives_keeps_nothing_of_it(
    actor: Actor, upload: Upload, staging: Path
) -> None:
    body = piece(upload, CONTENT, 3)

    def read(size: int) -> bytes:
        uploads.abort(actor, upload=Upload.objects.get(pk=upload.pk))
        return body

    announced = Announced(number=3, length=3, sha256=sha256(body))
    with pytest.raises(Conflict, match="Removed"):
        parts.receive(actor, upload=upload, announced=announced, read=read)
    assert not Part.objects.exists()
    assert files_in(staging) == []


@pytest.mark.django_db(transaction=True)
def test_the_same_part_over_two_lines_at_once_is_one_part(staging: Path) -> None:
    actor = actor_of(make_user("twice"))
    upload = new_upload(actor, CONTENT)
    together = Barrier(2)

    def send_on_a_line() -> bool:
        body = io.BytesIO(piece(upload, CONTENT, 1))

        def read(size: int) -> bytes:
            if not body.tell():
                together.wait(timeout=60)
            return body.read(size)

        announced = Announced(number=1, length=PART, sha256=sha256(body.getvalue()))
        try:
            return parts.receive(actor, upload=upload, announced=announced, read=read).is_new
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as lines:
        answers = [line.result() for line in [lines.submit(send_on_a_line) for _ in range(2)]]
    assert sorted(answers) == [False, True]
    assert files_in(staging) == [Part.objects.get().file]


@pytest.mark.django_db(transaction=True)
def test_no_database_connection_is_held_while_reading() -> None:
    actor = actor_of(make_user("patient"))
    upload = new_upload(actor, CONTENT)
    body = io.BytesIO(piece(upload, CONTENT, 1))

    def read(size: int) -> bytes:
        assert connection.connection is None
        return body.read(size)

    announced = Announced(number=1, length=PART, sha256=sha256(body.getvalue()))
    assert parts.receive(actor, upload=upload, announced=announced, read=read).is_new


@pytest.mark.parametrize(("door", "is_taken"), [(Door.PARTS, True), (Door.DIRECT, False), (Door.TUS, False)])
def test_only_bytes_that_belong_here_are_acknowledged(
    actor: Actor, upload: Upload, staging: Path, door: Door, is_taken: bool
) -> None:
    """A part that was promised to the store has no bytes here, so that a repeat of it is none."""
    Upload.objects.filter(pk=upload.pk).update(door=door)
    promised = {"size": 3, "sha256": sha256(CONTENT[-3:]), "state": PartState.PROMISED}
    if door == Door.DIRECT:
        Part.objects.create(upload=upload, number=3, **promised)
    upload.refresh_from_db()
    if is_taken:
        assert receive(actor, upload, CONTENT[-3:]).is_new
        return
    with pytest.raises(Conflict) as refusal:
        receive(actor, upload, CONTENT[-3:])
    assert (refusal.value.error_code, staging.exists()) == ("wrong_door", False)
