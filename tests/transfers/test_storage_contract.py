"""What every ``ObjectStore`` must do, at the store of the tests and at any other that the environment names.

``CONTRACT_S3_ENDPOINT_URL`` names one, and its keys, bucket and region beside it: ``docs/operations.md`` says how.
"""

from __future__ import annotations

import http.client
import io
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import LazySettings

from tests.transfers.conftest import PART
from tests.transfers.sending import random_bytes, sha256
from transfers.storage import (
    BucketRules,
    DigestRefused,
    NoSuchMultipart,
    NoSuchObject,
    ObjectStore,
    PartsDiffer,
    Presigned,
    Standing,
    StoredPart,
    forget_clients,
    store,
)

CONTENT = random_bytes(PART + 17)
PIECES = {1: CONTENT[:PART], 2: CONTENT[PART:]}
HOUR = timedelta(hours=1)
NAMED = {
    "S3_ENDPOINT_URL": "http://127.0.0.1:8333",
    "S3_ACCESS_KEY_ID": "",
    "S3_SECRET_ACCESS_KEY": "",
    "S3_BUCKET": "mag-contract",
    "S3_REGION": "us-east-1",
}
STORES = ["of the tests", *(["named"] if os.environ.get("CONTRACT_S3_ENDPOINT_URL") else [])]


@pytest.fixture(params=STORES)
def target(request: pytest.FixtureRequest, settings: LazySettings) -> Iterator[ObjectStore]:
    if request.param == "named":
        for name, default in NAMED.items():
            setattr(settings, name, os.environ.get(f"CONTRACT_{name}", default))
        forget_clients()
        store().ensure_bucket()
        yield store()
        forget_clients()
    else:
        yield store()


@pytest.fixture
def key(target: ObjectStore) -> Iterator[str]:
    name = f"contract/{uuid4()}"
    yield name
    for found in target.open_multiparts():
        if found.key == name:
            target.abandon(name, found.multipart_id)
    target.delete(name)


def put(target: ObjectStore, key: str, multipart_id: str, number: int, *, body: bytes | None = None) -> StoredPart:
    announced = sha256(PIECES[number])
    sent = body or PIECES[number]
    etag = target.put_part(key, multipart_id, number, io.BytesIO(sent), size=len(sent), sha256=announced)
    return StoredPart(number, etag, len(sent), announced)


def kept(target: ObjectStore, key: str) -> bytes:
    return b"".join(target.read(key, start=0, length=target.size(key)))


# --- Parts ------------------------------------------------------------------------------------------------------------


def test_parts_in_any_order_become_one_object(target: ObjectStore, key: str) -> None:
    multipart_id = target.begin(key)
    second, first = put(target, key, multipart_id, 2), put(target, key, multipart_id, 1)
    assert {(part.number, part.etag, part.size) for part in target.parts(key, multipart_id)} == {
        (part.number, part.etag, part.size) for part in (first, second)
    }
    target.assemble(key, multipart_id, [first, second])
    assert kept(target, key) == CONTENT
    assert b"".join(target.read(key, start=PART - 3, length=7)) == CONTENT[PART - 3 : PART + 4]
    assert target.head(key).size == len(CONTENT)


def test_a_part_sent_again_replaces_itself(target: ObjectStore, key: str) -> None:
    multipart_id = target.begin(key)
    put(target, key, multipart_id, 1)
    parts = [put(target, key, multipart_id, number) for number in (1, 2)]
    target.assemble(key, multipart_id, parts)
    assert target.size(key) == len(CONTENT)


def test_bytes_other_than_announced_are_refused(target: ObjectStore, key: str) -> None:
    multipart_id = target.begin(key)
    with pytest.raises(DigestRefused):
        put(target, key, multipart_id, 2, body=bytes(17))
    assert list(target.parts(key, multipart_id)) == []


@pytest.mark.parametrize("lie", [StoredPart(2, "", 17), StoredPart(1, '"0123456789abcdef0123456789abcdef"', PART)])
def test_a_list_that_is_not_the_store_s_own_is_refused(target: ObjectStore, key: str, lie: StoredPart) -> None:
    """A part that is not there, and one under another ETag."""
    multipart_id = target.begin(key)
    first = put(target, key, multipart_id, 1)
    said = StoredPart(lie.number, lie.etag or first.etag, lie.size, sha256(PIECES[lie.number]))
    with pytest.raises(PartsDiffer):
        target.assemble(key, multipart_id, [first, said] if lie.number == 2 else [said])


def test_an_abandoned_multipart_is_gone_and_may_be_abandoned_again(target: ObjectStore, key: str) -> None:
    multipart_id = target.begin(key)
    assert multipart_id in {found.multipart_id for found in target.open_multiparts() if found.key == key}
    target.abandon(key, multipart_id)
    target.abandon(key, multipart_id)
    assert multipart_id not in {found.multipart_id for found in target.open_multiparts()}
    with pytest.raises(NoSuchMultipart):
        put(target, key, multipart_id, 2)
    with pytest.raises(NoSuchMultipart):
        list(target.parts(key, multipart_id))


# --- Whole objects ----------------------------------------------------------------------------------------------------


def test_an_empty_object_has_no_bytes(target: ObjectStore, key: str) -> None:
    target.put_empty(key)
    assert target.size(key) == 0
    assert list(target.read(key, start=0, length=0)) == []
    with pytest.raises(NoSuchObject):
        list(target.read(key, start=0, length=1))


def test_what_is_put_aside_is_there_whole_or_not_at_all(target: ObjectStore, key: str) -> None:
    with pytest.raises(DigestRefused):
        target.put_aside(key, io.BytesIO(b"other"), size=5, sha256=sha256(b"bytes"))
    with pytest.raises(NoSuchObject):
        target.head(key)
    target.put_aside(key, io.BytesIO(b"bytes"), size=5, sha256=sha256(b"bytes"))
    assert kept(target, key) == b"bytes"


def test_an_object_that_is_not_there_is_told_so(target: ObjectStore, key: str) -> None:
    with pytest.raises(NoSuchObject):
        target.size(key)
    with pytest.raises(NoSuchObject):
        list(target.read(key, start=0, length=1))
    target.delete(key)


# --- Addresses that need no key ---------------------------------------------------------------------------------------


def ask(
    address: Presigned, method: str, body: bytes = b"", **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """The answer to a request that knows nothing but the address."""
    parts = urlsplit(address.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    line = kind(parts.netloc, timeout=30)
    try:
        line.request(method, f"{parts.path}?{parts.query}", body=body or None, headers={**address.headers, **headers})
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        line.close()


@pytest.fixture
def begun(target: ObjectStore, key: str) -> str:
    return target.begin(key)


@pytest.fixture
def address(target: ObjectStore, key: str, begun: str) -> Presigned:
    return target.presign_part(key, begun, 1, size=17, sha256=sha256(PIECES[2]), lifetime=HOUR)


def test_an_address_takes_the_part_it_was_signed_for(
    target: ObjectStore, key: str, begun: str, address: Presigned
) -> None:
    assert ask(address, "PUT", PIECES[2])[0] == 200
    (part,) = target.parts(key, begun)
    assert (part.number, part.size) == (1, 17)
    target.assemble(key, begun, [StoredPart(1, part.etag, 17, sha256(PIECES[2]))])
    assert kept(target, key) == PIECES[2]


@pytest.mark.parametrize("body", [PIECES[2][:-1], PIECES[2] + b"x", bytes(17)], ids=["shorter", "longer", "others"])
def test_an_address_takes_no_other_bytes(
    target: ObjectStore, key: str, begun: str, address: Presigned, body: bytes
) -> None:
    assert ask(address, "PUT", body)[0] in {400, 403}
    assert list(target.parts(key, begun)) == []


def test_an_address_takes_no_other_digest_number_or_method(
    target: ObjectStore, key: str, begun: str, address: Presigned
) -> None:
    other = target.presign_part(key, begun, 1, size=17, sha256=sha256(bytes(17)), lifetime=HOUR)
    assert ask(address, "PUT", bytes(17), **other.headers)[0] == 403
    assert ask(Presigned(address.url, address.expires_at), "PUT", PIECES[2])[0] == 403
    elsewhere = address.url.replace("partNumber=1", "partNumber=2")
    assert ask(Presigned(elsewhere, address.expires_at, address.headers), "PUT", PIECES[2])[0] == 403
    assert ask(address, "GET")[0] == 403
    assert list(target.parts(key, begun)) == []


def test_an_address_ends(target: ObjectStore, key: str, begun: str) -> None:
    second = timedelta(seconds=1)
    short = target.presign_part(key, begun, 1, size=17, sha256=sha256(PIECES[2]), lifetime=second)
    target.put_empty(key)
    fetched = target.presign_get(key, lifetime=second)
    time.sleep(2.1)
    assert ask(short, "PUT", PIECES[2])[0] == 403
    assert ask(fetched, "GET")[0] == 403


def test_an_address_gives_one_object_under_the_name_it_was_signed_for(target: ObjectStore, key: str) -> None:
    target.put_aside(key, io.BytesIO(b"bytes"), size=5, sha256=sha256(b"bytes"))
    address = target.presign_get(key, lifetime=HOUR, disposition='attachment; filename="a.txt"')
    status, headers, body = ask(address, "GET")
    assert (status, body) == (200, b"bytes")
    assert headers["Content-Disposition"] == 'attachment; filename="a.txt"'
    assert headers["Content-Type"] == "application/octet-stream"
    assert ask(Presigned(address.url.replace(key, key[:-1]), address.expires_at), "GET")[0] == 403


# --- The bucket -------------------------------------------------------------------------------------------------------


def test_the_rules_of_a_bucket_are_set_once(target: ObjectStore, settings: LazySettings) -> None:
    if os.environ.get("CONTRACT_S3_ENDPOINT_URL") != settings.S3_ENDPOINT_URL:
        # Other tests share the bucket of the tests.
        target = store(f"mag-rules-{uuid4().hex[:12]}")
        target.ensure_bucket()
    rules = BucketRules(abandon_after_days=9, origins=("https://gateway.example",))
    assert {found.standing for found in target.configure(rules)} <= {*Standing} - {Standing.DIFFERS}
    settled = {Standing.AS_WANTED, Standing.UNSUPPORTED}
    assert {found.standing for found in target.configure(rules)} <= settled
    assert {found.standing for found in target.configure(rules, only_look=True)} <= settled
    other = BucketRules(abandon_after_days=10, origins=("https://gateway.example",))
    assert target.configure(other, only_look=True)[0].standing in {Standing.DIFFERS, Standing.UNSUPPORTED}
