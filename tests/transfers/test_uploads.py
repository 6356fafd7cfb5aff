"""Creating, completing and removing uploads: names, sizes, the policy's word, what the listener is told."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings

from accounts.models import User
from core.actor import Actor
from core.errors import Conflict, Invalid, NotAllowed, NotFound, SignInRequired, TooLarge
from core.models import AuditEvent
from core.policies import refused
from tests.transfers.conftest import MIB, PART, Listener, Policy, actor_of
from tests.transfers.sending import new_upload, push_all, random_bytes, send, send_all, store_all
from transfers import access, queries
from transfers.errors import PartsMissing
from transfers.models import Upload, UploadState
from transfers.queries import Progress
from transfers.services import finishing, uploads

TIB = 1024**4
CONTENT = random_bytes(PART + 1)


def test_an_upload_is_created_for_its_owner(actor: Actor, policy: Policy, listener: Listener) -> None:
    subject = uuid4()
    upload = uploads.create(actor, subject=subject, name="part.step", path="a\\b//./c", size=12)
    assert (upload.state, upload.owner_id, upload.path) == (UploadState.RECEIVING, actor.user_id, "a/b/c")
    assert policy.asked == [(actor.user_id, subject, "part.step", 12)]
    assert listener.told == [("created", upload.id)]
    assert AuditEvent.objects.get().action == "transfers.upload.create"


def test_what_the_policy_refuses_leaves_nothing(actor: Actor, policy: Policy, listener: Listener) -> None:
    policy.decision = refused("This package has been sent already.")
    with pytest.raises(NotAllowed, match="sent already"):
        new_upload(actor, CONTENT)
    assert not Upload.objects.exists()
    assert listener.told == []


def test_a_visitor_creates_nothing(db: None) -> None:
    with pytest.raises(SignInRequired):
        new_upload(Actor.anonymous(), CONTENT)


@pytest.mark.parametrize(
    "name",
    [
        "résumé 2026.pdf",
        "図面.step",
        "CON",
        "..",
        "a" * 255,
        "é" * 127,
        "back\\slash",
        'quote".txt',
        "👩‍🔧.txt",
        "\u200fמפרט.pdf",
    ],
)
def test_names_people_have_are_kept_as_they_are(actor: Actor, name: str) -> None:
    assert new_upload(actor, CONTENT, name=name).name == name


@pytest.mark.parametrize(
    "name", ["", " ", "nul\0byte", "line\nbreak", "a/b", "a" * 256, "é" * 128, "half \ud83d", "photo\u202egpj.exe"]
)
def test_names_no_disk_would_hold_are_refused(actor: Actor, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        new_upload(actor, CONTENT, name=name)
    assert "name" in refusal.value.fields


@pytest.mark.parametrize(
    ("path", "kept"),
    [("", ""), ("/a/b/", "a/b"), ("../../etc", "etc"), ("C:\\Users\\me", "C:/Users/me"), ("über/日本", "über/日本")],
)
def test_folders_are_brought_into_one_form(actor: Actor, path: str, kept: str) -> None:
    assert uploads.create(actor, subject=uuid4(), name="x", path=path, size=1).path == kept


@pytest.mark.parametrize("path", ["a\0b", "x" * 256, "/".join(["long"] * 300)])
def test_folders_no_disk_would_hold_are_refused(actor: Actor, path: str) -> None:
    with pytest.raises(Invalid) as refusal:
        uploads.create(actor, subject=uuid4(), name="x", path=path, size=1)
    assert "path" in refusal.value.fields


def test_the_largest_size_is_taken_and_one_byte_more_is_not(actor: Actor, settings: LazySettings) -> None:
    settings.UPLOAD_MAX_BYTES = 5 * TIB
    assert uploads.create(actor, subject=uuid4(), name="x", size=5 * TIB).part_count == 8993
    with pytest.raises(TooLarge, match=r"5\.5 TB"):
        uploads.create(actor, subject=uuid4(), name="x", size=5 * TIB + 1)
    with pytest.raises(Invalid):
        uploads.create(actor, subject=uuid4(), name="x", size=-1)


@pytest.mark.parametrize(
    ("size", "part_size"),
    [(0, 16 * MIB), (1, 16 * MIB), (9000 * 16 * MIB, 16 * MIB), (9000 * 16 * MIB + 1, 17 * MIB), (5 * TIB, 583 * MIB)],
)
def test_parts_grow_by_whole_mebibytes_to_stay_under_the_limit(
    settings: LazySettings, size: int, part_size: int
) -> None:
    settings.UPLOAD_PART_BYTES = 16 * MIB
    assert uploads.part_size_for(size) == part_size
    assert -(-size // part_size) <= 9000


@pytest.mark.parametrize(
    ("size", "lengths"), [(0, []), (1, [1]), (PART - 1, [PART - 1]), (PART, [PART]), (PART + 1, [PART, 1])]
)
def test_all_parts_are_equal_but_the_last(actor: Actor, size: int, lengths: list[int]) -> None:
    upload = uploads.create(actor, subject=uuid4(), name="x", size=size)
    assert [upload.length_of(number) for number in range(1, (upload.part_count or 0) + 1)] == lengths


def test_only_its_owner_finds_an_upload(actor: Actor, stranger: User) -> None:
    upload = new_upload(actor, CONTENT)
    assert access.for_owner(actor, upload.id) == upload
    for somebody in (actor_of(stranger), Actor.anonymous()):
        with pytest.raises(NotFound):
            access.for_owner(somebody, upload.id)


def test_completing_waits_for_every_part(actor: Actor) -> None:
    upload = new_upload(actor, CONTENT)
    send(actor, upload, CONTENT, 2)
    with pytest.raises(PartsMissing) as refusal:
        uploads.complete(actor, upload=upload)
    assert refusal.value.numbers == [1]
    send(actor, upload, CONTENT, 1)
    assert uploads.complete(actor, upload=upload).state == UploadState.PUSHING


def test_completing_twice_changes_nothing(actor: Actor) -> None:
    upload = new_upload(actor, CONTENT)
    send_all(actor, upload, CONTENT)
    first = uploads.complete(actor, upload=upload)
    assert uploads.complete(actor, upload=upload).completed_at == first.completed_at
    push_all(upload)
    finishing.finish_upload(upload.id)
    assert uploads.complete(actor, upload=upload).state == UploadState.STORED
    assert AuditEvent.objects.filter(action="transfers.upload.complete").count() == 1


def test_the_policy_is_asked_again_at_completion(actor: Actor, policy: Policy) -> None:
    upload = new_upload(actor, CONTENT)
    send_all(actor, upload, CONTENT)
    policy.decision = refused("Your organisation's space is used up.")
    with pytest.raises(NotAllowed, match="used up"):
        uploads.complete(actor, upload=upload)
    upload.refresh_from_db()
    assert upload.state == UploadState.RECEIVING
    assert len(policy.asked) == 2


@pytest.mark.parametrize("completed", [False, True])
def test_an_upload_under_way_can_be_given_up_again_and_again(actor: Actor, listener: Listener, completed: bool) -> None:
    upload = new_upload(actor, CONTENT)
    send_all(actor, upload, CONTENT)
    if completed:
        uploads.complete(actor, upload=upload)
    assert uploads.abort(actor, upload=upload).state == UploadState.ABORTED
    assert uploads.abort(actor, upload=upload).state == UploadState.ABORTED
    assert listener.told == [("created", upload.id), ("removed", upload.id)]


def test_a_removed_upload_takes_neither_parts_nor_completion(actor: Actor) -> None:
    upload = new_upload(actor, CONTENT)
    send(actor, upload, CONTENT, 1)
    stale = Upload.objects.get(pk=upload.pk)
    uploads.abort(actor, upload=upload)
    with pytest.raises(Conflict, match="Removed"):
        send(actor, stale, CONTENT, 2)
    with pytest.raises(Conflict, match="Removed"):
        uploads.complete(actor, upload=stale)


def test_a_stored_file_leaves_only_by_the_room_it_belongs_to(actor: Actor, listener: Listener) -> None:
    upload = store_all(actor, new_upload(actor, CONTENT), CONTENT)
    with pytest.raises(Conflict, match="stored already"):
        uploads.abort(actor, upload=upload)
    assert uploads.remove(actor, upload=upload).state == UploadState.ABORTED
    assert listener.told[-2:] == [("stored", upload.id), ("removed", upload.id)]


def test_progress_of_many_uploads_takes_two_queries(actor: Actor, django_assert_num_queries: type) -> None:
    begun, untouched = new_upload(actor, CONTENT), new_upload(actor, CONTENT)
    send(actor, begun, CONTENT, 1)
    with django_assert_num_queries(2):
        found = queries.progress([begun.id, untouched.id])
    assert found == {begun.id: Progress(1, PART), untouched.id: Progress(0, 0)}


def test_progress_keeps_an_upload_from_expiring(actor: Actor, settings: LazySettings) -> None:
    upload = new_upload(actor, CONTENT)
    Upload.objects.filter(pk=upload.pk).update(expires_at=upload.expires_at - timedelta(days=3))
    send(actor, upload, CONTENT, 1)
    slid = Upload.objects.get(pk=upload.pk).expires_at
    assert slid - upload.expires_at < timedelta(minutes=1)
    send(actor, upload, CONTENT, 2)
    assert Upload.objects.get(pk=upload.pk).expires_at == slid
