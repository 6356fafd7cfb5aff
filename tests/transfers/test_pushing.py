"""Pushing parts into the store: any number of times, by anybody, with any death in between."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import LazySettings
from django.utils import timezone

from core.actor import Actor
from tests.transfers.conftest import PART, Listener
from tests.transfers.sending import content_in_store, files_in, new_upload, push_all, random_bytes, send, send_all
from transfers.models import Part, PartState, Upload, UploadState
from transfers.services import claims, finishing, pushing, uploads
from transfers.storage import forget_clients, store
from transfers.storage.s3 import S3Store

CONTENT = random_bytes(2 * PART + 3)


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return new_upload(actor, CONTENT)


@pytest.fixture
def part(actor: Actor, upload: Upload) -> Part:
    return send(actor, upload, CONTENT, 1).part


def test_a_pushed_part_is_in_the_store_and_no_longer_on_the_disk(part: Part, staging: Path) -> None:
    assert pushing.push_part(part.id)
    part.refresh_from_db()
    upload = Upload.objects.get()
    held = list(store().parts(upload.storage_key, upload.multipart_id))
    assert [(held_part.number, held_part.etag, held_part.size) for held_part in held] == [(1, part.etag, PART)]
    assert (part.state, files_in(staging)) == (PartState.PUSHED, [])


def test_all_parts_go_into_one_multipart_upload(actor: Actor, upload: Upload) -> None:
    send_all(actor, upload, CONTENT)
    push_all(upload)
    upload.refresh_from_db()
    assert {found.multipart_id for found in store().open_multiparts() if found.key == upload.storage_key} == {
        upload.multipart_id
    }
    assert len({part.number for part in store().parts(upload.storage_key, upload.multipart_id)}) == 3


def test_of_two_that_begin_the_multipart_upload_at_once_one_gives_way(actor: Actor, upload: Upload) -> None:
    parts = [send(actor, upload, CONTENT, number).part for number in (1, 2)]
    slower = Part.objects.select_related("upload").get(pk=parts[1].pk)
    assert slower.upload.multipart_id == ""
    pushing.push_part(parts[0].id)
    assert pushing._put(slower)
    upload.refresh_from_db()
    assert {found.multipart_id for found in store().open_multiparts() if found.key == upload.storage_key} == {
        upload.multipart_id
    }


def test_a_part_is_pushed_once(part: Part) -> None:
    assert pushing.push_part(part.id)
    assert not pushing.push_part(part.id)


def test_a_part_that_another_worker_holds_is_left_alone_until_that_one_is_given_up(part: Part) -> None:
    Part.objects.update(claimed_at=timezone.now() - pushing.CLAIM_LIFETIME + timedelta(seconds=5))
    assert not pushing.push_part(part.id)
    Part.objects.update(claimed_at=timezone.now() - pushing.CLAIM_LIFETIME - timedelta(seconds=5))
    assert pushing.push_part(part.id)


def test_a_part_of_another_node_is_left_alone(part: Part, settings: LazySettings) -> None:
    settings.NODE_NAME = "elsewhere"
    assert not pushing.push_part(part.id)
    settings.NODE_NAME = "here"
    assert pushing.push_part(part.id)


def test_a_worker_that_died_after_the_store_had_the_part_is_repeated(actor: Actor, part: Part) -> None:
    pushing._put(Part.objects.select_related("upload").get(pk=part.pk))
    assert pushing.push_part(part.id)


def test_a_part_whose_file_is_gone_is_missing(part: Part, staging: Path) -> None:
    (staging / part.file).unlink()
    assert not pushing.push_part(part.id)
    assert Part.objects.get().state == PartState.MISSING


@pytest.mark.parametrize("damage", [bytes(PART), b"short"])
def test_a_part_whose_file_is_damaged_is_missing(part: Part, staging: Path, damage: bytes) -> None:
    (staging / part.file).write_bytes(damage)
    assert not pushing.push_part(part.id)
    assert Part.objects.get().state == PartState.MISSING


def test_losing_a_part_after_completion_asks_the_sender_again(
    actor: Actor, upload: Upload, staging: Path, listener: Listener
) -> None:
    send_all(actor, upload, CONTENT)
    uploads.complete(actor, upload=upload)
    (staging / Part.objects.get(number=2).file).unlink()
    for part in Part.objects.all():
        pushing.push_part(part.id)
    upload.refresh_from_db()
    assert upload.state == UploadState.RECEIVING
    send(actor, upload, CONTENT, 2)
    push_all(upload)
    uploads.complete(actor, upload=upload)
    assert finishing.finish_upload(upload.id)
    assert content_in_store(upload) == CONTENT
    assert listener.told == [("created", upload.id), ("stored", upload.id)]


def test_a_store_that_does_not_answer_is_tried_again_later(part: Part, settings: LazySettings) -> None:
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"
    forget_clients()
    assert not pushing.push_part(part.id)
    forget_clients()
    part.refresh_from_db()
    assert (part.state, part.claimed_at, part.attempts) == (PartState.STAGED, None, 1)
    assert part.due_at > timezone.now()
    assert part.last_error


@pytest.mark.django_db(transaction=True)
def test_a_claim_lasts_as_long_as_the_store_takes(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BEAT_SECONDS", 0.05)
    put_part = S3Store.put_part
    claimed: list[datetime | None] = []

    def slowly(*args: Any, **kwargs: Any) -> str:
        for _ in range(2):
            claimed.append(Part.objects.get(pk=part.pk).claimed_at)
            time.sleep(0.5)
        return put_part(*args, **kwargs)

    monkeypatch.setattr(S3Store, "put_part", slowly)
    assert pushing.push_part(part.id)
    first, later = claimed
    assert first is not None
    assert later is not None
    assert first < later
    assert Part.objects.get(pk=part.pk).state == PartState.PUSHED


def test_workers_that_were_killed_are_no_failures_of_the_part(
    part: Part, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any, **__: Any) -> str:
        raise SystemExit

    monkeypatch.setattr(S3Store, "put_part", killed)
    for _ in range(5):
        with pytest.raises(SystemExit):
            pushing.push_part(part.id)
        Part.objects.update(claimed_at=None)
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"
    monkeypatch.undo()
    forget_clients()
    assert not pushing.push_part(part.id)
    forget_clients()
    part.refresh_from_db()
    assert part.attempts == 1
    assert part.due_at < timezone.now() + timedelta(seconds=3)


def test_a_part_that_the_store_refuses_for_good_ends_the_upload(part: Part, listener: Listener) -> None:
    Part.objects.update(number=10_001, attempts=pushing.REFUSALS - 2)
    pushing.push_part(part.id)
    assert Upload.objects.get().state == UploadState.RECEIVING
    pushing.push_part(part.id)
    assert Upload.objects.get().state == UploadState.FAILED
    assert listener.told[-1] == ("failed", part.upload_id)


def test_an_upload_that_ends_while_the_store_refuses_its_part_needs_no_failing(
    actor: Actor, part: Part, monkeypatch: pytest.MonkeyPatch, listener: Listener
) -> None:
    Part.objects.update(number=10_001, attempts=pushing.REFUSALS - 1)
    put_part = S3Store.put_part

    def remove_meanwhile(*args: Any, **kwargs: Any) -> str:
        uploads.remove(actor, upload=Upload.objects.get())
        return put_part(*args, **kwargs)

    monkeypatch.setattr(S3Store, "put_part", remove_meanwhile)
    assert not pushing.push_part(part.id)
    assert Upload.objects.get().state == UploadState.ABORTED
    assert listener.told[-1] == ("removed", part.upload_id)


def test_a_store_that_lost_the_multipart_upload_gets_everything_again(actor: Actor, upload: Upload) -> None:
    first = send(actor, upload, CONTENT, 1).part
    pushing.push_part(first.id)
    second = send(actor, upload, CONTENT, 2).part
    upload.refresh_from_db()
    lost = upload.multipart_id
    store().abandon(upload.storage_key, lost)
    assert not pushing.push_part(second.id)
    upload.refresh_from_db()
    assert upload.multipart_id == ""
    assert [part.state for part in upload.parts.order_by("number")] == [PartState.MISSING, PartState.STAGED]
    assert pushing.push_part(second.id)
    send(actor, upload, CONTENT, 1)
    send(actor, upload, CONTENT, 3)
    push_all(upload)
    uploads.complete(actor, upload=upload)
    assert finishing.finish_upload(upload.id)
    assert content_in_store(upload) == CONTENT


def test_the_last_push_wakes_the_finish(actor: Actor, upload: Upload, queues: redis.Redis) -> None:
    send_all(actor, upload, CONTENT)
    uploads.complete(actor, upload=upload)
    first, *others = Part.objects.order_by("number")
    for part in others:
        pushing.push_part(part.id)
    assert queues.llen("transfers") == 0
    pushing.push_part(first.id)
    assert queues.llen("transfers") == 1


def test_parts_of_an_ended_upload_are_not_pushed(actor: Actor, part: Part) -> None:
    uploads.abort(actor, upload=Upload.objects.get())
    assert not pushing.push_part(part.id)


def test_waits_double_up_to_five_minutes() -> None:
    assert [pushing.wait_after(n).total_seconds() for n in (1, 2, 3, 8, 9, 99)] == [2, 4, 8, 256, 300, 300]
