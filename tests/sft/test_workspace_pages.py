"""The workspace over HTTP: lists, the editor without script and for the page's script, the package page, downloads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from core.models import AuditEvent, Mail
from orgs.models import Membership
from sft.models import FileDownload, Package, PackageFile, PackageState, Recipient, RecipientState
from sft.services import delivery, drafts
from tests.sft import world as worlds
from tests.sft.counting import queries_of
from tests.sft.uploading import add_upload, arrive, some_bytes, store_for_real, tell_stored
from tests.sft.world import World, acting, draft, recipient_row
from tests.transfers import sending
from transfers.models import Upload
from transfers.services import finishing, uploads

pytestmark = pytest.mark.django_db

BrowserOf = Callable[[Membership], Client]
JSON = {"Accept": "application/json"}


def delivered(world: World, *, title: str = "Wing spar drawings") -> Package:
    package = draft(world, title=title)
    tell_stored(add_upload(world, package))
    return delivery.send(acting(world.sender), package=package)


# --- Step by step, without script ---------------------------------------------------------------------------------
def test_a_package_is_sent_step_by_step_without_script(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.sender)
    assert not Package.objects.exists()
    page = browser.get("/sft/packages/new/")
    assert 'name="title"' in page.content.decode()
    assert not Package.objects.exists()

    who = world.recipient.user.email
    first = browser.post("/sft/packages/new/", {"title": "Drawings", "note": "Rev C", "recipient": who, "do": "files"})
    package = Package.objects.get()
    assert first["Location"] == f"/sft/packages/{package.pk}/files/"
    content = some_bytes(300_000)
    added = browser.post(first["Location"], {"files": [SimpleUploadedFile("spar.step", content)]})
    assert added["Location"] == f"/sft/packages/{package.pk}/draft/"
    page = browser.get(added["Location"])
    for expected in ("Drawings", "Rev C", "Hanna Lindqvist", "spar.step"):
        assert expected in page.content.decode()

    sent = browser.post(added["Location"], {"title": "Drawings", "note": "Rev C", "do": "send"})
    assert sent["Location"] == f"/sft/packages/{package.pk}/"
    upload = Upload.objects.get()
    sending.push_all(upload)
    assert finishing.finish_upload(upload.pk)
    file = PackageFile.objects.get()
    assert (file.sha256, file.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert Package.objects.get().state == PackageState.DELIVERED


def test_every_button_saves_what_was_typed(world: World, browser_of: BrowserOf) -> None:
    package, browser = draft(world), browser_of(world.sender)
    path = f"/sft/packages/{package.pk}/draft/"
    row = recipient_row(package, world.recipient)
    for number, button in enumerate(({"do": "save"}, {"do": "files"}, {"remove_recipient": str(row.pk)})):
        assert browser.post(path, {"title": f"Title {number}", "note": "", **button}).status_code == 302
        assert Package.objects.get().title == f"Title {number}"
    assert not package.recipients.exists()


def test_a_refused_recipient_keeps_everything_typed(world: World, browser_of: BrowserOf) -> None:
    package = draft(world)
    data = {"title": "Changed", "note": "New words", "recipient": "nobody@example.com", "do": "add"}
    answer = browser_of(world.sender).post(f"/sft/packages/{package.pk}/draft/", data)
    page = answer.content.decode()
    assert answer.status_code == 422
    for expected in ("Nobody in your organisation", "nobody@example.com", "Changed", "New words"):
        assert expected in page
    assert Package.objects.get().title == "Changed"


def test_a_refusal_on_the_new_page_leads_into_the_draft_that_was_begun(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.sender)
    data = {"title": "Drawings", "note": "", "recipient": "nobody@example.com", "do": "add"}
    page = browser.post("/sft/packages/new/", data).content.decode()
    package = Package.objects.get()
    assert f'action="/sft/packages/{package.pk}/draft/"' in page


def test_a_title_that_is_too_long_comes_back_as_typed(world: World, browser_of: BrowserOf) -> None:
    package = draft(world)
    title = "x" * 201
    answer = browser_of(world.sender).post(f"/sft/packages/{package.pk}/draft/", {"title": title, "note": ""})
    assert (answer.status_code, title in answer.content.decode()) == (422, True)
    assert Package.objects.get().title == "Wing spar drawings"


def test_send_says_beside_each_field_what_is_missing(world: World, browser_of: BrowserOf) -> None:
    package = draft(world, to=())
    answer = browser_of(world.sender).post(f"/sft/packages/{package.pk}/draft/", {"title": "", "do": "send"})
    page = answer.content.decode()
    assert answer.status_code == 422
    for sentence in ("Give the package a title", "Add at least one recipient", "Add at least one file"):
        assert sentence in page


def test_sending_twice_shows_what_became_of_it(world: World, browser_of: BrowserOf) -> None:
    package = draft(world)
    tell_stored(add_upload(world, package))
    browser, path = browser_of(world.sender), f"/sft/packages/{package.pk}/draft/"
    data = {"title": "Drawings", "do": "send"}
    assert browser.post(path, data)["Location"] == f"/sft/packages/{package.pk}/"
    again = browser.post(path, data)
    assert again["Location"] == f"/sft/packages/{package.pk}/"
    assert "has been sent" in browser.get(again["Location"]).content.decode()
    assert browser.post(path, data, headers=JSON).status_code == 409
    assert browser.get(path)["Location"] == f"/sft/packages/{package.pk}/"
    assert Mail.objects.filter(template="sft/mail/package_received").count() == 1


def test_files_and_recipients_are_removed_by_their_buttons(world: World, browser_of: BrowserOf) -> None:
    package = draft(world)
    add_upload(world, package)
    path = f"/sft/packages/{package.pk}/draft/"
    browser = browser_of(world.sender)
    assert browser.post(path, {"title": "", "remove_file": "no key"}).status_code == 404
    assert browser.post(path, {"title": "", "remove_file": str(package.files.get().pk)}).status_code == 302
    assert not package.files.exists()


def test_discarding_asks_by_post_and_takes_the_draft_away(world: World, browser_of: BrowserOf) -> None:
    package = draft(world)
    answer = browser_of(world.sender).post(f"/sft/packages/{package.pk}/discard/", follow=True)
    assert answer.redirect_chain == [("/sft/drafts/", 302)]
    assert "was discarded" in answer.content.decode()
    assert not Package.objects.exists()


# --- For the page's script ----------------------------------------------------------------------------------------
def test_the_script_makes_a_draft_adds_and_sends_with_json(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.sender)
    started = browser.post("/sft/packages/new/", {"title": "Drawings"}, headers=JSON).json()
    package = Package.objects.get()
    assert (started["state"], started["draft_url"]) == ("draft", f"/sft/packages/{package.pk}/draft/")
    data = {"title": "Drawings", "note": "", "recipient": str(world.recipient.pk), "do": "add"}
    (added,) = browser.post(started["draft_url"], data, headers=JSON).json()["recipients"]
    assert (added["name"], added["organization"]) == ("Hanna Lindqvist", "Harbor Metals")
    upload = arrive(add_upload(world, package))
    sent = browser.post(started["draft_url"], {"title": "Drawings", "do": "send"}, headers=JSON).json()
    assert (sent["state"], sent["files"][0]["state"]) == ("processing", "uploaded")
    tell_stored(upload)
    status = browser.get(started["status_url"], headers=JSON).json()
    assert (status["state"], status["files"][0]["state"]) == ("delivered", "verified")


def test_a_second_tab_that_touches_no_words_writes_over_none(world: World, browser_of: BrowserOf) -> None:
    package = draft(world, title="From one tab", to=())
    data = {"recipient": str(world.recipient.pk), "do": "add"}
    assert browser_of(world.sender).post(f"/sft/packages/{package.pk}/draft/", data, headers=JSON).status_code == 200
    package.refresh_from_db()
    assert (package.title, package.note, package.recipients.count()) == ("From one tab", "Rev C", 1)


def test_the_script_gets_refusals_by_field(world: World, browser_of: BrowserOf) -> None:
    package = draft(world, to=())
    path = f"/sft/packages/{package.pk}/draft/"
    answer = browser_of(world.sender).post(path, {"title": "", "do": "send"}, headers=JSON)
    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == {"title", "recipient", "files"}


def test_suggestions_are_people_who_can_receive(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.sender)
    everybody = browser.get("/sft/contacts/?q=lindqvist").json()["contacts"]
    assert {person["name"] for person in everybody} == {"Olivia Lindqvist", "Aaron Lindqvist", "Hanna Lindqvist"}
    (hanna,) = browser.get("/sft/contacts/?q=harbor+hanna").json()["contacts"]
    assert hanna["id"] == str(world.recipient.pk)
    assert browser.get("/sft/contacts/?q=sven").json()["contacts"] == []


def test_a_file_that_is_not_finished_is_listed_with_what_the_engine_compares(
    world: World, browser_of: BrowserOf
) -> None:
    package = draft(world)
    upload = add_upload(world, package, name="spar & rib.step", size=40_000_000, path="wing/left")
    page = browser_of(world.sender).get(f"/sft/packages/{package.pk}/draft/").content.decode()
    for expected in (
        f'data-upload="{upload.pk}"',
        'data-name="spar &amp; rib.step"',
        'data-path="wing/left"',
        'data-size="40000000"',
        "Pick the same file to continue",
    ):
        assert expected in page


# --- Lists --------------------------------------------------------------------------------------------------------
def test_received_shows_unread_in_bold_and_counts_it(world: World, browser_of: BrowserOf) -> None:
    package = delivered(world)
    reader = browser_of(world.recipient)
    page = reader.get("/sft/").content.decode()
    assert 'class="is-unread"' in page
    assert '<span class="tab-count">1</span>' in page
    for expected in ("Wing spar drawings", "Emma Lindqvist", "Aurora Aerospace", "1 kB"):
        assert expected in page
    reader.get(f"/sft/packages/{package.pk}/")
    assert 'class="is-unread"' not in reader.get("/sft/").content.decode()


def test_empty_lists_say_what_will_be_there(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.sender)
    assert "No packages yet" in browser.get("/sft/").content.decode()
    assert "Nothing sent yet" in browser.get("/sft/sent/").content.decode()
    assert "No drafts" in browser.get("/sft/drafts/").content.decode()


def many_packages(world: World, count: int) -> None:
    """Rows as they would stand after ``count`` packages each way, and as many drafts, with two files each."""
    now = timezone.now()
    for sender, reader in ((world.sender, world.recipient), (world.recipient, world.sender)):
        sent = Package.objects.bulk_create(
            Package(
                organization=sender.organization,
                sender=sender,
                title=f"Package {number}",
                state=PackageState.DELIVERED,
                sent_at=now - timedelta(minutes=number),
                delivered_at=now - timedelta(minutes=number),
            )
            for number in range(count)
        )
        drafted = Package.objects.bulk_create(
            Package(organization=sender.organization, sender=sender, title=f"Draft {number}") for number in range(count)
        )
        Recipient.objects.bulk_create(
            Recipient(package=package, membership=reader, state=RecipientState.NOTIFIED, notified_at=package.sent_at)
            for package in sent
        )
        Recipient.objects.bulk_create(Recipient(package=package, membership=reader) for package in drafted)
        PackageFile.objects.bulk_create(
            PackageFile(package=package, upload_id=uuid4(), name=f"{copy}.step", size=9)
            for package in (*sent, *drafted)
            for copy in (0, 1)
        )


LISTS = ("/sft/", "/sft/sent/", "/sft/drafts/")


def test_lists_make_as_many_queries_for_a_thousand_rows_as_for_ten(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.sender)
    many_packages(world, 10)
    few = [queries_of(browser, path) for path in LISTS]
    many_packages(world, 1000)
    assert [queries_of(browser, path) for path in LISTS] == few


def test_the_next_page_starts_where_the_last_ended(world: World, browser_of: BrowserOf) -> None:
    many_packages(world, 60)
    browser = browser_of(world.sender)
    for path in LISTS:
        first = browser.get(path)
        second = browser.get(path, {"after": first.context["page"].next_cursor})
        keys = [row.pk for answer in (first, second) for row in answer.context["page"].rows]
        assert (len(keys), len(set(keys))) == (60, 60)


def test_pages_of_one_package_make_as_many_queries_for_many_files_and_recipients(
    world: World, browser_of: BrowserOf
) -> None:
    def package_of(files: int, people: int) -> Package:
        package = draft(world)
        for number in range(files):
            tell_stored(add_upload(world, package, name=f"{number}.step"))
        for number in range(people):
            reader = worlds.with_access(worlds.member(world.aurora, f"Reader{number}"))
            Recipient.objects.create(package=package, membership=reader)
        return package

    small, large = package_of(1, 1), package_of(40, 20)
    sender, reader = browser_of(world.sender), browser_of(world.recipient)
    draft_counts = [queries_of(sender, f"/sft/packages/{package.pk}/draft/") for package in (small, large)]
    assert draft_counts[0] == draft_counts[1]
    for package in (small, large):
        delivery.send(acting(world.sender), package=package)
    for browser in (sender, reader):
        counts = [queries_of(browser, f"/sft/packages/{package.pk}/") for package in (small, large)]
        assert counts[0] == counts[1]


# --- One package --------------------------------------------------------------------------------------------------
def test_sender_and_recipient_see_the_same_page_with_what_is_theirs(world: World, browser_of: BrowserOf) -> None:
    package = draft(world, to=(world.recipient, world.owner))
    tell_stored(add_upload(world, package))
    delivery.send(acting(world.sender), package=package)
    path = f"/sft/packages/{package.pk}/"
    to_recipient = browser_of(world.recipient).get(path).content.decode()
    to_sender = browser_of(world.sender).get(path).content.decode()
    for page in (to_recipient, to_sender):
        for expected in ("Wing spar drawings", "Rev C", "Emma Lindqvist", "spar.step", package.files.get().sha256):
            assert expected in page
    assert "Olivia Lindqvist" in to_sender
    assert "Olivia Lindqvist" not in to_recipient
    assert "Opened" in to_sender


def test_opening_the_page_is_seen_by_the_sender_once(world: World, browser_of: BrowserOf) -> None:
    package = delivered(world)
    reader = browser_of(world.recipient)
    for _ in range(2):
        assert reader.get(f"/sft/packages/{package.pk}/").status_code == 200
    assert recipient_row(package, world.recipient).state == RecipientState.OPENED
    assert AuditEvent.objects.filter(action="sft.recipient.open").count() == 1


def test_the_senders_page_says_what_it_waits_for(world: World, browser_of: BrowserOf) -> None:
    package = draft(world)
    upload = add_upload(world, package)
    delivery.send(acting(world.sender), package=package)
    browser, path = browser_of(world.sender), f"/sft/packages/{package.pk}/"
    assert "This package waits for files from your computer" in browser.get(path).content.decode()
    Upload.objects.update(state="pushing", completed_at=timezone.now())
    assert "Every byte has arrived" in browser.get(path).content.decode()
    tell_stored(upload)
    assert "waits for files" not in browser.get(path).content.decode()


def test_a_failed_package_says_why_and_how_to_go_on(world: World, browser_of: BrowserOf) -> None:
    package = draft(world)
    upload = add_upload(world, package)
    delivery.send(acting(world.sender), package=package)
    uploads.fail(worlds.operator(), upload=upload, reason="It was not sent in time.", action="expire")
    page = browser_of(world.sender).get(f"/sft/packages/{package.pk}/").content.decode()
    assert "It was not sent in time." in page
    assert "/sft/packages/new/" in page


def test_every_byte_of_a_download_counts_and_nothing_less(world: World, browser_of: BrowserOf) -> None:
    package = draft(world)
    content = some_bytes(6 * 1024**2)
    file = store_for_real(world, package, content)
    delivery.send(acting(world.sender), package=package)
    reader, path = browser_of(world.recipient), f"/sft/packages/{package.pk}/files/{file.pk}/download/"

    first_block = next(iter(reader.get(path)))
    assert 0 < len(first_block) < len(content)
    assert recipient_row(package, world.recipient).state == RecipientState.OPENED
    assert not FileDownload.objects.exists()

    whole = reader.get(path)
    assert b"".join(whole) == content
    assert whole["Content-Disposition"].startswith("attachment")
    assert whole["X-Content-Type-Options"] == "nosniff"
    assert recipient_row(package, world.recipient).state == RecipientState.DOWNLOADED
    assert FileDownload.objects.get().sha256 == hashlib.sha256(content).hexdigest()
    assert AuditEvent.objects.filter(action="sft.file.download", actor_label=world.recipient.user.user_id).count() == 2
    assert AuditEvent.objects.filter(action="sft.file.downloaded").count() == 1
    page = browser_of(world.sender).get(f"/sft/packages/{package.pk}/").content.decode()
    assert "Downloaded" in page


def test_the_senders_own_download_is_no_receipt(world: World, browser_of: BrowserOf) -> None:
    package = draft(world)
    file = store_for_real(world, package, some_bytes())
    delivery.send(acting(world.sender), package=package)
    answer = browser_of(world.sender).get(f"/sft/packages/{package.pk}/files/{file.pk}/download/")
    assert b"".join(answer)
    assert not FileDownload.objects.exists()


def test_drafts_can_be_found_again(world: World, browser_of: BrowserOf) -> None:
    drafts.start(acting(world.sender))
    page = browser_of(world.sender).get("/sft/drafts/").content.decode()
    assert "Untitled package" in page
    assert "nobody yet" in page
