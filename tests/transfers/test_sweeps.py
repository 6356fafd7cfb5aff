"""Sweeps: whatever was lost or died, the rows say what is due, and nothing is left behind."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import time_machine
from django.conf import LazySettings
from django.utils import timezone

from core import wakeups
from core.actor import Actor
from tests.transfers.conftest import PART, Listener
from tests.transfers.sending import files_in, new_upload, push_all, random_bytes, send, send_all, store_all
from transfers.models import Node, Part, PartState, Upload, UploadState
from transfers.queries import NODE_LOST_AFTER
from transfers.services import claims, cleaning, finishing, pushing, sweeping, uploads
from transfers.storage import NoSuchObject, forget_clients, store

CONTENT = random_bytes(PART + 3)


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return new_upload(actor, CONTENT)


def multiparts_of(upload: Upload) -> int:
    return sum(found.key == upload.storage_key for found in store().open_multiparts())


def later(**wait: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(**wait))


def test_a_part_whose_wake_up_was_lost_is_woken(actor: Actor, upload: Upload, queues: redis.Redis) -> None:
    send(actor, upload, CONTENT, 1)
    assert sweeping.wake_pushes() == 0
    with later(seconds=31):
        assert sweeping.wake_pushes() == 1
        assert sweeping.wake_pushes() == 0
    with later(seconds=31 + 61):
        assert sweeping.wake_pushes() == 1
    assert queues.llen("push.here") == 2


def test_a_part_whose_worker_died_is_woken(actor: Actor, upload: Upload) -> None:
    send(actor, upload, CONTENT, 1)
    Part.objects.update(claimed_at=timezone.now())
    with later(seconds=claims.LIFETIME.total_seconds() - 5):
        assert sweeping.wake_pushes() == 0
    with later(seconds=claims.LIFETIME.total_seconds() + 5):
        assert sweeping.wake_pushes() == 1


def test_an_upload_whose_finish_was_lost_is_woken(actor: Actor, upload: Upload, queues: redis.Redis) -> None:
    send_all(actor, upload, CONTENT)
    uploads.complete(actor, upload=upload)
    assert sweeping.wake_finishes() == 0
    push_all(upload)
    queues.delete("transfers")
    assert sweeping.wake_finishes() == 1
    assert sweeping.wake_finishes() == 0
    with later(seconds=61):
        assert sweeping.wake_finishes() == 1
    assert queues.llen("transfers") == 2


def test_an_upload_whose_verification_died_is_woken(actor: Actor, upload: Upload) -> None:
    send_all(actor, upload, CONTENT)
    push_all(upload)
    uploads.complete(actor, upload=upload)
    claimed = claims.take(upload.id, states=finishing.FINISHABLE)
    assert claimed is not None
    finishing._assemble(claimed)
    assert sweeping.wake_finishes() == 0
    with later(minutes=3):
        assert sweeping.wake_finishes() == 1
        assert finishing.finish_upload(upload.id)


@pytest.mark.parametrize(("wait", "state"), [(-1, UploadState.RECEIVING), (1, UploadState.EXPIRED)])
def test_an_upload_nobody_continues_expires(
    upload: Upload, listener: Listener, settings: LazySettings, wait: int, state: UploadState
) -> None:
    with time_machine.travel(upload.expires_at + timedelta(seconds=wait), tick=False):
        sweeping.expire_overdue()
    upload.refresh_from_db()
    assert upload.state == state
    assert (("failed", upload.id) in listener.told) == (state == UploadState.EXPIRED)
    assert listener.reasons == ([sweeping.EXPIRED] if state == UploadState.EXPIRED else [])


def test_a_complete_upload_never_expires(actor: Actor, upload: Upload) -> None:
    send_all(actor, upload, CONTENT)
    uploads.complete(actor, upload=upload)
    with later(days=30):
        assert sweeping.expire_overdue() == 0


def test_an_ended_upload_leaves_nothing_anywhere(actor: Actor, upload: Upload, staging: Path) -> None:
    first = send(actor, upload, CONTENT, 1).part
    pushing.push_part(first.id)
    send(actor, upload, CONTENT, 2)
    upload.refresh_from_db()
    uploads.abort(actor, upload=upload)
    assert multiparts_of(upload) == 1
    assert cleaning.clean_up(upload.id)
    assert multiparts_of(upload) == 0
    assert cleaning.clear_staging(upload.id) == 1
    assert (files_in(staging), Part.objects.count()) == ([], 0)
    assert not cleaning.clean_up(upload.id)
    assert sweeping.wake_clean_ups() == 0


def test_a_removed_stored_file_is_deleted_at_the_store(actor: Actor, upload: Upload) -> None:
    stored = store_all(actor, upload, CONTENT)
    uploads.remove(actor, upload=stored)
    assert cleaning.clean_up(stored.id)
    with pytest.raises(NoSuchObject):
        store().size(stored.storage_key)


def test_cleaning_waits_for_a_worker_that_still_pushes(actor: Actor, upload: Upload) -> None:
    send(actor, upload, CONTENT, 1)
    Part.objects.update(claimed_at=timezone.now())
    uploads.abort(actor, upload=upload)
    assert not cleaning.clean_up(upload.id)
    assert sweeping.wake_clean_ups() == 1
    with later(minutes=11):
        assert cleaning.clean_up(upload.id)


def test_cleaning_waits_for_a_worker_that_still_finishes(actor: Actor, upload: Upload) -> None:
    send_all(actor, upload, CONTENT)
    push_all(upload)
    uploads.complete(actor, upload=upload)
    assert claims.take(upload.id, states=finishing.FINISHABLE)
    uploads.abort(actor, upload=upload)
    assert not cleaning.clean_up(upload.id)
    with later(minutes=3):
        assert cleaning.clean_up(upload.id)


def test_cleaning_comes_back_when_the_store_does_not_answer(
    actor: Actor, upload: Upload, settings: LazySettings
) -> None:
    pushing.push_part(send(actor, upload, CONTENT, 1).part.id)
    uploads.abort(actor, upload=upload)
    settings.S3_ENDPOINT_URL, real = "http://127.0.0.1:9", settings.S3_ENDPOINT_URL
    forget_clients()
    assert not cleaning.clean_up(upload.id)
    settings.S3_ENDPOINT_URL = real
    forget_clients()
    assert sweeping.wake_clean_ups() == 1
    assert cleaning.clean_up(upload.id)


def test_files_of_a_living_upload_are_not_cleared(actor: Actor, upload: Upload, staging: Path) -> None:
    send(actor, upload, CONTENT, 1)
    assert cleaning.clear_staging(upload.id) == 0
    assert len(files_in(staging)) == 1


def test_orphaned_files_are_removed_once_nobody_can_be_writing_them(
    actor: Actor, upload: Upload, staging: Path
) -> None:
    wanted = send(actor, upload, CONTENT, 1).part.file
    for name, age in (("old", 3601), ("young", 3500), (wanted, 9999)):
        path = staging / name
        path.touch()
        os.utime(path, (time.time() - age,) * 2)
    assert cleaning.remove_orphans() == 1
    assert files_in(staging) == sorted([wanted, "young"])


def test_multipart_uploads_that_no_upload_names_are_abandoned(
    actor: Actor, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushing.push_part(send(actor, upload, CONTENT, 1).part.id)
    stray = store().begin(upload.storage_key)
    cleaning.remove_stray_multiparts()
    assert multiparts_of(upload) == 2
    monkeypatch.setattr(cleaning, "STRAY_AFTER", timedelta(seconds=-5))
    cleaning.remove_stray_multiparts()
    upload.refresh_from_db()
    left = {found.multipart_id for found in store().open_multiparts() if found.key == upload.storage_key}
    assert left == {upload.multipart_id}
    assert stray not in left


def test_parts_of_a_node_that_never_answers_are_missing(actor: Actor, upload: Upload, settings: LazySettings) -> None:
    send_all(actor, upload, CONTENT)
    uploads.complete(actor, upload=upload)
    settings.NODE_NAME = "elsewhere"
    for _ in range(NODE_LOST_AFTER):
        sweeping.ask_nodes()
    assert {part.state for part in Part.objects.all()} == {PartState.STAGED}
    sweeping.ask_nodes()
    assert {part.state for part in Part.objects.all()} == {PartState.MISSING}
    assert Upload.objects.get().state == UploadState.RECEIVING
    assert send(actor, Upload.objects.get(), CONTENT, 1).part.node == "elsewhere"


def test_a_node_that_answers_in_time_keeps_its_parts(actor: Actor, upload: Upload, queues: redis.Redis) -> None:
    send(actor, upload, CONTENT, 1)
    for _ in range(NODE_LOST_AFTER):
        sweeping.ask_nodes()
    assert queues.llen("push.here") == NODE_LOST_AFTER
    sweeping.answer()
    sweeping.ask_nodes()
    assert Part.objects.get().state == PartState.STAGED
    assert Node.objects.get().unanswered == 1


def test_a_question_that_cannot_be_asked_does_not_count(
    actor: Actor, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_broker(*args: object, **kwargs: object) -> bool:
        return False

    send(actor, upload, CONTENT, 1)
    monkeypatch.setattr(wakeups, "now", no_broker)
    for _ in range(NODE_LOST_AFTER + 1):
        sweeping.ask_nodes()
    assert Node.objects.get().unanswered == 0


def test_the_sweep_asks_the_same_number_of_questions_for_one_upload_and_for_many(
    actor: Actor, upload: Upload, django_assert_max_num_queries: type
) -> None:
    for _ in range(12):
        send(actor, new_upload(actor, CONTENT), CONTENT, 1)
    with later(minutes=2), django_assert_max_num_queries(22):
        assert sweeping.sweep() == 12


# --- Files that are for nothing in particular ---------------------------------------------------------------------
def loose(actor: Actor) -> Upload:
    return store_all(actor, uploads.create(actor, subject=None, name="notes.txt", size=len(CONTENT)), CONTENT)


def test_a_loose_file_is_deleted_when_its_time_is_over(
    actor: Actor, listener: Listener, settings: LazySettings
) -> None:
    upload = loose(actor)
    with later(days=settings.UPLOAD_LOOSE_LIFETIME.days, minutes=-1):
        assert sweeping.expire_loose() == 0
    with later(days=settings.UPLOAD_LOOSE_LIFETIME.days, minutes=1):
        assert sweeping.expire_loose() == 1
    ended = Upload.objects.get()
    assert (ended.state, ended.reason) == (UploadState.EXPIRED, sweeping.UNUSED)
    assert listener.told[-1] == ("failed", upload.id)
    assert cleaning.clean_up(upload.id)
    with pytest.raises(NoSuchObject):
        store().size(upload.storage_key)


def test_a_file_with_a_subject_stays_for_ever(actor: Actor, upload: Upload) -> None:
    store_all(actor, upload, CONTENT)
    with later(days=4000):
        assert sweeping.expire_loose() == 0
        sweeping.sweep()
    assert Upload.objects.get().state == UploadState.STORED


def test_a_loose_file_that_was_put_to_use_meanwhile_stays(
    actor: Actor, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = loose(actor)
    subject, lock = upload.subject, sweeping._expire

    def taken(overdue: Upload, reason: str) -> bool:
        Upload.objects.filter(pk=found.pk).update(subject=subject)
        return lock(overdue, reason)

    monkeypatch.setattr(sweeping, "_expire", taken)
    with later(days=8):
        assert sweeping.expire_loose() == 0
    assert Upload.objects.get(pk=found.pk).state == UploadState.STORED


def test_a_step_that_breaks_keeps_no_other_from_being_done(
    actor: Actor, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wake_pushes() -> int:
        raise RuntimeError("the ledger cannot be read")

    monkeypatch.setattr(sweeping, "wake_pushes", wake_pushes)
    with later(days=8):
        sweeping.sweep()
    assert Upload.objects.get().state == UploadState.EXPIRED
