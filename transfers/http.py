"""Downloads: a stored file as an answer, whole or from where it broke off."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from core.errors import Conflict, NotFound, Unavailable
from transfers.connections import release
from transfers.digests import content_digest
from transfers.models import Upload, UploadState
from transfers.names import ascii_filename, safe_filename
from transfers.storage import StoreError, store

logger = logging.getLogger(__name__)

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes ``[start, start + length)`` of a file of ``total``; ``is_partial`` when a range was asked for."""

    start: int
    length: int
    total: int
    is_partial: bool = False


class Unsatisfiable(Exception):
    """No byte of the file lies in the range asked for."""


def file_response(
    request: HttpRequest,
    upload: Upload,
    *,
    filename: str,
    on_complete: Callable[[], None] | None = None,
) -> HttpResponseBase:
    """The file for GET and HEAD, with single ranges (``Range``, ``If-Range``); who may have it was decided before.

    ``on_complete`` is called after the last byte of the whole file has been handed to the connection: never for HEAD, for a
    range that is less than the file, or for a line that broke. Raises ``Conflict`` while the file is not stored yet,
    ``NotFound`` when it was removed and ``Unavailable`` when the store does not answer.
    """
    _check_stored(upload)
    try:
        span = _span(request, upload)
    except Unsatisfiable:
        return HttpResponse(
            status=416, headers={**_headers(upload, filename), "Content-Range": f"bytes */{upload.size}"}
        )
    response = _response(request, upload, span, on_complete)
    for name, value in _headers(upload, filename).items():
        response[name] = value
    response["Content-Length"] = str(span.length)
    if span.is_partial:
        response["Content-Range"] = f"bytes {span.start}-{span.start + span.length - 1}/{span.total}"
    return response


def disposition(filename: str) -> str:
    """``Content-Disposition`` that saves under ``filename`` (RFC 6266), with a plain name for old clients."""
    safe = safe_filename(filename)
    plain = ascii_filename(safe).replace("%", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def _check_stored(upload: Upload) -> None:
    if upload.state in {UploadState.ABORTED, UploadState.EXPIRED, UploadState.FAILED}:
        raise NotFound
    if upload.state != UploadState.STORED:
        raise Conflict("This file is not stored and verified yet. Try again in a moment.", code="not_stored")


def _response(
    request: HttpRequest,
    upload: Upload,
    span: Span,
    on_complete: Callable[[], None] | None,
) -> HttpResponseBase:
    status = 206 if span.is_partial else 200
    content_type = "application/octet-stream"
    if request.method == "HEAD":
        return HttpResponse(status=status, content_type=content_type)
    blocks = _opened(upload, span)
    is_whole = span.length == span.total
    body = _told(blocks, on_complete) if on_complete and is_whole else blocks
    return StreamingHttpResponse(body, status=status, content_type=content_type)


def _opened(upload: Upload, span: Span) -> Generator[bytes]:
    """The bytes of the span, the first of them fetched already: a silent store is told before the answer has begun."""
    release()
    blocks = store(upload.bucket).read(upload.storage_key, start=span.start, length=span.length)
    try:
        first = next(blocks, b"")
    except StoreError as error:
        logger.error("Upload %s cannot be read from the store: %s", upload.id, error)  # noqa: TRY400
        raise Unavailable("The file's storage is not answering. Try again in a minute.") from error
    return _joined(first, blocks)


def _joined(first: bytes, rest: Generator[bytes]) -> Generator[bytes]:
    with closing(rest):
        yield first
        yield from rest


def _told(blocks: Generator[bytes], on_complete: Callable[[], None]) -> Generator[bytes]:
    yield from blocks
    on_complete()


def _span(request: HttpRequest, upload: Upload) -> Span:
    total = upload.size or 0
    whole = Span(0, total, total)
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None or match[0] == "bytes=-" or not total or not _range_applies(request, upload):
        return whole
    if not match[1]:
        length = min(int(match[2]), total)
        start = total - length
    else:
        start = int(match[1])
        last = min(int(match[2]), total - 1) if match[2] else total - 1
        if match[2] and int(match[2]) < start:
            return whole
        length = last - start + 1
    if length <= 0:
        raise Unsatisfiable
    return Span(start, length, total, is_partial=True)


def _range_applies(request: HttpRequest, upload: Upload) -> bool:
    condition = request.headers.get("If-Range", "")
    return not condition or condition == _etag(upload)


def _headers(upload: Upload, filename: str) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "ETag": _etag(upload),
        "Repr-Digest": content_digest(upload.sha256),
        "Content-Disposition": disposition(filename),
        "Cache-Control": "private, no-store, no-transform",
        "X-Content-Type-Options": "nosniff",
        # Should a browser show it after all, it shows it as nobody, with nothing allowed.
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    }


def _etag(upload: Upload) -> str:
    return f'"{upload.sha256}"'
