"""The largest file there may be, at each door: declared, begun and ended at its edges, and the ledger of all its parts."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client, override_settings

from accounts.models import Scope, User
from accounts.proofs import Proof
from accounts.services import access_tokens
from tests.sft import world as sft_world
from tests.transfers.conftest import MIB
from tests.transfers.sending import files_in, sha256
from transfers.digests import content_digest
from transfers.models import Part, PartState, Piece, Upload
from transfers.services import cleaning, pushing
from transfers.storage import store

LARGEST = 5 * 1024**4
# What 16 MiB grow to, so that the store takes as many parts as the file has.
GROWN, PARTS = 583 * MIB, 8993
START_OF_LAST = (PARTS - 1) * GROWN
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def _sizes_of_production(settings: LazySettings) -> None:
    settings.UPLOAD_MAX_BYTES, settings.UPLOAD_PART_BYTES = LARGEST, 16 * MIB


@pytest.fixture
def pages(client: Client, sender: User) -> Client:
    client.force_login(sender)
    return client


@pytest.fixture
def token(db: None) -> str:
    member = sft_world.build().sender
    proved = sft_world.acting(member).at(ip=None, request_id="", proofs=frozenset({Proof.PASSWORD, Proof.PASSKEY}))
    return access_tokens.create(proved, user=member.user, name="huge", scopes=[Scope.FILES_SEND])[1]


def at_pool(settings: LazySettings, token: str, method: str, path: str, body: bytes = b"", **headers: object) -> Any:
    """A request to the upload pool, which has addresses of its own."""
    kind = "application/offset+octet-stream" if method == "PATCH" else "application/octet-stream"
    said = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    said |= {name.replace("_", "-"): str(value) for name, value in headers.items()}
    with override_settings(ROOT_URLCONF="mag_portal.urls_uploads", MIDDLEWARE=settings.UPLOADS_MIDDLEWARE):
        return Client(raise_request_exception=False).generic(method, path, body, kind, headers=said)


def put(settings: LazySettings, upload: dict[str, Any], first: int, body: bytes) -> Any:
    """Bytes of the file, by where they lie in it."""
    return at_pool(
        settings,
        upload["token"],
        "PUT",
        f"/transfers/uploads/{upload['id']}/parts/",
        body,
        Content_Digest=content_digest(sha256(body)),
        Content_Range=f"bytes {first}-{first + len(body) - 1}/{upload['size']}",
    )


def declare(pages: Client, size: int) -> Any:
    document = {"subject": None, "name": "the whole disk.img", "size": size}
    return pages.post("/transfers/uploads/", document, content_type="application/json", headers=JSON)


def test_five_tebibytes_at_the_parts_door(pages: Client, settings: LazySettings) -> None:
    upload = declare(pages, LARGEST).json()
    assert (upload["size"], upload["part_size"], upload["part_count"]) == (LARGEST, GROWN, PARTS)
    assert declare(pages, LARGEST + 1).status_code == 413

    first, last = put(settings, upload, 0, b"begin"), put(settings, upload, LARGEST - 3, b"end")
    assert (first.status_code, last.status_code) == (201, 201)
    assert (last.json()["number"], last.json()["state"]) == (PARTS, "partial")
    assert put(settings, upload, LARGEST - 2, b"end").status_code == 422

    address = f"/transfers/uploads/{upload['id']}/"
    ledger = pages.get(address, headers=JSON).json()
    there = [(piece["number"], piece["start"], piece["size"]) for piece in ledger["pieces"]]
    assert there == [(1, 0, 5), (PARTS, LARGEST - 3 - START_OF_LAST, 3)]
    asked = pages.post(f"{address}complete/", headers=JSON)
    assert (asked.status_code, asked.json()["missing"]) == (409, list(range(1, PARTS + 1)))


def test_the_last_of_thousands_of_parts_reaches_the_store_and_goes_with_the_upload(
    pages: Client, settings: LazySettings, staging: Path
) -> None:
    document = declare(pages, START_OF_LAST + 3).json()
    assert document["part_count"] == PARTS
    assert put(settings, document, START_OF_LAST, b"end").json()["state"] == "staged"
    part = Part.objects.get()
    assert pushing.push_part(part.pk)
    assert pages.get(f"/transfers/uploads/{document['id']}/", headers=JSON).json()["parts"] == [
        {"number": PARTS, "size": 3, "sha256": sha256(b"end"), "state": "pushed"}
    ]

    assert put(settings, document, 0, b"begin").status_code == 201
    assert pages.delete(f"/transfers/uploads/{document['id']}/", headers=JSON).status_code == 204
    upload = Upload.objects.get()
    assert cleaning.clean_up(upload.pk)
    cleaning.clear_staging(upload.pk)
    assert (files_in(staging), Part.objects.count(), Piece.objects.count()) == ([], 0, 0)
    assert not [one for one in store("").open_multiparts() if one.key == upload.storage_key]


def test_five_tebibytes_at_the_tus_door(token: str, settings: LazySettings) -> None:
    told = at_pool(settings, token, "OPTIONS", "/transfers/tus/")
    assert int(told["Tus-Max-Size"]) == LARGEST
    name = f"filename {b64encode(b'the whole disk.img').decode()}"
    assert at_pool(settings, token, "POST", "/transfers/tus/", Upload_Length=LARGEST + 1).status_code == 413
    made = at_pool(settings, token, "POST", "/transfers/tus/", Upload_Length=LARGEST, Upload_Metadata=name)
    address = made["Location"]
    assert (made.status_code, Upload.objects.get().part_size) == (201, GROWN)

    assert at_pool(settings, token, "PATCH", address, b"begin", Upload_Offset=0).status_code == 204
    head = at_pool(settings, token, "HEAD", address)
    assert (int(head["Upload-Length"]), int(head["Upload-Offset"])) == (LARGEST, 5)
    assert at_pool(settings, token, "PATCH", address, b"end", Upload_Offset=LARGEST - 3).status_code == 409
    assert at_pool(settings, token, "DELETE", address).status_code == 204
    assert at_pool(settings, token, "HEAD", address).status_code in {404, 410}


def test_the_ledger_of_a_whole_file_of_thousands_of_parts(pages: Client) -> None:
    """Rows for all of it, which no store of a test holds: listed, all there but one, and completed."""
    document = declare(pages, LARGEST).json()
    upload = Upload.objects.get()
    digest = sha256(b"")
    Part.objects.bulk_create(
        Part(
            upload=upload,
            number=number,
            size=upload.length_of(number),
            sha256=digest,
            state=PartState.PUSHED,
            etag=f'"{number}"',
        )
        for number in range(1, PARTS + 1)
    )
    address = f"/transfers/uploads/{document['id']}/"
    ledger = pages.get(address, headers=JSON).json()["parts"]
    assert [part["number"] for part in ledger] == list(range(1, PARTS + 1))
    assert sum(part["size"] for part in ledger) == LARGEST
    assert "parts" not in pages.get(f"{address}?parts=none", headers=JSON).json()

    last = Part.objects.filter(number=PARTS)
    last.update(state=PartState.MISSING)
    asked = pages.post(f"{address}complete/", headers=JSON)
    assert (asked.status_code, asked.json()["missing"]) == (409, [PARTS])
    last.update(state=PartState.PUSHED)
    assert pages.post(f"{address}complete/", headers=JSON).status_code == 202
