"""Several files of a package at once, and the file of a package at the byte engine's own door."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Scope
from accounts.proofs import Proof
from accounts.services import access_tokens
from core.models import AuditEvent
from orgs.models import Membership
from sft import policies, selections
from sft.models import AccessGrant, AccessGrantState, FileDownload, Package, PackageState, RecipientState
from sft.services import delivery
from tests.sft import world as worlds
from tests.sft.uploading import store_for_real
from tests.sft.world import World, acting, draft, recipient_row
from transfers.models import Upload

pytestmark = pytest.mark.django_db

BrowserOf = Callable[[Membership], Client]
CONTENTS = {"a.txt": b"first", "b.bin": bytes(range(256)) * 5000, "c.txt": b""}


@pytest.fixture
def package(world: World) -> Package:
    package = draft(world)
    for name, content in CONTENTS.items():
        store_for_real(world, package, content, name=name)
    return delivery.send(acting(world.sender), package=package)


def zip_of(package: Package) -> str:
    return f"/sft/packages/{package.pk}/zip/"


def unpacked(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_all_files_in_one_archive_are_a_receipt_for_each(world: World, package: Package, browser_of: BrowserOf) -> None:
    answer = browser_of(world.recipient).get(zip_of(package))
    body = b"".join(answer)
    assert answer["Content-Length"] == str(len(body))
    assert "Wing spar drawings.zip" in answer["Content-Disposition"]
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/zip", "nosniff")
    found = unpacked(body)
    assert found.pop("SHA256SUMS").count(b"\n") == 3
    assert found == CONTENTS
    assert recipient_row(package, world.recipient).state == RecipientState.DOWNLOADED
    assert FileDownload.objects.count() == 3
    assert AuditEvent.objects.get(action="sft.package.fetch").data["files"] == 3
    assert AuditEvent.objects.filter(action="sft.file.downloaded").count() == 3


def test_asking_for_the_headers_is_no_download(world: World, package: Package, browser_of: BrowserOf) -> None:
    reader, file = browser_of(world.recipient), package.files.first()
    assert file is not None
    for address in (zip_of(package), f"/sft/packages/{package.pk}/files/{file.pk}/download/"):
        assert reader.head(address).status_code == 200
    assert recipient_row(package, world.recipient).state == RecipientState.NOTIFIED
    assert not AuditEvent.objects.filter(action__in=["sft.package.fetch", "sft.file.download"]).exists()
    Package.objects.filter(pk=package.pk).update(state=PackageState.EXPIRED)
    assert reader.head(zip_of(package)).status_code == 403


def test_an_archive_goes_on_anywhere_and_counts_as_one(world: World, package: Package, browser_of: BrowserOf) -> None:
    reader = browser_of(world.recipient)
    head = reader.head(zip_of(package))
    total, etag = int(head["Content-Length"]), head["ETag"]
    body = b""
    for stop in (100, 700_000, total):
        headers = {"Range": f"bytes={len(body)}-{stop - 1}", "If-Range": etag}
        assert not FileDownload.objects.filter(file__name="b.bin").exists()
        answer = reader.get(zip_of(package), headers=headers)
        assert (answer.status_code, answer["Content-Range"]) == (206, f"bytes {len(body)}-{stop - 1}/{total}")
        body += b"".join(answer)
    assert unpacked(body)["b.bin"] == CONTENTS["b.bin"]
    assert recipient_row(package, world.recipient).state == RecipientState.DOWNLOADED
    other = reader.get(zip_of(package), headers={"Range": "bytes=5-", "If-Range": '"other"'})
    assert (other.status_code, len(b"".join(other))) == (200, total)
    assert reader.get(zip_of(package), headers={"Range": f"bytes={total}-"}).status_code == 416


def test_the_ticked_files_are_fetched_by_get(world: World, package: Package, browser_of: BrowserOf) -> None:
    reader = browser_of(world.recipient)
    files = {file.name: str(file.pk) for file in package.files.all()}
    led = reader.post(zip_of(package), {"file": [files["c.txt"], files["a.txt"]]})
    assert led.status_code == 302
    assert set(unpacked(b"".join(reader.get(led["Location"])))) == {"a.txt", "c.txt", "SHA256SUMS"}
    assert recipient_row(package, world.recipient).state == RecipientState.OPENED
    assert FileDownload.objects.count() == 2


def test_no_tick_says_what_to_do(world: World, package: Package, browser_of: BrowserOf) -> None:
    reader = browser_of(world.recipient)
    page = reader.post(zip_of(package), {"file": ["no key"]}, follow=True).content.decode()
    assert "Tick the files that you want in the archive" in page


def test_every_file_of_a_full_package_may_be_ticked(world: World, package: Package, browser_of: BrowserOf) -> None:
    ticked = [str(package.files.get(name="a.txt").pk), *["elsewhere"] * (policies.FILES_PER_PACKAGE - 1)]
    led = browser_of(world.recipient).post(zip_of(package), {"file": ticked})
    assert led["Location"] == f"{zip_of(package)}?files={selections.named([0])}"


@pytest.mark.parametrize("files", ["", "?", "AA", "CA", "A" * 400, "_" * 400])
def test_files_that_are_not_there_are_not_found(
    world: World, package: Package, browser_of: BrowserOf, files: str
) -> None:
    reader = browser_of(world.recipient)
    assert reader.get(zip_of(package), {"files": files}).status_code == 404
    assert reader.get(zip_of(package), {"files": selections.named([0])}).status_code == 200


def test_a_selection_stays_short() -> None:
    items = list(range(2000))
    assert selections.chosen(selections.named(items[::7]), items) == items[::7]
    assert len(selections.named(items)) < 340


def test_the_page_offers_the_archive_where_there_are_several_files(
    world: World, package: Package, browser_of: BrowserOf
) -> None:
    reader, path = browser_of(world.recipient), f"/sft/packages/{package.pk}/"
    page = reader.get(path).content.decode()
    assert all(words in page for words in ("Download all (.zip)", "Download ticked (.zip)"))
    assert page.count('name="file"') == 3
    Package.objects.update(state=PackageState.WITHDRAWN)
    assert "Download all (.zip)" not in reader.get(path).content.decode()
    assert reader.get(zip_of(package)).status_code == 403


def test_an_archive_of_a_package_of_one_file_is_not_offered(world: World, browser_of: BrowserOf) -> None:
    package = draft(world)
    store_for_real(world, package, b"alone")
    delivery.send(acting(world.sender), package=package)
    assert ".zip" not in browser_of(world.recipient).get(f"/sft/packages/{package.pk}/").content.decode()


def test_a_checksum_from_before_they_were_kept_is_reckoned_once(
    world: World, package: Package, browser_of: BrowserOf
) -> None:
    Upload.objects.update(crc32=None)
    body = b"".join(browser_of(world.recipient).get(zip_of(package)))
    assert unpacked(body)["b.bin"] == CONTENTS["b.bin"]
    kept = dict(Upload.objects.values_list("name", "crc32"))
    assert kept == {name: zlib.crc32(content) for name, content in CONTENTS.items()}


def test_who_may_not_see_the_package_has_no_archive(world: World, package: Package, browser_of: BrowserOf) -> None:
    worlds.with_access(world.stranger)
    assert browser_of(world.stranger).get(zip_of(package)).status_code == 404
    assert browser_of(world.sender).get(zip_of(package)).status_code == 200


# --- At the byte engine's door ------------------------------------------------------------------------------------
def content_of(package: Package, name: str = "b.bin") -> str:
    return f"/transfers/uploads/{package.files.get(name=name).upload_id}/content/"


def test_a_recipient_and_the_sender_fetch_a_file_by_itself(
    world: World, package: Package, browser_of: BrowserOf
) -> None:
    for member in (world.sender, world.recipient):
        answer = browser_of(member).get(content_of(package))
        assert b"".join(answer) == CONTENTS["b.bin"]
    assert FileDownload.objects.get().recipient.membership == world.recipient
    assert recipient_row(package, world.recipient).state == RecipientState.OPENED
    worlds.with_access(world.stranger)
    assert browser_of(world.stranger).get(content_of(package)).status_code == 404


def test_a_program_of_a_recipient_is_its_owner(world: World, package: Package) -> None:
    proofs = frozenset({Proof.PASSWORD, Proof.AUTHENTICATOR_APP})
    maker = acting(world.recipient).at(ip=None, request_id="", proofs=proofs)
    program, other = (
        {
            "Authorization": f"Bearer {access_tokens.create(maker, user=world.recipient.user, name=scope, scopes=[scope])[1]}"
        }
        for scope in (Scope.FILES_FETCH, Scope.FILES_SEND)
    )
    assert Client().get(content_of(package), headers=other).status_code == 403
    for name, content in CONTENTS.items():
        assert b"".join(Client().get(content_of(package, name), headers=program)) == content
    assert recipient_row(package, world.recipient).state == RecipientState.DOWNLOADED
    events = AuditEvent.objects.filter(action="sft.file.downloaded", organization_id=world.harbor.pk)
    assert events.count() == 3


def test_what_ends_the_package_ends_this_way_to_its_files(
    world: World, package: Package, browser_of: BrowserOf
) -> None:
    reader = browser_of(world.recipient)
    Package.objects.update(state=PackageState.EXPIRED)
    answer = reader.get(content_of(package))
    assert (answer.status_code, "Expired" in answer.json()["message"]) == (403, True)
    Package.objects.update(state=PackageState.DELIVERED)
    assert reader.get(content_of(package)).status_code == 200
    AccessGrant.objects.filter(membership=world.recipient).update(
        state=AccessGrantState.SUSPENDED, refusal_reason="Left"
    )
    assert reader.get(content_of(package)).status_code == 403
