"""What senders see and are told of the malware scanner: waiting, held, released, deleted; nothing is delivered before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.errors import Invalid
from core.models import Mail
from sft.models import Package, PackageFile, PackageState
from sft.services import delivery, mails
from tests.sft.uploading import add_upload
from tests.sft.world import World, acting, draft, operator
from tests.transfers.clamd import FakeScanner
from tests.transfers.sending import push_all, send_all
from transfers.models import QuarantineRelease, Scan, Upload, UploadState
from transfers.services import finishing, quarantine, uploads

pytestmark = pytest.mark.django_db
CONTENT = b"Something that a scanner objects to."
FINDING = "Win.Test.Mag-1"


@pytest.fixture
def scanner(settings: LazySettings) -> Iterator[FakeScanner]:
    fake = FakeScanner()
    fake.answer = lambda _: f"stream: {FINDING} FOUND\0".encode()
    settings.CLAMD_URL = fake.url
    yield fake
    fake.close()


def bring(world: World, package: Package, *, name: str = "drawing.step", finish: bool = True) -> Upload:
    upload = add_upload(world, package, name=name, size=len(CONTENT))
    send_all(acting(world.sender), upload, CONTENT)
    push_all(upload)
    uploads.complete(acting(world.sender), upload=upload)
    if finish:
        finishing.finish_upload(upload.id)
    return Upload.objects.get(pk=upload.pk)


@pytest.fixture
def sent(world: World, scanner: FakeScanner) -> Package:
    """A package that was sent before the scanner had looked at its file."""
    package = draft(world)
    upload = bring(world, package, finish=False)
    delivery.send(acting(world.sender), package=package)
    finishing.finish_upload(upload.id)
    return Package.objects.get(pk=package.pk)


def mailed(world: World) -> list[str]:
    rows = Mail.objects.filter(to=world.sender.user.email).order_by("created_at")
    return [template.removeprefix("sft/mail/") for template in rows.values_list("template", flat=True)]


def page_of(client: Client, world: World, package: Package) -> str:
    client.force_login(world.sender.user)
    return client.get(f"/sft/packages/{package.pk}/").content.decode()


def ask(upload: Upload) -> QuarantineRelease:
    return quarantine.ask(operator(), upload=upload, reason="A false alarm.")


def test_a_package_with_a_held_file_is_not_delivered_and_says_so(client: Client, world: World, sent: Package) -> None:
    assert sent.state == PackageState.PROCESSING
    assert mailed(world) == ["file_quarantined"]
    page = page_of(client, world, sent)
    assert "not delivered yet: a file is being held" in page
    assert "Held in quarantine" in page
    assert FINDING in page


def test_of_many_held_files_of_a_package_its_sender_is_told_once_an_hour(world: World, scanner: FakeScanner) -> None:
    package = draft(world)
    for number in range(3):
        bring(world, package, name=f"{number}.step")
    assert mailed(world) == ["file_quarantined"]
    Mail.objects.update(created_at=timezone.now() - mails.FILES_AT_MOST_EVERY)
    bring(world, package, name="3.step")
    assert mailed(world) == ["file_quarantined"] * 2
    bring(world, draft(world))
    assert mailed(world) == ["file_quarantined"] * 3


def test_nobody_fetches_a_held_file(client: Client, world: World, sent: Package) -> None:
    file = PackageFile.objects.get()
    client.force_login(world.sender.user)
    assert client.get(reverse("sft:file-download", args=[sent.pk, file.pk])).status_code == 403
    assert client.get(f"/transfers/uploads/{file.upload_id}/content/").status_code in {403, 404, 409}


def test_a_released_file_goes_on_its_way(client: Client, world: World, sent: Package) -> None:
    quarantine.release(operator(), asked=ask(Upload.objects.get()), reason="Looked into it.")
    assert Package.objects.get().state == PackageState.DELIVERED
    assert mailed(world) == ["file_quarantined", "file_released"]
    assert "staff released it" in page_of(client, world, sent)


def test_a_condemned_file_fails_its_package(world: World, sent: Package) -> None:
    quarantine.condemn(operator(), upload=Upload.objects.get(), reason="It is one.")
    assert Package.objects.get().state == PackageState.FAILED
    assert mailed(world) == ["file_quarantined", "package_failed"]


def test_a_draft_is_not_sent_with_a_held_file(world: World, scanner: FakeScanner) -> None:
    package = draft(world)
    held = bring(world, package)
    with pytest.raises(Invalid) as refusal:
        delivery.send(acting(world.sender), package=package)
    assert "The malware scanner objects" in refusal.value.fields["files"]
    quarantine.condemn(operator(), upload=held, reason="It is one.")
    assert mailed(world) == ["file_quarantined", "file_condemned"]


def test_the_owner_of_a_loose_file_is_told_too(world: World, scanner: FakeScanner) -> None:
    upload = uploads.create(acting(world.sender), subject=None, name="notes.txt", size=len(CONTENT))
    send_all(acting(world.sender), upload, CONTENT)
    push_all(upload)
    uploads.complete(acting(world.sender), upload=upload)
    finishing.finish_upload(upload.id)
    held = Upload.objects.get()
    assert held.state == UploadState.QUARANTINED
    quarantine.release(operator(), asked=ask(held), reason="Looked into it.")
    stored = Upload.objects.get()
    assert stored.expires_at > held.expires_at
    assert mailed(world) == ["file_quarantined", "file_released"]


def test_a_file_that_waits_for_the_scanner_says_so(client: Client, world: World, scanner: FakeScanner) -> None:
    scanner.close()
    package = draft(world)
    bring(world, package)
    delivery.send(acting(world.sender), package=package)
    assert "Waiting for the malware scanner" in page_of(client, world, package)


@pytest.mark.parametrize(
    ("is_there", "words"), [(False, "this gateway has no malware scanner"), (True, "Malware scan: nothing found")]
)
def test_a_file_says_whether_it_was_scanned(
    client: Client, world: World, settings: LazySettings, is_there: bool, words: str
) -> None:
    scanner = FakeScanner()
    settings.CLAMD_URL = scanner.url if is_there else ""
    package = draft(world)
    bring(world, package)
    delivery.send(acting(world.sender), package=package)
    assert words in page_of(client, world, package)
    scanner.close()


def test_what_is_true_of_all_files_is_said_once(client: Client, world: World, scanner: FakeScanner) -> None:
    scanner.answer = lambda _: b"stream: OK\0"
    package = draft(world)
    for name in ("a.txt", "b.txt"):
        bring(world, package, name=name)
    delivery.send(acting(world.sender), package=package)
    assert page_of(client, world, package).count("Malware scan: nothing found") == 1
    Upload.objects.filter(name="b.txt").update(scan=Scan.TOO_LARGE)
    page = page_of(client, world, package)
    assert (page.count("Malware scan: nothing found"), page.count("Not scanned: larger")) == (1, 1)
