"""Quarantine: two members of staff let a file through, one deletes it, nobody else does anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.conf import LazySettings
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core import outbox
from core.actor import Actor, ActorKind
from core.errors import Conflict, Invalid, NotAllowed
from core.models import AuditEvent, Mail
from tests.concurrency import at_once
from tests.signing_in import fresh
from tests.transfers.clamd import FakeScanner
from tests.transfers.conftest import Listener, actor_of, make_user
from tests.transfers.sending import new_upload, push_all, send_all
from transfers.models import QuarantineNews, QuarantineRelease, ReleaseState, Scan, Upload, UploadState
from transfers.services import cleaning, finishing, news, quarantine, uploads
from transfers.storage import NoSuchObject, store

pytestmark = pytest.mark.django_db
CONTENT = b"Something that a scanner objects to."
FINDING = "Win.Test.Mag-1"


def of_staff(name: str) -> User:
    person = make_user(name)
    person.is_staff = True
    person.save()
    return person


def acting(person: User) -> Actor:
    return Actor(kind=ActorKind.USER, label=person.user_id, user_id=person.id, is_staff=True)


@pytest.fixture
def sam(db: None) -> User:
    return of_staff("sam")


@pytest.fixture
def kim(db: None) -> User:
    return of_staff("kim")


@pytest.fixture(autouse=True)
def scanner(settings: LazySettings) -> Iterator[None]:
    fake = FakeScanner()
    fake.answer = lambda _: f"stream: {FINDING} FOUND\0".encode()
    settings.CLAMD_URL = fake.url
    yield
    fake.close()


def quarantined(sender: User) -> Upload:
    upload = new_upload(actor_of(sender), CONTENT)
    send_all(actor_of(sender), upload, CONTENT)
    push_all(upload)
    uploads.complete(actor_of(sender), upload=upload)
    assert finishing.finish_upload(upload.id) is None
    return Upload.objects.get(pk=upload.pk)


@pytest.fixture
def held(sender: User, sam: User, kim: User) -> Upload:
    return quarantined(sender)


@pytest.fixture
def asked(held: Upload, sam: User) -> QuarantineRelease:
    return quarantine.ask(acting(sam), upload=held, reason="A false alarm, says the maker.")


def actions() -> set[str]:
    return set(AuditEvent.objects.values_list("action", flat=True))


def mails(template: str) -> set[str]:
    return set(Mail.objects.filter(template=f"transfers/mail/{template}").values_list("to", flat=True))


def test_staff_are_told_without_the_name_of_the_file(held: Upload, sam: User, kim: User) -> None:
    assert mails("file_quarantined") == {sam.email, kim.email}
    mail = Mail.objects.filter(template="transfers/mail/file_quarantined").first()
    assert mail is not None
    assert held.name not in str(mail.context)
    assert mail.context["finding"] == FINDING


def test_of_many_staff_are_told_once_an_hour(sender: User, sam: User) -> None:
    for _ in range(4):
        quarantined(sender)
    assert told(sam) == ["file_quarantined"]
    first = QuarantineNews.objects.get().told_at
    assert first is not None
    with time_machine.travel(first + news.AT_MOST_EVERY - timedelta(seconds=1), tick=False):
        assert news.tell_of_others() == 0
    with time_machine.travel(first + news.AT_MOST_EVERY, tick=False):
        assert news.tell_of_others() == 3
        assert news.tell_of_others() == 0
    assert told(sam) == ["file_quarantined", "files_quarantined"]
    mail = Mail.objects.get(template="transfers/mail/files_quarantined")
    assert (mail.context["came"], mail.context["waiting"]) == (3, 4)
    assert "/quarantinedupload/" in outbox.render(mail).text


def test_after_a_quiet_hour_staff_are_told_at_once(sender: User, sam: User) -> None:
    quarantined(sender)
    QuarantineNews.objects.update(told_at=timezone.now() - news.AT_MOST_EVERY)
    quarantined(sender)
    assert told(sam) == ["file_quarantined"] * 2


def told(person: User) -> list[str]:
    sent = Mail.objects.filter(to=person.email, template__startswith="transfers/mail/").order_by("created_at")
    return [mail.template.removeprefix("transfers/mail/") for mail in sent]


# --- Two persons let it through -----------------------------------------------------------------------------------
def test_a_colleague_releases_what_was_asked_for(
    held: Upload, asked: QuarantineRelease, sam: User, kim: User, listener: Listener
) -> None:
    assert mails("release_asked") == {kim.email}
    quarantine.release(acting(kim), asked=asked, reason="Checked with two others.")
    stored = Upload.objects.get()
    assert (stored.state, stored.scan, stored.reason) == (UploadState.STORED, Scan.FOUND, "")
    assert stored.stored_at is not None
    assert listener.told[-1] == ("stored", held.id)
    decided = QuarantineRelease.objects.get()
    assert (decided.state, decided.asked_by, decided.decided_by) == (ReleaseState.GRANTED, sam, kim)
    assert {"transfers.quarantinerelease.grant", "transfers.upload.release"} <= actions()


@pytest.mark.parametrize("decide", [quarantine.release, quarantine.refuse])
def test_whoever_asked_does_not_decide(asked: QuarantineRelease, sam: User, decide: Callable[..., object]) -> None:
    with pytest.raises(NotAllowed, match="You asked for this release yourself"):
        decide(acting(sam), asked=asked, reason="Because I say so.")
    assert Upload.objects.get().state == UploadState.QUARANTINED


def test_the_database_holds_that_too(asked: QuarantineRelease, sam: User) -> None:
    with pytest.raises(IntegrityError, match="release_takes_two_people"):
        QuarantineRelease.objects.update(state=ReleaseState.GRANTED, decided_by=sam)


def test_a_refused_file_stays_and_may_be_asked_for_again(asked: QuarantineRelease, held: Upload, kim: User) -> None:
    quarantine.refuse(acting(kim), asked=asked, reason="It is none.")
    assert Upload.objects.get().state == UploadState.QUARANTINED
    with pytest.raises(Conflict, match="decided on this request meanwhile"):
        quarantine.release(acting(kim), asked=asked, reason="After all.")
    assert quarantine.ask(acting(kim), upload=held, reason="Look again.").state == ReleaseState.ASKED


def test_it_is_asked_for_once(asked: QuarantineRelease, held: Upload, kim: User) -> None:
    with pytest.raises(NotAllowed, match="asked for already"):
        quarantine.ask(acting(kim), upload=held, reason="Me too.")


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 1001])
def test_each_step_needs_a_reason(held: Upload, sam: User, kim: User, reason: str) -> None:
    with pytest.raises(Invalid):
        quarantine.ask(acting(sam), upload=held, reason=reason)
    asked = quarantine.ask(acting(sam), upload=held, reason="Look.")
    for decide in (quarantine.release, quarantine.refuse):
        with pytest.raises(Invalid):
            decide(acting(kim), asked=asked, reason=reason)
    with pytest.raises(Invalid):
        quarantine.condemn(acting(kim), upload=held, reason=reason)
    assert Upload.objects.get().state == UploadState.QUARANTINED


def test_nobody_but_staff_does_anything(held: Upload, asked: QuarantineRelease, sender: User) -> None:
    owner = actor_of(sender)
    for act in (
        partial(quarantine.ask, owner, upload=held, reason="Mine."),
        partial(quarantine.release, owner, asked=asked, reason="Mine."),
        partial(quarantine.refuse, owner, asked=asked, reason="Mine."),
        partial(quarantine.condemn, owner, upload=held, reason="Mine."),
    ):
        with pytest.raises(NotAllowed):
            act()


# --- One deletes it -----------------------------------------------------------------------------------------------
def test_a_condemned_file_is_deleted_for_good(held: Upload, sam: User, listener: Listener) -> None:
    quarantine.condemn(acting(sam), upload=held, reason="It is one.")
    gone = Upload.objects.get()
    assert (gone.state, gone.reason) == (UploadState.FAILED, quarantine.CONDEMNED)
    assert listener.told[-1] == ("failed", held.id)
    assert listener.reasons[-1] == quarantine.CONDEMNED
    assert cleaning.clean_up(held.id)
    with pytest.raises(NoSuchObject):
        store().size(held.storage_key)
    with pytest.raises(Conflict):
        quarantine.ask(acting(sam), upload=held, reason="Too late.")


def test_condemning_refuses_what_a_colleague_asked_for(asked: QuarantineRelease, held: Upload, kim: User) -> None:
    quarantine.condemn(acting(kim), upload=held, reason="It is one.")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == (ReleaseState.REFUSED, kim)


def test_whoever_asked_for_release_does_not_condemn(asked: QuarantineRelease, held: Upload, sam: User) -> None:
    with pytest.raises(NotAllowed, match="A colleague has to decide"):
        quarantine.condemn(acting(sam), upload=held, reason="On second thoughts.")


def test_its_sender_may_remove_it_and_nothing_is_left_to_decide(
    asked: QuarantineRelease, held: Upload, sender: User, kim: User
) -> None:
    uploads.remove(actor_of(sender), upload=held)
    with pytest.raises(Conflict, match="no longer in quarantine"):
        quarantine.release(acting(kim), asked=asked, reason="Fine.")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_does() -> None:
    sender, sam, kim, lee = make_user("smithj"), of_staff("sam"), of_staff("kim"), of_staff("lee")
    held = quarantined(sender)
    asked = quarantine.ask(acting(sam), upload=held, reason="Look.")

    def decision(act: Callable[..., object], person: User) -> Callable[[], object]:
        return partial(act, acting(person), asked=QuarantineRelease.objects.get(pk=asked.pk), reason="So be it.")

    outcome = at_once([decision(quarantine.release, kim), decision(quarantine.refuse, lee)])
    assert sorted(type(error).__name__ for error in outcome) == ["Conflict", "NoneType"]
    assert Upload.objects.get().state in {UploadState.STORED, UploadState.QUARANTINED}
    assert QuarantineRelease.objects.get().state != ReleaseState.ASKED


# --- The back office ----------------------------------------------------------------------------------------------
def url(upload: Upload, verb: str = "change") -> str:
    return f"/admin/transfers/quarantinedupload/{upload.pk}/{verb}/"


@pytest.fixture
def desk(sam: User) -> Client:
    return fresh(sam)


def test_what_decides_needs_a_fresh_proof(client: Client, held: Upload, sam: User) -> None:
    client.force_login(sam)
    assert client.get(url(held))["Location"].startswith("/account/confirm/?next=")
    assert client.post(url(held, "condemn"), {"reason": "No."})["Location"].startswith("/account/confirm/?next=")
    assert Upload.objects.get().state == UploadState.QUARANTINED


def test_the_list_and_the_page_tell_everything_but_the_name(desk: Client, held: Upload) -> None:
    for address in ("/admin/transfers/quarantinedupload/", url(held)):
        page = desk.get(address).content.decode()
        assert FINDING in page
        assert held.name not in page
    assert "Files in quarantine" in desk.get("/admin/").content.decode()


def test_staff_ask_and_see_that_they_cannot_decide(desk: Client, held: Upload) -> None:
    assert "Ask for release" in desk.get(url(held)).content.decode()
    assert desk.post(url(held, "ask"), {"reason": ""}).status_code == 422
    assert desk.post(url(held, "ask"), {"reason": "A false alarm."}).status_code == 302
    page = desk.get(url(held)).content.decode()
    assert "A colleague has to decide" in page
    assert "Release the file" not in page
    assert desk.post(url(held, "release"), {"reason": "I insist."}).status_code == 403


@pytest.mark.parametrize(
    ("verb", "state"),
    [("release", UploadState.STORED), ("refuse", UploadState.QUARANTINED), ("condemn", UploadState.FAILED)],
)
def test_a_colleague_decides(desk: Client, held: Upload, kim: User, verb: str, state: str) -> None:
    quarantine.ask(acting(kim), upload=held, reason="A false alarm.")
    assert "Release the file" in desk.get(url(held)).content.decode()
    assert desk.post(url(held, verb), {"reason": "Looked into it."}).status_code == 302
    assert Upload.objects.get().state == state
    again = desk.post(url(held, "release"), {"reason": "Once more."})
    assert again.status_code == 409
    assert "no longer" in again.content.decode() or "no open request" in again.content.decode()


def test_what_was_decided_can_be_read_later(desk: Client, held: Upload, kim: User, sam: User) -> None:
    asked = quarantine.ask(acting(kim), upload=held, reason="A false alarm.")
    quarantine.release(acting(sam), asked=asked, reason="Looked into it.")
    page = desk.get(url(held)).content.decode()
    assert "Looked into it." in page
    assert "A false alarm." in page
    assert held.pk.hex not in desk.get("/admin/transfers/quarantinedupload/").content.decode()
    assert str(held.pk) in desk.get("/admin/transfers/quarantinedupload/?stands=decided").content.decode()


def test_other_uploads_have_no_page_there(desk: Client, sender: User) -> None:
    other = new_upload(actor_of(sender), CONTENT)
    assert desk.get(url(other)).status_code == 404
    assert desk.post(url(other, "condemn"), {"reason": "No."}).status_code == 404
