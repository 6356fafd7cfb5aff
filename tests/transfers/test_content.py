"""The door to a file's bytes: its owner's, of whoever the policy lets in, and of their programs; three ways out."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from core.actor import Actor
from core.models import AuditEvent
from core.policies import ALLOWED
from tests.transfers.conftest import Fetching, Listener
from tests.transfers.sending import new_upload, random_bytes, sha256, store_all
from transfers.downloads.sending import RECEIPT_HEADER
from transfers.models import AwaitedReceipt, FetchedSpan, Upload
from transfers.storage import forget_clients

CONTENT = random_bytes(100_000)


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return store_all(actor, new_upload(actor, CONTENT), CONTENT)


@pytest.fixture
def path(upload: Upload) -> str:
    return f"/transfers/uploads/{upload.pk}/content/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def fetched(address: str) -> tuple[bytes, str]:
    """What the store gives at an address, and under which name."""
    parts = urlsplit(address)
    line = HTTPConnection(parts.netloc)
    line.request("GET", f"{parts.path}?{parts.query}")
    answer = line.getresponse()
    return answer.read(), answer.headers.get("Content-Disposition", "")


def begun() -> int:
    return AuditEvent.objects.filter(action="transfers.upload.fetch").count()


def test_the_owner_has_it_with_everything_a_program_needs(sender: User, path: str, listener: Listener) -> None:
    answer = signed_in(sender).get(path)
    assert b"".join(answer) == CONTENT
    assert (answer["ETag"], answer["Content-Length"]) == (f'"{sha256(CONTENT)}"', str(len(CONTENT)))
    assert listener.told[-1][0] == "fetched"
    head = signed_in(sender).head(path)
    assert (head["ETag"], head["Content-Length"], head.content) == (answer["ETag"], answer["Content-Length"], b"")
    assert begun() == 1


def test_others_have_it_where_the_policy_says_so(stranger: User, path: str, fetching: Fetching) -> None:
    assert Client().get(path).status_code == 401
    assert signed_in(stranger).get(path).status_code == 403
    fetching.decision = ALLOWED
    assert b"".join(signed_in(stranger).get(path)) == CONTENT


def test_many_pieces_are_one_download(sender: User, path: str) -> None:
    client = signed_in(sender)
    for start in range(0, 90_000, 30_000):
        b"".join(client.get(path, headers={"Range": f"bytes={start}-{start + 29_999}"}))
    assert begun() == 1
    b"".join(client.get(path, headers={"Range": "bytes=0-9"}))
    assert begun() == 2


def test_whoever_skips_the_first_byte_is_seen_too(sender: User, path: str) -> None:
    b"".join(signed_in(sender).get(path, headers={"Range": "bytes=1-"}))
    assert begun() == 1


def test_a_file_that_is_not_stored_is_refused_and_not_recorded(actor: Actor, sender: User) -> None:
    answer = signed_in(sender).get(f"/transfers/uploads/{new_upload(actor, CONTENT).pk}/content/")
    assert (answer.status_code, answer.json()["code"], begun()) == (409, "not_stored", 0)


# --- The ways out -------------------------------------------------------------------------------------------------
def test_nginx_is_told_where_the_bytes_are_and_what_to_say(
    sender: User, path: str, upload: Upload, settings: LazySettings, listener: Listener
) -> None:
    settings.DOWNLOADS, settings.RECEIPTS_DIR = "accel", "/nowhere"
    answer = signed_in(sender).get(path, headers={"Range": "bytes=10-19", "If-Range": f'"{upload.sha256}"'})
    inside = answer["X-Accel-Redirect"].removeprefix("/.object-store")
    assert urlsplit(inside).path == f"/{settings.S3_BUCKET}/{upload.storage_key}"
    assert fetched(f"{settings.S3_ENDPOINT_URL}{inside}")[0] == CONTENT
    assert (answer["X-Store-Range"], answer["ETag"]) == ("bytes=10-19", f'"{upload.sha256}"')
    assert ("Content-Disposition" in answer, answer["X-Store-Disposition"][:10]) == (False, "attachment")
    awaited = AwaitedReceipt.objects.get()
    assert (answer[RECEIPT_HEADER], awaited.stretches) == (str(awaited.pk), [[str(upload.pk), 0, 10, 10]])
    assert listener.told[-1][0] != "fetched"
    assert signed_in(sender).head(path).headers.get("X-Accel-Redirect") is None


def test_the_portal_leaves_judging_to_nginx_where_it_tells(
    sender: User, path: str, settings: LazySettings, listener: Listener
) -> None:
    settings.RECEIPTS_DIR = "/nowhere"
    answer = signed_in(sender).get(path)
    assert b"".join(answer) == CONTENT
    assert answer[RECEIPT_HEADER] == str(AwaitedReceipt.objects.get().pk)
    assert (listener.told[-1][0], FetchedSpan.objects.count()) == ("stored", 0)


def test_an_address_of_the_store_is_issued_and_no_more_is_known(
    sender: User, path: str, upload: Upload, settings: LazySettings, listener: Listener
) -> None:
    settings.DOWNLOADS, settings.S3_PUBLIC_ENDPOINT_URL = (
        "redirect",
        settings.S3_ENDPOINT_URL.replace("127.0.0.1", "localhost"),
    )
    forget_clients()
    try:
        answer = signed_in(sender).get(path)
    finally:
        forget_clients()
    assert (answer.status_code, answer["Cache-Control"]) == (302, "no-store")
    assert "X-Amz-Expires=60" in answer["Location"]
    content, disposition = fetched(answer["Location"])
    assert (content, disposition[:10]) == (CONTENT, "attachment")
    assert AuditEvent.objects.filter(action="transfers.upload.issue").count() == 1
    assert listener.told[-1][0] == "stored"
