"""The way without JavaScript: the same parts, the same ledger, and nothing kept of a form that did not come whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from core.actor import Actor
from core.errors import NotAllowed, TooLarge
from core.http import Request
from core.policies import refused
from tests.transfers.conftest import PART, Listener, Policy
from tests.transfers.sending import content_in_store, files_in, push_all, random_bytes, sha256
from transfers.errors import Interrupted, StagingFull
from transfers.models import Part, Upload, UploadState
from transfers.plain_form import receive_files
from transfers.services import finishing
from transfers.services.files import receive_file

CONTENT = random_bytes(2 * PART + 3)
SUBJECT = uuid4()

Post = Callable[..., HttpResponse]


@pytest.fixture
def post(actor: Actor) -> Post:
    """Post a form with these files; ``csrf=False`` leaves the token out, ``cut`` loses the end of the body."""

    def send(*files: tuple[str, bytes], csrf: bool = True, cut: int = 0, then: Any = None) -> HttpResponse:
        factory = RequestFactory()
        secret = get_token(factory.get("/"))
        fields: dict[str, Any] = {"csrfmiddlewaretoken": secret} if csrf else {}
        fields |= {"note": "hello", "files": [SimpleUploadedFile(name, content) for name, content in files]}
        body = encode_multipart(BOUNDARY, fields)
        factory.cookies["csrf"] = secret
        request = factory.generic("POST", "/", body[: len(body) - cut], content_type=MULTIPART_CONTENT)
        request.META["CONTENT_LENGTH"] = str(len(body))
        request._stream = _Limited(request.META["wsgi.input"], len(body) - cut)  # type: ignore[assignment]
        request.actor = actor  # type: ignore[attr-defined]
        return receive_files(request, subject=SUBJECT, then=then or _count)  # type: ignore[arg-type, return-value]

    return send


class _Limited:
    """A line that ends early without an error, as a client's that goes away does."""

    def __init__(self, source: Any, length: int) -> None:
        self._source, self._left = source, length

    def read(self, size: int) -> bytes:
        block: bytes = self._source.read(min(size, self._left))
        self._left -= len(block)
        return block


def _count(request: Request, uploads: Sequence[Upload]) -> HttpResponse:
    return HttpResponse(f"{len(uploads)} {request.POST['note']} {len(request.FILES)}")


def test_files_of_a_form_take_the_way_of_parts(post: Post, policy: Policy, listener: Listener) -> None:
    answer = post(("a.step", CONTENT), ("b.txt", b"short"), ("empty", b""))
    assert answer.content == b"3 hello 1"
    found = {upload.name: upload for upload in Upload.objects.all()}
    for name, content in (("a.step", CONTENT), ("b.txt", b"short"), ("empty", b"")):
        upload = found[name]
        assert (upload.state, upload.size, upload.subject) == (UploadState.PUSHING, len(content), SUBJECT)
        push_all(upload)
        assert finishing.finish_upload(upload.id)
        assert content_in_store(upload) == content
        assert Upload.objects.get(pk=upload.pk).sha256 == sha256(content)
    assert [told for told, _ in listener.told] == ["created"] * 3 + ["stored"] * 3
    assert policy.asked[1][3] == len(CONTENT)


def test_a_form_without_its_token_keeps_nothing(post: Post, listener: Listener, staging: Path) -> None:
    assert post(("a.step", CONTENT), csrf=False).status_code == 403
    assert Upload.objects.get().state == UploadState.ABORTED
    assert [told for told, _ in listener.told] == ["created", "removed"]


@pytest.mark.parametrize("cut", [1, 100, PART, 2 * PART + 50])
def test_a_form_that_was_cut_off_keeps_nothing(post: Post, cut: int) -> None:
    with pytest.raises(Interrupted):
        post(("a.step", CONTENT), cut=cut)
    assert {upload.state for upload in Upload.objects.all()} <= {UploadState.ABORTED}


def test_more_files_than_a_form_takes_are_told_the_number(post: Post, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    files = [(f"{number}.txt", b"short") for number in range(3)]
    assert post(*files[:2]).content == b"2 hello 1"
    Upload.objects.all().delete()
    with pytest.raises(TooLarge, match="up to 2 files at a time"):
        post(*files)
    assert {upload.state for upload in Upload.objects.all()} == {UploadState.ABORTED}


def test_what_the_policy_refuses_is_not_read_further(post: Post, policy: Policy) -> None:
    policy.decision = refused("This package has been sent.")
    with pytest.raises(NotAllowed, match="has been sent"):
        post(("a.step", CONTENT))
    assert not Upload.objects.exists()


def test_a_full_node_keeps_nothing(post: Post, settings: LazySettings, staging: Path) -> None:
    settings.STAGING_QUOTA_BYTES = PART + 1
    with pytest.raises(StagingFull):
        post(("a.step", CONTENT))
    assert Upload.objects.get().state == UploadState.ABORTED


def test_a_view_that_refuses_afterwards_keeps_what_it_was_given(post: Post) -> None:
    def broken(request: Request, uploads: Sequence[Upload]) -> HttpResponse:
        raise NotAllowed

    with pytest.raises(NotAllowed):
        post(("b.txt", b"short"), then=broken)
    assert Upload.objects.get().state == UploadState.PUSHING


def test_a_form_without_a_file_has_none(post: Post) -> None:
    assert post().content == b"0 hello 0"


def test_a_program_s_stream_becomes_a_file(actor: Actor) -> None:
    chunks = (CONTENT[start : start + 70_000] for start in range(0, len(CONTENT), 70_000))
    upload = receive_file(actor, subject=SUBJECT, name="stream", chunks=chunks, most=len(CONTENT))
    assert [part.size for part in upload.parts.order_by("number")] == [PART, PART, 3]
    push_all(upload)
    assert finishing.finish_upload(upload.id)
    assert content_in_store(upload) == CONTENT


def test_a_stream_that_fails_leaves_nothing(actor: Actor, staging: Path) -> None:
    def failing() -> Any:
        yield CONTENT[: PART + 7]
        raise OSError("The tape is torn.")

    with pytest.raises(OSError, match="torn"):
        receive_file(actor, subject=SUBJECT, name="stream", chunks=failing(), most=len(CONTENT))
    assert Upload.objects.get().state == UploadState.ABORTED
    assert files_in(staging) == [Part.objects.get().file]
