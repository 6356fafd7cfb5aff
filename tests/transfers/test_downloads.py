"""Downloads: every byte or an honest part of them, under the file's own digest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from django.conf import LazySettings
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from core.actor import Actor
from core.errors import Conflict, NotFound, Unavailable
from tests.transfers.conftest import PART, Listener, actor_of
from tests.transfers.sending import new_upload, random_bytes, sha256, store_all
from transfers.downloads.files import file_response
from transfers.models import Upload
from transfers.services import uploads
from transfers.storage import forget_clients

CONTENT = random_bytes(PART + 3)
SIZE = len(CONTENT)


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return store_all(actor, new_upload(actor, CONTENT), CONTENT)


def ask(upload: Upload, method: str = "GET", **headers: str) -> HttpResponseBase:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = RequestFactory().generic(method, "/", headers=named)
    return file_response(request, upload, actor=actor_of(upload.owner), filename="résumé.pdf")


def body_of(response: HttpResponseBase) -> bytes:
    if isinstance(response, StreamingHttpResponse):
        return b"".join(cast("Iterator[bytes]", response.streaming_content))
    return cast("bytes", response.content)  # type: ignore[attr-defined]


def test_the_whole_file_is_what_was_stored(upload: Upload) -> None:
    response = ask(upload)
    assert body_of(response) == CONTENT
    assert (response.status_code, response["Content-Length"], response["Accept-Ranges"]) == (200, str(SIZE), "bytes")
    assert response["ETag"] == f'"{sha256(CONTENT)}"'


def test_a_file_cannot_run_as_a_page(upload: Upload) -> None:
    response = ask(upload)
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox;")
    assert response["Content-Disposition"] == (
        "attachment; filename=\"resume.pdf\"; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf"
    )
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=5-9", 5, 10),
        (f"bytes={PART - 1}-{PART}", PART - 1, PART + 1),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        (f"bytes=-{10 * SIZE}", 0, SIZE),
        (f"bytes=3-{10 * SIZE}", 3, SIZE),
    ],
)
def test_a_range_is_exactly_that(upload: Upload, asked: str, start: int, end: int) -> None:
    response = ask(upload, Range=asked)
    assert response.status_code == 206
    assert body_of(response) == CONTENT[start:end]
    assert response["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert response["Content-Length"] == str(end - start)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 1}", "bytes=-0", f"bytes={10**18}-"])
def test_a_range_outside_the_file_is_told_so(upload: Upload, asked: str) -> None:
    response = ask(upload, Range=asked)
    assert (response.status_code, response["Content-Range"], body_of(response)) == (416, f"bytes */{SIZE}", b"")


@pytest.mark.parametrize(
    "asked", ["", "bytes", "bytes=", "bytes=-", "bytes=9-5", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b"]
)
def test_a_range_we_do_not_read_is_the_whole_file(upload: Upload, asked: str) -> None:
    response = ask(upload, Range=asked)
    assert (response.status_code, response["Content-Length"]) == (200, str(SIZE))


@pytest.mark.parametrize(
    ("validator", "status"), [("same", 206), ('"other"', 200), ("Sun, 22 Nov 2026 08:00:00 GMT", 200)]
)
def test_a_resumed_download_starts_over_if_the_file_is_another(upload: Upload, validator: str, status: int) -> None:
    condition = f'"{upload.sha256}"' if validator == "same" else validator
    assert ask(upload, Range="bytes=5-", If_Range=condition).status_code == status


def test_head_tells_everything_and_sends_nothing(upload: Upload, listener: Listener) -> None:
    response = ask(upload, method="HEAD")
    assert (response.status_code, response["Content-Length"], body_of(response)) == (200, str(SIZE), b"")
    assert ("fetched", upload.pk) not in listener.told


def test_an_empty_file_has_its_answer_too(actor: Actor) -> None:
    empty = store_all(actor, new_upload(actor, b""), b"")
    response = ask(empty, Range="bytes=0-")
    assert (response.status_code, response["Content-Length"], body_of(response)) == (200, "0", b"")


def test_only_a_stored_file_is_given_out(actor: Actor, upload: Upload) -> None:
    with pytest.raises(Conflict, match="not stored"):
        ask(new_upload(actor, CONTENT))
    with pytest.raises(NotFound):
        ask(uploads.remove(actor, upload=upload))


def test_a_store_that_does_not_answer_is_told_before_the_answer_begins(upload: Upload, settings: LazySettings) -> None:
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"
    forget_clients()
    try:
        with pytest.raises(Unavailable):
            ask(upload)
    finally:
        forget_clients()
