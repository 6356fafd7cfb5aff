"""From complete to stored: equal bytes or a clear failure, whatever dies in between."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from zlib import crc32

import pytest
import redis
from django.conf import LazySettings
from django.utils import timezone

from core.actor import Actor
from core.models import AuditEvent
from tests.transfers.conftest import PART, Listener
from tests.transfers.sending import (
    content_in_store,
    new_upload,
    push_all,
    random_bytes,
    send,
    send_all,
    sha256,
    store_all,
)
from transfers.models import Part, PartState, Upload, UploadState
from transfers.services import claims, cleaning, finishing, uploads, verifying
from transfers.storage import NoSuchObject, StoredPart, forget_clients, store
from transfers.storage.s3 import S3Store

CONTENT = random_bytes(2 * PART + 3)


@pytest.fixture
def pushed(actor: Actor) -> Upload:
    """An upload whose sender asked to complete it and whose parts are all in the store."""
    upload = new_upload(actor, CONTENT)
    send_all(actor, upload, CONTENT)
    push_all(upload)
    return uploads.complete(actor, upload=Upload.objects.get(pk=upload.pk))


def state_of(upload: Upload) -> str:
    return Upload.objects.get(pk=upload.pk).state


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART])
def test_what_is_stored_is_bit_for_bit_what_was_sent(actor: Actor, listener: Listener, size: int) -> None:
    content = random_bytes(size)
    upload = store_all(actor, new_upload(actor, content), content)
    assert content_in_store(upload) == content
    assert (upload.state, upload.sha256, upload.size) == (UploadState.STORED, sha256(content), size)
    assert listener.told == [("created", upload.id), ("stored", upload.id)]
    assert AuditEvent.objects.get(action="transfers.upload.store").data["sha256"] == sha256(content)


def test_nothing_is_finished_before_its_sender_asks(actor: Actor) -> None:
    upload = new_upload(actor, CONTENT)
    send_all(actor, upload, CONTENT)
    push_all(upload)
    assert finishing.finish_upload(upload.id) is None
    assert state_of(upload) == UploadState.RECEIVING


def test_nothing_is_finished_before_every_part_is_pushed(actor: Actor) -> None:
    upload = new_upload(actor, CONTENT)
    send_all(actor, upload, CONTENT)
    uploads.complete(actor, upload=upload)
    assert finishing.finish_upload(upload.id) is None
    push_all(upload)
    assert finishing.finish_upload(upload.id) is not None


def test_finishing_twice_changes_nothing(pushed: Upload, listener: Listener) -> None:
    assert finishing.finish_upload(pushed.id)
    assert finishing.finish_upload(pushed.id) is None
    assert listener.told.count(("stored", pushed.id)) == 1


def test_another_workers_upload_is_left_alone_until_that_one_is_given_up(pushed: Upload) -> None:
    Upload.objects.update(claimed_at=timezone.now() - finishing.CLAIM_LIFETIME + timedelta(seconds=5))
    assert finishing.finish_upload(pushed.id) is None
    Upload.objects.update(claimed_at=timezone.now() - finishing.CLAIM_LIFETIME - timedelta(seconds=5))
    assert finishing.finish_upload(pushed.id)


def test_a_worker_that_died_after_the_store_had_put_it_together_is_recognised(pushed: Upload) -> None:
    store().assemble(pushed.storage_key, pushed.multipart_id, finishing._ledger(pushed))
    assert finishing.finish_upload(pushed.id)
    assert content_in_store(pushed) == CONTENT


def test_a_store_that_forgets_completed_multiparts_is_recognised_too(pushed: Upload) -> None:
    store().assemble(pushed.storage_key, pushed.multipart_id, finishing._ledger(pushed))
    Upload.objects.update(multipart_id="c8729893c8403887735c60e40a7a80e935a73b9c_00000000000000000000000000000000")
    assert finishing.finish_upload(pushed.id)


def test_a_worker_that_died_while_verifying_is_repeated(pushed: Upload) -> None:
    finishing._assemble(pushed)
    assert state_of(pushed) == UploadState.VERIFYING
    assert finishing.finish_upload(pushed.id)


def test_a_store_that_lost_everything_is_given_everything_again(actor: Actor, pushed: Upload) -> None:
    store().abandon(pushed.storage_key, pushed.multipart_id)
    assert finishing.finish_upload(pushed.id) is None
    reopened = Upload.objects.get()
    assert (reopened.state, reopened.multipart_id) == (UploadState.RECEIVING, "")
    assert {part.state for part in reopened.parts.all()} == {PartState.MISSING}
    assert content_in_store(store_all(actor, reopened, CONTENT)) == CONTENT


def test_a_part_that_the_store_lost_is_asked_for_again(actor: Actor, pushed: Upload) -> None:
    Part.objects.filter(number=2).update(etag='"00000000000000000000000000000000"')
    assert finishing.finish_upload(pushed.id) is None
    assert state_of(pushed) == UploadState.RECEIVING
    assert [part.number for part in Part.objects.filter(state=PartState.MISSING)] == [2]
    reopened = Upload.objects.get()
    send(actor, reopened, CONTENT, 2)
    push_all(reopened)
    uploads.complete(actor, upload=reopened)
    assert finishing.finish_upload(pushed.id)
    assert content_in_store(pushed) == CONTENT


def replace_in_store(upload: Upload, content: bytes) -> None:
    multipart_id = store().begin(upload.storage_key)
    etag = store().put_part(
        upload.storage_key, multipart_id, 1, io.BytesIO(content), size=len(content), sha256=sha256(content)
    )
    store().assemble(upload.storage_key, multipart_id, [StoredPart(1, etag, len(content), sha256(content))])


@pytest.mark.parametrize("what_came_back", [CONTENT[:-1], CONTENT + b"x", CONTENT[:PART] + b"x" + CONTENT[PART + 1 :]])
def test_a_store_that_gives_back_other_bytes_fails_the_upload(
    pushed: Upload, listener: Listener, what_came_back: bytes
) -> None:
    finishing._assemble(pushed)
    replace_in_store(pushed, what_came_back)
    assert finishing.finish_upload(pushed.id) is None
    failed = Upload.objects.get()
    assert (failed.state, failed.sha256, failed.reason) == (UploadState.FAILED, "", finishing.DAMAGED)
    assert listener.told[-1] == ("failed", pushed.id)
    assert listener.reasons == [finishing.DAMAGED]


def test_a_store_that_lost_the_object_fails_the_upload(pushed: Upload) -> None:
    finishing._assemble(pushed)
    store().delete(pushed.storage_key)
    assert finishing.finish_upload(pushed.id) is None
    assert state_of(pushed) == UploadState.FAILED


def test_a_store_that_does_not_answer_is_tried_again_later(pushed: Upload, settings: LazySettings) -> None:
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"
    forget_clients()
    assert finishing.finish_upload(pushed.id) is None
    forget_clients()
    waiting = Upload.objects.get()
    assert (waiting.state, waiting.claimed_at) == (UploadState.PUSHING, None)
    assert waiting.due_at is not None
    assert waiting.due_at > timezone.now()


def test_what_the_listener_refuses_is_not_stored(
    pushed: Upload, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(upload: Upload) -> None:
        raise RuntimeError("The package cannot be read.")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(listener, "stored", broken)
        finishing.finish_upload(pushed.id)
    assert state_of(pushed) == UploadState.VERIFYING
    Upload.objects.update(claimed_at=None)
    assert finishing.finish_upload(pushed.id)


def test_a_file_removed_while_it_is_verified_is_not_stored(
    actor: Actor, pushed: Upload, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_back = verifying.read_back

    def removed_meanwhile(upload: Upload, *, beat: Callable[[], None]) -> verifying.Reading:
        uploads.remove(actor, upload=Upload.objects.get(pk=upload.pk))
        return read_back(upload, beat=beat)

    monkeypatch.setattr(verifying, "read_back", removed_meanwhile)
    assert finishing.finish_upload(pushed.id) is None
    assert state_of(pushed) == UploadState.ABORTED
    assert ("stored", pushed.id) not in listener.told


def test_a_long_verification_keeps_its_claim(pushed: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "HEARTBEAT_SECONDS", -1.0)
    finishing._assemble(pushed)
    assert finishing.finish_upload(pushed.id)


def test_somebody_else_taking_over_ends_the_first(pushed: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "HEARTBEAT_SECONDS", -1.0)
    keep = claims.keep

    def taken_over(upload: Upload) -> None:
        Upload.objects.update(claimed_at=timezone.now() + timedelta(seconds=1))
        keep(upload)

    monkeypatch.setattr(claims, "keep", taken_over)
    assert finishing.finish_upload(pushed.id) is None
    assert state_of(pushed) == UploadState.VERIFYING


def test_the_crc_of_the_whole_is_known_afterwards(pushed: Upload) -> None:
    assert finishing.finish_upload(pushed.id)
    assert Upload.objects.get().crc32 == crc32(CONTENT)


def test_a_push_that_ends_while_somebody_looks_is_not_overlooked(
    actor: Actor, queues: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = new_upload(actor, CONTENT)
    send_all(actor, upload, CONTENT)
    uploads.complete(actor, upload=upload)
    give_back = claims.give_back

    def after_the_last_push(mine: Upload) -> bool:
        push_all(upload)
        queues.delete("transfers")
        return give_back(mine)

    monkeypatch.setattr(claims, "give_back", after_the_last_push)
    assert finishing.finish_upload(upload.id) is None
    assert queues.llen("transfers") == 1


class TestLargeFiles:
    @pytest.fixture(autouse=True)
    def one_at_once(self, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.VERIFY_LARGE_AT_ONCE = 1
        monkeypatch.setattr(verifying, "LARGE", len(CONTENT) - 1)

    def test_one_waits_for_its_turn_and_is_woken(self, pushed: Upload, queues: redis.Redis) -> None:
        with verifying.turn(pushed) as is_ours:
            assert is_ours
            assert finishing.finish_upload(pushed.id) is None
        waiting = Upload.objects.get()
        assert (waiting.state, waiting.claimed_at) == (UploadState.VERIFYING, None)
        assert waiting.due_at is not None
        assert waiting.due_at > timezone.now()
        assert finishing.finish_upload(pushed.id)

    def test_small_ones_pass(self, actor: Actor, pushed: Upload) -> None:
        with verifying.turn(pushed):
            assert store_all(actor, new_upload(actor, b"small"), b"small").state == UploadState.STORED

    def test_whoever_is_done_wakes_the_one_that_waited_longest(
        self, actor: Actor, pushed: Upload, queues: redis.Redis
    ) -> None:
        with verifying.turn(pushed):
            finishing.finish_upload(pushed.id)
        other = new_upload(actor, CONTENT)
        queues.delete("transfers")
        store_all(actor, other, CONTENT)
        woken = [json.loads(message)["headers"]["argsrepr"] for message in queues.lrange("transfers", 0, -1)]
        assert sum(str(pushed.id) in arguments for arguments in woken) == 1


def test_an_object_that_is_there_only_after_its_upload_was_cleared_goes_too(
    actor: Actor, pushed: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that puts ten thousand parts together takes its time, and their owner does not wait for it."""

    def take_long(self: S3Store, key: str, multipart_id: str, listed: Sequence[StoredPart]) -> None:
        Upload.objects.update(claimed_at=timezone.now() - finishing.CLAIM_LIFETIME - timedelta(seconds=5))
        uploads.remove(actor, upload=pushed)
        assert cleaning.clean_up(pushed.id)
        self.put_aside(key, io.BytesIO(CONTENT), size=len(CONTENT), sha256=sha256(CONTENT))

    monkeypatch.setattr(S3Store, "assemble", take_long)
    assert finishing.finish_upload(pushed.id) is None
    with pytest.raises(NoSuchObject):
        store().size(pushed.storage_key)
    assert cleaning.clean_up(pushed.id)
    assert state_of(pushed) == UploadState.ABORTED


@pytest.mark.django_db(transaction=True)
def test_nobody_takes_over_while_the_store_makes_the_object(pushed: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one is told that the multipart upload is gone, and would have every part sent again."""
    assemble = S3Store.assemble

    def take_long(self: S3Store, key: str, multipart_id: str, listed: Sequence[StoredPart]) -> None:
        claimed_at = Upload.objects.get().claimed_at
        until = time.monotonic() + 5
        while (now := Upload.objects.get().claimed_at) == claimed_at and time.monotonic() < until:
            time.sleep(0.05)
        assert now != claimed_at
        assemble(self, key, multipart_id, listed)

    monkeypatch.setattr(claims, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(S3Store, "assemble", take_long)
    assert finishing.finish_upload(pushed.id)
    assert state_of(pushed) == UploadState.STORED
