"""A store on a bad day: a later try, a part asked for again or a clear failure, and never a stored file of other bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core.actor import Actor
from tests.transfers import faulty_store
from tests.transfers.conftest import PART, Listener
from tests.transfers.faulty_store import FaultyStore
from tests.transfers.sending import content_in_store, new_upload, push_all, random_bytes, send, send_all, sha256
from transfers.models import Part, PartState, Upload, UploadState
from transfers.services import finishing, pushing, uploads
from transfers.storage import forget_clients, s3_clients

CONTENT = random_bytes(PART + 3)


@pytest.fixture
def upload(actor: Actor, faulty: FaultyStore) -> Upload:
    """An upload whose parts lie in staging, in front of a store that is still well."""
    upload = new_upload(actor, CONTENT)
    send_all(actor, upload, CONTENT)
    return upload


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, faulty: FaultyStore) -> Iterator[None]:
    monkeypatch.setattr(s3_clients, "WRITE_TIMEOUT_SECONDS", 0.3)
    forget_clients()
    yield
    forget_clients()


def push(upload: Upload) -> list[bool]:
    return [pushing.push_part(part.id) for part in upload.parts.filter(state=PartState.STAGED).order_by("number")]


def complete(actor: Actor, upload: Upload) -> Upload | None:
    uploads.complete(actor, upload=Upload.objects.get(pk=upload.pk))
    return finishing.finish_upload(upload.id)


def ends_well(actor: Actor, upload: Upload) -> None:
    """Everything is as it should be in the end: the right bytes, and the digest that says so."""
    for number in Part.objects.filter(upload=upload, state=PartState.MISSING).values_list("number", flat=True):
        send(actor, Upload.objects.get(pk=upload.pk), CONTENT, number)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        push_all(upload)
        stored = complete(actor, upload)
    assert stored is not None
    assert (stored.state, stored.sha256) == (UploadState.STORED, sha256(CONTENT))
    assert content_in_store(stored) == CONTENT


PASSING = [
    pytest.param(faulty_store.SLOW_DOWN, id="slow down"),
    *(pytest.param(fault, id=f"full {fault.status}") for fault in faulty_store.FULL),
    pytest.param(faulty_store.CutRequest(after=1000), id="cut in the body"),
]
CUT_ANSWER = pytest.param(faulty_store.CutAnswer(), id="cut in the answer")


@pytest.mark.parametrize("fault", [*PASSING, CUT_ANSWER])
def test_a_part_the_store_cannot_take_now_is_pushed_later(
    actor: Actor, faulty: FaultyStore, upload: Upload, fault: faulty_store.Fault
) -> None:
    faulty.plan(fault, on=lambda asked: faulty_store.putting_parts(asked) or faulty_store.beginning(asked))
    assert push(upload) == [False, False]
    for part in upload.parts.all():
        assert (part.state, part.claimed_at) == (PartState.STAGED, None)
        assert part.last_error
        assert part.due_at > timezone.now()
    faulty.mend()
    ends_well(actor, upload)


@pytest.mark.usefixtures("impatient")
def test_a_store_that_is_slow_is_asked_again_later(actor: Actor, faulty: FaultyStore, upload: Upload) -> None:
    faulty.plan(faulty_store.Delay(1), on=faulty_store.beginning)
    assert push(upload)[0] is False
    faulty.mend()
    ends_well(actor, upload)


@pytest.mark.parametrize("fault", [faulty_store.LieAboutETag(), faulty_store.DropBody()], ids=["lie", "loss"])
def test_a_part_about_which_the_store_lied_is_asked_for_again(
    actor: Actor, faulty: FaultyStore, upload: Upload, fault: faulty_store.Fault
) -> None:
    faulty.plan(fault, on=faulty_store.putting_part(2), times=1)
    assert push(upload) == [True, True]
    assert complete(actor, upload) is None
    assert Upload.objects.get().state == UploadState.RECEIVING
    assert [part.number for part in Part.objects.filter(state=PartState.MISSING)] == [2]
    ends_well(actor, upload)


@pytest.mark.parametrize("fault", PASSING)
def test_a_file_the_store_cannot_put_together_now_is_finished_later(
    actor: Actor, faulty: FaultyStore, upload: Upload, fault: faulty_store.Fault
) -> None:
    push_all(upload)
    faulty.plan(fault, on=faulty_store.completing)
    assert complete(actor, upload) is None
    waiting = Upload.objects.get()
    assert (waiting.state, waiting.claimed_at) == (UploadState.PUSHING, None)
    assert waiting.due_at is not None
    assert waiting.due_at > timezone.now()
    faulty.mend()
    ends_well(actor, upload)


def test_a_file_whose_putting_together_the_store_did_not_get_to_say_is_recognised(
    actor: Actor, faulty: FaultyStore, upload: Upload
) -> None:
    push_all(upload)
    faulty.plan(faulty_store.CutAnswer(), on=faulty_store.completing)
    assert complete(actor, upload)
    assert content_in_store(upload) == CONTENT


@pytest.mark.parametrize(("since", "waits"), [(timedelta(minutes=9), True), (timedelta(minutes=11), False)])
def test_a_store_that_may_still_be_making_the_file_is_waited_for(
    actor: Actor, faulty: FaultyStore, upload: Upload, since: timedelta, *, waits: bool
) -> None:
    """It broke off when it was asked, and says now that there is nothing to make a file of."""
    push_all(upload)
    faulty.plan(faulty_store.SLOW_DOWN, on=faulty_store.completing)
    assert complete(actor, upload) is None
    Upload.objects.update(assembling_since=timezone.now() - since)
    faulty.mend()
    faulty.plan(faulty_store.Refuse(404, "NoSuchUpload"), on=faulty_store.completing)
    assert finishing.finish_upload(upload.id) is None
    assert Upload.objects.get().state == (UploadState.PUSHING if waits else UploadState.RECEIVING)
    assert Part.objects.filter(state=PartState.MISSING).exists() is not waits
    faulty.mend()
    ends_well(actor, upload)


def test_a_store_that_broke_off_again_is_waited_for_anew(actor: Actor, faulty: FaultyStore, upload: Upload) -> None:
    """It was away for long, began to make the file when it came back, and broke off over that."""
    push_all(upload)
    faulty.plan(faulty_store.SLOW_DOWN, on=faulty_store.completing)
    assert complete(actor, upload) is None
    Upload.objects.update(assembling_since=timezone.now() - timedelta(minutes=11))
    assert finishing.finish_upload(upload.id) is None
    faulty.mend()
    faulty.plan(faulty_store.Refuse(404, "NoSuchUpload"), on=faulty_store.completing)
    for _ in range(2):
        assert finishing.finish_upload(upload.id) is None
        assert Upload.objects.get().state == UploadState.PUSHING
    asked = Upload.objects.get().assembling_since
    assert asked is not None
    with time_machine.travel(asked + timedelta(minutes=10, seconds=1)):
        assert finishing.finish_upload(upload.id) is None
    assert Upload.objects.get().state == UploadState.RECEIVING
    faulty.mend()
    ends_well(actor, upload)


def test_a_file_that_reads_back_otherwise_is_never_stored(
    actor: Actor, faulty: FaultyStore, upload: Upload, listener: Listener
) -> None:
    push_all(upload)
    faulty.plan(faulty_store.SpoilAnswer(), on=faulty_store.reading)
    assert complete(actor, upload) is None
    failed = Upload.objects.get()
    assert (failed.state, failed.sha256, failed.reason) == (UploadState.FAILED, "", finishing.DAMAGED)
    assert listener.reasons == [finishing.DAMAGED]
    assert ("stored", upload.id) not in listener.told


def test_reading_back_goes_on_where_the_connection_broke(actor: Actor, faulty: FaultyStore, upload: Upload) -> None:
    push_all(upload)
    faulty.plan(faulty_store.CutAnswer(after=1024**2), on=faulty_store.reading, times=2)
    assert complete(actor, upload)
    assert content_in_store(upload) == CONTENT


def test_a_store_that_cannot_be_read_is_read_later(actor: Actor, faulty: FaultyStore, upload: Upload) -> None:
    push_all(upload)
    faulty.plan(faulty_store.SLOW_DOWN, on=faulty_store.reading)
    assert complete(actor, upload) is None
    assert Upload.objects.get().state == UploadState.VERIFYING
    faulty.mend()
    ends_well(actor, upload)
