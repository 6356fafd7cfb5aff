"""The contract of the storage adapter, against the real store that the settings name."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.core.management import call_command

from tests.transfers.conftest import PART
from tests.transfers.sending import random_bytes, sha256
from transfers.storage import connection
from transfers.storage import (
    DigestRefused,
    NoSuchMultipart,
    NoSuchObject,
    PartsDiffer,
    StoredPart,
    StoreUnavailable,
    forget_clients,
    store,
)

CONTENT = random_bytes(2 * PART + 17)
PIECES = {1: CONTENT[:PART], 2: CONTENT[PART : 2 * PART], 3: CONTENT[2 * PART :]}


@pytest.fixture
def key() -> Iterator[str]:
    name = f"uploads/{uuid4()}"
    yield name
    store().delete(name)


def put(key: str, multipart_id: str, number: int, *, body: bytes | None = None) -> StoredPart:
    announced = PIECES[number]
    etag = store().put_part(
        key, multipart_id, number, io.BytesIO(body or announced), size=len(body or announced), sha256=sha256(announced)
    )
    return StoredPart(number, etag, len(announced), sha256(announced))


def test_parts_sent_in_any_order_become_one_object(key: str) -> None:
    multipart_id = store().begin(key)
    parts = [put(key, multipart_id, number) for number in (3, 1, 2)]
    store().assemble(key, multipart_id, sorted(parts, key=lambda part: part.number))
    assert store().size(key) == len(CONTENT)
    assert b"".join(store().read(key, start=0, length=len(CONTENT))) == CONTENT


def test_a_range_is_read_exactly(key: str) -> None:
    multipart_id = store().begin(key)
    store().assemble(key, multipart_id, [put(key, multipart_id, number) for number in (1, 2, 3)])
    assert b"".join(store().read(key, start=PART - 3, length=7)) == CONTENT[PART - 3 : PART + 4]


def test_a_part_sent_again_replaces_itself(key: str) -> None:
    multipart_id = store().begin(key)
    put(key, multipart_id, 1)
    parts = [put(key, multipart_id, number) for number in (1, 2, 3)]
    held = {(part.number, part.etag, part.size) for part in store().parts(key, multipart_id)}
    assert held == {(part.number, part.etag, part.size) for part in parts}
    store().assemble(key, multipart_id, parts)
    assert store().size(key) == len(CONTENT)


def test_bytes_other_than_announced_are_refused(key: str) -> None:
    multipart_id = store().begin(key)
    with pytest.raises(DigestRefused):
        put(key, multipart_id, 1, body=bytes(PART))
    assert list(store().parts(key, multipart_id)) == []
    store().abandon(key, multipart_id)


def test_a_list_with_a_part_the_store_does_not_hold_is_refused(key: str) -> None:
    multipart_id = store().begin(key)
    first = put(key, multipart_id, 1)
    absent = StoredPart(2, first.etag, PART, first.sha256)
    with pytest.raises(PartsDiffer):
        store().assemble(key, multipart_id, [first, absent])
    store().abandon(key, multipart_id)


def test_an_abandoned_multipart_is_gone_and_may_be_abandoned_again(key: str) -> None:
    multipart_id = store().begin(key)
    put(key, multipart_id, 1)
    assert multipart_id in {found.multipart_id for found in store().open_multiparts() if found.key == key}
    store().abandon(key, multipart_id)
    store().abandon(key, multipart_id)
    assert multipart_id not in {found.multipart_id for found in store().open_multiparts()}
    with pytest.raises(NoSuchMultipart):
        put(key, multipart_id, 2)
    with pytest.raises(NoSuchMultipart):
        list(store().parts(key, multipart_id))


def test_an_empty_object_has_no_bytes(key: str) -> None:
    store().put_empty(key)
    assert store().size(key) == 0
    assert list(store().read(key, start=0, length=0)) == []


def test_an_object_that_is_not_there_is_told_so(key: str) -> None:
    with pytest.raises(NoSuchObject):
        store().size(key)
    with pytest.raises(NoSuchObject):
        list(store().read(key, start=0, length=1))
    store().delete(key)


def test_an_object_shorter_than_asked_is_told_so(key: str) -> None:
    store().put_empty(key)
    with pytest.raises(NoSuchObject):
        list(store().read(key, start=0, length=1))


def test_a_store_that_does_not_answer_is_unavailable(settings: LazySettings) -> None:
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"
    forget_clients()
    try:
        with pytest.raises(StoreUnavailable):
            store().size("anything")
    finally:
        forget_clients()


def test_a_store_that_is_silent_is_given_up_before_those_who_wait_do(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "READ_TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.S3_ENDPOINT_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        forget_clients()
        begun = time.monotonic()
        try:
            with pytest.raises(StoreUnavailable):
                next(store().read("anything", start=0, length=1))
        finally:
            forget_clients()
    assert time.monotonic() - begun < 10


def test_the_bucket_is_made_once(settings: LazySettings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.S3_BUCKET = f"mag-{uuid4().hex[:12]}"
    forget_clients()
    try:
        call_command("ensure_bucket")
        call_command("ensure_bucket")
        assert capsys.readouterr().out.splitlines() == [
            f"Bucket {settings.S3_BUCKET} was made.",
            f"Bucket {settings.S3_BUCKET} is there.",
        ]
    finally:
        forget_clients()
